//! Figures and events as tables.

use super::{
    super::words::{chinese_kind, clock, dash, percent, signed},
    both, escaped,
};
use crate::score::{Errors, KindScore, Score, Told, TruthEvent, Why};

/// Figures by kind, how late things are, and identities.
pub(super) fn tables(score: &Score) -> String {
    let kinds = score.kinds.iter().map(|(kind, of_kind)| (kind_name(kind), of_kind));
    let rows: Vec<(String, &KindScore)> =
        kinds.chain((score.kinds.len() != 1).then(|| (both("合计", "total"), &score.total))).collect();
    let found = rows.iter().map(|(name, of_kind)| counts(name, of_kind)).collect();
    let late =
        rows.iter().filter(|(_, of_kind)| of_kind.found > 0).flat_map(|(name, of_kind)| times(name, of_kind));
    let late: Vec<Vec<String>> = late.collect();
    let mut text = format!(
        "<section><h2>{}</h2>{}</section>",
        both("按种类", "by kind"),
        table(
            &[
                ("种类", "kind"),
                ("应报", "truth"),
                ("找到", "found"),
                ("漏报", "missed"),
                ("误报", "false"),
                ("重复", "doubled"),
                ("不计", "left out"),
                ("精确率", "precision"),
                ("召回率", "recall"),
                ("F1", ""),
                ("每件上报次数", "events per truth"),
            ],
            found
        )
    );
    if !late.is_empty() {
        let header = [
            ("种类", "kind"),
            ("偏晚", "late"),
            ("件数", "events"),
            ("中位数", "median"),
            ("95 %", ""),
            ("最差", "worst"),
            ("容差以内", "in tolerance"),
        ];
        text += &format!(
            "<section class=\"late\"><h2>{}</h2>{}</section>",
            both("时间偏差", "how late"),
            table(&header, late)
        );
    }
    text + &identity(score)
}

fn counts(name: &str, of_kind: &KindScore) -> Vec<String> {
    let marked = |count: usize, class: &str| {
        if count == 0 { "0".to_owned() } else { format!("<b class=\"{class}\">{count}</b>") }
    };
    vec![
        name.to_owned(),
        of_kind.truth.to_string(),
        of_kind.found.to_string(),
        marked(of_kind.missed, "missed"),
        marked(of_kind.untrue, "false"),
        marked(of_kind.doubled, "doubled"),
        of_kind.ignored.to_string(),
        percent(of_kind.precision),
        percent(of_kind.recall),
        percent(of_kind.f1),
        of_kind.events_per_truth.map_or_else(dash, |events| format!("{events:.2}")),
    ]
}

fn times(name: &str, of_kind: &KindScore) -> Vec<Vec<String>> {
    let seconds = |value: Option<f64>| value.map_or_else(dash, signed);
    let row = |what: String, errors: &Errors| {
        vec![
            name.to_owned(),
            what,
            errors.measured.to_string(),
            seconds(errors.median_s),
            seconds(errors.p95_s),
            seconds(errors.worst_s),
            percent(errors.within),
        ]
    };
    vec![
        row(both("开始", "start"), &of_kind.start),
        row(both("限时到报警", "limit to alert"), &of_kind.alert),
        row(both("结束", "end"), &of_kind.end),
    ]
}

fn identity(score: &Score) -> String {
    let Some(identity) = &score.identity else { return String::new() };
    let share = |part: usize, whole: usize| percent((whole > 0).then(|| part as f64 / whole as f64));
    let rows = identity.objects.iter().map(|object| {
        vec![
            escaped(&object.id),
            object.there.to_string(),
            share(object.followed, object.there),
            object.track_switches.to_string(),
            object.standing.to_string(),
            share(object.placed, object.standing),
            object.place_switches.to_string(),
        ]
    });
    let header = [
        ("目标", "object"),
        ("观测数", "observations"),
        ("有轨迹", "followed"),
        ("轨迹换号", "switches of track"),
        ("停放中", "standing"),
        ("有位置", "placed"),
        ("位置换号", "switches of place"),
    ];
    format!("<section><h2>{}</h2>{}</section>", both("身份保持", "identity"), table(&header, rows.collect()))
}

/// Every event, with what became of it: what is wrong comes first.
pub(super) fn events(score: &Score) -> String {
    let missed = score
        .missed
        .iter()
        .map(|miss| true_row("missed", "漏报", "missed", &miss.truth, &why(&miss.why, true)));
    let untrue =
        score.untrue.iter().map(|one| told_row("false", "误报", "false", &one.told, &why(&one.why, false)));
    let doubled = score.doubled.iter().map(|one| {
        let words = both(&format!("再次上报 {}", escaped(&one.of)), "told again");
        told_row("doubled", "重复", "doubled", &one.told, &words)
    });
    let found = score.matches.iter().map(|one| {
        let least = if one.end_error_is_least { "≥ " } else { "" };
        let parts = [
            Some(both("开始", "start") + " " + &signed(one.start_error_s)),
            one.alert_error_s.map(|error_s| both("报警", "alert") + " " + &signed(error_s)),
            one.end_error_s.map(|error_s| format!("{} {least}{}", both("结束", "end"), signed(error_s))),
            one.iou.map(|iou| format!("IoU {iou:.2}")),
            (one.severity_is_right == Some(false)).then(|| both("级别不符", "another severity")),
        ];
        let words: Vec<String> = parts.into_iter().flatten().collect();
        true_row(
            "found",
            "找到",
            "found",
            &one.truth,
            &(words.join(" · ") + &format!(" <code>{}</code>", escaped(&one.told.id))),
        )
    });
    let ignored = score
        .ignored
        .iter()
        .map(|one| told_row("ignored", "不计", "left out", &one.told, &format!("ignore[{}]", one.entry)));
    let rows: Vec<Vec<String>> = missed.chain(untrue).chain(doubled).chain(found).chain(ignored).collect();
    if rows.is_empty() {
        return String::new();
    }
    let header = [
        ("判定", "verdict"),
        ("事件", "event"),
        ("种类", "kind"),
        ("区域", "zone"),
        ("时间", "time"),
        ("说明", "what of it"),
    ];
    format!(
        "<section class=\"events\"><h2>{}</h2>{}</section>",
        both("逐件", "every event"),
        table(&header, rows)
    )
}

fn true_row(class: &str, chinese: &str, english: &str, event: &TruthEvent, words: &str) -> Vec<String> {
    let until_s = (!event.is_open()).then(|| event.span(0.0).until_s);
    let times = when(event.since_s, until_s);
    event_row((class, chinese, english), &event.id, &event.kind, event.zone.as_deref(), times, words)
}

fn told_row(class: &str, chinese: &str, english: &str, event: &Told, words: &str) -> Vec<String> {
    let until_s = (!event.is_open()).then(|| event.span(0.0).until_s);
    let times = when(event.since_s, until_s);
    event_row((class, chinese, english), &event.id, &event.kind, event.zone.as_deref(), times, words)
}

fn event_row(
    (class, chinese, english): (&str, &str, &str),
    id: &str,
    kind: &str,
    zone: Option<&str>,
    times: String,
    words: &str,
) -> Vec<String> {
    vec![
        format!("<b class=\"{class}\">{}</b>", both(chinese, english)),
        escaped(id),
        kind_name(kind),
        zone.map_or_else(|| both("整个画面", "whole picture"), escaped),
        times,
        words.to_owned(),
    ]
}

/// From when until when; of a moment, when.
pub(crate) fn when(since_s: f64, until_s: Option<f64>) -> String {
    let since = clock(since_s);
    match until_s {
        None => format!("{since} – {}", both("结尾", "end")),
        Some(until_s) if until_s <= since_s => since,
        Some(until_s) => format!("{since} – {}", clock(until_s)),
    }
}

/// Why an event found no partner.
pub(crate) fn why(why: &Why, is_missed: bool) -> String {
    let (chinese, english) = if is_missed { ("结果", "event told") } else { ("真值", "true event") };
    match why {
        Why::NoneOfKind => both(&format!("没有这一种类的{chinese}"), &format!("no {english} of this kind")),
        Why::NoneInZone => both(
            &format!("这一区域没有这一种类的{chinese}"),
            &format!("no {english} of this kind in this zone"),
        ),
        Why::NotThen { nearest, gap_s } => {
            let nearest = escaped(nearest);
            both(
                &format!("最近的{chinese} {nearest} 相隔 {gap_s:.1} 秒"),
                &format!("the nearest {english} is {gap_s:.1} s away"),
            )
        }
        Why::Elsewhere { nearest, iou } => {
            let nearest = escaped(nearest);
            both(&format!("{chinese} {nearest} 在别处"), &format!("the {english} is elsewhere, IoU {iou:.2}"))
        }
        Why::Taken { nearest } => {
            let nearest = escaped(nearest);
            both(
                &format!("{chinese} {nearest} 更符合另一事件"),
                &format!("the {english} fits another one better"),
            )
        }
    }
}

/// Chinese where that is known, with the code beside it.
pub(crate) fn kind_name(kind: &str) -> String {
    let code = escaped(kind);
    chinese_kind(kind).map_or_else(|| code.clone(), |chinese| both(chinese, &code))
}

/// Cells are HTML already.
fn table(header: &[(&str, &str)], rows: Vec<Vec<String>>) -> String {
    let head: String = header
        .iter()
        .map(|(chinese, english)| {
            if english.is_empty() {
                format!("<th>{chinese}</th>")
            } else {
                format!("<th>{}</th>", both(chinese, english))
            }
        })
        .collect();
    let body: String = rows
        .iter()
        .map(|row| {
            format!("<tr>{}</tr>", row.iter().map(|cell| format!("<td>{cell}</td>")).collect::<String>())
        })
        .collect();
    format!("<div class=\"wide\"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>")
}
