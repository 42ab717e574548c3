//! The detector networks: what each one is, where its file lies, and whether that file is the right one.
//!
//! In: a manifest (TOML) and an ONNX file beside it, or the preset for a user's own YOLOX file. Out: a [`Network`],
//! whose bytes are known to have the SHA-256 that its manifest states. Refused, each with a typed error: a manifest
//! with unknown keys or impossible values (every problem at once, with its key path), a missing file, a file with
//! another hash.
//!
//! [`pull()`](pull::pull) fetches a file that is not there yet. [`evaluation`] says how good a network is on labelled pictures.
//!
//! The shipped network is embedded in the binary, so it works from any folder. Nothing here runs a network or reads
//! the inside of an ONNX file: that is `detect`'s part, which holds the session's inputs and outputs against the manifest.

mod digest;
mod error;
pub mod evaluation;
mod head;
mod labels;
mod manifest;
mod network;
mod preset;
pub mod pull;
mod store;
mod url;
mod validate;

pub use digest::sha256_of;
pub use error::{ModelError, Problem, Problems};
pub use head::{Activation, CellPoint, Corners, Head, HeadType};
pub use labels::{COCO_LABELS, class_of_label, coco_categories};
pub use manifest::{
    ColorOrder, Input, Layout, Letterbox, Manifest, NetworkFile, Quality, SCHEMA, Thresholds,
};
pub use network::Network;
pub use preset::name_of;
pub use store::{Listed, MANIFEST_FILE, ModelStore};
pub use url::{BadUrl, DownloadUrl};
pub use validate::INPUT_SIDE;
