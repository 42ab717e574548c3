//! `gridwatch simulate serve|truth|video|still|dataset`.

pub(crate) mod video;

use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use gridwatch_domain::EventKind;
use gridwatch_runtime::{Clock as _, SystemClock};
use gridwatch_sim::{
    cache::PictureSize,
    rtsp::{RtspCameras, RtspOptions},
};
use serde_json::json;

use crate::{
    cli::{SceneArguments, SimulateCommand},
    output::say,
    scenes, signals,
};

pub(crate) fn run(command: SimulateCommand) -> anyhow::Result<()> {
    match command {
        SimulateCommand::Serve { scenes, listen } => crate::in_runtime(serve(scenes, listen)),
        SimulateCommand::Truth { scenes, score } => truth(&scenes, score),
        SimulateCommand::Video { scenes, out, config } => video::write(&scenes, &out, config),
        SimulateCommand::Still { scene, condition, at, out, boxes } => {
            let scene = scenes::find_under(&scene, condition)?;
            gridwatch_sim::still::write(&scene, at, boxes, &out)?;
            say!("{}", out.display());
            Ok(())
        }
        SimulateCommand::Dataset { out, count, seed, size } => {
            let (width, height) = (size.width, size.height);
            let fits = |side: u32| (64..=4096).contains(&side);
            if !fits(width) || !fits(height) || width % 8 != 0 || height % 2 != 0 {
                bail!(
                    "--size {width}x{height}: expected 64 to 4096 pixels a side, a multiple of 8 across, even down"
                );
            }
            let size = PictureSize { width, height };
            dataset(&out, count, seed, size)
        }
    }
}

/// Serves until a signal. Prints one line of JSON a camera: its address, and the time at which its first loop began.
async fn serve(arguments: SceneArguments, listen: SocketAddr) -> anyhow::Result<()> {
    let shutdown = signals::shutdown_on_signal()?;
    // What is half rendered is begun anew by the next one.
    let rendered = tokio::select! {
        rendered = tokio::task::spawn_blocking(move || scenes::render(&arguments)) => rendered??,
        () = shutdown.cancelled() => return Ok(()),
    };
    let anchor = SystemClock.now();
    let options = RtspOptions { bind: listen, anchor, login: None };
    let mounts = rendered.iter().map(|scene| (scene.mount(), scene.encoded.clone())).collect();
    let cameras = RtspCameras::start(options, mounts).context("serve the simulated cameras")?;
    for scene in &rendered {
        let url = cameras.url(&scene.mount())?;
        say!(
            "{}",
            json!({ "camera": scene.mount(), "url": url, "anchor": anchor, "loop_s": scene.scene.loop_s() })
        );
    }
    shutdown.cancelled().await;
    cameras.stop();
    Ok(())
}

fn truth(arguments: &SceneArguments, score: bool) -> anyhow::Result<()> {
    for name in &arguments.scenes {
        let scene = scenes::find_under(name, arguments.condition)?;
        if score {
            let truth = scene.truth_file(&scenes::name_under(name, arguments.condition));
            say!("{}", serde_json::to_string(&truth)?);
            continue;
        }
        let zones = scene.zones().into_iter().map(|zone| {
            json!({ "id": zone.id, "name": zone.name, "type": zone.zone_type, "polygon": zone.polygon,
                    "limit_s": zone.limit().map(|limit| limit.get().as_secs_f64()) })
        });
        let lines = scene.lines().into_iter().map(|line| {
            let one_way = line.rule(EventKind::WrongWay).is_some();
            json!({ "id": line.id, "name": line.name, "from": line.ends[0], "to": line.ends[1], "one_way": one_way })
        });
        let groups = scene.groups().into_iter().map(|group| {
            json!({ "id": group.id, "name": group.name, "bays": group.bays, "full": group.rule.least,
                    "limit_s": group.rule.limit.get().as_secs_f64() })
        });
        say!(
            "{}",
            json!({
                "camera": scene.camera_id(),
                "loop_s": scene.loop_s(),
                "zones": zones.collect::<Vec<_>>(),
                "lines": lines.collect::<Vec<_>>(),
                "groups": groups.collect::<Vec<_>>(),
                "events": scene.expected_events(),
                "near_passes": scene.near_passes(),
            })
        );
    }
    Ok(())
}

fn dataset(out: &std::path::Path, count: u32, seed: u64, size: PictureSize) -> anyhow::Result<()> {
    let mut bar = gridwatch_sim::cache::ProgressBar::new("training pictures");
    gridwatch_sim::dataset::generate(out, count, seed, size, &mut |done, total| {
        bar.show(gridwatch_sim::cache::Progress::Rendering { done, total });
    })?;
    say!("{}", out.display());
    Ok(())
}
