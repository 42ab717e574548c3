import { describe, expect, test } from "vitest";
import type { EventView } from "../src/api/wire";
import { applyEvents, mergeEvent, newestFirst, prune } from "../src/logic/merge";
import { sample } from "./sample";

const snapshot = { sha256: "cd".repeat(32), url: "/api/v1/events/x/snapshot" };
const wang = { at: "2026-11-23T03:06:00.000Z", by: "王芳" };
const li = { at: "2026-11-23T03:06:01.000Z", by: "李国栋" };

const opened = sample();
const updated = sample({ rev: 2, phase: "update", at: "2026-11-23T03:07:00.000Z", dwell_s: 175 });
const closed = sample({ rev: 3, phase: "close", at: "2026-11-23T03:09:00.000Z", until: "2026-11-23T03:09:00.000Z" });

function permutations<T>(items: T[]): T[][] {
  if (items.length <= 1) return [items];
  return items.flatMap((item, i) => permutations([...items.slice(0, i), ...items.slice(i + 1)]).map((rest) => [item, ...rest]));
}

describe("merging revisions", () => {
  test("whatever the order and however often, the newest revision with snapshot and acknowledgement wins", () => {
    const heard = [opened, { ...opened, snapshot }, updated, { ...updated, acknowledged: wang }, closed];
    const outcomes = permutations(heard).map((order) => {
      const events = new Map<string, EventView>();
      applyEvents(events, order);
      applyEvents(events, [...order].reverse());
      return [...events.values()];
    });
    for (const outcome of outcomes) expect(outcome).toEqual([{ ...closed, snapshot, acknowledged: wang }]);
    expect(outcomes).toHaveLength(120);
  });

  test("an older revision changes nothing and is not reported as a change", () => {
    const events = new Map([[closed.id, closed]]);
    expect(applyEvents(events, [opened, updated])).toEqual({ added: [], changed: [] });
    expect(events.get(closed.id)).toBe(closed);
  });

  test("a duplicate is not a change", () => {
    const events = new Map<string, EventView>();
    expect(applyEvents(events, [opened])).toEqual({ added: [opened.id], changed: [] });
    expect(applyEvents(events, [structuredClone(opened)])).toEqual({ added: [], changed: [] });
  });

  test("a snapshot of the same revision is a change", () => {
    const events = new Map([[opened.id, opened]]);
    expect(applyEvents(events, [{ ...opened, snapshot }]).changed).toEqual([opened.id]);
  });

  test("a newer revision's own snapshot replaces the older one", () => {
    const other = { ...snapshot, sha256: "ef".repeat(32) };
    expect(mergeEvent({ ...opened, snapshot }, { ...updated, snapshot: other }).snapshot).toEqual(other);
    expect(mergeEvent({ ...updated, snapshot: other }, { ...opened, snapshot }).snapshot).toEqual(other);
  });

  test.each([
    [wang, li],
    [li, wang],
  ])("of two acknowledgements the first counts", (known, incoming) => {
    const merged = mergeEvent({ ...opened, acknowledged: known }, { ...opened, acknowledged: incoming });
    expect(merged.acknowledged).toEqual(wang);
  });
});

describe("order", () => {
  test("newest first, ids decide between equals", () => {
    const a = sample({ id: "a" });
    const b = sample({ id: "b" });
    const later = sample({ id: "0", opened_at: "2026-11-23T03:05:05.481Z" });
    expect([a, later, b].sort(newestFirst).map((event) => event.id)).toEqual(["0", "b", "a"]);
  });

  test("pruning keeps the newest and what is asked for", () => {
    const events = new Map([1, 2, 3, 4].map((n) => [String(n), sample({ id: String(n), opened_at: `2026-11-23T03:0${n}:00.000Z` })]));
    expect(prune(events, 2, (id) => id === "1")).toBe(true);
    expect([...events.keys()]).toEqual(["1", "3", "4"]);
    expect(prune(events, 5, () => false)).toBe(false);
  });
});
