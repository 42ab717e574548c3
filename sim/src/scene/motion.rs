//! Who is where when: ways rounded at their corners, driven at plausible speeds.
//!
//! Both axles of a vehicle keep to its way, so that it swings round corners as vehicles do.

use glam::Vec2;

use super::spec::{LegSpec, NudgeSpec, within};
use crate::{SimError, draw::noise::smoothstep};

/// Distance between the points of a way, in metres.
const STEP_M: f32 = 0.1;
/// Largest gap in direction between one leg and the next, in degrees, for those who cannot turn on the spot.
const LARGEST_TURN_DEG: f32 = 15.0;
/// How long it takes to turn on the spot at the end of a pause, in seconds.
const TURN_S: f64 = 0.7;

/// How something moves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gait {
    /// Distance between the axles, in metres.
    pub wheelbase: f32,
    /// Corners are rounded over at most this length to either side, in metres.
    pub rounding: f32,
    /// m/s².
    pub speed_up: f32,
    pub slow_down: f32,
    /// Sideways, m/s².
    pub sideways: f32,
    /// Turns on the spot.
    pub turns: bool,
}

impl Gait {
    pub(crate) fn vehicle(wheelbase: f32) -> Self {
        Self { wheelbase, rounding: 5.0, speed_up: 1.3, slow_down: 1.7, sideways: 1.6, turns: false }
    }
    pub(crate) const BIKE: Self =
        Self { wheelbase: 1.2, rounding: 3.0, speed_up: 1.5, slow_down: 2.0, sideways: 2.2, turns: false };
    pub(crate) const WALK: Self =
        Self { wheelbase: 0.3, rounding: 0.8, speed_up: 2.0, slow_down: 2.0, sideways: 3.0, turns: true };
}

/// Where something is at one instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct State {
    pub at: Vec2,
    /// Radians, counter-clockwise from east.
    pub heading: f32,
    /// m/s; negative backwards.
    pub speed: f32,
    /// Metres covered since it set off.
    pub covered: f32,
    pub braking: bool,
    /// Number of the stand, where it stands.
    pub stand: Option<u32>,
    /// Is pushed: moves, and nobody drives it.
    pub pushed: bool,
}

impl State {
    pub(crate) fn is_moving(&self) -> bool {
        self.stand.is_none()
    }
}

/// One stretch of a way, with its times.
#[derive(Debug, Clone)]
struct Leg {
    points: Vec<Vec2>,
    /// Seconds from the start of the leg at which each point is reached.
    times: Vec<f32>,
    reverse: bool,
    from_s: f64,
    /// End of driving, end of standing.
    stop_s: f64,
    until_s: f64,
    /// Where one looks at the end of standing, where one turns for that.
    turns_to: Option<f32>,
}

/// A way through the loop.
#[derive(Debug, Clone)]
pub(crate) struct Track {
    gait: Gait,
    legs: Vec<Leg>,
    /// Where it stands before and after its legs, if it is there at all then.
    home: Option<(Vec2, f32)>,
    enter_s: f64,
    leave_s: f64,
    nudge: Option<Nudge>,
}

/// A push that something gets where it is parked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Nudge {
    pub at_s: f64,
    pub by: Vec2,
}

impl Nudge {
    /// How long it moves, in seconds.
    pub(crate) const LASTS_S: f64 = 0.4;
    /// Number of the stand after it.
    const STAND: u32 = 1000;

    /// How far it has moved at a time.
    fn moved(&self, at_s: f64) -> Vec2 {
        self.by * smoothstep(0.0, Self::LASTS_S as f32, (at_s - self.at_s) as f32)
    }
}

/// A time during which something stands; `until_s` may lie beyond the end of the loop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Stand {
    pub from_s: f64,
    pub until_s: f64,
    pub at: Vec2,
    pub heading: f32,
}

impl Track {
    /// Something that stands where it is for the whole loop.
    pub(crate) fn parked(at: Vec2, heading: f32) -> Self {
        let home = Some((at, heading));
        Self { gait: Gait::BIKE, legs: Vec::new(), home, enter_s: 0.0, leave_s: 0.0, nudge: None }
    }

    /// The same, pushed where it is parked. `key` names it in errors.
    pub(crate) fn nudged(mut self, spec: &NudgeSpec, loop_s: f64, key: &str) -> Result<Self, SimError> {
        let by = Vec2::from_array(spec.by);
        within(&format!("{key}.nudge.by"), by.length().into(), 0.15, 0.3)?;
        if self.home.is_none() {
            return Err(SimError::scene(format!("{key}.nudge"), "is for what is parked (at)"));
        }
        within(&format!("{key}.nudge.at_s"), spec.at_s, self.leave_s, loop_s - Nudge::LASTS_S)?;
        self.nudge = Some(Nudge { at_s: spec.at_s, by });
        Ok(self)
    }

    /// A way along legs, beginning at `enter_s`; must be over before the loop is. `home` is where it stands outside of
    /// them, and then must end. `key` names it in errors.
    pub(crate) fn new(
        legs: &[LegSpec],
        gait: Gait,
        home: Option<(Vec2, f32)>,
        enter_s: f64,
        loop_s: f64,
        key: &str,
    ) -> Result<Self, SimError> {
        within(&format!("{key}.enter_s"), enter_s, 0.0, loop_s)?;
        let mut track = Self { gait, legs: Vec::new(), home, enter_s, leave_s: enter_s, nudge: None };
        let mut last = home.map(|(at, _)| at);
        for (index, spec) in legs.iter().enumerate() {
            let key = format!("{key}.leg[{index}]");
            within(&format!("{key}.speed"), spec.speed.into(), 0.2, 20.0)?;
            within(&format!("{key}.stop_s"), spec.stop_s, 0.0, loop_s)?;
            let mut way: Vec<Vec2> =
                last.into_iter().chain(spec.path.iter().map(|p| Vec2::from_array(*p))).collect();
            way.dedup_by(|a, b| a.distance(*b) < 0.05);
            if way.len() < 2 {
                return Err(SimError::scene(format!("{key}.path"), "expected at least two different points"));
            }
            let points = rounded(&way, gait.rounding);
            let times = timetable(&points, spec.speed, &gait);
            let drive_s = f64::from(times[times.len() - 1]);
            let from_s = track.leave_s;
            let stop_s = from_s + drive_s;
            let until_s = stop_s + spec.stop_s;
            let leg = Leg { points, times, reverse: spec.reverse, from_s, stop_s, until_s, turns_to: None };
            if let Some(before) = track.legs.last_mut() {
                let sets_off = leg.heading_at(&gait, 0.0);
                let turn = angle_between(before.heading_at(&gait, before.length()), sets_off);
                let has_time = before.until_s - before.stop_s >= TURN_S;
                if turn.to_degrees() > LARGEST_TURN_DEG && gait.turns && has_time {
                    before.turns_to = Some(sets_off);
                } else if turn.to_degrees() > LARGEST_TURN_DEG {
                    let problem = format!(
                        "sets off at {:.0}° to where it looks: expected at most {LARGEST_TURN_DEG}°",
                        turn.to_degrees()
                    );
                    return Err(SimError::scene(format!("{key}.path"), problem));
                }
            }
            last = way.last().copied();
            track.leave_s = leg.until_s;
            track.legs.push(leg);
        }
        if track.leave_s > loop_s {
            let problem = format!(
                "is under way until {:.1} s: expected to be done when the loop ends at {loop_s} s",
                track.leave_s
            );
            return Err(SimError::scene(key, problem));
        }
        track.check_home(key)?;
        Ok(track)
    }

    fn check_home(&self, key: &str) -> Result<(), SimError> {
        let (Some((at, heading)), Some(leg)) = (self.home, self.legs.last()) else { return Ok(()) };
        let end = leg.state(&self.gait, leg.stop_s, 0.0, 0);
        let first = self.legs[0].heading_at(&self.gait, 0.0);
        let turned = angle_between(end.heading, heading).max(angle_between(first, heading)).to_degrees();
        if end.at.distance(at) > 0.3 || turned > LARGEST_TURN_DEG {
            let problem = format!(
                "must set out from and come home to where it is parked; it ends {:.1} m and turned {turned:.0}° away",
                end.at.distance(at)
            );
            return Err(SimError::scene(format!("{key}.leg"), problem));
        }
        Ok(())
    }

    /// Where it is at a time of the loop; `None` while it is elsewhere.
    pub(crate) fn state(&self, at_s: f64) -> Option<State> {
        let mut covered = 0.0;
        for (index, leg) in self.legs.iter().enumerate() {
            if at_s >= leg.from_s && at_s < leg.until_s {
                return Some(leg.state(&self.gait, at_s, covered, index as u32 + 1));
            }
            covered += leg.length();
        }
        let (at, heading) = self.home?;
        let home =
            State { at, heading, speed: 0.0, covered: 0.0, braking: false, stand: Some(0), pushed: false };
        let Some(nudge) = self.nudge.filter(|nudge| at_s >= nudge.at_s) else { return Some(home) };
        let pushed = at_s < nudge.at_s + Nudge::LASTS_S;
        let stand = if pushed { None } else { Some(Nudge::STAND) };
        Some(State { at: at + nudge.moved(at_s), stand, pushed, ..home })
    }

    /// When and where it stands, each stand once.
    pub(crate) fn stands(&self, loop_s: f64) -> Vec<Stand> {
        let mut stands = Vec::new();
        for leg in self.legs.iter().filter(|leg| leg.until_s > leg.stop_s) {
            let state = leg.state(&self.gait, leg.stop_s, 0.0, 1);
            stands.push(Stand {
                from_s: leg.stop_s,
                until_s: leg.until_s,
                at: state.at,
                heading: state.heading,
            });
        }
        if let Some((at, heading)) = self.home {
            let from_s = if self.legs.is_empty() { 0.0 } else { self.leave_s };
            stands.push(Stand { from_s, until_s: self.enter_s + loop_s, at, heading });
        }
        stands
    }

    /// The same of a loop that is played once: what is parked at first stands since 0, and what stands at last until the end.
    pub(crate) fn stands_once(&self, loop_s: f64) -> Vec<Stand> {
        let mut stands = Vec::new();
        for stand in self.stands(loop_s) {
            let is_apart = stand.until_s > loop_s && self.enter_s > 0.0 && !self.is_parked();
            stands.extend(is_apart.then_some(Stand { from_s: 0.0, until_s: self.enter_s, ..stand }));
            stands.extend(
                (stand.from_s < loop_s).then(|| Stand { until_s: stand.until_s.min(loop_s), ..stand }),
            );
        }
        stands.sort_by(|a, b| a.from_s.total_cmp(&b.from_s));
        stands
    }

    /// When it is pushed, if it is.
    pub(crate) fn nudge(&self) -> Option<Nudge> {
        self.nudge
    }

    /// When it sets out and when it is done: outside of that it is at home, or not there.
    pub(crate) fn under_way(&self) -> (f64, f64) {
        (self.enter_s, self.leave_s)
    }

    /// The points of its ways, [`STEP_M`] apart.
    pub(crate) fn ways(&self) -> impl Iterator<Item = &[Vec2]> {
        self.legs.iter().map(|leg| leg.points.as_slice())
    }

    /// Where it is parked outside of its ways.
    pub(crate) fn home(&self) -> Option<(Vec2, f32)> {
        self.home
    }

    /// Whether it stands for the whole loop.
    pub(crate) fn is_parked(&self) -> bool {
        self.legs.is_empty()
    }
}

impl Leg {
    fn length(&self) -> f32 {
        (self.points.len() - 1) as f32 * STEP_M
    }

    /// A point of the way, which goes on straight beyond its ends.
    fn point(&self, s: f32) -> Vec2 {
        let last = self.points.len() - 1;
        let at = s / STEP_M;
        if at <= 0.0 {
            return self.points[0] + (self.points[1] - self.points[0]) * at;
        }
        if at >= last as f32 {
            return self.points[last] + (self.points[last] - self.points[last - 1]) * (at - last as f32);
        }
        let index = at as usize;
        self.points[index].lerp(self.points[index + 1], at - index as f32)
    }

    fn heading_at(&self, gait: &Gait, s: f32) -> f32 {
        let ahead = self.point(s + gait.wheelbase / 2.0) - self.point(s - gait.wheelbase / 2.0);
        let ahead = if self.reverse { -ahead } else { ahead };
        ahead.y.atan2(ahead.x)
    }

    fn state(&self, gait: &Gait, at_s: f64, before: f32, stand: u32) -> State {
        let into = (at_s - self.from_s) as f32;
        let stands = at_s >= self.stop_s;
        let later = self.times.partition_point(|time| *time <= into).clamp(1, self.times.len() - 1);
        let (from, to) = (self.times[later - 1], self.times[later]);
        let share = if stands { 1.0 } else { ((into - from) / (to - from).max(1e-6)).clamp(0.0, 1.0) };
        let s = if stands { self.length() } else { (later as f32 - 1.0 + share) * STEP_M };
        let speed = if stands { 0.0 } else { STEP_M / (to - from).max(1e-6) };
        let next = (later + 3).min(self.times.len() - 1);
        let braking = !stands
            && next > later
            && STEP_M / (self.times[next] - self.times[next - 1]).max(1e-6) < speed - 0.03;
        let half = gait.wheelbase / 2.0;
        let turned = self.turned(at_s);
        let heading = self.heading_at(gait, s);
        State {
            at: (self.point(s + half) + self.point(s - half)) / 2.0,
            heading: turned.map_or(heading, |(to, share)| heading + signed_turn(heading, to) * share),
            speed: if self.reverse { -speed } else { speed },
            covered: before + if self.reverse { -s } else { s },
            braking,
            stand: (stands && turned.is_none()).then_some(stand),
            pushed: false,
        }
    }

    /// While it turns on the spot: to where, and how much of that is done.
    fn turned(&self, at_s: f64) -> Option<(f32, f32)> {
        let since_s = at_s - (self.until_s - TURN_S);
        (since_s >= 0.0).then_some(())?;
        Some((self.turns_to?, smoothstep(0.0, TURN_S as f32, since_s as f32)))
    }
}

/// The shorter way from one direction to another, radians counter-clockwise.
fn signed_turn(from: f32, to: f32) -> f32 {
    (to - from + std::f32::consts::PI).rem_euclid(std::f32::consts::TAU) - std::f32::consts::PI
}

fn angle_between(a: f32, b: f32) -> f32 {
    let turn = (a - b).rem_euclid(std::f32::consts::TAU);
    turn.min(std::f32::consts::TAU - turn)
}

/// A way with its corners rounded, cut into equal steps.
fn rounded(way: &[Vec2], rounding: f32) -> Vec<Vec2> {
    let mut dense = vec![way[0]];
    for window in way.windows(3) {
        let (a, b, c) = (window[0], window[1], window[2]);
        let cut = rounding.min(a.distance(b) * 0.5).min(b.distance(c) * 0.5);
        let (from, to) = (b + (a - b).normalize_or_zero() * cut, b + (c - b).normalize_or_zero() * cut);
        for step in 0..=24 {
            let t = step as f32 / 24.0;
            dense.push(from.lerp(b, t).lerp(b.lerp(to, t), t));
        }
    }
    dense.push(way[way.len() - 1]);
    let length: f32 = dense.windows(2).map(|pair| pair[0].distance(pair[1])).sum();
    let steps = (length / STEP_M).round().max(1.0) as usize;
    let mut points = Vec::with_capacity(steps + 1);
    let (mut segment, mut passed) = (0, 0.0);
    for step in 0..steps {
        let wanted = length * step as f32 / steps as f32;
        while segment + 2 < dense.len() && passed + dense[segment].distance(dense[segment + 1]) < wanted {
            passed += dense[segment].distance(dense[segment + 1]);
            segment += 1;
        }
        let size = dense[segment].distance(dense[segment + 1]).max(1e-6);
        points.push(dense[segment].lerp(dense[segment + 1], ((wanted - passed) / size).min(1.0)));
    }
    points.push(dense[dense.len() - 1]);
    points
}

/// When each point is reached: from rest to rest, no faster than `top` and than the corners allow.
fn timetable(points: &[Vec2], top: f32, gait: &Gait) -> Vec<f32> {
    let count = points.len();
    let reach = ((gait.wheelbase / STEP_M) as usize).max(4);
    let mut speeds: Vec<f32> = (0..count)
        .map(|index| {
            let (a, c) = (index.saturating_sub(reach), (index + reach).min(count - 1));
            let (u, v) = (points[index] - points[a], points[c] - points[index]);
            let bend = angle_between(u.y.atan2(u.x), v.y.atan2(v.x));
            let straight = u.length() < 0.2 || v.length() < 0.2;
            let curvature = if straight { 0.0 } else { bend / (reach as f32 * STEP_M) };
            top.min((gait.sideways / curvature.max(1e-3)).sqrt())
        })
        .collect();
    let slowest = 0.12;
    (speeds[0], speeds[count - 1]) = (slowest, slowest);
    for index in 1..count {
        speeds[index] = speeds[index].min((speeds[index - 1].powi(2) + 2.0 * gait.speed_up * STEP_M).sqrt());
    }
    for index in (0..count - 1).rev() {
        speeds[index] = speeds[index].min((speeds[index + 1].powi(2) + 2.0 * gait.slow_down * STEP_M).sqrt());
    }
    let mut time = 0.0;
    let mut times = vec![0.0];
    for pair in speeds.windows(2) {
        time += STEP_M / ((pair[0] + pair[1]) / 2.0).max(slowest);
        times.push(time);
    }
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leg(path: &[[f32; 2]], stop_s: f64, reverse: bool) -> LegSpec {
        LegSpec { path: path.to_vec(), speed: 5.0, reverse, stop_s }
    }

    #[test]
    fn a_vehicle_rounds_its_corner_stops_and_goes_on() {
        let legs =
            [leg(&[[0.0, 0.0], [20.0, 0.0], [20.0, 20.0]], 10.0, false), leg(&[[20.0, 40.0]], 0.0, false)];
        let track =
            Track::new(&legs, Gait::vehicle(2.7), None, 5.0, 100.0, "vehicle[0]").expect("a fair way");
        assert_eq!(track.state(4.9), None);
        let stand = track.stands(100.0)[0];
        assert!(stand.at.distance(Vec2::new(20.0, 20.0)) < 0.1, "{stand:?}");
        assert!((stand.until_s - stand.from_s - 10.0).abs() < 1e-6);
        let mut last: Option<State> = None;
        let mut time = 5.0;
        while let Some(state) = track.state(time) {
            if let Some(before) = last {
                assert!(
                    before.at.distance(state.at) < 5.2 * 0.04 + 0.01,
                    "jumps at {time}: {before:?} {state:?}"
                );
                assert!(angle_between(before.heading, state.heading) < 0.09, "spins at {time}");
            }
            last = Some(state);
            time += 0.04;
        }
        assert!(last.expect("it moved").at.distance(Vec2::new(20.0, 40.0)) < 0.3);
    }

    #[test]
    fn a_way_that_turns_on_the_spot_is_refused() {
        let legs = [leg(&[[0.0, 0.0], [20.0, 0.0]], 3.0, false), leg(&[[20.0, 20.0]], 0.0, false)];
        let error =
            Track::new(&legs, Gait::vehicle(2.7), None, 0.0, 100.0, "vehicle[7]").expect_err("turns by 90°");
        assert!(error.to_string().contains("vehicle[7].leg[1].path"), "{error}");
    }

    #[test]
    fn backing_into_a_bay_keeps_the_nose_towards_the_aisle() {
        let legs = [
            leg(&[[0.0, 0.0], [10.0, 0.0]], 1.0, false),
            leg(&[[6.0, 0.0], [4.0, -2.0], [4.0, -7.0]], 5.0, true),
        ];
        let track = Track::new(&legs, Gait::vehicle(2.7), None, 0.0, 60.0, "vehicle[0]").expect("a fair way");
        let stand = track.stands(60.0)[1];
        assert!((stand.heading - std::f32::consts::FRAC_PI_2).abs() < 0.05, "{stand:?}");
    }
}
