/** The alert wall in a browser, with user verbs, against a fixture center of its own. */
import { test as base, expect, type Locator, type Page } from "@playwright/test";
import { FixtureCenter } from "../dev/fixture-server.mjs";
import { makeEvent } from "../dev/made-up.mjs";
import { remember } from "./browser.mjs";

export type Made = Parameters<typeof makeEvent>[0];

export class Wall {
  readonly problems: string[] = [];

  constructor(
    readonly page: Page,
    readonly center: FixtureCenter,
    readonly address: string,
  ) {
    page.on("pageerror", (error) => this.problems.push(String(error)));
    page.on("console", (message) => {
      // Refusals of the fixture are part of the tests; a blocked resource or a warning of Vue is not.
      if (message.type() === "error" && !message.text().includes("Failed to load resource")) this.problems.push(message.text());
      if (message.type() === "warning") this.problems.push(message.text());
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(address) && !request.url().startsWith("data:")) this.problems.push(`outside request: ${request.url()}`);
    });
  }

  async open(path = "/", preferences: Parameters<typeof remember>[0] = {}): Promise<void> {
    await this.page.addInitScript(remember(preferences));
    await this.page.goto(this.address + path);
    await expect(this.link).toHaveAttribute("data-link", "live");
  }

  get rows(): Locator {
    return this.page.locator("[data-rows] > li");
  }

  row(id: string): Locator {
    return this.page.locator(`[data-event-id="${id}"]`);
  }

  get link(): Locator {
    return this.page.locator("[data-link]");
  }

  get detail(): Locator {
    return this.page.locator("[data-detail]");
  }

  counter(name: string): Locator {
    return this.page.locator(`[data-counter="${name}"] .value`);
  }

  /** Publishes an alert that has just opened. */
  raise(what: Made): ReturnType<typeof makeEvent> {
    const event = makeEvent({ ...what });
    this.center.publish(event);
    return event;
  }

  async ids(): Promise<string[]> {
    return this.rows.evaluateAll((rows) => rows.map((row) => (row as HTMLElement).dataset.eventId ?? ""));
  }
}

export const test = base.extend<{ wall: Wall; center: FixtureCenter }>({
  center: async ({}, use) => {
    const center = new FixtureCenter();
    await use(center);
    await center.finish();
  },
  wall: async ({ page, center }, use) => {
    const wall = new Wall(page, center, await center.start());
    await use(wall);
    expect(wall.problems).toEqual([]);
  },
});

export { expect };
