//! Which pictures are analysed: at most so many a second, spread evenly.

use std::time::Duration;

/// Times of pictures are rounded to clock ticks by cameras and containers; this much earlier is still in time.
const TOLERANCE: Duration = Duration::from_millis(1);

/// Takes the first picture of every slot of `1 / rate` seconds. Pure: time is the stream's, which steps back where pictures are
/// not sent in the order in which they are shown.
#[derive(Debug)]
pub(crate) struct Sampler {
    rate: u32,
    /// The newest slot of which a picture was seen, and which of those before it were: bit `n` stands for the `n`th before.
    newest: Option<(u64, u64)>,
}

impl Sampler {
    /// `rate`: pictures a second, at least 1.
    pub(crate) fn new(rate: u8) -> Self {
        Self { rate: u32::from(rate.max(1)), newest: None }
    }

    /// Pictures a second.
    pub(crate) fn rate(&self) -> u8 {
        u8::try_from(self.rate).unwrap_or(u8::MAX)
    }

    /// Whether the picture at that time of the stream is due. A time of a second before the newest begins anew.
    pub(crate) fn is_due(&mut self, time: Duration) -> bool {
        let slot = (time + TOLERANCE).as_nanos() * u128::from(self.rate) / 1_000_000_000;
        let slot = u64::try_from(slot).unwrap_or(u64::MAX);
        let (newest, seen) = match self.newest {
            Some((newest, seen)) if slot > newest => {
                let passed = u32::try_from(slot - newest).unwrap_or(u32::MAX);
                (slot, seen.checked_shl(passed).unwrap_or(0))
            }
            Some((newest, seen)) if newest - slot < u64::from(self.rate).min(64) => (newest, seen),
            _ => (slot, 0),
        };
        let bit = 1 << (newest - slot);
        self.newest = Some((newest, seen | bit));
        seen & bit == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(rate: u8, times_ms: impl IntoIterator<Item = u64>) -> Vec<u64> {
        let mut sampler = Sampler::new(rate);
        times_ms.into_iter().filter(|&time| sampler.is_due(Duration::from_millis(time))).collect()
    }

    #[test]
    fn even_streams_are_sampled_evenly() {
        assert_eq!(taken(5, (0..1000).step_by(40)), [0, 200, 400, 600, 800]);
        // 30 a second, cut to milliseconds.
        let thirty = (0..31).map(|picture| picture * 1000 / 30);
        assert_eq!(taken(5, thirty), [0, 200, 400, 600, 800, 1000]);
    }

    #[test]
    fn slower_streams_lose_nothing() {
        assert_eq!(taken(10, [0, 150, 420, 800]), [0, 150, 420, 800]);
    }

    #[test]
    fn pictures_out_of_order_are_taken_as_evenly() {
        // Three pictures between two that they refer to.
        let order = (0..10).flat_map(|group| [4, 2, 1, 3].map(|picture| (4 * group + picture) * 40));
        let mut five: Vec<u64> = taken(5, order.clone());
        five.sort_unstable();
        assert_eq!(five.len(), 9, "{five:?}");
        assert!(five.windows(2).all(|pair| pair[1] - pair[0] <= 320), "{five:?}");
        assert_eq!(taken(25, order).len(), 40, "all of them where all are due");
    }

    #[test]
    fn uneven_streams_and_jumps_are_followed() {
        assert_eq!(taken(5, [0, 10, 20, 350, 390, 401, 9_000]), [0, 350, 401, 9_000]);
        assert_eq!(taken(5, [5_000, 5_040, 0, 40, 200]), [5_000, 0, 200], "a stream that begins anew");
    }
}
