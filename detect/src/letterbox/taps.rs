//! Which source pixels make an output pixel, and with what weight: one table per axis, made once per picture size.

/// Weights of one axis sum to this.
pub(super) const UNIT: u32 = 256;
/// Taps of a quad: what kernels read at once.
pub(super) const QUAD: usize = 4;
/// Outputs of a row are rounded up to this, so that kernels of any width have no remainder.
const OUTPUTS_MULTIPLE: usize = 16;

/// The taps of one axis: every output pixel reads `count` neighbouring source pixels.
pub(super) struct Taps {
    /// Taps per output pixel.
    pub(super) count: usize,
    /// First source pixel of each output pixel; `start + count` never exceeds the source.
    pub(super) starts: Vec<usize>,
    /// `count` weights per output pixel, which sum to [`UNIT`].
    pub(super) weights: Vec<u16>,
}

impl Taps {
    /// For `outputs` pixels of which each covers `ratio` of the `inputs` source pixels.
    pub(super) fn new(inputs: usize, outputs: usize, ratio: f64) -> Self {
        let exact: Vec<(usize, Vec<f64>)> = (0..outputs)
            .map(
                |output| {
                    if ratio > 1.0 { area(inputs, output, ratio) } else { linear(inputs, output, ratio) }
                },
            )
            .collect();
        let count = exact.iter().map(|(_, weights)| weights.len()).max().unwrap_or(1);
        let mut taps =
            Self { count, starts: Vec::with_capacity(outputs), weights: Vec::with_capacity(outputs * count) };
        for (first, weights) in exact {
            let start = first.min(inputs - count);
            let mut padded = vec![0.0; first - start];
            padded.extend(weights);
            padded.resize(count, 0.0);
            taps.starts.push(start);
            taps.weights.extend(quantised(&padded));
        }
        taps
    }

    /// First source pixel and weights of one output pixel, without those at either end that are nothing.
    pub(super) fn of(&self, output: usize) -> (usize, &[u16]) {
        let weights = &self.weights[output * self.count..(output + 1) * self.count];
        let is_some = |weight: &u16| *weight != 0;
        // Weights sum to `UNIT`, so there is one that is something.
        let first = weights.iter().position(is_some).unwrap_or(0);
        let end = weights.iter().rposition(is_some).map_or(weights.len(), |last| last + 1);
        (self.starts[output] + first, &weights[first..end])
    }
}

/// The taps of a row, as kernels read them: four at a time, for a round number of outputs. What is added weighs nothing.
pub(super) struct Quads {
    /// First source pixel of each output pixel.
    starts: Vec<u32>,
    /// Weights of the first four taps of every output, then those of the next four, and so on.
    weights: Vec<[i16; QUAD]>,
    reach: usize,
    widest: [usize; 2],
}

impl Quads {
    pub(super) fn new(taps: &Taps) -> Self {
        let outputs = taps.starts.len().next_multiple_of(OUTPUTS_MULTIPLE);
        let quads = taps.count.div_ceil(QUAD);
        let weight = |quad: usize, output: usize, tap: usize| {
            let index = quad * QUAD + tap;
            let is_there = output < taps.starts.len() && index < taps.count;
            // At most `UNIT`.
            if is_there { taps.weights[output * taps.count + index] as i16 } else { 0 }
        };
        let of_quad = |quad: usize| {
            (0..outputs).map(move |output| std::array::from_fn(|tap| weight(quad, output, tap)))
        };
        let mut starts: Vec<u32> = taps.starts.iter().map(|&start| start as u32).collect();
        starts.resize(outputs, starts.last().copied().unwrap_or(0));
        let reach = starts.iter().max().map_or(0, |&start| start as usize) + quads * QUAD;
        let widest = [widest::<4>(&starts), widest::<8>(&starts)];
        Self { weights: (0..quads).flat_map(of_quad).collect(), starts, reach, widest }
    }

    /// How many outputs there are, rounded up.
    pub(super) fn outputs(&self) -> usize {
        self.starts.len()
    }

    /// Source pixels that must be there to be read, though those beyond the source weigh nothing.
    pub(super) fn reach(&self) -> usize {
        self.reach
    }

    /// First source pixel of each output; `start + QUAD · quads` never exceeds [`reach`](Self::reach).
    pub(super) fn starts(&self) -> &[u32] {
        &self.starts
    }

    /// How far apart the first and the last start of four, and of eight, neighbouring outputs are at most.
    #[cfg_attr(not(target_arch = "x86_64"), expect(dead_code, reason = "for AVX-512"))]
    pub(super) fn widest(&self) -> [usize; 2] {
        self.widest
    }

    /// For each quad the weights of all outputs.
    pub(super) fn quads(&self) -> std::slice::ChunksExact<'_, [i16; QUAD]> {
        self.weights.chunks_exact(self.starts.len().max(1))
    }
}

/// How far apart the first and the last of `COUNT` neighbouring starts are at most. They rise.
fn widest<const COUNT: usize>(starts: &[u32]) -> usize {
    let groups = starts.as_chunks::<COUNT>().0;
    groups.iter().map(|group| (group[COUNT - 1] - group[0]) as usize).max().unwrap_or(0)
}

/// Every source pixel counts by the share of it that the output pixel covers.
fn area(inputs: usize, output: usize, ratio: f64) -> (usize, Vec<f64>) {
    let end = ((output + 1) as f64 * ratio).min(inputs as f64);
    let begin = (output as f64 * ratio).min(end - 1e-3);
    let first = begin.floor() as usize;
    // The tolerance keeps a rounding error from adding a tap of no weight.
    let last = ((end - 1e-9).floor() as usize).clamp(first, inputs - 1);
    let covered = |pixel: usize| (end.min(pixel as f64 + 1.0) - begin.max(pixel as f64)).max(0.0);
    (first, (first..=last).map(covered).collect())
}

/// Two neighbours, by the distance of their centres.
fn linear(inputs: usize, output: usize, ratio: f64) -> (usize, Vec<f64>) {
    let center = ((output as f64 + 0.5) * ratio - 0.5).clamp(0.0, (inputs - 1) as f64);
    let first = center.floor() as usize;
    let share = center - first as f64;
    if share == 0.0 || first + 1 == inputs { (first, vec![1.0]) } else { (first, vec![1.0 - share, share]) }
}

/// To integers that sum to [`UNIT`] exactly: what rounding takes from one weight the next one gets.
fn quantised(weights: &[f64]) -> impl Iterator<Item = u16> {
    let sum: f64 = weights.iter().sum();
    let (mut exact, mut whole) = (0.0, 0.0);
    weights.iter().map(move |weight| {
        exact += weight / sum * f64::from(UNIT);
        let rounded = exact.round() - whole;
        whole += rounded;
        rounded as u16
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_output_reads_only_what_is_there_and_weighs_one(inputs in 1_usize..4000, outputs in 1_usize..1500) {
            let taps = Taps::new(inputs, outputs, inputs as f64 / outputs as f64);
            for output in 0..outputs {
                let (start, weights) = taps.of(output);
                prop_assert!(start + weights.len() <= inputs);
                prop_assert_eq!(weights.iter().map(|&weight| u32::from(weight)).sum::<u32>(), UNIT);
            }
        }
    }

    #[test]
    fn a_third_of_the_size_averages_three() {
        let taps = Taps::new(9, 3, 3.0);
        assert_eq!(taps.count, 3);
        assert_eq!(taps.starts, [0, 3, 6]);
    }

    #[test]
    fn the_same_size_copies() {
        let taps = Taps::new(5, 5, 1.0);
        assert_eq!((taps.count, &taps.weights[..]), (1, &[256; 5][..]));
    }
}
