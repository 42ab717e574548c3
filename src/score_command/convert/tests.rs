//! Ground truth of real footage as truth files.

use std::{collections::BTreeMap, path::PathBuf};

use gridwatch_config::{Aspect, parse_edge_offline};
use gridwatch_domain::{ZoneId, ZoneType};
use serde::Deserialize;

use super::*;

/// The ground truths of real footage, where there are any; prints why not.
fn ground_truths() -> Option<PathBuf> {
    let data = std::env::var_os("GRIDWATCH_DATA").map(PathBuf::from);
    let folder = data.map(|data| data.join("groundtruth")).filter(|folder| folder.is_dir());
    if folder.is_none() {
        println!("SKIPPED: GRIDWATCH_DATA names no folder with ground truths of real footage");
    }
    folder
}

fn truth(footage: &Footage) -> Truth {
    let text = serde_json::to_string(&footage.truth).expect("truth files are JSON");
    Truth::parse(&text).unwrap_or_else(|problems| panic!("{}:\n{problems}", footage.truth.name))
}

fn ids(footage: &Footage) -> Vec<&str> {
    footage.truth.events.iter().map(|event| event.id.as_str()).collect()
}

#[test]
fn every_ground_truth_becomes_a_truth_file_and_a_configuration() {
    let Some(folder) = ground_truths() else { return };
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        for limit_s in [5.0, 20.0, 60.0] {
            let footage = convert(&path, limit_s).expect("it is one of ours");
            truth(&footage);
            for with_bays in [false, true] {
                let text = edge_config::text(&footage, &path, limit_s, with_bays).expect("it can be written");
                let settings = parse_edge_offline(&text, &folder);
                let settings =
                    settings.unwrap_or_else(|problems| panic!("{}:\n{problems}\n{text}", path.display()));
                let [width, height] = footage.size;
                assert_eq!(settings.cameras[0].aspect, Aspect::new(width, height));
                let zones = settings.cameras[0].zones.iter();
                let (bays, watched): (Vec<_>, Vec<_>) =
                    zones.partition(|zone| zone.zone_type == ZoneType::Bay);
                assert_eq!(bays.len(), if with_bays { footage.truth.bays.len() } else { 0 });
                let limits = watched.iter().map(|zone| zone.limit().map(|limit| limit.get().as_secs_f64()));
                assert!(!watched.is_empty() && limits.into_iter().all(|limit| limit == Some(limit_s)));
            }
        }
        names.push(path.file_stem().expect("a name").to_string_lossy().into_owned());
    }
    names.sort();
    assert_eq!(names.len(), 4, "{names:?}");
}

#[derive(Deserialize)]
struct Expected {
    expected_violations: BTreeMap<String, Vec<String>>,
}

#[test]
fn stops_of_the_composed_car_park_are_events_as_its_ground_truth_expects() {
    let Some(folder) = ground_truths() else { return };
    let path = folder.join("pklot_composite_a.json");
    let text = fs::read_to_string(&path).expect("it is there");
    let expected: Expected = serde_json::from_str(&text).expect("it tells what it expects");
    for (limit, expected) in &expected.expected_violations {
        let limit_s = limit.trim_end_matches('s').parse().expect("seconds");
        let footage = convert(&path, limit_s).expect("it is one of ours");
        assert_eq!(ids(&footage), *expected, "{limit}");
        assert!(footage.truth.ignore.is_empty(), "{limit}");
    }
    let close = convert(&path, 8.0).expect("it is one of ours");
    assert_eq!(close.truth.ignore[0].zone.as_ref().map(ZoneId::as_str), Some("centre_lane"));
    let truth = truth(&close);
    assert_eq!((truth.bays.len(), truth.bays.iter().filter(|bay| !bay.occupied.is_empty()).count()), (40, 8));
    assert_eq!(truth.events.iter().map(|event| event.until_s).collect::<Vec<_>>(), [Some(140.0), None]);
    assert!(truth.events.iter().all(|event| event.bbox.is_some()));
    let text = edge_config::text(&close, &path, 8.0, true).expect("it can be written");
    assert_eq!(text.matches("type = \"bay\"").count(), 40);
}

#[test]
fn the_queue_of_the_street_is_an_event_for_short_limits_only() {
    let Some(folder) = ground_truths() else { return };
    let path = folder.join("street_residential_ahmetozlu.json");
    let check = |limit_s: f64, events: usize, ignored: usize| {
        let footage = convert(&path, limit_s).expect("it is one of ours");
        assert_eq!(
            (footage.truth.events.len(), footage.truth.ignore.len()),
            (events, ignored),
            "{limit_s} s"
        );
    };
    check(10.0, 3, 0);
    check(18.0, 3, 0);
    check(18.1, 0, 1);
    check(25.0, 0, 1);
    check(25.1, 0, 0);
}

#[test]
fn zones_of_the_street_hold_what_they_are_for() {
    let Some(folder) = ground_truths() else { return };
    let path = folder.join("street_residential_ahmetozlu.json");
    let footage = convert(&path, 10.0).expect("it is one of ours");
    let text = edge_config::text(&footage, &path, 10.0, false).expect("it can be written");
    let settings = parse_edge_offline(&text, &folder).expect("valid");
    let zones = &settings.cameras[0].zones;
    let truth = truth(&footage);
    for object in &truth.objects {
        let stands = object.boxes[0].1.ground_contact();
        let covered: Vec<f32> = zones.iter().map(|zone| zone.polygon.coverage(stands)).collect();
        let (near, far) = (covered[0], covered[1]);
        assert_eq!(near, 0.0, "{}", object.id);
        assert_eq!(far > 0.7, object.id.starts_with("queue"), "{}: {far}", object.id);
        assert_eq!(far == 0.0, object.id == "driveway_suv", "{}: {far}", object.id);
    }
}

#[test]
fn what_is_no_ground_truth_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.json");
    let check = |text: &str, expected: &str| {
        fs::write(&path, text).expect("it can be written");
        let error = convert(&path, 20.0).err().map(|error| format!("{error:#}")).unwrap_or_default();
        assert!(error.contains(expected) && error.contains("mine.json"), "{error:?}");
    };
    check("{}", "not a ground truth of ours");
    check(
        r#"{"file":"videos/mine.mp4","duration_s":5,"width":640,"height":360,"fps":25}"#,
        "no zones are known of this footage",
    );
}
