/** How severities and phases look: a tone and, since colour alone tells nobody who cannot see it, a shape. */
import type { IconName } from "./icons";

const TONES: Record<string, string> = { critical: "tone-critical", major: "tone-major", minor: "tone-minor", info: "tone-info" };
const ICON_OF: Record<string, IconName> = { critical: "critical", major: "warning", minor: "dot", info: "info" };

export const severityTone = (severity: string): string => TONES[severity] ?? "tone-plain";
export const severityIcon = (severity: string): IconName => ICON_OF[severity] ?? "info";

/** Something going on takes the tone of its severity from around it: there is nothing good in it. */
export function phaseTone(phase: string): string {
  if (phase === "open" || phase === "update") return "going-on";
  return phase === "unobserved" ? "tone-blind" : "tone-plain";
}
