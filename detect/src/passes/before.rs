//! What everything looked like before anybody came: the last pictures, a few seconds apart, without those who were followed in them. Pure.
//!
//! Who comes fast is found a picture or two after it can be seen, and then stands before what it comes near to; so each pixel is the median
//! of three.

use std::time::Duration;

use gridwatch_domain::{NormBox, Timestamp};

use super::shifted::Crop;
use crate::appearance::Grey;

/// Time between two pictures that are kept: a vehicle at walking pace has left where it was.
const APART: Duration = Duration::from_secs(2);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Before {
    /// Everything as it was seen uncovered last.
    last: Grey,
    /// The same at earlier times, the latest at the end.
    kept: Vec<Grey>,
    kept_at: Option<Timestamp>,
}

impl Before {
    /// Takes a picture in, but for what is covered in it.
    pub(super) fn take(&mut self, at: Timestamp, fine: &Grey, covered: &[NormBox]) {
        self.last.take_uncovered(fine, covered);
        if self.kept_at.is_some_and(|kept| at.saturating_since(kept) < APART) {
            return;
        }
        self.kept_at = Some(at);
        let oldest = (self.kept.len() == 3).then(|| self.kept.remove(0));
        // Of another size: another stream.
        self.kept.retain(|kept| (kept.width(), kept.height()) == (fine.width(), fine.height()));
        let mut newest = oldest.unwrap_or_default();
        newest.clone_from(&self.last);
        self.kept.push(newest);
    }

    /// What was in a box and around it; `None` where that is too small to tell anything, or nothing is known yet.
    pub(super) fn look(&self, bbox: NormBox) -> Option<Crop> {
        match self.kept.as_slice() {
            [] => None,
            [one] | [one, _] => Crop::cut(one, bbox),
            [a, b, c, ..] => Crop::cut(&median([a, b, c])?, bbox),
        }
    }
}

/// The median of three pictures of one size, pixel by pixel.
fn median([a, b, c]: [&Grey; 3]) -> Option<Grey> {
    let pixels = a.pixels().iter().zip(b.pixels()).zip(c.pixels());
    let pixels = pixels.map(|((&a, &b), &c)| a.min(b).max(a.max(b).min(c))).collect();
    Grey::new(a.width(), a.height(), pixels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::appearance::tests::grey;

    #[test]
    fn who_is_found_a_picture_late_is_not_taken_for_what_was_there() {
        let place = NormBox::new(0.4, 0.4, 0.6, 0.6).expect("valid");
        let (empty, taken) = (grey(1), grey(2));
        let mut before = Before::default();
        assert_eq!(before.look(place), None, "nothing is known");
        for (seconds, picture) in [(0, &empty), (2, &empty), (4, &taken)] {
            before.take(Timestamp::from_millisecond(1000 * seconds).expect("valid"), picture, &[]);
        }
        assert_eq!(before.look(place), Crop::cut(&empty, place));
        // Nor is who stays and is followed.
        for seconds in 5..20 {
            before.take(
                Timestamp::from_millisecond(1000 * seconds).expect("valid"),
                &taken,
                &[NormBox::new(0.0, 0.0, 1.0, 1.0).expect("valid")],
            );
        }
        assert_eq!(before.look(place), Crop::cut(&taken, place), "as it was seen uncovered last");
    }
}
