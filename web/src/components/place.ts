/** Where an alert happened, in words. */
import type { EventView } from "../api/wire";

/** The cell as a path from the township down; codes where names are missing. Empty when it is in no cell. */
export function cellPath(event: EventView): string[] {
  if (event.cell_path.length > 0) return event.cell_path;
  const name = event.cell_name ?? event.cell;
  return name ? [name] : [];
}

export const cameraName = (event: EventView): string => event.camera_name || event.camera;
export const zoneName = (event: EventView): string | null => event.zone_name || event.zone;

/** One line for reading aloud. */
export function placeLine(event: EventView): string {
  return [...cellPath(event), zoneName(event) ?? cameraName(event)].join(" ");
}

/** Whether the condition is something standing, rather than a state of an area or a camera. */
export const isStanding = (event: EventView): boolean =>
  event.kind.startsWith("parking.") && event.kind !== "parking.lot_full" && event.kind !== "parking.contact_suspected";
