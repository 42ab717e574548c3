//! The report as one picture: precision over recall of every group, bars of average precision, and of time.

use anyhow::Context as _;
use gridwatch_models::evaluation::Group;
use plotters::{
    coord::Shift,
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use super::{
    report::Report,
    tables::{self, of_group},
};

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// A drawing that fails says why in words alone: its own error is bound to the picture's text.
type Drawn = anyhow::Result<()>;

const WIDTH: u32 = 1120;
/// Curves side by side.
const COLUMNS: usize = 4;
const CURVE_HEIGHT: u32 = 240;
const BARS_HEIGHT: u32 = 260;
/// A line of the legend, and of the bars of time.
const LINE_HEIGHT: u32 = 20;
const FONT: &str = "sans-serif";

/// As SVG.
pub(super) fn svg(report: &Report) -> anyhow::Result<String> {
    let groups = groups_with_objects(report);
    let legend = LINE_HEIGHT * (report.networks.len() as u32 + 2);
    let curves = CURVE_HEIGHT * groups.len().div_ceil(COLUMNS) as u32;
    let times = LINE_HEIGHT * report.networks.iter().map(|network| network.timings.len() as u32).sum::<u32>();
    let times = if times == 0 { 0 } else { times + 90 };
    let mut text = String::new();
    {
        let size = (WIDTH, legend + curves + BARS_HEIGHT + times);
        let root = SVGBackend::with_string(&mut text, size).into_drawing_area();
        (|| {
            root.fill(&WHITE)?;
            let (legend_area, rest) = root.split_vertically(legend);
            draw_legend(&legend_area, report)?;
            let (curves_area, rest) = rest.split_vertically(curves);
            let panels = curves_area.split_evenly((groups.len().div_ceil(COLUMNS).max(1), COLUMNS));
            for (group, panel) in groups.iter().zip(&panels) {
                draw_curves(panel, *group, report)?;
            }
            let (bars, times_area) = rest.split_vertically(BARS_HEIGHT);
            draw_average_precision(&bars, &groups, report)?;
            if times > 0 {
                draw_times(&times_area, report)?;
            }
            root.present()?;
            Drawn::Ok(())
        })()
        .context("draw the plot")?;
    }
    Ok(text)
}

fn groups_with_objects(report: &Report) -> Vec<Group> {
    let has_objects = |group: &Group| {
        let first = report.networks.first().and_then(|network| of_group(network, *group));
        first.is_some_and(|of| of.figures.objects > 0)
    };
    tables::COLUMNS.into_iter().filter(has_objects).collect()
}

fn color(index: usize) -> PaletteColor<Palette99> {
    Palette99::pick(index)
}

fn words(size: u32) -> TextStyle<'static> {
    (FONT, size).into_font().color(&BLACK)
}

/// Writes at pixels of the whole picture, as a chart's coordinates lead to: beside a chart's own area it would not.
fn write(area: &Area<'_>, text: &str, (x, y): (i32, i32), anchor: Pos) -> Drawn {
    let (left, top) = area.get_base_pixel();
    Ok(area.draw_text(text, &words(12).pos(anchor), (x - left, y - top))?)
}

fn draw_legend(area: &Area<'_>, report: &Report) -> Drawn {
    let title = format!("{} pictures of {}", report.pictures, report.data);
    area.draw_text(&title, &words(16), (12, 8))?;
    for (index, network) in report.networks.iter().enumerate() {
        let top = LINE_HEIGHT as i32 * (index as i32 + 1) + 12;
        area.draw(&Rectangle::new([(12, top), (26, top + 12)], color(index).filled()))?;
        let [width, height] = network.input;
        area.draw_text(&format!("{} {width}x{height}", network.name), &words(13), (34, top - 1))?;
    }
    Ok(())
}

fn draw_curves(area: &Area<'_>, group: Group, report: &Report) -> Drawn {
    let of_group = |network| of_group(network, group);
    let objects = report.networks.first().and_then(of_group).map_or(0, |of| of.figures.objects);
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .caption(format!("{group}, {objects} objects"), (FONT, 14))
        .x_label_area_size(34)
        .y_label_area_size(42)
        .build_cartesian_2d(0.0..1.0, 0.0..1.0)?;
    chart
        .configure_mesh()
        .x_labels(5)
        .y_labels(5)
        .x_desc("recall")
        .y_desc("precision")
        .label_style((FONT, 11))
        .light_line_style(TRANSPARENT)
        .draw()?;
    for (index, of) in
        report.networks.iter().enumerate().filter_map(|(index, network)| Some((index, of_group(network)?)))
    {
        chart.draw_series(LineSeries::new(of.curve.iter().copied(), color(index).stroke_width(2)))?;
    }
    Ok(())
}

/// A bar a network in each group, full height for AP50; its darker foot is AP50:95.
fn draw_average_precision(area: &Area<'_>, groups: &[Group], report: &Report) -> Drawn {
    let count = groups.len().max(1);
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .caption("AP50, darker: AP50:95", (FONT, 14))
        .x_label_area_size(24)
        .y_label_area_size(42)
        .build_cartesian_2d(0.0..count as f64, 0.0..1.0)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .disable_x_axis()
        .light_line_style(TRANSPARENT)
        .y_labels(5)
        .label_style((FONT, 11))
        .draw()?;
    let share = 0.8 / report.networks.len().max(1) as f64;
    for (place, group) in groups.iter().enumerate() {
        let (x, y) = chart.backend_coord(&(place as f64 + 0.45, 0.0));
        write(area, group.as_str(), (x, y + 6), Pos::new(HPos::Center, VPos::Top))?;
        for (index, network) in report.networks.iter().enumerate() {
            let Some(figures) = of_group(network, *group).map(|of| of.figures) else { continue };
            let left = place as f64 + 0.05 + share * index as f64;
            let bar = |height: f64| [(left, 0.0), (left + share * 0.92, height)];
            let (ap50, ap) = (figures.ap50.unwrap_or(0.0), figures.ap50_95.unwrap_or(0.0));
            let color = color(index);
            chart.draw_series([
                Rectangle::new(bar(ap50), color.mix(0.55).filled()),
                Rectangle::new(bar(ap), color.filled()),
            ])?;
        }
    }
    Ok(())
}

/// A bar a network and provider, in three parts: letterbox, network, boxes.
fn draw_times(area: &Area<'_>, report: &Report) -> Drawn {
    let rows: Vec<_> = report
        .networks
        .iter()
        .enumerate()
        .flat_map(|(index, network)| network.timings.iter().map(move |timing| (index, &network.name, timing)))
        .collect();
    let most = rows.iter().map(|(_, _, timing)| timing.total.median_ms).fold(0.0, f64::max);
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .caption("ms a picture, one thread, median: letterbox (dark), network, boxes (dark)", (FONT, 14))
        .x_label_area_size(28)
        .y_label_area_size(190)
        .build_cartesian_2d(0.0..most * 1.12, (rows.len() as f64)..0.0)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .label_style((FONT, 11))
        .light_line_style(TRANSPARENT)
        .draw()?;
    for (line, (index, name, timing)) in rows.iter().enumerate() {
        let (line, color) = (line as f64, color(*index));
        let steps = [timing.letterbox.median_ms, timing.network.median_ms, timing.reading.median_ms];
        let mut begin = 0.0;
        for (part, step) in steps.into_iter().enumerate() {
            let strength = if part == 1 { 0.6 } else { 1.0 };
            let bar = [(begin, line + 0.15), (begin + step, line + 0.85)];
            chart.draw_series([Rectangle::new(bar, color.mix(strength).filled())])?;
            begin += step;
        }
        let (left, middle) = chart.backend_coord(&(0.0, line + 0.5));
        let (right, _) = chart.backend_coord(&(begin, 0.0));
        let value = format!("{:.1}", timing.total.median_ms);
        write(area, &value, (right + 6, middle), Pos::new(HPos::Left, VPos::Center))?;
        let name = format!("{name}, {}", timing.provider);
        write(area, &name, (left - 8, middle), Pos::new(HPos::Right, VPos::Center))?;
    }
    Ok(())
}
