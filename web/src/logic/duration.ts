/** Spans of time as an operator reads them. */
import type { EventView } from "../api/wire";

/** `mm:ss`, from an hour on `h:mm:ss`; a negative span (a clock that is ahead) is zero. */
export function clockSpan(seconds: number): string {
  const whole = Number.isFinite(seconds) ? Math.max(0, Math.floor(seconds)) : 0;
  const hours = Math.floor(whole / 3600);
  const two = (value: number): string => String(value).padStart(2, "0");
  const rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

export interface SpanParts {
  days: number;
  hours: number;
  minutes: number;
  seconds: number;
}

export function spanParts(seconds: number): SpanParts {
  const whole = Number.isFinite(seconds) ? Math.max(0, Math.floor(seconds)) : 0;
  return {
    days: Math.floor(whole / 86_400),
    hours: Math.floor(whole / 3600) % 24,
    minutes: Math.floor(whole / 60) % 60,
    seconds: whole % 60,
  };
}

export interface Dwell {
  seconds: number;
  /** Whether it grows as one looks. */
  running: boolean;
}

/**
 * How long the thing has gone on. While it is seen, wall time since it began; when the camera is blind, what was last
 * known; when it has ended, what it came to.
 */
export function dwell(event: EventView, nowMs: number): Dwell {
  const sinceMs = Date.parse(event.since);
  if (event.phase === "open" || event.phase === "update") {
    // `dwell_s` may exceed `at - since` (a limit reached between two frames): never show less than the edge measured.
    const measured = event.dwell_s === null ? 0 : event.dwell_s + (nowMs - Date.parse(event.at)) / 1000;
    return { seconds: Math.max(0, (nowMs - sinceMs) / 1000, measured), running: true };
  }
  const endMs = Date.parse(event.until ?? event.at);
  return { seconds: Math.max(0, event.dwell_s ?? (endMs - sinceMs) / 1000), running: false };
}

/** The limit of the rule that fired, in seconds, when it has one. */
export function limitSeconds(event: EventView): number | null {
  const limit = event.rule?.limit_s;
  return typeof limit === "number" && limit > 0 ? limit : null;
}
