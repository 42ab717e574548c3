import { expect, test } from "vitest";
import { MOST_LEVELS, withLevel, type Level } from "../src/logic/cameraCourse";

const at = (second: number, level: Level["level"] = "keys"): Level => ({ level, reason: "changed", since: `2026-11-26T00:00:${String(second).padStart(2, "0")}.000Z` });

test("levels are kept newest first, each once, and no more than one takes in", () => {
  let course: Level[] = [];
  for (let second = 0; second < 10; second += 1) course = withLevel(course, at(second, second % 2 ? "rest" : "keys"));
  expect(course.map((level) => level.since)).toEqual([9, 8, 7, 6, 5, 4].map((second) => at(second).since));
  expect(course).toHaveLength(MOST_LEVELS);
  const again = withLevel(course, { ...at(9, "rest"), reason: "quiet" });
  expect(again[0]?.reason).toBe("quiet");
  expect(again).toHaveLength(MOST_LEVELS);
});

test("a camera that tells of no level keeps what was told before", () => {
  expect(withLevel([at(1)], null)).toEqual([at(1)]);
  expect(withLevel([], undefined)).toEqual([]);
});
