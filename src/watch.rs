//! What the demo shows in its terminal: where to look, what is found, how it goes.

use std::{net::SocketAddr, path::Path, time::Duration};

use gridwatch_domain::{Event, Findings, Phase};
use gridwatch_runtime::{Clock as _, Metrics, SystemClock};
use gridwatch_sim::rtsp::RtspCameras;

use crate::{drawing::words::kind_names, output::say, scenes::RenderedScene};

/// Time between two lines of figures.
const FIGURES_EVERY: Duration = Duration::from_secs(30);

pub(crate) fn print_welcome(listen: SocketAddr) {
    say!();
    say!("  打开 / open   http://{listen}");
    say!();
    say!("  Ctrl-C 结束 / to stop");
    say!();
}

/// A camera is on the network: what is to be expected of it.
pub(crate) fn print_camera(rendered: &RenderedScene, cameras: &RtspCameras) {
    let mount = rendered.mount();
    let events = rendered.scene.expected_events();
    let round_s = rendered.scene.loop_s();
    let into_s = cameras.scene_time(&mount, SystemClock.now()).unwrap_or_default().as_secs_f64();
    let next = events.iter().map(|event| (event.open_s - into_s).rem_euclid(round_s)).reduce(f64::min);
    let told = next.map_or_else(
        || "无事 / nothing to find".to_owned(),
        |next| {
            let count = events.len();
            format!("每 {round_s:.0} 秒 {count} 起，下一起约 {next:.0} 秒后 / {count} every {round_s:.0} s, the next in about {next:.0} s")
        },
    );
    say!("  摄像机 / camera   {mount:<8} {told}");
}

/// One line per revision, as it is found.
pub(crate) fn print_findings(findings: &Findings) {
    for event in &findings.events {
        say!("{}", line(event));
    }
}

fn line(event: &Event) -> String {
    let (kind_zh, kind_en) = kind_names(event.kind);
    let (phase_zh, phase_en) = match event.phase {
        Phase::Open => ("发生", "opened"),
        Phase::Update => ("更新", "updated"),
        Phase::Close => ("解除", "closed"),
    };
    let zone = event.zone.as_ref().map_or("-", |zone| zone.as_str());
    let delay = SystemClock.now().saturating_since(event.at).as_millis();
    format!(
        "{}  {phase_zh} {kind_zh}  {} / {zone}  已停 {:.0} 秒   ({phase_en}: {kind_en}, stood {:.0} s, {} ms after it became true)",
        event.at, event.camera, event.dwell_s, event.dwell_s, delay
    )
}

/// A line of figures every half minute.
pub(crate) async fn print_figures(metrics: &Metrics) {
    let mut ticks = tokio::time::interval(FIGURES_EVERY);
    ticks.tick().await;
    let mut before = Figures::read(metrics);
    loop {
        ticks.tick().await;
        let now = Figures::read(metrics);
        say!("{}", now.since(&before));
        before = now;
    }
}

pub(crate) fn print_farewell(metrics: &Metrics, state: &Path) {
    let figures = Figures::read(metrics);
    say!(
        "已停止；{} 条修订已入库，{} 条留待下次启动 / stopped; {} revisions stored, {} wait for the next start in {}",
        figures.stored,
        figures.waiting,
        figures.stored,
        figures.waiting,
        state.display()
    );
}

/// What the metrics say, summed over cameras.
#[derive(Debug, Default, Clone, PartialEq)]
struct Figures {
    analysed: f64,
    lost: f64,
    inference_s: f64,
    inferences: f64,
    waiting: f64,
    stored: f64,
}

impl Figures {
    fn read(metrics: &Metrics) -> Self {
        let text = metrics.render();
        let sum = |name: &str, label: &str| -> f64 {
            text.lines()
                .filter(|line| line.starts_with(name) && line.contains(label))
                .filter(|line| matches!(line.as_bytes().get(name.len()), Some(b' ' | b'{')))
                .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
                .sum()
        };
        Self {
            analysed: sum("gridwatch_detect_frames_total", "outcome=\"sent\""),
            lost: sum("gridwatch_ingest_frames_total", "outcome=\"dropped\""),
            inference_s: sum("gridwatch_detect_inference_seconds_sum", ""),
            inferences: sum("gridwatch_detect_inference_seconds_count", ""),
            waiting: sum("gridwatch_alert_outbox_entries", ""),
            stored: sum("gridwatch_center_stored_total", ""),
        }
    }

    fn since(&self, before: &Self) -> String {
        let frames = self.analysed - before.analysed;
        let rate = frames / FIGURES_EVERY.as_secs_f64();
        let inference_ms =
            1000.0 * (self.inference_s - before.inference_s) / (self.inferences - before.inferences).max(1.0);
        let lost = self.lost - before.lost;
        format!(
            "分析 {rate:.1} 帧/秒，丢帧 {lost:.0}，推理 {inference_ms:.1} 毫秒，待送 {:.0}，已入库 {:.0}   ({rate:.1} frames/s analysed, {lost:.0} lost, inference {inference_ms:.1} ms, {:.0} to deliver, {:.0} stored)",
            self.waiting, self.stored, self.waiting, self.stored
        )
    }
}
