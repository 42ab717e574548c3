//! From YUV rows to the network's channels, normalised.

use gridwatch_models::Input;

use super::{channel_order, normalisation};

/// Rows from which a picture is taken for high definition, and with that for BT.709.
const HIGH_DEFINITION_ROWS: u32 = 720;
/// Limited range: 219 steps of luma above 16, 224 of chroma around 128.
const LUMA_GAIN: f32 = 255.0 / 219.0;
const CHROMA_GAIN: f32 = 255.0 / 224.0;

/// How one output channel is made of Y, U and V, and normalised.
#[derive(Debug, Clone, Copy)]
struct Channel {
    u: f32,
    v: f32,
    factor: f32,
    offset: f32,
}

/// How the three output channels are made.
pub(super) struct Coefficients {
    channels: [Channel; 3],
}

impl Coefficients {
    pub(super) fn new(input: &Input, picture_height: u32) -> Self {
        // Luma weights of red and blue.
        let (red, blue) =
            if picture_height >= HIGH_DEFINITION_ROWS { (0.2126, 0.0722) } else { (0.299, 0.114) };
        let green = 1.0 - red - blue;
        let (red_v, blue_u) = (2.0 * (1.0 - red), 2.0 * (1.0 - blue));
        let by_color = [(0.0, red_v), (-blue_u * blue / green, -red_v * red / green), (blue_u, 0.0)];
        let mut index = 0;
        let channels = channel_order(input.color).map(|color| {
            let (u, v) = by_color[color];
            let (factor, offset) = normalisation(input, index);
            index += 1;
            Channel { u: u * CHROMA_GAIN, v: v * CHROMA_GAIN, factor, offset }
        });
        Self { channels }
    }
}

/// Rows of colour: U and V at half width, and what they add to each output channel at full width.
pub(super) struct ColorRows {
    u: Vec<f32>,
    v: Vec<f32>,
    additions: [Vec<f32>; 3],
}

impl ColorRows {
    pub(super) fn new(width: usize) -> Self {
        let half = width.div_ceil(2);
        Self { u: vec![0.0; half], v: vec![0.0; half], additions: [(); 3].map(|()| vec![0.0; 2 * half]) }
    }

    /// The half-width rows, to resample into.
    pub(super) fn chroma_rows(&mut self) -> [&mut [f32]; 2] {
        [&mut self.u, &mut self.v]
    }

    /// Works out what the half-width rows add to each channel; holds for two output rows.
    pub(super) fn spread(&mut self, coefficients: &Coefficients) {
        for (addition, channel) in self.additions.iter_mut().zip(&coefficients.channels) {
            let pairs = addition.as_chunks_mut::<2>().0;
            for ((pair, &u), &v) in pairs.iter_mut().zip(&self.u).zip(&self.v) {
                *pair = [channel.u * (u - 128.0) + channel.v * (v - 128.0); 2];
            }
        }
    }

    /// Writes one row of all channels.
    pub(super) fn write(&self, coefficients: &Coefficients, luma: &[f32], outputs: [&mut [f32]; 3]) {
        for ((output, addition), channel) in
            outputs.into_iter().zip(&self.additions).zip(&coefficients.channels)
        {
            for ((value, &y), &add) in output.iter_mut().zip(luma).zip(addition) {
                let color = ((y - 16.0) * LUMA_GAIN + add).clamp(0.0, 255.0);
                *value = color * channel.factor + channel.offset;
            }
        }
    }
}
