//! The words gridwatch speaks: ids, time, geometry, grid cells, detections, zones, events, and their wire forms.
//!
//! Pure: no async, no I/O, no clock, no randomness. A value of these types is always valid; whoever builds one from
//! outside input gets a typed error that says what was found and what is allowed.

mod assignment;
mod checkpoint;
mod class;
mod error;
mod event;
mod frame;
mod geometry;
mod grid;
mod ground;
mod id;
mod near_pass;
mod schedule;
mod time;
pub mod topic;
pub mod wire;
mod zone;

pub use assignment::heaviest_pairs;
pub use checkpoint::Checkpoint;
pub use class::ObjectClass;
pub use error::DomainError;
pub use event::{
    Direction, Event, EventKind, EventObject, Evidence, EvidenceType, Findings, NetworkRef, Phase, RuleRef,
    Severity,
};
pub use frame::{Attention, Changes, Detection, Frame, Nv12Buffer, Nv12Planes};
pub use geometry::{NormBox, Point, Polygon};
pub use grid::{CellCode, CellLevel, GridNode, GridTree};
pub use ground::{Ground, Projective};
pub use id::{CameraId, EdgeId, EventId, PlaceId, Sha256Hex, TrackId, ZoneId};
pub use near_pass::{NEAR_PASS_SCHEMA, NUDGED, NearPass, Side};
pub use schedule::{Calendar, Day, Schedule, WeeklySpan};
pub use time::Timestamp;
pub use zone::{BayGroup, DwellLimit, Line, Outline, Permit, Zone, ZoneRule, ZoneType};
