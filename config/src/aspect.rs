//! The shape of a camera's picture.

use std::{fmt, str::FromStr};

/// Longest side, and most that one side may be longer than the other.
const LONGEST: u32 = 16_384;
const MOST: u32 = 5;

/// How many times as broad as high a picture is: `16:9`, or its size, `1920x1080`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aspect {
    width: u32,
    height: u32,
}

impl Aspect {
    /// What most cameras have.
    pub const USUAL: Self = Self { width: 16, height: 9 };

    /// Of a picture of that size in pixels, or of that proportion.
    pub fn new(width: u32, height: u32) -> Option<Self> {
        let is_side = |side: u32| (1..=LONGEST).contains(&side);
        let is_picture =
            is_side(width) && is_side(height) && width <= height * MOST && height <= width * MOST;
        is_picture.then_some(Self { width, height })
    }

    /// Width by height.
    pub fn ratio(self) -> f64 {
        f64::from(self.width) / f64::from(self.height)
    }

    /// A size of that shape, `width` pixels across; both are even.
    pub fn size(self, width: u32) -> (u32, u32) {
        let width = width.max(2) & !1;
        let height = (f64::from(width) / self.ratio()).round() as u32;
        (width, height.max(2) & !1)
    }
}

impl FromStr for Aspect {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sides = text.split_once([':', 'x']);
        let sides = sides.and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
        let (width, height) =
            sides.ok_or_else(|| format!("{text:?}: expected width and height, such as 16:9 or 1920x1080"))?;
        let no_picture = || {
            format!("{text:?}: a side is from 1 to {LONGEST}, and {MOST} times as long as the other at most")
        };
        Self::new(width, height).ok_or_else(no_picture)
    }
}

impl fmt::Display for Aspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_read_and_has_sizes() {
        let of = |text: &str| text.parse::<Aspect>().expect("valid");
        assert_eq!(of("16:9").size(1280), (1280, 720));
        assert_eq!(of("704x576").size(1280), (1280, 1046));
        assert!((of("4:3").ratio() - 4.0 / 3.0).abs() < 1e-9);
        for bad in ["", "16", "16/9", "0:9", "16:0", "100:1", "-16:9", "1.78:1"] {
            assert!(bad.parse::<Aspect>().is_err(), "{bad:?}");
        }
        let why = |text: &str| text.parse::<Aspect>().expect_err("no picture");
        for bad in ["100000x10", "16385:16384", "0:9", "51x10"] {
            assert!(
                why(bad).ends_with("a side is from 1 to 16384, and 5 times as long as the other at most")
            );
        }
        assert!(why("1920x").ends_with("such as 16:9 or 1920x1080"));
    }
}
