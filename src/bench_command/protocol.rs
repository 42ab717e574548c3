//! What the processes of a measurement tell each other: lines of JSON over standard input and output.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use gridwatch_domain::Timestamp;
use gridwatch_sim::encode::{Codec, Encoding};
use serde::{Deserialize, Serialize};

use super::truth::Opened;

/// What the simulated cameras show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Footage {
    /// A shipped scene, or a TOML file.
    pub(super) scene: String,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) codec: CodecName,
    /// Thousands of bits a second.
    pub(super) kbit: u32,
    /// Pictures from one key picture to the next.
    pub(super) group: u32,
    /// Folder of rendered scenes.
    pub(super) cache: PathBuf,
}

/// As the command line and reports name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CodecName {
    /// H.264.
    H264,
    /// H.265.
    H265,
}

impl Footage {
    pub(super) fn encoding(&self) -> Encoding {
        let codec = match self.codec {
            CodecName::H264 => Codec::H264,
            CodecName::H265 => Codec::H265,
        };
        Encoding { codec, kbit: self.kbit, group: self.group }
    }
}

/// To the servers: what to serve, `c0`, `c1` … each at its phase.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ServersSpec {
    pub(super) footage: Footage,
    pub(super) phases_ms: Vec<u64>,
    /// Cores to run on; none: all.
    pub(super) cores: Vec<usize>,
}

/// From the servers, once they run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ServersReady {
    pub(super) rtsp: SocketAddr,
    pub(super) broker: SocketAddr,
    /// When each camera was at its phase.
    pub(super) anchor: Timestamp,
}

/// From the servers, for each line that they are sent.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct ServersCounts {
    pub(super) sent: u64,
    pub(super) late: u64,
    pub(super) left_out: u64,
    pub(super) opened: Vec<Opened>,
}

/// To the pipeline.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PipelineSpec {
    /// An edge box's configuration.
    pub(super) config: String,
    /// What its paths are relative to.
    pub(super) folder: PathBuf,
    /// Cores to run on; none: all.
    pub(super) cores: Vec<usize>,
    /// Seconds from the last camera's first picture to the measurement.
    pub(super) settle_s: f64,
    pub(super) seconds: f64,
}

/// From the pipeline.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "two of them in a trial")]
pub(super) enum PipelineWord {
    /// The measurement begins.
    Begins,
    /// It has ended; taking everything down follows.
    Ends,
    /// What came of it.
    Measured(Measured),
}

/// What a process holds at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Moment {
    /// Since the measurement began.
    pub(super) seconds: f64,
    /// Resident, in bytes.
    pub(super) memory: u64,
    /// Open files, sockets among them.
    pub(super) files: u32,
    pub(super) threads: u32,
}

/// What the pipeline measured of itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Measured {
    /// From here on all cameras were live.
    pub(super) live_at: Timestamp,
    pub(super) begun: Timestamp,
    pub(super) ended: Timestamp,
    /// Cameras whose pictures came at the end.
    pub(super) live: u32,
    /// Cores used, by stage.
    pub(super) cores: BTreeMap<String, f64>,
    /// Of the time of detection, the share of letterbox, network and box decoding.
    pub(super) inference_share: f64,
    /// Bytes: before the first camera, at the end, and at most.
    pub(super) memory_before: u64,
    pub(super) memory: u64,
    pub(super) memory_most: u64,
    /// What the process held meanwhile, in the order of time.
    pub(super) course: Vec<Moment>,
    /// Encoded pictures kept in memory at the end.
    pub(super) ring_bytes: f64,
    /// The longest time in seconds that each camera went without a picture being analysed.
    pub(super) gaps_s: Vec<f64>,
    /// Of the window: encoded pictures that came, pictures decoded, pictures analysed, pictures that the network was asked about.
    pub(super) units: f64,
    pub(super) decoded: f64,
    pub(super) analysed: f64,
    pub(super) inferred: f64,
    /// Pictures that were wanted and lost, at whatever place.
    pub(super) lost: f64,
    /// How often a camera at rest woke up, by reason.
    pub(super) wakings: BTreeMap<String, f64>,
    /// From arrival to the end of the analysis: how many took at most so many seconds; the last bound is endless (−1).
    pub(super) ages: Vec<(f64, f64)>,
    /// Revisions of events that waited in the outbox at the beginning and at the end.
    pub(super) outbox: [f64; 2],
    /// Joules of the machine's processors in the window, where it tells.
    pub(super) joules: Option<f64>,
}
