import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { LiveConnection, pauseMs, SILENCE_MS, type LinkState } from "../src/api/live";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

interface Stream {
  body: ReadableStream<Uint8Array>;
  say(text: string): void;
  cut(): void;
  fail(): void;
}
type Answer = "refuse" | "error-page" | Stream;

/** A server that gives one answer a request and remembers what was asked. */
class Server {
  readonly lastIds: (string | null)[] = [];
  readonly answers: Answer[] = [];

  readonly fetch = (_url: unknown, init?: RequestInit): Promise<Response> => {
    this.lastIds.push(new Headers(init?.headers).get("last-event-id"));
    const answer = this.answers.shift() ?? "refuse";
    if (answer === "refuse") return Promise.reject(new TypeError("refused"));
    if (answer === "error-page") return Promise.resolve(new Response("<h1>", { status: 502 }));
    // As in a browser: giving up the request breaks the stream that is being read.
    init?.signal?.addEventListener("abort", () => answer.fail());
    return Promise.resolve(new Response(answer.body, { headers: { "content-type": "text/event-stream" } }));
  };
}

function openStream(): Stream {
  let sink!: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({ start: (controller) => void (sink = controller) });
  return {
    body,
    say: (text) => sink.enqueue(new TextEncoder().encode(text)),
    cut: () => sink.close(),
    fail: () => sink.error(new DOMException("aborted", "AbortError")),
  };
}

function tester() {
  const server = new Server();
  const states: LinkState["name"][] = [];
  const heard: string[] = [];
  const openings: boolean[] = [];
  const connection = new LiveConnection(
    "/live",
    {
      messages: (messages) => heard.push(...messages.map((message) => message.data)),
      state: (state) => states.push(state.name),
      opened: (resumed) => openings.push(resumed),
    },
    { fetch: server.fetch as typeof fetch, now: () => Date.now(), random: () => 1 },
  );
  return { server, states, heard, openings, connection };
}

const soon = (): Promise<unknown> => vi.advanceTimersByTimeAsync(1);

describe("the live connection", () => {
  test("resumes after the last message it handed over", async () => {
    const { server, states, heard, openings, connection } = tester();
    const [first, second] = [openStream(), openStream()];
    server.answers.push(first, "error-page", "refuse", second);
    void connection.start();
    await soon();
    first.say("id: 5\ndata: a\n\nid: 6\ndata: b\n\nid: 7\ndata: half");
    await soon();
    first.cut();
    await vi.advanceTimersByTimeAsync(10_000);
    second.say("id: 7\ndata: half no more\n\n");
    await soon();
    expect(heard).toEqual(["a", "b", "half no more"]);
    expect(server.lastIds).toEqual([null, "6", "6", "6"]);
    expect(openings).toEqual([false, true]);
    expect(states).toEqual(["connecting", "live", "reconnecting", "reconnecting", "reconnecting", "live"]);
    connection.stop();
  });

  test("a silent stream is given up, one with heartbeats is not", async () => {
    const { server, states, connection } = tester();
    const stream = openStream();
    server.answers.push(stream);
    void connection.start();
    await soon();
    for (let beat = 0; beat < 8; beat += 1) {
      stream.say(": heartbeat\n\n");
      await vi.advanceTimersByTimeAsync(15_000);
    }
    expect(states.at(-1)).toBe("live");
    await vi.advanceTimersByTimeAsync(SILENCE_MS + 2_500);
    expect(states.at(-1)).toBe("reconnecting");
    connection.stop();
  });

  test("a nudge tries at once", async () => {
    const { server, connection } = tester();
    void connection.start();
    await soon();
    expect(server.lastIds).toHaveLength(1);
    connection.nudge();
    await soon();
    expect(server.lastIds).toHaveLength(2);
    connection.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.lastIds).toHaveLength(2);
  });

  test("pauses grow up to ten seconds and are spread", () => {
    expect([1, 2, 3, 4, 5, 6, 60].map((attempt) => pauseMs(attempt, 500, 1))).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
    expect(pauseMs(3, 500, 0)).toBe(1000);
  });
});
