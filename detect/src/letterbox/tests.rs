//! The letterbox against a slow one that says in few lines what is meant.

mod kernels;

use std::sync::Arc;

use gridwatch_domain::{CameraId, Frame, Nv12Buffer, Nv12Planes, Timestamp};
use gridwatch_models::{ColorOrder, Input, Layout, Letterbox as FitRule};

use super::*;

fn input(width: u32, height: u32, letterbox: FitRule, color: ColorOrder) -> Input {
    Input {
        width,
        height,
        dynamic: false,
        layout: Layout::Nchw,
        color,
        scale: 1.0,
        mean: [0.0; 3],
        std: [1.0; 3],
        letterbox,
        pad: 114,
    }
}

/// A letterbox with a canvas in single precision.
struct Painter {
    letterbox: Letterbox,
    size: (usize, usize),
    tensor: Vec<f32>,
    covered: Option<Fit>,
}

impl Painter {
    fn new(input: &Input) -> Self {
        let size = (input.width as usize, input.height as usize);
        let tensor = vec![f32::NAN; 3 * size.0 * size.1];
        Self { letterbox: Letterbox::new(input), size, tensor, covered: None }
    }

    fn fill(&mut self, frame: &Frame) -> Result<Fit, DetectError> {
        let Self { letterbox, size, tensor, covered } = self;
        letterbox.fill(frame, Canvas { pixels: Pixels::Float32(tensor), size: *size, covered })
    }

    fn tensor(&self) -> &[f32] {
        &self.tensor
    }
}

fn frame(width: u32, height: u32, planes: impl Nv12Planes + 'static) -> Frame {
    let camera = CameraId::new("gate").expect("valid");
    Frame::new(camera, 0, Timestamp::UNIX_EPOCH, (width, height), Arc::new(planes))
}

/// A picture of waves, so that neither rows nor columns nor channels can be swapped unnoticed.
fn waves(width: u32, height: u32) -> Frame {
    let mut buffer = Nv12Buffer::filled(width, height, [0, 128, 128]);
    let wave = |x: usize, y: usize, fast: f32| {
        let phase = (x as f32 / width as f32 * 7.0 + y as f32 / height as f32 * 4.0) * fast;
        (125.0 + 80.0 * phase.sin()) as u8
    };
    let stride = buffer.y_stride();
    for (y, row) in buffer.y_mut().chunks_exact_mut(stride).enumerate() {
        row.iter_mut().enumerate().for_each(|(x, value)| *value = wave(x, y, 1.0));
    }
    let stride = buffer.uv_stride();
    for (y, row) in buffer.uv_mut().chunks_exact_mut(stride).enumerate() {
        row.iter_mut()
            .enumerate()
            .for_each(|(x, value)| *value = wave(x & !1, y, if x % 2 == 0 { 0.7 } else { 1.3 }));
    }
    frame(width, height, buffer)
}

/// Average of a plane over a rectangle in source pixels, in 64 samples a side.
fn average(plane: &[u8], stride: usize, step: usize, size: (usize, usize), rect: [f64; 4]) -> f64 {
    const SIDE: usize = 64;
    let mut sum = 0.0;
    for row in 0..SIDE {
        for column in 0..SIDE {
            let at = |from: f64, to: f64, index: usize, limit: usize| {
                ((from + (to - from) * (index as f64 + 0.5) / SIDE as f64) as usize).min(limit - 1)
            };
            let x = at(rect[0], rect[2], column, size.0);
            let y = at(rect[1], rect[3], row, size.1);
            sum += f64::from(plane[y * stride + x * step]);
        }
    }
    sum / (SIDE * SIDE) as f64
}

/// What an input pixel must be: blue, green, red.
fn reference(frame: &Frame, fit: Fit, column: usize, row: usize) -> [f64; 3] {
    let planes = &*frame.planes;
    let (width, height) = (frame.width as usize, frame.height as usize);
    let (rx, ry) = (width as f64 / fit.width as f64, height as f64 / fit.height as f64);
    let (x, y) = ((column - fit.left) as f64, (row - fit.top) as f64);
    let luma = [x * rx, y * ry, (x + 1.0) * rx, (y + 1.0) * ry];
    let luma = average(planes.y(), planes.y_stride(), 1, (width, height), luma);
    let (cx, cy) = ((x / 2.0).floor(), (y / 2.0).floor());
    let rect = [cx * rx, cy * ry, (cx + 1.0) * rx, (cy + 1.0) * ry];
    let half = (width.div_ceil(2), height.div_ceil(2));
    let u = average(planes.uv(), planes.uv_stride(), 2, half, rect) - 128.0;
    let v = average(&planes.uv()[1..], planes.uv_stride(), 2, half, rect) - 128.0;
    let y = (luma - 16.0) * 255.0 / 219.0;
    let (r, g, b) = if height >= 720 {
        (y + 1.7927 * v, y - 0.2132 * u - 0.5329 * v, y + 2.1124 * u)
    } else {
        (y + 1.5960 * v, y - 0.3918 * u - 0.8130 * v, y + 2.0172 * u)
    };
    [b, g, r].map(|value| value.clamp(0.0, 255.0))
}

#[track_caller]
fn check(picture: (u32, u32), net: (u32, u32), rule: FitRule) {
    let frame = waves(picture.0, picture.1);
    let mut letterbox = Painter::new(&input(net.0, net.1, rule, ColorOrder::Bgr));
    let fit = letterbox.fill(&frame).expect("whole planes");
    let (width, height) = (net.0 as usize, net.1 as usize);
    let pixel = |channel: usize, x: usize, y: usize| letterbox.tensor()[(channel * height + y) * width + x];
    for y in 0..height {
        for x in (y % 3..width).step_by(3) {
            let inside =
                (fit.left..fit.left + fit.width).contains(&x) && (fit.top..fit.top + fit.height).contains(&y);
            let wanted = if inside { reference(&frame, fit, x, y) } else { [114.0; 3] };
            for (channel, wanted) in wanted.into_iter().enumerate() {
                let found = f64::from(pixel(channel, x, y));
                assert!(
                    (found - wanted).abs() < 3.0,
                    "{picture:?} channel {channel} at {x},{y}: {found}, not {wanted}"
                );
            }
        }
    }
}

#[test]
fn agrees_with_the_slow_one() {
    check((192, 108), (64, 64), FitRule::TopLeft);
    check((192, 108), (64, 64), FitRule::Center);
    check((192, 108), (64, 64), FitRule::Stretch);
    check((64, 36), (64, 64), FitRule::TopLeft);
    check((90, 160), (64, 64), FitRule::Center);
    check((131, 77), (96, 64), FitRule::TopLeft);
    check((1280, 720), (128, 96), FitRule::TopLeft);
}

#[test]
fn fine_stripes_become_grey_and_not_a_moire() {
    let mut buffer = Nv12Buffer::filled(192, 96, [16, 128, 128]);
    buffer
        .y_mut()
        .iter_mut()
        .enumerate()
        .filter(|(index, _)| index % 192 % 3 == 1)
        .for_each(|(_, y)| *y = 235);
    let mut letterbox = Painter::new(&input(64, 32, FitRule::TopLeft, ColorOrder::Rgb));
    letterbox.fill(&frame(192, 96, buffer)).expect("whole planes");
    assert!(letterbox.tensor().iter().all(|value| (value - 85.0).abs() < 1.5));
}

#[test]
fn channels_come_in_the_order_and_scale_asked_for() {
    // Pure red, BT.601 limited.
    let red = frame(64, 32, Nv12Buffer::filled(64, 32, [81, 90, 240]));
    for (order, red_channel) in [(ColorOrder::Rgb, 0), (ColorOrder::Bgr, 2)] {
        let spec = Input {
            scale: 1.0 / 255.0,
            mean: [0.1, 0.2, 0.3],
            std: [0.5, 0.25, 0.2],
            ..input(64, 32, FitRule::Stretch, order)
        };
        let mut letterbox = Painter::new(&spec);
        letterbox.fill(&red).expect("whole planes");
        for channel in 0..3 {
            let color = if channel == red_channel { 1.0 } else { 0.0 };
            let wanted = (color - spec.mean[channel]) / spec.std[channel];
            let found = letterbox.tensor()[channel * 64 * 32 + 700];
            assert!((found - wanted).abs() < 0.05, "{order:?} {channel}: {found}, not {wanted}");
        }
    }
}

#[test]
fn padding_follows_the_size_of_the_picture() {
    let mut letterbox = Painter::new(&input(64, 64, FitRule::TopLeft, ColorOrder::Bgr));
    letterbox.fill(&frame(64, 64, Nv12Buffer::filled(64, 64, [235, 128, 128]))).expect("whole planes");
    assert_eq!(letterbox.tensor()[63 * 64], 255.0);
    letterbox.fill(&frame(64, 32, Nv12Buffer::filled(64, 32, [235, 128, 128]))).expect("whole planes");
    assert_eq!(letterbox.tensor()[63 * 64], 114.0, "what the earlier picture covered is padding again");
}

#[test]
fn boxes_lead_back_to_the_picture() {
    let fit = Fit::new(&input(640, 384, FitRule::TopLeft, ColorOrder::Bgr), 1920, 1080);
    let found = fit.to_picture(160.0, 90.0, 320.0, 180.0).expect("within the picture");
    assert_eq!(<[f32; 4]>::from(found), [0.25, 0.25, 0.5, 0.5]);
    assert_eq!(fit.to_picture(0.0, 361.0, 640.0, 384.0), None, "all of it in the padding");
    assert_eq!(fit.to_picture(f32::NAN, 0.0, 10.0, 10.0), None);
    let centered = Fit::new(&input(640, 384, FitRule::Center, ColorOrder::Bgr), 1920, 1080);
    assert_eq!(
        <[f32; 4]>::from(centered.to_picture(0.0, 12.0, 640.0, 372.0).expect("all of it")),
        [0.0, 0.0, 1.0, 1.0]
    );
}

#[test]
fn planes_shorter_than_their_size_are_refused() {
    let short = frame(64, 34, Nv12Buffer::filled(64, 32, [16, 128, 128]));
    let mut letterbox = Painter::new(&input(64, 32, FitRule::TopLeft, ColorOrder::Bgr));
    assert!(matches!(letterbox.fill(&short), Err(DetectError::Frame { height: 34, .. })));
}
