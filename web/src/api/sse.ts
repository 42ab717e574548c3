/**
 * Server-Sent Events, parsed by hand: unlike `EventSource` this lets the page name the last event it has seen after an
 * error page too, and notice a connection that has silently died, because comments (heartbeats) count as life.
 */

export interface SseMessage {
  event: string;
  data: string;
  /** The last id seen so far, this message's own included. */
  id: string | null;
}

export class SseParser {
  /** Waiting time the server asked for, in milliseconds. */
  retryMs: number | null = null;
  #buffer = "";
  #event = "";
  #data: string[] = [];
  #id: string | null;
  #started = false;

  constructor(lastId: string | null = null) {
    this.#id = lastId;
  }

  /** Takes any piece of the stream, however it was cut, and returns the messages it completes. */
  push(chunk: string): SseMessage[] {
    this.#buffer += chunk;
    if (!this.#started && this.#buffer.length > 0) {
      this.#started = true;
      if (this.#buffer.startsWith("\uFEFF")) this.#buffer = this.#buffer.slice(1);
    }
    const messages: SseMessage[] = [];
    for (;;) {
      const end = this.#buffer.search(/[\r\n]/);
      if (end < 0) break;
      // A CR at the very end may be half of a CRLF: wait for the rest.
      if (this.#buffer[end] === "\r" && end + 1 === this.#buffer.length) break;
      const line = this.#buffer.slice(0, end);
      const width = this.#buffer.startsWith("\r\n", end) ? 2 : 1;
      this.#buffer = this.#buffer.slice(end + width);
      const message = this.#line(line);
      if (message) messages.push(message);
    }
    return messages;
  }

  #line(line: string): SseMessage | null {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return null;
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? "" : line.slice(colon + 1);
    if (value.startsWith(" ")) value = value.slice(1);
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#event = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    else if (field === "retry" && /^\d+$/.test(value)) this.retryMs = Number(value);
    return null;
  }

  #dispatch(): SseMessage | null {
    const message =
      this.#data.length === 0
        ? null
        : { event: this.#event || "message", data: this.#data.join("\n"), id: this.#id };
    this.#event = "";
    this.#data = [];
    return message;
  }
}
