//! Runs a network through ONNX Runtime. The only place that knows of it.
//!
//! In: a [`Network`] whose hash is verified, and pictures, written into its own input. Out: the network's raw answer, read where
//! it lies. Refused at load, with what to do about it: no library, a library that is too old or has not the provider that is
//! named, a file that is not a network, shapes that are not the manifest's, a network that cannot be run once.

mod bound;
mod file;
mod finding;
pub(crate) mod memory;
mod overdue;
mod provider;
mod runtime;

use std::{path::PathBuf, time::Duration};

use gridwatch_models::{Layout, Manifest, Network};

pub use self::{
    file::{InputInfo, NumberKind, OnnxFile},
    finding::Finding,
    provider::Provider,
};
use crate::{
    DetectError,
    batch::Batch,
    head::{OutputForm, Tensor},
    letterbox::Canvas,
};

/// The variable that names the ONNX Runtime library.
pub const LIBRARY_VARIABLE: &str = "ORT_DYLIB_PATH";
/// What the system's loader looks for where nothing names a path.
const DEFAULT_LIBRARY: &str = "libonnxruntime.so";

/// How networks are run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionSettings {
    /// The ONNX Runtime library. Default: what `ORT_DYLIB_PATH` names, else `libonnxruntime.so` of the system.
    pub library: Option<PathBuf>,
    /// Threads for one picture, ≥ 1. Default: 1, because cameras share the cores better than operators do.
    pub threads: usize,
    /// What computes. Default: the first of [`Provider::ORDER`] that the library has and that takes the network.
    pub provider: Option<Provider>,
    /// How many pictures at a time. Default: one.
    pub batch: Batch,
    /// A run that takes longer is ended, as a network's that hangs. Default: 30 s.
    pub longest_run: Duration,
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self {
            library: None,
            threads: 1,
            provider: None,
            batch: Batch::Off,
            longest_run: Duration::from_secs(30),
        }
    }
}

impl SessionSettings {
    /// The library that these settings lead to.
    pub fn library_path(&self) -> PathBuf {
        let named = || std::env::var_os(LIBRARY_VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
        match self.library.clone().or_else(named) {
            // Relative to the working folder, as every other path; ONNX Runtime's binding would take the program's.
            Some(path) if path.components().count() > 1 => std::path::absolute(&path).unwrap_or(path),
            Some(path) => path,
            None => DEFAULT_LIBRARY.into(),
        }
    }
}

/// The shape of an input: so many pictures at a time, of one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Pictures at a time, ≥ 1.
    pub pictures: usize,
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Order of the dimensions.
    pub layout: Layout,
}

impl Shape {
    /// `[pictures, 3, height, width]`, or `[pictures, height, width, 3]` for [`Layout::Nhwc`].
    pub fn dimensions(self) -> [usize; 4] {
        match self.layout {
            Layout::Nchw => [self.pictures, 3, self.height, self.width],
            Layout::Nhwc => [self.pictures, self.height, self.width, 3],
        }
    }
}

/// One network, ready to run.
pub struct NetworkSession {
    file: OnnxFile,
    shape: Shape,
}

impl NetworkSession {
    /// Loads the library, where that has not been done yet, and the network into it, and runs it once.
    ///
    /// # Errors
    /// As [`OnnxFile::open`]; [`DetectError::Shape`] where its inputs are not the manifest's; [`DetectError::FirstRun`].
    pub fn open(network: &Network, settings: &SessionSettings) -> Result<Self, DetectError> {
        let manifest = network.manifest();
        let mut file = OnnxFile::open(&manifest.name, network.bytes(), settings)?;
        let shape = checked_shape(&file, manifest)?;
        file.canvas(shape, 0)?;
        Ok(Self { file, shape })
    }

    /// Its outputs, as the file declares them.
    pub fn outputs(&self) -> &[OutputForm] {
        self.file.outputs()
    }

    /// What computes it.
    pub fn provider(&self) -> Provider {
        self.file.provider()
    }

    /// The shape of one picture, of the manifest's size.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Its input, as the file declares it.
    pub fn input(&self) -> String {
        self.file.inputs()[0].to_string()
    }

    /// Whether the file takes several pictures at a time.
    pub fn takes_batches(&self) -> bool {
        self.file.inputs()[0].takes_batches()
    }

    /// One picture of the input, to be written before [`run`](Self::run).
    ///
    /// # Errors
    /// As [`OnnxFile::canvas`].
    pub fn canvas(&mut self, shape: Shape, picture: usize) -> Result<Canvas<'_>, DetectError> {
        self.file.canvas(shape, picture)
    }

    /// Runs the network and gives its answer for each picture, in the order of [`outputs`](Self::outputs), to `read`.
    ///
    /// # Errors
    /// As [`OnnxFile::run`].
    pub fn run(&mut self, shape: Shape, read: impl FnMut(usize, &[Tensor<'_>])) -> Result<(), DetectError> {
        self.file.run(shape, read)
    }
}

/// The shape that the manifest says, where the file takes it.
fn checked_shape(file: &OnnxFile, manifest: &Manifest) -> Result<Shape, DetectError> {
    let input = &manifest.input;
    let (width, height) = (input.width as usize, input.height as usize);
    let shape = Shape { pictures: 1, width, height, layout: input.layout };
    let takes = |picture: &InputInfo| {
        picture.takes(&shape.dimensions()) && (!input.dynamic || picture.takes_any_size(input.layout))
    };
    match file.inputs() {
        [picture] if takes(picture) => Ok(shape),
        [picture, size] if takes(picture) && size.is_size() => Ok(shape),
        others => Err(DetectError::Shape {
            network: manifest.name.clone(),
            side: "input",
            expected: format!(
                "one picture, float32, float16 or uint8 {:?}{}",
                shape.dimensions(),
                if input.dynamic { ", of any size (dynamic)" } else { "" }
            ),
            found: others.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        }),
    }
}
