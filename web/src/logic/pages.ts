/**
 * A walk from the newest alert to the oldest, page by page, over one or several queries at once.
 *
 * The center narrows by one phase; "going on" is three. Each query has its own cursor, and the walk has one floor: what is
 * older than it may still have gaps.
 */
import type { EventQuery } from "../api/client";
import type { EventPage, EventView } from "../api/wire";
import { newestFirst } from "./merge";

interface Stream {
  query: EventQuery;
  cursor: string | null;
  floor: EventView | null;
  done: boolean;
}

export class PageWalk {
  readonly #streams: Stream[];

  /** `floor`: when the walk starts anew, down to where everything is known already. */
  constructor(queries: readonly EventQuery[], floor: EventView | null = null) {
    this.#streams = queries.map((query) => ({ query, cursor: null, floor, done: false }));
  }

  /** Whether the oldest alert has been reached. */
  get atEnd(): boolean {
    return this.#streams.every((stream) => stream.done);
  }

  /** The oldest event above which nothing is missing; null when nothing is missing at all, or nothing is known yet. */
  get floor(): EventView | null {
    const floors = this.#streams.filter((stream) => !stream.done).map((stream) => stream.floor);
    return floors.filter((floor) => floor !== null).sort(newestFirst)[0] ?? null;
  }

  /** Fetches the next page of each query that has one. A failure leaves the walk where it was. */
  async step(fetch: (query: EventQuery) => Promise<EventPage>): Promise<EventView[]> {
    const waiting = this.#streams.filter((stream) => !stream.done);
    const pages = await Promise.all(waiting.map((stream) => fetch({ ...stream.query, before: stream.cursor })));
    for (const [index, stream] of waiting.entries()) {
      const page = pages[index];
      if (!page) continue;
      stream.cursor = page.next;
      stream.done = page.next === null;
      const oldest = [...page.items].sort(newestFirst).at(-1) ?? null;
      if (oldest && (stream.floor === null || newestFirst(oldest, stream.floor) > 0)) stream.floor = oldest;
    }
    return pages.flatMap((page) => page.items);
  }
}
