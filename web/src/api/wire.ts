/** The words of the center's API under `/api/v1`, as they travel. Timestamps are RFC 3339 in UTC with milliseconds. */

export const KINDS = [
  "parking.fire_lane",
  "parking.no_parking",
  "parking.entrance_blocked",
  "parking.double",
  "parking.out_of_bay",
  "parking.straddling",
  "parking.overstay",
  "parking.long_stay",
  "parking.lot_full",
  "parking.contact_suspected",
  "area.intrusion",
  "area.loitering",
  "area.crowd",
  "line.crossing",
  "line.wrong_way",
  "camera.offline",
  "camera.frozen",
  "camera.covered",
  "camera.moved",
  "camera.blurred",
] as const;
export type Kind = (typeof KINDS)[number];

/** Least to most urgent. */
export const SEVERITIES = ["info", "minor", "major", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

export const PHASES = ["open", "update", "close", "unobserved"] as const;
export type Phase = (typeof PHASES)[number];

export const CAMERA_STATES = ["connecting", "live", "offline", "ended"] as const;
export type CameraState = (typeof CAMERA_STATES)[number];

/** How much of a camera's stream is decoded, and why. */
export const GATE_LEVELS = ["rest", "keys", "all"] as const;
export type GateLevel = (typeof GATE_LEVELS)[number];

export const GATE_REASONS = [
  "configured",
  "quiet",
  "beginning",
  "changed",
  "surge",
  "watchful",
  "due",
  "keys_far_apart",
  "asked",
  "by_gstreamer",
] as const;
export type GateReason = (typeof GATE_REASONS)[number];

export const OBJECT_CLASSES = ["car", "truck", "bus", "motorcycle", "bicycle", "person"] as const;
export type ObjectClass = (typeof OBJECT_CLASSES)[number];

/** A value this page knows, or one that a newer center may send: those are shown as they are. */
export type OrNewer<T extends string> = T | (string & {});

export interface Acknowledged {
  at: string;
  by: string;
}

export interface SeenObject {
  class: OrNewer<ObjectClass>;
  /** 0 to 1. */
  score: number;
  /** x1, y1, x2, y2; normalised, origin top left. */
  box: [number, number, number, number];
  place?: string | null;
  track?: number | null;
}

export interface EventView {
  id: string;
  rev: number;
  kind: OrNewer<Kind>;
  phase: OrNewer<Phase>;
  severity: OrNewer<Severity>;
  edge: string;
  camera: string;
  camera_name: string | null;
  zone: string | null;
  zone_name: string | null;
  cell: string | null;
  cell_name: string | null;
  /** Names from the township down to the cell. */
  cell_path: string[];
  /** When the condition began. */
  since: string;
  /** Event time of revision 1. */
  opened_at: string;
  /** Event time of this revision. */
  at: string;
  until: string | null;
  /** Seconds, as of `at`. */
  dwell_s: number | null;
  objects: SeenObject[];
  rule: Record<string, unknown>;
  network: { name: string; sha256: string } | null;
  snapshot: { sha256: string; url: string } | null;
  published_at: string;
  received_at: string;
  visible_latency_s?: number | null;
  acknowledged: Acknowledged | null;
}

/** A file that the edge box keeps. */
export interface EvidenceItem {
  media: OrNewer<"snapshot" | "picture" | "clip" | "recording">;
  mime: string;
  sha256: string;
  bytes: number;
  from: string;
  until: string;
}

export interface Revision {
  rev: number;
  phase: OrNewer<Phase>;
  at: string;
  received_at: string;
  dwell_s: number | null;
  severity: OrNewer<Severity>;
}

export interface EventDetail extends EventView {
  history: Revision[];
}

export interface EventPage {
  items: EventView[];
  next: string | null;
}

/** Why a stream does not come, or its pictures are not analysed. */
export type CameraReason =
  | "refused"
  | "unresolved"
  | "silent"
  | "not_found"
  | "unauthorized"
  | "redirected"
  | "untrusted"
  | "timeout"
  | "stalled"
  | "busy"
  | "garbage"
  | "ended"
  | "unsupported_codec"
  | "file_missing"
  | "setup"
  | "broken"
  | "panicked"
  | "network"
  | "edge_offline";

export interface CameraView {
  edge: string;
  camera: string;
  name: string | null;
  state: OrNewer<CameraState>;
  /** Why, in an English sentence with the details. */
  reason: string | null;
  /** The same in a word. Centers of before say nothing. */
  reason_code?: OrNewer<CameraReason> | null;
  since: string | null;
  /** How much of its stream is decoded; null where that is not decided picture by picture. Centers of before say nothing. */
  gate?: { level: OrNewer<GateLevel>; reason: OrNewer<GateReason>; since: string } | null;
  /** Why it cannot be trusted, so that its rules are suspended. Centers of before say nothing. */
  troubles?: { kind: OrNewer<Kind>; since: string }[];
  /** Why its full-size stream does not come, of which clips and recordings are made. Centers of before say nothing. */
  not_kept?: string | null;
  not_kept_code?: OrNewer<CameraReason> | null;
}

export type CellLevel = "county" | "township" | "community" | "cell" | "group";

export interface Cell {
  code: string;
  parent: string | null;
  level: OrNewer<CellLevel>;
  name: string;
  leader: string | null;
}

export interface EdgeView {
  edge: string;
  online: boolean;
  since: string | null;
  /** What an operator must act on, such as a full disk. */
  problem?: string | null;
}

export interface Summary {
  open: number;
  unacknowledged: number;
  today: number;
  edges: EdgeView[];
  version: string;
}

export interface Hello {
  version: string;
  change: number;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** Whether a live message holds what the list cannot do without; everything else it shows as far as it is there. */
export function isEventView(value: unknown): value is EventView {
  return (
    isRecord(value) &&
    typeof value.id === "string" &&
    Number.isInteger(value.rev) &&
    ["kind", "phase", "severity", "camera", "since", "opened_at", "at"].every((key) => typeof value[key] === "string") &&
    Array.isArray(value.cell_path) &&
    Array.isArray(value.objects)
  );
}

/** Whether a live message names a camera and its state. */
export function isCameraView(value: unknown): value is CameraView {
  return (
    isRecord(value) && ["edge", "camera", "state"].every((key) => typeof value[key] === "string")
  );
}
