//! An ONNX file in ONNX Runtime: what it declares, and runs of it. Knows nothing of manifests and heads.

use std::{borrow::Cow, fmt};

use ort::{
    session::Session,
    value::{DynValue, Outlet, TensorElementType, TensorRef},
};

use super::{
    SessionSettings,
    runtime::{commit, environment},
};
use crate::{
    DetectError,
    head::{OutputForm, Sizes, Tensor},
};

/// A file that ONNX Runtime has accepted.
pub struct OnnxFile {
    name: String,
    session: Session,
    inputs: Vec<InputInfo>,
    outputs: Vec<OutputForm>,
}

/// One input as the file declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputInfo {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: NumberKind,
    /// Its sizes; `None` is free.
    pub shape: Vec<Option<usize>>,
}

/// What a tensor holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NumberKind {
    /// 32-bit floating point numbers.
    Float32,
    /// 64-bit integers.
    Int64,
    /// Anything else, as ONNX Runtime calls it.
    Other(String),
}

impl fmt::Display for InputInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.kind {
            NumberKind::Float32 => "float32",
            NumberKind::Int64 => "int64",
            NumberKind::Other(kind) => kind,
        };
        write!(f, "{} {kind} {}", self.name, Sizes(&self.shape))
    }
}

impl InputInfo {
    /// Whether it takes pictures of this shape.
    pub(super) fn takes(&self, shape: &[usize]) -> bool {
        self.kind == NumberKind::Float32
            && self.shape.len() == shape.len()
            && self.shape.iter().zip(shape).all(|(size, want)| size.is_none_or(|size| size == *want))
    }

    /// Whether it is the size that RT-DETR's and D-FINE's exports ask for.
    pub(crate) fn is_size(&self) -> bool {
        self.kind == NumberKind::Int64 && matches!(self.shape[..], [None | Some(1), Some(2)])
    }
}

impl OnnxFile {
    /// Loads the library, where that has not been done yet, and the file into it. `name` is what errors call it.
    ///
    /// # Errors
    /// [`DetectError::Runtime`], [`DetectError::Environment`], [`DetectError::Load`]; [`DetectError::Shape`] where an output is no
    /// tensor of numbers.
    pub fn open(name: &str, bytes: &[u8], settings: &SessionSettings) -> Result<Self, DetectError> {
        let environment = environment(&settings.library_path())?;
        let session = commit(&environment, bytes, settings.threads)
            .map_err(|source| DetectError::Load { network: name.to_owned(), source })?;
        let inputs = session.inputs().iter().map(input_info).collect();
        let outputs = session.outputs().iter().map(output_form).collect::<Result<_, _>>();
        let outputs = outputs.map_err(|found| DetectError::Shape {
            network: name.to_owned(),
            side: "output",
            expected: "tensors of float32, int64 or int32".to_owned(),
            found,
        })?;
        Ok(Self { name: name.to_owned(), session, inputs, outputs })
    }

    /// Its inputs.
    pub fn inputs(&self) -> &[InputInfo] {
        &self.inputs
    }

    /// Its outputs.
    pub fn outputs(&self) -> &[OutputForm] {
        &self.outputs
    }

    /// The program that wrote it; empty where it does not say.
    pub fn producer(&self) -> String {
        self.session.metadata().ok().and_then(|metadata| metadata.producer()).unwrap_or_default()
    }

    /// What its maker has noted under `key`, as Ultralytics does its labels under `names`.
    pub fn note(&self, key: &str) -> Option<String> {
        self.session.metadata().ok()?.custom(key)
    }

    /// Runs it on one picture, and on the size where it has such an input; gives the answer, in the order of
    /// [`outputs`](Self::outputs), to `read`.
    ///
    /// # Errors
    /// [`DetectError::Run`].
    pub fn run<T>(
        &mut self,
        shape: &[usize; 4],
        picture: &[f32],
        size: Option<&[i64; 2]>,
        read: impl FnOnce(&[Tensor<'_>]) -> T,
    ) -> Result<T, DetectError> {
        let failed = |source| DetectError::Run { network: self.name.clone(), source };
        let tensor = TensorRef::from_array_view((*shape, picture)).map_err(failed)?;
        let outputs = match size {
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

fn input_info(input: &Outlet) -> InputInfo {
    let kind = match input.dtype().tensor_type() {
        Some(TensorElementType::Float32) => NumberKind::Float32,
        Some(TensorElementType::Int64) => NumberKind::Int64,
        Some(other) => NumberKind::Other(other.to_string()),
        None => NumberKind::Other(input.dtype().to_string()),
    };
    InputInfo { name: input.name().to_owned(), kind, shape: sizes(input).unwrap_or_default() }
}

/// What an output is, or what it is that cannot be read.
fn output_form(output: &Outlet) -> Result<OutputForm, String> {
    let unreadable = || format!("{} {}", output.name(), output.dtype());
    let integer = match output.dtype().tensor_type() {
        Some(TensorElementType::Float32) => false,
        Some(TensorElementType::Int64 | TensorElementType::Int32) => true,
        _ => return Err(unreadable()),
    };
    let shape = sizes(output).ok_or_else(unreadable)?;
    Ok(OutputForm { name: output.name().to_owned(), shape, integer })
}

/// The sizes of a tensor; −1 is free.
fn sizes(outlet: &Outlet) -> Option<Vec<Option<usize>>> {
    Some(outlet.dtype().tensor_shape()?.iter().map(|&size| usize::try_from(size).ok()).collect())
}
