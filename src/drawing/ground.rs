//! The calibrated ground of a camera: a grid of metres, and the points that it comes from.

use gridwatch_alert::drawing::{Area, Canvas, Labels, Spot, Writing};
use gridwatch_domain::{Ground, Projective};

use super::{Sizes, colours, spot};

/// Lines across and along at most: more are no grid any more.
const MOST_LINES: f64 = 40.0;
/// Metres between two lines, of which the smallest is taken that gives no more lines than that.
const PITCHES: [f64; 6] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0];
/// How far the grid goes on around what was measured, as a share of it.
const BEYOND: f64 = 0.5;
/// Pieces that a line is drawn in.
const PIECES: u32 = 48;

/// Draws the grid, and says how many metres there are between two of its lines.
pub(crate) fn draw(canvas: &mut Canvas, ground: &Ground) -> f64 {
    let [x, y] = [0, 1].map(|axis| span(ground, axis));
    let pitch = pitch(x.1 - x.0, y.1 - y.0);
    let Some(to_picture) = to_picture(ground) else { return pitch };
    let lines = |(from, until): (f64, f64)| {
        let (first, last) = ((from / pitch).ceil() as i64, (until / pitch).floor() as i64);
        (first..=last).map(move |index| index as f64 * pitch)
    };
    let along =
        |(from, until): (f64, f64), step: u32| from + (until - from) * f64::from(step) / f64::from(PIECES);
    let across = lines(x).map(|at| (0..=PIECES).map(|step| [at, along(y, step)]).collect::<Vec<_>>());
    let down = lines(y).map(|at| (0..=PIECES).map(|step| [along(x, step), at]).collect::<Vec<_>>());
    for line in across.chain(down) {
        let seen: Vec<Option<Spot>> =
            line.iter().map(|metres| seen(canvas, ground, &to_picture, *metres)).collect();
        for piece in seen.split(Option::is_none) {
            let spots: Vec<Spot> = piece.iter().flatten().copied().collect();
            canvas.line(&spots, colours::GROUND, 1.0, 0.55);
        }
    }
    pitch
}

/// Draws the points that the calibration comes from, with their metres.
pub(crate) fn draw_points(canvas: &mut Canvas, ground: &Ground, labels: &mut Labels) {
    let sizes = Sizes::of(canvas);
    for (index, (point, metres)) in ground.points().into_iter().zip(ground.metres()).enumerate() {
        let at = spot(canvas, point);
        let reach = canvas.stroke() * 2.5;
        for (a, b) in [((-reach, 0.0), (reach, 0.0)), ((0.0, -reach), (0.0, reach))] {
            let cross = [(at.0 + a.0, at.1 + a.1), (at.0 + b.0, at.1 + b.1)];
            canvas.line(&cross, colours::DARK, canvas.stroke() + 2.0, 1.0);
            canvas.line(&cross, colours::GROUND, canvas.stroke(), 1.0);
        }
        let text = format!("{}: {}, {} m", index + 1, metres[0], metres[1]);
        let writing = Writing::bare(colours::GROUND, sizes.small);
        let size = writing.extent(&[&text]);
        let spots = Area::at(at, (0.0, 0.0)).grown(reach).beside(size);
        if let Some(area) = labels.place(&format!("ground {index}"), size, &spots, 0.5) {
            canvas.write((area.left, area.top), &[&text], &writing);
        }
    }
}

/// What was measured along an axis, and some more, in metres.
fn span(ground: &Ground, axis: usize) -> (f64, f64) {
    let values = ground.metres().map(|metres| metres[axis]);
    let (least, most) =
        (values.into_iter().fold(f64::MAX, f64::min), values.into_iter().fold(f64::MIN, f64::max));
    let more = (most - least) * BEYOND;
    (least - more, most + more)
}

fn pitch(across: f64, down: f64) -> f64 {
    let longest = across.max(down);
    PITCHES.into_iter().find(|pitch| longest / pitch <= MOST_LINES).unwrap_or(longest / MOST_LINES)
}

/// From metres to the picture.
fn to_picture(ground: &Ground) -> Option<Projective> {
    let points = ground.points().map(|point| [f64::from(point.x()), f64::from(point.y())]);
    let from_metres = Projective::from_unit_square(ground.metres()).ok()?.inverse();
    Some(from_metres.then(&Projective::from_unit_square(points).ok()?))
}

/// Where metres are seen; none where that is beyond the horizon, or far from the picture.
fn seen(canvas: &Canvas, ground: &Ground, to_picture: &Projective, metres: [f64; 2]) -> Option<Spot> {
    let [x, y] = to_picture.map(metres)?.map(|value| value as f32);
    let is_near = (-0.5..=1.5).contains(&x) && (-0.5..=1.5).contains(&y);
    // Beyond the horizon the map gives points, too, which are none of the ground.
    (is_near && ground.at([x, y]).is_some()).then(|| canvas.spot(x, y))
}

#[cfg(test)]
mod tests {
    use gridwatch_alert::drawing::Colour;
    use gridwatch_domain::Point;

    use super::*;

    fn ground(metres: f64) -> Ground {
        let points = [[0.2, 0.9], [0.8, 0.9], [0.6, 0.5], [0.4, 0.5]];
        let points = points.map(|[x, y]| Point::new(x, y).expect("valid"));
        Ground::new(points, [[0.0, 0.0], [metres, 0.0], [metres, metres], [0.0, metres]]).expect("convex")
    }

    #[test]
    fn lines_are_as_far_apart_as_can_be_told_apart() {
        for (across, expected) in [(8.0, 1.0), (19.0, 1.0), (21.0, 2.0), (90.0, 5.0), (5000.0, 250.0)] {
            assert_eq!(pitch(across * 2.0, 3.0), expected, "{across}");
        }
    }

    #[test]
    fn the_grid_goes_through_what_was_measured_and_not_above_the_horizon() {
        let mut canvas = Canvas::filled(400, 200, Colour::BLACK);
        assert_eq!(draw(&mut canvas, &ground(8.0)), 1.0);
        let is_drawn = |column: u32, row: u32| {
            let index = ((row * 400 + column) * 3) as usize;
            canvas.rgb()[index] > 60
        };
        // The near edge, and the middle line of what was measured.
        assert!((100..300).filter(|&column| is_drawn(column, 180) || is_drawn(column, 179)).count() > 190);
        assert!((110..170).filter(|&row| is_drawn(200, row) || is_drawn(199, row)).count() > 55);
        // Lines meet at 0.3 of the height.
        let above = (0..400).flat_map(|column| (0..60).map(move |row| (column, row)));
        assert!(!above.into_iter().any(|(column, row)| is_drawn(column, row)));
    }
}
