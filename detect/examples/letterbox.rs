//! Letterboxes one picture over and over, for `benches/letterbox_opencv.py`, which times another way to do it beside this.
//!
//! `letterbox FILE WIDTH HEIGHT NET_WIDTH NET_HEIGHT`, where FILE holds one NV12 picture without gaps. Each line on
//! standard input is a number of rounds to be run; the answer is one line with the nanoseconds they took together. The empty line
//! ends it with the tensor, 32-bit floats as the machine has them, on standard output. Told first: the instructions used.

use std::{
    io::{BufRead as _, Write as _, stdin, stdout},
    path::Path,
    sync::Arc,
    time::Instant,
};

use gridwatch_detect::letterbox::{Canvas, Letterbox, Pixels};
use gridwatch_domain::{CameraId, Frame, Nv12Buffer, Timestamp};
use gridwatch_models::{Manifest, sha256_of};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let [file, width, height, net_width, net_height] = &std::env::args().skip(1).collect::<Vec<_>>()[..]
    else {
        return Err("usage: letterbox FILE WIDTH HEIGHT NET_WIDTH NET_HEIGHT".into());
    };
    let frame = read(file, width.parse()?, height.parse()?)?;
    // As YOLOX is fed: BGR, 0–255, planar, single precision.
    let (net_width, net_height) = (net_width.parse()?, net_height.parse()?);
    let input = Manifest::yolox_coco(Path::new("none.onnx"), net_width, net_height, sha256_of(b""))?.input;
    let size = (input.width as usize, input.height as usize);
    let (mut tensor, mut covered) = (vec![0.0_f32; 3 * size.0 * size.1], None);
    let mut letterbox = Letterbox::new(&input);
    println!("{}", letterbox.instructions());
    for line in stdin().lock().lines() {
        let line = line?;
        if line.is_empty() {
            break;
        }
        let rounds: u32 = line.parse()?;
        let began = Instant::now();
        for _ in 0..rounds {
            let canvas = Canvas { pixels: Pixels::Float32(&mut tensor), size, covered: &mut covered };
            letterbox.fill(&frame, canvas)?;
        }
        println!("{}", began.elapsed().as_nanos());
    }
    let bytes: Vec<u8> = tensor.iter().flat_map(|value| value.to_ne_bytes()).collect();
    stdout().write_all(&bytes)?;
    Ok(())
}

fn read(file: &str, width: u32, height: u32) -> Result<Frame, Failure> {
    let bytes = std::fs::read(file)?;
    let mut buffer = Nv12Buffer::filled(width, height, [0; 3]);
    let luma = buffer.y_mut().len();
    if bytes.len() != luma + buffer.uv_mut().len() {
        return Err(format!("{file} is not one NV12 picture of {width}x{height}").into());
    }
    buffer.y_mut().copy_from_slice(&bytes[..luma]);
    buffer.uv_mut().copy_from_slice(&bytes[luma..]);
    let camera = CameraId::new("bench")?;
    Ok(Frame::new(camera, 0, Timestamp::UNIX_EPOCH, (width, height), Arc::new(buffer)))
}
