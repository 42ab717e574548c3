//! What a script leaves open: what one could see this way or that. A scene that is fit for measuring leaves nothing open.

use glam::Vec2;
use gridwatch_domain::{EventKind, ObjectClass, ZoneType};

use super::{
    Hold, Play, Stay, aisle,
    bays::{Bay, bay_at, shares},
    contact::{TOUCHES_M, touches},
    crossing::crossings,
    holds, lot, named, near_passes, people,
    span::{Span, at_least, merged},
    standing, stays,
};
use crate::{
    draw::ground::edge_distance,
    scene::{Content, Player, watch::GroundZone},
};

/// What holds for at most this share of its limit is clearly short of it …
const SHORT: f64 = 0.6;
/// … and what holds for so many seconds more is clearly longer.
const LONGER_S: f64 = 8.0;
/// Shares of a footprint in a zone between which it is neither in nor out.
const HALF_IN: std::ops::Range<f32> = 0.25..0.65;
/// Shares of the way between two bays that are clear: in one of them, or in both.
const IN_ONE: f64 = 0.15;
const IN_BOTH: std::ops::RangeInclusive<f64> = 0.42..=0.58;
/// From the middle of a bay, in its own coordinates, where one is clearly beside it.
const BESIDE: f64 = 0.8;
/// Shares of the strip before a bay between which it is neither blocked nor free.
const HALF_BLOCKED: std::ops::Range<f32> = 0.12..0.4;
/// Who passes without touching keeps this distance, in metres.
const KEPT_M: f32 = 0.8;
/// Nobody stands nearer to the border of an area, and nobody crosses a line nearer to its ends, in metres.
const FROM_BORDER_M: f32 = 0.4;
/// What ends leaves so much time to be seen to end, in seconds; or it lasts to the end.
const TIME_TO_END_S: f64 = 14.0;

/// Words about everything that is left open.
pub(crate) fn unclear(content: &Content) -> Vec<String> {
    let (stays, holds) = (stays(content, Play::Once), holds(content, Play::Once));
    let mut found = Vec::new();
    found.extend(holds.iter().filter_map(|hold| of_hold(hold, content.loop_s())));
    found.extend(content.watch.zones.iter().flat_map(|zone| of_zone(zone, &stays)));
    found.extend(of_bays(content, &stays));
    found.extend(of_aisles(content, &stays));
    found.extend(of_lots(&holds));
    found.extend(of_contacts(content));
    found.extend(of_areas(content));
    found.extend(of_lines(content));
    found
}

/// How long it holds, and when it ends.
fn of_hold(hold: &Hold, loop_s: f64) -> Option<String> {
    let lasts_s = hold.until_s - hold.from_s;
    let name = || {
        let Hold { kind, zone, from_s, until_s, actor, .. } = hold;
        format!("{} in {zone} of {actor:?} from {from_s:.1} to {until_s:.1} s", kind.as_str())
    };
    if !hold.is_event() {
        return (lasts_s > SHORT * hold.limit_s)
            .then(|| format!("{}: not clearly shorter than {} s", name(), hold.limit_s));
    }
    if lasts_s < hold.limit_s + LONGER_S && hold.limit_s > 0.0 && hold.kind != EventKind::ContactSuspected {
        return Some(format!("{}: not clearly longer than {} s", name(), hold.limit_s));
    }
    let to_end_s = if hold.kind == EventKind::LotFull { lot::BRIDGES_S + 5.0 } else { TIME_TO_END_S };
    let (ends, is_moment) = (loop_s - hold.until_s, hold.limit_s == 0.0);
    let is_late = (ends > 0.1 && ends < to_end_s && !is_moment) || hold.open_s > loop_s - 3.0;
    is_late.then(|| format!("{}: too late in the loop", name()))
}

/// Whether somebody stands half in a zone for long enough to matter.
fn of_zone(zone: &GroundZone, stays: &[Stay<'_>]) -> Vec<String> {
    let rules =
        zone.zone.rules.iter().filter(|rule| standing::tells(rule.kind) || rule.kind == EventKind::OutOfBay);
    let Some(limit_s) = rules.map(|rule| rule.limit.get().as_secs_f64()).reduce(f64::min) else {
        return Vec::new();
    };
    let half_in = stays.iter().filter(|stay| {
        stay.length_s() > SHORT * limit_s && HALF_IN.contains(&stay.footprint.share_in(&zone.polygon))
    });
    half_in
        .map(|stay| format!("{} stands half in {} from {:.1} s", stay.player.id, zone.zone.id, stay.from_s))
        .collect()
}

/// Whether who stands in a bay, or beside it, clearly does.
fn of_bays(content: &Content, stays: &[Stay<'_>]) -> Vec<String> {
    /// Who stands for less has merely stopped on the way.
    const STOPPED_S: f64 = 4.0;
    let bays = Bay::all(content);
    let mut found = Vec::new();
    for stay in stays.iter().filter(|stay| stay.length_s() > STOPPED_S) {
        let (at, id, from_s) = (stay.footprint.at, stay.player.id, stay.from_s);
        let Some(bay) = bay_at(&bays, at) else {
            let near = bays.iter().filter(|bay| bay.distance(at) < BESIDE);
            found.extend(near.map(|bay| format!("{id} stands half beside {} from {from_s:.1} s", bay.id())));
            continue;
        };
        let between: Vec<f64> = shares(&bays, bay, at).map(|(_, share)| share).collect();
        let straddles = between.iter().any(|share| IN_BOTH.contains(share));
        let is_clear = |share: &f64| *share <= IN_ONE || IN_BOTH.contains(share);
        let is_in = straddles || bay.distance(at) <= 0.2;
        if !is_in || !between.iter().all(is_clear) {
            found.push(format!("{id} is not clearly in {} from {from_s:.1} s: {between:.2?}", bay.id()));
        }
    }
    found
}

/// Whether who stands in an aisle clearly blocks a bay that is taken all the while.
fn of_aisles(content: &Content, stays: &[Stay<'_>]) -> Vec<String> {
    let bays = Bay::all(content);
    let mut found = Vec::new();
    for aisle in content.watch.zones.iter().filter(|zone| zone.zone.zone_type == ZoneType::Aisle) {
        let rules = aisle
            .zone
            .rules
            .iter()
            .filter(|rule| matches!(rule.kind, EventKind::OutOfBay | EventKind::Double));
        let limit_s = rules.map(|rule| rule.limit.get().as_secs_f64()).fold(f64::MAX, f64::min);
        let long =
            stays.iter().filter(|stay| stay.length_s() > SHORT * limit_s && standing::is_in(aisle, stay));
        for stay in long.filter(|stay| bay_at(&bays, stay.footprint.at).is_none()) {
            let blocked: Vec<(f32, f64)> = aisle::blocked(&bays, aisle, stay, stays).collect();
            let is_told = blocked.iter().any(|(share, taken)| *share >= HALF_BLOCKED.end && *taken > 0.99);
            let is_open = |(share, taken): &(f32, f64)| HALF_BLOCKED.start < *share && *taken > 0.0;
            if !is_told && blocked.iter().any(is_open) {
                let (id, from_s) = (stay.player.id, stay.from_s);
                found.push(format!(
                    "{id} blocks a bay in {} by halves from {from_s:.1} s: {blocked:?}",
                    aisle.zone.id
                ));
            }
        }
    }
    found
}

/// Whether a lot is clearly full again, or still.
fn of_lots(holds: &[Hold]) -> Vec<String> {
    let full: Vec<&Hold> = holds.iter().filter(|hold| hold.kind == EventKind::LotFull).collect();
    let mut found = Vec::new();
    for (index, one) in full.iter().enumerate() {
        let others = full[index + 1..].iter().filter(|other| other.zone == one.zone);
        let near = others.filter(|other| other.from_s - one.until_s < lot::BRIDGES_S + LONGER_S);
        found.extend(
            near.map(|other| format!("{} is full again at {:.1} s, too soon", other.zone, other.from_s)),
        );
    }
    found
}

/// Whether who comes close clearly touches, and something comes of it.
fn of_contacts(content: &Content) -> Vec<String> {
    let vehicles = near_passes(content).into_iter().filter(|pass| pass.class.is_vehicle());
    let close = vehicles.filter(|pass| (TOUCHES_M..KEPT_M).contains(&pass.distance_m));
    let mut found: Vec<String> = close
        .map(|pass| {
            format!(
                "{} comes within {:.2} m of {} at {:.1} s",
                pass.other, pass.distance_m, pass.parked, pass.at_s
            )
        })
        .collect();
    for touch in touches(content) {
        if touch.pushed_s.is_none() && touch.looked.is_none() {
            let pass = &touch.pass;
            found.push(format!(
                "{} touches {} at {:.1} s, and nothing comes of it",
                pass.other, pass.parked, pass.at_s
            ));
        }
    }
    let pushed = content.players.iter().filter_map(|player| Some((player.id, player.track.nudge()?)));
    for (id, nudge) in pushed {
        if !touches(content).iter().any(|touch| touch.pass.parked == id && touch.pushed_s.is_some()) {
            found.push(format!("{id} is pushed at {:.1} s by nobody", nudge.at_s));
        }
    }
    found
}

/// Whether people are clearly in an area or out of it, and nobody rides through.
fn of_areas(content: &Content) -> Vec<String> {
    let mut found = Vec::new();
    for area in content.watch.zones.iter().filter(|zone| zone.zone.zone_type == ZoneType::Area) {
        let id = &area.zone.id;
        for player in &content.players {
            let stands = player.track.stands_once(content.loop_s()).into_iter();
            let at_border =
                stands.filter(|stand| edge_distance(&area.polygon, stand.at).abs() < FROM_BORDER_M);
            let is_watched = area.zone.classes.contains(&player.class());
            found.extend(at_border.filter(|_| is_watched).map(|stand| {
                format!("{} stands at the border of {id} from {:.1} s", player.id, stand.from_s)
            }));
        }
        let visits = people::visits(content, area);
        let riders = visits.iter().filter(|(player, _)| player.rider().is_some());
        found.extend(riders.map(|(player, _)| format!("{} rides through {id}", player.id)));
        let all: Vec<Span> = visits.iter().flat_map(|(_, spans)| spans.iter().copied()).collect();
        for rule in &area.zone.rules {
            found.extend(match rule.kind {
                EventKind::Crowd => gaps(at_least(rule.least as usize, &all), area),
                EventKind::Loitering => {
                    visits.iter().flat_map(|(_, spans)| gaps(spans.clone(), area)).collect()
                }
                _ => gaps(all.clone(), area),
            });
        }
    }
    found
}

/// Pauses in an area that are neither bridged nor an end.
fn gaps(spans: Vec<Span>, area: &GroundZone) -> Vec<String> {
    let clear_s = area.zone.clear.as_secs_f64();
    let merged = merged(spans, 0.0);
    let gap = |pair: &[Span]| (pair[0][1], pair[1][0] - pair[0][1]);
    let unclear =
        merged.windows(2).map(gap).filter(|(_, gap)| (SHORT * clear_s..clear_s + 4.0).contains(gap));
    unclear.map(|(at_s, gap)| format!("{} is empty for {gap:.1} s from {at_s:.1} s", area.zone.id)).collect()
}

/// Whether who comes to a line clearly crosses it.
fn of_lines(content: &Content) -> Vec<String> {
    let mut found = Vec::new();
    for line in &content.watch.lines {
        let length = line.from.distance(line.to);
        let cares =
            |player: &&Player| named(player).iter().any(|(_, class)| line.line.classes.contains(class));
        for player in content.players.iter().filter(cares) {
            let margin =
                FROM_BORDER_M + if player.class() == ObjectClass::Person { 0.0 } else { player.half().y };
            let at_ends = crossings(line, player, content.loop_s()).into_iter().filter(|crossing| {
                let off = [crossing.share * length, (1.0 - crossing.share) * length];
                off.iter().any(|off| off.abs() < margin)
            });
            let id = &line.line.id;
            found.extend(at_ends.map(|crossing| {
                format!("{} goes over the end of {id} at {:.1} s", player.id, crossing.at_s)
            }));
            let stands = player.track.stands_once(content.loop_s()).into_iter();
            let on_line = stands.filter(|stand| {
                let way = (line.to - line.from) / length;
                let (along, off) =
                    ((stand.at - line.from).dot(way), (stand.at - line.from).dot(way.perp()).abs());
                let reach = crate::scene::footprint::Footprint::new(stand.at, stand.heading, player.half());
                let reach = reach.reach(Vec2::new(-way.y, way.x));
                (-margin..length + margin).contains(&along) && off < reach + FROM_BORDER_M
            });
            found.extend(
                on_line.map(|stand| format!("{} stands on {id} from {:.1} s", player.id, stand.from_s)),
            );
        }
    }
    found
}
