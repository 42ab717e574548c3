//! The detector networks: what each one is, where its file lies, and whether that file is the right one.
//!
//! In: a manifest (TOML) and an ONNX file beside it, or the preset for a user's own YOLOX file. Out: a [`Network`],
//! whose bytes are known to have the SHA-256 that its manifest states. Refused, each with a typed error: a manifest
//! with unknown keys or impossible values (every problem at once, with its key path), a missing file, a file with
//! another hash.
//!
//! The shipped network is embedded in the binary, so it works from any folder. Nothing here runs a network or reads
//! the inside of an ONNX file: that is `detect`'s part, which checks the session's shapes against
//! [`Manifest::output_shape`].

mod digest;
mod error;
mod labels;
mod manifest;
mod network;
mod preset;
mod store;
mod validate;

pub use digest::sha256_of;
pub use error::{ModelError, Problem, Problems};
pub use labels::COCO_LABELS;
pub use manifest::{
    ColorOrder, Head, HeadType, Input, Layout, Letterbox, Manifest, NetworkFile, Quality, SCHEMA, Thresholds,
};
pub use network::Network;
pub use store::{Listed, MANIFEST_FILE, ModelStore};
