/** The cameras in the order in which they need a look: those that see nothing first. */
import type { CameraView } from "../api/wire";

export const cameraKey = (camera: Pick<CameraView, "edge" | "camera">): string => `${camera.edge}/${camera.camera}`;

const RANK: Record<string, number> = { offline: 0, connecting: 1, live: 3, ended: 4 };

export function byNeed(a: CameraView, b: CameraView): number {
  const rank = (RANK[a.state] ?? 2) - (RANK[b.state] ?? 2);
  if (rank !== 0) return rank;
  const [x, y] = [cameraKey(a), cameraKey(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Whether what is shown of this camera can be trusted now. */
export const isLive = (camera: CameraView): boolean => camera.state === "live";
