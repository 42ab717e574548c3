// A made-up county: a little grid, a few cameras, and alerts in every state. Names are invented except the places of the docs.

const LIUJIAPO = "520121002003";
export const CELLS = [
  ["520121", null, "county", "开阳县", null],
  ["520121002", "520121", "township", "硒城街道", "陈立新"],
  [LIUJIAPO, "520121002", "community", "刘家坡社区", "周文斌"],
  [`${LIUJIAPO}005`, LIUJIAPO, "cell", "第五网格", "杨秀兰"],
  [`${LIUJIAPO}006`, LIUJIAPO, "cell", "第六网格", "罗永强"],
  [`${LIUJIAPO}007`, LIUJIAPO, "cell", "第七网格", "王芳"],
  ["520121002004", "520121002", "community", "东山社区", "刘德明"],
  ["520121002004001", "520121002004", "cell", "第一网格", "何琴"],
  ["520121002004002", "520121002004", "cell", "第二网格", null],
  ["520121001", "520121", "township", "紫兴街道", "吴江"],
  ["520121001001", "520121001", "community", "望城坡社区", "李国栋"],
  ["520121001001003", "520121001001", "cell", "第三网格", "赵敏"],
].map(([code, parent, level, name, leader]) => ({ code, parent, level, name, leader }));

/** How much of a stream is decoded. @param {string} level @param {string} reason @param {number} agoS */
const gate = (level, reason, agoS) => ({ level, reason, since: new Date(Date.now() - agoS * 1000).toISOString() });

export const CAMERAS = [
  { edge: "ljp-01", camera: "ljp-gate", name: "刘家坡大门", state: "live", reason: null, gate: gate("rest", "quiet", 40), troubles: [], cell: `${LIUJIAPO}007` },
  { edge: "ljp-01", camera: "ljp-yard-a", name: "A 区停车场", state: "live", reason: null, gate: gate("keys", "watchful", 12), troubles: [], cell: `${LIUJIAPO}007` },
  { edge: "ljp-01", camera: "ljp-yard-b", name: "B 区停车场", state: "connecting", reason: "第 3 次重连", cell: `${LIUJIAPO}006` },
  { edge: "ljp-01", camera: "ljp-b3-door", name: "3 号楼门口", state: "live", reason: null, gate: null, troubles: [{ kind: "camera.covered", since: new Date(Date.now() - 300_000).toISOString() }], cell: `${LIUJIAPO}005` },
  { edge: "ds-01", camera: "ds-lane", name: "东山消防通道", state: "offline", reason: "10.0.0.9:554 refuses the user or password: check username and password of this camera", reason_code: "unauthorized", cell: "520121002004001" },
  { edge: "ds-01", camera: "ds-ramp", name: null, state: "live", reason: null, cell: "520121002004002" },
];

/** @type {Record<string, {zone: string, name: string, limit: number, severity: string}>} */
const PLACES = {
  "parking.fire_lane": { zone: "fire-lane-1", name: "1 号消防通道", limit: 60, severity: "critical" },
  "parking.no_parking": { zone: "no-parking-2", name: "单元门前禁停区", limit: 180, severity: "minor" },
  "parking.entrance_blocked": { zone: "gate-in", name: "大门入口", limit: 60, severity: "major" },
  "parking.out_of_bay": { zone: "aisle-a", name: "A 区车道", limit: 180, severity: "minor" },
  "parking.double": { zone: "aisle-b", name: "B 区车道", limit: 60, severity: "major" },
  "parking.overstay": { zone: "bay-12", name: "12 号车位", limit: 7200, severity: "minor" },
  "parking.lot_full": { zone: "lot-a", name: "A 区", limit: 300, severity: "info" },
  "area.loitering": { zone: "bikes", name: "电动车棚", limit: 240, severity: "minor" },
  "line.wrong_way": { zone: "ramp", name: "出口坡道", limit: 0, severity: "minor" },
  "camera.offline": { zone: "", name: "", limit: 20, severity: "major" },
};

/** @param {number} value @param {number} width */
const hex = (value, width) => value.toString(16).padStart(width, "0").slice(-width);

/** An id of version 7 whose order is that of `ms` and then `serial`. @param {number} ms @param {number} serial */
export function eventId(ms, serial) {
  const time = hex(ms, 12);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(serial, 3)}-8${hex(serial * 7919, 3)}-${hex(serial * 104729 + 77, 12)}`;
}

/** @param {number} ms */
export const iso = (ms) => new Date(ms).toISOString();

/** @param {number} n */
const sha = (n) => Array.from({ length: 8 }, (_, i) => hex(Math.imul(n + 11, 2654435761 + i * 40503) >>> 0, 8)).join("");

/** The picture of an alert. @param {string} id @param {number} n */
export function picture(id, n) {
  const sha256 = sha(n);
  return { sha256, url: `/api/v1/events/${id}/snapshot?sha256=${sha256}` };
}

/** @param {string | undefined} code */
function pathOf(code) {
  const path = [];
  for (let cell = CELLS.find((c) => c.code === code); cell && cell.level !== "county"; cell = CELLS.find((c) => c.code === cell?.parent)) path.unshift(cell.name);
  return path;
}

/**
 * One alert as the center would show it.
 * @param {{serial: number, kind?: string, camera?: string, agoS?: number, phase?: string, rev?: number, by?: string | null, snapshot?: boolean, nowMs?: number} & Record<string, unknown>} what
 */
export function makeEvent(what) {
  const { serial, kind = "parking.fire_lane", camera = "ljp-gate", agoS = 0, phase = "open", rev = 1, by = null, snapshot = true, nowMs = Date.now(), ...rest } = what;
  const place = PLACES[kind] ?? { zone: "zone-1", name: "区域", limit: 60, severity: "minor" };
  const eye = CAMERAS.find((c) => c.camera === camera) ?? CAMERAS[0];
  const openedMs = nowMs - agoS * 1000;
  const sinceMs = openedMs - place.limit * 1000 - 240;
  const lengthMs = Math.min(agoS * 600, 1_500_000);
  const atMs = rev === 1 ? openedMs : openedMs + lengthMs;
  const cell = CELLS.find((c) => c.code === eye?.cell);
  return {
    id: eventId(openedMs, serial),
    rev,
    kind,
    phase,
    severity: place.severity,
    edge: eye?.edge ?? "ljp-01",
    camera,
    camera_name: eye?.name ?? null,
    zone: place.zone || null,
    zone_name: place.name || null,
    cell: eye?.cell ?? null,
    cell_name: cell?.name ?? null,
    cell_path: pathOf(eye?.cell),
    since: iso(sinceMs),
    opened_at: iso(openedMs),
    at: iso(atMs),
    until: phase === "close" ? iso(atMs) : null,
    dwell_s: (atMs - sinceMs) / 1000,
    objects: kind.startsWith("camera.") ? [] : [{ class: kind.startsWith("area.") ? "person" : "car", score: 0.71 + (serial % 25) / 100, box: [0.41, 0.42, 0.55, 0.71], place: `p${serial}`, track: 90 + serial }],
    rule: place.limit ? { limit_s: place.limit } : {},
    network: kind.startsWith("camera.") ? null : { name: "yard-n", sha256: sha(1) },
    snapshot: snapshot && !kind.startsWith("camera.") ? picture(eventId(openedMs, serial), serial) : null,
    published_at: iso(atMs + 50),
    received_at: iso(atMs + 90 + ((serial * 37) % 120)),
    visible_latency_s: 0.09 + ((serial * 37) % 120) / 1000,
    acknowledged: by ? { at: iso(openedMs + 42_000), by } : null,
    ...rest,
  };
}

/** A day at the center. @param {number} nowMs */
export function day(nowMs) {
  const rows = [
    ["parking.fire_lane", "ljp-gate", 95, "open", 1, null],
    ["parking.double", "ljp-yard-b", 262, "unobserved", 2, null],
    ["parking.no_parking", "ljp-b3-door", 610, "update", 2, null, "major"],
    ["camera.offline", "ds-lane", 1290, "open", 1, "王芳"],
    ["parking.entrance_blocked", "ljp-gate", 2100, "close", 2, "王芳"],
    ["parking.out_of_bay", "ljp-yard-a", 2700, "open", 1, "李国栋"],
    ["parking.fire_lane", "ds-lane", 4100, "close", 2, "王芳"],
    ["area.loitering", "ljp-yard-a", 5200, "close", 2, null],
    ["parking.overstay", "ljp-yard-a", 9000, "open", 1, "李国栋"],
    ["parking.lot_full", "ljp-yard-a", 11000, "close", 2, null],
    ["line.wrong_way", "ds-ramp", 15000, "close", 1, "赵敏"],
  ];
  const events = rows.map(([kind, camera, agoS, phase, rev, by, severity], i) =>
    makeEvent({ serial: i + 1, kind: String(kind), camera: String(camera), agoS: Number(agoS), phase: String(phase), rev: Number(rev), by: by ? String(by) : null, nowMs, ...(severity ? { severity } : {}) }),
  );
  const kinds = Object.keys(PLACES);
  for (let i = 0; i < 120; i += 1) {
    const camera = CAMERAS[i % CAMERAS.length]?.camera ?? "ljp-gate";
    events.push(makeEvent({ serial: 20 + i, kind: kinds[(i * 3) % kinds.length] ?? "", camera, agoS: 20_000 + i * 1700, phase: "close", rev: 2, by: i % 4 ? "王芳" : null, nowMs }));
  }
  return events;
}
