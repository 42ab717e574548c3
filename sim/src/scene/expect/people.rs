//! Who is in an area: `area.intrusion`, `area.loitering`, `area.crowd`.

use gridwatch_domain::{EventKind, ZoneType};

use super::{
    Hold,
    span::{Span, at_least, merged, spans},
};
use crate::{
    draw::ground::edge_distance,
    scene::{Content, Player, watch::GroundZone},
};

/// When each of those whom an area cares about is in it.
pub(super) fn visits<'a>(content: &'a Content, area: &GroundZone) -> Vec<(&'a Player, Vec<Span>)> {
    let cares =
        |player: &&Player| super::named(player).iter().any(|(_, class)| area.zone.classes.contains(class));
    let visits = |player: &'a Player| {
        let inside = |at_s: f64| {
            let state = player.track.state(at_s);
            state.is_some_and(|state| edge_distance(&area.polygon, state.at) > 0.0)
        };
        (player, spans([0.0, content.loop_s()], inside))
    };
    content.players.iter().filter(cares).map(visits).filter(|(_, spans)| !spans.is_empty()).collect()
}

pub(super) fn holds(content: &Content) -> Vec<Hold> {
    let mut holds = Vec::new();
    for area in content.watch.zones.iter().filter(|zone| zone.zone.zone_type == ZoneType::Area) {
        let visits = visits(content, area);
        let all: Vec<Span> = visits.iter().flat_map(|(_, spans)| spans.iter().copied()).collect();
        let clear_s = area.zone.clear.as_secs_f64();
        for rule in &area.zone.rules {
            let of_zone = |spans: Vec<Span>| {
                merged(spans, clear_s).into_iter().map(|span| Hold::new(rule, &area.zone.id, span))
            };
            match rule.kind {
                EventKind::Intrusion => holds.extend(of_zone(all.clone())),
                EventKind::Crowd => holds.extend(of_zone(at_least(rule.least as usize, &all))),
                EventKind::Loitering => {
                    for (player, spans) in &visits {
                        let stays = of_zone(spans.clone());
                        holds.extend(stays.map(|hold| Hold { actor: Some(player.id), ..hold }));
                    }
                }
                _ => {}
            }
        }
    }
    holds
}
