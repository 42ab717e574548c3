/** What else the center tells: cameras, edges, the grid, the counters, its version. */
import { computed, reactive, ref, shallowRef } from "vue";
import { api } from "../api/client";
import type { CameraView, Cell, Summary } from "../api/wire";
import { byNeed, cameraKey, isLive } from "../logic/cameras";
import { flatten, type CellRow } from "../logic/cells";

/** Counters follow a burst of alerts at this pace; each fetch is small, but a burst is many alerts. */
const SUMMARY_PAUSE_MS = 400;
const SUMMARY_EVERY_MS = 60_000;

const cameraMap = reactive(new Map<string, CameraView>());
/** Whether the list of cameras is known: an empty one before that says nothing. */
const camerasLoaded = ref(false);
const cellRows = shallowRef<CellRow[]>([]);
const summary = ref<Summary | null>(null);
const version = ref<string | null>(null);
/** The center runs another version than the one this page came from. */
const outdated = ref(false);

const cameras = computed(() => [...cameraMap.values()].sort(byNeed));
const liveCameras = computed(() => cameras.value.filter(isLive).length);
/** Edge boxes that are gone or say that somebody must act. */
const troubledEdges = computed(() => summary.value?.edges.filter((edge) => !edge.online || edge.problem) ?? []);

/** Cameras heard of live while the list is being fetched: what was heard is newer than what the list will say. */
let heardMeanwhile: Set<string> | null = null;

function cameraChanged(camera: CameraView): void {
  heardMeanwhile?.add(cameraKey(camera));
  cameraMap.set(cameraKey(camera), camera);
}

/** Fetches the cameras anew; those that are gone leave the strip. */
async function loadCameras(): Promise<void> {
  const heard = new Set<string>();
  heardMeanwhile = heard;
  const fetched = await api.cameras();
  const present = new Set(fetched.map(cameraKey));
  for (const key of cameraMap.keys()) if (!present.has(key) && !heard.has(key)) cameraMap.delete(key);
  for (const camera of fetched) if (!heard.has(cameraKey(camera))) cameraMap.set(cameraKey(camera), camera);
  camerasLoaded.value = true;
  if (heardMeanwhile === heard) heardMeanwhile = null;
}

async function loadCells(): Promise<void> {
  const cells: Cell[] = await api.cells();
  cellRows.value = flatten(cells);
}

function greet(seen: string): void {
  if (version.value !== null && version.value !== seen) outdated.value = true;
  version.value ??= seen;
}

let summaryTimer: ReturnType<typeof setTimeout> | null = null;
async function loadSummary(): Promise<void> {
  try {
    summary.value = await api.summary();
  } catch {
    // The connection indicator already says that the center is away; the last counters stay.
  }
}

/** Something happened that may have changed the counters. */
function touchSummary(): void {
  if (summaryTimer !== null) return;
  summaryTimer = setTimeout(() => {
    summaryTimer = null;
    void loadSummary();
  }, SUMMARY_PAUSE_MS);
}

/** Counters change by themselves too: a day ends at midnight. */
function keepSummary(): () => void {
  const timer = setInterval(() => void loadSummary(), SUMMARY_EVERY_MS);
  return () => clearInterval(timer);
}

/** Everything anew; what fails keeps its last value and is tried again at the next reconnect. */
async function reload(): Promise<void> {
  await Promise.allSettled([loadCameras(), loadCells(), loadSummary()]);
}

export const center = {
  cameras,
  camerasLoaded,
  liveCameras,
  troubledEdges,
  cellRows,
  summary,
  outdated,
  cameraChanged,
  touchSummary,
  keepSummary,
  greet,
  reload,
};
