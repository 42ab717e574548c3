/** The way of one acknowledgement: ask the name once, send, say what became of it. */
import { reactive } from "vue";
import { ApiError } from "../api/client";
import { messages, nameOf } from "../i18n";
import { alerts } from "./alerts";
import { center } from "./center";
import { preferences } from "./preferences";
import { toast, view } from "./view";

const sending = reactive(new Set<string>());

/** Whether an acknowledgement of this alert is on its way. */
export const isSending = (id: string): boolean => sending.has(id);

export async function acknowledge(id: string): Promise<void> {
  const event = alerts.byId(id);
  if (!event || event.acknowledged || sending.has(id)) return;
  if (!preferences.operator) {
    view.acknowledgeAfterName = id;
    view.dialog = "name";
    return;
  }
  const t = messages.value;
  sending.add(id);
  try {
    const answer = await alerts.acknowledge(id, preferences.operator);
    const by = answer.acknowledged?.by;
    if (by && by !== preferences.operator) toast(t.alreadyAcknowledged(by));
    else toast(t.acknowledgedToast(nameOf("kind", event.kind)), "good");
    center.touchSummary();
  } catch (error) {
    const reason = error instanceof ApiError && !error.isUnreachable ? (error.detail ?? error.title) : t.failedUnreachable;
    toast(t.acknowledgeFailed(reason), "bad");
  } finally {
    sending.delete(id);
  }
}
