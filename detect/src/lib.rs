//! Frames in, events out: network session, tracker, parked-object memory, zone rules.
//!
//! The way of a frame, module by module: [`letterbox`] → [`NetworkSession`] → [`head`] (together [`NetworkDetector`])
//! → [`health`], which may suspend the rest → [`tracker`] → [`parked`], which looks at [`appearance`] too → [`rules`] (together [`CameraState`], one per camera).
//! Knows nothing of decoders, brokers and stores.

mod analyser;
pub mod appearance;
mod batch;
mod camera;
mod error;
pub mod footprint;
pub mod head;
pub mod health;
pub mod letterbox;
mod metrics;
pub mod motion;
mod network;
pub mod parked;
pub mod passes;
mod pool;
pub mod recognise;
pub mod rules;
mod session;
mod settings;
mod sizes;
mod stage;
pub mod tiles;
pub mod tracker;

pub use analyser::{Analysed, Analyser};
pub use batch::Batch;
pub use camera::{CameraState, Followed, Look, Step};
pub use error::DetectError;
pub use network::{Detector, NetworkDetector, StepTimes};
pub use pool::{PoolSettings, available_cores, open_pool};
pub use session::{
    Finding, InputInfo, LIBRARY_VARIABLE, NetworkSession, NumberKind, OnnxFile, Provider, SessionSettings,
    Shape,
};
pub use settings::{CameraWatch, DetectSettings, MemorySettings, RuleSettings};
pub use sizes::seen_size;
pub use stage::{
    Attentions, BlindCameras, CameraNotice, DetectControl, DetectParts, DetectStage, Troubles, ZoneCounts,
};
