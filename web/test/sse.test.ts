import { describe, expect, test } from "vitest";
import { SseParser } from "../src/api/sse";

const stream = [
  ": heartbeat",
  "",
  "event: hello",
  'data: {"version":"1"}',
  "",
  "event: event",
  "id: 7",
  "data: 第一",
  "data: 第二",
  "",
  "retry: 1500",
  "data:no space",
  "",
  "event: lost",
  "",
].join("\n") + "\n";

const expected = [
  { event: "hello", data: '{"version":"1"}', id: null },
  { event: "event", data: "第一\n第二", id: "7" },
  { event: "message", data: "no space", id: "7" },
];

describe("server-sent events", () => {
  test.each(["\n", "\r\n", "\r"])("are read wherever the stream is cut (line end %j)", (end) => {
    const text = stream.replaceAll("\n", end) + (end === "\r" ? "\n" : "");
    for (let cut = 0; cut <= text.length; cut += 1) {
      const parser = new SseParser();
      expect([...parser.push(text.slice(0, cut)), ...parser.push(text.slice(cut))]).toEqual(expected);
      expect(parser.retryMs).toBe(1500);
    }
  });

  test("an unfinished message is not one", () => {
    expect(new SseParser().push("data: half\n")).toEqual([]);
  });

  test("the id of the connection before is kept until there is a new one", () => {
    const parser = new SseParser("41");
    expect(parser.push("data: a\n\nid: 42\ndata: b\n\n").map((message) => message.id)).toEqual(["41", "42"]);
  });
});
