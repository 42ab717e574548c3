/**
 * The center's clock as seen from the browser. An operator's computer may be minutes off; running times must not be.
 * Corrected only by whole answers that show a clear difference, since `Date` has a resolution of one second.
 */
const NOTICEABLE_MS = 2_000;

export class ServerClock {
  #offsetMs = 0;

  /** Milliseconds to add to the browser's clock. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** `date`: the HTTP header; the moments are the browser's, before sending and after the answer. */
  observe(date: string, sentMs: number, answeredMs: number): void {
    const serverMs = Date.parse(date);
    if (Number.isNaN(serverMs) || answeredMs - sentMs > 5_000) return;
    // The header was cut to the second: on average half a second is missing.
    const offsetMs = serverMs + 500 - (sentMs + answeredMs) / 2;
    this.#offsetMs = Math.abs(offsetMs) < NOTICEABLE_MS ? 0 : Math.round(offsetMs);
  }

  now(browserMs: number): number {
    return browserMs + this.#offsetMs;
  }
}
