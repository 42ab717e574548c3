//! What can go wrong with a simulated camera.

use std::{io, path::PathBuf};

/// Why a scene or its pictures cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimError {
    /// No built-in scene of that name.
    #[error("scene {found:?}: built in are {known}")]
    UnknownScene {
        /// The name asked for.
        found: String,
        /// The names there are, separated by commas.
        known: String,
    },
    /// A scene description that cannot be used, with the key path of the offending value.
    #[error("scene: {key}: {problem}")]
    Scene {
        /// Key path, for example `vehicle[3].leg[0].path`.
        key: String,
        /// What was found and what is allowed.
        problem: String,
    },
    /// A file that cannot be read or written.
    #[error("file {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A picture that cannot be written.
    #[error("picture {path}")]
    Picture {
        /// The file.
        path: PathBuf,
        /// Why.
        source: image::ImageError,
    },
}

impl SimError {
    pub(crate) fn scene(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Scene { key: key.into(), problem: problem.into() }
    }
}
