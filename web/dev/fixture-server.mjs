// A stand-in for the center, for looking at the pages and for their tests: the API of `/api/v1` over made-up alerts, with
// handles to break things. Not part of any build.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { CAMERAS, CELLS, day } from "./made-up.mjs";
import { scene } from "./scene.mjs";

const DIST = fileURLToPath(new URL("../dist", import.meta.url));
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8" };
/** What the center is expected to send: the pages must work under it. */
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/** The center refuses parameters it does not know; so does this. @type {[RegExp, string[]][]} */
const PARAMETERS = [
  [/^\/events$/, ["limit", "before", "kind", "severity", "cell", "phase", "acknowledged", "camera"]],
  [/\/snapshot$/, ["sha256"]],
  [/./, []],
];
/** Changes kept for replay. */
const KEPT_CHANGES = 500;

/** @typedef {ReturnType<typeof import("./made-up.mjs").makeEvent> & Record<string, any>} Event */

export class FixtureCenter {
  /** @type {Map<string, Event>} */ events = new Map();
  /** @type {Map<string, any[]>} */ history = new Map();
  /** @type {any[]} */ cameras = CAMERAS.map((camera) => ({ ...camera, since: new Date(Date.now() - 3_600_000).toISOString() }));
  /** @type {any[]} */ edges = [{ edge: "ljp-01", online: true, since: null }, { edge: "ds-01", online: true, since: null }];
  version = "0.1.0-fixture";
  /** Refuse the live stream, or everything. @type {"no" | "live" | "all"} */ refuse = "no";
  /** Requests seen, for tests. @type {{method: string, url: string, headers: import("node:http").IncomingHttpHeaders}[]} */ seen = [];
  #change = 0;
  /** @type {{id: number, event: string, data: string}[]} */ #changes = [];
  #forgotten = 0;
  /** @type {Set<import("node:http").ServerResponse>} */ #streams = new Set();
  /** @type {import("node:http").Server | null} */ #server = null;

  /** @param {Event[]} events */
  constructor(events = /** @type {Event[]} */ (day(Date.now()))) {
    for (const event of events) this.#keep(event);
  }

  /** @param {Event} event */
  #keep(event) {
    const known = this.events.get(event.id);
    const history = this.history.get(event.id) ?? [];
    if (!known && event.rev > 1) history.push({ rev: 1, phase: "open", at: event.opened_at, received_at: new Date(Date.parse(event.opened_at) + 140).toISOString(), dwell_s: (Date.parse(event.opened_at) - Date.parse(event.since)) / 1000, severity: event.kind === "parking.no_parking" ? "minor" : event.severity });
    if (!history.some((r) => r.rev === event.rev)) history.push({ rev: event.rev, phase: event.phase, at: event.at, received_at: event.received_at, dwell_s: event.dwell_s, severity: event.severity });
    this.history.set(event.id, history);
    if (!known || event.rev >= known.rev) this.events.set(event.id, event);
  }

  /** Stores an event and tells everybody. @param {Event} event */
  publish(event) {
    this.#keep(event);
    this.send("event", event);
  }

  /** Changes a camera and tells everybody. @param {string} camera @param {Record<string, unknown>} change */
  camera(camera, change) {
    const known = this.cameras.find((c) => c.camera === camera);
    Object.assign(known, change, { since: new Date().toISOString() });
    this.send("camera", known);
  }

  /** Sends without storing: for duplicates and revisions out of order. @param {string} name @param {unknown} value */
  send(name, value) {
    const change = { id: ++this.#change, event: name, data: typeof value === "string" ? value : JSON.stringify(value) };
    this.#changes.push(change);
    if (this.#changes.length > KEPT_CHANGES) this.#forgotten = this.#changes.shift()?.id ?? 0;
    for (const stream of this.#streams) stream.write(frame(change));
  }

  /** Forgets what could be replayed. */
  forgetChanges() {
    this.#forgotten = this.#change;
    this.#changes = [];
  }

  /** Cuts every live stream. */
  drop() {
    for (const stream of this.#streams) stream.destroy();
    this.#streams.clear();
  }

  get liveStreams() {
    return this.#streams.size;
  }

  /** @param {number} port @returns {Promise<string>} */
  start(port = 0) {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error) => {
        console.error(error);
        problem(response, 500, "Internal Server Error", String(error));
      });
    });
    return new Promise((resolve) => {
      this.#server?.listen(port, "127.0.0.1", () => {
        const address = this.#server?.address();
        resolve(`http://127.0.0.1:${typeof address === "object" ? address?.port : port}`);
      });
    });
  }

  async finish() {
    this.drop();
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  /** @param {import("node:http").IncomingMessage} request @param {import("node:http").ServerResponse} response */
  async #answer(request, response) {
    const url = new URL(request.url ?? "/", "http://fixture");
    this.seen.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers });
    if (!url.pathname.startsWith("/api/")) return statics(url.pathname, response);
    const path = url.pathname.replace("/api/v1", "");
    if (this.refuse === "all" || (this.refuse === "live" && path === "/live")) return problem(response, 503, "Service Unavailable", "the center is being upgraded");
    const allowed = PARAMETERS.find(([pattern]) => pattern.test(path))?.[1] ?? [];
    const unknown = [...url.searchParams.keys()].filter((key) => !allowed.includes(key));
    if (unknown.length > 0) return problem(response, 400, "Bad Request", `unknown parameters: ${unknown.join(", ")}`);
    if (path === "/live") return this.#live(request, response);
    if (path === "/cameras") return json(response, this.cameras.map(({ cell, ...camera }) => camera));
    if (path === "/cells") return json(response, CELLS);
    if (path === "/summary") return json(response, this.#summary());
    if (path === "/events" && /[^0-9]/.test(url.searchParams.get("cell") ?? "")) return problem(response, 400, "Bad Request", "cell: expected 1 to 15 digits");
    if (path === "/events") return json(response, this.#page(url.searchParams));
    const [, , id = "", rest] = path.split("/");
    const event = this.events.get(decodeURIComponent(id));
    if (!event) return problem(response, 404, "Not Found", `no event ${id}`);
    if (rest === undefined) return json(response, { ...event, history: this.history.get(event.id) });
    if (rest === "snapshot") return this.#snapshot(event, url.searchParams.get("sha256"), response);
    if (rest === "acknowledge" && request.method === "POST") return this.#acknowledge(event, request, response);
    return problem(response, 404, "Not Found", path);
  }

  /** @param {import("node:http").IncomingMessage} request @param {import("node:http").ServerResponse} response */
  #live(request, response) {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    const last = Number(request.headers["last-event-id"] ?? Number.NaN);
    // As in the center: where something is to be replayed, hello does not yet count as having seen it.
    const id = Number.isNaN(last) ? `id: ${this.#change}\n` : "";
    response.write(`event: hello\n${id}data: ${JSON.stringify({ version: this.version, change: this.#change })}\n\n`);
    if (last < this.#forgotten) response.write(`event: reset\nid: ${this.#change}\ndata: {}\n\n`);
    else for (const change of this.#changes) if (change.id > last) response.write(frame(change));
    this.#streams.add(response);
    const beat = setInterval(() => response.write(": heartbeat\n\n"), 15_000);
    response.on("close", () => {
      clearInterval(beat);
      this.#streams.delete(response);
    });
  }

  /** @param {URLSearchParams} query */
  #page(query) {
    const is = (/** @type {Event} */ event, /** @type {string} */ key) => !query.get(key) || event[key] === query.get(key);
    const phase = query.get("phase");
    const all = [...this.events.values()]
      .filter((e) => is(e, "kind") && is(e, "severity") && is(e, "camera") && (e.cell ?? "").startsWith(query.get("cell") ?? ""))
      .filter((e) => !phase || e.phase === phase)
      .filter((e) => !query.has("acknowledged") || String(e.acknowledged !== null) === query.get("acknowledged"))
      .sort((a, b) => (a.opened_at === b.opened_at ? (a.id < b.id ? 1 : -1) : a.opened_at < b.opened_at ? 1 : -1));
    const before = query.get("before");
    const start = before ? all.findIndex((e) => e.id === before) + 1 : 0;
    const limit = Number(query.get("limit") ?? 50);
    const items = all.slice(start, start + limit);
    return { items, next: start + limit < all.length ? items.at(-1)?.id : null };
  }

  #summary() {
    const all = [...this.events.values()];
    const midnight = new Date(Math.floor((Date.now() + 8 * 3_600_000) / 86_400_000) * 86_400_000 - 8 * 3_600_000).toISOString();
    return { open: all.filter((e) => e.phase !== "close").length, unacknowledged: all.filter((e) => !e.acknowledged).length, today: all.filter((e) => e.opened_at >= midnight).length, edges: this.edges, version: this.version };
  }

  /** @param {Event} event @param {string | null} sha256 @param {import("node:http").ServerResponse} response */
  #snapshot(event, sha256, response) {
    if (!event.snapshot || (sha256 && sha256 !== event.snapshot.sha256)) return problem(response, 404, "Not Found", "the snapshot has not arrived");
    const colour = { critical: "#e5372b", major: "#e5811f", minor: "#c79b12", info: "#2a7fd0" }[event.severity] ?? "#888";
    const stamp = new Date(Date.parse(event.at) + 8 * 3_600_000).toISOString().replace("T", " ").slice(0, 19);
    const seed = Number.parseInt(event.snapshot.sha256.slice(0, 4), 16);
    const clean = (/** @type {string | null} */ text) => (text ?? "").replace(/[<>&"]/g, "");
    const picture = scene({ seed, label: `car ${(event.objects[0]?.score ?? 0.8).toFixed(2)}`, zone: clean(event.zone), colour, night: seed % 3 === 0, stamp, name: clean(event.camera_name) });
    response.writeHead(200, { "content-type": "image/svg+xml", etag: `"${event.snapshot.sha256}"`, "cache-control": "private, max-age=60" });
    response.end(picture);
  }

  /** @param {Event} event @param {import("node:http").IncomingMessage} request @param {import("node:http").ServerResponse} response */
  async #acknowledge(event, request, response) {
    let text = "";
    for await (const chunk of request) text += chunk;
    const by = JSON.parse(text).by?.trim();
    if (!by) return problem(response, 422, "Unprocessable Content", "by must not be empty");
    const next = event.acknowledged ? event : { ...event, acknowledged: { at: new Date().toISOString(), by } };
    this.publish(next);
    return json(response, next);
  }
}

/** @param {{id: number, event: string, data: string}} change */
const frame = (change) => `event: ${change.event}\nid: ${change.id}\ndata: ${change.data}\n\n`;

/** @param {import("node:http").ServerResponse} response @param {unknown} value */
function json(response, value) {
  response.writeHead(200, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(value));
}

/** @param {import("node:http").ServerResponse} response @param {number} status @param {string} title @param {string} detail */
function problem(response, status, title, detail) {
  response.writeHead(status, { "content-type": "application/problem+json" });
  response.end(JSON.stringify({ type: "about:blank", title, status, detail }));
}

/** @param {string} path @param {import("node:http").ServerResponse} response */
async function statics(path, response) {
  const wanted = path === "/" ? "/index.html" : normalize(path);
  try {
    const body = await readFile(join(DIST, wanted));
    const type = TYPES[/** @type {keyof typeof TYPES} */ (extname(wanted))] ?? "application/octet-stream";
    response.writeHead(200, { "content-type": type, "content-security-policy": POLICY, "x-content-type-options": "nosniff" });
    response.end(body);
  } catch {
    problem(response, 404, "Not Found", path);
  }
}
