//! Runs a network through ONNX Runtime. The only place that knows of it.
//!
//! In: a [`Network`] whose hash is verified, and tensors. Out: the network's raw answer. Refused at load, with what to
//! do about it: no library, a library that is too old, a file that is not a network, shapes that are not the
//! manifest's.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use gridwatch_models::{Manifest, Network};
use ort::{
    environment::Environment,
    session::{Session, builder::GraphOptimizationLevel},
    value::{Outlet, TensorElementType, TensorRef},
};

use crate::DetectError;

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
    input_shape: [usize; 4],
    output_shape: [usize; 3],
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
        check_shapes(&session, manifest)?;
        let (input_shape, output_shape) = (manifest.input_shape(), manifest.output_shape());
        Ok(Self { name, session, input_shape, output_shape })
    }

    /// Runs the network on one input tensor and gives its answer, row by row, to `read`.
    ///
    /// # Errors
    /// [`DetectError::Run`], and [`DetectError::Shape`] where a network of free shape answers in another one.
    pub fn run<T>(&mut self, input: &[f32], read: impl FnOnce(&[f32]) -> T) -> Result<T, DetectError> {
        let failed = |source| DetectError::Run { network: self.name.clone(), source };
        let tensor = TensorRef::from_array_view((self.input_shape, input)).map_err(failed)?;
        let outputs = self.session.run(ort::inputs![tensor]).map_err(failed)?;
        let (shape, values) = outputs[0].try_extract_tensor::<f32>().map_err(failed)?;
        let wanted = self.output_shape.map(|size| size as i64);
        if **shape != wanted[..] {
            return Err(DetectError::Shape {
                network: self.name.clone(),
                side: "output",
                expected: format!("{wanted:?}"),
                found: format!("{shape:?}"),
            });
        }
        Ok(read(values))
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

fn check_shapes(session: &Session, manifest: &Manifest) -> Result<(), DetectError> {
    let check = |side, outlets: &[Outlet], wanted: &[usize]| {
        let found = match outlets {
            [outlet] | [outlet, ..] if side == "output" || outlets.len() == 1 => describe(outlet),
            _ => Err(format!("{} tensors", outlets.len())),
        };
        let fits = found.as_ref().is_ok_and(|shape| {
            // A size of −1 is free.
            shape.len() == wanted.len()
                && shape.iter().zip(wanted).all(|(&size, &want)| size < 0 || size == want as i64)
        });
        if fits {
            return Ok(());
        }
        Err(DetectError::Shape {
            network: manifest.name.clone(),
            side,
            expected: format!("f32 {wanted:?}"),
            found: found.map_or_else(|other| other, |shape| format!("f32 {shape:?}")),
        })
    };
    check("input", session.inputs(), &manifest.input_shape())?;
    check("output", session.outputs(), &manifest.output_shape())
}

/// The shape of an `f32` tensor, or what it is instead.
fn describe(outlet: &Outlet) -> Result<Vec<i64>, String> {
    match (outlet.dtype().tensor_type(), outlet.dtype().tensor_shape()) {
        (Some(TensorElementType::Float32), Some(shape)) => Ok(shape.iter().copied().collect()),
        _ => Err(outlet.dtype().to_string()),
    }
}
