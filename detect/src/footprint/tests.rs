//! Cameras, bays and cars of known measures: footprints are told where they stand.

use gridwatch_domain::{Point, ZoneId, ZoneType};

use super::{shape::shapes, *};

const ASPECT: f64 = 16.0 / 9.0;

/// 7 m up, looking 28° down.
fn camera() -> Pinhole {
    Pinhole::looking(1.05, [0.49, 0.02], 7.0, ASPECT)
}

fn seen(camera: &Pinhole, points: &[[f64; 3]]) -> [f64; 4] {
    let seen = points.iter().map(|point| camera.project(*point).expect("before the camera"));
    seen.fold([f64::MAX, f64::MAX, f64::MIN, f64::MIN], |[x1, y1, x2, y2], [x, y]| {
        [x1.min(x), y1.min(y), x2.max(x), y2.max(y)]
    })
}

/// The box of a car of that shape, which stands there.
fn bbox(camera: &Pinhole, shape: usize, at: [f64; 2], heading: f64) -> NormBox {
    let (sin, cos) = heading.sin_cos();
    let outline = shapes(Kind::Vehicle)[shape].outline();
    let outline = outline
        .map(|[ahead, left, up]| [at[0] + ahead * cos - left * sin, at[1] + ahead * sin + left * cos, up]);
    let [x1, y1, x2, y2] = seen(camera, &outline).map(|value| value as f32);
    NormBox::clipped(x1, y1, x2, y2).expect("in the picture")
}

fn polygon(corners: [[f64; 2]; 4]) -> Polygon {
    let point = |[x, y]: [f64; 2]| Point::new(x as f32, y as f32).expect("in the picture");
    Polygon::new(corners.map(point).to_vec()).expect("convex")
}

/// Bays of 2.5 m by 5.2 m, side by side from `from` on, along the x axis.
fn bays(camera: &Pinhole, from: [f64; 2], count: usize) -> Vec<Zone> {
    let bay = |index: usize| {
        let [x, y] = [from[0] + 2.5 * index as f64, from[1]];
        let corners = [[x, y], [x + 2.5, y], [x + 2.5, y + 5.2], [x, y + 5.2]];
        let corners = corners.map(|[x, y]| camera.project([x, y, 0.0]).expect("before the camera"));
        Zone::usual(ZoneId::new(format!("b-{index}")).expect("valid"), ZoneType::Bay, polygon(corners))
    };
    (0..count).map(bay).collect()
}

fn ground(camera: &Pinhole) -> Ground {
    let points = [[0.1, 0.9], [0.9, 0.9], [0.8, 0.4], [0.2, 0.4]];
    let metres = points.map(|point| camera.ground(point).expect("ground"));
    let points = points.map(|[x, y]| Point::new(x as f32, y as f32).expect("in the picture"));
    Ground::new(points, metres).expect("convex")
}

#[test]
fn a_calibrated_ground_tells_where_the_camera_hangs() {
    let (truly, told) = (camera(), Pinhole::of_ground(&ground(&camera()), ASPECT).expect("a camera"));
    for point in [[0.0, 9.0, 0.0], [3.0, 14.0, 1.5], [-4.0, 11.0, 2.5]] {
        let ([ax, ay], [bx, by]) = (truly.project(point).expect("seen"), told.project(point).expect("seen"));
        assert!((ax - bx).hypot(ay - by) < 0.004, "{point:?}: {ax} {ay}, {bx} {by}");
    }
}

#[test]
fn bays_alone_tell_where_the_camera_hangs() {
    let truly = camera();
    let zones = bays(&truly, [-6.0, 10.0], 5);
    let told = from_bays::pinhole(&zones, ASPECT).expect("a camera");
    // The ground's axes are its own: lengths and heights are compared.
    for (low, high) in [([-3.0, 11.0, 0.0], [-3.0, 11.0, 1.5]), ([4.0, 14.0, 0.0], [4.0, 14.0, 1.5])] {
        let foot = told.ground(truly.project(low).expect("seen")).expect("ground");
        let top = told.project([foot[0], foot[1], 1.5]).expect("seen");
        let truly_top = truly.project(high).expect("seen");
        assert!((top[0] - truly_top[0]).hypot(top[1] - truly_top[1]) < 0.01, "{top:?} {truly_top:?}");
    }
    let along = |a: [f64; 3], b: [f64; 3]| {
        let [a, b] = [a, b].map(|point| told.ground(truly.project(point).expect("seen")).expect("ground"));
        (a[0] - b[0]).hypot(a[1] - b[1])
    };
    assert!((along([-5.0, 12.0, 0.0], [5.0, 12.0, 0.0]) - 10.0).abs() < 0.4);
    assert!((along([0.0, 10.0, 0.0], [0.0, 15.0, 0.0]) - 5.0).abs() < 0.4);
}

#[test]
fn scattered_shapes_are_no_bays() {
    let wild = [
        polygon([[0.1, 0.5], [0.3, 0.4], [0.5, 0.9], [0.15, 0.6]]),
        polygon([[0.6, 0.2], [0.9, 0.3], [0.95, 0.35], [0.58, 0.8]]),
        polygon([[0.2, 0.1], [0.25, 0.1], [0.5, 0.3], [0.1, 0.35]]),
    ];
    let zones: Vec<Zone> = wild
        .into_iter()
        .zip(0..)
        .map(|(polygon, index)| {
            Zone::usual(ZoneId::new(format!("w-{index}")).expect("valid"), ZoneType::Bay, polygon)
        })
        .collect();
    assert_eq!(from_bays::pinhole(&zones, ASPECT), None);
}

#[test]
fn cars_are_found_where_they_stand() {
    let camera = camera();
    let zones = bays(&camera, [-6.0, 10.0], 5);
    let surveyor = Surveyor::new(Some(&ground(&camera)), &zones, ASPECT);
    for shape in 0..5 {
        for (at, heading) in [
            ([-4.75, 12.6], 1.57),
            ([0.25, 12.6], 1.57),
            ([5.25, 12.4], 1.57),
            ([1.0, 8.0], 0.0),
            ([-4.0, 18.0], 0.0),
        ] {
            let seen = bbox(&camera, shape, at, heading);
            let footprint = surveyor
                .footprint(Kind::Vehicle, seen, Others::default(), None)
                .expect("it stands on the ground");
            let [x, y] = footprint.middle();
            let off = (x - at[0]).hypot(y - at[1]);
            assert!(off < 0.5, "shape {shape} at {at:?} is told at {x} {y}");
        }
    }
}

#[test]
fn a_car_seen_from_the_side_is_in_its_bay_and_not_in_the_next() {
    let camera = camera();
    let zones = bays(&camera, [-10.0, 14.0], 8);
    let surveyor = Surveyor::new(None, &zones, ASPECT);
    let seen = bbox(&camera, 3, [-8.75, 16.6], std::f64::consts::FRAC_PI_2);
    let stance = surveyor.stance(Kind::Vehicle, seen);
    let shares: Vec<f32> = zones.iter().map(|bay| stance.coverage(&bay.polygon)).collect();
    assert!(shares[0] > 0.85, "{shares:?}");
    assert!(shares[1..].iter().all(|share| *share < 0.15), "{shares:?}");
    // By the lower part of its box alone it would be in three.
    let by_box = Stance { bbox: seen, footprint: None };
    let shares: Vec<f32> = zones.iter().map(|bay| by_box.coverage(&bay.polygon)).collect();
    assert!(shares.iter().filter(|share| **share > 0.15).count() > 1, "{shares:?}");
}

#[test]
fn what_hides_the_wheels_does_not_push_a_car_back() {
    let camera = camera();
    let zones = bays(&camera, [-6.0, 10.0], 5);
    let surveyor = Surveyor::new(Some(&ground(&camera)), &zones, ASPECT);
    let whole = bbox(&camera, 2, [0.25, 12.6], std::f64::consts::FRAC_PI_2);
    let before = NormBox::clipped(
        whole.x1() - 0.05,
        whole.y2() - whole.height() * 0.3,
        whole.x2() + 0.05,
        (whole.y2() + 0.2).min(1.0),
    )
    .expect("in the picture");
    let rest = NormBox::clipped(whole.x1(), whole.y1(), whole.x2(), before.y1()).expect("in the picture");
    let footprint = surveyor
        .footprint(Kind::Vehicle, rest, Others { boxes: &[before], footprints: &[] }, None)
        .expect("it stands on the ground");
    let [x, y] = footprint.middle();
    assert!((x - 0.25).hypot(y - 12.6) < 0.8, "{x} {y}");
}

#[test]
fn where_nothing_is_known_of_the_ground_there_is_no_footprint() {
    let surveyor = Surveyor::new(None, &[], ASPECT);
    let bbox = NormBox::new(0.4, 0.4, 0.5, 0.5).expect("valid");
    assert_eq!(surveyor.footprint(Kind::Vehicle, bbox, Others::default(), None), None);
    assert_eq!(surveyor.stance(Kind::Vehicle, bbox).footprint, None);
}

#[test]
fn what_was_told_from_a_better_look_stays() {
    let camera = camera();
    let surveyor = Surveyor::new(Some(&ground(&camera)), &bays(&camera, [-6.0, 10.0], 5), ASPECT);
    let whole = bbox(&camera, 2, [0.25, 12.6], std::f64::consts::FRAC_PI_2);
    let told = |bbox: NormBox, others: &[NormBox]| {
        surveyor
            .footprint(Kind::Vehicle, bbox, Others { boxes: others, footprints: &[] }, None)
            .expect("it stands on the ground")
    };
    let good = told(whole, &[]);
    let cut = NormBox::clipped(whole.x1() + 0.1 * whole.width(), whole.y1(), whole.x2(), whole.y2())
        .expect("valid");
    let before = NormBox::clipped(0.0, whole.y1(), cut.x1() + 0.01, whole.y2() + 0.2).expect("valid");
    let poor = told(cut, &[before]);
    assert!(good.is_of(cut) && !good.is_of(bbox(&camera, 2, [2.75, 12.6], std::f64::consts::FRAC_PI_2)));
    let mut kept = good;
    kept.take(poor);
    assert_eq!(kept, good);
    let mut kept = poor;
    kept.take(good);
    assert_eq!(kept, good);
}

#[test]
fn what_is_hidden_may_reach_farther_and_not_less_far() {
    let camera = camera();
    let surveyor = Surveyor::new(Some(&ground(&camera)), &[], ASPECT);
    for (shape, at) in [(2, [0.25, 16.0]), (6, [2.0, 15.0]), (6, [-3.0, 18.0]), (7, [2.0, 17.0])] {
        let seen = bbox(&camera, shape, at, std::f64::consts::FRAC_PI_2);
        // One that stands before it hides no more than a sliver of it: its end is where it is seen.
        let sliver = seen.y2() - 0.03 * seen.height();
        let before = NormBox::clipped(seen.x1() - 0.1, sliver, seen.x2() + 0.1, seen.y2() + 0.2);
        let others = Others { boxes: &[before.expect("valid")], footprints: &[] };
        let told = surveyor.footprint(Kind::Vehicle, seen, others, None).expect("it stands on the ground");
        let nearest = told.metres.iter().map(|corner| corner[1]).fold(f64::MAX, f64::min);
        let truly = at[1] - shapes(Kind::Vehicle)[shape].length / 2.0;
        assert!((nearest - truly).abs() < 0.8, "shape {shape} at {at:?} begins at {nearest}, not {truly}");
    }
}

#[test]
fn of_somebody_behind_a_car_the_head_tells_where_they_stand() {
    let camera = camera();
    let surveyor = Surveyor::new(Some(&ground(&camera)), &[], ASPECT);
    let at = [1.0, 15.0];
    let outline = shapes(Kind::Person)[0].outline().map(|[x, y, z]| [at[0] + x, at[1] + y, z]);
    let [x1, y1, x2, y2] = seen(&camera, &outline).map(|value| value as f32);
    let waist = f32::midpoint(y1, y2);
    // Of breadth nothing is known: arms are where they like.
    for wider in [-0.15, 0.0, 0.3] {
        let out = wider * (x2 - x1);
        let upper = NormBox::clipped(x1 - out, y1, x2 + out, waist).expect("valid");
        let car = NormBox::clipped(x1 - 0.2, y1 - 0.02, x2 + 0.2, y2 + 0.1).expect("valid");
        let told = surveyor
            .footprint(Kind::Person, upper, Others { boxes: &[car], footprints: &[] }, None)
            .expect("they stand on the ground");
        let [x, y] = told.middle();
        assert!((x - at[0]).hypot(y - at[1]) < 0.5, "wider by {wider}: {x} {y}");
    }
}

#[test]
fn nothing_stands_where_something_else_is_known_to_stand() {
    let camera = camera();
    let surveyor = Surveyor::new(Some(&ground(&camera)), &[], ASPECT);
    let box_of = |at: [f64; 2]| bbox(&camera, 2, at, std::f64::consts::FRAC_PI_2);
    let known =
        surveyor.footprint(Kind::Vehicle, box_of([0.0, 17.0]), Others::default(), None).expect("told");
    // Bumper to bumper with it, by half a metre nearer in the picture than can be.
    let told = |footprints: &[[[f64; 2]; 4]]| {
        let others = Others { boxes: &[], footprints };
        surveyor.footprint(Kind::Vehicle, box_of([0.0, 12.8]), others, None).expect("told")
    };
    let common = |told: &Footprint| area(&clipped(&told.metres, &known.metres));
    let (alone, beside) = (told(&[]), told(&[known.metres]));
    assert!(
        common(&alone) > 0.4 && common(&beside) < common(&alone),
        "{} {}",
        common(&alone),
        common(&beside)
    );
}

#[test]
fn who_stands_in_a_bay_stands_along_it_however_a_box_is_off() {
    let camera = camera();
    let zones = bays(&camera, [-8.0, 12.0], 7);
    let surveyor = Surveyor::new(Some(&ground(&camera)), &zones, ASPECT);
    for (bay, shape) in (0..7).flat_map(|bay| (0..5).map(move |shape| (bay, shape))) {
        let at = [-6.75 + 2.5 * f64::from(bay), 14.6];
        let seen = bbox(&camera, shape, at, std::f64::consts::FRAC_PI_2);
        // Each edge in or out by up to 4 % of its side.
        for off in 0..16_u8 {
            let edge = |bit: u8| if off & bit == 0 { -0.04 } else { 0.04 };
            let (across, down) = (seen.width(), seen.height());
            let off = NormBox::clipped(
                seen.x1() + edge(1) * across,
                seen.y1() + edge(2) * down,
                seen.x2() + edge(4) * across,
                seen.y2() + edge(8) * down,
            );
            let told =
                surveyor.footprint(Kind::Vehicle, off.expect("in the picture"), Others::default(), None);
            let heading = told.expect("it stands on the ground").heading;
            assert!(heading.cos().abs() < 0.35, "bay {bay}, shape {shape}: {heading}");
        }
    }
}
