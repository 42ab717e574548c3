import { expect, test } from "./wall";

test("acknowledging asks the name once, records it and remembers it", async ({ wall, page }) => {
  await wall.open();
  const [first, second] = await wall.ids();
  await wall.row(first ?? "").getByRole("button", { name: /^确认/ }).click();
  const dialog = page.getByRole("dialog", { name: "您的姓名" });
  await dialog.getByLabel("姓名", { exact: true }).fill("   ");
  await dialog.getByRole("button", { name: "保存并确认" }).click();
  await expect(dialog.getByRole("alert")).toContainText("请填写姓名");
  await dialog.getByLabel("姓名", { exact: true }).fill(" 王芳 ");
  await dialog.getByRole("button", { name: "保存并确认" }).click();
  await expect(dialog).toHaveCount(0);
  await expect(wall.row(first ?? "")).toContainText("王芳");
  expect(wall.center.events.get(first ?? "")?.acknowledged?.by).toBe("王芳");

  await page.reload();
  await expect(page.getByRole("button", { name: "值班员 王芳" })).toBeVisible();
  await wall.row(second ?? "").getByRole("button", { name: /^确认/ }).click();
  await expect(wall.row(second ?? "")).toContainText("王芳");
  await expect(wall.row(first ?? "").getByRole("button", { name: /^确认/ })).toHaveCount(0);
});

test("the keyboard moves, acknowledges, opens, enlarges and closes", async ({ wall, page }) => {
  await wall.open("/", { operator: "李国栋" });
  const ids = await wall.ids();
  for (const key of ["j", "j", "k", "j"]) await page.keyboard.press(key);
  await expect(wall.row(ids[1] ?? "")).toBeFocused();
  await expect(wall.row(ids[1] ?? "")).toHaveAttribute("aria-current", "true");
  await page.keyboard.press("a");
  await expect(wall.row(ids[1] ?? "")).toContainText("李国栋");
  await page.keyboard.press("Enter");
  await expect(wall.detail).toContainText("双排/堵车位");
  await page.keyboard.press("j");
  await expect(wall.detail).toContainText("违停");
  await page.keyboard.press("Enter");
  const large = page.getByRole("dialog", { name: "放大抓拍图" });
  await expect(large.locator("img")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(large).toHaveCount(0);
  await expect(wall.detail).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(wall.detail).toHaveCount(0);
  await expect(wall.row(ids[2] ?? "")).toBeFocused();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "键盘快捷键" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("a new alert above does not move the selection", async ({ wall, page }) => {
  await wall.open("/", { operator: "李国栋" });
  const [first] = await wall.ids();
  await page.keyboard.press("j");
  const event = wall.raise({ serial: 910 });
  await expect(wall.row(event.id)).toBeVisible();
  await page.keyboard.press("a");
  await expect(wall.row(first ?? "")).toContainText("李国栋");
  expect(wall.center.events.get(event.id)?.acknowledged).toBeNull();
});

test("when somebody else was first, that one stands", async ({ wall, page }) => {
  await wall.open("/", { operator: "李国栋" });
  const [first = ""] = await wall.ids();
  const known = wall.center.events.get(first);
  if (known) wall.center.events.set(first, { ...known, acknowledged: { at: new Date().toISOString(), by: "赵敏" } });
  await wall.row(first).getByRole("button", { name: /^确认/ }).click();
  await expect(wall.row(first)).toContainText("赵敏");
  await expect(page.getByText("已由 赵敏 先行确认")).toBeVisible();
});

test("a failed acknowledgement says so and can be repeated", async ({ wall, page }) => {
  await wall.open("/", { operator: "李国栋" });
  const [first = ""] = await wall.ids();
  wall.center.refuse = "all";
  await wall.row(first).getByRole("button", { name: /^确认/ }).click();
  await expect(page.getByText(/确认失败/)).toBeVisible();
  wall.center.refuse = "no";
  await wall.row(first).getByRole("button", { name: /^确认/ }).click();
  await expect(wall.row(first)).toContainText("李国栋");
});

test("details show evidence, fields, rule, path and timeline, and stay live", async ({ wall, page }) => {
  await wall.open();
  const event = wall.raise({ serial: 911 });
  await wall.row(event.id).locator(".picture").click();
  for (const text of ["硒城街道 › 刘家坡社区 › 第七网格", "520121002003007", "第七网格 王芳", "fire-lane-1", "ljp-01", "时限", "1 分钟", "yard-n", "小汽车", "触发告警"]) {
    await expect(wall.detail.getByText(text).first()).toBeVisible();
  }
  await expect(wall.detail.locator("img")).toBeVisible();
  const at = new Date(Date.now() + 1000).toISOString();
  wall.center.publish({ ...event, rev: 2, phase: "close", at, until: at, dwell_s: 75, received_at: at });
  await expect(wall.detail.locator("ol")).toContainText("结束");
  await expect(wall.detail.locator("ol")).toContainText("停留 1 分 15 秒");
  expect(new URL(page.url()).searchParams.get("alert")).toBe(event.id);
  await page.reload();
  await expect(wall.detail).toContainText("占用消防通道");
  await page.goBack();
  await expect(wall.detail).toHaveCount(0);
});

test("an alert that is not there says so", async ({ wall }) => {
  await wall.open("/?alert=019a0000-0000-7000-8000-00000000dead");
  await expect(wall.detail).toContainText("没有这条告警");
});

test("filters by state, severity, kind, cell and camera, by mouse and by key, and keeps them in the address", async ({ wall, page }) => {
  await wall.open();
  const kinds = () => wall.rows.evaluateAll((rows) => [...new Set(rows.map((row) => (row as HTMLElement).dataset.kind))]);
  await page.locator('[data-filter="kind"]').selectOption("parking.fire_lane");
  await expect.poll(kinds).toEqual(["parking.fire_lane"]);
  const all = await wall.rows.count();
  await page.keyboard.press("Escape");
  await page.locator("h1").click();
  await page.keyboard.press("3");
  await expect(page.locator('[data-state-filter="open"]')).toHaveAttribute("aria-pressed", "true");
  await expect.poll(() => wall.rows.count()).toBeLessThan(all);
  await page.reload();
  await expect(page.locator('[data-filter="kind"]')).toHaveValue("parking.fire_lane");
  await expect.poll(kinds).toEqual(["parking.fire_lane"]);
  await page.keyboard.press("c");
  await expect.poll(async () => (await kinds()).length).toBeGreaterThan(3);

  await page.keyboard.press("g");
  await page.keyboard.type("第五");
  await page.keyboard.press("Enter");
  await expect.poll(() => wall.rows.evaluateAll((rows) => rows.every((row) => row.textContent?.includes("第五网格")))).toBe(true);
  await page.locator("[data-clear-filters]").click();
  await page.locator('[data-filter="severity"]').selectOption("critical");
  await expect.poll(() => wall.rows.evaluateAll((rows) => rows.every((row) => (row as HTMLElement).dataset.severity === "critical"))).toBe(true);
  await page.locator("[data-clear-filters]").click();
  await page.locator('[data-camera="ds-lane"]').click();
  await expect.poll(() => wall.rows.evaluateAll((rows) => rows.length > 0 && rows.every((row) => row.textContent?.includes("东山消防通道")))).toBe(true);
  await page.locator("[data-clear-filters]").click();
  await page.locator('[data-counter="unacknowledged"]').click();
  await expect.poll(() => wall.rows.evaluateAll((rows) => rows.length > 0 && rows.every((row) => row.querySelector("button.acknowledge")))).toBe(true);
});

test("a filter that the center refuses can be cleared", async ({ wall, page }) => {
  await wall.open("/?cell=nonsense");
  await expect(page.getByText("cell: expected 1 to 15 digits")).toBeVisible();
  await wall.page.getByRole("alert").getByRole("button", { name: "清除筛选" }).click();
  await expect(wall.rows).toHaveCount(50);
});

test("every kind of event can be asked for", async ({ wall, page }) => {
  await wall.open();
  const offered = await page.locator('[data-filter="kind"] option').evaluateAll((options) => options.map((option) => (option as HTMLOptionElement).value));
  expect(offered).toHaveLength(21);
  expect(new Set(offered.map((kind) => kind.split(".")[0]))).toEqual(new Set(["", "parking", "area", "line", "camera"]));
  await page.locator('[data-filter="kind"]').selectOption("parking.contact_suspected");
  await expect(wall.rows).toHaveCount(0);
});

test("the counter of what goes on and the list it opens agree", async ({ wall, page }) => {
  await wall.open();
  await page.locator('[data-counter="open"]').click();
  await expect(wall.rows).toHaveCount(6);
  await expect(wall.counter("open")).toHaveText("6");
});

test("an alert that does not pass the filter stays off the list, but counts", async ({ wall }) => {
  await wall.open("/?kind=parking.overstay");
  const before = await wall.rows.count();
  const unacknowledged = Number(await wall.counter("unacknowledged").textContent());
  const event = wall.raise({ serial: 912 });
  await expect(wall.counter("unacknowledged")).toHaveText(String(unacknowledged + 1));
  await expect(wall.row(event.id)).toHaveCount(0);
  await expect(wall.rows).toHaveCount(before);
});

test("language and theme are switched and remembered", async ({ wall, page }) => {
  await wall.open();
  await expect(page.locator("html")).toHaveAttribute("lang", "zh-CN");
  await page.locator("[data-language-switch]").click();
  await page.locator("[data-theme-switch]").click();
  await expect(page.locator("h1")).toHaveText("Live alerts");
  await expect(wall.rows.first()).toContainText("Fire lane blocked");
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "light");
  await expect(page.locator("h1")).toHaveText("Live alerts");
  await page.locator("[data-language-switch]").click();
  await expect(page.locator("h1")).toHaveText("实时告警");
});

test("sound is off until asked for, rings for critical alerts only, and is remembered", async ({ wall, page }) => {
  await page.addInitScript(() => {
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...args) {
      document.documentElement.dataset.tones = String(Number(document.documentElement.dataset.tones ?? 0) + 1);
      start.apply(this, args);
    };
  });
  await wall.open();
  const tones = () => page.locator("html").getAttribute("data-tones").then(Number);
  const first = wall.raise({ serial: 913 });
  await expect(wall.row(first.id)).toBeVisible();
  expect(await tones()).toBe(0);
  await page.locator("[data-sound]").click();
  await expect.poll(tones).toBe(3);
  await page.waitForFunction((at) => performance.now() > at, (await page.evaluate(() => performance.now())) + 2_600);
  const minor = wall.raise({ serial: 914, kind: "parking.no_parking" });
  await expect(wall.row(minor.id)).toBeVisible();
  expect(await tones()).toBe(3);
  wall.raise({ serial: 915 });
  await expect.poll(tones).toBe(6);
  await page.reload();
  await expect(page.locator("[data-sound]")).toHaveAttribute("aria-pressed", "true");
});
