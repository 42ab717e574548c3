// Pictures for the fixture server: a yard as a camera on a pole sees it, drawn as SVG, with a box and a zone.

/** @param {number} seed */
function random(seed) {
  let state = seed * 2654435761;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 0x9e3779b9) | 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

/** Ground point (metres, x right, z away) to picture, for a camera 6 m up, looking down.
 * @param {number} x @param {number} z @param {number} [y] */
function project(x, z, y = 0) {
  const pitch = 0.42;
  const [dy, dz] = [y - 6, z + 3];
  const depth = dz * Math.cos(pitch) - dy * Math.sin(pitch);
  const down = -(dy * Math.cos(pitch) + dz * Math.sin(pitch));
  return [640 + (x / depth) * 980, 360 + (down / depth) * 980];
}

/** @param {number[][]} points @param {string} style */
const polygon = (points, style) =>
  `<polygon points="${points.map(([x, z, y]) => project(x ?? 0, z ?? 0, y ?? 0).map((v) => v.toFixed(1)).join(",")).join(" ")}" ${style}/>`;

/** A car as two stacked boxes with shaded sides.
 * @param {number} x @param {number} z @param {string} paint @param {string} dark */
function car(x, z, paint, dark) {
  const [w, l] = [0.9, 2.2];
  const box = (/** @type {number} */ a, /** @type {number} */ b, /** @type {number} */ low, /** @type {number} */ high, /** @type {string} */ top, /** @type {string} */ side) =>
    polygon([[x - a, z - b, low], [x + a, z - b, low], [x + a, z - b, high], [x - a, z - b, high]], `fill="${side}"`) +
    polygon([[x + (x > 0 ? -a : a), z - b, low], [x + (x > 0 ? -a : a), z + b, low], [x + (x > 0 ? -a : a), z + b, high], [x + (x > 0 ? -a : a), z - b, high]], `fill="${side}" opacity=".8"`) +
    polygon([[x - a, z - b, high], [x + a, z - b, high], [x + a, z + b, high], [x - a, z + b, high]], `fill="${top}"`);
  return (
    polygon([[x - w - 0.2, z - l - 0.2], [x + w + 0.7, z - l - 0.1], [x + w + 0.7, z + l], [x - w, z + l]], 'fill="#000" opacity=".32"') +
    box(w, l, 0.25, 0.85, paint, dark) +
    box(w * 0.86, l * 0.55, 0.85, 1.4, paint, "#1b2530")
  );
}

const PAINTS = [["#d8dbe0", "#9ea3ab"], ["#20242b", "#14171c"], ["#8c1f23", "#5e1417"], ["#2c4a7c", "#1c3154"], ["#b9b2a2", "#827c6f"], ["#f1f3f4", "#b5b9bd"]];

/** @param {{seed: number, label: string, zone: string, colour: string, night: boolean, stamp: string, name: string}} what */
export function scene({ seed, label, zone, colour, night, stamp, name }) {
  const next = random(seed + 7);
  const ground = night ? "#3a3d40" : "#6f7274";
  let body = `<rect width="1280" height="720" fill="${night ? "#1c1f22" : "#9fb2bf"}"/>`;
  body += polygon([[-60, 70], [60, 70], [60, -1], [-60, -1]], `fill="${ground}"`);
  body += polygon([[-60, 32], [-10.2, 32], [-10.2, 32, 14], [-60, 32, 14]], `fill="${night ? "#2b2e31" : "#c9bfae"}"`);
  body += polygon([[10.5, 36], [60, 36], [60, 36, 14], [10.5, 36, 14]], `fill="${night ? "#2e3134" : "#b8ada0"}"`);
  for (let x = 12; x < 40; x += 3) for (let y = 2; y < 12; y += 3) body += polygon([[x, 36, y], [x + 1.6, 36, y], [x + 1.6, 36, y + 1.7], [x, 36, y + 1.7]], `fill="${night && next() > 0.7 ? "#cfc48d" : "#5d6a75"}"`);
  for (let z = 4; z <= 28; z += 2.7) for (const side of [-1, 1]) body += polygon([[side * 4.6, z], [side * 9.6, z], [side * 9.6, z + 0.14], [side * 4.6, z + 0.14]], `fill="${night ? "#8f9293" : "#e6e6e0"}"`);
  const lane = [[-1.5, 5], [1.9, 5], [1.9, 20], [-1.5, 20]];
  body += polygon(lane, `fill="${colour}" fill-opacity=".2" stroke="${colour}" stroke-width="3" stroke-dasharray="14 8"`);
  const cars = [];
  for (let z = 26.5; z >= 5; z -= 2.7) for (const side of [-1, 1]) if (next() > 0.38) cars.push({ x: side * 7.1, z, long: true });
  const spot = { x: 0.2, z: 8.5 + next() * 4 };
  cars.push({ ...spot, long: false });
  for (const { x, z, long } of cars.sort((a, b) => b.z - a.z)) {
    const paint = PAINTS[Math.floor(next() * PAINTS.length)] ?? ["#888", "#555"];
    body += long ? sideCar(x, z, paint) : car(x, z, paint[0] ?? "", paint[1] ?? "");
  }
  const corners = [[-1, -2.3], [1, -2.3], [1, 2.3], [-1, 2.3]].flatMap(([dx, dz]) => [0.1, 1.5].map((y) => project(spot.x + (dx ?? 0), spot.z + (dz ?? 0), y)));
  const xs = corners.map((p) => p[0] ?? 0);
  const ys = corners.map((p) => p[1] ?? 0);
  const [x1, y1, x2, y2] = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  const tag = `<rect x="${x1 - 2}" y="${y1 - 34}" width="${label.length * 17 + 20}" height="32" fill="${colour}"/><text x="${x1 + 8}" y="${y1 - 11}" font-size="21" fill="#fff">${label}</text>`;
  body += `<rect x="${x1}" y="${y1}" width="${x2 - x1}" height="${y2 - y1}" fill="none" stroke="${colour}" stroke-width="4"/>${tag}`;
  const [zx, zy] = project(-1.5, 5);
  body += `<text x="${zx}" y="${(zy ?? 0) - 10}" font-size="20" fill="#fff" stroke="#000" stroke-width=".6">${zone}</text>`;
  const look = night ? "saturate(0) brightness(.95) contrast(1.1)" : "saturate(.8)";
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1280 720" width="1280" height="720" font-family="Noto Sans CJK SC, sans-serif" font-weight="600">
<defs><filter id="n"><feTurbulence type="fractalNoise" baseFrequency=".8" numOctaves="2" seed="${seed}"/><feColorMatrix values="0 0 0 0 .5 0 0 0 0 .5 0 0 0 0 .5 0 0 0 .28 0"/></filter>
<radialGradient id="v" r=".75"><stop offset=".55" stop-opacity="0"/><stop offset="1" stop-opacity=".55"/></radialGradient></defs>
<g style="filter:${look}">${body}</g><rect width="1280" height="720" filter="url(#n)" opacity=".5"/><rect width="1280" height="720" fill="url(#v)"/>
<text x="28" y="46" font-size="26" fill="#fff" stroke="#000" stroke-width=".7">${stamp}</text><text x="1252" y="692" font-size="24" fill="#fff" stroke="#000" stroke-width=".7" text-anchor="end">${name}</text></svg>`;
}

/** A car in a bay, across the line of sight.
 * @param {number} x @param {number} z @param {string[]} paint */
function sideCar(x, z, paint) {
  const [l, w] = [2.1, 0.85];
  const side = x > 0 ? -1 : 1;
  const block = (/** @type {number} */ a, /** @type {number} */ b, /** @type {number} */ low, /** @type {number} */ high, /** @type {string} */ top, /** @type {string} */ dark) =>
    polygon([[x - a, z - b, low], [x + a, z - b, low], [x + a, z - b, high], [x - a, z - b, high]], `fill="${dark}"`) +
    polygon([[x + side * a, z - b, low], [x + side * a, z + b, low], [x + side * a, z + b, high], [x + side * a, z - b, high]], `fill="${dark}" opacity=".85"`) +
    polygon([[x - a, z - b, high], [x + a, z - b, high], [x + a, z + b, high], [x - a, z + b, high]], `fill="${top}"`);
  return (
    polygon([[x - l, z - w - 0.25], [x + l + 0.3, z - w - 0.25], [x + l + 0.3, z + w], [x - l, z + w]], 'fill="#000" opacity=".3"') +
    block(l, w, 0.25, 0.9, paint[0] ?? "", paint[1] ?? "") +
    block(l * 0.55, w * 0.88, 0.9, 1.42, paint[0] ?? "", "#1b2530")
  );
}
