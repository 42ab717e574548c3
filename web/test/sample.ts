import type { EventView } from "../src/api/wire";

/** A fire lane alert opened at 03:05:05 UTC after standing for 60.4 s. */
export function sample(change: Partial<EventView> = {}): EventView {
  return {
    id: "019a0000-0000-7000-8000-000000000001",
    rev: 1,
    kind: "parking.fire_lane",
    phase: "open",
    severity: "critical",
    edge: "ljp-01",
    camera: "ljp-gate",
    camera_name: "刘家坡大门",
    zone: "fire-lane-1",
    zone_name: null,
    cell: "520121002003007",
    cell_name: "第七网格",
    cell_path: ["硒城街道", "刘家坡社区", "第七网格"],
    since: "2026-11-23T03:04:05.120Z",
    opened_at: "2026-11-23T03:05:05.480Z",
    at: "2026-11-23T03:05:05.480Z",
    until: null,
    dwell_s: 60.4,
    objects: [{ class: "car", score: 0.83, box: [0.41, 0.52, 0.55, 0.71], place: "p17", track: 93 }],
    rule: { limit_s: 60 },
    network: { name: "yard-n", sha256: "ab".repeat(32) },
    snapshot: null,
    published_at: "2026-11-23T03:05:05.530Z",
    received_at: "2026-11-23T03:05:05.580Z",
    acknowledged: null,
    ...change,
  };
}
