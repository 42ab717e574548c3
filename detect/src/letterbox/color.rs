//! How YUV becomes the network's channels, normalised: the coefficients. The arithmetic is the kernel's.

use gridwatch_models::{ColorOrder, Input};

use super::taps::UNIT;

/// Rows from which a picture is taken for high definition, and with that for BT.709.
const HIGH_DEFINITION_ROWS: u32 = 720;
/// Limited range: 219 steps of luma above 16, 224 of chroma around 128.
const LUMA_GAIN: f64 = 255.0 / 219.0;
const CHROMA_GAIN: f64 = 255.0 / 224.0;
/// What a resampled value is divided by to be a channel value again; 0 stands for [`MIDDLE`].
const SCALE: f64 = 1.0 / (UNIT * UNIT) as f64;
const MIDDLE: f64 = 128.0;
const BLACK: f64 = 16.0;

/// How one output channel is made of resampled Y, U and V: `y·Y + u·U + v·V + offset`, held within `least` and `most`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Channel {
    pub(super) y: f32,
    pub(super) u: f32,
    pub(super) v: f32,
    pub(super) offset: f32,
    pub(super) least: f32,
    pub(super) most: f32,
}

/// How the three output channels are made of a picture with `picture_height` rows.
pub(super) fn channels(input: &Input, picture_height: u32) -> [Channel; 3] {
    // Luma weights of red and blue (ITU-R BT.709, BT.601).
    let (red, blue) = if picture_height >= HIGH_DEFINITION_ROWS { (0.2126, 0.0722) } else { (0.299, 0.114) };
    let green = 1.0 - red - blue;
    let (red_v, blue_u) = (2.0 * (1.0 - red), 2.0 * (1.0 - blue));
    let by_color = [(0.0, red_v), (-blue_u * blue / green, -red_v * red / green), (blue_u, 0.0)];
    let order = channel_order(input.color);
    std::array::from_fn(|index| {
        let (u, v) = by_color[order[index]];
        let (factor, offset) = normalisation(input, index);
        Channel {
            y: (SCALE * LUMA_GAIN * factor) as f32,
            u: (SCALE * CHROMA_GAIN * u * factor) as f32,
            v: (SCALE * CHROMA_GAIN * v * factor) as f32,
            offset: ((MIDDLE - BLACK) * LUMA_GAIN * factor + offset) as f32,
            least: offset as f32,
            most: (255.0 * factor + offset) as f32,
        }
    })
}

/// What the padding is fed as.
pub(super) fn padding(input: &Input) -> [f32; 3] {
    std::array::from_fn(|index| {
        let (factor, offset) = normalisation(input, index);
        (f64::from(input.pad) * factor + offset) as f32
    })
}

/// Factor and offset that lead a channel value 0–255 to what the network is fed: `(v · scale − mean) / std`.
fn normalisation(input: &Input, channel: usize) -> (f64, f64) {
    let std = f64::from(input.std[channel]);
    (f64::from(input.scale) / std, -f64::from(input.mean[channel]) / std)
}

/// Which of red (0), green (1), blue (2) the channels are, in the input's order.
fn channel_order(order: ColorOrder) -> [usize; 3] {
    match order {
        ColorOrder::Rgb => [0, 1, 2],
        ColorOrder::Bgr => [2, 1, 0],
    }
}
