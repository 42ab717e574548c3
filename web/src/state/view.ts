/** Where the operator is: filter, selected and opened alert, dialogs, and the notes at the foot. Kept in the address. */
import { reactive, ref, watch } from "vue";
import { fromAddress, NO_FILTER, toAddress, type Filter } from "../logic/filter";
import { alerts } from "./alerts";

export type Dialog = "none" | "help" | "name" | "image" | "live";

export interface Toast {
  id: number;
  text: string;
  tone: "good" | "bad" | "plain";
}

const start = fromAddress(typeof location === "undefined" ? "" : location.search);

export const view = reactive({
  filter: { ...start.filter } as Filter,
  /** The alert that keys act on; an id, so that arrivals above do not move it. */
  selected: start.alert as string | null,
  /** The alert shown in full. */
  opened: start.alert as string | null,
  dialog: "none" as Dialog,
  /** The camera that is watched live: edge and camera. */
  watched: null as { edge: string; camera: string } | null,
  /** Acknowledged as soon as the name is known. */
  acknowledgeAfterName: null as string | null,
});

export const toasts = ref<Toast[]>([]);
let toastId = 0;
export function toast(text: string, tone: Toast["tone"] = "plain"): void {
  const id = ++toastId;
  toasts.value = [...toasts.value.slice(-2), { id, text, tone }];
  setTimeout(() => {
    toasts.value = toasts.value.filter((note) => note.id !== id);
  }, 4_500);
}

export function openAlert(id: string): void {
  view.selected = id;
  if (view.opened === id) return;
  const wasOpen = view.opened !== null;
  view.opened = id;
  const address = location.pathname + toAddress(view.filter, id);
  // One step back closes the details, also on a phone; moving between alerts adds no steps.
  if (wasOpen) history.replaceState({ alert: id }, "", address);
  else history.pushState({ alert: id }, "", address);
}

export function closeAlert(): void {
  if (view.opened === null) return;
  if ((history.state as { alert?: string } | null)?.alert) {
    history.back();
  } else {
    view.opened = null;
    history.replaceState(null, "", location.pathname + toAddress(view.filter, null));
  }
}

export function setFilter(change: Partial<Filter>): void {
  Object.assign(view.filter, change);
}

export function clearFilter(): void {
  Object.assign(view.filter, NO_FILTER);
}

/** Selects the alert `step` further down the list, and shows it when details are open. Returns its id. */
export function move(step: 1 | -1): string | null {
  const list = alerts.visible.value;
  if (list.length === 0) return null;
  const at = list.findIndex((event) => event.id === view.selected);
  const next = at < 0 ? (step > 0 ? 0 : list.length - 1) : Math.min(list.length - 1, Math.max(0, at + step));
  const id = list[next]?.id ?? null;
  if (id === null) return null;
  if (view.opened !== null) openAlert(id);
  else view.selected = id;
  return id;
}

/** Keeps address and view in step; returns what ends it. */
export function keepAddress(): () => void {
  const onPop = (): void => {
    const { filter, alert } = fromAddress(location.search);
    Object.assign(view.filter, filter);
    view.opened = alert;
    if (alert) view.selected = alert;
    if (view.dialog === "image") view.dialog = "none";
  };
  window.addEventListener("popstate", onPop);
  const unwatch = watch(
    () => ({ ...view.filter }),
    (filter) => history.replaceState(history.state, "", location.pathname + toAddress(filter, view.opened)),
  );
  return () => {
    window.removeEventListener("popstate", onPop);
    unwatch();
  };
}
