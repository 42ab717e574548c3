//! Who came close to what is parked.

use gridwatch_domain::ObjectClass;
use serde::Serialize;

use super::{
    Play, Stay,
    span::{STEP_S, Span},
    stays,
};
use crate::scene::{Content, Player, footprint::Footprint};

/// Metres between two footprints from which one is close to the other: 1.2 m are recorded, and a distance may be off by half a metre.
const CLOSE_M: f32 = 1.7;
/// A vehicle that has stood for less is not parked, in seconds.
const PARKED_AFTER_S: f64 = 10.0;
/// Somebody who is farther away than this, in metres, does not come close within [`COARSE_S`].
const FAR_M: f32 = 14.0;
const COARSE_S: f64 = 0.4;
/// Distances that differ by less are the same, in metres.
const SAME_M: f32 = 0.01;

/// Somebody who moved past a parked vehicle, closer than 1.7 m.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NearPass {
    /// Identity of the parked vehicle, as in the truth.
    pub parked: u32,
    /// Identity of who came close.
    pub other: u32,
    /// What that is.
    pub class: ObjectClass,
    /// When it was nearest while it moved, in seconds into the loop.
    pub at_s: f64,
    /// How near, in metres between what both cover of the ground; 0 where they touch.
    pub distance_m: f32,
    /// From when it was closer than 1.7 m.
    pub from_s: f64,
    /// Until when.
    pub until_s: f64,
}

/// All of a loop that is played once, in order of time.
pub(crate) fn near_passes(content: &Content) -> Vec<NearPass> {
    let stays = stays(content, Play::Once);
    let parked = stays.iter().filter(|stay| stay.length_s() >= PARKED_AFTER_S);
    let mut passes: Vec<NearPass> = parked
        .flat_map(|stay| {
            let others = content.players.iter().filter(|other| other.id != stay.player.id);
            others.flat_map(move |other| passes_of(stay, other))
        })
        .collect();
    passes.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    passes
}

fn passes_of(stay: &Stay<'_>, other: &Player) -> Vec<NearPass> {
    let mut passes: Vec<NearPass> = Vec::new();
    if other.track.is_parked() && other.track.nudge().is_none() {
        return passes;
    }
    let mut at_s = stay.from_s;
    let mut nearest: Option<(f64, f32)> = None;
    let mut close: Option<Span> = None;
    let mut finish = |close: &mut Option<Span>, nearest: &mut Option<(f64, f32)>| {
        if let (Some([from_s, until_s]), Some((at_s, distance_m))) = (close.take(), nearest.take()) {
            let (parked, class) = (stay.player.id, other.class());
            passes.push(NearPass { parked, other: other.id, class, at_s, distance_m, from_s, until_s });
        }
        *nearest = None;
    };
    while at_s <= stay.until_s {
        let state = other.track.state(at_s);
        let is_far = state.is_none_or(|state| state.at.distance(stay.footprint.at) > FAR_M);
        let distance = state.filter(|_| !is_far).map(|state| {
            (
                stay.now(at_s).distance(&Footprint::of(&state, other.half())),
                state.is_moving() && !state.pushed,
            )
        });
        match distance {
            Some((distance, moves)) if distance < CLOSE_M => {
                close.get_or_insert([at_s, at_s])[1] = at_s;
                // Who stops and goes away again was as near when it came.
                if moves && nearest.is_none_or(|(_, least)| distance < least - SAME_M) {
                    nearest = Some((at_s, distance));
                }
            }
            _ => finish(&mut close, &mut nearest),
        }
        at_s += if is_far { COARSE_S } else { STEP_S };
    }
    finish(&mut close, &mut nearest);
    passes
}

impl Stay<'_> {
    /// What it covers at a time of the stay: elsewhere after it was pushed.
    fn now(&self, at_s: f64) -> Footprint {
        match self.player.track.nudge().and_then(|_| self.player.track.state(at_s)) {
            Some(state) => Footprint::of(&state, self.player.half()),
            None => self.footprint,
        }
    }
}
