// Chromium as the machine has it: started quietly, with a profile of its own, and never asking anybody outside.
import { existsSync } from "node:fs";
import { chromium } from "@playwright/test";

/** Where distributions put it; `CHROMIUM` names another. */
const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export const LAUNCH = {
  executablePath: process.env.CHROMIUM || PLACES.find((path) => existsSync(path)) || "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-quic",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
  ],
};

/** Starts Chromium; close it when done. Playwright gives it a fresh profile folder and removes that again. */
export function launch() {
  return chromium.launch(LAUNCH);
}

/**
 * Remembered settings, as the page stores them, for `context.addInitScript`.
 * @param {{language?: "zh" | "en", theme?: "dark" | "light", operator?: string, sound?: boolean}} preferences
 */
export function remember(preferences) {
  return `if (!localStorage.getItem("gridwatch.preferences")) localStorage.setItem("gridwatch.preferences", ${JSON.stringify(JSON.stringify(preferences))});`;
}
