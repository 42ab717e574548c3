//! `area.loitering`: somebody stays in an area for long. One event for each.
//!
//! | parameter | default | range | why |
//! |---|---|---|---|
//! | limit | 120 s | 1 s – 30 days | longer than waiting for a lift, shorter than being up to something |
//! | clear | 10 s | 1 s – 1 h | so long somebody may be out of the area, or not be seen, and still be the same who stays |
//! | taken up within | 1.5 heights | fixed | a lost track is taken up by a new one as near: nobody walks farther while nobody looks |
//! | taken up after | 10 s watched, 5 min in all | fixed | the same over a gap of the stream or a restart: whoever is there as long after may be anybody |

use std::time::Duration;

use gridwatch_domain::{EventObject, NormBox, Timestamp, TrackId, Zone, ZoneId, ZoneRule};
use serde::{Deserialize, Serialize};

use super::{
    Context, Walker,
    claim::{Claim, Detail, Now, Subject, Watched},
    intrusion,
};

/// How far from where somebody was seen last a new track may begin and be theirs, in heights.
const TAKEN_UP_WITHIN: f32 = 1.5;
/// How long after: watched time, and what passes on the clock while nobody looks.
const TAKEN_UP_AFTER: Duration = Duration::from_secs(10);
const TAKEN_UP_IN_ALL: Duration = Duration::from_secs(300);

/// Somebody who is in an area.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Stay {
    zone: ZoneId,
    /// By the track on which they came: what their event is about.
    subject: TrackId,
    /// On which they are now; none where tracks have begun anew with the process: whoever is there may take it up.
    #[serde(skip)]
    track: Option<TrackId>,
    since: Timestamp,
    last_seen: Timestamp,
    /// Watched time since then.
    unseen_for: Duration,
    bbox: NormBox,
    object: EventObject,
    /// They were seen to walk out of it.
    has_left: bool,
}

/// Those who are in the areas of one camera.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Stays {
    all: Vec<Stay>,
}

impl Stays {
    pub(super) fn claims<'a>(
        &mut self,
        zone: &'a Zone,
        rule: &'a ZoneRule,
        context: &Context<'_>,
    ) -> Vec<Claim<'a>> {
        let at = context.scene.at;
        let there = intrusion::inside(zone, context);
        let outside = |track: Option<TrackId>| {
            let mut walkers = context.scene.walkers.iter();
            walkers.any(|walker| Some(walker.track) == track && !walker.stands_in(zone))
        };
        for stay in self.all.iter_mut().filter(|stay| stay.zone == zone.id) {
            stay.has_left |= outside(stay.track);
            stay.unseen_for += context.scene.watched;
        }
        for walker in &there {
            match self.stay_of(zone, walker, context.scene.walkers, at) {
                Some(stay) => stay.see(walker, at),
                None => self.all.push(Stay::begin(zone, walker, at)),
            }
        }
        let mut claims = Vec::new();
        self.all.retain(|stay| {
            if stay.zone != zone.id {
                return true;
            }
            let is_over = stay.unseen_for >= zone.clear;
            let now = match stay.unseen_for {
                _ if is_over => Now::Over,
                Duration::ZERO => Now::Seen,
                // They are seen not to be there: that is no want of sight.
                _ => Now::Unseen(Duration::ZERO),
            };
            claims.push(Claim {
                watched: Watched::zone(zone, rule),
                subject: Subject::Track(stay.subject),
                since: stay.since,
                last_seen: stay.last_seen,
                now,
                is_credible: true,
                objects: vec![stay.object.clone()],
                detail: Detail::default(),
            });
            !is_over
        });
        claims
    }

    /// The stay that goes on with this walker: that of its track, or of one near by that is seen no more, neither in the zone nor beyond it.
    /// `all`: who is seen.
    fn stay_of(&mut self, zone: &Zone, walker: &Walker, all: &[Walker], at: Timestamp) -> Option<&mut Stay> {
        let own = self.all.iter().position(|stay| stay.zone == zone.id && stay.track == Some(walker.track));
        // Whoever was seen to walk in is nobody who was lost inside.
        let walked_in = walker.before.is_some_and(|(_, bbox)| !super::is_foot_in(bbox, zone));
        let is_lost = |stay: &&Stay| {
            stay.zone == zone.id
                && !walked_in
                && !stay.has_left
                && stay.unseen_for <= TAKEN_UP_AFTER
                && at.saturating_since(stay.last_seen) <= TAKEN_UP_IN_ALL
                && all.iter().all(|other| Some(other.track) != stay.track)
                && distance(stay.bbox, walker.bbox) <= TAKEN_UP_WITHIN
        };
        let nearest = || {
            let lost = self.all.iter().enumerate().filter(|(_, stay)| is_lost(stay));
            let nearest = lost
                .min_by(|a, b| distance(a.1.bbox, walker.bbox).total_cmp(&distance(b.1.bbox, walker.bbox)));
            nearest.map(|(index, _)| index)
        };
        let index = own.or_else(nearest)?;
        self.all.get_mut(index)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Forgets those of zones that are gone.
    pub(super) fn keep(&mut self, mut is_watched: impl FnMut(&ZoneId) -> bool) {
        self.all.retain(|stay| is_watched(&stay.zone));
    }

    pub(super) fn rewind(&mut self, by: Duration) {
        for stay in &mut self.all {
            stay.since = stay.since.saturating_sub(by);
            stay.last_seen = stay.last_seen.saturating_sub(by);
        }
    }
}

impl Stay {
    fn begin(zone: &Zone, walker: &Walker, at: Timestamp) -> Self {
        Self {
            zone: zone.id.clone(),
            subject: walker.track,
            track: Some(walker.track),
            since: walker.came(zone, at),
            last_seen: at,
            unseen_for: Duration::ZERO,
            bbox: walker.bbox,
            object: walker.object(),
            has_left: false,
        }
    }

    fn see(&mut self, walker: &Walker, at: Timestamp) {
        (self.track, self.last_seen, self.bbox) = (Some(walker.track), at, walker.bbox);
        (self.unseen_for, self.has_left, self.object) = (Duration::ZERO, false, walker.object());
    }
}

/// Between feet, in heights.
fn distance(a: NormBox, b: NormBox) -> f32 {
    let height = a.height().max(b.height());
    (a.center().x() - b.center().x()).hypot(a.y2() - b.y2()) / height
}
