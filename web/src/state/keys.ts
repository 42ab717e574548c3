/** The keyboard: one letter each, only when nothing else wants it. */

export type Action =
  | { type: "move"; step: 1 | -1 }
  | { type: "acknowledge" | "open" | "escape" | "cell" | "clear" | "top" | "sound" | "help" }
  | { type: "state"; index: number };

/** The part of a `KeyboardEvent` that matters here. */
export interface Key {
  key: string;
  code: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  isComposing: boolean;
}

const BY_CODE: Record<string, Action> = {
  KeyJ: { type: "move", step: 1 },
  KeyK: { type: "move", step: -1 },
  ArrowDown: { type: "move", step: 1 },
  ArrowUp: { type: "move", step: -1 },
  KeyA: { type: "acknowledge" },
  Enter: { type: "open" },
  Escape: { type: "escape" },
  KeyG: { type: "cell" },
  KeyC: { type: "clear" },
  KeyT: { type: "top" },
  KeyM: { type: "sound" },
};

/**
 * What a key means. Letters go by the physical key: with a Chinese input method switched on, `key` is only "Process".
 */
export function actionOf(key: Key): Action | null {
  if (key.ctrlKey || key.metaKey || key.altKey || key.isComposing) return null;
  if (key.key === "?" || key.key === "？" || (key.shiftKey && key.code === "Slash")) return { type: "help" };
  if (key.shiftKey) return null;
  const digit = /^(?:Digit|Numpad)([1-5])$/.exec(key.code);
  if (digit) return { type: "state", index: Number(digit[1]) - 1 };
  return BY_CODE[key.code] ?? BY_CODE[key.key] ?? null;
}

/** Whether what has the focus takes keys for itself. */
export function wantsKeys(target: EventTarget | null, action: Action): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.closest("input, textarea, select, [role=listbox]")) return true;
  // Enter on a button presses the button; arrows in a scrolled pane scroll it.
  if (action.type === "open") return target.closest("button, a") !== null;
  return false;
}
