//! Bays: for each what was true above what was observed, and below where both differ.

use std::fmt::Write as _;

use super::{
    super::words::{clock, percent},
    both, escaped,
    scale::Scale,
    timeline::axis,
};
use crate::score::{BayScore, Occupancy, Score, Span, Stretch};

/// Share of its time above which it is said that nobody knew a bay's state: at the beginning nobody ever does.
const MUCH_UNKNOWN: f64 = 0.05;

/// Rows of the chart, under an axis of their own; nothing where no bays were judged.
pub(super) fn rows(score: &Score, scale: &Scale) -> String {
    let Some(bays) = &score.bays else { return String::new() };
    let rows: String = bays.bays.iter().map(|bay| row(bay, scale)).collect();
    format!(
        "<div class=\"row title\"><h3>{} <span>{} <b>{}</b> · {} <b>{}</b></span></h3></div>{}{rows}",
        both("车位", "bays"),
        both("状态正确的时间", "time in which the state is right"),
        percent(bays.accuracy),
        both("状态未知", "unknown"),
        percent(bays.unknown),
        axis(scale)
    )
}

/// What its colours mean.
pub(super) fn legend(score: &Score) -> String {
    if score.bays.is_none() {
        return String::new();
    }
    let entries = [
        ("occupied", "占用", "occupied"),
        ("free", "空闲", "free"),
        ("unknown", "未知/不确定", "unknown, unsure"),
        ("contrary", "与真值相反", "contrary to the truth"),
    ];
    let entries = entries.map(|(class, chinese, english)| {
        format!(
            "<li><svg width=\"26\" height=\"10\"><rect class=\"{class}\" width=\"26\" height=\"10\"/></svg>{}</li>",
            both(chinese, english)
        )
    });
    format!(
        "<ul class=\"legend\"><li><b>{}</b></li>{}<li>{}</li></ul>",
        both("车位", "bays"),
        entries.concat(),
        both("上：真值，下：观测", "above: true, below: observed")
    )
}

fn row(bay: &BayScore, scale: &Scale) -> String {
    let mut drawing = String::new();
    for stretch in &bay.truth {
        let title = format!("真值 truth: {}", words(stretch.state, true));
        drawing += &rect(stretch.span, scale, (3, 9), class(stretch.state), &title);
    }
    for stretch in &bay.observed {
        let title = format!("观测 observed: {}", words(stretch.state, false));
        drawing += &rect(stretch.span, scale, (13, 9), class(stretch.state), &title);
    }
    for span in contrary(bay) {
        drawing += &rect(span, scale, (23, 3), "contrary", "与真值相反 contrary");
    }
    format!(
        "<div class=\"row bay\"><div class=\"name\"><b>{}</b> {}{}</div>\
         <svg class=\"track\" width=\"100%\" height=\"28\">{drawing}</svg></div>",
        escaped(&bay.zone),
        percent(bay.accuracy),
        faults(bay, scale.duration_s)
    )
}

/// In words what is wrong with a bay.
fn faults(bay: &BayScore, duration_s: f64) -> String {
    let mut faults = String::new();
    let wrong_s = bay.occupied_told_free_s + bay.free_told_occupied_s;
    if wrong_s > 0.0 {
        let _ = write!(faults, " <em title=\"与真值相反 contrary to the truth\">错 {wrong_s:.1} s</em>");
    }
    if bay.unknown_s > duration_s * MUCH_UNKNOWN {
        let _ = write!(faults, " <span title=\"无人知道 unknown\">未知 {:.1} s</span>", bay.unknown_s);
    }
    faults
}

fn rect(span: Span, scale: &Scale, (y, height): (u32, u32), class: &str, title: &str) -> String {
    let (x, width) = scale.extent(span);
    format!(
        "<rect class=\"{class}\" x=\"{x:.4}%\" y=\"{y}\" width=\"{width:.4}%\" height=\"{height}\"><title>{title}, {} – {}</title></rect>",
        clock(span.from_s),
        clock(span.until_s)
    )
}

/// Where one says free and the other occupied.
fn contrary(bay: &BayScore) -> Vec<Span> {
    let differ = |a: Occupancy, b: Occupancy| a != b && a != Occupancy::Unknown && b != Occupancy::Unknown;
    let beside = |truth: &Stretch| {
        let (truth, observed) = (*truth, bay.observed.iter());
        observed
            .filter(move |told| differ(truth.state, told.state))
            .filter_map(move |told| truth.span.common(told.span))
    };
    bay.truth.iter().flat_map(beside).collect()
}

fn class(state: Occupancy) -> &'static str {
    match state {
        Occupancy::Free => "free",
        Occupancy::Occupied => "occupied",
        Occupancy::Unknown => "unknown",
    }
}

fn words(state: Occupancy, is_truth: bool) -> &'static str {
    match state {
        Occupancy::Free => "空闲 free",
        Occupancy::Occupied => "占用 occupied",
        Occupancy::Unknown if is_truth => "不确定 unsure",
        Occupancy::Unknown => "未知 unknown",
    }
}
