//! Measures what one camera costs: processor share of receiving, decoding and sampling, and the time from the moment a
//! picture is due on the simulated camera to the moment its frame is in the mailbox.
//!
//! `cargo run --release -p gridwatch-ingest --example cost -- CAMERAS SECONDS [always|keyframes|adaptive|FILE] [quiet]`: so many 1080p25 cameras
//! for so long, with all pictures decoded or some, or one file in real time. The simulated cameras run in a process of their own, so only ingest is measured.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use gridwatch_config::{CameraSettings, DecodeMode, Pace, Secret, SourceSettings, TilesConfig, Transport};
use gridwatch_domain::{CameraId, Timestamp};
use gridwatch_ingest::{Camera, CameraParts, CameraTimeouts, DecodePool, IngestMetrics, Reels, Stills};
use gridwatch_runtime::{Clock, Metrics, Shutdown, SystemClock, mailbox};
use gridwatch_sim::{
    FrameSource, FrameTruth, I420Frame, Scene, SceneRenderer,
    cache::{self, PictureSize},
    rtsp::{RtspCameras, RtspOptions},
    testcard,
};

const SIZE: PictureSize = PictureSize::FULL_HD;
const PICTURES: u32 = 200;

/// The first pictures of a scene, each with its number in the corner.
struct Numbered(SceneRenderer, testcard::TestCard, I420Frame);

impl FrameSource for Numbered {
    fn width(&self) -> u32 {
        SIZE.width
    }
    fn height(&self) -> u32 {
        SIZE.height
    }
    fn fps(&self) -> u32 {
        25
    }
    fn frame_count(&self) -> u32 {
        PICTURES
    }
    fn render(&mut self, index: u32, out: &mut I420Frame) -> FrameTruth {
        let truth = self.0.render(index, out);
        self.1.render(index, &mut self.2);
        let number_rows = SIZE.width as usize * (SIZE.width as usize / 16);
        out.y[..number_rows].copy_from_slice(&self.2.y[..number_rows]);
        truth
    }
}

/// The first picture of a scene for ever, with a sensor's noise.
struct Quiet {
    renderer: SceneRenderer,
    still: Option<I420Frame>,
}

impl FrameSource for Quiet {
    fn width(&self) -> u32 {
        SIZE.width
    }
    fn height(&self) -> u32 {
        SIZE.height
    }
    fn fps(&self) -> u32 {
        25
    }
    fn frame_count(&self) -> u32 {
        PICTURES
    }
    fn render(&mut self, index: u32, out: &mut I420Frame) -> FrameTruth {
        let still = self.still.get_or_insert_with(|| {
            let mut still = I420Frame::new(SIZE.width, SIZE.height);
            self.renderer.render(0, &mut still);
            still
        });
        out.clone_from(still);
        let mut random = fastrand::Rng::with_seed(index.into());
        out.y.iter_mut().for_each(|luma| *luma = luma.saturating_add(random.u8(..5)));
        FrameTruth { index, at_s: f64::from(index) / 25.0, objects: Vec::new() }
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, cameras, anchor, quiet] = arguments.as_slice()
        && word == "serve"
    {
        serve(cameras.parse().expect("a number"), anchor.parse().expect("a time"), quiet == "quiet");
        return;
    }
    let number = |index: usize, default: u64| {
        arguments.get(index).map_or(default, |text| text.parse().expect("CAMERAS SECONDS [FILE]"))
    };
    let (cameras, seconds) = (number(0, 1), number(1, 20));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let what = arguments.get(2).map(String::as_str);
    let quiet = arguments.iter().any(|word| word == "quiet");
    let decode = match what {
        Some("keyframes") => DecodeMode::Keyframes,
        Some("adaptive") => DecodeMode::Adaptive,
        _ => DecodeMode::Always,
    };
    let file = what.filter(|what| !["always", "keyframes", "adaptive"].contains(what)).map(str::to_owned);
    runtime.block_on(measure(cameras, Duration::from_secs(seconds), (decode, quiet), file.as_ref()));
}

/// The other process.
fn serve(cameras: u64, anchor: Timestamp, quiet: bool) {
    let dir = std::env::temp_dir().join("gridwatch-cost");
    let scene = Scene::builtin("yard").expect("it is built in");
    let name = if quiet { "cost-quiet" } else { "cost-yard" };
    let renderers = || {
        if quiet {
            let renderer = scene.renderer(SIZE.width, SIZE.height);
            return vec![Box::new(Quiet { renderer, still: None }) as Box<dyn FrameSource>];
        }
        let numbers =
            testcard::TestCard { width: SIZE.width, height: SIZE.height, fps: 25, frame_count: PICTURES };
        let renderer = scene.renderer(SIZE.width, SIZE.height);
        let numbered = Numbered(renderer, numbers, I420Frame::new(SIZE.width, SIZE.height));
        vec![Box::new(numbered) as Box<dyn FrameSource>]
    };
    let mut bar = cache::ProgressBar::new("yard");
    let encoded = cache::ensure_with(name, SIZE, &dir, &renderers, &mut |progress| bar.show(progress));
    let encoded = Arc::new(encoded.expect("it encodes"));
    let bytes = fs::metadata(encoded.stream_path()).expect("it exists").len();
    eprintln!("stream: {:.2} Mbit/s", bytes as f64 * 8e-6 / encoded.duration().as_secs_f64());
    let mounts = (0..cameras).map(|camera| (format!("c{camera}"), Arc::clone(&encoded))).collect();
    let server = RtspCameras::start(RtspOptions::local(anchor), mounts).expect("it starts");
    println!("{}", server.port());
    // Until the other side closes.
    let _ = std::io::stdin().read(&mut [0]);
}

async fn measure(cameras: u64, time: Duration, (decode, quiet): (DecodeMode, bool), file: Option<&String>) {
    let anchor = SystemClock.now();
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["serve", &cameras.to_string(), &anchor.to_string(), if quiet { "quiet" } else { "yard" }])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts itself");
    let mut port = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut port).expect("the port");

    let (frames_tx, frames_rx) = mailbox();
    let (shutdown, metrics) = (Shutdown::new(), IngestMetrics::new(&Metrics::new()));
    let pool = DecodePool::start(2).expect("threads");
    let mut running = Vec::new();
    for camera in 0..cameras {
        let id = CameraId::new(format!("c{camera}")).expect("a valid id");
        let source = match file {
            Some(path) => SourceSettings::File { path: path.into(), pace: Pace::Realtime, repeat: true },
            None => {
                let url = Secret::new(format!("rtsp://127.0.0.1:{}/{id}", port.trim()));
                SourceSettings::Rtsp { url, transport: Transport::Auto }
            }
        };
        let name = id.to_string();
        let settings = CameraSettings {
            id,
            name,
            cell: None,
            source,
            sample_fps: 5,
            decode,
            rest: Duration::from_secs(10),
            record: false,
            tiles: TilesConfig::WHOLE,
            zones: Vec::new(),
        };
        let parts = CameraParts {
            frames: frames_tx.clone(),
            clock: SystemClock::shared(),
            metrics: metrics.clone(),
            timeouts: CameraTimeouts::default(),
            pool: pool.clone(),
            reels: Reels::default(),
            stills: Stills::new(Reels::default()),
            attention: tokio::sync::watch::channel(Default::default()).1,
            shutdown: shutdown.clone(),
        };
        running.push(tokio::spawn(Camera::new(settings, parts).0.run()));
    }
    drop(frames_tx);
    // Connecting costs more than going on does.
    let settled = tokio::time::Instant::now() + Duration::from_secs(4);
    while let Ok(Some(_)) = tokio::time::timeout_at(settled, frames_rx.recv()).await {}

    let (cpu_before, begun) = (cpu_seconds(), std::time::Instant::now());
    let (mut frames, mut latencies) = (0_u64, Vec::new());
    while let Ok(Some(frame)) = tokio::time::timeout_at((begun + time).into(), frames_rx.recv()).await {
        frames += 1;
        let stride = frame.planes.y_stride();
        let number = testcard::read_number(frame.planes.y(), stride, frame.width as usize);
        if let (Some(number), None) = (number, file) {
            let elapsed = SystemClock.now().as_millisecond() - anchor.as_millisecond();
            let due = i64::from(number) * 40;
            latencies.push((elapsed - due).rem_euclid(i64::from(PICTURES) * 40));
        }
    }
    let (cpu, wall) = (cpu_seconds() - cpu_before, begun.elapsed().as_secs_f64());
    println!(
        "{cameras} cameras, {wall:.0} s: {frames} frames, {:.2} a second each",
        frames as f64 / wall / cameras as f64
    );
    println!("processor: {:.4} cores a camera", cpu / wall / cameras as f64);
    latencies.sort_unstable();
    if let Some(last) = latencies.len().checked_sub(1) {
        let at = |share: f64| latencies[(last as f64 * share) as usize];
        println!("due to mailbox: median {} ms, 95 % {} ms, most {} ms", at(0.5), at(0.95), at(1.0));
    }
    shutdown.cancel();
    for camera in running {
        camera.await.expect("it does not panic");
    }
    drop(child.stdin.take());
    child.wait().expect("it ends");
}

/// Processor time of this process so far, without children.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("a name in brackets").split_whitespace().collect();
    let ticks: f64 = fields[11..13].iter().map(|field| field.parse::<f64>().expect("ticks")).sum();
    ticks / 100.0
}
