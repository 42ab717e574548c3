/**
 * The live picture of one camera in a `<video>`: fragments of MP4 from a WebSocket into Media Source Extensions.
 *
 * Stays at the live edge, forgets what has been shown, connects again by itself. What the browser cannot play (a codec, or no
 * MSE at all) is told once, so that stills can take its place. Knows nothing of Vue.
 */

export type LiveState =
  | { kind: "connecting" }
  | { kind: "playing" }
  | { kind: "waiting"; reason: string | null }
  /** Only stills can be shown. */
  | { kind: "unplayable"; reason: string };

/** What the tests replace. */
export interface LiveParts {
  socket(url: string): WebSocket;
  mediaSource: (new () => MediaSource) | undefined;
  isSupported(mime: string): boolean;
  isHidden(): boolean;
}

const BROWSER: LiveParts = {
  socket: (url) => new WebSocket(url),
  mediaSource: typeof MediaSource === "undefined" ? undefined : MediaSource,
  isSupported: (mime) => typeof MediaSource !== "undefined" && MediaSource.isTypeSupported(mime),
  isHidden: () => document.hidden,
};

/** A picture that is so far behind the newest one is skipped, in seconds. */
const MOST_BEHIND_S = 2;
/** Where playing goes on then: enough for the next fragments to arrive. */
const EDGE_S = 0.25;
/** What has been shown is forgotten after so long, in seconds. */
const KEPT_S = 20;
/** A picture that stands still for so long while others come is not live, in milliseconds. */
const STALL_MS = 8000;
/** Waits between connections, in milliseconds; the last one again and again. */
const RETRY_MS = [500, 1000, 2000, 5000, 10_000];
/** Nothing for so long, and the last picture is not live any more, in milliseconds. */
const SILENCE_MS = 5000;
/** Bytes that may wait for the browser; one that takes none for so long is connected anew. A box keeps 8 MiB of a camera at most. */
const QUEUE_LIMIT = 32 << 20;
/** Connections that bring pictures and never come to play; stills it is, after so many. */
const MOST_IN_VAIN = 4;

export class LivePlayer {
  private socket: WebSocket | null = null;
  private source: MediaSource | null = null;
  private buffer: SourceBuffer | null = null;
  private queue: ArrayBuffer[] = [];
  private waiting = 0;
  private inVain = 0;
  /** Where the picture was last seen to move, and when. */
  private moved: { to: number; at: number } | null = null;
  /** What is forgotten takes all with it that refers to it: of a camera with key pictures far apart everything. */
  private keepsAll = false;
  private forgot = false;
  private objectUrl: string | null = null;
  private tries = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private silence: ReturnType<typeof setTimeout> | null = null;
  private ended = false;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly url: string,
    private readonly told: (state: LiveState) => void,
    private readonly parts: LiveParts = BROWSER,
  ) {}

  start(): void {
    if (!this.parts.mediaSource) {
      this.told({ kind: "unplayable", reason: "MSE" });
      return;
    }
    this.told({ kind: "connecting" });
    this.connect();
  }

  stop(): void {
    this.ended = true;
    if (this.silence !== null) clearTimeout(this.silence);
    if (this.timer !== null) clearTimeout(this.timer);
    this.socket?.close();
    this.release();
  }

  private connect(): void {
    const socket = this.parts.socket(this.url);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (socket === this.socket) this.receive(data);
    };
    socket.onclose = () => {
      if (socket === this.socket && !this.ended) this.again(null);
    };
    this.socket = socket;
    // A camera that sends nothing that can be shown lets the connection stand, and is silent.
    this.listen();
  }

  private receive(data: string | ArrayBuffer): void {
    if (typeof data !== "string") {
      this.listen();
      this.queue.push(data);
      this.waiting += data.byteLength;
      if (this.waiting > QUEUE_LIMIT) this.again(null);
      else this.feed();
      return;
    }
    const said = JSON.parse(data) as { mime?: string; error?: string };
    if (said.error !== undefined) this.unplayable(said.error);
    else if (said.mime !== undefined && !this.parts.isSupported(said.mime)) this.unplayable(said.mime);
    else if (said.mime !== undefined) this.begin(said.mime);
  }

  /** Pictures of a form follow. */
  private begin(mime: string): void {
    // The time of another form begins anew, which one buffer cannot take.
    if (this.source) this.release();
    const Source = this.parts.mediaSource;
    if (!Source) return;
    const source = new Source();
    this.source = source;
    source.addEventListener("sourceopen", () => {
      if (this.source !== source || this.ended) return;
      this.buffer = source.addSourceBuffer(mime);
      this.buffer.addEventListener("updateend", () => {
        this.follow();
        this.feed();
      });
      this.feed();
    });
    this.objectUrl = URL.createObjectURL(source);
    this.video.src = this.objectUrl;
  }

  private feed(): void {
    const buffer = this.buffer;
    if (!buffer || buffer.updating || this.source?.readyState !== "open") return;
    if (this.queue.length === 0) return;
    // All that waits at once: of a camera with key pictures far apart thousands of pictures come before the newest.
    const next = joined(this.queue);
    [this.queue, this.waiting] = [[], 0];
    try {
      buffer.appendBuffer(next);
    } catch {
      // A decoder that has choked, or memory that is full: from the beginning.
      this.again(null);
    }
  }

  /** Stays at the live edge, and forgets what lies far behind. */
  private follow(): void {
    const { video, buffer } = this;
    const ranges = video.buffered;
    if (!buffer) return;
    if (ranges.length === 0) {
      if (this.forgot) {
        this.keepsAll = true;
        this.again(null);
      }
      return;
    }
    this.forgot = false;
    if (this.stands()) {
      this.again(null);
      return;
    }
    const end = ranges.end(ranges.length - 1);
    const start = ranges.start(ranges.length - 1);
    // One jump at a time: of a long group the browser decodes all up to there.
    if (!video.seeking && (end - video.currentTime > MOST_BEHIND_S || video.currentTime < start)) {
      video.currentTime = Math.max(start, end - EDGE_S);
      this.moved = { to: video.currentTime, at: this.moved?.at ?? Date.now() };
    }
    if (video.paused) void video.play().catch(() => undefined);
    this.told({ kind: "playing" });
    const oldest = ranges.start(0);
    if (!this.keepsAll && end - oldest > 2 * KEPT_S && !buffer.updating) {
      this.forgot = true;
      buffer.remove(0, end - KEPT_S);
    }
  }

  /** Whether the picture has stood still for too long, where anybody could see it. */
  private stands(): boolean {
    const [to, now] = [this.video.currentTime, Date.now()];
    if (this.moved && to !== this.moved.to && !this.video.seeking) {
      this.moved = { to, at: now };
      [this.tries, this.inVain] = [0, 0];
    } else if (!this.moved || this.parts.isHidden()) {
      this.moved = { to, at: now };
    }
    return now - this.moved.at > STALL_MS;
  }

  /** Waits for the next fragment: a camera that is away sends nothing, and its last picture is not live. */
  private listen(): void {
    if (this.silence !== null) clearTimeout(this.silence);
    this.silence = setTimeout(() => this.told({ kind: "waiting", reason: null }), SILENCE_MS);
  }

  private again(reason: string | null): void {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    if (this.source && ++this.inVain >= MOST_IN_VAIN) {
      this.unplayable("it never plays");
      return;
    }
    this.release();
    this.told({ kind: "waiting", reason });
    const wait = RETRY_MS[Math.min(this.tries, RETRY_MS.length - 1)] ?? 0;
    this.tries += 1;
    this.timer = setTimeout(() => {
      if (!this.ended) this.connect();
    }, wait);
  }

  private unplayable(reason: string): void {
    this.stop();
    this.told({ kind: "unplayable", reason });
  }

  private release(): void {
    [this.queue, this.waiting] = [[], 0];
    [this.moved, this.forgot] = [null, false];
    this.buffer = null;
    this.source = null;
    if (this.objectUrl !== null) URL.revokeObjectURL(this.objectUrl);
    this.objectUrl = null;
    this.video.removeAttribute("src");
  }
}

function joined(parts: ArrayBuffer[]): ArrayBuffer {
  const [only] = parts;
  if (parts.length === 1 && only) return only;
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    all.set(new Uint8Array(part), at);
    at += part.byteLength;
  }
  return all.buffer;
}
