//! Bays and the aisle before them: who stands in which, who beside, who before.

use gridwatch_domain::{BayGroup, ZoneRule};

use super::*;
use crate::rules::Occupancy;

/// Five bays in a row, as seen from above: each 0.12 wide and 0.16 deep, open towards the aisle below.
const BAYS: u8 = 5;
const PITCH: f32 = 0.13;
const LEFT: f32 = 0.15;
const TOP: f32 = 0.3;
const FRONT: f32 = 0.46;

fn quad(id: &str, zone_type: ZoneType, corners: [f32; 4]) -> Zone {
    let [x1, y1, x2, y2] = corners;
    let points = [(x1, y1), (x2, y1), (x2, y2), (x1, y2)].map(|(x, y)| Point::new(x, y).expect("valid"));
    let zone =
        Zone::usual(id.parse().expect("valid"), zone_type, Polygon::new(points.into()).expect("simple"));
    // Days and minutes become seconds.
    let seconds = |rule: &ZoneRule| match rule.kind {
        EventKind::LongStay => 200,
        EventKind::OutOfBay => 40,
        _ => 20,
    };
    let limit = |rule: &ZoneRule| DwellLimit::new(Duration::from_secs(seconds(rule))).expect("in range");
    let rules = zone.rules.iter().map(|rule| ZoneRule { limit: limit(rule), ..*rule }).collect();
    Zone { rules, ..zone }
}

fn bay(number: u8) -> Zone {
    let x = LEFT + f32::from(number) * PITCH;
    quad(&format!("bay-{number}"), ZoneType::Bay, [x, TOP, x + 0.12, FRONT])
}

fn lot() -> CameraWatch {
    let aisle = quad("aisle", ZoneType::Aisle, [0.05, FRONT, 0.95, 0.75]);
    let zones = (0..BAYS).map(bay).chain([aisle]).collect();
    CameraWatch { zones, ..CameraWatch::new("lot".parse().expect("valid")) }
}

/// A car whose middle is so far along the row, in bays: 0 is the middle of the first one.
fn in_row(bays: f32) -> Thing {
    let middle = LEFT + 0.06 + bays * PITCH;
    Thing {
        corners: [middle - 0.05, TOP + 0.01, middle + 0.05, FRONT - 0.008],
        ..car(0.0, 0.0).looking(10 + (bays * 7.0) as u64)
    }
}

/// A car that stands across the aisle, its middle so far along the row.
fn in_aisle(bays: f32) -> Thing {
    let middle = LEFT + 0.06 + bays * PITCH;
    Thing { corners: [middle - 0.09, 0.44, middle + 0.09, 0.56], ..car(0.0, 0.0).looking(90) }
}

fn taken(camera: &CameraTester) -> Vec<u8> {
    let occupancy = camera.state.occupancy();
    let is_taken = |number: &u8| {
        let id = format!("bay-{number}").parse().expect("valid");
        occupancy.get(&id) == Some(&Occupancy::Occupied)
    };
    (0..BAYS).filter(is_taken).collect()
}

#[test]
fn each_car_takes_the_bay_that_it_stands_in() {
    let mut camera = CameraTester::watching(lot());
    camera.stand(5.0, &[]).stand(10.0, &[in_row(0.0), in_row(2.1), in_row(3.9)]);
    assert_eq!(taken(&camera), [0, 2, 4]);
    assert_eq!(camera.state.counts()[&"bay-2".parse().expect("valid")], 1);
    camera.stand(15.0, &[in_row(0.0), in_row(3.9)]);
    assert_eq!(taken(&camera), [0, 4], "one has left");
    camera.expect(&[]);
}

#[test]
fn what_stood_there_before_the_camera_looked_is_not_told_free_at_first() {
    let mut camera = CameraTester::watching(lot());
    camera.stand(0.2, &[in_row(0.0), in_row(2.1)]);
    let occupancy = camera.state.occupancy();
    let of = |number: u8| occupancy[&format!("bay-{number}").parse::<ZoneId>().expect("valid")];
    assert_eq!([0, 1, 2].map(of), [Occupancy::Unknown, Occupancy::Free, Occupancy::Unknown]);
    camera.stand(5.0, &[in_row(0.0)]);
    assert_eq!(taken(&camera), [0]);
}

#[test]
fn a_bay_whose_car_is_hidden_for_long_is_one_of_which_nobody_knows() {
    let mut camera = CameraTester::watching(lot());
    camera.stand(5.0, &[]).stand(20.0, &[in_row(1.0)]);
    let lorry =
        Thing { corners: [0.1, 0.1, 0.6, 0.7], class: ObjectClass::Truck, ..car(0.0, 0.0).looking(77) };
    camera.show(45.0, |t| {
        // It creeps, so that it stands nowhere.
        let by = 0.004 * t as f32;
        let [x1, y1, x2, y2] = lorry.corners;
        vec![in_row(1.0).scored(0.0), Thing { corners: [x1 + by, y1, x2 + by, y2], ..lorry }]
    });
    let occupancy = camera.state.occupancy();
    assert_eq!(occupancy[&"bay-1".parse().expect("valid")], Occupancy::Unknown);
    camera.stand(3.0, &[in_row(1.0)]);
    assert_eq!(taken(&camera), [1], "it is there still");
}

#[test]
fn who_stands_on_the_line_between_two_bays_straddles_and_who_is_a_little_off_does_not() {
    let mut camera = CameraTester::watching(lot());
    camera.stand(5.0, &[]).stand(50.0, &[in_row(0.15), in_row(1.9), in_row(3.5)]);
    camera.expect_where(&["parking.straddling open 25 bay-3"]);
    assert_eq!(camera.events[0].severity, Severity::Minor);
    assert_eq!(taken(&camera), [0, 2, 3, 4], "nobody else can stand in either");
    camera.stand(15.0, &[in_row(0.15), in_row(1.9)]);
    camera.expect_where(&["parking.straddling open 25 bay-3", "parking.straddling close 65 bay-3"]);
}

#[test]
fn a_box_that_breathes_on_the_line_is_one_event() {
    let mut camera = CameraTester::watching(lot());
    camera.jitter = 0.06;
    camera.stand(5.0, &[]).stand(120.0, &[in_row(2.45)]);
    let kinds: Vec<_> = camera.events.iter().map(|event| (event.kind, event.phase)).collect();
    assert_eq!(kinds, [(EventKind::Straddling, Phase::Open)], "{:#?}", camera.told_where());
}

#[test]
fn in_the_aisle_one_blocks_a_bay_that_is_taken_or_stands_out_of_any() {
    let mut blocks = CameraTester::watching(lot());
    blocks.stand(5.0, &[]).stand(10.0, &[in_row(1.0)]).stand(60.0, &[in_row(1.0), in_aisle(1.2)]);
    blocks.expect_where(&["parking.double open 35 aisle"]);
    let event = &blocks.events[0];
    assert_eq!(
        (event.severity, event.objects.len()),
        (Severity::Major, 2),
        "the blocker, and who is shut in"
    );
    assert!(event.objects[0].bbox.y2() > event.objects[1].bbox.y2(), "the blocker comes first");

    let mut stands = CameraTester::watching(lot());
    stands.stand(5.0, &[]).stand(10.0, &[in_row(0.0)]).stand(60.0, &[in_row(0.0), in_aisle(3.5)]);
    stands.expect_where(&["parking.out_of_bay open 55 aisle"]);
    stands.stand(15.0, &[in_row(0.0)]);
    stands.expect_where(&["parking.out_of_bay open 55 aisle", "parking.out_of_bay close 85 aisle"]);
}

#[test]
fn who_waits_in_the_aisle_for_a_moment_is_nobodys_matter() {
    let mut camera = CameraTester::watching(lot());
    camera.stand(5.0, &[]).stand(10.0, &[in_row(1.0)]).stand(15.0, &[in_row(1.0), in_aisle(1.0)]);
    camera.stand(30.0, &[in_row(1.0)]).stand(30.0, &[in_row(1.0), in_aisle(3.5)]).stand(30.0, &[in_row(1.0)]);
    camera.expect_where(&[]);
}

#[test]
fn one_that_blocks_goes_on_doing_so_while_the_one_shut_in_is_not_seen() {
    let mut camera = CameraTester::watching(lot());
    camera.stand(5.0, &[]).stand(10.0, &[in_row(1.0)]).stand(30.0, &[in_row(1.0), in_aisle(1.0)]);
    camera.stand(60.0, &[in_row(1.0).scored(0.0), in_aisle(1.0)]);
    camera.expect_where(&["parking.double open 35 aisle"]);
}

#[test]
fn a_bay_with_a_stay_limit_tells_who_stays_too_long() {
    let mut watch = lot();
    watch.zones[2] =
        watch.zones[2].clone().with_limit(DwellLimit::new(Duration::from_secs(30)).expect("valid"));
    let mut camera = CameraTester::watching(watch);
    camera.stand(5.0, &[]).stand(60.0, &[in_row(2.0), in_row(3.0)]).stand(15.0, &[in_row(3.0)]);
    camera.expect_where(&["parking.overstay open 35 bay-2", "parking.overstay close 75 bay-2"]);
    assert_eq!(camera.events[0].rule.limit_s, 30.0);
}

#[test]
fn what_has_not_moved_for_days_is_told_in_bays_and_in_the_aisle() {
    let mut watch = lot();
    watch.zones.last_mut().expect("the aisle").rules.retain(|rule| rule.kind == EventKind::LongStay);
    let mut camera = CameraTester::watching(watch);
    let car_there = [in_row(0.0), in_aisle(3.5)];
    camera.stand(5.0, &[]).stand(100.0, &car_there).restart().stand(110.0, &car_there);
    camera.expect_where(&["parking.long_stay open 205 bay-0", "parking.long_stay open 205 aisle"]);
}

#[test]
fn a_bay_is_free_by_its_own_clear_time_however_patient_other_zones_are() {
    let mut watch = lot();
    for zone in &mut watch.zones {
        zone.clear = Duration::from_secs(if zone.zone_type == ZoneType::Bay { 4 } else { 60 });
    }
    let mut camera = CameraTester::watching(watch);
    camera.stand(5.0, &[]).stand(20.0, &[in_row(1.0)]);
    assert_eq!(taken(&camera), [1]);
    camera.stand(3.0, &[]);
    assert_eq!(taken(&camera), [1], "it may be missed for a while");
    camera.stand(4.0, &[]);
    assert_eq!((taken(&camera), camera.state.counts()[&"bay-1".parse().expect("valid")]), (vec![], 0));
}

#[test]
fn an_aisle_is_empty_by_its_own_clear_time_too() {
    let mut watch = lot();
    for zone in &mut watch.zones {
        zone.clear = Duration::from_secs(if zone.zone_type == ZoneType::Aisle { 4 } else { 60 });
    }
    let mut camera = CameraTester::watching(watch);
    let standing = |camera: &CameraTester| camera.state.counts()[&"aisle".parse().expect("valid")];
    camera.stand(5.0, &[]).stand(20.0, &[in_aisle(3.5)]).stand(3.0, &[]);
    assert_eq!(standing(&camera), 1);
    camera.stand(4.0, &[]);
    assert_eq!(standing(&camera), 0);
}

#[test]
fn a_group_is_full_when_so_many_bays_have_been_taken_for_a_while() {
    let limit = DwellLimit::new(Duration::from_secs(30)).expect("valid");
    let rule = ZoneRule { least: 3, limit, ..ZoneRule::usual(EventKind::LotFull) };
    let group = BayGroup {
        id: "north".parse().expect("valid"),
        name: "北区".to_owned(),
        bays: (0..4).map(|number| bay(number).id).collect(),
        rule,
        schedule: None,
        cell: None,
    };
    let mut camera = CameraTester::watching(CameraWatch { groups: vec![group], ..lot() });
    let three = [in_row(0.0), in_row(1.0), in_row(3.0)];
    // The last bay is none of the group's.
    camera.stand(5.0, &[]).stand(40.0, &[in_row(0.0), in_row(1.0), in_row(4.0)]).expect_where(&[]);
    camera.stand(60.0, &three).restart();
    camera.stand(10.0, &three).expect_where(&["parking.lot_full open 75 north"]);
    let event = &camera.events[0];
    assert_eq!((event.severity, event.rule.least, event.rule.most), (Severity::Info, Some(3), Some(3)));
    assert_eq!(event.objects.len(), 3, "who has taken them");
    // One goes and another comes: it stays full; then it is not.
    camera.stand(30.0, &three[..2]).stand(30.0, &three).stand(90.0, &three[..2]);
    let full = camera.events.iter().filter(|event| event.kind == EventKind::LotFull);
    assert_eq!(full.map(|event| event.phase).collect::<Vec<_>>(), [Phase::Open, Phase::Close]);
}
