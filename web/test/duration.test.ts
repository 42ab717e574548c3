import { describe, expect, test } from "vitest";
import { en } from "../src/i18n/en";
import { dayAndTime, exact, timeOfDay } from "../src/i18n/times";
import { zh } from "../src/i18n/zh";
import { ServerClock } from "../src/logic/clock";
import { clockSpan, dwell, limitSeconds, spanParts } from "../src/logic/duration";
import { sample } from "./sample";

describe("clock spans", () => {
  test.each([
    [-5, "00:00"],
    [0, "00:00"],
    [59.99, "00:59"],
    [60, "01:00"],
    [3599, "59:59"],
    [3600, "1:00:00"],
    [90061, "25:01:01"],
    [Number.NaN, "00:00"],
  ])("%d s is %s", (seconds, expected) => expect(clockSpan(seconds)).toBe(expected));
});

describe("spans in words", () => {
  test.each([
    [0, "0 秒", "0 s"],
    [60, "1 分钟", "1 min"],
    [75, "1 分 15 秒", "1 min 15 s"],
    [7200, "2 小时", "2 h"],
    [7320, "2 小时 2 分", "2 h 2 min"],
    [15 * 86400, "15 天", "15 d"],
  ])("%d s", (seconds, chinese, english) => {
    expect(zh.span(spanParts(seconds))).toBe(chinese);
    expect(en.span(spanParts(seconds))).toBe(english);
  });
});

describe("dwell", () => {
  const since = Date.parse(sample().since);

  test("runs on while the thing is seen", () => {
    const now = since + 125_000;
    expect(dwell(sample(), now).running).toBe(true);
    expect(clockSpan(dwell(sample(), now).seconds)).toBe("02:05");
  });

  test("is never less than what the edge measured", () => {
    expect(dwell(sample({ dwell_s: 90 }), Date.parse(sample().at)).seconds).toBe(90);
  });

  test("stands still when the event has ended or the camera is blind", () => {
    const later = since + 9_999_000;
    expect(dwell(sample({ phase: "close", dwell_s: 200.5 }), later)).toEqual({ seconds: 200.5, running: false });
    expect(dwell(sample({ phase: "unobserved", dwell_s: 80 }), later)).toEqual({ seconds: 80, running: false });
    const until = "2026-11-23T03:06:05.120Z";
    expect(dwell(sample({ phase: "close", dwell_s: null, until }), later).seconds).toBe(120);
  });

  test("a clock that is behind shows no negative time", () => {
    expect(dwell(sample({ dwell_s: null }), since - 60_000).seconds).toBe(0);
  });

  test("limits that are none are none", () => {
    expect(limitSeconds(sample())).toBe(60);
    expect(limitSeconds(sample({ rule: {} }))).toBeNull();
    expect(limitSeconds(sample({ rule: { limit_s: "60" } }))).toBeNull();
  });
});

describe("the county's clock", () => {
  const evening = Date.parse("2026-11-23T15:59:59.500Z");

  test("is eight hours ahead of UTC, whatever this machine is set to", () => {
    expect(timeOfDay("2026-11-23T03:05:05.480Z")).toBe("11:05:05");
    expect(exact("2026-11-23T16:00:00.007Z")).toBe("2026-11-24 00:00:00.007");
  });

  test.each([
    ["2026-11-23T03:05:05.480Z", "今天 11:05:05"],
    ["2026-11-22T15:59:59.000Z", "昨天 23:59:59"],
    ["2026-11-20T03:00:00.000Z", "11-20 11:00:00"],
    ["2025-11-20T03:00:00.000Z", "2025-11-20 11:00:00"],
    ["nonsense", "—"],
  ])("%s seen late on the 23rd is %s", (iso, expected) => expect(dayAndTime(iso, evening, zh)).toBe(expected));

  test("a minute later it is yesterday", () => {
    expect(dayAndTime("2026-11-23T03:05:05.480Z", evening + 60_000, zh)).toBe("昨天 11:05:05");
  });
});

describe("a wrong clock in the browser", () => {
  const browser = Date.parse("2026-11-23T03:00:00.000Z");

  test("is corrected by the server's", () => {
    const clock = new ServerClock();
    clock.observe("Mon, 23 Nov 2026 03:10:00 GMT", browser, browser + 100);
    expect(clock.now(browser) - browser).toBe(600_450);
  });

  test("is left alone when it is right to the second, when the answer took long, and when there is no date", () => {
    const clock = new ServerClock();
    clock.observe("Mon, 23 Nov 2026 03:00:01 GMT", browser, browser + 20);
    clock.observe("Mon, 23 Nov 2026 04:00:00 GMT", browser, browser + 9_000);
    clock.observe("no date", browser, browser);
    expect(clock.offsetMs).toBe(0);
  });
});
