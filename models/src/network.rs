//! A network ready to run: its manifest, and bytes that are proven to be the ones it means.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::Path;

use gridwatch_domain::Sha256Hex;

use crate::{Manifest, ModelError, sha256_of};

/// A manifest and the ONNX file it means. The hash was checked, so the two always belong together.
#[derive(Clone)]
pub struct Network {
    manifest: Manifest,
    bytes: Cow<'static, [u8]>,
}

impl Network {
    /// Puts a manifest and the content of an ONNX file together.
    ///
    /// # Errors
    /// [`ModelError::WrongHash`] where the bytes are not those the manifest means.
    pub fn new(manifest: Manifest, bytes: impl Into<Cow<'static, [u8]>>) -> Result<Self, ModelError> {
        let bytes = bytes.into();
        let (found, expected) = (sha256_of(&bytes), manifest.file.sha256.clone());
        if found != expected {
            return Err(ModelError::WrongHash { path: (&manifest.file.onnx).into(), found, expected });
        }
        Ok(Self { manifest, bytes })
    }

    /// Reads a manifest and the ONNX file it names, which lies beside it unless its path is absolute.
    ///
    /// # Errors
    /// Any [`ModelError`] of a file: missing, unreadable, bad manifest, wrong hash.
    pub fn load(manifest_path: &Path) -> Result<Self, ModelError> {
        let manifest = Manifest::load(manifest_path)?;
        let folder = manifest_path.parent().unwrap_or(Path::new(""));
        let onnx_path = folder.join(&manifest.file.onnx);
        let bytes = read_onnx(&onnx_path).map_err(|error| match error {
            ModelError::MissingFile { path } if manifest.file.url.is_some() => {
                ModelError::NotPulled { path, name: folder.display().to_string() }
            }
            other => other,
        })?;
        Self::new(manifest, bytes).map_err(|e| at_path(e, &onnx_path))
    }

    /// Reads a YOLOX file that comes without a manifest (see [`Manifest::yolox_coco`]). `sha256` is checked where it
    /// is given; where it is not, the file is taken as it is, and its hash stands in the manifest.
    ///
    /// # Errors
    /// Any [`ModelError`] of a file.
    pub fn load_yolox_coco(
        onnx_path: &Path,
        width: u32,
        height: u32,
        sha256: Option<Sha256Hex>,
    ) -> Result<Self, ModelError> {
        let bytes = read_onnx(onnx_path)?;
        let expected = sha256.unwrap_or_else(|| sha256_of(&bytes));
        Self::new(Manifest::yolox_coco(onnx_path, width, height, expected)?, bytes)
    }

    /// What the network is.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The ONNX file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The SHA-256 of [`Network::bytes`].
    pub fn sha256(&self) -> &Sha256Hex {
        &self.manifest.file.sha256
    }
}

/// Names the network, not its megabytes.
impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network")
            .field("name", &self.manifest.name)
            .field("sha256", &self.manifest.file.sha256)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}

fn read_onnx(path: &Path) -> Result<Vec<u8>, ModelError> {
    std::fs::read(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => ModelError::MissingFile { path: path.to_owned() },
        _ => ModelError::ReadFile { path: path.to_owned(), source },
    })
}

/// Tells of the file that was read, not of the name the manifest has for it.
fn at_path(error: ModelError, onnx_path: &Path) -> ModelError {
    match error {
        ModelError::WrongHash { found, expected, .. } => {
            ModelError::WrongHash { path: onnx_path.to_owned(), found, expected }
        }
        other => other,
    }
}
