import { describe, expect, test } from "vitest";
import type { EventQuery } from "../src/api/client";
import type { EventPage, EventView } from "../src/api/wire";
import { PageWalk } from "../src/logic/pages";
import { sample } from "./sample";

const at = (minute: number, phase: string): EventView =>
  sample({ id: `${minute}`, phase, opened_at: `2026-11-23T03:${String(minute).padStart(2, "0")}:00.000Z` });

/** Events newest first, two a page. */
function server(events: EventView[]) {
  return (query: EventQuery): Promise<EventPage> => {
    const all = events.filter((event) => !query.phase || event.phase === query.phase);
    const start = query.before ? all.findIndex((event) => event.id === query.before) + 1 : 0;
    const items = all.slice(start, start + 2);
    return Promise.resolve({ items, next: start + 2 < all.length ? (items.at(-1)?.id ?? null) : null });
  };
}

const events = [at(9, "open"), at(8, "open"), at(7, "update"), at(6, "open"), at(5, "update"), at(4, "update"), at(1, "open")];
const both: EventQuery[] = [{ phase: "open" }, { phase: "update" }];

describe("walking pages", () => {
  test("of several queries the floor is where the first of them may have gaps", async () => {
    const walk = new PageWalk(both);
    expect([walk.floor, walk.atEnd]).toEqual([null, false]);
    await walk.step(server(events));
    expect(walk.floor?.id).toBe("8");
    await walk.step(server(events));
    expect([walk.floor, walk.atEnd]).toEqual([null, true]);
  });

  test("reads every event once", async () => {
    const walk = new PageWalk(both);
    const seen: string[] = [];
    while (!walk.atEnd) seen.push(...(await walk.step(server(events))).map((event) => event.id));
    expect(seen.sort()).toEqual(events.map((event) => event.id).sort());
  });

  test("a failure leaves it where it was", async () => {
    const walk = new PageWalk(both);
    await walk.step(server(events));
    await expect(walk.step(() => Promise.reject(new Error("away")))).rejects.toThrow("away");
    expect((await walk.step(server(events))).map((event) => event.id)).toEqual(["6", "1", "4"]);
  });

  test("started anew, the floor stays until it is passed", async () => {
    const walk = new PageWalk([{}], events[3]);
    await walk.step(server(events));
    expect(walk.floor?.id).toBe("6");
    await walk.step(server(events));
    expect(walk.floor?.id).toBe("6");
    await walk.step(server(events));
    expect(walk.floor?.id).toBe("4");
  });
});
