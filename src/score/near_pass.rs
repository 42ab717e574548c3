//! Who was told to have come close to a parked vehicle, held against who did.
//!
//! Two belong together if their parked vehicles are the same (an IoU of 0.3 at least) and their times overlap, give or take 2 s. Of all pairs
//! that may be, one to one, those count that are nearest in time; of equals those of the same class. A rider who is told beside the
//! two-wheeler is left out, and so is who stays beside it and is told both coming and going; what else is told and finds no partner is *doubled* where it would fit one that has its partner already, else
//! *false*.

use std::io::BufRead;

use gridwatch_domain::{NEAR_PASS_SCHEMA, NearPass, NormBox, ObjectClass, heaviest_pairs};
use serde::Serialize;

use super::{
    Score,
    lines::{LineProblems, Read, read},
    matching::LEAST_IOU,
    measures::{Errors, share},
    span::Span,
    truth::TruthPass,
    truth_file::TruthSide,
};

/// How far the times of two may be apart, in seconds: both begin and end where a distance is crossed, which is off by a step or two.
const APART_S: f64 = 2.0;
/// Who is near for so long, in seconds, stays there; and so near its beginning and end comes and goes.
const STAYS_S: f64 = 10.0;
const NEAR_END_S: f64 = 5.0;
/// How far a distance may be off and still count as right, in metres: what boxes can tell near the camera.
pub(crate) const DISTANCE_TOLERANCE_M: f64 = 0.5;

/// How well near passes were told.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct NearPassScore {
    /// Those that had to be told.
    pub(crate) truth: usize,
    pub(crate) found: usize,
    #[serde(rename = "false")]
    pub(crate) untrue: usize,
    pub(crate) doubled: usize,
    /// Those that might be told and were, and riders told beside what they ride.
    pub(crate) ignored: usize,
    /// Found ÷ (found + false + doubled).
    pub(crate) precision: Option<f64>,
    /// Found ÷ truth.
    pub(crate) recall: Option<f64>,
    /// Seconds by which the nearest moment is late.
    pub(crate) time: Errors,
    /// Metres by which the distance is too large, in place of seconds.
    pub(crate) distance: Errors,
    /// Share of those found whose side is right, and whose class is.
    pub(crate) side_right: Option<f64>,
    pub(crate) class_right: Option<f64>,
    pub(crate) pairs: Vec<PassPair>,
    pub(crate) missed: Vec<TruthPass>,
    pub(crate) wrong: Vec<ToldPass>,
}

/// One that was told, and what it tells of; times in seconds from the first picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct PassPair {
    pub(crate) truth: String,
    pub(crate) told: ToldPass,
    pub(crate) time_error_s: f64,
    pub(crate) distance_error_m: Option<f64>,
    pub(crate) side_is_right: Option<bool>,
    pub(crate) class_is_right: bool,
}

/// One that was told.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct ToldPass {
    pub(crate) id: String,
    pub(crate) class: ObjectClass,
    /// Of the parked vehicle, and of who came close.
    #[serde(rename = "box")]
    pub(crate) bbox: NormBox,
    pub(crate) passer_box: NormBox,
    pub(crate) span: Span,
    pub(crate) at_s: f64,
    pub(crate) distance_m: Option<f64>,
    pub(crate) side: TruthSide,
    /// It tells again what another has told.
    pub(crate) doubled: bool,
}

/// Reads near passes, as `gridwatch analyze --passes` writes them, in the order of their times.
pub(crate) fn read_passes(from: impl BufRead) -> Result<Read<NearPass>, LineProblems> {
    let mut problems = LineProblems::default();
    let Read { items, partial } = read::<NearPass>(from, NEAR_PASS_SCHEMA, &mut problems);
    let mut items: Vec<NearPass> = items.into_iter().map(|(_, pass)| pass).collect();
    items.sort_by_key(|pass| pass.at);
    if problems.is_empty() { Ok(Read { items, partial }) } else { Err(problems) }
}

pub(super) fn judge(truths: &[TruthPass], told: &[NearPass], score: &Score) -> NearPassScore {
    let told: Vec<ToldPass> = told.iter().map(|pass| ToldPass::new(pass, score)).collect();
    let candidates = |truth: &TruthPass| {
        let fits = told.iter().enumerate().filter(|(_, pass)| truth.fits(pass));
        fits.map(|(index, pass)| (index, truth.weight(pass))).collect::<Vec<_>>()
    };
    let pairs = heaviest_pairs(&truths.iter().map(candidates).collect::<Vec<_>>());
    let partner = |index: usize| pairs.iter().any(|(_, told)| *told == index);
    let mut ignored = pairs.iter().filter(|(truth, _)| truths[*truth].optional).count();
    let mut wrong = Vec::new();
    for (_, pass) in told.iter().enumerate().filter(|(index, _)| !partner(*index)) {
        let fitting = || truths.iter().filter(|truth| truth.fits(pass));
        if fitting().any(|truth| truth.optional || truth.is_ridden_by(pass) || truth.comes_or_goes(pass)) {
            ignored += 1;
        } else {
            wrong.push(ToldPass { doubled: fitting().next().is_some(), ..pass.clone() });
        }
    }
    let is_due = |truth: &usize| !truths[*truth].optional;
    let missed = (0..truths.len()).filter(|truth| is_due(truth) && pairs.iter().all(|(one, _)| one != truth));
    let missed = missed.map(|truth| truths[truth].clone()).collect();
    let found = pairs.iter().filter(|(truth, _)| is_due(truth));
    let found = found.map(|&(truth, told_as)| PassPair::new(&truths[truth], &told[told_as]));
    NearPassScore::new(found.collect(), missed, wrong, ignored, score.tolerance.start_s)
}

impl NearPassScore {
    fn new(
        pairs: Vec<PassPair>,
        missed: Vec<TruthPass>,
        wrong: Vec<ToldPass>,
        ignored: usize,
        tolerance_s: f64,
    ) -> Self {
        let (found, doubled) = (pairs.len(), wrong.iter().filter(|pass| pass.doubled).count());
        let sides: Vec<bool> = pairs.iter().filter_map(|pair| pair.side_is_right).collect();
        let right = |values: &[bool]| share(values.iter().filter(|right| **right).count(), values.len());
        let classes: Vec<bool> = pairs.iter().map(|pair| pair.class_is_right).collect();
        let distances = pairs.iter().filter_map(|pair| pair.distance_error_m).collect();
        Self {
            truth: found + missed.len(),
            found,
            untrue: wrong.len() - doubled,
            doubled,
            ignored,
            precision: share(found, found + wrong.len()),
            recall: share(found, found + missed.len()),
            time: Errors::new(pairs.iter().map(|pair| pair.time_error_s).collect(), tolerance_s),
            distance: Errors::new(distances, DISTANCE_TOLERANCE_M),
            side_right: right(&sides),
            class_right: right(&classes),
            pairs,
            missed,
            wrong,
        }
    }
}

impl PassPair {
    fn new(truth: &TruthPass, told: &ToldPass) -> Self {
        Self {
            truth: truth.id.clone(),
            told: told.clone(),
            time_error_s: truth.late_s(told),
            distance_error_m: told.distance_m.zip(truth.distance_m).map(|(told, truth)| told - truth),
            side_is_right: truth.side.map(|side| side == told.side),
            class_is_right: truth.class == told.class,
        }
    }
}

impl TruthPass {
    fn fits(&self, told: &ToldPass) -> bool {
        self.span.gap_s(told.span) <= APART_S && self.bbox.iou(told.bbox) >= LEAST_IOU
    }

    /// The nearer in time the more; those that had to be told before those that might; a class decides between equals.
    fn weight(&self, told: &ToldPass) -> i64 {
        let apart_ms = (self.late_s(told).abs() * 1000.0).min(600_000.0) as i64;
        1_000_000 - apart_ms
            + if self.optional { 0 } else { 500_000 }
            + i64::from(self.class == told.class) * 400
    }

    /// Whoever stays beside the parked vehicle passes it twice, coming and going: the truth tells of the nearer time.
    fn comes_or_goes(&self, told: &ToldPass) -> bool {
        self.ends().is_some_and(|ends| ends.iter().any(|end_s| (told.at_s - end_s).abs() <= NEAR_END_S))
    }

    /// When somebody who stays comes and goes.
    fn ends(&self) -> Option<[f64; 2]> {
        (self.span.length_s() >= STAYS_S).then_some([self.span.from_s, self.span.until_s])
    }

    /// Seconds by which the nearest moment is told late; of who stays, coming and going are as good as each other.
    fn late_s(&self, told: &ToldPass) -> f64 {
        let times = [self.at_s].into_iter().chain(self.ends().into_iter().flatten());
        let late = times.map(|time_s| told.at_s - time_s);
        late.min_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or_default()
    }

    fn is_ridden_by(&self, told: &ToldPass) -> bool {
        let two_wheeled = matches!(self.class, ObjectClass::Bicycle | ObjectClass::Motorcycle);
        two_wheeled && told.class == ObjectClass::Person
    }
}

impl ToldPass {
    fn new(pass: &NearPass, score: &Score) -> Self {
        let seconds = |time: gridwatch_domain::Timestamp| time.seconds_since(score.start);
        Self {
            id: pass.id.to_string(),
            class: pass.passer.class,
            bbox: pass.parked.bbox,
            passer_box: pass.passer.bbox,
            span: Span::new(seconds(pass.from), seconds(pass.until)),
            at_s: seconds(pass.at),
            distance_m: pass.distance_m.map(f64::from),
            side: pass.side.into(),
            doubled: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn truth(id: &str, at_s: f64, class: ObjectClass) -> TruthPass {
        TruthPass {
            id: id.into(),
            class,
            bbox: NormBox::new(0.2, 0.2, 0.4, 0.4).expect("valid"),
            span: Span::new(at_s - 1.0, at_s + 1.0),
            at_s,
            distance_m: Some(0.8),
            side: Some(TruthSide::Left),
            optional: false,
        }
    }

    fn told(at_s: f64, class: ObjectClass) -> ToldPass {
        let bbox = NormBox::new(0.21, 0.2, 0.4, 0.41).expect("valid");
        let span = Span::new(at_s, at_s + 0.5);
        let distance_m = Some(0.6);
        ToldPass {
            id: at_s.to_string(),
            class,
            bbox,
            passer_box: bbox,
            span,
            at_s,
            distance_m,
            side: TruthSide::Right,
            doubled: false,
        }
    }

    /// As [`judge`], of what is made up already.
    fn pairs(truths: &[TruthPass], told: &[ToldPass]) -> Vec<(usize, usize)> {
        let candidates = |truth: &TruthPass| {
            let fits = told.iter().enumerate().filter(|(_, pass)| truth.fits(pass));
            fits.map(|(index, pass)| (index, truth.weight(pass))).collect::<Vec<_>>()
        };
        heaviest_pairs(&truths.iter().map(candidates).collect::<Vec<_>>())
    }

    #[test]
    fn those_nearest_in_time_belong_together() {
        let truths = [truth("a", 10.0, ObjectClass::Person), truth("b", 14.0, ObjectClass::Person)];
        let told = [told(13.0, ObjectClass::Person), told(10.5, ObjectClass::Car)];
        assert_eq!(pairs(&truths, &told), [(0, 1), (1, 0)]);
        let pair = PassPair::new(&truths[0], &told[1]);
        assert_eq!((pair.time_error_s, pair.side_is_right, pair.class_is_right), (0.5, Some(false), false));
        assert!((pair.distance_error_m.expect("both tell") + 0.2).abs() < 1e-6);
    }

    #[test]
    fn at_another_time_or_of_another_vehicle_nothing_fits() {
        let one = truth("a", 10.0, ObjectClass::Person);
        assert!(one.fits(&told(12.9, ObjectClass::Person)) && !one.fits(&told(13.1, ObjectClass::Person)));
        let elsewhere = NormBox::new(0.6, 0.2, 0.8, 0.4).expect("valid");
        assert!(!one.fits(&ToldPass { bbox: elsewhere, ..told(10.0, ObjectClass::Person) }));
    }

    #[test]
    fn who_stays_comes_and_goes() {
        let stays = TruthPass { span: Span::new(9.0, 60.0), ..truth("a", 10.0, ObjectClass::Car) };
        assert!(stays.comes_or_goes(&told(58.0, ObjectClass::Car)));
        assert!(!stays.comes_or_goes(&told(30.0, ObjectClass::Car)));
        assert_eq!(
            [10.5, 58.0, 61.0].map(|at_s| stays.late_s(&told(at_s, ObjectClass::Car))),
            [0.5, -2.0, 1.0]
        );
        assert!(!truth("b", 10.0, ObjectClass::Car).comes_or_goes(&told(11.0, ObjectClass::Car)));
    }

    #[test]
    fn a_rider_belongs_to_what_is_ridden() {
        assert!(truth("a", 1.0, ObjectClass::Motorcycle).is_ridden_by(&told(1.0, ObjectClass::Person)));
        assert!(!truth("a", 1.0, ObjectClass::Car).is_ridden_by(&told(1.0, ObjectClass::Person)));
    }
}
