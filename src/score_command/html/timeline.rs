//! Time lines: for each zone and kind what was true above what was told.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{
    super::words::{chinese_kind, clock, signed},
    bays, both, escaped,
    scale::Scale,
};
use crate::score::{Ignore, Score, Span, Told, Truth, TruthEvent};

/// Pixels of a row: a word, and the bar under it.
const ROW: usize = 30;
/// Pixels above the first row and below the last one.
const EDGE: usize = 5;
/// Pixels for a sign of a word; Chinese ones take two.
const SIGN: f64 = 6.6;
/// Pixels of a bar at least.
const LEAST: usize = 4;
/// Pixels between two bars of a row.
const APART: f64 = 10.0;

/// A bar.
struct Bar<'a> {
    span: Span,
    /// From when on it is more than is allowed.
    due_s: Option<f64>,
    /// It goes on behind the footage.
    is_open: bool,
    class: &'static str,
    word: String,
    title: Vec<String>,
    id: &'a str,
}

/// What belongs to one kind in one zone.
#[derive(Default)]
struct Group<'a> {
    truth: Vec<Bar<'a>>,
    told: Vec<Bar<'a>>,
}

type Groups<'a> = BTreeMap<(Option<&'a str>, &'a str), Group<'a>>;

pub(super) fn section(truth: &Truth, score: &Score, scale: &Scale) -> String {
    let groups = groups(score);
    let rows: String = groups.iter().map(|(key, group)| row(*key, group, truth, scale)).collect();
    let empty = if rows.is_empty() {
        format!("<p class=\"none\">{}</p>", both("既无应报事件，也无结果", "no true events, and none told"))
    } else {
        String::new()
    };
    format!(
        "<section class=\"lines\"><h2>{}</h2>{}{}{}<div class=\"scroll\"><div class=\"chart\">{}{}{rows}{}</div></div>{empty}</section>",
        both("时间线", "time lines"),
        legend(),
        bays::legend(score),
        scale.choices(),
        grid(scale),
        axis(scale),
        bays::rows(score, scale)
    )
}

fn legend() -> String {
    let entries = [
        ("truth", "真值", "true"),
        ("found", "找到", "found"),
        ("missed", "漏报", "missed"),
        ("false", "误报", "false"),
        ("doubled", "重复", "doubled"),
        ("ignored", "不计", "left out"),
    ];
    let entries = entries.map(|(class, chinese, english)| {
        format!("<li><svg width=\"26\" height=\"12\"><rect class=\"bar {class}\" x=\"1\" y=\"1\" width=\"24\" height=\"10\" rx=\"3\"/></svg>{}</li>", both(chinese, english))
    });
    format!(
        "<ul class=\"legend\"><li><b>{}</b></li>{}<li><svg width=\"16\" height=\"14\"><path class=\"bar truth\" d=\"M8 0L14 7 8 14 2 7Z\"/></svg>{}</li><li><svg width=\"34\" height=\"12\"><rect class=\"bar truth\" x=\"1\" y=\"1\" width=\"32\" height=\"10\" rx=\"3\"/>\
         <rect class=\"allowed\" x=\"1\" y=\"1\" width=\"14\" height=\"10\"/></svg>{}</li><li>{}</li></ul>",
        both("事件", "events"),
        entries.concat(),
        both("菱形：瞬间", "diamond: a moment"),
        both("浅色：报警以前", "pale: before the alert is due, or was told"),
        both("结果上的数字：报警偏差", "number: how late the alert was")
    )
}

/// All events by zone and kind.
fn groups(score: &Score) -> Groups<'_> {
    let mut groups = Groups::new();
    for one in &score.matches {
        let (truth, told) = (&one.truth, &one.told);
        let end = match (one.end_error_s, one.end_error_is_least) {
            (Some(error_s), true) => format!("结束偏差至少 end off by at least {}", signed(error_s)),
            (Some(error_s), false) => format!("结束偏差 end {}", signed(error_s)),
            (None, _) => String::new(),
        };
        let errors = vec![
            format!("开始偏差 start {}", signed(one.start_error_s)),
            one.alert_error_s
                .map_or_else(String::new, |error_s| format!("报警偏差 alert {}", signed(error_s))),
            end,
            one.iou.map_or_else(String::new, |iou| format!("框交并比 IoU {iou:.2}")),
        ];
        let word = one.alert_error_s.map_or_else(|| "找到".to_owned(), signed);
        let group = groups.entry((truth.zone.as_deref(), truth.kind.as_str())).or_default();
        group.truth.push(true_bar(truth, score.duration_s, "truth", truth.id.clone(), &errors));
        group.told.push(told_bar(
            told,
            score.duration_s,
            "found",
            word,
            &[vec![format!("真值 truth {}", truth.id)], errors].concat(),
        ));
    }
    for miss in &score.missed {
        let word = format!("漏报 missed {}", miss.truth.id);
        let bar = true_bar(&miss.truth, score.duration_s, "missed", word, &["漏报 missed".to_owned()]);
        groups.entry((miss.truth.zone.as_deref(), miss.truth.kind.as_str())).or_default().truth.push(bar);
    }
    let untrue = score.untrue.iter().map(|one| (&one.told, "false", "误报 false".to_owned()));
    let doubled = score.doubled.iter().map(|one| (&one.told, "doubled", format!("重复 doubled {}", one.of)));
    let ignored = score.ignored.iter().map(|one| (&one.told, "ignored", "不计 left out".to_owned()));
    for (told, class, word) in untrue.chain(doubled).chain(ignored) {
        let bar = told_bar(told, score.duration_s, class, word.clone(), &[word]);
        groups.entry((told.zone.as_deref(), told.kind.as_str())).or_default().told.push(bar);
    }
    groups
}

fn true_bar<'a>(
    event: &'a TruthEvent,
    duration_s: f64,
    class: &'static str,
    word: String,
    more: &[String],
) -> Bar<'a> {
    let mut title = vec![
        format!("真值 truth {}", event.id),
        span_words(event.span(duration_s), event.is_open()),
        event.limit_s.map_or_else(String::new, |limit_s| format!("限时 limit {limit_s} s")),
        event.note.clone().unwrap_or_default(),
    ];
    title.extend_from_slice(more);
    Bar {
        span: event.span(duration_s),
        due_s: event.limit_s.map(|limit_s| event.since_s + limit_s),
        is_open: event.is_open(),
        class,
        word,
        title,
        id: &event.id,
    }
}

fn told_bar<'a>(
    event: &'a Told,
    duration_s: f64,
    class: &'static str,
    word: String,
    more: &[String],
) -> Bar<'a> {
    let opened = event
        .opened_s
        .map_or_else(String::new, |opened_s| format!("报警 alert {} ({opened_s:.1} s)", clock(opened_s)));
    let what = [event.class.as_deref(), event.severity.as_deref()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ");
    let mut title = vec![
        format!("结果 result {}", event.id),
        span_words(event.span(duration_s), event.is_open()),
        opened,
        what,
        format!("修订 revisions {}", event.revisions),
    ];
    title.extend_from_slice(more);
    Bar {
        span: event.span(duration_s),
        due_s: event.opened_s,
        is_open: event.is_open(),
        class,
        word,
        title,
        id: &event.id,
    }
}

fn span_words(span: Span, is_open: bool) -> String {
    let words = |time_s: f64| format!("{} ({time_s:.1} s)", clock(time_s));
    match (is_open, span.length_s()) {
        (true, _) => format!("{} – 结尾 end", words(span.from_s)),
        (false, 0.0) => words(span.from_s),
        (false, _) => format!("{} – {}", words(span.from_s), words(span.until_s)),
    }
}

/// One zone and kind: its name, and the two lines beside it.
fn row((zone, kind): (Option<&str>, &str), group: &Group<'_>, truth: &Truth, scale: &Scale) -> String {
    let (of_truth, of_told) = (packed(&group.truth, scale), packed(&group.told, scale));
    let height = |rows: &[Vec<&Bar<'_>>]| rows.len().max(1) * ROW + EDGE;
    let (above, below) = (height(&of_truth), height(&of_told));
    let (whole, middle) = (above + below, above);
    let mut drawing = ignored(zone, kind, truth, scale, whole);
    let _ = write!(drawing, "<line class=\"middle\" x1=\"0\" x2=\"100%\" y1=\"{middle}\" y2=\"{middle}\"/>");
    let both_lines = [(0, of_truth), (above, of_told)];
    for (top, rows) in both_lines {
        for (index, bars) in rows.iter().enumerate() {
            drawing.extend(bars.iter().map(|bar| bar.draw(top + index * ROW, scale)));
        }
    }
    let name = zone.map_or_else(|| both("整个画面", "whole picture"), escaped);
    format!(
        "<div class=\"row\" style=\"height:{whole}px\"><div class=\"name\"><b>{name}</b><span>{}</span><i style=\"top:{}px\">{}</i>\
         <i style=\"top:{}px\">{}</i></div><svg class=\"track\" width=\"100%\" height=\"{whole}\">{drawing}</svg></div>",
        both(chinese_kind(kind).unwrap_or(""), &escaped(kind)),
        11,
        both("真值", "truth"),
        above + 11,
        both("结果", "result"),
    )
}

/// What is ignored in this zone, behind the bars.
fn ignored(zone: Option<&str>, kind: &str, truth: &Truth, scale: &Scale, height: usize) -> String {
    let is_meant = |entry: &&Ignore| {
        (entry.zone.is_none() || entry.zone.as_deref() == zone)
            && entry.kind.as_deref().is_none_or(|named| named == kind)
    };
    let mut drawing = String::new();
    for entry in truth.ignore.iter().filter(is_meant) {
        let (x, width) = scale.extent(entry.span);
        let note = entry.note.as_deref().map_or_else(String::new, |note| format!("\n{}", escaped(note)));
        let _ = write!(
            drawing,
            "<rect class=\"ignore\" x=\"{x:.4}%\" y=\"0\" width=\"{width:.4}%\" height=\"{height}\"><title>不计 left out: {} – {}{note}</title></rect>",
            clock(entry.span.from_s),
            clock(entry.span.until_s)
        );
    }
    drawing
}

/// Bars in as few rows as there is room for, words included.
fn packed<'b, 'a>(bars: &'b [Bar<'a>], scale: &Scale) -> Vec<Vec<&'b Bar<'a>>> {
    let mut sorted: Vec<&Bar<'_>> = bars.iter().collect();
    sorted.sort_by(|a, b| a.span.from_s.total_cmp(&b.span.from_s).then_with(|| a.id.cmp(b.id)));
    let mut rows: Vec<(f64, Vec<&Bar<'_>>)> = Vec::new();
    // A word that is written from its end lies before its bar: those are few, at the end of the footage.
    for bar in sorted {
        let (from, until) = bar.room(scale);
        match rows.iter_mut().find(|(end, _)| *end + APART <= from) {
            Some((end, row)) => {
                *end = until;
                row.push(bar);
            }
            None => rows.push((until, vec![bar])),
        }
    }
    rows.into_iter().map(|(_, row)| row).collect()
}

impl Bar<'_> {
    fn word_width(&self) -> f64 {
        self.word.chars().map(|sign| if sign.is_ascii() { SIGN } else { 2.0 * SIGN }).sum()
    }

    /// Whether its word would leave the drawing on the right.
    fn is_last(&self, scale: &Scale) -> bool {
        self.span.from_s * scale.a_second() + self.word_width() > scale.duration_s * scale.a_second()
    }

    /// Pixels from where to where it needs at the width that is shown at first.
    fn room(&self, scale: &Scale) -> (f64, f64) {
        let (from, until) = (self.span.from_s * scale.a_second(), self.span.until_s * scale.a_second());
        if self.is_last(scale) {
            (from.min(until - self.word_width()), until)
        } else {
            (from, until.max(from + self.word_width()))
        }
    }

    /// A bar, however short wide enough to be seen; what has no length is a mark.
    fn shape(&self, y: usize, (x, width): (f64, f64)) -> String {
        let class = self.class;
        if self.span.length_s() > 0.0 {
            return format!(
                "<rect class=\"bar {class}\" x=\"{x:.4}%\" y=\"{y}\" width=\"{width:.4}%\" height=\"11\" rx=\"3\" \
                 style=\"width:max({width:.4}%,{LEAST}px)\"/>"
            );
        }
        let middle = y + 5;
        format!(
            "<svg x=\"{x:.4}%\" y=\"{middle}\" width=\"1\" height=\"1\" overflow=\"visible\">\
             <path class=\"bar moment {class}\" d=\"M0-7L6 0 0 7-6 0Z\"/></svg>"
        )
    }

    fn draw(&self, top: usize, scale: &Scale) -> String {
        let (x, width) = scale.extent(self.span);
        let class = self.class;
        let (word_y, bar_y) = (top + 14, top + 19);
        let title: Vec<String> =
            self.title.iter().filter(|line| !line.is_empty()).map(|line| escaped(line)).collect();
        let anchor = if self.is_last(scale) {
            format!("x=\"{:.4}%\" text-anchor=\"end\"", x + width)
        } else {
            format!("x=\"{x:.4}%\"")
        };
        let mut drawing = format!(
            "<g class=\"event {class}\"><title>{}</title><text class=\"word\" {anchor} y=\"{word_y}\">{}</text>\
             {}",
            title.join("\n"),
            escaped(&self.word),
            self.shape(bar_y, (x, width))
        );
        if let Some(due_s) = self.due_s {
            let allowed = (scale.at(due_s) - x).clamp(0.0, width);
            let _ = write!(
                drawing,
                "<rect class=\"allowed\" x=\"{x:.4}%\" y=\"{bar_y}\" width=\"{allowed:.4}%\" height=\"11\"/>"
            );
        }
        if self.is_open {
            // Nobody has seen its end.
            let _ = write!(
                drawing,
                "<rect class=\"goes-on\" x=\"99.7%\" y=\"{}\" width=\"0.3%\" height=\"15\"/>",
                bar_y - 2
            );
        }
        drawing + "</g>"
    }
}

fn ticks(scale: &Scale, mark: impl Fn(f64) -> String) -> String {
    let mut layers = String::new();
    for (index, width) in scale.widths.iter().enumerate() {
        let step_s = scale.step_s(*width);
        let count = (scale.duration_s / step_s).floor() as usize;
        let marks: String = (0..=count).map(|number| mark(number as f64 * step_s)).collect();
        let _ = write!(layers, "<g class=\"ticks ticks{index}\">{marks}</g>");
    }
    layers
}

pub(super) fn axis(scale: &Scale) -> String {
    let mark = |time_s: f64| {
        let x = scale.at(time_s);
        let anchor = if time_s == 0.0 {
            "start"
        } else if x > 98.5 {
            "end"
        } else {
            "middle"
        };
        format!("<text x=\"{x:.4}%\" y=\"15\" text-anchor=\"{anchor}\">{}</text>", clock(time_s))
    };
    format!(
        "<div class=\"row axis\"><div class=\"name\"></div><svg class=\"track\" width=\"100%\" height=\"22\">{}</svg></div>",
        ticks(scale, mark)
    )
}

/// Lines through all rows.
fn grid(scale: &Scale) -> String {
    let mark =
        |time_s: f64| format!("<line x1=\"{0:.4}%\" x2=\"{0:.4}%\" y1=\"0\" y2=\"100%\"/>", scale.at(time_s));
    format!("<svg class=\"grid\" aria-hidden=\"true\">{}</svg>", ticks(scale, mark))
}
