import { makeEvent } from "../dev/made-up.mjs";
import { expect, test } from "./wall";

/** Holds back until opened. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

const seenLive = (urls: { url: string; headers: Record<string, unknown> }[]) => urls.filter((request) => request.url === "/api/v1/live");

test("a cut connection is resumed after the last change, and what was missed appears exactly once", async ({ wall, center }) => {
  await wall.open();
  const before = wall.raise({ serial: 920 });
  await expect(wall.row(before.id)).toBeVisible();
  center.refuse = "live";
  center.drop();
  await expect(wall.link).toHaveAttribute("data-link", "reconnecting");
  await expect(wall.page.getByText(/与中心的连接已断开/)).toBeVisible();
  const missed = [921, 922, 923].map((serial) => wall.raise({ serial }));
  center.publish({ ...before, rev: 2, phase: "close", until: before.at });
  center.refuse = "no";
  await expect(wall.link).toHaveAttribute("data-link", "live", { timeout: 15_000 });
  for (const event of missed) await expect(wall.row(event.id)).toHaveCount(1);
  await expect(wall.row(before.id)).toHaveAttribute("data-phase", "close");
  await expect(wall.page.getByText("补齐 3 条新告警")).toBeVisible();
  const ids = await wall.ids();
  expect(new Set(ids).size).toBe(ids.length);
  const lastIds = seenLive(center.seen).map((request) => request.headers["last-event-id"]);
  expect(lastIds[0]).toBeUndefined();
  expect(lastIds.slice(1).every((id) => id === "1")).toBe(true);
});

test("a revision of an alert far down the list, made while nothing had been heard yet, is replayed", async ({ wall, center }) => {
  await wall.open();
  await wall.page.locator(".foot").scrollIntoViewIfNeeded();
  await expect(wall.rows).toHaveCount(100);
  const far = (await wall.ids())[90] ?? "";
  center.refuse = "live";
  center.drop();
  await expect(wall.link).toHaveAttribute("data-link", "reconnecting");
  const known = center.events.get(far);
  if (known) center.publish({ ...known, rev: known.rev + 1, severity: "critical" });
  center.refuse = "no";
  await expect(wall.row(far)).toHaveAttribute("data-severity", "critical", { timeout: 15_000 });
});

test("a picture that fails at first is asked for again", async ({ wall, page }) => {
  let failures = 0;
  await page.route("**/snapshot?*", (route) => (failures++ < 1 ? route.fulfill({ status: 404 }) : route.continue()));
  await wall.open();
  const event = wall.raise({ serial: 960 });
  await expect(wall.row(event.id).locator(".snapshot")).toHaveClass(/shown/, { timeout: 10_000 });
  expect(failures).toBeGreaterThan(1);
});

test("when the center cannot replay, the page reads everything again", async ({ wall, center }) => {
  await wall.open();
  const known = wall.raise({ serial: 930 });
  await expect(wall.row(known.id)).toBeVisible();
  const old = (await wall.ids())[5] ?? "";
  center.refuse = "live";
  center.drop();
  await expect(wall.link).toHaveAttribute("data-link", "reconnecting");
  const missed = Array.from({ length: 60 }, (_, i) => wall.raise({ serial: 1000 + i, agoS: 0 }));
  const changed = center.events.get(old);
  if (changed) center.publish({ ...changed, rev: changed.rev + 1, severity: "critical" });
  center.forgetChanges();
  center.refuse = "no";
  await expect(wall.row(missed[0]?.id ?? "")).toHaveCount(1, { timeout: 15_000 });
  await expect(wall.row(old)).toHaveAttribute("data-severity", "critical");
  const ids = new Set(await wall.ids());
  expect(missed.filter((event) => !ids.has(event.id))).toEqual([]);
});

test("an alert that opens while the first page is on its way is not lost", async ({ wall, page }) => {
  const answered = gate();
  const arrive = gate();
  await page.route("**/api/v1/events?*", async (route) => {
    const response = await route.fetch();
    answered.open();
    await arrive.opened;
    await route.fulfill({ response });
  });
  await wall.open();
  await answered.opened;
  const event = wall.raise({ serial: 940 });
  await expect(wall.row(event.id)).toHaveCount(1);
  arrive.open();
  await expect(wall.rows).toHaveCount(51);
  await expect(wall.row(event.id)).toHaveCount(1);
});

test("an alert that comes live and on the first page is there once", async ({ wall, page }) => {
  const ask = gate();
  await page.route("**/api/v1/events?*", async (route) => {
    await ask.opened;
    await route.continue();
  });
  await wall.open();
  const event = wall.raise({ serial: 941 });
  await expect(wall.row(event.id)).toHaveCount(1);
  ask.open();
  await expect(wall.rows).toHaveCount(50);
  await expect(wall.row(event.id)).toHaveCount(1);
});

test("a center that is away is said to be, and the page goes on by itself once it is back", async ({ wall, center, page }) => {
  center.refuse = "all";
  await page.goto(wall.address);
  await expect(page.getByRole("alert").filter({ hasText: "告警加载失败" })).toBeVisible();
  await expect(wall.link).toHaveAttribute("data-link", "reconnecting");
  center.refuse = "no";
  await expect(wall.link).toHaveAttribute("data-link", "live", { timeout: 15_000 });
  await expect(wall.rows).toHaveCount(50);
});

test("an empty center is a quiet one", async ({ wall, center }) => {
  center.events.clear();
  await wall.open();
  await expect(wall.page.getByRole("heading", { name: "目前没有告警" })).toBeVisible();
  await expect(wall.page.getByText("但有 2 台摄像机离线")).toBeVisible();
  center.camera("ds-lane", { state: "live", reason: "not analysed: the network's answer is no number", reason_code: "network" });
  await expect(wall.page.locator('[data-camera="ds-lane"] .state')).toHaveText("画面未分析");
  await expect(wall.page.getByText("但有 2 台摄像机离线、画面未分析或不可信")).toBeVisible();
  center.camera("ds-lane", { state: "live", reason: null, reason_code: null });
  await expect(wall.page.locator('[data-camera="ds-lane"] .state')).toHaveText("在线");
  await expect(wall.page.getByText("但有 1 台摄像机")).toBeVisible();
  center.camera("ljp-b3-door", { troubles: [] });
  await expect(wall.page.getByText("新的告警会自动出现在这里")).toBeVisible();
  center.publish(makeEvent({ serial: 1 }));
  await expect(wall.rows).toHaveCount(1);
});

test("an upgraded center asks for a reload", async ({ wall, center, page }) => {
  await wall.open();
  center.version = "0.2.0";
  center.drop();
  await expect(page.getByText("中心已升级")).toBeVisible();
  await page.getByRole("button", { name: "刷新" }).click();
  await expect(page.getByText("中心已升级")).toHaveCount(0);
});

test("late alerts of an edge that was cut off are shown, however old", async ({ wall }) => {
  await wall.open();
  const late = wall.raise({ serial: 950, agoS: 170_000 });
  await expect(wall.row(late.id)).toHaveCount(1);
  await expect(wall.rows.last()).toHaveAttribute("data-event-id", late.id);
});
