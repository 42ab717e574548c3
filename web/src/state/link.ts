/** The live connection put to work: messages go to the stores, its state to the indicator. */
import { ref, shallowRef } from "vue";
import { API } from "../api/client";
import { LiveConnection, type LinkState } from "../api/live";
import type { SseMessage } from "../api/sse";
import { isCameraView, isEventView, type CameraView, type EventView, type Hello } from "../api/wire";
import { alerts } from "./alerts";
import { center } from "./center";

const state = shallowRef<LinkState>({ name: "connecting" });
/** Alerts caught up at the last reconnect; null until one happened. */
const caughtUp = ref<{ count: number; atMs: number } | null>(null);
const queryFilter: { load: () => Promise<void> } = { load: () => Promise.resolve() };
let replayed = 0;
let countingReplay = false;

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}

/** An edge box that goes takes its cameras along: the counters know of it. */
function onCamera(camera: CameraView): void {
  center.cameraChanged(camera);
  center.touchSummary();
}

function onMessages(messages: SseMessage[]): void {
  const events: EventView[] = [];
  for (const message of messages) {
    const value = parse(message.data);
    if (message.event === "event" && isEventView(value)) events.push(value);
    else if (message.event === "camera" && isCameraView(value)) onCamera(value);
    else if (message.event === "hello") center.greet((value as Hello | null)?.version ?? "");
    else if (message.event === "reset") void catchUp(true);
    else console.warn("gridwatch: live message not understood", message.event);
  }
  if (events.length === 0) return;
  const added = alerts.live(events);
  if (countingReplay) replayed += added.length;
  center.touchSummary();
}

/** Reads what the live connection may not have brought. Failing, it is done again after the next reconnect. */
async function catchUp(thorough: boolean): Promise<void> {
  const reloaded = center.reload();
  try {
    const found = await alerts.sync(thorough);
    replayed += found;
  } catch {
    // The next attempt to connect follows; the list keeps what it has.
  }
  await reloaded;
}

async function onOpened(resumed: boolean): Promise<void> {
  replayed = 0;
  countingReplay = resumed;
  if (!resumed && !alerts.everLoaded.value) {
    await Promise.allSettled([queryFilter.load(), center.reload()]);
    return;
  }
  await catchUp(false);
  countingReplay = false;
  if (resumed) caughtUp.value = { count: replayed, atMs: Date.now() };
}

const connection = new LiveConnection(`${API}/live`, {
  messages: onMessages,
  opened: (resumed) => void onOpened(resumed),
  state(next) {
    state.value = next;
    // Without a live connection the list may still be readable, or say why it is not.
    if (next.name === "reconnecting" && next.attempt === 1 && !alerts.everLoaded.value) void queryFilter.load();
  },
});

/** `load` shows the first page under the current filter. Returns what ends the connection. */
function start(load: () => Promise<void>): () => void {
  queryFilter.load = load;
  void connection.start();
  const nudge = (): void => {
    if (document.visibilityState === "visible") connection.nudge();
  };
  window.addEventListener("online", nudge);
  document.addEventListener("visibilitychange", nudge);
  return () => {
    window.removeEventListener("online", nudge);
    document.removeEventListener("visibilitychange", nudge);
    connection.stop();
  };
}

export const link = { state, caughtUp, start, retryNow: (): void => connection.nudge() };
