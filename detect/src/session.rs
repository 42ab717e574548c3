//! Runs a network through ONNX Runtime. The only place that knows of it.
//!
//! In: a [`Network`] whose hash is verified, and tensors. Out: the network's raw answer. Refused at load, with what to
//! do about it: no library, a library that is too old, a file that is not a network, shapes that are not the
//! manifest's.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use gridwatch_models::{Layout, Manifest, Network};
use ort::{
    environment::Environment,
    session::{Session, builder::GraphOptimizationLevel},
    value::{DynValue, Outlet, TensorElementType, TensorRef},
};

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
    name: String,
    session: Session,
    input: InputForm,
    outputs: Vec<OutputForm>,
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
        let environment = environment(&settings.library_path())?;
        let manifest = network.manifest();
        let name = manifest.name.clone();
        let session = commit(&environment, network.bytes(), settings.threads)
            .map_err(|source| DetectError::Load { network: name.clone(), source })?;
        let input = InputForm::of(&session, manifest)?;
        let outputs = session.outputs().iter().map(output_form).collect::<Result<_, _>>();
        let outputs = outputs.map_err(|found| DetectError::Shape {
            network: name.clone(),
            side: "output",
            expected: "tensors of numbers".to_owned(),
            found,
        })?;
        Ok(Self { name, session, input, outputs, turned: Vec::new() })
    }

    /// Its outputs, as the file declares them.
    pub fn outputs(&self) -> &[OutputForm] {
        &self.outputs
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
        let failed = |source| DetectError::Run { network: self.name.clone(), source };
        let fed = self.input.fed(picture, &mut self.turned);
        let tensor = TensorRef::from_array_view((self.input.shape, fed)).map_err(failed)?;
        let outputs = match &self.input.size {
            None => self.session.run(ort::inputs![tensor]),
            Some(size) => {
                let size = TensorRef::from_array_view(([1, 2], &size[..])).map_err(failed)?;
                self.session.run(ort::inputs![tensor, size])
            }
        };
        let outputs = outputs.map_err(failed)?;
        let answers: Vec<Answer<'_>> = (0..outputs.len())
            .map(|index| Answer::of(&outputs[index]))
            .collect::<Result<_, _>>()
            .map_err(failed)?;
        let tensors: Vec<Tensor<'_>> = answers.iter().map(Answer::tensor).collect();
        Ok(read(&tensors))
    }
}

impl InputForm {
    fn of(session: &Session, manifest: &Manifest) -> Result<Self, DetectError> {
        let (width, height) = (manifest.input.width as usize, manifest.input.height as usize);
        let layout = manifest.input.layout;
        let shape = match layout {
            Layout::Nchw => [1, 3, height, width],
            Layout::Nhwc => [1, height, width, 3],
        };
        let size = match session.inputs() {
            [picture] if takes(picture, &shape) => None,
            [picture, size] if takes(picture, &shape) && is_size(size) => Some([width as i64, height as i64]),
            others => {
                return Err(DetectError::Shape {
                    network: manifest.name.clone(),
                    side: "input",
                    expected: format!("one picture, f32 {shape:?}"),
                    found: others.iter().map(describe).collect::<Vec<_>>().join(", "),
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

/// An output of a run, as single-precision numbers.
struct Answer<'a> {
    shape: Vec<usize>,
    values: Cow<'a, [f32]>,
}

impl<'a> Answer<'a> {
    fn of(output: &'a DynValue) -> Result<Self, ort::Error> {
        let (shape, values) = match output.dtype().tensor_type() {
            Some(TensorElementType::Int64) => {
                let (shape, values) = output.try_extract_tensor::<i64>()?;
                (shape, values.iter().map(|&value| value as f32).collect::<Vec<_>>().into())
            }
            Some(TensorElementType::Int32) => {
                let (shape, values) = output.try_extract_tensor::<i32>()?;
                (shape, values.iter().map(|&value| value as f32).collect::<Vec<_>>().into())
            }
            _ => {
                let (shape, values) = output.try_extract_tensor::<f32>()?;
                (shape, Cow::Borrowed(values))
            }
        };
        Ok(Self { shape: shape.iter().map(|&size| usize::try_from(size).unwrap_or(0)).collect(), values })
    }

    fn tensor(&self) -> Tensor<'_> {
        Tensor { shape: &self.shape, values: &self.values }
    }
}

/// ONNX Runtime allows one environment per process; sessions share it, and it is never torn down.
fn environment(library: &Path) -> Result<Environment, DetectError> {
    static SHARED: Mutex<Option<Environment>> = Mutex::new(None);
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(environment) = &*shared {
        return Ok(environment.clone());
    }
    let builder = ort::init_from(library)
        .map_err(|source| DetectError::Runtime { path: library.to_owned(), source })?;
    let environment = builder
        .with_name("gridwatch")
        .with_telemetry(false)
        .build()
        .map_err(|source| DetectError::Environment { source })?;
    environment.set_log_level(ort::logging::LogLevel::Error);
    Ok(shared.insert(environment).clone())
}

fn commit(environment: &Environment, bytes: &[u8], threads: usize) -> Result<Session, ort::Error> {
    Session::builder(environment)?
        .with_execution_providers([ort::ep::CPU::default().with_arena_allocator(true).build()])?
        .with_optimization_level(GraphOptimizationLevel::All)?
        .with_intra_threads(threads.max(1))?
        .with_inter_threads(1)?
        // Spinning threads keep a core busy between pictures.
        .with_intra_op_spinning(false)?
        .with_inter_op_spinning(false)?
        .commit_from_memory(bytes)
}

/// Whether this input takes pictures of this shape. A size of −1 is free.
fn takes(input: &Outlet, shape: &[usize]) -> bool {
    let (Some(TensorElementType::Float32), Some(found)) =
        (input.dtype().tensor_type(), input.dtype().tensor_shape())
    else {
        return false;
    };
    found.len() == shape.len()
        && found.iter().zip(shape).all(|(&size, &want)| size < 0 || size == want as i64)
}

/// Whether this input is the size that RT-DETR's and D-FINE's exports ask for.
fn is_size(input: &Outlet) -> bool {
    let shape = input.dtype().tensor_shape().map(|shape| shape.to_vec()).unwrap_or_default();
    input.dtype().tensor_type() == Some(TensorElementType::Int64)
        && matches!(shape[..], [batch, 2] if batch == 1 || batch < 0)
}

/// Name, type and sizes of an input, for messages.
fn describe(input: &Outlet) -> String {
    format!("{} {}", input.name(), input.dtype())
}

/// What an output is, or what it is that cannot be read.
fn output_form(output: &Outlet) -> Result<OutputForm, String> {
    let integer = match output.dtype().tensor_type() {
        Some(TensorElementType::Float32) => false,
        Some(TensorElementType::Int64 | TensorElementType::Int32) => true,
        _ => return Err(describe(output)),
    };
    let sizes = output.dtype().tensor_shape().ok_or_else(|| describe(output))?;
    let shape = sizes.iter().map(|&size| usize::try_from(size).ok()).collect();
    Ok(OutputForm { name: output.name().to_owned(), shape, integer })
}
