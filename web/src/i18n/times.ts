/** Moments as the county's clock shows them: Asia/Shanghai, 24 hours, whatever the operator's computer is set to. */
import type { Messages } from "./zh";

export const COUNTY_ZONE = "Asia/Shanghai";

const parts = new Intl.DateTimeFormat("en-GB", {
  timeZone: COUNTY_ZONE,
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  hourCycle: "h23",
});

interface Moment {
  date: string;
  time: string;
  millis: string;
}

function moment(ms: number): Moment {
  const p: Record<string, string> = {};
  for (const part of parts.formatToParts(ms)) p[part.type] = part.value;
  return { date: `${p.year}-${p.month}-${p.day}`, time: `${p.hour}:${p.minute}:${p.second}`, millis: p.fractionalSecond ?? "000" };
}

const DASH = "—";

/** `11:05:05`. */
export function timeOfDay(iso: string | number): string {
  const ms = typeof iso === "number" ? iso : Date.parse(iso);
  return Number.isNaN(ms) ? DASH : moment(ms).time;
}

/** `今天 11:05:05`, `昨天 …`, else `11-20 …`, with the year when it is another one. */
export function dayAndTime(iso: string, nowMs: number, t: Pick<Messages, "today" | "yesterday">): string {
  const ms = Date.parse(iso);
  if (Number.isNaN(ms)) return DASH;
  const then = moment(ms);
  const today = moment(nowMs).date;
  if (then.date === today) return `${t.today} ${then.time}`;
  if (then.date === moment(nowMs - 86_400_000).date) return `${t.yesterday} ${then.time}`;
  const date = then.date.slice(0, 4) === today.slice(0, 4) ? then.date.slice(5) : then.date;
  return `${date} ${then.time}`;
}

/** `2026-11-23 11:05:05.480`. */
export function exact(iso: string): string {
  const ms = Date.parse(iso);
  if (Number.isNaN(ms)) return DASH;
  const then = moment(ms);
  return `${then.date} ${then.time}.${then.millis}`;
}

/** `2026-11-23`. */
export function dateOf(ms: number): string {
  return moment(ms).date;
}
