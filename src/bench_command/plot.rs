//! Plots of one scene, as SVG.

use anyhow::Context as _;
use plotters::{coord::Shift, prelude::*};

use super::{
    protocol::Moment,
    report::{SceneReport, Trial},
};

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// A drawing that fails says why in words alone: its own error is bound to the picture's text.
type Drawn = anyhow::Result<()>;

const WIDTH: u32 = 1040;
const HEIGHT: u32 = 340;
const FONT: &str = "sans-serif";
/// Parts of the pipeline from below, as they follow each other.
const STAGES: [&str; 6] = ["receive", "decode", "inference", "rules", "alert", "other"];

/// Two plots beside each other.
fn pair(draw: impl FnOnce(&Area<'_>, &Area<'_>) -> Drawn) -> anyhow::Result<String> {
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, (WIDTH, HEIGHT)).into_drawing_area();
        (|| {
            root.fill(&WHITE)?;
            let (left, right) = root.split_horizontally(WIDTH / 2);
            draw(&left, &right)?;
            root.present()?;
            Drawn::Ok(())
        })()
        .context("draw a plot")?;
    }
    Ok(text)
}

/// Cores used over cameras, by stage; and what one camera costs.
pub(super) fn scaling(scene: &SceneReport) -> anyhow::Result<String> {
    pair(|left, right| {
        let legend = SeriesLabelPosition::UpperLeft;
        stacked(left, &scene.trials, "cores used, over cameras", legend, 1.15, &|_, used| used)?;
        let each = |trial: &Trial, used: f64| used * 1000.0 / f64::from(trial.cameras.max(1));
        let caption = "thousandths of a core for each camera, over cameras";
        // It falls from the left, and never far.
        stacked(right, &scene.trials, caption, SeriesLabelPosition::UpperRight, 1.7, &each)
    })
}

/// How long alerts and analyses take at the number held: the share that takes no longer.
pub(super) fn latency(trial: &Trial) -> anyhow::Result<String> {
    pair(|left, right| {
        let curves = [
            ("event time → behind the broker", trial.events.alerts_s.as_slice()),
            ("limit → behind the broker", trial.events.arrivals_s.as_slice()),
        ];
        let curves = curves.map(|(name, values)| (name, shares(values)));
        steps(left, "alerts: share that takes no longer than … seconds", &curves)?;
        let all = trial.ages.last().map_or(0.0, |(_, count)| *count).max(1.0);
        let points = trial.ages.iter().filter(|(bound, _)| *bound > 0.0);
        let points = points.map(|(bound, count)| (*bound, count / all)).collect();
        steps(right, "pictures: arrival → analysed, seconds", &[("analysed", points)])
    })
}

/// What the process held over the time of the measurement.
pub(super) fn course(trial: &Trial) -> anyhow::Result<String> {
    pair(|left, right| {
        let over = |value: &dyn Fn(&Moment) -> f64| -> Vec<(f64, f64)> {
            trial.course.iter().map(|moment| (moment.seconds / 60.0, value(moment))).collect()
        };
        let memory = over(&|moment| moment.memory as f64 / 1_048_576.0);
        lines(left, "memory in MiB, over minutes", &[("memory", memory)])?;
        let curves = [
            ("open files", over(&|moment| f64::from(moment.files))),
            ("threads", over(&|moment| f64::from(moment.threads))),
        ];
        lines(right, "open files and threads, over minutes", &curves)
    })
}

fn shares(sorted: &[f64]) -> Vec<(f64, f64)> {
    let count = sorted.len().max(1) as f64;
    sorted.iter().enumerate().map(|(index, value)| (*value, (index + 1) as f64 / count)).collect()
}

fn color(index: usize) -> PaletteColor<Palette99> {
    Palette99::pick(index)
}

/// Stages on top of each other, with a mark at each trial; hollow where it does not hold.
fn stacked(
    area: &Area<'_>,
    trials: &[Trial],
    caption: &str,
    legend_at: SeriesLabelPosition,
    headroom: f64,
    value: &dyn Fn(&Trial, f64) -> f64,
) -> Drawn {
    let widest = trials.iter().map(|trial| trial.cameras).max().unwrap_or(1).max(2);
    let tallest =
        trials.iter().map(|trial| value(trial, trial.used())).fold(0.0, f64::max).max(1e-6) * headroom;
    let mut chart = ChartBuilder::on(area)
        .margin(10)
        .caption(caption, (FONT, 14))
        .x_label_area_size(32)
        .y_label_area_size(48)
        .build_cartesian_2d(0.0..f64::from(widest) * 1.05, 0.0..tallest)?;
    chart.configure_mesh().label_style((FONT, 11)).light_line_style(TRANSPARENT).draw()?;
    let upto =
        |trial: &Trial, stages: &[&str]| value(trial, stages.iter().map(|stage| trial.stage(stage)).sum());
    // From the tallest pile down, so that each covers what lies under it.
    for last in (0..STAGES.len()).rev() {
        let pile = trials.iter().map(|trial| (f64::from(trial.cameras), upto(trial, &STAGES[..=last])));
        let series = AreaSeries::new(pile, 0.0, color(last).mix(0.75)).border_style(color(last));
        let legend = move |(x, y)| Rectangle::new([(x, y - 5), (x + 10, y + 5)], color(last).filled());
        chart.draw_series(series)?.label(STAGES[last]).legend(legend);
    }
    let marks = trials.iter().map(|trial| {
        let at = (f64::from(trial.cameras), value(trial, trial.used()));
        let style = if trial.holds() { BLACK.filled() } else { BLACK.stroke_width(1) };
        Circle::new(at, 4, style)
    });
    chart
        .draw_series(marks)?
        .label("a trial; hollow: does not hold")
        .legend(|(x, y)| Circle::new((x + 5, y), 4, BLACK.filled()));
    chart
        .configure_series_labels()
        .position(legend_at)
        .background_style(WHITE.mix(0.8))
        .label_font((FONT, 11))
        .draw()?;
    Ok(())
}

fn steps(area: &Area<'_>, caption: &str, curves: &[(&str, Vec<(f64, f64)>)]) -> Drawn {
    curves_up_to(1.05, area, caption, curves)
}

fn lines(area: &Area<'_>, caption: &str, curves: &[(&str, Vec<(f64, f64)>)]) -> Drawn {
    let most = curves.iter().flat_map(|(_, curve)| curve.iter().map(|(_, y)| *y)).fold(1.0, f64::max);
    curves_up_to(most * 1.15, area, caption, curves)
}

/// Curves over the same axes, which begin at zero.
fn curves_up_to(top: f64, area: &Area<'_>, caption: &str, curves: &[(&str, Vec<(f64, f64)>)]) -> Drawn {
    let values = || curves.iter().flat_map(|(_, curve)| curve.iter().map(|(x, _)| *x));
    let (least, most) = (values().fold(0.0, f64::min), values().fold(0.1, f64::max));
    let mut chart = ChartBuilder::on(area)
        .margin(10)
        .caption(caption, (FONT, 14))
        .x_label_area_size(32)
        .y_label_area_size(48)
        .build_cartesian_2d(least..most * 1.05, 0.0..top)?;
    chart.configure_mesh().label_style((FONT, 11)).light_line_style(TRANSPARENT).draw()?;
    for (index, (name, curve)) in curves.iter().enumerate() {
        let legend = move |(x, y)| PathElement::new([(x, y), (x + 12, y)], color(index).stroke_width(2));
        chart
            .draw_series(LineSeries::new(curve.iter().copied(), color(index).stroke_width(2)))?
            .label(format!("{name} ({})", curve.len()))
            .legend(legend);
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE.mix(0.8))
        .label_font((FONT, 11))
        .draw()?;
    Ok(())
}
