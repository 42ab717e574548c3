//! What went wrong: by cell, and in pictures.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::super::{
    matrix::Cell,
    moments::words,
    outcome::{Outcome, Problem, Verdict},
    report::Report,
};
use crate::score_command::{
    html::{
        both, escaped,
        lists::{kind_name, when, why},
    },
    words::{clock, signed},
};

/// The list of each cell, shown when somebody goes there.
pub(super) fn cells(report: &Report) -> String {
    let lists = report.matrix.iter().enumerate().map(|(index, cell)| of_cell(index, cell));
    let real =
        report.real.iter().map(|run| of_outcome(&format!("{}, {}", run.footage, run.network), &run.outcome));
    let quiet = report.quiet.iter().map(|run| of_outcome(&run.source, &run.outcome));
    lists.collect::<String>() + &real.chain(quiet).collect::<String>()
}

fn of_cell(index: usize, cell: &Cell) -> String {
    let title = format!("{} · {} · {}", escaped(&cell.scene), super::named(&cell.condition), cell.rate);
    format!(
        "<section class=\"cell-list events\" id=\"cell-{index}\"><a class=\"close\" href=\"#\">{}</a><h2>{title}</h2>{}</section>",
        both("关闭", "close"),
        table(&cell.outcome)
    )
}

/// Of footage without a cell, where something went wrong.
fn of_outcome(name: &str, outcome: &Outcome) -> String {
    if outcome.problems.is_empty() {
        return String::new();
    }
    format!("<section class=\"events\"><h2>{}</h2>{}</section>", escaped(name), table(outcome))
}

fn table(outcome: &Outcome) -> String {
    if outcome.problems.is_empty() {
        return format!(
            "<p>{}</p>",
            both("全部找到，都在容差以内", "everything found, once, and within the tolerance")
        );
    }
    let header = [
        ("判定", "verdict"),
        ("事件", "event"),
        ("种类", "kind"),
        ("区域", "zone"),
        ("时间", "time"),
        ("说明", "what of it"),
    ];
    let head = header.map(|(chinese, english)| format!("<th>{}</th>", both(chinese, english))).concat();
    let rows: String = outcome.problems.iter().map(row).collect();
    format!("<div class=\"wide\"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>")
}

fn row(problem: &Problem) -> String {
    let times = when(problem.since_s, problem.until_s);
    let zone = problem.zone.as_deref().map_or_else(|| both("整个画面", "whole picture"), escaped);
    format!(
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{zone}</td><td>{times}</td><td>{}</td></tr>",
        verdict(problem.verdict),
        escaped(&problem.id),
        kind_name(&problem.kind),
        what(problem)
    )
}

fn verdict(verdict: Verdict) -> String {
    let class = match verdict {
        Verdict::Missed => "missed",
        Verdict::Untrue => "false",
        Verdict::Doubled => "doubled",
        Verdict::Late => "late",
        Verdict::Bay => "bay",
    };
    let (chinese, english) = words(verdict);
    format!("<b class=\"{class}\">{}</b>", both(chinese, english))
}

/// Why, or by how much.
fn what(problem: &Problem) -> String {
    if let Some(reason) = &problem.why {
        return why(reason, problem.verdict == Verdict::Missed);
    }
    if let Some(again) = &problem.again {
        return both(&format!("再次上报 {}", escaped(again)), "told again");
    }
    let names = [("开始", "start"), ("报警", "alert"), ("结束", "end")];
    let parts = names.into_iter().zip(problem.off_s);
    let parts =
        parts.filter_map(|((chinese, english), off_s)| Some(both(chinese, english) + " " + &signed(off_s?)));
    parts.collect::<Vec<_>>().join(" · ")
}

/// The pictures of the most telling ones.
pub(super) fn pictures(report: &Report) -> String {
    if report.pictures.is_empty() {
        return String::new();
    }
    let figures = report.pictures.iter().map(|picture| {
        let problem = &picture.problem;
        let place = escaped(&picture.place);
        let place = picture.cell.map_or(place.clone(), |cell| format!("<a href=\"#cell-{cell}\">{place}</a>"));
        format!(
            "<figure><img loading=\"lazy\" alt=\"{}\" src=\"data:image/jpeg;base64,{}\"/><figcaption>{} {} · {place} · {} · {}</figcaption></figure>",
            escaped(&problem.id),
            STANDARD.encode(&picture.bytes),
            verdict(problem.verdict),
            kind_name(&problem.kind),
            clock(problem.at_s),
            what(problem)
        )
    });
    format!(
        "<section><h2>{}</h2><p class=\"note\">{}</p><div class=\"pictures\">{}</div></section>",
        both("出错的瞬间", "what went wrong, in pictures"),
        both(
            "粗框：漏报为真值，误报与重复为上报；细框：当时检测到的目标；虚线：记住的位置。",
            "Thick: the true box of what was missed, the told one of what was false or doubled; thin: what was found; dashed: remembered places."
        ),
        figures.collect::<String>()
    )
}
