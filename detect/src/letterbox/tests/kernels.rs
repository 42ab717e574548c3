//! Every kernel that this processor can run, against the portable one: the same numbers, bit by bit, for any picture.

use half::f16;
use proptest::prelude::*;

use super::*;
use crate::letterbox::kernel::Kernel;

/// Rows of any length, with whatever lies between them.
struct Strided {
    y: Vec<u8>,
    uv: Vec<u8>,
    strides: (usize, usize),
}

impl Nv12Planes for Strided {
    fn y(&self) -> &[u8] {
        &self.y
    }
    fn y_stride(&self) -> usize {
        self.strides.0
    }
    fn uv(&self) -> &[u8] {
        &self.uv
    }
    fn uv_stride(&self) -> usize {
        self.strides.1
    }
}

/// A picture of noise with every value, whose last rows end where their pixels do.
fn noise(width: u32, height: u32, gaps: (usize, usize), seed: u64) -> Frame {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut plane = |row: usize, rows: usize, gap: usize| -> Vec<u8> {
        // Whole stretches of the extremes, so that sums reach their bounds.
        let extreme = |random: &mut fastrand::Rng| [0, 255, random.u8(..)][random.usize(0..3)];
        (0..(row + gap) * (rows - 1) + row).map(|_| extreme(&mut random)).collect()
    };
    let (columns, rows) = (width as usize, height as usize);
    let chroma_row = columns.div_ceil(2) * 2;
    let y = plane(columns, rows, gaps.0);
    let uv = plane(chroma_row, rows.div_ceil(2), gaps.1);
    frame(width, height, Strided { y, uv, strides: (columns + gaps.0, chroma_row + gaps.1) })
}

/// The tensor that `kernel` makes, as bits.
fn float32(kernel: &'static Kernel, input: &Input, frame: &Frame) -> Vec<u32> {
    let size = (input.width as usize, input.height as usize);
    let mut tensor = vec![f32::NAN; 3 * size.0 * size.1];
    let canvas = Canvas { pixels: Pixels::Float32(&mut tensor), size, covered: &mut None };
    Letterbox::with_kernel(input, kernel).fill(frame, canvas).expect("whole planes");
    tensor.into_iter().map(f32::to_bits).collect()
}

fn inputs() -> impl Strategy<Value = Input> {
    let rule = prop::sample::select(vec![FitRule::TopLeft, FitRule::Center, FitRule::Stretch]);
    let normal = prop::sample::select(vec![
        (1.0, [0.0; 3], [1.0; 3]),
        (1.0, [103.53, 116.28, 123.675], [57.375, 57.12, 58.395]),
        (1.0 / 255.0, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ]);
    (1_u32..200, 1_u32..120, rule, any::<bool>(), normal).prop_map(|(width, height, rule, rgb, normal)| {
        let color = if rgb { ColorOrder::Rgb } else { ColorOrder::Bgr };
        let (scale, mean, std) = normal;
        Input { scale, mean, std, ..input(width, height, rule, color) }
    })
}

#[track_caller]
fn check_kernels(input: &Input, frame: &Frame) -> Result<(), TestCaseError> {
    let mut kernels = Kernel::available();
    let portable = float32(kernels.next().expect("the portable one comes first"), input, frame);
    for kernel in kernels {
        let found = float32(kernel, input, frame);
        let other = portable.iter().zip(&found).position(|(a, b)| a != b);
        prop_assert_eq!(other, None, "{} differs for {:?} in {:?}", kernel.name, frame, input);
    }
    Ok(())
}

proptest! {
    #[test]
    fn every_kernel_gives_the_same_numbers(
        width in 1_u32..700,
        height in 1_u32..500,
        gaps in (0_usize..70, 0_usize..70),
        input in inputs(),
        seed in any::<u64>(),
    ) {
        check_kernels(&input, &noise(width, height, gaps, seed))?;
    }

    #[test]
    fn half_precision_bytes_and_order_are_those_of_single_precision(
        width in 1_u32..300,
        height in 1_u32..200,
        input in inputs(),
        layout in prop::sample::select(vec![Layout::Nchw, Layout::Nhwc]),
        seed in any::<u64>(),
    ) {
        let frame = noise(width, height, (3, 5), seed);
        let planar = float32(Kernel::best(), &input, &frame);
        let input = Input { layout, ..input };
        let size = (input.width as usize, input.height as usize);
        let pixels = size.0 * size.1;
        let at = |channel: usize, pixel: usize| match layout {
            Layout::Nchw => channel * pixels + pixel,
            Layout::Nhwc => pixel * 3 + channel,
        };
        let (mut single, mut half, mut bytes) = (vec![0.0; 3 * pixels], vec![f16::ZERO; 3 * pixels], vec![0; 3 * pixels]);
        let mut letterbox = Letterbox::new(&input);
        for pixels in [Pixels::Float32(&mut single), Pixels::Float16(&mut half), Pixels::Uint8(&mut bytes)] {
            letterbox.fill(&frame, Canvas { pixels, size, covered: &mut None }).expect("whole planes");
        }
        for channel in 0..3 {
            for pixel in 0..pixels {
                let wanted = f32::from_bits(planar[channel * pixels + pixel]);
                prop_assert_eq!(single[at(channel, pixel)], wanted);
                prop_assert_eq!(half[at(channel, pixel)], f16::from_f32(wanted));
                let byte = (wanted + 0.5).floor().clamp(0.0, 255.0);
                prop_assert_eq!(f32::from(bytes[at(channel, pixel)]), byte);
            }
        }
    }
}

#[test]
fn large_pictures_are_the_same_too() {
    let bgr = |width, height| input(width, height, FitRule::TopLeft, ColorOrder::Bgr);
    for (picture, input) in [
        ((1920, 1080), bgr(640, 384)),
        ((1921, 1081), bgr(416, 416)),
        ((3840, 2160), bgr(640, 384)),
        ((4096, 16), bgr(32, 32)),
        ((2, 2), bgr(640, 640)),
    ] {
        check_kernels(&input, &noise(picture.0, picture.1, (64, 0), 7)).expect("the same");
    }
}

#[test]
fn many_sizes_take_turns() {
    let mut painter = Painter::new(&input(64, 64, FitRule::Center, ColorOrder::Rgb));
    for round in 0..2 {
        for size in 2..2 + 2 * MOST_PLANS as u32 {
            let frame = noise(16, size, (0, 0), u64::from(size));
            painter.fill(&frame).expect("whole planes");
            let mut alone = Painter::new(&input(64, 64, FitRule::Center, ColorOrder::Rgb));
            alone.fill(&frame).expect("whole planes");
            assert_eq!(painter.tensor(), alone.tensor(), "round {round}, 16x{size}");
        }
    }
    assert_eq!(painter.letterbox.plans.len(), MOST_PLANS);
}
