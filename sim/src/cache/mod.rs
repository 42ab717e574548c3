//! Encoded scenes on disk: rendered and encoded once, then only read.
//!
//! Four files a scene, size and encoding, `<fingerprint>-<width>x<height>.*`: `h264` or `h265` (a playable byte stream), `truth.jsonl` (one
//! line a picture), `index.json` (where each picture lies; written last, so that a render which was interrupted leaves
//! nothing that looks finished) and `lock` (held while rendering, so that two processes do not render the same).

mod files;
mod progress;
mod scene;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    FrameSource, Scene,
    encode::{EncodeError, Encoding},
};
use files::Files;
pub use progress::{Progress, ProgressBar};
pub use scene::EncodedScene;

/// What can go wrong between a scene and its encoded form.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// A file of the cache cannot be read or written.
    #[error("{action} {path}")]
    File {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// Rendering or encoding failed.
    #[error("encode a scene into {path}")]
    Encode {
        /// The stream that was being written.
        path: PathBuf,
        /// Why it failed.
        source: EncodeError,
    },
    /// A file of the cache is not what this program wrote. Deleting it makes the scene be rendered anew.
    #[error("{path} is damaged (delete it to render the scene anew): {problem}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
}

/// Width and height of a picture in pixels; the width a multiple of 8, the height even.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureSize {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

impl PictureSize {
    /// 1920×1080.
    pub const FULL_HD: Self = Self { width: 1920, height: 1080 };
    /// 1280×720.
    pub const HD: Self = Self { width: 1280, height: 720 };
}

/// The encoded form of a scene: from the cache folder, or else rendered into it, which takes minutes.
///
/// `progress` is called from the calling thread. A second process waits for the first.
///
/// # Errors
/// When the folder cannot be written, or rendering or encoding fails; nothing half-finished is left behind.
pub fn ensure(
    scene: &Scene,
    size: PictureSize,
    dir: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<EncodedScene, CacheError> {
    ensure_encoded(scene, size, scene.encoding(size.width, size.height), dir, progress)
}

/// As [`ensure`], encoded as asked.
///
/// # Errors
/// As [`ensure`].
pub fn ensure_encoded(
    scene: &Scene,
    size: PictureSize,
    encoding: Encoding,
    dir: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<EncodedScene, CacheError> {
    let renderers = || {
        let lanes = std::thread::available_parallelism().map_or(1, usize::from);
        (0..lanes)
            .map(|_| Box::new(scene.renderer(size.width, size.height)) as Box<dyn FrameSource>)
            .collect()
    };
    ensure_as(&scene.fingerprint(), size, encoding, dir, &renderers, progress)
}

/// As [`ensure`], for any source of pictures. `fingerprint` must change whenever the pictures do.
///
/// # Errors
/// As [`ensure`].
pub fn ensure_with(
    fingerprint: &str,
    size: PictureSize,
    dir: &Path,
    renderers: &dyn Fn() -> Vec<Box<dyn FrameSource>>,
    progress: &mut dyn FnMut(Progress),
) -> Result<EncodedScene, CacheError> {
    ensure_as(fingerprint, size, Encoding::usual(size.width, size.height), dir, renderers, progress)
}

/// As [`ensure_with`], encoded as asked.
///
/// # Errors
/// As [`ensure`].
pub fn ensure_as(
    fingerprint: &str,
    size: PictureSize,
    encoding: Encoding,
    dir: &Path,
    renderers: &dyn Fn() -> Vec<Box<dyn FrameSource>>,
    progress: &mut dyn FnMut(Progress),
) -> Result<EncodedScene, CacheError> {
    fs::create_dir_all(dir).map_err(file_error("create folder", dir))?;
    let files = Files::of(dir, fingerprint, size, encoding);
    if let Some(found) = files.open()? {
        return Ok(found);
    }
    let _lock = files.lock(progress)?;
    // Another process may have finished it while this one waited.
    if let Some(found) = files.open()? {
        return Ok(found);
    }
    files.render(renderers(), progress)?;
    files.open()?.ok_or_else(|| damaged(&files.index, "it vanished right after it was written".into()))
}

fn file_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> CacheError {
    let path = path.to_owned();
    move |source| CacheError::File { action, path, source }
}

fn damaged(path: &Path, problem: String) -> CacheError {
    CacheError::Damaged { path: path.to_owned(), problem }
}
