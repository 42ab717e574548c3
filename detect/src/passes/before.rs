//! What everything looked like before anybody came: the last pictures, a few seconds apart, without those who were followed in them. Pure.
//!
//! Who comes fast is found a picture or two after it can be seen, and then stands before what it comes near to; so three are kept, and most of
//! them count.

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

    /// What was in a box and around it in each of them; none where that is too small to tell anything, or nothing is known yet.
    pub(super) fn looks(&self, bbox: NormBox) -> Vec<Crop> {
        self.kept.iter().filter_map(|kept| Crop::cut(kept, bbox)).collect()
    }
}

/// What most of the looks before say of how far it has moved by now; `None` where it cannot be made out.
pub(super) fn shift_since(looks: &[Crop], grey: &Grey, covered: &[NormBox]) -> Option<f32> {
    let mut shifts: Vec<f32> = looks.iter().filter_map(|look| look.shift_to(grey, covered)).collect();
    shifts.sort_unstable_by(f32::total_cmp);
    // Of two the smaller.
    shifts.get(shifts.len().saturating_sub(1) / 2).copied()
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
        assert_eq!(before.looks(place), [], "nothing is known");
        for (seconds, picture) in [(0, &empty), (2, &empty), (3, &taken), (4, &taken)] {
            let at = Timestamp::from_millisecond(1000 * seconds).expect("valid");
            before.take(at, picture, &[]);
        }
        assert_eq!(before.looks(place).len(), 3);
        let shift = shift_since(&before.looks(place), &empty, &[]).expect("two of three show it");
        assert!(shift < 0.001, "{shift}");
        // Nor is who stays and is followed.
        let everywhere = NormBox::new(0.0, 0.0, 1.0, 1.0).expect("valid");
        for seconds in 5..20 {
            let at = Timestamp::from_millisecond(1000 * seconds).expect("valid");
            before.take(at, &empty, &[everywhere]);
        }
        assert_eq!(before.looks(place), vec![Crop::cut(&taken, place).expect("large enough"); 3]);
    }
}
