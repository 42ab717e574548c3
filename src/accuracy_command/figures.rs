//! Figures that can be added up over scenes, conditions and rates. Pure.
//!
//! Times stay one by one, so that the median of a sum is that of its events, and not of medians.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::score::{self, DISTANCE_TOLERANCE_M, Errors, Match, Score, ToleranceFile, share};

/// What became of some events.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// Events that had to be found, and of these those that were.
    pub(crate) truth: usize,
    pub(crate) found: usize,
    /// Told, and not true.
    #[serde(rename = "false")]
    pub(crate) untrue: usize,
    /// Told again.
    pub(crate) doubled: usize,
    /// Seconds by which `since`, the opening and `until` are late, one by one.
    pub(crate) start_s: Vec<f64>,
    pub(crate) alert_s: Vec<f64>,
    pub(crate) end_s: Vec<f64>,
}

impl Figures {
    /// Of one kind, or of all.
    fn of(score: &Score, kind: Option<&str>) -> Self {
        let of_kind = kind.map_or(Some(&score.total), |kind| score.kinds.get(kind));
        let Some(of_kind) = of_kind else { return Self::default() };
        let matches = score.matches.iter().filter(|one| kind.is_none_or(|kind| one.truth.kind == kind));
        let matches: Vec<&Match> = matches.collect();
        let seconds =
            |value: fn(&Match) -> Option<f64>| matches.iter().filter_map(|one| value(one)).collect();
        Self {
            truth: of_kind.truth,
            found: of_kind.found,
            untrue: of_kind.untrue,
            doubled: of_kind.doubled,
            start_s: seconds(|one| Some(one.start_error_s)),
            alert_s: seconds(|one| one.alert_error_s),
            end_s: seconds(|one| one.end_error_s),
        }
    }

    /// Each kind by itself.
    fn by_kind(score: &Score) -> BTreeMap<String, Self> {
        score.kinds.keys().map(|kind| (kind.clone(), Self::of(score, Some(kind)))).collect()
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.truth += other.truth;
        self.found += other.found;
        self.untrue += other.untrue;
        self.doubled += other.doubled;
        self.start_s.extend(&other.start_s);
        self.alert_s.extend(&other.alert_s);
        self.end_s.extend(&other.end_s);
    }

    pub(super) fn missed(&self) -> usize {
        self.truth - self.found
    }

    /// What was told and should not have been.
    pub(super) fn wrong(&self) -> usize {
        self.untrue + self.doubled
    }

    /// Found ÷ told.
    pub(super) fn precision(&self) -> Option<f64> {
        share(self.found, self.found + self.wrong())
    }

    /// Found ÷ truth.
    pub(super) fn recall(&self) -> Option<f64> {
        share(self.found, self.truth)
    }

    pub(super) fn f1(&self) -> Option<f64> {
        share(2 * self.found, 2 * self.found + self.wrong() + self.missed())
    }

    pub(super) fn start(&self) -> Errors {
        Errors::new(self.start_s.clone(), ToleranceFile::default().start_s)
    }

    pub(super) fn alert(&self) -> Errors {
        Errors::new(self.alert_s.clone(), ToleranceFile::default().alert_s)
    }

    pub(super) fn end(&self) -> Errors {
        Errors::new(self.end_s.clone(), ToleranceFile::default().end_s)
    }

    /// The middle of how far beginnings are off, early or late.
    pub(super) fn start_off_s(&self) -> Option<f64> {
        let off: Vec<f64> = self.start_s.iter().map(|seconds| seconds.abs()).collect();
        Errors::new(off, 0.0).median_s
    }
}

/// What became of near passes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct NearFigures {
    pub(crate) truth: usize,
    pub(crate) found: usize,
    #[serde(rename = "false")]
    pub(crate) untrue: usize,
    pub(crate) doubled: usize,
    /// Seconds by which the nearest moment is late, metres by which the distance is too large.
    pub(crate) time_s: Vec<f64>,
    pub(crate) distance_m: Vec<f64>,
    /// Those whose side is right, of those of which one can tell; the same for classes.
    pub(crate) sides: [usize; 2],
    pub(crate) classes: [usize; 2],
}

impl NearFigures {
    fn of(score: &score::NearPassScore) -> Self {
        let right = |values: Vec<bool>| [values.iter().filter(|right| **right).count(), values.len()];
        Self {
            truth: score.truth,
            found: score.found,
            untrue: score.untrue,
            doubled: score.doubled,
            time_s: score.pairs.iter().map(|pair| pair.time_error_s).collect(),
            distance_m: score.pairs.iter().filter_map(|pair| pair.distance_error_m).collect(),
            sides: right(score.pairs.iter().filter_map(|pair| pair.side_is_right).collect()),
            classes: right(score.pairs.iter().map(|pair| pair.class_is_right).collect()),
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.truth += other.truth;
        self.found += other.found;
        self.untrue += other.untrue;
        self.doubled += other.doubled;
        self.time_s.extend(&other.time_s);
        self.distance_m.extend(&other.distance_m);
        for (own, other) in [(&mut self.sides, other.sides), (&mut self.classes, other.classes)] {
            *own = [own[0] + other[0], own[1] + other[1]];
        }
    }

    pub(super) fn recall(&self) -> Option<f64> {
        share(self.found, self.truth)
    }

    pub(super) fn precision(&self) -> Option<f64> {
        share(self.found, self.found + self.untrue + self.doubled)
    }

    pub(super) fn time(&self) -> Errors {
        Errors::new(self.time_s.clone(), ToleranceFile::default().start_s)
    }

    /// In metres, in place of seconds.
    pub(super) fn distance(&self) -> Errors {
        Errors::new(self.distance_m.clone(), DISTANCE_TOLERANCE_M)
    }
}

/// For how long parking bays were told as they were, over all of them, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct BayFigures {
    pub(crate) right_s: f64,
    pub(crate) judged_s: f64,
    pub(crate) unknown_s: f64,
}

impl BayFigures {
    fn of(score: &score::BaysScore) -> Self {
        let sum = |value: fn(&score::BayScore) -> f64| score.bays.iter().map(value).sum::<f64>();
        let (right_s, unknown_s) = (sum(|bay| bay.right_s), sum(|bay| bay.unknown_s));
        let contrary_s = sum(|bay| bay.occupied_told_free_s + bay.free_told_occupied_s);
        Self { right_s, judged_s: right_s + contrary_s + unknown_s, unknown_s }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.right_s += other.right_s;
        self.judged_s += other.judged_s;
        self.unknown_s += other.unknown_s;
    }

    pub(super) fn accuracy(&self) -> Option<f64> {
        (self.judged_s > 0.0).then(|| self.right_s / self.judged_s)
    }
}

/// How well objects kept their identity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IdentityFigures {
    /// Objects that were to be followed.
    pub(crate) objects: usize,
    /// How often the track of one changed, and the place of one that stood.
    pub(crate) track_switches: usize,
    pub(crate) place_switches: usize,
    /// Observations in which one is there, and of these those in which a track has it.
    pub(crate) there: usize,
    pub(crate) followed: usize,
    /// Those in which a vehicle stands, and of these those in which a place has it. Places are of what a zone watches: people have none, and
    /// two-wheelers where a zone names them.
    pub(crate) standing: usize,
    pub(crate) placed: usize,
}

impl IdentityFigures {
    fn of(object: &score::ObjectScore) -> Self {
        let when_parked = |count: usize| if object.class.is_vehicle() { count } else { 0 };
        Self {
            objects: 1,
            track_switches: object.track_switches,
            place_switches: object.place_switches,
            there: object.there,
            followed: object.followed,
            standing: when_parked(object.standing),
            placed: when_parked(object.placed),
        }
    }

    fn by_class(score: &score::IdentityScore) -> BTreeMap<String, Self> {
        let mut classes: BTreeMap<String, Self> = BTreeMap::new();
        for object in &score.objects {
            classes.entry(object.class.to_string()).or_default().add(&Self::of(object));
        }
        classes
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.objects += other.objects;
        self.track_switches += other.track_switches;
        self.place_switches += other.place_switches;
        self.there += other.there;
        self.followed += other.followed;
        self.standing += other.standing;
        self.placed += other.placed;
    }

    /// Share of the observations of objects in which a track has them.
    pub(super) fn followed(&self) -> Option<f64> {
        share(self.followed, self.there)
    }

    /// Share of those of objects that stand in which a place has them.
    pub(super) fn placed(&self) -> Option<f64> {
        share(self.placed, self.standing)
    }

    /// How often the track of an object changes.
    pub(super) fn switches_an_object(&self) -> Option<f64> {
        share(self.track_switches, self.objects)
    }
}

/// All figures of one score.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct AllFigures {
    pub(crate) total: Figures,
    pub(crate) kinds: BTreeMap<String, Figures>,
    pub(crate) near: NearFigures,
    pub(crate) bays: BayFigures,
    /// By class.
    pub(crate) identities: BTreeMap<String, IdentityFigures>,
}

impl AllFigures {
    pub(super) fn of(score: &Score) -> Self {
        Self {
            total: Figures::of(score, None),
            kinds: Figures::by_kind(score),
            near: score.near_passes.as_ref().map(NearFigures::of).unwrap_or_default(),
            bays: score.bays.as_ref().map(BayFigures::of).unwrap_or_default(),
            identities: score.identity.as_ref().map(IdentityFigures::by_class).unwrap_or_default(),
        }
    }

    /// Of several.
    pub(super) fn sum<'a>(all: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut sum = Self::default();
        for one in all {
            sum.total.add(&one.total);
            sum.near.add(&one.near);
            sum.bays.add(&one.bays);
            for (kind, figures) in &one.kinds {
                sum.kinds.entry(kind.clone()).or_default().add(figures);
            }
            for (class, figures) in &one.identities {
                sum.identities.entry(class.clone()).or_default().add(figures);
            }
        }
        sum
    }

    /// How well objects of all classes kept their identity.
    pub(super) fn identity(&self) -> IdentityFigures {
        let mut sum = IdentityFigures::default();
        self.identities.values().for_each(|figures| sum.add(figures));
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(truth: usize, found: usize, untrue: usize, start_s: &[f64]) -> Figures {
        Figures { truth, found, untrue, start_s: start_s.to_vec(), ..Figures::default() }
    }

    #[test]
    fn events_are_added_up_and_not_shares() {
        let kinds = |figures: &Figures| BTreeMap::from([("line.crossing".to_owned(), figures.clone())]);
        let (many, few) = (figures(9, 9, 0, &[1.0; 9]), figures(1, 0, 1, &[]));
        let all = [&many, &few].map(|figures| AllFigures {
            total: figures.clone(),
            kinds: kinds(figures),
            ..AllFigures::default()
        });
        let sum = AllFigures::sum(&all);
        assert_eq!((sum.total.recall(), sum.total.precision()), (Some(0.9), Some(0.9)));
        assert_eq!((sum.total.missed(), sum.total.f1()), (1, Some(0.9)));
        assert_eq!(sum.kinds["line.crossing"], sum.total);
        assert_eq!(AllFigures::sum(&[]).total.recall(), None);
    }

    #[test]
    fn a_median_is_of_all_events() {
        let mut sum = figures(1, 1, 0, &[5.0]);
        sum.add(&figures(4, 4, 0, &[-1.0, 0.0, 0.0, 1.0]));
        assert_eq!((sum.start().median_s, sum.start().within), (Some(0.0), Some(0.8)));
        assert_eq!(sum.start_off_s(), Some(1.0));
    }

    #[test]
    fn bays_weigh_by_their_time() {
        let mut bays = BayFigures { right_s: 90.0, judged_s: 100.0, unknown_s: 10.0 };
        bays.add(&BayFigures { right_s: 0.0, judged_s: 100.0, unknown_s: 0.0 });
        assert_eq!(bays.accuracy(), Some(0.45));
        assert_eq!(BayFigures::default().accuracy(), None);
    }

    #[test]
    fn identities_are_taken_from_the_score_and_added_up() {
        use crate::score::tests::{at, truth};
        let json = |at_s: f64, track: u64| {
            let detection = serde_json::json!({ "box": [0.1, 0.4, 0.2, 0.5], "track": track });
            let line = serde_json::json!({ "schema": "gridwatch.observation/1", "camera": "c", "at": at(at_s).to_string(),
                "detections": [detection], "places": [] });
            line.to_string() + "\n"
        };
        let lines = json(1.0, 5) + &json(2.0, 6) + &json(3.0, 6);
        let observations = score::read_observations(lines.as_bytes()).expect("valid").items;
        let stands = |class: &str, x: f64| {
            let boxes = [0, 180].map(|second| (second, x, 0.4, x + 0.1, 0.5));
            serde_json::json!({ "id": class, "class": class, "boxes": boxes })
        };
        let file = serde_json::json!({ "schema": "gridwatch.truth/1", "name": "n", "duration_s": 180, "events": [], "objects": [stands("car", 0.1), stands("person", 0.6)] });
        let truth = score::Truth {
            objects: score::Truth::parse(&file.to_string()).expect("valid").objects,
            ..truth()
        };
        let start = gridwatch_domain::Timestamp::UNIX_EPOCH;
        let one = AllFigures::of(&score::score(&truth, &[], Some(&observations), start));
        let car = one.identities["car"];
        assert_eq!((car.track_switches, car.there, car.followed()), (1, 3, Some(1.0)));
        assert_eq!((car.standing, car.placed()), (3, Some(0.0)));
        let person = one.identities["person"];
        assert_eq!((person.there, person.standing, person.placed()), (3, 0, None), "people have no places");
        let other = IdentityFigures { objects: 3, there: 3, track_switches: 1, ..IdentityFigures::default() };
        let other = AllFigures {
            identities: BTreeMap::from([("person".to_owned(), other)]),
            ..AllFigures::default()
        };
        let sum = AllFigures::sum([&one, &other, &other]);
        assert_eq!(sum.identities["person"].objects, 7);
        let sum = sum.identity();
        assert_eq!(
            (sum.followed(), sum.switches_an_object(), sum.placed()),
            (Some(0.25), Some(3.0 / 8.0), Some(0.0))
        );
        assert_eq!(IdentityFigures::default().followed(), None);
    }

    #[test]
    fn near_passes_keep_how_many_sides_can_be_told() {
        let one =
            NearFigures { truth: 2, found: 2, sides: [1, 1], classes: [2, 2], ..NearFigures::default() };
        let mut sum = one.clone();
        sum.add(&NearFigures { truth: 2, untrue: 1, ..NearFigures::default() });
        assert_eq!((sum.sides, sum.recall(), sum.precision()), ([1, 1], Some(0.5), Some(2.0 / 3.0)));
    }
}
