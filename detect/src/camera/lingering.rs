//! What has been found in one spot for a while, however weakly: what is found better there one day has not come.
//!
//! In: every box of each picture. Out: whether something was there before. Pure.

use std::time::Duration;

use gridwatch_domain::{NormBox, Timestamp};

/// What overlaps so much is in the same spot.
const SAME_SPOT: f32 = 0.5;
/// What was there for so long has not come. Who has just stopped may have been found weakly in a picture or two.
const LINGERS: Duration = Duration::from_secs(5);
/// So long something may be missed and be the same.
const MISSED: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    bbox: NormBox,
    /// Since when something has been found there.
    pub(super) since: Timestamp,
    seen_at: Timestamp,
    /// In how many pictures since then, and how many there were.
    seen: u32,
    pictures: u32,
}

impl Spot {
    /// Share of the pictures in which something was found there.
    pub(super) fn steadiness(&self) -> f32 {
        self.seen as f32 / self.pictures.max(1) as f32
    }
}

/// Where things linger in one camera's picture.
#[derive(Debug, Default)]
pub(super) struct Lingering {
    spots: Vec<Spot>,
}

impl Lingering {
    /// Takes the boxes of one picture in.
    pub(super) fn update(&mut self, at: Timestamp, found: impl Iterator<Item = NormBox>) {
        let known = std::mem::take(&mut self.spots);
        let spot = |bbox: NormBox| {
            let same = known.iter().filter(|spot| spot.bbox.iou(bbox) >= SAME_SPOT);
            let first = same.min_by_key(|spot| spot.since);
            let (since, seen, pictures) =
                first.map_or((at, 0, 0), |spot| (spot.since, spot.seen, spot.pictures));
            Spot {
                bbox,
                since,
                seen_at: at,
                seen: seen.saturating_add(1),
                pictures: pictures.saturating_add(1),
            }
        };
        self.spots = found.map(spot).collect();
        let is_missed = |spot: &Spot| {
            at.saturating_since(spot.seen_at) <= MISSED
                && self.spots.iter().all(|now| now.bbox.iou(spot.bbox) < SAME_SPOT)
        };
        let miss = |spot: Spot| Spot { pictures: spot.pictures.saturating_add(1), ..spot };
        let missed: Vec<Spot> = known.into_iter().filter(is_missed).map(miss).collect();
        self.spots.extend(missed);
    }

    /// Whether something has been there for a while before `at`.
    pub(super) fn was_there(&self, bbox: NormBox, at: Timestamp) -> bool {
        let lingers = |spot: &Spot| at.saturating_since(spot.since) >= LINGERS;
        self.spots.iter().any(|spot| lingers(spot) && spot.bbox.iou(bbox) >= SAME_SPOT)
    }

    /// What is known of a spot in which something has been found, weakly or well.
    pub(super) fn spot(&self, bbox: NormBox) -> Option<&Spot> {
        let same = self.spots.iter().filter(|spot| spot.bbox.iou(bbox) >= SAME_SPOT);
        same.min_by_key(|spot| spot.since)
    }

    /// The camera looks elsewhere, or its clock was set.
    pub(super) fn clear(&mut self) {
        self.spots.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spot_knows_since_when_and_how_steadily_something_is_found_there() {
        let post = NormBox::new(0.4, 0.4, 0.5, 0.6).expect("valid");
        let mut lingering = Lingering::default();
        for second in 0..12_u8 {
            let at = Timestamp::UNIX_EPOCH.saturating_add(Duration::from_secs(u64::from(second)));
            lingering.update(at, (second % 3 == 0).then_some(post).into_iter());
        }
        let spot = lingering.spot(post).expect("it was found");
        assert_eq!(spot.since, Timestamp::UNIX_EPOCH);
        assert!((spot.steadiness() - 1.0 / 3.0).abs() < 0.01, "{}", spot.steadiness());
        let elsewhere = NormBox::new(0.6, 0.4, 0.7, 0.6).expect("valid");
        assert!(lingering.spot(elsewhere).is_none());
        lingering.update(Timestamp::UNIX_EPOCH.saturating_add(Duration::from_secs(60)), std::iter::empty());
        assert!(lingering.spot(post).is_none(), "it is gone");
    }
}
