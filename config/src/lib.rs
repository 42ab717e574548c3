//! Typed configuration: load → validate → settings.
//!
//! In goes a TOML file; out come settings that are always valid, or every problem of the file at once, each with its
//! key path, what was found and what is allowed; and warnings of what is allowed and most likely not meant. Relative paths are taken from the folder of the file.
//! The doc comments of the structures are the manual, and `config schema` prints them as JSON Schema.

mod api;
mod aspect;
mod broker;
mod calendar;
mod camera;
mod center;
mod edge;
mod evidence;
mod inference;
mod line;
mod load;
mod misdrawn;
mod near_passes;
mod network;
mod problem;
mod prune;
mod schema;
mod secret;
mod stand_in;
mod warning;
mod zone;

pub use api::ApiSettings;
pub use aspect::Aspect;
pub use broker::{BrokerConfig, BrokerSettings};
pub use calendar::{CalendarConfig, ScheduleConfig};
pub use camera::{
    CameraConfig, CameraSettings, DecodeMode, Pace, SourceSettings, TilesConfig, TlsSettings, Transport,
    is_same_service,
};
pub use center::{CenterConfig, CenterSection, CenterSettings, EdgeAddressConfig, EdgeAddressSettings};
pub use edge::{
    DecodeConfig, DecoderConfig, DetectConfig, EdgeConfig, EdgeSection, EdgeSettings, OutboxConfig,
};
pub use evidence::{EvidenceConfig, EvidenceSettings};
pub use inference::{BatchConfig, BatchWord, InferenceSettings, ProviderConfig};
pub use line::{GroundConfig, GroupConfig, LineConfig, TellConfig};
pub use load::{
    ConfigError, Kind, Loaded, examine_edge, load_center, load_edge, load_edge_offline, load_file,
    parse_center, parse_edge, parse_edge_offline, parse_form, read_text,
};
pub use misdrawn::{Misdrawn, load_edge_to_look_at};
pub use near_passes::{NearPassesConfig, NearPassesSettings};
pub use network::{NetworkConfig, NetworkPreset, NetworkSettings};
pub use problem::{Problem, Problems};
pub use schema::{Form, json_schema};
pub use secret::{Secret, hide_passwords};
pub use warning::{InputExtent, Warning, warnings};
pub use zone::{PermitConfig, ZoneConfig};
