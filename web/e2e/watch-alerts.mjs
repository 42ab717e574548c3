// node e2e/watch-alerts.mjs URL --until N --timeout S [--revisions] [--screenshot OUT.png]
//
// Opens the alert wall in Chromium and prints one JSON line for each alert row as it becomes visible in the page:
//   {"id","rev","phase","kind","visible_at","latency_ms","live"}
// `visible_at`: milliseconds since 1970 by this machine's clock, at the first frame that shows the row. `latency_ms`: from
// the event time of that revision (of the opening, when a later revision is the first to be seen) to `visible_at`. `live`:
// false for rows of the first page, whose latency says only when the page was opened. `--revisions` prints a line for each
// further revision too, with its own event time; `--until` counts lines.
// On standard error: {"ready":true} once the page is connected and its first page stands.
// Exit status: 0 when N lines were printed, 1 when the time was up before, 2 when the page could not be opened.
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { launch } from "./browser.mjs";

/** @typedef {{id: string, rev: number, phase: string, kind: string, visible_at: number, latency_ms: number, live: boolean}} Sighting */

/** Runs in the page, before its own scripts. @param {boolean} revisions */
function watchRows(revisions) {
  const seen = new Set();
  /** @param {Element} row @param {number} visibleAt */
  const report = (row, visibleAt) => {
    const { eventId = "", rev = "", phase, kind, at = "", openedAt = "" } = /** @type {HTMLElement} */ (row).dataset;
    const key = revisions ? `${eventId} ${rev}` : eventId;
    if (seen.has(key) || !row.isConnected) return;
    const first = !seen.has(eventId);
    seen.add(key).add(eventId);
    const since = Date.parse(first ? openedAt : at);
    const live = document.documentElement.dataset.watch === "live";
    // @ts-expect-error a function that Playwright puts there
    window.gridwatchSighting({ id: eventId, rev: Number(rev), phase, kind, visible_at: visibleAt, latency_ms: visibleAt - since, live });
  };
  let waiting = false;
  const look = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      const now = Date.now();
      for (const row of document.querySelectorAll("[data-event-id]")) report(row, now);
    });
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-rev"] });
}

/**
 * Watches until `until` sightings or `timeoutMs`, whichever is first.
 * @param {{url: string, until: number, timeoutMs: number, revisions?: boolean, screenshot?: string, onSighting?: (sighting: Sighting) => void, onReady?: () => void}} options
 * @returns {Promise<Sighting[]>}
 */
export async function watchAlerts({ url, until, timeoutMs, revisions = false, screenshot, onSighting, onReady }) {
  /** @type {Sighting[]} */
  const sightings = [];
  const browser = await launch();
  try {
    const page = await browser.newPage({ viewport: { width: 1600, height: 900 } });
    /** @type {() => void} */
    let enough = () => undefined;
    const done = new Promise((resolve) => (enough = () => resolve(undefined)));
    await page.exposeFunction("gridwatchSighting", (/** @type {Sighting} */ sighting) => {
      if (sightings.length >= until) return;
      sightings.push(sighting);
      onSighting?.(sighting);
      if (sightings.length >= until) enough();
    });
    await page.addInitScript(watchRows, revisions);
    const deadline = setTimeout(enough, timeoutMs);
    await page.goto(url);
    await page.waitForSelector('[data-link="live"]', { timeout: timeoutMs });
    await page.waitForSelector('[aria-busy="false"]', { timeout: timeoutMs });
    // The rows of the first page are reported in the next frame; what comes after that came live.
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(null)))));
    await page.evaluate(() => void (document.documentElement.dataset.watch = "live"));
    onReady?.();
    await done;
    clearTimeout(deadline);
    if (screenshot) await page.screenshot({ path: screenshot });
  } finally {
    await browser.close();
  }
  return sightings;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      until: { type: "string", default: "1" },
      timeout: { type: "string", default: "60" },
      revisions: { type: "boolean" },
      screenshot: { type: "string" },
    },
  });
  const [url, until, timeoutMs] = [positionals[0], Number(values.until), Number(values.timeout) * 1000];
  if (!url || !(until > 0) || !(timeoutMs > 0)) {
    console.error("usage: node e2e/watch-alerts.mjs URL --until N --timeout S [--revisions] [--screenshot OUT.png]");
    process.exit(2);
  }
  try {
    const sightings = await watchAlerts({
      url,
      until,
      timeoutMs,
      revisions: values.revisions,
      screenshot: values.screenshot,
      onSighting: (sighting) => console.log(JSON.stringify(sighting)),
      onReady: () => console.error(JSON.stringify({ ready: true })),
    });
    process.exitCode = sightings.length >= until ? 0 : 1;
  } catch (error) {
    console.error(String(error));
    process.exitCode = 2;
  }
}
