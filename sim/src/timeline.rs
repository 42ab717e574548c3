//! In which order the pictures of an encoded loop are shown. Pure.

use std::{ops::Range, time::Duration};

/// The pictures of one loop, of which a stretch may be shown several times in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    fps: u32,
    /// Pictures that there are.
    pictures: u32,
    /// Those that are shown `times` times; empty where there are none.
    calm: Range<u32>,
    times: u32,
}

impl Timeline {
    /// Each of `pictures` once, ≥ 1 picture at ≥ 1 a second.
    pub fn plain(fps: u32, pictures: u32) -> Self {
        Self { fps: fps.max(1), pictures: pictures.max(1), calm: 0..0, times: 1 }
    }

    /// The same, with the pictures `calm` shown `times` times in a row.
    pub(crate) fn repeating(fps: u32, pictures: u32, calm: Range<u32>, times: u32) -> Self {
        Self { calm, times: times.max(1), ..Self::plain(fps, pictures) }
    }

    /// Pictures a second.
    pub fn fps(&self) -> u32 {
        self.fps
    }

    /// Pictures of one loop, repeated ones counted as often as they are shown.
    pub fn pictures(&self) -> u64 {
        u64::from(self.pictures) + self.added()
    }

    /// How long one loop is.
    pub fn length(&self) -> Duration {
        Duration::from_nanos(self.pictures() * 1_000_000_000 / u64::from(self.fps))
    }

    /// Which of the encoded pictures is shown as number `shown`, counted over all loops.
    pub fn unit(&self, shown: i128) -> usize {
        let shown = shown.rem_euclid(i128::from(self.pictures())) as u64;
        let (from, calm) = (u64::from(self.calm.start), u64::from(self.calm.end - self.calm.start));
        let unit = if shown < from || calm == 0 {
            shown
        } else if shown < from + calm * u64::from(self.times) {
            from + (shown - from) % calm
        } else {
            shown - self.added()
        };
        unit as usize
    }

    /// When a time of the scene, seconds into its loop, comes in the loop that is shown. Within the calm: for the first time.
    pub fn shown_s(&self, at_s: f64) -> f64 {
        let is_after = at_s * f64::from(self.fps) >= f64::from(self.calm.end) && self.times > 1;
        at_s + if is_after { self.added() as f64 / f64::from(self.fps) } else { 0.0 }
    }

    /// Pictures by which repeating makes the loop longer.
    fn added(&self) -> u64 {
        u64::from(self.calm.end - self.calm.start) * u64::from(self.times - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calm_stretch_is_shown_again_and_again_and_what_follows_comes_later() {
        let timeline = Timeline::repeating(2, 10, 4..6, 3);
        let shown: Vec<usize> = (0..14).map(|picture| timeline.unit(picture)).collect();
        assert_eq!(shown, [0, 1, 2, 3, 4, 5, 4, 5, 4, 5, 6, 7, 8, 9]);
        assert_eq!((timeline.unit(14), timeline.unit(-1)), (0, 9));
        assert_eq!(timeline.length(), Duration::from_secs(7));
        assert_eq!([0.5, 2.0, 3.0, 4.5].map(|at| timeline.shown_s(at)), [0.5, 2.0, 5.0, 6.5]);
    }

    #[test]
    fn without_one_each_picture_is_shown_once() {
        let timeline = Timeline::plain(25, 50);
        assert_eq!(
            (0..50).map(|picture| timeline.unit(picture)).collect::<Vec<_>>(),
            (0..50).collect::<Vec<_>>()
        );
        assert_eq!((timeline.pictures(), timeline.shown_s(1.5)), (50, 1.5));
    }
}
