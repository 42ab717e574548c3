import { describe, expect, test } from "vitest";
import { CAMERA_STATES, GATE_LEVELS, GATE_REASONS, KINDS, OBJECT_CLASSES, PHASES, SEVERITIES } from "../src/api/wire";
import { en } from "../src/i18n/en";
import { zh } from "../src/i18n/zh";
import { STATES } from "../src/logic/filter";

/** Every path of a dictionary with what kind of thing lies there. */
function shape(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null) return [`${path}: ${typeof value}`];
  return Object.entries(value).flatMap(([key, inner]) => shape(inner, `${path}.${key}`));
}

function texts(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(texts) : [];
}

describe("dictionaries", () => {
  test("have the same keys and forms", () => {
    expect(shape(en).sort()).toEqual(shape(zh).sort());
  });

  test("hold no empty text", () => {
    for (const text of [...texts(zh), ...texts(en)]) expect(text.trim()).not.toBe("");
  });

  test("English has no Chinese left but where it names the other language", () => {
    const allowed = [en.switchLanguage, en.switchLanguageLabel];
    expect(texts(en).filter((text) => /\p{Script=Han}/u.test(text) && !allowed.includes(text))).toEqual([]);
  });

  test.each([
    ["kind", KINDS],
    ["severity", SEVERITIES],
    ["phase", PHASES],
    ["cameraState", [...CAMERA_STATES, "unread", "untrusted"]],
    ["gateLevel", GATE_LEVELS],
    ["gateHint", GATE_LEVELS],
    ["gateReason", GATE_REASONS],
    ["objectClass", OBJECT_CLASSES],
    ["state", STATES],
  ] as const)("name every %s, and no two kinds alike", (table, codes) => {
    for (const { names } of [zh, en]) {
      expect(Object.keys(names[table]).sort()).toEqual([...codes].sort());
      if (table === "kind") expect(new Set(Object.values(names.kind)).size).toBe(codes.length);
    }
  });

  test("the kinds are those of the domain", () => {
    expect(KINDS).toHaveLength(20);
    expect(zh.names.kind["parking.fire_lane"]).toBe("占用消防通道");
    expect(zh.names.kind["parking.double"]).toBe("双排/堵车位");
    expect(zh.names.kind["parking.long_stay"]).toBe("僵尸车");
  });
});
