//! The whole score, and what other tests build their input from.

use gridwatch_domain::NormBox;
use proptest::prelude::*;

use super::*;

pub(crate) const KIND: &str = "parking.no_parking";

/// 180 s in which nothing happens.
pub(crate) fn truth() -> Truth {
    Truth {
        name: "lot".into(),
        note: None,
        duration_s: 180.0,
        start: None,
        tolerance: ToleranceFile::default(),
        events: Vec::new(),
        ignore: Vec::new(),
        bays: Vec::new(),
        objects: Vec::new(),
        near_passes: None,
    }
}

/// A car in the lane, 20 s are allowed.
pub(crate) fn event(id: &str, since_s: f64, until_s: f64) -> TruthEvent {
    TruthEvent {
        id: id.into(),
        kind: KIND.into(),
        zone: Some("lane".into()),
        or_zone: None,
        since_s,
        until_s: (until_s < 180.0).then_some(until_s),
        limit_s: Some(20.0),
        bbox: None,
        severity: None,
        note: None,
    }
}

pub(crate) fn at(seconds: f64) -> Timestamp {
    Timestamp::from_millisecond((seconds * 1000.0).round() as i64).expect("in range")
}

/// The event that tells of [`event`].
pub(crate) fn told(id: &str, since_s: f64, until_s: f64) -> ResultEvent {
    ResultEvent {
        id: id.into(),
        kind: KIND.into(),
        camera: "c".into(),
        zone: Some("lane".into()),
        since: at(since_s),
        opened_at: Some(at(since_s + 20.0)),
        until: (until_s < 180.0).then(|| at(until_s)),
        severity: Some("minor".into()),
        class: Some("car".into()),
        bbox: None,
        limit_s: Some(20.0),
        revisions: 2,
    }
}

/// A picture in which nothing is.
pub(crate) fn observation(at_s: f64) -> Observation {
    Observation {
        camera: "c".into(),
        at: at(at_s),
        detections: Vec::new(),
        places: Vec::new(),
        zones: Vec::new(),
    }
}

/// Every truth told as it is.
fn perfect(truth: &Truth) -> Vec<ResultEvent> {
    let tell = |event: &TruthEvent| ResultEvent {
        kind: event.kind.clone(),
        zone: event.zone.clone(),
        bbox: event.bbox,
        ..told(&format!("told-{}", event.id), event.since_s, event.until_s.unwrap_or(truth.duration_s))
    };
    truth.events.iter().map(tell).collect()
}

#[test]
fn all_of_it_is_in_the_score() {
    let other = TruthEvent { kind: "parking.fire_lane".into(), ..event("3", 100.0, 160.0) };
    let truth = Truth { events: vec![event("1", 10.0, 60.0), event("2", 90.0, 180.0), other], ..truth() };
    let mut late = told("a", 11.0, 66.0);
    late.opened_at = Some(at(33.5));
    let start = at(1_000.0);
    let shifted = |mut event: ResultEvent| {
        let by = std::time::Duration::from_secs(1_000);
        event.since = event.since.saturating_add(by);
        event.until = event.until.map(|until| until.saturating_add(by));
        event.opened_at = event.opened_at.map(|opened| opened.saturating_add(by));
        event
    };
    let events = [late, told("b", 64.0, 80.0), told("c", 12.0, 30.0)].map(shifted);
    let score = score(&truth, &events, None, start);
    assert_eq!((score.total.truth, score.total.found, score.total.missed), (3, 1, 2));
    assert_eq!((score.total.untrue, score.total.doubled), (1, 1));
    assert_eq!((score.total.precision, score.total.recall), (Some(1.0 / 3.0), Some(1.0 / 3.0)));
    assert_eq!(score.total.events_per_truth, Some(2.0));
    let kind = &score.kinds[KIND];
    assert_eq!(
        (kind.start.median_s, kind.alert.median_s, kind.end.median_s),
        (Some(1.0), Some(3.5), Some(6.0))
    );
    assert_eq!((kind.start.within, kind.alert.within, kind.end.within), (Some(1.0), Some(0.0), Some(1.0)));
    assert_eq!(score.kinds["parking.fire_lane"].recall, Some(0.0));
    assert_eq!(score.missed[0].why, Why::NotThen { nearest: "b".into(), gap_s: 10.0 });
    assert_eq!(score.missed[1].why, Why::NoneOfKind);
    assert_eq!(score.untrue[0].why, Why::NotThen { nearest: "1".into(), gap_s: 4.0 });
    assert_eq!((score.doubled[0].told.id.as_str(), score.doubled[0].of.as_str()), ("c", "1"));
    let json = serde_json::to_value(&score).expect("a score is JSON");
    assert_eq!(json["schema"], "gridwatch.score/1");
    assert_eq!(json["missed"][0]["why"], "not_then");
    assert_eq!(json["total"]["false"], 1);
    assert_eq!(json["matches"][0]["alert_error_s"], 3.5);
}

/// A crossing, and one that is told so late; what became of it, and how late it is.
fn crossing(until_s: Option<f64>, told_s: f64) -> (usize, usize, Option<f64>) {
    let kind = || "line.crossing".to_owned();
    let event = TruthEvent { kind: kind(), until_s, limit_s: None, ..event("1", 20.0, 30.0) };
    let told = ResultEvent { kind: kind(), until: Some(at(told_s + 0.4)), ..told("a", told_s, told_s) };
    let score = score(&Truth { events: vec![event], ..truth() }, &[told], None, Timestamp::UNIX_EPOCH);
    let found = score.matches.first();
    assert!(found.is_none_or(|found| found.end_error_s.is_none()), "a moment has no end");
    (score.total.found, score.total.untrue, found.map(|found| found.start_error_s))
}

#[test]
fn a_moment_is_found_within_two_seconds_and_no_later() {
    for until_s in [None, Some(20.0)] {
        assert_eq!(crossing(until_s, 21.5), (1, 0, Some(1.5)));
        assert_eq!(crossing(until_s, 18.0), (1, 0, Some(-2.0)));
        assert_eq!(crossing(until_s, 22.5), (0, 1, None));
        assert_eq!(crossing(until_s, 165.0), (0, 1, None));
    }
    // Who labels it knows only that it was between these.
    assert_eq!(crossing(Some(24.0), 23.0), (1, 0, Some(0.0)));
    assert_eq!(crossing(Some(24.0), 25.5), (1, 0, Some(1.5)));
    assert_eq!(crossing(Some(24.0), 26.5), (0, 1, None));
}

fn any_box() -> impl Strategy<Value = Option<NormBox>> {
    let corner = (0.0..0.8_f32, 0.0..0.8_f32, 0.05..0.2_f32);
    prop::option::of(corner.prop_map(|(x, y, side)| NormBox::new(x, y, x + side, y + side).expect("within")))
}

/// Up to a dozen events of two kinds in two zones, which may overlap.
fn any_truth() -> impl Strategy<Value = Truth> {
    let one = (0..2_usize, 0..3_usize, 0..150_000_u32, 20_000..200_000_u32, any_box());
    prop::collection::vec(one, 1..12).prop_map(|list| {
        let of =
            |(index, (kind, zone, since, length, bbox)): (usize, (usize, usize, u32, u32, _))| TruthEvent {
                kind: [KIND, "camera.covered"][kind].into(),
                zone: [Some("lane"), Some("gate"), None][zone].map(str::to_owned),
                bbox,
                ..event(&index.to_string(), f64::from(since) / 1000.0, f64::from(since + length) / 1000.0)
            };
        Truth { events: list.into_iter().enumerate().map(of).collect(), ..truth() }
    })
}

proptest! {
    #[test]
    fn truth_against_itself_is_perfect(truth in any_truth()) {
        let score = score(&truth, &perfect(&truth), None, Timestamp::UNIX_EPOCH);
        prop_assert!(score.total.is_perfect());
        prop_assert_eq!(score.total.found, truth.events.len());
        prop_assert_eq!((score.total.precision, score.total.recall, score.total.f1), (Some(1.0), Some(1.0), Some(1.0)));
        prop_assert_eq!(score.total.events_per_truth, Some(1.0));
        prop_assert!(score.warnings.is_empty());
    }

    #[test]
    fn the_order_of_events_does_not_matter(
        truth in any_truth(),
        gaps in prop::collection::vec(-30_000..30_000_i32, 12),
        keys in prop::collection::vec(any::<u32>(), 12),
    ) {
        let mut events = perfect(&truth);
        for (event, gap) in events.iter_mut().zip(gaps) {
            event.since = at(event.since.seconds_since(Timestamp::UNIX_EPOCH) + f64::from(gap) / 1000.0);
        }
        let first = score(&truth, &events, None, Timestamp::UNIX_EPOCH);
        let mut order: Vec<usize> = (0..events.len()).collect();
        order.sort_by_key(|&index| keys[index]);
        let shuffled: Vec<ResultEvent> = order.into_iter().map(|index| events[index].clone()).collect();
        prop_assert_eq!(first, score(&truth, &shuffled, None, Timestamp::UNIX_EPOCH));
    }

    #[test]
    fn what_has_nothing_to_do_with_it_lowers_precision_alone(truth in any_truth(), more in 1..5_usize) {
        let mut events = perfect(&truth);
        let stray = |index| ResultEvent { zone: Some("elsewhere".into()), ..told(&format!("stray-{index}"), 5.0, 50.0) };
        events.extend((0..more).map(stray));
        let score = score(&truth, &events, None, Timestamp::UNIX_EPOCH);
        let found = truth.events.len();
        prop_assert_eq!(score.total.precision, Some(found as f64 / (found + more) as f64));
        prop_assert_eq!((score.total.recall, score.total.untrue, score.total.doubled), (Some(1.0), more, 0));
    }

    #[test]
    fn every_event_is_counted_once(truth in any_truth(), other in any_truth(), shift in 0..100_000_u32) {
        let mut events = perfect(&other);
        for event in &mut events {
            event.since = at(event.since.seconds_since(Timestamp::UNIX_EPOCH) + f64::from(shift) / 1000.0);
        }
        let score = score(&truth, &events, None, Timestamp::UNIX_EPOCH);
        let total = &score.total;
        prop_assert_eq!(total.found + total.missed, truth.events.len());
        prop_assert_eq!(total.found + total.doubled + total.untrue + total.ignored, events.len());
        let sum = |value: fn(&KindScore) -> usize| score.kinds.values().map(value).sum::<usize>();
        prop_assert_eq!((sum(|kind| kind.found), sum(|kind| kind.untrue)), (total.found, total.untrue));
    }
}
