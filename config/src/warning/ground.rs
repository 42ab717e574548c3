//! Calibrations of the ground that cannot be right, or not precise.

use gridwatch_domain::{Ground, Polygon, ZoneId, ZoneType};

use super::{OfCamera, geometry, listed};

/// Least breadth of what the four points enclose, as a share of its longest side: in the picture, and on the ground.
const THINNEST: f64 = 0.08;
/// Metres that the longest side of a bay has, small ones and those for lorries.
const BAY_M: std::ops::RangeInclusive<f64> = 3.0..=20.0;

pub(super) fn of_camera(of: &mut OfCamera<'_>) {
    let Some(ground) = &of.camera.ground else { return };
    let key = format!("{}.ground", of.key);
    let aspect = of.aspect();
    let points = ground.points().map(|point| [f64::from(point.x()) * aspect, f64::from(point.y())]);
    let sides = [("points", geometry::thinness(&points)), ("metres", geometry::thinness(&ground.metres()))];
    for (name, thinness) in sides.into_iter().filter(|(_, thinness)| *thinness < THINNEST) {
        let message = format!(
            "they lie almost in a line, {:.0} % as broad as long, and a small mistake in one of them makes large ones in distances; take points that are far apart both ways",
            thinness * 100.0
        );
        of.warn(format!("{key}.{name}"), message, &[]);
    }
    above_horizon(of, &key, ground);
    bays_of_wrong_size(of, &key, ground);
}

/// Zones and lines of which a part is no ground.
fn above_horizon(of: &mut OfCamera<'_>, key: &str, ground: &Ground) {
    let camera = of.camera;
    let below = |polygon: &Polygon| {
        let points = polygon.points();
        (points.iter().filter(|point| ground.at((**point).into()).is_some()).count(), points.len())
    };
    let (mut cut, mut above): (Vec<&ZoneId>, Vec<&ZoneId>) = (Vec::new(), Vec::new());
    for zone in &camera.zones {
        match below(&zone.polygon) {
            (0, _) => above.push(&zone.id),
            (some, all) if some < all => cut.push(&zone.id),
            _ => {}
        }
    }
    for line in &camera.lines {
        match line.ends.iter().filter(|end| ground.at((**end).into()).is_some()).count() {
            0 => above.push(&line.id),
            1 => cut.push(&line.id),
            _ => {}
        }
    }
    let remedy = "no distance can be measured there; check order and metres of the four points, or draw it on the ground only";
    if !cut.is_empty() {
        of.warn(key.to_owned(), format!("its horizon goes through {}: {remedy}", listed(&cut)), &cut);
    }
    if !above.is_empty() {
        of.warn(
            key.to_owned(),
            format!("{} above its horizon: {remedy}", lies(&listed(&above), above.len())),
            &above,
        );
    }
}

fn lies(names: &str, count: usize) -> String {
    format!("{names} {}", if count == 1 { "lies" } else { "lie" })
}

/// Bays are known to be some metres long.
fn bays_of_wrong_size(of: &mut OfCamera<'_>, key: &str, ground: &Ground) {
    let bays = of.camera.zones.iter().filter(|zone| zone.zone_type == ZoneType::Bay);
    let lengths = bays.filter_map(|bay| {
        let points = bay.polygon.points();
        let sides = points.iter().zip(points.iter().cycle().skip(1));
        let metres: Option<Vec<f64>> =
            sides.map(|(a, b)| ground.distance((*a).into(), (*b).into())).collect();
        metres.map(|metres| (&bay.id, metres.into_iter().fold(0.0, f64::max)))
    });
    let mut lengths: Vec<(&ZoneId, f64)> = lengths.collect();
    lengths.sort_by(|a, b| a.1.total_cmp(&b.1));
    let Some(&(bay, metres)) = lengths.get(lengths.len() / 2) else { return };
    if !BAY_M.contains(&metres) {
        let message = format!(
            "by it {bay} is {metres:.1} m long, and bays are {} to {}; check the metres",
            BAY_M.start(),
            BAY_M.end()
        );
        of.warn(format!("{key}.metres"), message, &[bay]);
    }
}
