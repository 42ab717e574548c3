import type { Page } from "@playwright/test";
import { expect, test } from "./wall";

/** What a checker of accessibility would say first. Runs in the page; returns complaints. */
function complaints(): string[] {
  const found: string[] = [];
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of new Set(ids)) if (ids.filter((other) => other === id).length > 1) found.push(`id twice: ${id}`);
  const nameOf = (element: Element): string => {
    const by = (element.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
    const label = element instanceof HTMLInputElement || element instanceof HTMLSelectElement ? [...(element.labels ?? [])].map((l) => l.textContent).join(" ") : "";
    return [element.getAttribute("aria-label"), by, label, element.textContent, element.getAttribute("title")].join("").trim();
  };
  for (const element of document.querySelectorAll("button, a, input, select, dialog, [role=dialog]")) if (!nameOf(element)) found.push(`no name: ${element.outerHTML.slice(0, 90)}`);
  for (const image of document.querySelectorAll("img")) if (!image.hasAttribute("alt")) found.push("img without alt");
  for (const attribute of ["aria-controls", "aria-labelledby", "aria-describedby", "aria-activedescendant"]) {
    for (const element of document.querySelectorAll(`[${attribute}]`)) for (const id of (element.getAttribute(attribute) ?? "").split(" ")) if (!document.getElementById(id)) found.push(`${attribute} to nothing: ${id}`);
  }
  for (const list of document.querySelectorAll("ul, ol")) for (const child of list.children) if (child.tagName !== "LI") found.push(`${child.tagName} in a list`);
  if (document.querySelectorAll("h1").length !== 1) found.push("not one h1");
  if (document.querySelectorAll("main").length !== 1) found.push("not one main");
  return found;
}

/** Texts whose contrast with what lies behind is below 4.5 : 1. */
function faintTexts(): string[] {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (!canvas) return ["no canvas"];
  const rgba = (colour: string): number[] => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const over = (top: number[], under: number[]): number[] => [0, 1, 2].map((i) => ((top[i] ?? 0) * (top[3] ?? 0) + (under[i] ?? 0) * (255 - (top[3] ?? 0))) / 255);
  const behind = (element: Element | null): number[] => {
    if (!element) return [255, 255, 255];
    const own = rgba(getComputedStyle(element).backgroundColor);
    return own[3] === 255 ? own : over(own, behind(element.parentElement));
  };
  const light = (c: number[]): number => {
    const [r = 0, g = 0, b = 0] = c.map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const faint: string[] = [];
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.textContent?.trim()).join("");
    if (!text || element.closest(".out-of-sight, noscript, script, option, :disabled") || !element.checkVisibility({ opacityProperty: true })) continue;
    const back = behind(element);
    const front = over(rgba(getComputedStyle(element).color), back);
    const [a, b] = [light(front), light(back)].sort((x, y) => y - x);
    const ratio = ((a ?? 0) + 0.05) / ((b ?? 0) + 0.05);
    if (ratio < 4.5) faint.push(`${ratio.toFixed(2)} ${text.slice(0, 30)}`);
  }
  return [...new Set(faint)];
}

async function settled(page: Page): Promise<void> {
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => (animation.effect?.getComputedTiming().iterations === Infinity ? null : animation.finished))));
}

for (const theme of ["dark", "light"] as const) {
  test(`names, ids, references and contrast are right (${theme})`, async ({ wall, page }) => {
    await wall.open("/", { theme });
    expect(await page.evaluate(complaints)).toEqual([]);
    expect(await page.evaluate(faintTexts)).toEqual([]);
    await wall.rows.first().click();
    await expect(wall.detail.locator("ol")).toBeVisible();
    await settled(page);
    expect(await page.evaluate(complaints)).toEqual([]);
    expect(await page.evaluate(faintTexts)).toEqual([]);
    await page.keyboard.press("g");
    await expect(page.getByRole("listbox")).toBeVisible();
    expect(await page.evaluate(complaints)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.locator('[data-sound] ~ .keys').click();
    await settled(page);
    expect(await page.evaluate(complaints)).toEqual([]);
    expect(await page.evaluate(faintTexts)).toEqual([]);
  });
}

test("a phone shows everything without scrolling sideways", async ({ wall, page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await wall.open("/", { language: "en" });
  const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(await overflow()).toBeLessThanOrEqual(0);
  await expect(wall.rows.first().getByRole("button", { name: /^Acknowledge/ })).toBeInViewport();
  await wall.rows.first().locator(".picture").click();
  await expect(wall.detail).toBeInViewport();
  expect(await wall.detail.evaluate((panel) => panel.scrollWidth - panel.clientWidth)).toBeLessThanOrEqual(0);
  await page.goBack();
  await expect(wall.detail).toHaveCount(0);
});

test("Tab reaches the list by the skip link, and one row only", async ({ wall, page }) => {
  await wall.open();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "跳到告警列表" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.locator("main")).toBeFocused();
  await page.keyboard.press("j");
  await expect(wall.rows.first()).toBeFocused();
  await expect(wall.page.locator('[data-rows] > li[tabindex="0"]')).toHaveCount(1);
});
