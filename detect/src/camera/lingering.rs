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
struct Spot {
    bbox: NormBox,
    since: Timestamp,
    seen_at: Timestamp,
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
            let since = same.map(|spot| spot.since).min().unwrap_or(at);
            Spot { bbox, since, seen_at: at }
        };
        self.spots = found.map(spot).collect();
        let is_missed = |spot: &Spot| {
            at.saturating_since(spot.seen_at) <= MISSED
                && self.spots.iter().all(|now| now.bbox.iou(spot.bbox) < SAME_SPOT)
        };
        let missed: Vec<Spot> = known.into_iter().filter(is_missed).collect();
        self.spots.extend(missed);
    }

    /// Whether something has been there for a while before `at`.
    pub(super) fn was_there(&self, bbox: NormBox, at: Timestamp) -> bool {
        let lingers = |spot: &Spot| at.saturating_since(spot.since) >= LINGERS;
        self.spots.iter().any(|spot| lingers(spot) && spot.bbox.iou(bbox) >= SAME_SPOT)
    }

    /// Since when something has been found there, weakly or well; `None` where nothing has.
    pub(super) fn since(&self, bbox: NormBox) -> Option<Timestamp> {
        let same = self.spots.iter().filter(|spot| spot.bbox.iou(bbox) >= SAME_SPOT);
        same.map(|spot| spot.since).min()
    }

    /// The camera looks elsewhere, or its clock was set.
    pub(super) fn clear(&mut self) {
        self.spots.clear();
    }
}
