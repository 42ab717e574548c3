//! Runs a network through ONNX Runtime. The only place that knows of it.
//!
//! In: a [`Network`] whose hash is verified, and tensors. Out: the network's raw answer. Refused at load, with what to
//! do about it: no library, a library that is too old, a file that is not a network, shapes that are not the
//! manifest's.

mod file;
mod runtime;

use std::path::PathBuf;

use gridwatch_models::{Layout, Manifest, Network};

pub use self::file::{InputInfo, NumberKind, OnnxFile};
use crate::{
    DetectError,
    head::{OutputForm, Tensor},
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
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self { library: None, threads: 1 }
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

/// One network, ready to run.
pub struct NetworkSession {
    file: OnnxFile,
    input: InputForm,
    /// The picture in the file's order, where that is not the letterbox's.
    turned: Vec<f32>,
}

/// How the file wants its input.
struct InputForm {
    /// `[1, 3, height, width]`, or `[1, height, width, 3]` for [`Layout::Nhwc`].
    shape: [usize; 4],
    layout: Layout,
    /// A second input that some exports have, for the size that boxes shall be scaled to: `[width, height]`.
    size: Option<[i64; 2]>,
}

impl NetworkSession {
    /// Loads the library, where that has not been done yet, and the network into it.
    ///
    /// # Errors
    /// [`DetectError::Runtime`], [`DetectError::Environment`], [`DetectError::Load`], [`DetectError::Shape`].
    pub fn open(network: &Network, settings: &SessionSettings) -> Result<Self, DetectError> {
        let manifest = network.manifest();
        let file = OnnxFile::open(&manifest.name, network.bytes(), settings)?;
        let input = InputForm::of(&file, manifest)?;
        Ok(Self { file, input, turned: Vec::new() })
    }

    /// Its outputs, as the file declares them.
    pub fn outputs(&self) -> &[OutputForm] {
        self.file.outputs()
    }

    /// The sizes of its input, in the file's order.
    pub fn input_shape(&self) -> [usize; 4] {
        self.input.shape
    }

    /// A picture, `[3, height, width]`, in the order in which the file is fed.
    pub(crate) fn fed<'a>(&'a mut self, picture: &'a [f32]) -> &'a [f32] {
        self.input.fed(picture, &mut self.turned)
    }

    /// Runs the network on one picture, `[3, height, width]`, and gives its answer, in the order of
    /// [`outputs`](Self::outputs), to `read`.
    ///
    /// # Errors
    /// [`DetectError::Run`].
    pub fn run<T>(
        &mut self,
        picture: &[f32],
        read: impl FnOnce(&[Tensor<'_>]) -> T,
    ) -> Result<T, DetectError> {
        let fed = self.input.fed(picture, &mut self.turned);
        self.file.run(&self.input.shape, fed, self.input.size.as_ref(), read)
    }
}

impl InputForm {
    fn of(file: &OnnxFile, manifest: &Manifest) -> Result<Self, DetectError> {
        let (width, height) = (manifest.input.width as usize, manifest.input.height as usize);
        let layout = manifest.input.layout;
        let shape = match layout {
            Layout::Nchw => [1, 3, height, width],
            Layout::Nhwc => [1, height, width, 3],
        };
        let size = match file.inputs() {
            [picture] if picture.takes(&shape) => None,
            [picture, size] if picture.takes(&shape) && size.is_size() => Some([width as i64, height as i64]),
            others => {
                return Err(DetectError::Shape {
                    network: manifest.name.clone(),
                    side: "input",
                    expected: format!("one picture, float32 {shape:?}"),
                    found: others.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
                });
            }
        };
        Ok(Self { shape, layout, size })
    }

    /// The picture as the file wants it.
    fn fed<'a>(&self, picture: &'a [f32], turned: &'a mut Vec<f32>) -> &'a [f32] {
        match self.layout {
            Layout::Nchw => picture,
            Layout::Nhwc => {
                let pixels = picture.len() / 3;
                turned.clear();
                turned.extend(
                    (0..pixels).flat_map(|pixel| [0, 1, 2].map(|channel| picture[channel * pixels + pixel])),
                );
                turned
            }
        }
    }
}
