/** A chime for critical alerts, made on the spot (no file), off until asked for. */
import { ref } from "vue";

/** Browsers keep a page silent until it has been touched. */
const blocked = ref(false);
/** A burst rings once. */
const SPACING_MS = 2_500;

let context: AudioContext | null = null;
let lastMs = 0;

function ready(): AudioContext | null {
  try {
    context ??= new AudioContext();
  } catch {
    return null;
  }
  return context;
}

function tone(audio: AudioContext, hertz: number, startS: number, lengthS: number): void {
  const oscillator = audio.createOscillator();
  const gain = audio.createGain();
  oscillator.type = "triangle";
  oscillator.frequency.value = hertz;
  gain.gain.setValueAtTime(0.0001, startS);
  gain.gain.exponentialRampToValueAtTime(0.35, startS + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.0001, startS + lengthS);
  oscillator.connect(gain).connect(audio.destination);
  oscillator.start(startS);
  oscillator.stop(startS + lengthS);
}

/** Must follow a click or a key once per page; `arm` sees to that. */
async function unlock(): Promise<void> {
  const audio = ready();
  if (!audio) return;
  if (audio.state !== "running") await audio.resume().catch(() => undefined);
  blocked.value = audio.state !== "running";
}

function chime(nowMs: number = Date.now()): void {
  const audio = ready();
  if (!audio || nowMs - lastMs < SPACING_MS) return;
  if (audio.state !== "running") {
    blocked.value = true;
    return;
  }
  lastMs = nowMs;
  const start = audio.currentTime + 0.01;
  [880, 660, 880].forEach((hertz, index) => tone(audio, hertz, start + index * 0.22, 0.32));
}

/** Sound remembered from last time waits for the first touch of this page. */
function arm(): void {
  blocked.value = (ready()?.state ?? "closed") !== "running";
  const first = (): void => {
    void unlock().then(() => {
      if (blocked.value) return;
      window.removeEventListener("pointerdown", first);
      window.removeEventListener("keydown", first);
    });
  };
  window.addEventListener("pointerdown", first);
  window.addEventListener("keydown", first);
}

export const sound = { blocked, unlock, chime, arm };
