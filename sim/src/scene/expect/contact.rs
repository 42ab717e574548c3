//! `parking.contact_suspected`: a vehicle touched a parked one, which moved, or people got out to look.

use gridwatch_domain::EventKind;

use super::{
    Hold, NearPass, Play, Stay,
    bays::{Bay, bay_at},
    near_passes, standing, stays,
};
use crate::scene::{Content, footprint::Footprint, watch::GroundZone};

/// Closer than this, in metres, a vehicle has touched another.
pub(super) const TOUCHES_M: f32 = 0.12;
/// Time between a touch and the push that comes of it, at most, in seconds.
const PUSHED_WITHIN_S: f64 = 0.5;
/// People look after a touch within this, in seconds, and from so near, in metres.
const LOOK_WITHIN_S: f64 = 20.0;
const LOOK_FROM_M: f32 = 1.5;
/// A contact is spoken of for so long at least, in seconds.
const SPOKEN_OF_S: f64 = 10.0;
/// That a parked one was pushed is seen when whoever did it has gone, at two looks: from 2 s after, 1.5 s apart.
const SEEN_AFTER_S: f64 = 3.5;
/// So long people have to look.
const LOOK_FOR_S: f64 = 4.0;
/// So long before the touch one is as near as pictures can tell, in seconds.
const AS_NEAR_S: f64 = 1.0;

/// A vehicle that touched a parked one, and what came of it.
pub(super) struct Touch {
    pub pass: NearPass,
    /// When the parked one was pushed.
    pub pushed_s: Option<f64>,
    /// From when until when people look.
    pub looked: Option<[f64; 2]>,
}

pub(super) fn touches(content: &Content) -> Vec<Touch> {
    let passes = near_passes(content).into_iter();
    let touching = passes.filter(|pass| pass.class.is_vehicle() && pass.distance_m < TOUCHES_M);
    touching.map(|pass| touch(content, pass)).collect()
}

fn touch(content: &Content, pass: NearPass) -> Touch {
    let find = |id: u32| content.players.iter().find(|player| player.id == id);
    let nudge = find(pass.parked).and_then(|player| player.track.nudge());
    let pushed = nudge.filter(|nudge| (nudge.at_s - pass.at_s).abs() <= PUSHED_WITHIN_S);
    let people = content.players.iter().filter(|player| player.rides());
    let looked = people.filter_map(|player| {
        let (parked, loop_s) = (find(pass.parked)?, content.loop_s());
        let car = Footprint::of(&parked.track.state(pass.at_s + 1.0)?, parked.half());
        let is_near = |stand: &&crate::scene::motion::Stand| {
            let foot = Footprint::new(stand.at, stand.heading, player.half());
            let since_s = stand.from_s - pass.at_s;
            foot.distance(&car) <= LOOK_FROM_M && (0.0..=LOOK_WITHIN_S).contains(&since_s)
        };
        let stands = player.track.stands(loop_s);
        stands.iter().find(is_near).map(|stand| [stand.from_s, stand.until_s])
    });
    let looked = looked.min_by(|a, b| a[0].total_cmp(&b[0]));
    Touch { pushed_s: pushed.map(|nudge| nudge.at_s), looked, pass }
}

pub(super) fn holds(content: &Content) -> Vec<Hold> {
    let (bays, stays) = (Bay::all(content), stays(content, Play::Once));
    let mut holds = Vec::new();
    for Touch { pass, pushed_s, looked } in touches(content) {
        let is_it = |stay: &&Stay<'_>| {
            stay.player.id == pass.parked && (stay.from_s..=stay.until_s).contains(&pass.at_s)
        };
        let zone = stays.iter().find(is_it).and_then(|stay| zone_of(content, &bays, stay));
        let rule = zone.and_then(|zone| zone.zone.rule(EventKind::ContactSuspected));
        let (Some(zone), Some(rule)) = (zone, rule) else { continue };
        let by_push = pushed_s.map(|pushed_s| pass.until_s.max(pushed_s) + SEEN_AFTER_S);
        let by_looks = looked.map(|looked| looked[0] + LOOK_FOR_S);
        let due_s = by_push.into_iter().chain(by_looks).min_by(f64::total_cmp);
        let Some(due_s) = due_s else { continue };
        let over_s = looked.map_or(pass.until_s, |looked| pass.until_s.max(looked[1]));
        let spoken_of_s = (pass.at_s + SPOKEN_OF_S).max(due_s + SPOKEN_OF_S / 2.0);
        let until_s = over_s.max(spoken_of_s).min(content.loop_s());
        let from_s = (pass.at_s - AS_NEAR_S).max(0.0);
        let hold = Hold::new(rule, &zone.zone.id, [from_s, until_s]);
        let open_s = due_s + hold.limit_s;
        holds.push(Hold { open_s, limit_s: open_s - from_s, actor: Some(pass.parked), ..hold });
    }
    holds
}

/// The bay or else the aisle that somebody is parked in.
fn zone_of<'a>(content: &'a Content, bays: &[Bay<'a>], stay: &Stay<'_>) -> Option<&'a GroundZone> {
    let aisle = || {
        let tells = |zone: &&GroundZone| zone.zone.rule(EventKind::ContactSuspected).is_some();
        content.watch.zones.iter().filter(tells).find(|zone| standing::is_in(zone, stay))
    };
    bay_at(bays, stay.footprint.at).map(|bay| bay.zone).or_else(aisle)
}
