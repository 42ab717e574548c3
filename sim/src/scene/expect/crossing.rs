//! Who crosses a line: `line.crossing`, `line.wrong_way`. From when they reach it until shortly after they are beyond it.

use gridwatch_domain::EventKind;

use super::{Hold, span::STEP_S};
use crate::scene::{Content, Player, footprint::Footprint, motion::State, watch::GroundLine};

/// So long after somebody is beyond a line they may still be spoken of, in seconds.
const SPOKEN_OF_S: f64 = 2.0;
/// … and so long before they reach it: the lower edge of a box is no foot.
const SPOKEN_BEFORE_S: f64 = 0.5;

/// Somebody who goes over a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Crossing {
    /// When they reach it, when their middle is over it, when they are beyond it.
    pub from_s: f64,
    pub at_s: f64,
    pub until_s: f64,
    /// From its left to its right.
    pub along: bool,
    /// Where on it: 0 at its beginning, 1 at its end.
    pub share: f32,
}

/// All crossings of the endless line through both ends, in order.
pub(super) fn crossings(line: &GroundLine, player: &Player, loop_s: f64) -> Vec<Crossing> {
    let way = line.to - line.from;
    let right = -way.perp().normalize_or_zero();
    let side = |state: &State| (state.at - line.from).dot(right);
    let reach = |state: &State| Footprint::of(state, player.half()).reach(right);
    let state = |at_s: f64| player.track.state(at_s);
    let mut found = Vec::new();
    let mut before: Option<State> = None;
    for step in 0..(loop_s / STEP_S) as u32 {
        let at_s = f64::from(step) * STEP_S;
        let now = state(at_s);
        if let (Some(one), Some(other)) = (before, now)
            && (side(&one) > 0.0) != (side(&other) > 0.0)
        {
            let touches = |at_s: f64| state(at_s).is_some_and(|state| side(&state).abs() < reach(&state));
            let mut span = [at_s, at_s];
            while touches(span[0] - STEP_S) {
                span[0] -= STEP_S;
            }
            while touches(span[1] + STEP_S) {
                span[1] += STEP_S;
            }
            let share = (other.at - line.from).dot(way) / way.length_squared();
            found.push(Crossing {
                from_s: span[0],
                at_s,
                until_s: span[1],
                along: side(&other) > 0.0,
                share,
            });
        }
        before = now;
    }
    found
}

pub(super) fn holds(content: &Content) -> Vec<Hold> {
    let mut holds = Vec::new();
    for line in &content.watch.lines {
        for player in &content.players {
            let who = super::named(player).into_iter().filter(|(_, class)| line.line.classes.contains(class));
            let who: Vec<u32> = who.map(|(id, _)| id).collect();
            if who.is_empty() {
                continue;
            }
            let crossings = crossings(line, player, content.loop_s());
            for crossing in crossings.into_iter().filter(|crossing| (0.0..=1.0).contains(&crossing.share)) {
                let wrong_way = line.line.rule(EventKind::WrongWay).filter(|_| !crossing.along);
                let Some(rule) = wrong_way.or_else(|| line.line.rule(EventKind::Crossing)) else { continue };
                let span = [(crossing.from_s - SPOKEN_BEFORE_S).max(0.0), crossing.until_s + SPOKEN_OF_S];
                let hold = Hold::new(rule, &line.line.id, span).moment(crossing.at_s);
                holds.extend(who.iter().map(|&actor| Hold { actor: Some(actor), ..hold.clone() }));
            }
        }
    }
    holds
}
