import { describe, expect, test } from "vitest";
import { queryString } from "../src/api/client";
import { isCameraView, isEventView, type CameraView, type Cell } from "../src/api/wire";
import { byNeed, conditionOf, isBlind, isLive, troubleOf } from "../src/logic/cameras";
import { flatten, search } from "../src/logic/cells";
import { fromAddress, matches, NO_FILTER, STATES, toAddress, toQueries, type Filter } from "../src/logic/filter";
import { delaySeconds, timeline } from "../src/logic/revisions";
import { actionOf, type Key } from "../src/state/keys";
import { cleanName, parsePreferences } from "../src/state/preferences";
import { sample } from "./sample";

describe("filter", () => {
  test.each<[Partial<Filter>, boolean]>([
    [{}, true],
    [{ kind: "parking.fire_lane" }, true],
    [{ kind: "parking.double" }, false],
    [{ severity: "minor" }, false],
    [{ cell: "520121002" }, true],
    [{ cell: "520121001" }, false],
    [{ camera: "ljp-gate" }, true],
    [{ state: "unacknowledged" }, true],
    [{ state: "open" }, true],
    [{ state: "closed" }, false],
    [{ state: "unobserved" }, false],
  ])("%o", (change, expected) => expect(matches(sample(), { ...NO_FILTER, ...change })).toBe(expected));

  test("an update, or one that nobody sees now, is still going on; an event in no cell is in no subtree", () => {
    for (const phase of ["update", "unobserved"]) expect(matches(sample({ phase }), { ...NO_FILTER, state: "open" })).toBe(true);
    expect(matches(sample({ cell: null }), { ...NO_FILTER, cell: "52" })).toBe(false);
  });

  test.each(STATES)("state %s survives the address", (state) => {
    const filter = { state, kind: "area.crowd", severity: "major", cell: "520121", camera: "a&b=c" };
    expect(fromAddress(toAddress(filter, "x"))).toEqual({ filter, alert: "x" });
  });

  test("an address of nonsense is no filter", () => {
    expect(fromAddress("?state=__proto__&kind=")).toEqual({ filter: NO_FILTER, alert: null });
  });

  test("becomes queries, one for each phase that belongs to a state", () => {
    const queries = (change: Partial<Filter>) => toQueries({ ...NO_FILTER, ...change }).map(queryString);
    expect(queries({})).toEqual([""]);
    expect(queries({ state: "unacknowledged", cell: "520121" })).toEqual(["?cell=520121&acknowledged=false"]);
    expect(queries({ state: "closed" })).toEqual(["?phase=close"]);
    expect(queries({ state: "open" })).toEqual(["?phase=open", "?phase=update", "?phase=unobserved"]);
  });
});

describe("cells", () => {
  const cell = (code: string, parent: string | null, name: string, leader: string | null = null): Cell => ({ code, parent, level: "cell", name, leader });
  const cells = [cell("12", "1", "乙"), cell("1", null, "县"), cell("11", "1", "甲", "王芳"), cell("111", "11", "一"), cell("9", "missing", "孤")];

  test("stand in reading order with their depth", () => {
    expect(flatten(cells).map((row) => `${row.depth}${row.path.join("/")}`)).toEqual(["0县", "1县/甲", "2县/甲/一", "1县/乙", "0孤"]);
  });

  test("a cell that is its own parent stands at the top", () => {
    expect(flatten([cell("5", "5", "环")])).toHaveLength(1);
  });

  test.each([
    ["", ["1", "11", "111", "12", "9"]],
    ["甲", ["11", "111"]],
    ["县 一", ["111"]],
    ["王芳", ["11"]],
    ["11", ["11", "111"]],
    ["没有", []],
  ])("search for %j", (text, codes) => expect(search(flatten(cells), text).map((row) => row.cell.code)).toEqual(codes));
});

test("cameras that see nothing come first", () => {
  const camera = (name: string, state: string): CameraView => ({ edge: "e", camera: name, name: null, state, reason: null, since: null });
  const cameras = [camera("b", "live"), camera("a", "live"), camera("c", "ended"), camera("d", "connecting"), camera("e", "offline")];
  expect(cameras.sort(byNeed).map((c) => c.camera)).toEqual(["e", "d", "a", "b", "c"]);
});

test("a camera whose pictures nobody analyses is no live one", () => {
  const camera = (state: string, reason: string | null): CameraView => ({ edge: "e", camera: "c", name: null, state, reason, since: null });
  const unread = camera("live", "not analysed: the network fails");
  const [live, offline, connecting] = [camera("live", null), camera("offline", "no frames"), camera("connecting", null)];
  expect([unread, live, offline, connecting].map(isBlind)).toEqual([true, false, true, false]);
  expect([unread, live, offline].map(isLive)).toEqual([false, true, false]);
  expect([live, connecting, unread, offline].sort(byNeed)).toEqual([offline, unread, connecting, live]);
});

test("a camera that cannot be trusted is no live one, and says why", () => {
  const camera = (state: string, kind?: string): CameraView => ({
    edge: "e",
    camera: kind ?? state,
    name: null,
    state,
    reason: null,
    since: null,
    troubles: kind ? [{ kind, since: "2026-11-23T03:05:05.480Z" }] : [],
  });
  const [covered, live, offline] = [camera("live", "camera.covered"), camera("live"), camera("offline", "camera.covered")];
  expect([covered, live, offline].map(conditionOf)).toEqual(["untrusted", "live", "offline"]);
  expect([covered, live, offline].map(isBlind)).toEqual([true, false, true]);
  expect(troubleOf(covered)?.kind).toBe("camera.covered");
  // Pictures come again, and the event about it is not closed yet.
  expect(conditionOf(camera("live", "camera.offline"))).toBe("live");
  expect([live, covered].sort(byNeed)).toEqual([covered, live]);
});

describe("timeline", () => {
  const first = { rev: 1, phase: "open", at: "2026-11-23T03:05:05.480Z", received_at: "2026-11-23T03:05:05.600Z", dwell_s: 60, severity: "minor" };

  test("is in order of time, with the acknowledgement and a revision the history lacks", () => {
    const event = sample({ rev: 2, phase: "close", at: "2026-11-23T03:09:00.000Z", severity: "major", acknowledged: { at: "2026-11-23T03:06:00.000Z", by: "王芳" } });
    const entries = timeline(event, [first]);
    expect(entries.map((entry) => entry.type)).toEqual(["began", "revision", "acknowledged", "revision"]);
    expect(entries[3]).toMatchObject({ revision: { rev: 2 }, severityBefore: "minor" });
  });

  test("a delay below zero is unknown", () => {
    expect(delaySeconds(first)).toBeCloseTo(0.12);
    expect(delaySeconds({ at: first.received_at, received_at: first.at })).toBeNull();
  });
});

describe("keys", () => {
  const key = (change: Partial<Key>): Key => ({ key: "", code: "", shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, isComposing: false, ...change });

  test("go by the physical key, so an input method does not matter", () => {
    expect(actionOf(key({ key: "Process", code: "KeyJ" }))).toEqual({ type: "move", step: 1 });
    expect(actionOf(key({ key: "？", code: "Slash", shiftKey: true }))).toEqual({ type: "help" });
    expect(actionOf(key({ key: "3", code: "Numpad3" }))).toEqual({ type: "state", index: 2 });
  });

  test("leave the browser's own shortcuts alone", () => {
    for (const held of ["ctrlKey", "metaKey", "altKey", "isComposing"] as const) expect(actionOf(key({ code: "KeyA", [held]: true }))).toBeNull();
    expect(actionOf(key({ key: "x", code: "KeyX" }))).toBeNull();
  });
});

describe("what this computer remembers", () => {
  test.each([null, "", "not json", "null", "[]", '{"language":"fr","theme":1,"sound":"yes","operator":{}}'])("%j gives the defaults", (text) => {
    expect(parsePreferences(text)).toEqual({ language: "zh", theme: "dark", sound: false, operator: "" });
  });

  test("names are cleaned, and refused when empty or too long", () => {
    expect(cleanName("  王 \n 芳\u202E ")).toBe("王 芳");
    expect(cleanName(" \t")).toBeNull();
    expect(cleanName("王".repeat(41))).toBeNull();
    expect(cleanName("😀".repeat(40))).not.toBeNull();
  });
});

test("live messages that lack the needful are refused", () => {
  expect(isEventView(sample())).toBe(true);
  for (const broken of [null, 1, [], {}, { ...sample(), rev: "1" }, { ...sample(), cell_path: null }, { ...sample(), at: 5 }]) expect(isEventView(broken)).toBe(false);
  expect(isCameraView({ edge: "e", camera: "c", state: "live" })).toBe(true);
  expect(isCameraView({ edge: "e" })).toBe(false);
});
