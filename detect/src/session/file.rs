//! An ONNX file in ONNX Runtime: what it declares, and runs of it. Knows nothing of manifests and heads.

use std::fmt;

use gridwatch_models::Layout;
use ort::{
    session::Session,
    value::{Outlet, TensorElementType},
};

use super::{Provider, SessionSettings, Shape, bound::Bound, memory::MemoryLimit, overdue::Overdue, runtime};
use crate::{
    DetectError,
    head::{OutputForm, Sizes, Tensor, Unreadable},
    letterbox::{Canvas, Pixels},
};

/// Shapes of input whose buffers are kept: a handful of aspects, times the numbers of pictures in a batch. Of more, those
/// used last stay.
const MOST_SHAPES: usize = 32;

/// A file that ONNX Runtime has accepted.
pub struct OnnxFile {
    name: String,
    session: Session,
    overdue: Overdue,
    provider: Provider,
    inputs: Vec<InputInfo>,
    outputs: Vec<OutputForm>,
    /// Last used last.
    bound: Vec<Bound>,
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
    /// 16-bit floating point numbers.
    Float16,
    /// Bytes.
    Uint8,
    /// 64-bit integers.
    Int64,
    /// Anything else, as ONNX Runtime calls it.
    Other(String),
}

impl fmt::Display for InputInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.kind {
            NumberKind::Float32 => "float32",
            NumberKind::Float16 => "float16",
            NumberKind::Uint8 => "uint8",
            NumberKind::Int64 => "int64",
            NumberKind::Other(kind) => kind,
        };
        write!(f, "{} {kind} {}", self.name, Sizes(&self.shape))
    }
}

impl InputInfo {
    /// Whether pictures can be fed in its numbers.
    pub(crate) fn is_picture(&self) -> bool {
        matches!(self.kind, NumberKind::Float32 | NumberKind::Float16 | NumberKind::Uint8)
    }

    /// Whether it takes pictures of this shape.
    pub(super) fn takes(&self, shape: &[usize]) -> bool {
        self.is_picture()
            && self.shape.len() == shape.len()
            && self.shape.iter().zip(shape).all(|(size, want)| size.is_none_or(|size| size == *want))
    }

    /// Whether it leaves width and height free.
    pub(super) fn takes_any_size(&self, layout: Layout) -> bool {
        matches!(
            (layout, &self.shape[..]),
            (Layout::Nchw, [_, _, None, None]) | (Layout::Nhwc, [_, None, None, _])
        )
    }

    /// Whether it takes any number of pictures at a time.
    pub(super) fn takes_batches(&self) -> bool {
        self.shape.first() == Some(&None)
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
    /// [`DetectError::Runtime`], [`DetectError::Environment`], [`DetectError::ProviderMissing`], [`DetectError::Provider`],
    /// [`DetectError::Load`]; [`DetectError::Shape`] where an output is no tensor of numbers.
    pub fn open(name: &str, bytes: &[u8], settings: &SessionSettings) -> Result<Self, DetectError> {
        let (session, provider) = runtime::open(name, bytes, settings)?;
        let overdue = Overdue::after(settings.longest_run);
        let overdue = overdue.map_err(|source| DetectError::Environment { source })?;
        let inputs = session.inputs().iter().map(input_info).collect();
        let outputs = session.outputs().iter().map(output_form).collect::<Result<_, _>>();
        let outputs = outputs.map_err(|found| DetectError::Shape {
            network: name.to_owned(),
            side: "output",
            expected: "tensors of float32, float16, int64 or int32".to_owned(),
            found,
        })?;
        Ok(Self { name: name.to_owned(), session, overdue, provider, inputs, outputs, bound: Vec::new() })
    }

    /// Its inputs.
    pub fn inputs(&self) -> &[InputInfo] {
        &self.inputs
    }

    /// Its outputs.
    pub fn outputs(&self) -> &[OutputForm] {
        &self.outputs
    }

    /// What computes it.
    pub fn provider(&self) -> Provider {
        self.provider
    }

    /// The program that wrote it; empty where it does not say.
    pub fn producer(&self) -> String {
        self.session.metadata().ok().and_then(|metadata| metadata.producer()).unwrap_or_default()
    }

    /// What its maker has noted under `key`, as Ultralytics does its labels under `names`.
    pub fn note(&self, key: &str) -> Option<String> {
        self.session.metadata().ok()?.custom(key)
    }

    /// One picture of the input of this shape, to be written before [`run`](Self::run). Each shape has buffers of its own, made
    /// when it is used first, and is tried out then.
    ///
    /// # Errors
    /// [`DetectError::FirstRun`], [`DetectError::Run`].
    pub fn canvas(&mut self, shape: Shape, picture: usize) -> Result<Canvas<'_>, DetectError> {
        let index = self.bind(shape)?;
        let network = &self.name;
        self.bound[index]
            .canvas(picture)
            .map_err(|source| DetectError::Run { network: network.clone(), source })
    }

    /// Runs it on what the canvases of this shape hold; gives the answer for each picture, in the order of
    /// [`outputs`](Self::outputs), to `read`.
    ///
    /// # Errors
    /// [`DetectError::Run`]; [`DetectError::FirstRun`] where the shape is new; [`DetectError::Answer`] where the answer to several
    /// pictures is not divided by pictures.
    pub fn run(&mut self, shape: Shape, read: impl FnMut(usize, &[Tensor<'_>])) -> Result<(), DetectError> {
        let index = self.bind(shape)?;
        let ran = self.bound[index].run((&mut self.session, &self.overdue), read);
        let network = || self.name.clone();
        ran.map_err(|source| {
            self.too_long().unwrap_or_else(|| DetectError::Run { network: network(), source })
        })?
        .ok_or_else(|| DetectError::Answer { network: network(), reason: Unreadable::Sizes })
    }

    /// Writes `values` (planar or interleaved as `shape` says, as single precision) into the only picture, for a probe.
    ///
    /// # Errors
    /// As [`canvas`](Self::canvas).
    pub(crate) fn write(&mut self, shape: Shape, values: &[f32]) -> Result<(), DetectError> {
        match self.canvas(shape, 0)?.pixels {
            Pixels::Float32(pixels) => pixels.copy_from_slice(values),
            Pixels::Float16(pixels) => {
                pixels.iter_mut().zip(values).for_each(|(to, &from)| *to = half::f16::from_f32(from));
            }
            Pixels::Uint8(pixels) => {
                pixels.iter_mut().zip(values).for_each(|(to, &from)| *to = (from * 255.0) as u8);
            }
        }
        Ok(())
    }

    /// The error, where the last run had to be ended.
    fn too_long(&self) -> Option<DetectError> {
        let longest = self.overdue.took_too_long()?;
        Some(DetectError::TakesTooLong { network: self.name.clone(), longest })
    }

    /// The index of the buffers for this shape.
    fn bind(&mut self, shape: Shape) -> Result<usize, DetectError> {
        let found = self.bound.iter().position(|bound| bound.shape == shape);
        let last = match found {
            Some(index) if index + 1 == self.bound.len() => return Ok(index),
            Some(index) => self.bound.remove(index),
            None => {
                if self.bound.len() == MOST_SHAPES {
                    self.bound.remove(0);
                }
                let shares_memory = self.provider.shares_memory();
                // What a graphics card asks of the system is not what it uses of it.
                let _limit = shares_memory.then(MemoryLimit::to_what_is_left);
                Bound::new(
                    (&mut self.session, &self.overdue),
                    &self.inputs,
                    &self.outputs,
                    shape,
                    shares_memory,
                )
                .map_err(|source| {
                    self.too_long().unwrap_or_else(|| DetectError::first_run(&self.name, source))
                })?
            }
        };
        self.bound.push(last);
        Ok(self.bound.len() - 1)
    }
}

fn input_info(input: &Outlet) -> InputInfo {
    let kind = match input.dtype().tensor_type() {
        Some(TensorElementType::Float32) => NumberKind::Float32,
        Some(TensorElementType::Float16) => NumberKind::Float16,
        Some(TensorElementType::Uint8) => NumberKind::Uint8,
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
        Some(TensorElementType::Float32 | TensorElementType::Float16) => false,
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
