/** Calls to the center. Every failure is an `ApiError`, whatever went wrong; the caller need not look further. */
import type { CameraView, Cell, EventDetail, EventPage, EventView, EvidenceItem, Summary } from "./wire";

export const API = "/api/v1";
/** A call that has not been answered by then is given up: the operator sees an error rather than a spinner. */
const TIMEOUT_MS = 15_000;

/** RFC 9457 problem details. */
export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
}

export class ApiError extends Error {
  /** `status` is 0 when no answer came at all. */
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string | null,
  ) {
    super(detail ? `${title}: ${detail}` : title);
    this.name = "ApiError";
  }

  /** Whether the center was not reached, or could not serve anybody just now. */
  get isUnreachable(): boolean {
    return this.status === 0 || this.status >= 502;
  }
}

/** Filters of the event list; an absent one does not narrow. */
export interface EventQuery {
  limit?: number;
  before?: string | null;
  kind?: string | null;
  severity?: string | null;
  /** Prefix of a cell code. */
  cell?: string | null;
  phase?: string | null;
  acknowledged?: boolean | null;
  camera?: string | null;
}

/** Told the server's `Date` with each answer, to correct an operator's wrong clock. */
export type DateListener = (date: string, sentMs: number, answeredMs: number) => void;
let dateListener: DateListener | null = null;
export function onServerDate(listener: DateListener): void {
  dateListener = listener;
}

export function queryString(query: EventQuery): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") search.set(key, String(value));
  }
  const text = search.toString();
  return text ? `?${text}` : "";
}

async function problemOf(response: Response): Promise<ApiError> {
  let problem: Problem = {};
  try {
    if ((response.headers.get("content-type") ?? "").includes("json")) problem = (await response.json()) as Problem;
  } catch {
    // A proxy's error page, or a cut-off body: the status alone has to do.
  }
  return new ApiError(response.status, problem.title ?? `HTTP ${response.status}`, problem.detail ?? null);
}

async function call<T>(path: string, init: RequestInit = {}): Promise<T> {
  const sentMs = Date.now();
  let response: Response;
  try {
    response = await fetch(API + path, {
      ...init,
      headers: { accept: "application/json", ...(init.body ? { "content-type": "application/json" } : {}) },
      cache: "no-store",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    throw new ApiError(0, "unreachable", error instanceof Error ? error.message : null);
  }
  const date = response.headers.get("date");
  if (date) dateListener?.(date, sentMs, Date.now());
  if (!response.ok) throw await problemOf(response);
  try {
    return (await response.json()) as T;
  } catch {
    throw new ApiError(response.status, "not JSON", null);
  }
}

export const api = {
  events: (query: EventQuery) => call<EventPage>(`/events${queryString(query)}`),
  event: (id: string) => call<EventDetail>(`/events/${encodeURIComponent(id)}`),
  acknowledge: (id: string, by: string) =>
    call<EventView>(`/events/${encodeURIComponent(id)}/acknowledge`, { method: "POST", body: JSON.stringify({ by }) }),
  evidence: (edge: string, event: string) =>
    call<{ items: EvidenceItem[] }>(`/edges/${encodeURIComponent(edge)}/events/${encodeURIComponent(event)}/evidence`),
  cameras: () => call<CameraView[]>("/cameras"),
  cells: () => call<Cell[]>("/cells"),
  summary: () => call<Summary>("/summary"),
};
