//! The report as one page that needs nothing beside it: Chinese first, English beside it, no script.

mod lists;

use std::fmt::Display;

use super::{
    heat::{self, Measure},
    report::Report,
    sheets::{self, Sheet},
};
use crate::score_command::{
    html::{STYLE, both, escaped},
    words::{percent, signed},
};

const OWN_STYLE: &str = include_str!("html/style.css");

/// The page.
pub(super) fn page(report: &Report) -> String {
    let parts = [
        head(report),
        cards(report),
        maps(report),
        lists::cells(report),
        sheets::all(report).iter().map(section).collect(),
        lists::pictures(report),
        skipped(report),
        method(report),
    ];
    format!("<!doctype html>\n<html lang=\"zh-CN\">{}</main></body></html>\n", parts.concat())
}

fn head(report: &Report) -> String {
    let shown = Measure::ALL.map(|measure| {
        let id = measure.id();
        format!("#show-{id}:checked~.{id}{{display:block}}#show-{id}:checked~.zooms label[for=show-{id}]{{background:var(--faint);font-weight:600;box-shadow:inset 0 -2px var(--truth)}}")
    });
    format!(
        "<head><meta charset=\"utf-8\"/><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\
         <meta name=\"color-scheme\" content=\"light dark\"/><title>准确度报告 accuracy · gridwatch</title>\
         <style>{STYLE}{OWN_STYLE}{}</style></head><body><main><header><p class=\"brand\">gridwatch {}</p><h1>{}</h1>\
         <p class=\"facts\">{} <b>{}</b> · {} <b>{}×{}</b> · {}</p></header>",
        shown.concat(),
        report.version,
        both("准确度报告", "how accurate it is"),
        both("网络", "network"),
        escaped(&report.network),
        both("渲染尺寸", "rendered at"),
        report.width,
        report.height,
        builds(report)
    )
}

fn builds(report: &Report) -> String {
    let (chinese, english) = sheets::builds(report);
    both(&escaped(&chinese), &escaped(&english))
}

fn cards(report: &Report) -> String {
    let mut cards = String::new();
    let mut card = |chinese: &str, english: &str, value: &dyn Display| {
        cards += &format!(
            "<div class=\"card\"><strong>{value}</strong><span>{}</span></div>",
            header(chinese, english)
        );
    };
    if let Some(rate) = report.chief_rate() {
        let sum = report.sum(|cell| cell.rate == rate);
        let total = &sum.total;
        card("召回率", "recall", &percent(total.recall()));
        card("精确率", "precision", &percent(total.precision()));
        card("F1", "F1", &percent(total.f1()));
        let start = total.start();
        card("开始偏差（中位）", "start, median", &start.median_s.map_or_else(|| "–".to_owned(), signed));
        card("车位正确", "bays right", &percent(sum.bays.accuracy()));
        card("近身经过找到", "near passes found", &percent(sum.near.recall()));
        card("轨迹跟随", "followed", &percent(sum.identity().followed()));
        let switches = format!("{} / {}", sum.identity().track_switches, sum.identity().objects);
        card("轨迹换号 / 目标", "changes of track / objects", &switches);
    }
    if let Some(alarms) = report.false_alarms {
        card("安静时误报，每路每天", "false alarms a camera-day", &format!("{:.2}", alarms.per_day));
        card("其 95 % 上限", "at most, 95 % certain", &format!("{:.2}", alarms.per_day_at_most));
    }
    if let Some(speed) = &report.speed {
        card("倍速（1080p 安静）", "× real time", &format!("{:.0}×", speed.times_real));
    }
    format!("<section class=\"cards\">{cards}</section>")
}

/// One map for each figure, of which one is shown.
fn maps(report: &Report) -> String {
    if report.matrix.is_empty() {
        return String::new();
    }
    let inputs = Measure::ALL.into_iter().map(|measure| {
        let checked = if measure == Measure::ALL[0] { " checked" } else { "" };
        format!("<input type=\"radio\" name=\"map\" id=\"show-{}\"{checked}/>", measure.id())
    });
    let labels = Measure::ALL.into_iter().map(|measure| {
        let (chinese, english) = measure.words();
        format!("<label for=\"show-{}\">{}</label>", measure.id(), header(chinese, english))
    });
    let tables = Measure::ALL.into_iter().map(|measure| heat::table(report, measure, &named));
    format!(
        "<section><h2>{}</h2><p class=\"note\">{}</p><div class=\"maps\">{}<div class=\"zooms\">{}</div>{}</div></section>",
        both("场景 × 条件 × 每秒画面", "scene × condition × pictures a second"),
        both(
            "点一格看其中漏报、误报、重复和超差的事件。",
            "A cell leads to what was missed, false, doubled or out of tolerance in it."
        ),
        inputs.collect::<String>(),
        labels.collect::<String>(),
        tables.collect::<String>()
    )
}

/// A word of ours in both languages, anything else as it is.
fn named(name: &str) -> String {
    sheets::chinese(name).map_or_else(|| escaped(name), |chinese| both(chinese, &escaped(name)))
}

fn section(sheet: &Sheet) -> String {
    let header =
        sheet.header.iter().map(|(chinese, english)| format!("<th>{}</th>", header(chinese, english)));
    let rows = sheet.rows.iter().map(|row| {
        let cells = row.iter().enumerate().map(|(column, cell)| {
            format!("<td>{}</td>", if column == 0 { named(cell) } else { escaped(cell) })
        });
        format!("<tr>{}</tr>", cells.collect::<String>())
    });
    format!(
        "<section id=\"{}\"><h2>{}</h2><div class=\"wide\"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div></section>",
        sheet.id,
        both(&sheet.title.0, &sheet.title.1),
        header.collect::<String>(),
        rows.collect::<String>()
    )
}

fn header(chinese: &str, english: &str) -> String {
    if chinese == english { chinese.to_owned() } else { both(chinese, english) }
}

fn skipped(report: &Report) -> String {
    if report.skipped.is_empty() {
        return String::new();
    }
    let items = report.skipped.iter().map(|reason| format!("<li>{}</li>", escaped(reason)));
    format!(
        "<section class=\"warnings\"><h2>{}</h2><ul>{}</ul></section>",
        both("未测部分", "left out"),
        items.collect::<String>()
    )
}

fn method(report: &Report) -> String {
    let chinese = format!(
        "真值由场景脚本算出，事件按种类、区域和时间一一配对。容差：开始 ±2 秒，报警 ±2 秒，结束 ±12 秒；正数为偏晚。真实录像限时 {} 秒。\
         误报上限按泊松分布，单侧 95 %：一次也没有时为 3 ÷ 天数。",
        report.limit_s
    );
    let english = format!(
        "The truth is computed from the scenes' scripts; events are paired one to one by kind, zone and time. Tolerances: start ±2 s, alert ±2 s, end \
         ±12 s; positive is late. Limit in real footage {} s. The bound of false alarms is Poisson's, one-sided, 95 %: 3 ÷ days where there were none.",
        report.limit_s
    );
    format!("<footer><p>{chinese}</p><p lang=\"en\">{english}</p></footer>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_all_of_it_and_needs_nothing_beside() {
        let report = Report::example();
        let page = page(&report);
        for index in 0..report.matrix.len() {
            assert!(page.contains(&format!("id=\"cell-{index}\"")), "cell {index} has its list");
        }
        for sheet in sheets::all(&report) {
            assert!(page.contains(&format!("<section id=\"{}\"", sheet.id)));
        }
        assert!(page.contains("&lt;acc&gt;") && !page.contains("<acc>"));
        assert!(page.contains("data:image/jpeg;base64,/9g="));
        assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"));
        for link in page.split("href=\"").skip(1) {
            assert!(link.starts_with('#'), "{}", &link[..20]);
        }
    }
}
