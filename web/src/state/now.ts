/** The time shown on the page: the center's, ticking once a second; one timer for all running clocks. */
import { ref, type Ref } from "vue";
import { onServerDate } from "../api/client";
import { ServerClock } from "../logic/clock";

const clock = new ServerClock();
onServerDate((date, sentMs, answeredMs) => clock.observe(date, sentMs, answeredMs));

export const now: Ref<number> = ref(Date.now());

export function serverNow(): number {
  return clock.now(Date.now());
}

export function startClock(): () => void {
  let timer = 0;
  const tick = (): void => {
    now.value = serverNow();
    // Aligned to the full second, so that every running clock turns at the same moment as the wall clock.
    timer = window.setTimeout(tick, 1000 - (now.value % 1000) + 2);
  };
  tick();
  const onVisible = (): void => {
    now.value = serverNow();
  };
  document.addEventListener("visibilitychange", onVisible);
  return () => {
    window.clearTimeout(timer);
    document.removeEventListener("visibilitychange", onVisible);
  };
}
