// node e2e/watch-live.mjs live|clip URL [--event ID] [--screenshot OUT.png]
//
// live: opens the first camera's live picture and waits until it moves; then once more in a browser without Media Source Extensions, where
// stills have to come instead. clip: opens an alert and plays the clip that the edge box keeps of it.
// Exit status: 0 when that was seen, 1 when not.
import { parseArgs } from "node:util";
import { launch } from "./browser.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { event: { type: "string" }, screenshot: { type: "string" } },
});
const [what, url] = positionals;
if (!url || (what !== "live" && what !== "clip")) throw new Error("expected live|clip and the address of a center");
const TIMEOUT = 30_000;

/** Waits until a video plays on; gives its size. @param {import("@playwright/test").Locator} video */
async function moves(video) {
  await video.waitFor({ state: "visible", timeout: TIMEOUT });
  return video.evaluate(async (element, timeout) => {
    const playing = /** @type {HTMLVideoElement} */ (element);
    await playing.play();
    const began = playing.currentTime;
    const until = Date.now() + timeout;
    while (playing.currentTime < began + 1) {
      if (Date.now() > until) throw new Error(`it stands still at ${playing.currentTime} s, state ${playing.readyState}, ${playing.error?.message ?? "no error"}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return { width: playing.videoWidth, height: playing.videoHeight, duration: playing.duration };
  }, TIMEOUT);
}

const browser = await launch();
try {
  const page = await browser.newPage({ viewport: { width: 1600, height: 900 } });
  if (what === "live") {
    await page.goto(url);
    await page.locator("[data-watch]").first().click({ timeout: TIMEOUT });
    await page.waitForSelector('[data-live-state="playing"]', { timeout: TIMEOUT });
    console.log("live", await moves(page.locator("dialog video")));
    if (values.screenshot) await page.screenshot({ path: values.screenshot });
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog[data-live]", { state: "detached", timeout: TIMEOUT });

    const old = await browser.newPage();
    await old.addInitScript(() => Reflect.deleteProperty(globalThis, "MediaSource"));
    await old.goto(url);
    await old.locator("[data-watch]").first().click({ timeout: TIMEOUT });
    const still = old.locator("[data-still]");
    await still.waitFor({ timeout: TIMEOUT });
    const first = await still.getAttribute("src");
    await old.waitForFunction((before) => document.querySelector("[data-still]")?.getAttribute("src") !== before, first, { timeout: TIMEOUT });
    // A picture that the browser refuses to show has a source all the same.
    await old.waitForFunction(() => (/** @type {HTMLImageElement | null} */ (document.querySelector("[data-still]"))?.naturalWidth ?? 0) > 0, undefined, { timeout: TIMEOUT });
    console.log("stills", await still.evaluate((image) => /** @type {HTMLImageElement} */ (image).naturalWidth));
    if (values.screenshot) await old.screenshot({ path: values.screenshot.replace(/\.png$/, "-stills.png") });
  } else {
    await page.goto(`${url}/?alert=${values.event}`);
    const clip = page.locator('[data-evidence] [data-media="clip"] video');
    await clip.scrollIntoViewIfNeeded({ timeout: TIMEOUT });
    console.log("clip", await moves(clip));
    if (values.screenshot) await page.screenshot({ path: values.screenshot });
  }
} finally {
  await browser.close();
}
