import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LivePlayer, type LiveState } from "../src/logic/livePlayer";

/** A socket that the test speaks through. */
class Wire {
  static all: Wire[] = [];
  binaryType = "";
  closed = false;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  constructor() {
    Wire.all.push(this);
  }
  says(data: unknown): void {
    this.onmessage?.({ data });
  }
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.onclose?.();
  }
}

class Buffer extends EventTarget {
  updating = false;
  readonly taken: unknown[] = [];
  appendBuffer(data: ArrayBuffer): void {
    this.taken.push(data.byteLength);
    this.updating = true;
  }
  remove(): void {
    this.taken.push("removed");
  }
  /** The browser has taken what it was given. */
  done(): void {
    this.updating = false;
    this.dispatchEvent(new Event("updateend"));
  }
}

class Source extends EventTarget {
  static last: Source;
  readyState = "closed";
  readonly buffer = new Buffer();
  constructor() {
    super();
    Source.last = this;
  }
  addSourceBuffer(mime: string): Buffer {
    this.buffer.taken.push(mime);
    return this.buffer;
  }
  open(): void {
    this.readyState = "open";
    this.dispatchEvent(new Event("sourceopen"));
  }
}

const MIME = 'video/mp4; codecs="avc1.640028"';
const bytes = (count: number): ArrayBuffer => new ArrayBuffer(count);

function setUp(supported = true): { player: LivePlayer; states: LiveState[]; video: { currentTime: number; buffered: { to: number; length: number } } } {
  const states: LiveState[] = [];
  const ranges = { length: 1, from: 0, to: 0, start: () => ranges.from, end: () => ranges.to };
  const video = {
    currentTime: 0,
    paused: false,
    src: "",
    buffered: ranges,
    removeAttribute: () => undefined,
    play: () => Promise.resolve(),
  };
  const player = new LivePlayer(video as unknown as HTMLVideoElement, "ws://center/live", (state) => states.push(state), {
    socket: () => new Wire() as unknown as WebSocket,
    mediaSource: Source as unknown as new () => MediaSource,
    isSupported: () => supported,
    isHidden: () => hidden,
  });
  player.start();
  return { player, states, video };
}

let hidden = false;

const wire = (): Wire => {
  const last = Wire.all.at(-1);
  if (!last) throw new Error("no connection");
  return last;
};

beforeEach(() => {
  vi.useFakeTimers();
  hidden = false;
  Wire.all = [];
  vi.stubGlobal("URL", { createObjectURL: () => "blob:1", revokeObjectURL: () => undefined });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("the live player", () => {
  it("gives the browser what waits, in order, and says that it plays", () => {
    const { states } = setUp();
    wire().says(JSON.stringify({ mime: MIME }));
    Source.last.open();
    wire().says(bytes(1));
    wire().says(bytes(2));
    wire().says(bytes(3));
    const { buffer } = Source.last;
    expect(buffer.taken).toEqual([MIME, 1]);
    buffer.done();
    expect(buffer.taken).toEqual([MIME, 1, 5]);
    expect(states.at(-1)).toEqual({ kind: "playing" });
  });

  it("jumps to the live edge when it has fallen behind", () => {
    const { video } = setUp();
    wire().says(JSON.stringify({ mime: MIME }));
    Source.last.open();
    wire().says(bytes(1));
    video.buffered.to = 8;
    Source.last.buffer.done();
    expect(video.currentTime).toBeCloseTo(7.75);
  });

  it("begins anew with another form, whose time begins anew, on the same connection", () => {
    setUp();
    wire().says(JSON.stringify({ mime: MIME }));
    Source.last.open();
    wire().says(bytes(1));
    const before = Source.last;
    wire().says(JSON.stringify({ mime: "video/mp4; codecs=hvc1" }));
    wire().says(bytes(2));
    Source.last.open();
    expect(Source.last).not.toBe(before);
    expect(Source.last.buffer.taken).toEqual(["video/mp4; codecs=hvc1", 2]);
    expect(Wire.all).toHaveLength(1);
  });

  it("says that nothing comes, and that something comes again", () => {
    const { states } = setUp();
    wire().says(JSON.stringify({ mime: MIME }));
    Source.last.open();
    wire().says(bytes(1));
    Source.last.buffer.done();
    vi.advanceTimersByTime(4999);
    expect(states.at(-1)?.kind).toBe("playing");
    vi.advanceTimersByTime(1);
    expect(states.at(-1)?.kind).toBe("waiting");
    wire().says(bytes(2));
    Source.last.buffer.done();
    expect(states.at(-1)?.kind).toBe("playing");
  });

  it("says that nothing comes where nothing ever did", () => {
    const { states } = setUp();
    vi.advanceTimersByTime(4999);
    expect(states.at(-1)?.kind).toBe("connecting");
    vi.advanceTimersByTime(1);
    expect(states.at(-1)?.kind).toBe("waiting");
  });

  it("connects again, ever more slowly, and at once again after it has played", () => {
    const { states, video } = setUp();
    for (const wait of [500, 1000, 2000, 5000, 10_000, 10_000]) {
      const before = Wire.all.length;
      wire().close();
      expect(states.at(-1)?.kind).toBe("waiting");
      vi.advanceTimersByTime(wait - 1);
      expect(Wire.all).toHaveLength(before);
      vi.advanceTimersByTime(1);
      expect(Wire.all).toHaveLength(before + 1);
    }
    wire().says(JSON.stringify({ mime: MIME }));
    Source.last.open();
    wire().says(bytes(1));
    Source.last.buffer.done();
    video.currentTime = 0.5;
    wire().says(bytes(1));
    Source.last.buffer.done();
    wire().close();
    vi.advanceTimersByTime(500);
    expect(Wire.all).toHaveLength(8);
  });

  it("takes thousands of pictures before the newest, as of a camera with key pictures far apart", () => {
    setUp();
    wire().says(JSON.stringify({ mime: MIME }));
    for (let picture = 0; picture < 6000; picture += 1) wire().says(bytes(1000));
    expect(Wire.all).toHaveLength(1);
    Source.last.open();
    expect(Source.last.buffer.taken).toEqual([MIME, 6_000_000]);
  });

  it("comes to stills where pictures come again and again and never play", () => {
    const { states } = setUp();
    for (let time = 0; time < 4; time += 1) {
      wire().says(JSON.stringify({ mime: MIME }));
      Source.last.open();
      wire().says(bytes(1));
      wire().close();
      vi.advanceTimersByTime(10_000);
    }
    expect(states.at(-1)?.kind).toBe("unplayable");
    vi.advanceTimersByTime(60_000);
    expect(Wire.all).toHaveLength(4);
  });

  it("connects again where the picture stands still while others come, unless nobody can see it", () => {
    const { video } = setUp();
    const come = (): void => {
      for (let second = 0; second < 10; second += 1) {
        vi.advanceTimersByTime(1000);
        wire().says(bytes(1));
        Source.last.buffer.done();
      }
    };
    wire().says(JSON.stringify({ mime: MIME }));
    Source.last.open();
    hidden = true;
    come();
    expect(Wire.all).toHaveLength(1);
    hidden = false;
    const moves = vi.spyOn(video, "currentTime", "get").mockImplementation(() => Date.now() / 1000);
    come();
    expect(Wire.all).toHaveLength(1);
    moves.mockRestore();
    come();
    vi.advanceTimersByTime(500);
    expect(Wire.all).toHaveLength(2);
  });

  it("forgets nothing more where that took everything with it", () => {
    const { video } = setUp();
    const comes = (to: number, ranges = 1): void => {
      [video.buffered.to, video.buffered.length, video.currentTime] = [to, ranges, to - 0.1];
      wire().says(bytes(1));
      Source.last.buffer.done();
    };
    wire().says(JSON.stringify({ mime: MIME }));
    Source.last.open();
    comes(41);
    expect(Source.last.buffer.taken).toContain("removed");
    comes(41, 0);
    vi.advanceTimersByTime(500);
    expect(Wire.all).toHaveLength(2);
    wire().says(JSON.stringify({ mime: MIME }));
    Source.last.open();
    comes(41);
    expect(Source.last.buffer.taken).not.toContain("removed");
  });

  it("says once that only stills can be shown, and ends", () => {
    const { states } = setUp(false);
    const connection = wire();
    connection.says(JSON.stringify({ mime: MIME }));
    expect(states.at(-1)).toEqual({ kind: "unplayable", reason: MIME });
    expect(connection.closed).toBe(true);
    vi.advanceTimersByTime(60_000);
    expect(Wire.all).toHaveLength(1);
  });

  it("says why the box shows nothing", () => {
    const { states } = setUp();
    wire().says(JSON.stringify({ error: "sends JPEG" }));
    expect(states.at(-1)).toEqual({ kind: "unplayable", reason: "sends JPEG" });
  });

  it("is silent once it was stopped", () => {
    const { player } = setUp();
    player.stop();
    vi.advanceTimersByTime(60_000);
    expect(Wire.all).toHaveLength(1);
    expect(wire().closed).toBe(true);
  });
});
