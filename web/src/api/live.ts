/**
 * The live connection: kept up for as long as the page is open, resumed where it broke.
 *
 * Each `#runOnce` opens one stream with the last change number seen; `start` repeats it with growing pauses. Knows
 * nothing of alerts: it hands over messages and says how the connection stands.
 */
import { SseParser, type SseMessage } from "./sse";

/** The server sends a heartbeat every 15 s; two missed ones and a bit mean that the line is dead. */
export const SILENCE_MS = 38_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** A stream that held this long counts as recovered: the next loss starts with a short pause again. */
const RECOVERED_MS = 5_000;

export type LinkState =
  | { name: "connecting" }
  | { name: "live"; sinceMs: number }
  | { name: "reconnecting"; sinceMs: number; attempt: number };

export interface LiveHandlers {
  messages(messages: SseMessage[]): void;
  state(state: LinkState): void;
  /** A stream stands; `resumed` when there was one before. The list must be fetched now, not earlier. */
  opened(resumed: boolean): void;
}

/** What the connection needs from its surroundings; tests bring their own. */
export interface LiveWorld {
  fetch: typeof fetch;
  now(): number;
  random(): number;
}

const browser: LiveWorld = {
  fetch: (input, init) => fetch(input, init),
  now: () => Date.now(),
  random: () => Math.random(),
};

/** Pause before attempt `n` (1, 2, …): doubled each time up to ten seconds, half of it random. */
export function pauseMs(attempt: number, baseMs: number, random: number): number {
  const full = Math.min(LONGEST_PAUSE_MS, baseMs * 2 ** Math.min(attempt - 1, 10));
  return full / 2 + (full / 2) * random;
}

export class LiveConnection {
  #lastId: string | null = null;
  #everOpened = false;
  #stopped = false;
  #abort: AbortController | null = null;
  #wake: (() => void) | null = null;
  #lastByteMs = 0;
  #lostMs: number | null = null;
  #attempt = 0;
  #baseMs = FIRST_PAUSE_MS;

  constructor(
    private readonly url: string,
    private readonly handlers: LiveHandlers,
    private readonly world: LiveWorld = browser,
  ) {}

  /** Runs until `stop`. */
  async start(): Promise<void> {
    this.handlers.state({ name: "connecting" });
    while (!this.#stopped) {
      const startedMs = this.world.now();
      try {
        await this.#runOnce();
      } catch {
        // Refused, cut or silent: all the same to the operator, and all answered by trying again.
      }
      if (this.#stopped) return;
      if (this.world.now() - startedMs >= RECOVERED_MS) this.#attempt = 0;
      this.#attempt += 1;
      this.#lostMs ??= this.world.now();
      this.handlers.state({ name: "reconnecting", sinceMs: this.#lostMs, attempt: this.#attempt });
      await this.#pause(pauseMs(this.#attempt, this.#baseMs, this.world.random()));
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#abort?.abort();
    this.#wake?.();
  }

  /** The page became visible or the network came back: try at once, and distrust a stream that has been silent. */
  nudge(): void {
    this.#wake?.();
    if (this.#abort && this.world.now() - this.#lastByteMs > SILENCE_MS) this.#abort.abort();
  }

  async #runOnce(): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    this.#lastByteMs = this.world.now();
    const watchdog = setInterval(() => {
      if (this.world.now() - this.#lastByteMs > SILENCE_MS) abort.abort();
    }, 2_000);
    try {
      const headers: Record<string, string> = { accept: "text/event-stream" };
      if (this.#lastId !== null) headers["last-event-id"] = this.#lastId;
      const response = await this.world.fetch(this.url, { headers, cache: "no-store", signal: abort.signal });
      const type = response.headers.get("content-type") ?? "";
      if (!response.ok || !type.startsWith("text/event-stream") || !response.body) {
        throw new Error(`no event stream: HTTP ${response.status}`);
      }
      await this.#read(response.body);
    } finally {
      clearInterval(watchdog);
      abort.abort();
      this.#abort = null;
    }
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const parser = new SseParser(this.#lastId);
    const decoder = new TextDecoder();
    const reader = body.getReader();
    this.#lostMs = null;
    this.handlers.state({ name: "live", sinceMs: this.world.now() });
    this.handlers.opened(this.#everOpened);
    this.#everOpened = true;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      this.#lastByteMs = this.world.now();
      const messages = parser.push(decoder.decode(value, { stream: true }));
      if (parser.retryMs !== null) this.#baseMs = Math.max(100, parser.retryMs);
      if (messages.length === 0) continue;
      this.handlers.messages(messages);
      // Only what was handed over counts as seen.
      this.#lastId = messages[messages.length - 1]?.id ?? this.#lastId;
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      const wake = done;
      this.#wake = wake;
      function done(): void {
        clearTimeout(timer);
        resolve();
      }
    });
  }
}
