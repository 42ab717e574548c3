// node e2e/screenshot.mjs URL OUT.png [WxH] [--light] [--english] [--open] [--name NAME] [--press KEYS] [--wait MS]
//
// Opens a page in Chromium and writes what it shows. `--open` opens the first alert; `--press` presses keys one after the
// other; `--wait` looks a little later (default: as soon as the list stands and its pictures are there).
import { parseArgs } from "node:util";
import { launch, remember } from "./browser.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    light: { type: "boolean" },
    english: { type: "boolean" },
    open: { type: "boolean" },
    name: { type: "string" },
    press: { type: "string" },
    wait: { type: "string", default: "0" },
  },
});
const [url, out, size = "1600x900"] = positionals;
const [width, height] = size.split("x").map(Number);
if (!url || !out || !width || !height) {
  console.error("usage: node e2e/screenshot.mjs URL OUT.png [WxH] [--light] [--english] [--open] [--name NAME] [--press KEYS] [--wait MS]");
  process.exit(2);
}

const browser = await launch();
try {
  const context = await browser.newContext({ viewport: { width, height }, hasTouch: width < 600 });
  await context.addInitScript(remember({ language: values.english ? "en" : "zh", theme: values.light ? "light" : "dark", operator: values.name ?? "" }));
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForSelector("[data-event-id], .notice", { timeout: 15_000 }).catch(() => undefined);
  if (values.open) {
    await page.locator("[data-event-id]").first().click();
    await page.waitForSelector("[data-detail] h2");
  }
  for (const key of (values.press ?? "").split(",").filter(Boolean)) await page.keyboard.press(key);
  await page
    .waitForFunction(() => [...document.images].every((image) => image.complete || image.getBoundingClientRect().top > innerHeight), undefined, { timeout: 5_000 })
    .catch(() => undefined);
  await page.evaluate(() => document.fonts.ready);
  await page.waitForTimeout(400 + Number(values.wait));
  await page.screenshot({ path: out });
} finally {
  await browser.close();
}
