/**
 * The alerts the page knows, and the part of them on the list.
 *
 * Everything learnt, by page or live, goes into one map; the list is a pure view of it under the current filter. A page
 * fetched for one filter leaves gaps in another's past, so what is older than the last page fetched for this one stays off
 * the list until loaded. What came live is always shown: an edge that was cut off may deliver alerts of
 * yesterday, and they are news.
 */
import { computed, reactive, ref, shallowRef, triggerRef } from "vue";
import { api, ApiError, type EventQuery } from "../api/client";
import type { EventPage, EventView } from "../api/wire";
import { isNarrowed, matches, NO_FILTER, toQueries, type Filter } from "../logic/filter";
import { applyEvents, newestFirst, prune } from "../logic/merge";
import { PageWalk } from "../logic/pages";

const PAGE = 50;
/** A page open for weeks keeps this many; older ones are loaded again when asked for. */
const KEPT = 2_000;
/** Pages read at most to close a gap after an outage: as many as the list may hold. */
const MOST_PAGES = KEPT / PAGE;

export type Loading = "first" | "older" | "idle";
/** Called with alerts never seen before that arrived while the page was open. */
export type ArrivalListener = (events: EventView[]) => void;

const events = shallowRef(new Map<string, EventView>());
const arrivedLive = new Set<string>();
const fresh = reactive(new Set<string>());
let walk = new PageWalk(toQueries(NO_FILTER));
const floor = shallowRef<EventView | null>(null);
const query = ref<Filter>({ ...NO_FILTER });
const loading = ref<Loading>("first");
const failure = shallowRef<ApiError | null>(null);
const everLoaded = ref(false);
/** Whether the list reaches back to the first alert there is. */
const atEnd = ref(false);
const listeners: ArrivalListener[] = [];
/** Answers of an earlier filter must not move the floor of a later one. */
let generation = 0;

function inWindow(event: EventView): boolean {
  return floor.value === null || arrivedLive.has(event.id) || newestFirst(event, floor.value) <= 0;
}

const visible = computed<EventView[]>(() =>
  [...events.value.values()].filter((event) => inWindow(event) && matches(event, query.value)).sort(newestFirst),
);

/** When the newest known alert opened: what opened later, or comes live as a first revision, is news. */
let newestOpened = "";

/** Merges, and tells the listeners of what is news. Returns the ids never seen before. */
function learn(incoming: readonly EventView[], source: "live" | "sync" | "page"): string[] {
  const openedBefore = newestOpened;
  const { added, changed } = applyEvents(events.value, incoming);
  if (added.length === 0 && changed.length === 0) return added;
  const first = added.map((id) => events.value.get(id)).filter((event) => event !== undefined);
  for (const event of first) if (event.opened_at > newestOpened) newestOpened = event.opened_at;
  if (source === "live") for (const id of added) arrivedLive.add(id);
  if (prune(events.value, KEPT, (id) => fresh.has(id))) afterPruning();
  triggerRef(events);
  if (!everLoaded.value || source === "page") return added;
  const news = first.filter((event) => event.opened_at > openedBefore || (source === "live" && event.rev === 1));
  for (const event of news) markFresh(event.id);
  if (news.length > 0) for (const listener of listeners) listener(news);
  return added;
}

/** What was dropped can only be found again by walking the pages anew. */
function afterPruning(): void {
  for (const id of arrivedLive) if (!events.value.has(id)) arrivedLive.delete(id);
  const listed = [...events.value.values()].filter((event) => inWindow(event) && matches(event, query.value));
  walk = new PageWalk(toQueries(query.value), listed.sort(newestFirst).at(-1) ?? null);
  settle();
}

function markFresh(id: string): void {
  fresh.add(id);
  setTimeout(() => fresh.delete(id), 6_000);
}

function settle(): void {
  floor.value = walk.floor;
  atEnd.value = walk.atEnd;
}

const fetchPage = (wanted: EventQuery): Promise<EventPage> => api.events({ ...wanted, limit: PAGE });

async function guarded(kind: Loading, work: (current: () => boolean) => Promise<void>): Promise<void> {
  const mine = ++generation;
  loading.value = kind;
  try {
    await work(() => mine === generation);
    if (mine === generation) failure.value = null;
  } catch (error) {
    if (mine === generation) failure.value = error instanceof ApiError ? error : new ApiError(0, String(error), null);
  } finally {
    if (mine === generation) loading.value = "idle";
  }
}

/** Shows the first page under `filter`. */
async function load(filter: Filter): Promise<void> {
  query.value = { ...filter };
  const first = new PageWalk(toQueries(filter));
  walk = first;
  settle();
  await guarded("first", async (current) => {
    const items = await first.step(fetchPage);
    if (!current()) return;
    learn(items, "page");
    settle();
    everLoaded.value = true;
  });
}

/**
 * After a reconnect: reads from the newest down to what was already known; `thorough`, when the center could not replay
 * what was missed, down to the oldest on the list, since any of them may have changed. Not narrowed by the filter: a
 * critical alert outside of it must still ring. Returns how many were new.
 */
async function sync(thorough: boolean): Promise<number> {
  if (!everLoaded.value) {
    await load(query.value);
    return 0;
  }
  const known = [...events.value.values()].sort(newestFirst);
  const goal = thorough ? visible.value.at(-1) : known[0];
  let found = 0;
  let next: string | null = null;
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const page: EventPage = await fetchPage({ before: next });
    const openedBefore = newestOpened;
    const added = learn(page.items, "sync");
    found += added.filter((id) => (events.value.get(id)?.opened_at ?? "") > openedBefore).length;
    next = page.next;
    if (next === null || goal === undefined || page.items.some((event) => newestFirst(event, goal) >= 0)) break;
  }
  if (isNarrowed(query.value)) learn(await new PageWalk(toQueries(query.value)).step(fetchPage), "page");
  return found;
}

async function loadOlder(): Promise<void> {
  if (loading.value !== "idle" || atEnd.value) return;
  await guarded("older", async (current) => {
    // After pruning the walk starts at the top: pages of known events are passed over.
    for (let pages = 0; pages <= MOST_PAGES; pages += 1) {
      const before = walk.floor;
      const items = await walk.step(fetchPage);
      if (!current()) return;
      learn(items, "page");
      settle();
      if (walk.atEnd || walk.floor !== before) return;
    }
  });
}

/** Records who took note; what the center answers counts, also when somebody else was first. */
async function acknowledge(id: string, by: string): Promise<EventView> {
  const event = await api.acknowledge(id, by);
  learn([event], "page");
  return events.value.get(id) ?? event;
}

export const alerts = {
  visible,
  fresh,
  loading,
  failure,
  everLoaded,
  atEnd,
  byId: (id: string): EventView | undefined => events.value.get(id),
  live: (incoming: readonly EventView[]): string[] => learn(incoming, "live"),
  /** One event fetched by itself: known, but not on the list unless it belongs there. */
  known: (event: EventView): void => void learn([event], "page"),
  onArrival: (listener: ArrivalListener): void => void listeners.push(listener),
  load,
  sync,
  loadOlder,
  acknowledge,
};
