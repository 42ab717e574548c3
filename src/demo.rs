//! `gridwatch demo`: everything on one machine, with simulated cameras whose truth is known.
//!
//! The parts are the real ones: RTSP cameras (served by `sim`), an edge box, an MQTT broker, a center. They talk over
//! sockets as they would between machines; only the process is shared.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    net::SocketAddr,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use gridwatch_config::{CenterSettings, EdgeSettings, parse_center, parse_edge};
use gridwatch_models::ModelStore;
use gridwatch_runtime::{Metrics, SystemClock};
use gridwatch_sim::{
    Scene,
    rtsp::{RtspCameras, RtspOptions},
};

use crate::{
    broker::EmbeddedBroker, center, cli::DemoArguments, edge::Edge, edge_api, output::say, scenes, signals,
    watch, zones::watched_tables,
};

/// Where pages are served unless asked otherwise.
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);

/// The edge box of the demonstration.
const EDGE: &str = "demo-edge";

/// The community of the demonstration, as in the example files.
const GRID: &str = include_str!("../config/examples/grid.csv");

/// Each simulated camera's name and cell.
const PLACES: [(&str, &str, &str); 3] = [
    ("ljp-yard", "刘家坡小区院内", "520121002003007"),
    ("ljp-back", "刘家坡后院", "520121002003006"),
    ("ljp-gate", "刘家坡东门", "520121002003008"),
];

pub(crate) async fn run(arguments: DemoArguments) -> anyhow::Result<()> {
    let shutdown = signals::shutdown_on_signal()?;
    let listen = choose_address(arguments.listen)?;
    let scenes = scenes::find_all(&arguments.scenes)?;
    say!("渲染模拟摄像机（首次需要几分钟） / rendering the simulated cameras, minutes the first time");
    let mut rendering = scenes::render_aside(scenes.clone(), arguments.scenes.clone())?;
    // The rest of them joins the running system when it is ready.
    let first = tokio::select! {
        first = rendering.recv() => first.context("no scene was asked for")??,
        () = shutdown.cancelled() => return Ok(()),
    };

    std::fs::create_dir_all(&arguments.state)
        .with_context(|| format!("create the folder {}", arguments.state.display()))?;
    let clock = SystemClock::shared();
    let metrics = Metrics::new();
    let broker = EmbeddedBroker::start(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let mut cameras = RtspCameras::start(RtspOptions::local(clock.now()), Vec::new())
        .context("serve the simulated cameras")?;
    cameras.add(&first.mount(), first.encoded.clone())?;
    let api = BoxApi::prepare(&arguments.state)?;
    let center_settings = center_settings(&arguments.state, listen, broker.addr(), &api)?;
    let grid = gridwatch_center::grid::from_csv(GRID.as_bytes())
        .map_err(|problems| anyhow::anyhow!("the shipped grid: {problems:?}"))?;
    let center = center::start(center_settings, grid, clock.clone(), &metrics).await?;
    let edge_settings = edge_settings(&arguments.state, broker.addr(), &scenes, cameras.port(), &api)?;
    let api_settings = edge_settings.api.clone();
    let models = ModelStore::builtin();
    let mut edge =
        Edge::start(edge_settings, models.default_network(), clock, &metrics, Some(watch::print_findings))
            .await?;

    // Live pictures and clips, by way of the center. Changes of cameras want a file to be written into, and the demo has none.
    drop(edge_api::start(api_settings, edge.viewing(), shutdown.clone()).await?);

    watch::print_welcome(center.local_addr());
    edge.start_cameras(|camera| camera == first.scene.camera_id());
    watch::print_camera(&first, &cameras);
    let joining = async {
        while let Some(next) = rendering.recv().await {
            let next = next?;
            cameras.add(&next.mount(), next.encoded.clone())?;
            edge.start_cameras(|camera| camera == next.scene.camera_id());
            watch::print_camera(&next, &cameras);
        }
        std::future::pending::<anyhow::Result<()>>().await
    };
    let ended = tokio::select! {
        ended = joining => ended,
        () = watch::print_figures(&metrics) => Ok(()),
        () = shutdown.cancelled() => Ok(()),
    };
    edge.finish().await?;
    center.finish().await;
    cameras.stop();
    broker.stop();
    watch::print_farewell(&metrics, &arguments.state);
    ended
}

/// The address asked for, or the usual one, or a free one where that is taken.
fn choose_address(asked: Option<SocketAddr>) -> anyhow::Result<SocketAddr> {
    let free = |address| std::net::TcpListener::bind(address).is_ok();
    match asked {
        Some(address) if free(address) => Ok(address),
        Some(address) => anyhow::bail!("--listen {address}: the address is taken or not of this machine"),
        None if free(DEFAULT_LISTEN) => Ok(DEFAULT_LISTEN),
        None => {
            say!("端口 8080 已被占用，另选一个 / port 8080 is taken, using another");
            Ok(SocketAddr::new(DEFAULT_LISTEN.ip(), 0))
        }
    }
}

/// How the center of the demo reaches its edge box.
struct BoxApi {
    listen: SocketAddr,
    token_file: PathBuf,
}

impl BoxApi {
    /// Bytes of chance in the token.
    const TOKEN_BYTES: usize = 32;

    /// A free port of this machine, and a token that nobody else knows.
    fn prepare(state: &Path) -> anyhow::Result<Self> {
        let free = std::net::TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
        let listen = free.context("find a free port for the edge box")?;
        let mut token = [0; Self::TOKEN_BYTES];
        let chance = File::open("/dev/urandom").and_then(|mut chance| chance.read_exact(&mut token));
        chance.context("make a token")?;
        let token: String = token.iter().map(|byte| format!("{byte:02x}")).collect();
        let token_file = std::path::absolute(state)?.join("edge-token");
        let file = File::options().create(true).write(true).truncate(true).mode(0o600).open(&token_file);
        let written = file.and_then(|mut file| file.write_all(token.as_bytes()));
        written.with_context(|| format!("write {}", token_file.display()))?;
        Ok(Self { listen, token_file })
    }
}

/// As a configuration file would give them, so that the demo goes the way a user's files go.
fn edge_settings(
    state: &Path,
    broker: SocketAddr,
    scenes: &[Scene],
    cameras_port: u16,
    BoxApi { listen, token_file }: &BoxApi,
) -> anyhow::Result<EdgeSettings> {
    let mut text = format!(
        "[edge]\nid = \"{EDGE}\"\nstate_dir = \"edge\"\napi_listen = \"{listen}\"\napi_token_file = {token_file:?}\n\
         [broker]\nurl = \"mqtt://{broker}\"\n"
    );
    for scene in scenes {
        let id = scene.camera_id().to_string();
        let place = PLACES.iter().find(|(camera, ..)| *camera == id);
        let (name, cell) = place.map_or((id.as_str(), "520121002003"), |(_, name, cell)| (name, cell));
        text += &format!(
            "[[camera]]\nid = \"{id}\"\nname = \"{name}\"\ncell = \"{cell}\"\n\
             url = \"rtsp://127.0.0.1:{cameras_port}/{id}\"\nsample_fps = 5\n",
        );
        text += &watched_tables(scene)?;
    }
    parse_edge(&text, &std::path::absolute(state)?)
        .map_err(|problems| anyhow::anyhow!("the demo's edge box:\n{problems}"))
}

fn center_settings(
    state: &Path,
    listen: SocketAddr,
    broker: SocketAddr,
    api: &BoxApi,
) -> anyhow::Result<CenterSettings> {
    let BoxApi { listen: edge, token_file } = api;
    let text = format!(
        "[center]\nid = \"demo-center\"\nlisten = \"{listen}\"\nstate_dir = \"center\"\n[broker]\nurl = \"mqtt://{broker}\"\n\
         [[edge]]\nid = \"{EDGE}\"\nurl = \"http://{edge}\"\ntoken_file = {token_file:?}\n"
    );
    parse_center(&text, &std::path::absolute(state)?)
        .map_err(|problems| anyhow::anyhow!("the demo's center:\n{problems}"))
}
