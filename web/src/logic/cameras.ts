/** The cameras in the order in which they need a look: those that see nothing first. */
import type { CameraView } from "../api/wire";

export const cameraKey = (camera: Pick<CameraView, "edge" | "camera">): string => `${camera.edge}/${camera.camera}`;

/** What a camera is to whoever watches: its own state, or that its pictures come and are not analysed, or not to be trusted. */
export type Condition = CameraView["state"] | "unread" | "untrusted";

/**
 * A live camera with a reason sends pictures that nobody looks at: its network fails. One with a trouble sends pictures that
 * show the wrong thing: its rules are suspended.
 */
export function conditionOf(camera: Pick<CameraView, "state" | "reason" | "troubles">): Condition {
  if (camera.state !== "live") return camera.state;
  if (camera.reason) return "unread";
  return troubleOf(camera) ? "untrusted" : "live";
}

/** Why a camera cannot be trusted. That it was offline is no longer so while pictures come. */
export const troubleOf = (camera: Pick<CameraView, "troubles">): { kind: string; since: string } | undefined =>
  camera.troubles?.find((trouble) => trouble.kind !== "camera.offline");

const RANK: Record<string, number> = { offline: 0, untrusted: 1, unread: 1, connecting: 2, live: 4, ended: 5 };

export function byNeed(a: CameraView, b: CameraView): number {
  const rank = (RANK[conditionOf(a)] ?? 3) - (RANK[conditionOf(b)] ?? 3);
  if (rank !== 0) return rank;
  const [x, y] = [cameraKey(a), cameraKey(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Whether what is shown of this camera can be trusted now. */
export const isLive = (camera: CameraView): boolean => conditionOf(camera) === "live";

/** Whether something may happen before this camera that nobody is told of. */
export const isBlind = (camera: CameraView): boolean => ["offline", "unread", "untrusted"].includes(conditionOf(camera));
