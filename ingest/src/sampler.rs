//! Which pictures are analysed: at most so many a second, spread evenly.

use std::time::Duration;

/// Times of pictures are rounded to clock ticks by cameras and containers; this much earlier is still in time.
const TOLERANCE: Duration = Duration::from_millis(1);

/// Takes the first picture of every slot of `1 / rate` seconds. Pure: time is the stream's.
#[derive(Debug)]
pub(crate) struct Sampler {
    rate: u32,
    /// Slot of the last picture taken.
    last: Option<u128>,
}

impl Sampler {
    /// `rate`: pictures a second, at least 1.
    pub(crate) fn new(rate: u8) -> Self {
        Self { rate: u32::from(rate.max(1)), last: None }
    }

    /// Whether the picture at that time of the stream is due. A time before the last one's begins anew.
    pub(crate) fn is_due(&mut self, time: Duration) -> bool {
        let slot = (time + TOLERANCE).as_nanos() * u128::from(self.rate) / 1_000_000_000;
        let due = self.last != Some(slot);
        self.last = Some(slot);
        due
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
    fn uneven_streams_and_jumps_are_followed() {
        assert_eq!(taken(5, [0, 10, 20, 350, 390, 401, 9_000]), [0, 350, 401, 9_000]);
        assert_eq!(taken(5, [5_000, 5_040, 0, 40, 200]), [5_000, 0, 200], "a stream that begins anew");
    }
}
