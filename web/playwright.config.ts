import { defineConfig } from "@playwright/test";
import { LAUNCH } from "./e2e/browser.mjs";

export default defineConfig({
  testDir: "e2e",
  outputDir: "node_modules/.cache/e2e",
  timeout: 30_000,
  expect: { timeout: 8_000 },
  workers: 2,
  fullyParallel: true,
  forbidOnly: true,
  reporter: [["list"]],
  use: { launchOptions: LAUNCH, viewport: { width: 1600, height: 900 }, locale: "zh-CN", timezoneId: "America/New_York" },
});
