//! The score as one page that needs nothing beside it: Chinese first, English beside it, no script.

mod bays;
pub(crate) mod lists;
mod scale;
mod timeline;

use std::fmt::Display;

use self::scale::Scale;
use super::words::{chinese_warning, clock, percent};
use crate::score::{Score, Truth};

pub(crate) const STYLE: &str = include_str!("html/style.css");

/// The page.
pub(super) fn page(truth: &Truth, score: &Score) -> String {
    let scale = Scale::new(score);
    let name = escaped(&score.name);
    let parts = [
        head(&name, &scale),
        title(&name, truth, score),
        cards(score),
        warnings(score),
        timeline::section(truth, score, &scale),
        lists::tables(score),
        lists::events(score),
        method(score),
    ];
    format!("<!doctype html>\n<html lang=\"zh-CN\">{}</main></body></html>\n", parts.concat())
}

fn head(name: &str, scale: &Scale) -> String {
    format!(
        "<head><meta charset=\"utf-8\"/><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\
         <meta name=\"color-scheme\" content=\"light dark\"/><title>{name} · 准确度 accuracy · gridwatch</title>\
         <style>{STYLE}{}</style></head><body><main>",
        scale.style()
    )
}

fn title(name: &str, truth: &Truth, score: &Score) -> String {
    let total = &score.total;
    let wrong = total.missed + total.untrue + total.doubled;
    let (class, verdict) = match (wrong, total.truth) {
        (0, 0) => ("good", both("无事可报，也没有误报", "nothing was to be found, and nothing was told")),
        (0, _) => ("good", both("全部找到，没有误报", "everything found, once, and nothing else")),
        _ => ("bad", both(&format!("{wrong} 处不符"), &format!("{wrong} wrong"))),
    };
    let note = truth
        .note
        .as_deref()
        .map_or_else(String::new, |note| format!("<p class=\"note\">{}</p>", escaped(note)));
    format!(
        "<header><p class=\"brand\">gridwatch {}</p><h1>{name}</h1><p class=\"facts\">{} <b>{}</b> · {} <b>{}</b></p>{note}\
         <p class=\"verdict {class}\">{verdict}</p></header>",
        both("事件准确度", "accuracy of events"),
        both("时长", "length"),
        clock(score.duration_s),
        both("首帧时间", "first picture"),
        score.start
    )
}

fn cards(score: &Score) -> String {
    let total = &score.total;
    let count = |zh, en, count: usize, class: &str| card(zh, en, count, if count == 0 { "" } else { class });
    let mut cards = [
        card("应报", "true events", total.truth, ""),
        count("找到", "found", total.found, "found"),
        count("漏报", "missed", total.missed, "missed"),
        count("误报", "false", total.untrue, "false"),
        count("重复", "doubled", total.doubled, "doubled"),
        card("精确率", "precision", percent(total.precision), ""),
        card("召回率", "recall", percent(total.recall), ""),
        card("F1", "F1", percent(total.f1), ""),
    ]
    .concat();
    if let Some(bays) = &score.bays {
        cards += &card("车位状态正确", "bays right", percent(bays.accuracy), "");
    }
    if let Some(identity) = &score.identity {
        let switches = format!("{} / {}", identity.track_switches, identity.place_switches);
        cards += &card("轨迹/位置换号", "switches of track / place", switches, "");
    }
    if let Some(passes) = &score.near_passes {
        let found = format!("{} / {}", passes.found, passes.truth);
        cards += &card("近身经过找到", "near passes found", found, "");
    }
    format!("<section class=\"cards\">{cards}</section>")
}

fn card(chinese: &str, english: &str, value: impl Display, class: &str) -> String {
    let name = if chinese == english { chinese.to_owned() } else { both(chinese, english) };
    format!("<div class=\"card {class}\"><strong>{value}</strong><span>{name}</span></div>")
}

fn warnings(score: &Score) -> String {
    if score.warnings.is_empty() {
        return String::new();
    }
    let items = score.warnings.iter().map(|warning| {
        let (chinese, english) = (escaped(&chinese_warning(warning)), escaped(&warning.to_string()));
        format!("<li>{}</li>", both(&chinese, &english))
    });
    format!(
        "<section class=\"warnings\"><h2>{}</h2><ul>{}</ul></section>",
        both("注意", "mind"),
        items.collect::<String>()
    )
}

fn method(score: &Score) -> String {
    let tolerance = score.tolerance;
    let chinese = format!(
        "种类和区域相同、时间重叠（双方都有框时框的交并比不低于 0.3）才算同一事件，一一对应，取重叠时间之和最长者。\
         容差：开始 ±{} 秒，报警 ±{} 秒，结束 ±{} 秒；正数为偏晚。",
        tolerance.start_s, tolerance.alert_s, tolerance.end_s
    );
    let english = format!(
        "An event told and a true one belong together if kind and zone are the same and their times overlap (and, where both have a \
         box, the boxes do by an IoU of 0.3 at least); one to one, for the longest time together. Tolerance: start ±{} s, alert ±{} s, end \
         ±{} s; positive is late.",
        tolerance.start_s, tolerance.alert_s, tolerance.end_s
    );
    format!("<footer><p>{chinese}</p><p lang=\"en\">{english}</p></footer>")
}

/// Chinese first, English small beside it. Both are HTML already.
pub(crate) fn both(chinese: &str, english: &str) -> String {
    format!("{chinese} <small lang=\"en\">{english}</small>")
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests;
