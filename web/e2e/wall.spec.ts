import { picture } from "../dev/made-up.mjs";
import { expect, test } from "./wall";

test("shows the alerts with all that an operator needs", async ({ wall }) => {
  await wall.open();
  const row = wall.rows.first();
  await expect(row).toContainText("占用消防通道");
  await expect(row).toContainText("紧急");
  await expect(row).toContainText("进行中");
  await expect(row).toContainText("刘家坡社区");
  await expect(row).toContainText("第七网格");
  await expect(row).toContainText("刘家坡大门");
  await expect(row).toContainText("1 号消防通道");
  await expect(row).toContainText("限 1 分钟");
  await expect(row.locator("img")).toHaveJSProperty("complete", true);
  expect(await row.locator("img").evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
  await expect(wall.rows).toHaveCount(50);
  await expect(wall.counter("open")).toHaveText("6");
  await expect(wall.page).toHaveTitle(/^\(\d+\) 实时告警/);
  await expect(wall.page.locator('[data-camera="ds-lane"]')).toContainText("离线");
  await expect(wall.page.locator('[data-camera="ds-lane"]')).toContainText("用户名或密码被拒绝");
});

test("a camera that cannot be trusted says so, and each says how much of its stream is decoded", async ({ wall }) => {
  await wall.open();
  const gate = { level: "rest", reason: "quiet", since: new Date(Date.now() - 40_000).toISOString() };
  const tile = wall.page.locator('[data-camera="ljp-gate"]');
  await expect(tile).toContainText("在线");
  wall.center.camera("ljp-gate", { gate });
  await expect(tile.locator(".gate")).toHaveText("静候");
  await expect(tile).toHaveAttribute("title", /隔几秒看一张关键帧（画面没有变化，自 /);
  const troubles = [{ kind: "camera.covered", since: new Date(Date.now() - 300_000).toISOString() }];
  wall.center.camera("ljp-gate", { gate: { ...gate, level: "keys", reason: "watchful" }, troubles });
  await expect(tile).toContainText("镜头被遮挡");
  await expect(tile.locator(".gate")).toHaveText("留意");
  await expect(tile).toHaveAttribute("title", /画面不可信[\s\S]*自 .*不可信：镜头被遮挡，规则已暂停/);
  // It comes before all that see.
  await expect(wall.page.locator("[data-camera]").nth(2)).toHaveAttribute("data-camera", "ljp-gate");
  wall.center.camera("ljp-gate", { gate: null, troubles: [] });
  await expect(tile).toContainText("在线");
  await expect(tile.locator(".gate")).toHaveCount(0);
});

test("times are the county's, and the dwell of a standing car runs", async ({ wall }) => {
  await wall.open();
  const event = wall.raise({ serial: 900 });
  const county = new Date(Date.parse(event.since) + 8 * 3_600_000).toISOString().slice(11, 19);
  await expect(wall.row(event.id)).toContainText(county);
  const clock = wall.row(event.id).getByRole("timer");
  const before = await clock.textContent();
  await expect(clock).not.toHaveText(before ?? "");
});

test("a new alert appears without reloading, with its snapshot when that arrives, and ends", async ({ wall }) => {
  await wall.open();
  const event = wall.raise({ serial: 901, kind: "parking.double", camera: "ljp-yard-a", snapshot: false });
  await expect(wall.rows.first()).toHaveAttribute("data-event-id", event.id);
  await expect(wall.row(event.id)).toContainText("等待抓拍图");
  await expect(wall.page.locator('[data-announce="polite"]')).toContainText("双排/堵车位");
  wall.center.publish({ ...event, snapshot: picture(event.id, 901) });
  await expect(wall.row(event.id).locator("img")).toBeVisible();
  wall.center.publish({ ...event, rev: 2, phase: "close", until: event.at });
  await expect(wall.row(event.id)).toHaveAttribute("data-phase", "close");
  await expect(wall.row(event.id)).toContainText("已结束");
});

test("revisions out of order and doubled leave the newest, once", async ({ wall }) => {
  await wall.open();
  const event = wall.raise({ serial: 902 });
  const third = { ...event, rev: 3, phase: "close", severity: "major", until: event.at };
  wall.center.send("event", third);
  await expect(wall.row(event.id)).toHaveAttribute("data-rev", "3");
  wall.center.send("event", { ...event, rev: 2, phase: "update" });
  wall.center.send("event", event);
  wall.center.send("event", third);
  const marker = wall.raise({ serial: 903 });
  await expect(wall.row(marker.id)).toBeVisible();
  await expect(wall.row(event.id)).toHaveCount(1);
  await expect(wall.row(event.id)).toHaveAttribute("data-rev", "3");
  await expect(wall.row(event.id)).toContainText("已结束");
});

test("garbage on the live stream harms nothing", async ({ wall }) => {
  await wall.open();
  for (const garbage of ["{", "null", "[]", '{"id":1}']) wall.center.send("event", garbage);
  wall.center.send("of-a-later-version", { a: 1 });
  const event = wall.raise({ serial: 904, kind: "parking.of_a_later_version", severity: "of_a_later_version" });
  await expect(wall.row(event.id)).toContainText("parking.of_a_later_version");
  expect(wall.problems.splice(0)).toHaveLength(5);
});

test("names with markup are shown as text", async ({ wall }) => {
  const nasty = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;
  wall.center.cameras[0].name = nasty;
  await wall.open();
  const event = wall.raise({ serial: 905, camera_name: nasty, zone_name: nasty, cell_path: [nasty], rule: { [nasty]: nasty }, acknowledged: { at: new Date().toISOString(), by: nasty } });
  await wall.row(event.id).click();
  await expect(wall.detail.getByText(nasty).first()).toBeVisible();
  await expect(wall.row(event.id).getByText(nasty).first()).toBeVisible();
  await expect(wall.page.locator('img[src="x"]')).toHaveCount(0);
  expect(await wall.page.title()).not.toBe("owned");
});

test("older alerts are loaded on the way down, each once and in order", async ({ wall }) => {
  await wall.open();
  await expect(wall.rows).toHaveCount(50);
  for (let more = 0; more < 3; more += 1) {
    await wall.rows.last().scrollIntoViewIfNeeded();
    await wall.page.locator(".foot").scrollIntoViewIfNeeded();
  }
  await expect(wall.rows).toHaveCount(131);
  await expect(wall.page.locator(".foot")).toContainText("没有更早的告警了");
  const ids = await wall.ids();
  expect(new Set(ids).size).toBe(131);
  expect(ids).toEqual([...ids].sort().reverse());
});

test("a camera's state follows live", async ({ wall }) => {
  await wall.open();
  const chip = wall.page.locator('[data-camera="ljp-gate"]');
  await expect(chip).toContainText("在线");
  const reason = "192.168.1.64:554 refuses the user or password: check username and password of this camera";
  wall.center.camera("ljp-gate", { state: "offline", reason, reason_code: "unauthorized" });
  await expect(chip).toContainText("离线");
  await expect(chip, "in the reader's language").toContainText("用户名或密码被拒绝");
  await expect(chip, "and all that is known of it").toHaveAttribute("title", /用户名或密码被拒绝.*\n.*192\.168\.1\.64:554/);
  wall.center.camera("ljp-gate", { state: "offline", reason: "what a later version knows", reason_code: "later" });
  await expect(chip, "a code that this page does not know").toContainText("what a later version knows");
  wall.center.edges[1].online = false;
  wall.center.camera("ds-ramp", { state: "offline", reason: "边缘盒离线" });
  await expect(wall.page.getByText("边缘盒 ds-01 离线")).toBeVisible();
  // Back with the state it had before: that began earlier than the outage.
  wall.center.edges[1].online = true;
  wall.center.send("camera", { edge: "ds-01", camera: "ds-ramp", name: "出口坡道", state: "live", reason: null, since: "2026-01-01T00:00:00.000Z" });
  await expect(wall.page.locator('[data-camera="ds-ramp"]')).toHaveAttribute("data-state", "live");
  await expect(wall.page.getByText("边缘盒 ds-01 离线")).toHaveCount(0);
});

test("the camera's own page tells what is decoded, why, and what was before", async ({ wall }) => {
  // A box that says nothing.
  await wall.page.routeWebSocket(/\/live$/, () => {});
  await wall.open();
  await wall.page.locator('[data-watch="ljp-gate"]').click();
  const course = wall.page.locator("[data-course]");
  await expect(course).toContainText("静候");
  await expect(course).toContainText("画面没有变化");
  wall.center.camera("ljp-gate", { gate: { level: "all", reason: "asked", since: new Date().toISOString() } });
  await expect(course.locator("p[data-level=all]")).toContainText("区域要求逐帧看");
  await expect(course.locator("li[data-level=rest]")).toContainText("画面没有变化");
  wall.center.camera("ljp-gate", { troubles: [{ kind: "camera.blurred", since: new Date().toISOString() }] });
  await expect(course.locator(".trouble")).toContainText("画面模糊");
  wall.center.camera("ljp-gate", { troubles: [], not_kept: "10.0.0.9:554 has no such stream", not_kept_code: "not_found" });
  await expect(course.locator(".trouble")).toHaveText("主码流收不到，片段和实时画面暂用子码流，录像暂停：没有这路码流：检查地址里的路径");
});

test("of a camera that has no stream to pass on stills are shown at once, and nothing else is asked for", async ({ wall }) => {
  const sockets: string[] = [];
  wall.page.on("websocket", (socket) => sockets.push(socket.url()));
  wall.center.camera("ljp-gate", { gate: { level: "all", reason: "by_gstreamer", since: new Date().toISOString() } });
  await wall.open();
  await wall.page.locator('[data-watch="ljp-gate"]').click();
  const dialog = wall.page.locator("[data-live]");
  await expect(dialog).toHaveAttribute("data-live-state", "unplayable");
  await expect(dialog).toContainText(/没有可直接播放的码流|没有画面/);
  expect(sockets).toEqual([]);
});

test("arrivals while one reads further down are announced and do not move the list", async ({ wall }) => {
  await wall.open();
  const tenth = wall.rows.nth(10);
  await tenth.evaluate((row) => row.scrollIntoView({ block: "start" }));
  const id = await tenth.getAttribute("data-event-id");
  const top = await wall.row(id ?? "").evaluate((row) => row.getBoundingClientRect().top);
  const event = wall.raise({ serial: 906 });
  const note = wall.page.getByRole("button", { name: "1 条新告警" });
  await expect(note).toBeVisible();
  expect(Math.abs((await wall.row(id ?? "").evaluate((row) => row.getBoundingClientRect().top)) - top)).toBeLessThan(4);
  await note.click();
  await expect(wall.row(event.id)).toBeInViewport();
  await expect(note).toHaveCount(0);
});

test("an arrival in the moment after the operator scrolled down is announced too", async ({ wall }) => {
  // A busy browser tells late what is in sight.
  await wall.page.addInitScript(() => {
    const Observer = window.IntersectionObserver;
    window.IntersectionObserver = class extends Observer {
      constructor(tell: IntersectionObserverCallback, options?: IntersectionObserverInit) {
        super((entries, observer) => setTimeout(() => tell(entries, observer), 1_000), options);
      }
    };
  });
  await wall.open();
  await wall.page.waitForTimeout(1_500);
  await wall.rows.nth(10).evaluate((row) => row.scrollIntoView({ block: "start" }));
  wall.raise({ serial: 907 });
  await expect(wall.page.getByRole("button", { name: "1 条新告警" })).toBeVisible();
});
