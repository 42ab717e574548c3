/**
 * What the page knows of each event, put together from fetched pages and live messages that may come late, twice or in
 * the wrong order. Whatever the order, the outcome is the same: the newest revision, with what only grows
 * (acknowledgement, snapshot) kept from either side.
 */
import type { Acknowledged, EventView } from "../api/wire";

function firstAcknowledged(a: Acknowledged | null, b: Acknowledged | null): Acknowledged | null {
  if (!a || !b) return a ?? b;
  return a.at <= b.at ? a : b;
}

/** Two views of the same event as one. Returns `known` itself when `incoming` says nothing new. */
export function mergeEvent(known: EventView, incoming: EventView): EventView {
  const newest = incoming.rev >= known.rev ? incoming : known;
  const other = newest === incoming ? known : incoming;
  const acknowledged = firstAcknowledged(known.acknowledged, incoming.acknowledged);
  const snapshot = newest.snapshot ?? other.snapshot;
  // The center may hear of a later revision first: once it has the earliest, the event opened earlier than it thought.
  const opened_at = known.opened_at <= incoming.opened_at ? known.opened_at : incoming.opened_at;
  const merged: EventView = { ...newest, opened_at, acknowledged, snapshot };
  return sameEvent(known, merged) ? known : merged;
}

function sameEvent(a: EventView, b: EventView): boolean {
  return JSON.stringify(a) === JSON.stringify({ ...a, ...b });
}

export interface Applied {
  /** Ids never seen before, in the order they came. */
  added: string[];
  /** Ids whose shown content changed. */
  changed: string[];
}

/** Merges `incoming` into `events` in place. */
export function applyEvents(events: Map<string, EventView>, incoming: readonly EventView[]): Applied {
  const applied: Applied = { added: [], changed: [] };
  for (const event of incoming) {
    const known = events.get(event.id);
    if (!known) {
      events.set(event.id, event);
      applied.added.push(event.id);
      continue;
    }
    const merged = mergeEvent(known, event);
    if (merged === known) continue;
    events.set(event.id, merged);
    applied.changed.push(event.id);
  }
  return applied;
}

/** Newest first by when it opened; the id (UUIDv7) decides between two of the same millisecond. */
export function newestFirst(a: EventView, b: EventView): number {
  if (a.opened_at !== b.opened_at) return a.opened_at < b.opened_at ? 1 : -1;
  return a.id < b.id ? 1 : a.id > b.id ? -1 : 0;
}

/**
 * Keeps the newest `limit` events and those of `keep`; returns whether any went. A page open for weeks must not grow
 * without end; what goes can be loaded again.
 */
export function prune(events: Map<string, EventView>, limit: number, keep: (id: string) => boolean): boolean {
  if (events.size <= limit) return false;
  const oldest = [...events.values()].sort(newestFirst).slice(limit);
  for (const event of oldest) if (!keep(event.id)) events.delete(event.id);
  return true;
}
