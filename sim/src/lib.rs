//! Simulated cameras: scenes rendered in software with known truth, encoded once, served over RTSP.
//!
//! A [`Scene`] is read from TOML: a place, a camera, zones and a script of actors that loops. Its [`SceneRenderer`]
//! turns the number of a frame into a picture and, beside it, the truth about every object in it;
//! [`Scene::expected_events`] says what must be found, computed from the script and the zones. [`dataset`] makes
//! labelled training pictures of random places with the same parts.
//! Knows nothing of detection, networks or delivery.

mod actor;
pub mod cache;
pub mod dataset;
mod draw;
pub mod encode;
mod error;
pub mod fleet;
mod frame;
mod renderer;
pub mod rtsp;
mod rtsp_feed;
mod scene;
pub mod still;
pub mod testcard;
mod timeline;
mod truth;
mod truth_file;
pub mod video;

pub use error::SimError;
pub use frame::{FrameSource, FrameTruth, I420Frame, TruthObject};
pub use renderer::SceneRenderer;
pub use scene::{Condition, ExpectedEvent, NearPass, Scene};
pub use timeline::Timeline;
pub use truth_file::TruthFile;
