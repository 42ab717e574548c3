/** Levels of decoding that a camera went through, newest first. */
import type { CameraView } from "../api/wire";

export type Level = NonNullable<CameraView["gate"]>;

/** As many as one takes in at a glance. */
export const MOST_LEVELS = 6;

/** The course with what is told now: a level that is told again is the same one, though its reason may be another meanwhile. */
export function withLevel(course: readonly Level[], told: CameraView["gate"]): Level[] {
  if (!told) return [...course];
  const others = course.filter((level) => level.since !== told.since);
  return [told, ...others].sort((a, b) => b.since.localeCompare(a.since)).slice(0, MOST_LEVELS);
}
