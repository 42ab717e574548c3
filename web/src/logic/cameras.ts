/** The cameras in the order in which they need a look: those that see nothing first. */
import type { CameraView } from "../api/wire";

export const cameraKey = (camera: Pick<CameraView, "edge" | "camera">): string => `${camera.edge}/${camera.camera}`;

/** What a camera is to whoever watches: its own state, or that its pictures come and are not analysed. */
export type Condition = CameraView["state"] | "unread";

/** A live camera with a reason sends pictures that nobody looks at: its network fails. */
export const conditionOf = (camera: Pick<CameraView, "state" | "reason">): Condition =>
  camera.state === "live" && camera.reason ? "unread" : camera.state;

const RANK: Record<string, number> = { offline: 0, unread: 1, connecting: 2, live: 4, ended: 5 };

export function byNeed(a: CameraView, b: CameraView): number {
  const rank = (RANK[conditionOf(a)] ?? 3) - (RANK[conditionOf(b)] ?? 3);
  if (rank !== 0) return rank;
  const [x, y] = [cameraKey(a), cameraKey(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Whether what is shown of this camera can be trusted now. */
export const isLive = (camera: CameraView): boolean => conditionOf(camera) === "live";

/** Whether something may happen before this camera that nobody is told of. */
export const isBlind = (camera: CameraView): boolean => ["offline", "unread"].includes(conditionOf(camera));
