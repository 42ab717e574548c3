//! Zones, lines and their names, in a camera's picture.

use std::collections::BTreeMap;

use gridwatch_alert::drawing::{Area, Canvas, Colour, Labels, Spot, Writing};
use gridwatch_config::CameraSettings;
use gridwatch_detect::rules::Occupancy;
use gridwatch_domain::{EventKind, Line, Zone, ZoneId, ZoneType};

use super::{Sizes, colours, corners, spot, written};

/// How much of the picture below a zone's own colour hides.
const FILL: f32 = 0.10;
const BAY_FILL: f32 = 0.12;
const MARKED_FILL: f32 = 0.14;
/// Share of a label's area that may hide something; more, and a name is left out.
const NAME_HIDES: f32 = 0.5;
const BAY_NAME_HIDES: f32 = 1.05;
/// Spots tried across and down for a name within a zone.
const TRIED: usize = 9;
/// From so many bays on their names are told without what they begin with alike.
const MANY_BAYS: usize = 10;

/// What is watched, as it is drawn.
pub(crate) struct Watched<'a> {
    pub(crate) camera: &'a CameraSettings,
    /// Of bays, as far as it is known.
    pub(crate) occupancy: BTreeMap<ZoneId, Occupancy>,
    /// Zones and lines that are drawn in another colour, and stand out.
    pub(crate) marked: BTreeMap<ZoneId, Colour>,
    /// What is said below their names.
    pub(crate) captions: BTreeMap<ZoneId, String>,
}

/// Thickness of the thinnest outline, in pixels.
const THINNEST: f32 = 2.0;

impl Watched<'_> {
    /// Their areas and outlines; names are for [`Watched::names`].
    pub(crate) fn draw(&self, canvas: &mut Canvas) {
        let (bays, others): (Vec<&Zone>, Vec<&Zone>) =
            self.camera.zones.iter().partition(|zone| zone.zone_type == ZoneType::Bay);
        for zone in others {
            self.draw_zone(canvas, zone, FILL, 0.55);
        }
        for bay in bays {
            self.draw_zone(canvas, bay, BAY_FILL, 0.4);
        }
        for line in &self.camera.lines {
            self.draw_line(canvas, line);
        }
    }

    fn colour(&self, zone: &Zone) -> Colour {
        let of_bay = self.occupancy.get(&zone.id).map(|occupancy| colours::of_occupancy(*occupancy));
        let marked = self.marked.get(&zone.id).copied();
        marked.or(of_bay).unwrap_or_else(|| colours::of_zone(zone.zone_type))
    }

    fn draw_zone(&self, canvas: &mut Canvas, zone: &Zone, opacity: f32, thickness: f32) {
        let (outline, colour) = (corners(canvas, &zone.polygon), self.colour(zone));
        let is_marked = self.marked.contains_key(&zone.id);
        if self.occupancy.get(&zone.id) == Some(&Occupancy::Unknown) {
            canvas.hatch(&outline, colour, 8, 0.5);
        }
        canvas.fill(&outline, colour, if is_marked { MARKED_FILL } else { opacity });
        // Thinner than that a line is a shadow of its colour.
        let thickness = (canvas.stroke() * if is_marked { 0.9 } else { thickness }).max(THINNEST);
        // Dark below bright: visible on snow and on asphalt.
        canvas.outline(&outline, colours::DARK, thickness + 1.2);
        canvas.outline(&outline, colour, thickness);
    }

    fn draw_line(&self, canvas: &mut Canvas, line: &Line) {
        let [from, to] = line.ends.map(|end| spot(canvas, end));
        let colour = self.marked.get(&line.id).copied().unwrap_or(colours::LINE);
        let thickness = canvas.stroke();
        let ends = direction(from, to, canvas.stroke() * 9.0);
        for (colour, thickness) in [(colours::DARK, thickness + 2.0), (colour, thickness)] {
            canvas.line(&[from, to], colour, thickness, 1.0);
            if let Some((begin, end)) = ends {
                canvas.arrow(begin, end, colour, thickness, canvas.stroke() * 4.0);
                // Both ways are allowed: an arrow each way, the larger one along.
                if line.rule(EventKind::WrongWay).is_none() {
                    canvas.arrow(begin, half_back(begin, end), colour, thickness, canvas.stroke() * 2.5);
                }
            }
        }
    }

    /// The names of zones and lines, where there is room for them.
    pub(crate) fn names(&self, canvas: &mut Canvas, labels: &mut Labels) {
        let sizes = Sizes::of(canvas);
        let (bays, others): (Vec<&Zone>, Vec<&Zone>) =
            self.camera.zones.iter().partition(|zone| zone.zone_type == ZoneType::Bay);
        for zone in others {
            let lines = self.lines(&zone.id, &zone.name);
            let plate = self.colour(zone).mixed(Colour::BLACK, 0.55);
            let writing = Writing { opacity: 0.85, ..Writing::on(plate, sizes.usual) };
            let size = writing.extent(&lines);
            put(canvas, labels, (&zone.id, &lines), &within(canvas, zone, size), &writing, NAME_HIDES);
        }
        for line in &self.camera.lines {
            let lines = self.lines(&line.id, &line.name);
            let colour = self.marked.get(&line.id).copied().unwrap_or(colours::LINE);
            let writing = Writing::bare(colour, sizes.usual);
            let ends = line.ends.map(|end| spot(canvas, end));
            let spots: Vec<Spot> = ends
                .into_iter()
                .flat_map(|end| {
                    Area::around(&[end]).grown(canvas.stroke() * 2.0).beside(writing.extent(&lines))
                })
                .collect();
            put(canvas, labels, (&line.id, &lines), &spots, &writing, NAME_HIDES);
        }
        self.name_bays(canvas, labels, &bays, sizes);
    }

    /// A name, and what is said below it.
    fn lines<'s>(&'s self, id: &'s ZoneId, name: &'s str) -> Vec<&'s str> {
        let caption = self.captions.get(id).map(String::as_str);
        std::iter::once(written(name, id.as_str())).chain(caption).collect()
    }

    fn name_bays(&self, canvas: &mut Canvas, labels: &mut Labels, bays: &[&Zone], sizes: Sizes) {
        let names: Vec<&str> = bays.iter().map(|bay| written(&bay.name, bay.id.as_str())).collect();
        let alike = if bays.len() >= MANY_BAYS { begun_alike(&names) } else { 0 };
        for (bay, name) in bays.iter().zip(&names) {
            let lines = [&name[alike..]];
            let writing = Writing::bare(self.colour(bay).mixed(Colour::WHITE, 0.5), sizes.small);
            let spots = in_bay(&corners(canvas, &bay.polygon), writing.extent(&lines));
            put(canvas, labels, (&bay.id, &lines), &spots, &writing, BAY_NAME_HIDES);
        }
    }
}

/// Writes what belongs to a zone at the best of these spots, where there is room.
fn put(
    canvas: &mut Canvas,
    labels: &mut Labels,
    (id, lines): (&ZoneId, &[&str]),
    spots: &[Spot],
    writing: &Writing,
    most: f32,
) {
    if let Some(area) = labels.place(id.as_str(), writing.extent(lines), spots, most) {
        canvas.write((area.left, area.top), lines, writing);
    }
}

/// From the middle of a line to its right, as long as `length`: whoever goes so goes along its direction.
fn direction(from: Spot, to: Spot, length: f32) -> Option<(Spot, Spot)> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let whole = dx.hypot(dy);
    let middle = (f32::midpoint(from.0, to.0), f32::midpoint(from.1, to.1));
    // The picture's y points down: what is to the right of somebody who goes to the right is below.
    (whole > 0.0).then(|| (middle, (middle.0 - dy / whole * length, middle.1 + dx / whole * length)))
}

/// Half as far the other way.
fn half_back(begin: Spot, end: Spot) -> Spot {
    (begin.0 - (end.0 - begin.0) * 0.5, begin.1 - (end.1 - begin.1) * 0.5)
}

/// Spots for a label of a size within a zone, those farther up first; then around its topmost and its lowest corner.
fn within(canvas: &Canvas, zone: &Zone, size: (f32, f32)) -> Vec<Spot> {
    let outline = corners(canvas, &zone.polygon);
    let around = Area::around(&outline);
    let (width, height) = around.size();
    let step = |index: usize, length: f32| length * index as f32 / (TRIED - 1) as f32;
    let grid = (0..TRIED).flat_map(|row| (0..TRIED).map(move |column| (row, column)));
    let spots = grid.map(|(row, column)| {
        (around.left + step(column, width - size.0), around.top + step(row, height - size.1))
    });
    let mut spots: Vec<Spot> = spots
        .filter(|spot| Area::at(*spot, size).corners().into_iter().all(|corner| is_inside(&outline, corner)))
        .collect();
    let by_row = |a: &Spot, b: &Spot| a.1.total_cmp(&b.1);
    let (top, bottom) = (outline.iter().copied().min_by(by_row), outline.iter().copied().max_by(by_row));
    for corner in [top, bottom].into_iter().flatten() {
        spots.extend(Area::around(&[corner]).grown(canvas.stroke()).beside(size));
    }
    spots
}

/// Spots for a label of a size in a bay: in its middle, or along its axes, where a vehicle leaves some of it free.
fn in_bay(outline: &[Spot], size: (f32, f32)) -> Vec<Spot> {
    const SHARES: [(f32, f32); 17] = [
        (0.5, 0.5),
        (0.5, 0.15),
        (0.5, 0.85),
        (0.15, 0.5),
        (0.85, 0.5),
        (0.18, 0.18),
        (0.82, 0.18),
        (0.82, 0.82),
        (0.18, 0.82),
        // On its border, where a vehicle fills it.
        (0.0, 0.0),
        (1.0, 0.0),
        (1.0, 1.0),
        (0.0, 1.0),
        (0.5, 0.0),
        (0.5, 1.0),
        (0.0, 0.5),
        (1.0, 0.5),
    ];
    let [a, b, c, d] = match outline {
        [a, b, c, d] => [*a, *b, *c, *d],
        _ => Area::around(outline).corners(),
    };
    let along = |from: Spot, to: Spot, share: f32| {
        (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share)
    };
    let spot = |(across, down): (f32, f32)| {
        let middle = along(along(a, b, across), along(d, c, across), down);
        (middle.0 - size.0 / 2.0, middle.1 - size.1 / 2.0)
    };
    SHARES.into_iter().map(spot).collect()
}

/// Even-odd rule, as for zones.
fn is_inside(outline: &[Spot], (x, y): Spot) -> bool {
    let sides = outline.iter().zip(outline.iter().cycle().skip(1));
    let crossed =
        sides.filter(|(a, b)| (a.1 > y) != (b.1 > y) && x < a.0 + (y - a.1) / (b.1 - a.1) * (b.0 - a.0));
    crossed.count() % 2 == 1
}

/// Bytes that all names begin with alike; words and numbers stay whole, and something is left of each.
fn begun_alike(names: &[&str]) -> usize {
    let Some((first, others)) = names.split_first() else { return 0 };
    let is_shared = |length: usize| {
        others.iter().all(|other| other.get(..length) == first.get(..length) && other.len() > length)
    };
    let ends = first.char_indices().map(|(index, _)| index);
    let is_end = |length: usize| {
        let before = first[..length].chars().next_back();
        before.is_none_or(|letter| !letter.is_ascii_alphanumeric())
    };
    ends.filter(|&length| is_shared(length) && is_end(length)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_without_what_they_begin_with_alike() {
        for (names, alike) in [
            (&["bay-1", "bay-12", "bay-13"][..], 4),
            (&["车位1", "车位12"], "车位".len()),
            (&["A1", "B1"], 0),
            (&["bay", "bay-2"], 0),
            (&["12", "13"], 0),
            (&[], 0),
        ] {
            assert_eq!(begun_alike(names), alike, "{names:?}");
        }
    }

    #[test]
    fn an_arrow_points_to_the_right_of_who_goes_along_the_line() {
        let (begin, end) = direction((10.0, 50.0), (90.0, 50.0), 20.0).expect("it has a length");
        assert_eq!((begin, end), ((50.0, 50.0), (50.0, 70.0)));
        assert_eq!(direction((10.0, 50.0), (10.0, 50.0), 20.0), None);
    }

    #[test]
    fn a_name_stands_within_its_zone() {
        let outline = [(0.0, 0.0), (100.0, 0.0), (100.0, 10.0), (20.0, 100.0), (0.0, 100.0)];
        assert!(is_inside(&outline, (10.0, 90.0)) && !is_inside(&outline, (90.0, 90.0)));
        let spots = in_bay(&[(0.0, 0.0), (100.0, 0.0), (100.0, 50.0), (0.0, 50.0)], (20.0, 10.0));
        assert_eq!(spots[0], (40.0, 20.0));
    }
}
