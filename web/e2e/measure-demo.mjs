// node e2e/measure-demo.mjs BINARY [--minutes M] [--cameras N] [--svg OUT.svg] [-- DEMO ARGUMENTS]
//
// Runs `gridwatch demo` and the alert wall in Chromium beside it, and prints what that cost: processor and memory of the
// process, pictures received, analysed and lost of each camera, and how long after its event time each revision of an
// event was seen on the page. `--svg` writes the distribution of these times as a picture. `--cameras`: how many the demo shall have before it is measured (3).
// The browser runs on the same cores and is not counted.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { watchAlerts } from "./watch-alerts.mjs";

/** Ticks a second of /proc/PID/stat on Linux. */
const TICKS = 100;

/** Processor seconds that a process has used. @param {number} pid */
function processorSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** Largest resident memory of a process so far, in MiB. @param {number} pid */
function peakMemory(pid) {
  const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1]) / 1024;
}

/** Values of one metric by its labels. @param {string} text @param {string} name */
function metric(text, name) {
  const values = new Map();
  for (const line of text.split("\n")) {
    const found = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (found?.[1] === name) values.set(found[2] ?? "", Number(found[3]));
  }
  return values;
}

/** @param {number[]} sorted @param {number} share */
const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];

/** A histogram with 50 ms bars. @param {number[]} latencies @param {string} title */
function histogram(latencies, title) {
  const width = 50;
  const bars = Array(Math.max(20, Math.ceil((Math.max(...latencies) + 1) / width))).fill(0);
  for (const latency of latencies) bars[Math.max(0, Math.floor(latency / width))]++;
  const [w, h, left, bottom] = [760, 300, 44, 44];
  const step = (w - left - 12) / bars.length;
  const most = Math.max(...bars);
  const y = (/** @type {number} */ count) => h - bottom - ((h - bottom - 40) * count) / most;
  const rects = bars.map((count, index) => `<rect x="${(left + index * step + 1).toFixed(1)}" y="${y(count).toFixed(1)}" width="${(step - 2).toFixed(1)}" height="${(h - bottom - y(count)).toFixed(1)}" fill="#2f7ed8"/>`);
  const every = Math.ceil(bars.length / 10);
  const ticks = bars.flatMap((_, index) => (index % every ? [] : [`<text x="${(left + index * step).toFixed(1)}" y="${h - bottom + 18}" text-anchor="middle">${index * width}</text>`]));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" font-family="sans-serif" font-size="12">
<rect width="${w}" height="${h}" fill="#fff"/><text x="${left}" y="22" font-size="14">${title}</text>
${rects.join("\n")}
<line x1="${left}" y1="${h - bottom}" x2="${w - 12}" y2="${h - bottom}" stroke="#333"/>
${ticks.join("\n")}
<text x="${w / 2}" y="${h - 6}" text-anchor="middle">ms from event time to the page</text>
<text x="${left - 8}" y="${y(most) + 4}" text-anchor="end">${most}</text><text x="${left - 8}" y="${h - bottom}" text-anchor="end">0</text>
</svg>
`;
}

/** Resolves with the address once the demo prints it and all its cameras are there. @param {import("node:child_process").ChildProcess} demo @param {number} cameras */
function address(demo, cameras) {
  return new Promise((resolve, reject) => {
    let text = "";
    demo.stdout?.on("data", (chunk) => {
      text += chunk;
      const found = /打开 \/ open\s+(http:\S+)/.exec(text);
      if (found && text.split("摄像机 / camera").length > cameras) resolve(found[1]);
    });
    demo.on("exit", (code) => reject(new Error(`the demo ended with ${code}:\n${text}`)));
  });
}

const own = process.argv.indexOf("--");
const { values, positionals } = parseArgs({
  args: process.argv.slice(2, own < 0 ? undefined : own),
  allowPositionals: true,
  options: { minutes: { type: "string", default: "10" }, cameras: { type: "string", default: "3" }, svg: { type: "string" } },
});
const state = mkdtempSync(join(tmpdir(), "gridwatch-measure-"));
const demoArguments = ["demo", "--state", state, "--listen", "127.0.0.1:0", ...(own < 0 ? [] : process.argv.slice(own + 1))];
const demo = spawn(positionals[0] ?? "target/release/gridwatch", demoArguments, { stdio: ["ignore", "pipe", "inherit"] });
const pid = /** @type {number} */ (demo.pid);
try {
  const url = /** @type {string} */ (await address(demo, Number(values.cameras)));
  const read = async () => (await fetch(`${url}/metrics`)).text();
  let before = "";
  let beganAt = 0;
  let beganWith = 0;
  const sightings = await watchAlerts({
    url,
    until: Infinity,
    timeoutMs: Number(values.minutes) * 60_000,
    revisions: true,
    onReady: async () => {
      [before, beganAt, beganWith] = [await read(), performance.now(), processorSeconds(pid)];
    },
  });
  const [after, seconds, used] = [await read(), (performance.now() - beganAt) / 1000, processorSeconds(pid) - beganWith];
  /** @param {string} name */
  const grown = (name) => [...metric(after, name)].map(([labels, value]) => /** @type {[string, number]} */ ([labels, value - (metric(before, name).get(labels) ?? 0)]));

  console.log(`${seconds.toFixed(0)} s; ${(used / seconds).toFixed(2)} cores, at most ${peakMemory(pid).toFixed(0)} MiB: cameras, edge, broker and center together`);
  for (const name of ["gridwatch_ingest_pictures_total", "gridwatch_ingest_frames_total", "gridwatch_detect_frames_total"]) {
    for (const [labels, count] of grown(name)) if (count > 0) console.log(`${name}{${labels}}  ${count}  (${(count / seconds).toFixed(2)}/s)`);
  }
  /** @param {string} part */
  const inference = (part) => grown(`gridwatch_detect_inference_seconds_${part}`).reduce((sum, [, value]) => sum + value, 0);
  console.log(`network: ${inference("count")} runs, ${((1000 * inference("sum")) / inference("count")).toFixed(1)} ms each`);

  const live = sightings.filter((sighting) => sighting.live);
  for (const phase of ["open", "update", "close"]) {
    const latencies = live.filter((sighting) => sighting.phase === phase).map((sighting) => sighting.latency_ms).sort((a, b) => a - b);
    if (latencies.length === 0) continue;
    const shown = [0.5, 0.9, 0.99].map((share) => quantile(latencies, share));
    console.log(`${phase}: ${latencies.length} seen, p50 ${shown[0]} ms, p90 ${shown[1]} ms, p99 ${shown[2]} ms, most ${latencies.at(-1)} ms`);
  }
  const all = live.map((sighting) => sighting.latency_ms).sort((a, b) => a - b);
  if (values.svg && all.length > 0) {
    const title = `${all.length} revisions: p50 ${quantile(all, 0.5)} ms, p90 ${quantile(all, 0.9)} ms, p99 ${quantile(all, 0.99)} ms`;
    writeFileSync(values.svg, histogram(all, title));
  }
} finally {
  demo.removeAllListeners("exit");
  const gone = new Promise((resolve) => demo.on("exit", resolve));
  if (demo.exitCode === null) demo.kill("SIGINT");
  await gone;
  rmSync(state, { recursive: true, force: true });
}
