//! Zones and lines that are too small for anything to be seen in them, and zones drawn twice.

use gridwatch_domain::{EventKind, Line, ObjectClass, Polygon, Zone, ZoneType};

use super::{OfCamera, geometry};

/// Less of the network's input each way, in its pixels, is not recognised.
const LEAST_SEEN: f64 = 12.0;
/// Least breadth of a bay, as a share of its longest side: real ones, seen ever so flatly, have more.
const THINNEST_BAY: f64 = 0.15;
/// Corners no farther from each other than this share of the picture are the same.
const SAME: f32 = 0.004;
/// Metres that a line must be long: whoever goes around its end is not counted, and one step beside is half of it.
const SHORTEST_LINE_M: f64 = 1.0;

pub(super) fn of_zone(of: &mut OfCamera<'_>, key: &str, zone: &Zone) {
    too_small(of, key, zone);
    if zone.zone_type == ZoneType::Bay {
        let thinness = geometry::thinness(&geometry::corners(&zone.polygon, of.aspect()));
        if thinness < THINNEST_BAY {
            let share = thinness * 100.0;
            let message = format!(
                "{} is a sliver, {share:.0} % as broad as it is long, and no vehicle fits in it; draw its four corners in order around it, on the ground",
                zone.id
            );
            of.warn(format!("{key}.polygon"), message, &[&zone.id]);
        }
    }
    let others = of.camera.zones.iter().take_while(|other| other.id != zone.id);
    let same = others.filter(|other| is_same(&other.polygon, &zone.polygon));
    let shares_classes = |other: &&Zone| other.classes.iter().any(|class| zone.classes.contains(class));
    if let Some(other) = same.into_iter().find(shares_classes) {
        let message = format!(
            "{} has the same as {}, so that whatever stands there is told twice; take one of them out, or draw it anew",
            zone.id, other.id
        );
        of.warn(format!("{key}.polygon"), message, &[&zone.id, &other.id]);
    }
}

fn too_small(of: &mut OfCamera<'_>, key: &str, zone: &Zone) {
    let Some(extent) = of.extent else { return };
    let [x, y] = [0, 1].map(|axis| {
        let values = zone.polygon.points().iter().map(|point| f64::from(<[f32; 2]>::from(*point)[axis]));
        let (least, most) =
            values.fold((1.0_f64, 0.0_f64), |(least, most), value| (least.min(value), most.max(value)));
        most - least
    });
    let (across, down) = (x * extent.across, y * extent.down);
    if across >= LEAST_SEEN && down >= LEAST_SEEN {
        return;
    }
    let what = if zone.classes.iter().any(|class| class.is_vehicle()) { "a vehicle" } else { "a person" };
    let message = format!(
        "{} has {across:.0}×{down:.0} pixels of what the network is shown, and {what} takes {LEAST_SEEN} each way to be seen; {}",
        zone.id,
        remedy(of)
    );
    of.warn(format!("{key}.polygon"), message, &[&zone.id]);
}

/// What makes things larger to the network.
fn remedy(of: &OfCamera<'_>) -> String {
    let tiles = of.camera.tiles;
    if tiles.columns * tiles.rows > 1 {
        return "use more tiles, zoom the camera in, or leave it to a camera that is nearer".to_owned();
    }
    "divide the picture with tiles = \"2x1\" or more, zoom the camera in, or leave it to a camera that is nearer".to_owned()
}

pub(super) fn of_line(of: &mut OfCamera<'_>, key: &str, line: &Line) {
    let ends = line.ends.map(<[f32; 2]>::from);
    let metres = of.camera.ground.as_ref().and_then(|ground| ground.distance(ends[0], ends[1]));
    let found = match (metres, of.extent) {
        (Some(metres), _) if metres < SHORTEST_LINE_M => Some(format!("{metres:.1} m long on the ground")),
        (Some(_), _) | (None, None) => None,
        (None, Some(extent)) => {
            let [dx, dy] = [0, 1].map(|axis| f64::from(ends[0][axis] - ends[1][axis]));
            let pixels = (dx * extent.across).hypot(dy * extent.down);
            (pixels < LEAST_SEEN).then(|| format!("{pixels:.0} pixels long in what the network is shown"))
        }
    };
    let Some(found) = found else { return };
    let who = if line.classes.contains(&ObjectClass::Person) { "a person" } else { "a vehicle" };
    let counted = if line.rule(EventKind::WrongWay).is_some() { "told" } else { "counted" };
    let message = format!(
        "{} is {found}, which is shorter than {who} that is seen there: who passes beside its ends is not {counted}; draw it across the whole way",
        line.id
    );
    of.warn(key.to_owned(), message, &[&line.id]);
}

/// Whether two polygons have the same corners, wherever they begin and whichever way round they go.
fn is_same(one: &Polygon, other: &Polygon) -> bool {
    let (one, other) = (one.points(), other.points());
    let count = one.len();
    let is_near = |a: gridwatch_domain::Point, b: gridwatch_domain::Point| {
        (a.x() - b.x()).abs() <= SAME && (a.y() - b.y()).abs() <= SAME
    };
    let fits = |first: usize, backwards: bool| {
        (0..count).all(|step| {
            let index = if backwards { first + count - step } else { first + step };
            is_near(one[step], other[index % count])
        })
    };
    count == other.len() && (0..count).any(|first| fits(first, false) || fits(first, true))
}
