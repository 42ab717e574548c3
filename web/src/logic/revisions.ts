/** The course of one event, as entries of a timeline: revisions and the acknowledgement, oldest first. */
import type { EventView, Revision } from "../api/wire";

export type TimelineEntry =
  | { type: "began"; at: string }
  | { type: "revision"; at: string; revision: Revision; severityBefore: string | null }
  | { type: "acknowledged"; at: string; by: string };

/** `history` may lag behind `event`, which is kept up live: its revision is then added. */
export function timeline(event: EventView, history: readonly Revision[]): TimelineEntry[] {
  const revisions = new Map(history.map((revision) => [revision.rev, revision]));
  if (!revisions.has(event.rev)) {
    const { rev, phase, at, received_at, dwell_s, severity } = event;
    revisions.set(rev, { rev, phase, at, received_at, dwell_s, severity });
  }
  const entries: TimelineEntry[] = [{ type: "began", at: event.since }];
  let severityBefore: string | null = null;
  for (const revision of [...revisions.values()].sort((a, b) => a.rev - b.rev)) {
    entries.push({ type: "revision", at: revision.at, revision, severityBefore });
    severityBefore = revision.severity;
  }
  if (event.acknowledged) entries.push({ type: "acknowledged", ...event.acknowledged });
  // A stable sort: revisions of the same moment stay in their order.
  return entries.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

/** Seconds between what happened and its arrival at the center; null when the clocks make no sense together. */
export function delaySeconds(revision: Pick<Revision, "at" | "received_at">): number | null {
  const seconds = (Date.parse(revision.received_at) - Date.parse(revision.at)) / 1000;
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
}

