/** The language in use, and names for what comes over the wire: a code this page does not know is shown as it is. */
import { computed, type ComputedRef } from "vue";
import { preferences } from "../state/preferences";
import { en } from "./en";
import { zh, type Messages, type Names } from "./zh";

export const dictionaries = { zh, en } as const satisfies Record<string, Messages>;

export const messages: ComputedRef<Messages> = computed(() => dictionaries[preferences.language]);

/** Why something is so, in the reader's language; in the words that came with it where its code says nothing to this page. */
export function whyOf(code: string | null | undefined, words: string | null | undefined): string {
  const known = code ? nameOf("cameraReason", code) : "";
  return known !== "" && known !== code ? known : (words ?? "");
}

/** The name of a code in the language in use. */
export function nameOf<Table extends keyof Names>(table: Table, code: string): string {
  const names: Record<string, string> = messages.value.names[table];
  return Object.hasOwn(names, code) ? (names[code] ?? code) : code;
}
