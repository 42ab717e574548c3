//! The file of an edge box.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use gridwatch_domain::EdgeId;
use serde::Deserialize;

use crate::{
    ApiSettings, BrokerConfig, BrokerSettings, CalendarConfig, CameraConfig, CameraSettings, EvidenceConfig,
    EvidenceSettings, InferenceSettings, NearPassesConfig, NearPassesSettings, NetworkConfig,
    NetworkSettings, Problems, ScheduleConfig, calendar::Schedules,
};

/// The file of an edge box: `gridwatch edge --config FILE`.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EdgeConfig {
    /// The box itself.
    pub edge: EdgeSection,
    /// Where alerts go.
    pub broker: BrokerConfig,
    /// What detects. Default: the shipped network.
    #[serde(default)]
    pub network: NetworkConfig,
    /// How detections are judged.
    #[serde(default)]
    pub detect: DetectConfig,
    /// Where alerts wait until the center has them.
    #[serde(default)]
    pub outbox: OutboxConfig,
    /// Pictures and clips of what happened, and recordings.
    #[serde(default)]
    pub evidence: EvidenceConfig,
    /// Who came close to parked vehicles.
    #[serde(default)]
    pub near_passes: NearPassesConfig,
    /// How pictures are decoded.
    #[serde(default)]
    pub decode: DecodeConfig,
    /// By which days and hours schedules go.
    #[serde(default)]
    pub calendar: CalendarConfig,
    /// Times of the week under a name, for zones and permits. Default: none.
    #[serde(default)]
    pub schedule: Vec<ScheduleConfig>,
    /// The cameras. Default: none, where they are to be added over the API.
    #[serde(default)]
    pub camera: Vec<CameraConfig>,
}

/// The `[edge]` table.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EdgeSection {
    /// Stable name of the box, unique within the broker: MQTT topic level and client id.
    pub id: EdgeId,
    /// Folder for the outbox and the memory of parked vehicles. Must survive a restart; only one process may use it.
    pub state_dir: PathBuf,
    /// Address for `/metrics` and `/healthz`, such as `127.0.0.1:9600`. Default: none.
    pub metrics_listen: Option<String>,
    /// Address for changes of cameras and zones over HTTP, such as `127.0.0.1:9601`; see docs/edge-api.md. Default: none.
    pub api_listen: Option<String>,
    /// File that holds the token which callers must give, 16 characters or more: its text without white space around it.
    pub api_token_file: Option<PathBuf>,
    /// Environment variable that holds the token, in place of the file.
    pub api_token_env: Option<String>,
}

/// The `[detect]` table.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DetectConfig {
    /// Score from which a detection counts, 0.05–0.95. Default: the network's own.
    #[schemars(range(min = 0.05, max = 0.95))]
    pub score_threshold: Option<f32>,
    /// How long a camera must give no picture for the event `camera.offline`, in seconds, 5–3600. Default: 30: one that restarts
    /// takes 20 to 60, and one that loses its connection is mostly back within a few.
    #[schemars(range(min = 5, max = 3600))]
    pub offline_after_s: Option<u32>,
}

/// The `[outbox]` table.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutboxConfig {
    /// Most that the outbox may take of the disk, in MiB, 8–1048576. Default: 2048. When it is full, frames are
    /// dropped, never events.
    #[schemars(range(min = 8, max = 1_048_576))]
    pub max_size_mib: Option<u32>,
}

/// Where the file names no number.
const DEFAULT_OFFLINE_AFTER_S: u32 = 30;

/// The `[decode]` table.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecodeConfig {
    /// What decodes: `software`, `hardware` (VA-API, NVDEC or V4L2, whichever works on this box; software where none does, which is
    /// logged), or `auto` (as `hardware`, without complaint). Default: auto.
    pub decoder: Option<DecoderConfig>,
}

/// What decodes pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DecoderConfig {
    /// A hardware decoder that has been seen to work, else software.
    #[default]
    Auto,
    /// The processor.
    Software,
    /// A hardware decoder; where none works it is an error for the log, and the processor decodes.
    Hardware,
}

/// Most of the disk that an outbox takes where the file names no number: some 15,000 snapshots.
const DEFAULT_OUTBOX_MIB: u32 = 2048;

/// An edge box, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct EdgeSettings {
    /// Stable name.
    pub id: EdgeId,
    /// Folder for durable state.
    pub state_dir: PathBuf,
    /// Address for `/metrics`.
    pub metrics_listen: Option<SocketAddr>,
    /// Where changes of cameras are taken, and from whom.
    pub api: Option<ApiSettings>,
    /// What decodes pictures.
    pub decoder: DecoderConfig,
    /// Where alerts go.
    pub broker: BrokerSettings,
    /// What detects.
    pub network: NetworkSettings,
    /// How the network is run.
    pub inference: InferenceSettings,
    /// Score from which a detection counts; none: the network's own.
    pub score_threshold: Option<f32>,
    /// How long a camera must give no picture to be told as offline.
    pub offline_after: Duration,
    /// Most that the outbox may take, in bytes.
    pub outbox_max_bytes: u64,
    /// What is kept of what happened.
    pub evidence: EvidenceSettings,
    /// For how long near passes are kept.
    pub near_passes: NearPassesSettings,
    /// Time zone that people read times in: that of `[calendar]`.
    pub time_zone: String,
    /// The cameras, ids unique.
    pub cameras: Vec<CameraSettings>,
    /// Schedules that nothing goes by: their numbers in the file, and their names.
    pub unused_schedules: Vec<(usize, String)>,
}

impl EdgeConfig {
    /// As if nothing referred to variables of the environment that are not set here.
    pub(crate) fn without_missing_secrets(mut self) -> Self {
        let is_missing = |variable: &String| std::env::var(variable).is_err();
        for camera in &mut self.camera {
            camera.password_env.take_if(|variable| is_missing(variable));
        }
        if self.edge.api_token_env.take_if(|variable| is_missing(variable)).is_some() {
            self.edge.api_listen = None;
        }
        self
    }

    pub(crate) fn check(self, folder: &Path, problems: &mut Problems) -> Option<EdgeSettings> {
        let broker = self.broker.check(problems);
        let inference = self.network.inference(problems);
        let network = self.network.check(folder, problems);
        let time_zone = self.calendar.time_zone().to_owned();
        let schedules = Schedules::check(self.calendar, self.schedule, problems);
        let mut cameras: Vec<CameraSettings> = Vec::with_capacity(self.camera.len());
        let mut seen = Vec::new();
        for (index, camera) in self.camera.into_iter().enumerate() {
            let key = format!("camera[{index}]");
            if seen.contains(&camera.id) {
                problems.push(format!("{key}.id"), format!("{} is the id of another camera", camera.id));
            }
            seen.push(camera.id.clone());
            cameras.extend(camera.check(&key, folder, &schedules, problems));
        }
        let metrics_listen = self
            .edge
            .metrics_listen
            .and_then(|listen| problems.keep("edge.metrics_listen", address(&listen)));
        let evidence = self.evidence.check(problems);
        let api = ApiSettings::check(
            self.edge.api_listen.as_deref(),
            self.edge.api_token_file.as_ref(),
            self.edge.api_token_env.as_deref(),
            folder,
            problems,
        );
        let outbox_mib = self.outbox.max_size_mib.unwrap_or(DEFAULT_OUTBOX_MIB);
        Some(EdgeSettings {
            id: self.edge.id,
            state_dir: folder.join(self.edge.state_dir),
            metrics_listen,
            api,
            decoder: self.decode.decoder.unwrap_or_default(),
            broker: broker?,
            network: network?,
            inference,
            score_threshold: self.detect.score_threshold,
            offline_after: Duration::from_secs(
                self.detect.offline_after_s.unwrap_or(DEFAULT_OFFLINE_AFTER_S).into(),
            ),
            outbox_max_bytes: u64::from(outbox_mib) << 20,
            evidence: evidence?,
            near_passes: self.near_passes.settings(),
            time_zone,
            cameras,
            unused_schedules: schedules.unused(),
        })
    }
}

/// An address to listen on, or what is wrong with it.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("{text:?}: expected IP:PORT, such as 127.0.0.1:8080 or 0.0.0.0:8080"))
}
