/** What this computer remembers: language, theme, sound, and who sits in front of it. */
import { reactive, watch } from "vue";

export interface Preferences {
  language: "zh" | "en";
  theme: "dark" | "light";
  /** A chime for critical alerts. Off until asked for. */
  sound: boolean;
  /** Recorded with each acknowledgement; empty until asked. */
  operator: string;
}

const KEY = "gridwatch.preferences";
export const OPERATOR_LENGTH = 40;

const defaults: Preferences = { language: "zh", theme: "dark", sound: false, operator: "" };

/** Takes from stored text what is valid; the rest are defaults. */
export function parsePreferences(text: string | null): Preferences {
  let stored: Partial<Record<keyof Preferences, unknown>> = {};
  try {
    stored = (JSON.parse(text ?? "{}") as typeof stored | null) ?? {};
  } catch {
    // Not ours, or cut off: start afresh.
  }
  return {
    language: stored.language === "en" ? "en" : "zh",
    theme: stored.theme === "light" ? "light" : "dark",
    sound: stored.sound === true,
    operator: cleanName(typeof stored.operator === "string" ? stored.operator : "") ?? "",
  };
}

/** The name as it will be recorded, or null when it cannot be. */
export function cleanName(name: string): string | null {
  const clean = name.replace(/[\p{Cc}\p{Cf}]/gu, "").replace(/\s+/g, " ").trim();
  return clean.length > 0 && [...clean].length <= OPERATOR_LENGTH ? clean : null;
}

function storage(): Storage | null {
  try {
    return typeof localStorage === "undefined" ? null : localStorage;
  } catch {
    return null;
  }
}

function stored(): string | null {
  try {
    return storage()?.getItem(KEY) ?? null;
  } catch {
    return null;
  }
}

export const preferences: Preferences = reactive({ ...defaults, ...parsePreferences(stored()) });

/** Keeps storage and the document in step with the preferences. */
export function keepPreferences(): void {
  watch(
    () => ({ ...preferences }),
    (now) => {
      document.documentElement.dataset.theme = now.theme;
      document.documentElement.lang = now.language === "en" ? "en" : "zh-CN";
      try {
        storage()?.setItem(KEY, JSON.stringify(now));
      } catch {
        // Private window or full storage: remembered for as long as the page is open.
      }
    },
    { immediate: true },
  );
}
