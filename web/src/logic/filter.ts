/** What the operator narrowed the list to: as a test on one event, as a query to the center, and as an address. */
import type { EventQuery } from "../api/client";
import type { EventView } from "../api/wire";

export const STATES = ["all", "unacknowledged", "open", "unobserved", "closed"] as const;
export type StateFilter = (typeof STATES)[number];

export interface Filter {
  state: StateFilter;
  kind: string | null;
  severity: string | null;
  /** Prefix of a cell code: a county, township, community or cell. */
  cell: string | null;
  camera: string | null;
}

export const NO_FILTER: Readonly<Filter> = { state: "all", kind: null, severity: null, cell: null, camera: null };

/** Whether the condition is still going on as far as anybody knows; the same that the center counts as open. */
export function isOngoing(event: EventView): boolean {
  return event.phase !== "close";
}

function inState(event: EventView, state: StateFilter): boolean {
  switch (state) {
    case "all":
      return true;
    case "unacknowledged":
      return event.acknowledged === null;
    case "open":
      return isOngoing(event);
    case "unobserved":
      return event.phase === "unobserved";
    case "closed":
      return event.phase === "close";
  }
}

export function matches(event: EventView, filter: Filter): boolean {
  return (
    inState(event, filter.state) &&
    (filter.kind === null || event.kind === filter.kind) &&
    (filter.severity === null || event.severity === filter.severity) &&
    (filter.cell === null || (event.cell?.startsWith(filter.cell) ?? false)) &&
    (filter.camera === null || event.camera === filter.camera)
  );
}

export function isNarrowed(filter: Filter): boolean {
  return filter.state !== "all" || [filter.kind, filter.severity, filter.cell, filter.camera].some((v) => v !== null);
}

/** The center narrows by one phase at a time. */
const PHASES_OF: Record<StateFilter, readonly (string | null)[]> = {
  all: [null],
  unacknowledged: [null],
  open: ["open", "update", "unobserved"],
  unobserved: ["unobserved"],
  closed: ["close"],
};

/** The same narrowing asked of the center: the union of these queries. */
export function toQueries(filter: Filter): EventQuery[] {
  return PHASES_OF[filter.state].map((phase) => ({
    kind: filter.kind,
    severity: filter.severity,
    cell: filter.cell,
    camera: filter.camera,
    phase,
    acknowledged: filter.state === "unacknowledged" ? false : null,
  }));
}

/** Reads a filter, and the event that is open beside it, from the part of an address after `?`. */
export function fromAddress(search: string): { filter: Filter; alert: string | null } {
  const params = new URLSearchParams(search);
  const state = params.get("state") as StateFilter | null;
  return {
    filter: {
      state: state && STATES.includes(state) ? state : "all",
      kind: params.get("kind") || null,
      severity: params.get("severity") || null,
      cell: params.get("cell") || null,
      camera: params.get("camera") || null,
    },
    alert: params.get("alert") || null,
  };
}

export function toAddress(filter: Filter, alert: string | null): string {
  const params = new URLSearchParams();
  if (filter.state !== "all") params.set("state", filter.state);
  for (const key of ["kind", "severity", "cell", "camera"] as const) {
    const value = filter[key];
    if (value) params.set(key, value);
  }
  if (alert) params.set("alert", alert);
  const text = params.toString();
  return text ? `?${text}` : "";
}
