//! The buffers of one shape of input: made once, bound to the session, and used again for every run.

use half::f16;
use half::slice::HalfFloatSliceExt as _;
use ort::{
    memory::{AllocationDevice, Allocator, AllocatorType, MemoryInfo, MemoryType},
    session::{IoBinding, Session},
    value::{DynTensor, DynValue, Tensor as OrtTensor, TensorElementType},
};

use super::{InputInfo, NumberKind, Shape, overdue::Overdue};
use crate::{
    head::{OutputForm, Tensor},
    letterbox::{Canvas, Fit, Pixels},
};

/// Input and outputs of a session for one shape.
pub(super) struct Bound {
    pub(super) shape: Shape,
    binding: IoBinding,
    picture: Picture,
    /// What each picture of the batch has covered.
    covered: Vec<Option<Fit>>,
    answers: Vec<Answer>,
    /// The input's name, where what was bound once is not seen at each run.
    bound_each_time: Option<String>,
}

/// The input, in the network's precision. ONNX Runtime reads it where it lies.
enum Picture {
    Float32(OrtTensor<f32>),
    Float16(OrtTensor<f16>),
    Uint8(OrtTensor<u8>),
}

/// One output, kept for its sizes and for numbers that are not single precision.
#[derive(Default)]
struct Answer {
    shape: Vec<usize>,
    values: Vec<f32>,
    is_single: bool,
    /// Pictures that it answers for; 0 where it is not divided by pictures.
    parts: usize,
}

impl Bound {
    /// Makes the buffers and runs the session once on nothing: what cannot run is known before the first picture, and the sizes
    /// of outputs are known.
    pub(super) fn new(
        (session, overdue): (&mut Session, &Overdue),
        inputs: &[InputInfo],
        outputs: &[OutputForm],
        shape: Shape,
        shares_memory: bool,
    ) -> Result<Self, ort::Error> {
        let dimensions = shape.dimensions();
        let picture = Picture::new(&inputs[0].kind, dimensions)?;
        let mut binding = session.create_binding()?;
        picture.bind(&mut binding, &inputs[0].name)?;
        if let Some(size) = inputs.get(1) {
            let wanted = [shape.width as i64, shape.height as i64].repeat(shape.pictures);
            let wanted = OrtTensor::from_array(([shape.pictures, 2], wanted))?;
            binding.bind_input(size.name.clone(), &wanted)?;
        }
        let memory = MemoryInfo::new(AllocationDevice::CPU, 0, AllocatorType::Device, MemoryType::CPUOutput)?;
        for output in outputs {
            binding.bind_output_to_device(output.name.clone(), &memory)?;
        }
        let kept = kept_outputs((session, overdue), &binding, outputs)?;
        binding.clear_outputs();
        for (output, kept) in outputs.iter().zip(kept) {
            match kept {
                Some(tensor) => binding.bind_output(output.name.clone(), tensor)?,
                None => binding.bind_output_to_device(output.name.clone(), &memory)?,
            }
        }
        Ok(Self {
            shape,
            binding,
            picture,
            covered: vec![None; shape.pictures],
            answers: outputs.iter().map(|_| Answer::default()).collect(),
            bound_each_time: (!shares_memory).then(|| inputs[0].name.clone()),
        })
    }

    /// One picture of the input.
    pub(super) fn canvas(&mut self, picture: usize) -> Result<Canvas<'_>, ort::Error> {
        let size = (self.shape.width, self.shape.height);
        let values = 3 * size.0 * size.1;
        let pixels = self.picture.pixels(picture * values..(picture + 1) * values)?;
        Ok(Canvas { pixels, size, covered: &mut self.covered[picture] })
    }

    /// Runs the session; gives the answer for each picture, in the order of the file's outputs, to `read`.
    ///
    /// `None` where an answer does not hold one part for each picture.
    pub(super) fn run(
        &mut self,
        (session, overdue): (&mut Session, &Overdue),
        mut read: impl FnMut(usize, &[Tensor<'_>]),
    ) -> Result<Option<()>, ort::Error> {
        if let Some(name) = &self.bound_each_time {
            self.picture.bind(&mut self.binding, name)?;
        }
        let binding = &self.binding;
        let outputs = overdue.watch(|options| session.run_binding_with_options(binding, options))?;
        let mut singles = Vec::with_capacity(self.answers.len());
        for (index, answer) in self.answers.iter_mut().enumerate() {
            singles.push(answer.take(&outputs[index], self.shape.pictures)?);
        }
        let mut tensors = Vec::with_capacity(self.answers.len());
        for picture in 0..self.shape.pictures {
            tensors.clear();
            for (answer, single) in self.answers.iter().zip(&singles) {
                let Some(tensor) = answer.part(single, picture) else { return Ok(None) };
                tensors.push(tensor);
            }
            read(picture, &tensors);
        }
        Ok(Some(()))
    }
}

/// A first run; for each output a buffer to be used again, where its sizes can be the same at each run.
fn kept_outputs(
    (session, overdue): (&mut Session, &Overdue),
    binding: &IoBinding,
    outputs: &[OutputForm],
) -> Result<Vec<Option<DynTensor>>, ort::Error> {
    let answers = overdue.watch(|options| session.run_binding_with_options(binding, options))?;
    let keep = |(index, output): (usize, &OutputForm)| {
        // The first size counts pictures. Another that is free may count what was found.
        let is_fixed = output.shape.iter().skip(1).all(Option::is_some);
        let answer = &answers[index];
        let Some(kind) = answer.dtype().tensor_type().filter(|_| is_fixed) else { return Ok(None) };
        let sizes: Vec<i64> = answer.shape().iter().copied().collect();
        DynTensor::new(&Allocator::default(), kind, sizes).map(Some)
    };
    outputs.iter().enumerate().map(keep).collect()
}

impl Picture {
    fn new(kind: &NumberKind, dimensions: [usize; 4]) -> Result<Self, ort::Error> {
        let allocator = Allocator::default();
        let mut picture = match kind {
            NumberKind::Float16 => Self::Float16(OrtTensor::new(&allocator, dimensions)?),
            NumberKind::Uint8 => Self::Uint8(OrtTensor::new(&allocator, dimensions)?),
            _ => Self::Float32(OrtTensor::new(&allocator, dimensions)?),
        };
        // ONNX Runtime does not clear what it allocates.
        match &mut picture {
            Self::Float32(tensor) => tensor.try_extract_tensor_mut::<f32>()?.1.fill(0.0),
            Self::Float16(tensor) => tensor.try_extract_tensor_mut::<f16>()?.1.fill(f16::ZERO),
            Self::Uint8(tensor) => tensor.try_extract_tensor_mut::<u8>()?.1.fill(0),
        }
        Ok(picture)
    }

    fn bind(&self, binding: &mut IoBinding, name: &str) -> Result<(), ort::Error> {
        match self {
            Self::Float32(tensor) => binding.bind_input(name, tensor),
            Self::Float16(tensor) => binding.bind_input(name, tensor),
            Self::Uint8(tensor) => binding.bind_input(name, tensor),
        }
    }

    fn pixels(&mut self, range: std::ops::Range<usize>) -> Result<Pixels<'_>, ort::Error> {
        Ok(match self {
            Self::Float32(tensor) => Pixels::Float32(&mut tensor.try_extract_tensor_mut::<f32>()?.1[range]),
            Self::Float16(tensor) => Pixels::Float16(&mut tensor.try_extract_tensor_mut::<f16>()?.1[range]),
            Self::Uint8(tensor) => Pixels::Uint8(&mut tensor.try_extract_tensor_mut::<u8>()?.1[range]),
        })
    }
}

impl Answer {
    /// Takes over sizes, and numbers that are not single precision; those that are are given back where they lie.
    fn take<'a>(&mut self, output: &'a DynValue, pictures: usize) -> Result<&'a [f32], ort::Error> {
        self.values.clear();
        self.is_single = false;
        let (shape, single) = match output.dtype().tensor_type() {
            Some(TensorElementType::Int64) => {
                let (shape, values) = output.try_extract_tensor::<i64>()?;
                self.values.extend(values.iter().map(|&value| value as f32));
                (shape, &[][..])
            }
            Some(TensorElementType::Int32) => {
                let (shape, values) = output.try_extract_tensor::<i32>()?;
                self.values.extend(values.iter().map(|&value| value as f32));
                (shape, &[][..])
            }
            Some(TensorElementType::Float16) => {
                let (shape, values) = output.try_extract_tensor::<f16>()?;
                self.values.resize(values.len(), 0.0);
                values.convert_to_f32_slice(&mut self.values);
                (shape, &[][..])
            }
            _ => {
                let (shape, values) = output.try_extract_tensor::<f32>()?;
                self.is_single = true;
                (shape, values)
            }
        };
        self.shape.clear();
        self.shape.extend(shape.iter().map(|&size| usize::try_from(size).unwrap_or(0)));
        self.parts = 1;
        if pictures > 1 {
            let count = self.shape.first_mut();
            self.parts =
                count.filter(|count| **count == pictures).map_or(0, |count| std::mem::replace(count, 1));
        }
        Ok(single)
    }

    /// The part of one picture.
    fn part<'a>(&'a self, single: &'a [f32], picture: usize) -> Option<Tensor<'a>> {
        let values = if self.is_single { single } else { &self.values };
        let part = values.len().checked_div(self.parts)?;
        Some(Tensor { shape: &self.shape, values: &values[picture * part..(picture + 1) * part] })
    }
}
