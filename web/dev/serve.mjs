// `npm run fixture [PORT]`: the fixture center with alerts that come, grow and end, until stopped. With `npm run dev`
// beside it, or `npm run build` before it, the pages can be looked at without a center.
import { FixtureCenter } from "./fixture-server.mjs";
import { CAMERAS, makeEvent, picture } from "./made-up.mjs";

const center = new FixtureCenter();
console.log(`fixture center: ${await center.start(Number(process.argv[2] ?? 8787))}`);

const KINDS = ["parking.fire_lane", "parking.no_parking", "parking.double", "parking.entrance_blocked", "parking.out_of_bay"];
let serial = 500;
setInterval(() => {
  serial += 1;
  const camera = CAMERAS[serial % 4]?.camera ?? "ljp-gate";
  const event = makeEvent({ serial, kind: KINDS[serial % KINDS.length] ?? "", camera, snapshot: false });
  center.publish(event);
  setTimeout(() => center.publish({ ...event, snapshot: picture(event.id, serial) }), 700);
  const end = () => {
    const at = new Date().toISOString();
    const now = center.events.get(event.id) ?? event;
    center.publish({ ...now, rev: 2, phase: "close", at, until: at, received_at: at, dwell_s: (Date.now() - Date.parse(event.since)) / 1000 });
  };
  setTimeout(end, 25_000);
}, 9_000);

let isUp = true;
setInterval(() => {
  isUp = !isUp;
  center.camera("ljp-yard-b", isUp ? { state: "live", reason: null } : { state: "offline", reason: "20 秒没有画面" });
}, 13_000);
