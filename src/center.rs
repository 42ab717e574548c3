//! `gridwatch center`: receive → store → API and pages, wired.

use anyhow::Context as _;
use gridwatch_center::{Center, EdgeAddress, grid};
use gridwatch_config::{CenterSettings, ConfigError, Problems, Secret, load_center};
use gridwatch_domain::GridTree;
use gridwatch_runtime::{Metrics, SharedClock, Shutdown, SystemClock};
use tracing::info;

use crate::{cli::ConfigFile, link, signals};

pub(crate) async fn run(arguments: ConfigFile) -> anyhow::Result<()> {
    let settings = load_center(&arguments.config)?;
    let shutdown = signals::shutdown_on_signal()?;
    let grid = load_grid(&settings)
        .map_err(|problems| ConfigError::Invalid { path: arguments.config.clone(), problems })?;
    let center = start(settings, grid, SystemClock::shared(), &Metrics::new()).await?;
    info!("open http://{}", center.local_addr());
    shutdown.cancelled().await;
    center.finish().await;
    Ok(())
}

/// Starts a center; it ends with its `finish`.
pub(crate) async fn start(
    settings: CenterSettings,
    grid: GridTree,
    clock: SharedClock,
    metrics: &Metrics,
) -> anyhow::Result<Center> {
    let link = link::settings(&settings.broker, format!("gridwatch-center-{}", settings.id))?;
    let settings = gridwatch_center::CenterSettings {
        listen: settings.listen,
        state_dir: settings.state_dir,
        grid,
        link,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        edges: settings
            .edges
            .into_iter()
            .map(|edge| (edge.id, address(edge.authority, &edge.token)))
            .collect(),
    };
    Center::start(settings, clock, metrics.clone(), Shutdown::new()).await.context("start the center")
}

fn address(authority: String, token: &Secret) -> EdgeAddress {
    EdgeAddress { authority, token: token.reveal().to_owned() }
}

/// The grid tree that a center's configuration names; an empty one where it names none.
pub(crate) fn load_grid(settings: &CenterSettings) -> Result<GridTree, Problems> {
    let mut problems = Problems::default();
    let Some(file) = &settings.grid_file else { return Ok(GridTree::default()) };
    let text = std::fs::read(file);
    let Some(text) = problems.keep("grid.file", text) else { return Err(problems) };
    grid::from_csv(&text).map_err(|found| {
        for problem in found {
            problems.push("grid.file", format!("{}: {problem}", file.display()));
        }
        problems
    })
}
