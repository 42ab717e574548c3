//! The process that is measured: an edge box as `gridwatch edge` runs it, which looks at itself meanwhile.

use std::{
    collections::BTreeMap,
    io::Read as _,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use gridwatch_config::parse_edge;
use gridwatch_domain::{CameraId, Timestamp};
use gridwatch_runtime::{Clock as _, Metrics, StageMetrics, SystemClock};

use super::{
    affinity,
    protocol::{Measured, Moment, PipelineSpec, PipelineWord},
    samples::Samples,
    usage::{self, Energy, Stage},
};
use crate::{edge::Edge, network, output::say};

/// Cameras that are connected at a time: a box that starts connects to all at once, which is not what is measured here.
const CONNECTED_AT_ONCE: usize = 10;
/// Between two such groups.
const CONNECT_EVERY: Duration = Duration::from_millis(400);
/// Longest wait for the last camera's first picture.
const LIVE_PATIENCE: Duration = Duration::from_secs(40);
/// Why a camera wakes, as `gridwatch_ingest::Reason` has it.
const WAKING: [&str; 5] = ["beginning", "changed", "surge", "watchful", "due"];
/// Between two looks at what each camera has been given.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often at most, in a measurement, memory and handles are looked at: as fine as a plot shows.
const MOMENTS: f64 = 240.0;

/// Reads what to do from standard input.
pub(super) fn run() -> anyhow::Result<()> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("read what to measure")?;
    let spec: PipelineSpec = serde_json::from_str(&text).context("read what to measure")?;
    // Before any thread is started: they inherit it.
    affinity::pin(&spec.cores)?;
    // As many as the runtime starts by itself. They are the first that it names; what is put off, as clips that are written, gets threads later.
    let receivers = std::thread::available_parallelism().map_or(1, usize::from);
    let named = std::sync::atomic::AtomicUsize::new(0);
    let name = move || {
        let number = named.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if number < receivers { "receive".to_owned() } else { "put-off".to_owned() }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(receivers)
        .thread_name_fn(name)
        .enable_all()
        .build()
        .context("start the async runtime")?;
    let measured = runtime.block_on(measure(&spec));
    runtime.shutdown_timeout(Duration::from_secs(1));
    say!("{}", serde_json::to_string(&PipelineWord::Measured(measured?))?);
    Ok(())
}

async fn measure(spec: &PipelineSpec) -> anyhow::Result<Measured> {
    let settings = parse_edge(&spec.config, &spec.folder)
        .map_err(|problems| anyhow::anyhow!("the edge box's configuration:\n{problems}"))?;
    let loaded =
        network::load(&settings.network).map_err(|problems| anyhow::anyhow!("the network:\n{problems}"))?;
    let cameras: Vec<CameraId> = settings.cameras.iter().map(|camera| camera.id.clone()).collect();
    let metrics = Metrics::new();
    let mut edge = Edge::start(settings, &loaded, SystemClock::shared(), &metrics, None).await?;
    let (memory_before, _) = usage::memory()?;
    for group in cameras.chunks(CONNECTED_AT_ONCE) {
        edge.start_cameras(|camera| group.contains(camera));
        pass(CONNECT_EVERY).await;
    }
    let live_at = wait_until_live(&metrics, cameras.len()).await;
    pass(Duration::from_secs_f64(spec.settle_s)).await;

    say!("{}", serde_json::to_string(&PipelineWord::Begins)?);
    let window = Window::open(&metrics)?;
    let (gaps_s, course) = watch(&metrics, &cameras, Duration::from_secs_f64(spec.seconds)).await?;
    let measured = window.close(&metrics, live_at, memory_before, gaps_s, course);
    say!("{}", serde_json::to_string(&PipelineWord::Ends)?);
    edge.finish().await?;
    measured
}

/// When all were live, or patience ended.
async fn wait_until_live(metrics: &Metrics, cameras: usize) -> Timestamp {
    let patience = tokio::time::Instant::now() + LIVE_PATIENCE;
    while live(&Samples::of(metrics)) < cameras as f64 && tokio::time::Instant::now() < patience {
        pass(LOOK_EVERY).await;
    }
    SystemClock.now()
}

fn live(samples: &Samples) -> f64 {
    samples.sum("gridwatch_ingest_camera_live", &[])
}

/// The longest time in seconds that each camera went without a picture being analysed, and what this process held.
async fn watch(
    metrics: &Metrics,
    cameras: &[CameraId],
    time: Duration,
) -> anyhow::Result<(Vec<f64>, Vec<Moment>)> {
    let frames = StageMetrics::new(
        metrics,
        "gridwatch_detect_frames_total",
        "Frames that detection took, by outcome.",
        "camera",
    );
    let begun = tokio::time::Instant::now();
    let mut seen = vec![(0, begun, Duration::ZERO); cameras.len()];
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    let mut course: Vec<Moment> = Vec::new();
    loop {
        let now = ticks.tick().await;
        let seconds = now.saturating_duration_since(begun).as_secs_f64();
        let is_over = seconds >= time.as_secs_f64();
        let due_s = course.last().map_or(0.0, |last| last.seconds + time.as_secs_f64() / MOMENTS);
        if is_over || seconds >= due_s {
            let ((memory, _), (files, threads)) = (usage::memory()?, usage::handles()?);
            course.push(Moment { seconds, memory, files, threads });
        }
        for (camera, (count, since, longest)) in cameras.iter().zip(&mut seen) {
            let present = frames.count(camera.as_str(), "sent");
            *longest = (*longest).max(now.saturating_duration_since(*since));
            if present != *count {
                (*count, *since) = (present, now);
            }
        }
        if is_over {
            return Ok((seen.into_iter().map(|(.., longest)| longest.as_secs_f64()).collect(), course));
        }
    }
}

/// The beginning of the time that is measured.
struct Window {
    begun: Timestamp,
    clock: Instant,
    stages: BTreeMap<Stage, f64>,
    samples: Samples,
    energy: Option<Energy>,
}

impl Window {
    fn open(metrics: &Metrics) -> anyhow::Result<Self> {
        Ok(Self {
            begun: SystemClock.now(),
            clock: Instant::now(),
            stages: usage::stages()?,
            samples: Samples::of(metrics),
            energy: Energy::start(Path::new("/sys/class/powercap")),
        })
    }

    fn close(
        self,
        metrics: &Metrics,
        live_at: Timestamp,
        memory_before: u64,
        gaps_s: Vec<f64>,
        course: Vec<Moment>,
    ) -> anyhow::Result<Measured> {
        let (stages, wall) = (usage::stages()?, self.clock.elapsed().as_secs_f64());
        let joules = self.energy.as_ref().and_then(Energy::joules);
        let after = Samples::of(metrics);
        let (memory, memory_most) = usage::memory()?;
        let used = |stage: &Stage| stages.get(stage).unwrap_or(&0.0) - self.stages.get(stage).unwrap_or(&0.0);
        let cores = Stage::ALL.iter().map(|stage| (stage.as_str().to_owned(), used(stage) / wall)).collect();
        let since = |name: &str, labels: &[&str]| after.sum(name, labels) - self.samples.sum(name, labels);
        let frames = "gridwatch_ingest_frames_total";
        let units = "gridwatch_ingest_units_total";
        let detect = "gridwatch_detect_frames_total";
        let all_of_it = since("gridwatch_detect_frame_seconds_sum", &[]);
        Ok(Measured {
            live_at,
            begun: self.begun,
            ended: SystemClock.now(),
            live: live(&after) as u32,
            cores,
            inference_share: if all_of_it > 0.0 {
                since("gridwatch_detect_inference_seconds_sum", &[]) / all_of_it
            } else {
                1.0
            },
            memory_before,
            memory,
            memory_most,
            course,
            ring_bytes: after.sum("gridwatch_ingest_ring_bytes", &[]),
            gaps_s,
            units: since(units, &["outcome=\"received\""]),
            decoded: since(frames, &["outcome=\"received\""]),
            analysed: since(detect, &["outcome=\"sent\""]),
            inferred: since("gridwatch_detect_inference_seconds_count", &[]),
            lost: since(frames, &["outcome=\"dropped\""])
                + since(frames, &["outcome=\"failed\""])
                + since(units, &["outcome=\"left_out\""])
                + since(detect, &["outcome=\"dropped\""])
                + since(detect, &["outcome=\"failed\""]),
            wakings: WAKING
                .iter()
                .map(|reason| {
                    let labels = ["level=\"keys\"", &format!("reason=\"{reason}\"")];
                    ((*reason).to_owned(), since("gridwatch_ingest_gate_changes_total", &labels))
                })
                .collect(),
            ages: after.histogram_since("gridwatch_detect_age_seconds", &self.samples),
            outbox: [&self.samples, &after].map(|samples| samples.sum("gridwatch_alert_outbox_entries", &[])),
            joules,
        })
    }
}

/// Lets time pass: what is measured goes on meanwhile.
async fn pass(time: Duration) {
    tokio::time::sleep_until(tokio::time::Instant::now() + time).await;
}
