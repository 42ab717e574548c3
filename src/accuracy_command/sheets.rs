//! The figures as tables: for the terminal, for documents, and for the page.

use super::{
    figures::{AllFigures, Figures, IdentityFigures},
    plan::Rate,
    quiet::per_day,
    report::Report,
};
use crate::score_command::words::{chinese_kind, dash, percent, signed, signed_metres};

/// Something in Chinese and in English.
pub(super) type Words = (&'static str, &'static str);

/// A table. Cells of the first column are words, the others figures.
pub(super) struct Sheet {
    pub(super) id: &'static str,
    pub(super) title: (String, String),
    pub(super) header: Vec<Words>,
    pub(super) rows: Vec<Vec<String>>,
}

const COUNTS: [Words; 11] = [
    ("应报", "truth"),
    ("找到", "found"),
    ("漏报", "missed"),
    ("误报", "false"),
    ("重复", "doubled"),
    ("召回率", "recall"),
    ("精确率", "precision"),
    ("F1", "F1"),
    ("开始偏差（中位/95 %）", "start, median / 95 %"),
    ("报警偏差（中位/95 %）", "alert, median / 95 %"),
    ("结束偏差（中位/95 %）", "end, median / 95 %"),
];

/// All tables of which something was measured.
pub(super) fn all(report: &Report) -> Vec<Sheet> {
    let sheets = [rates(report), conditions(report), scenes(report), kinds(report), near(report)];
    let sheets = sheets.into_iter().chain([
        bays(report),
        identity(report),
        identity_classes(report),
        identity_cells(report),
        real(report),
        quiet(report),
        speed(report),
    ]);
    sheets.filter(|sheet| !sheet.rows.is_empty()).collect()
}

fn written((chinese, english): Words) -> (String, String) {
    (chinese.to_owned(), english.to_owned())
}

/// What is told of one rate alone, with that.
fn at_chief_rate(report: &Report, (chinese, english): Words) -> (String, String) {
    let (of_chinese, of_english) = match report.chief_rate() {
        None | Some(Rate::Gated) => ("默认配置".to_owned(), "default configuration".to_owned()),
        Some(Rate::Every(fps)) => (format!("每秒 {fps} 个画面"), format!("{fps} pictures a second")),
        Some(Rate::Keys) => ("仅关键画面".to_owned(), "key pictures alone".to_owned()),
    };
    (format!("{chinese}（{of_chinese}）"), format!("{english} ({of_english})"))
}

fn counts(name: String, figures: &Figures) -> Vec<String> {
    let seconds = |errors: crate::score::Errors| match (errors.median_s, errors.p95_s) {
        (Some(median_s), Some(p95_s)) => format!("{} / {}", signed(median_s), signed(p95_s)),
        _ => dash(),
    };
    vec![
        name,
        figures.truth.to_string(),
        figures.found.to_string(),
        figures.missed().to_string(),
        figures.untrue.to_string(),
        figures.doubled.to_string(),
        percent(figures.recall()),
        percent(figures.precision()),
        percent(figures.f1()),
        seconds(figures.start()),
        seconds(figures.alert()),
        seconds(figures.end()),
    ]
}

fn sheet(id: &'static str, title: (String, String), first: Words, rows: Vec<Vec<String>>) -> Sheet {
    Sheet { id, title, header: [first].into_iter().chain(COUNTS).collect(), rows }
}

fn rates(report: &Report) -> Sheet {
    let of_rate = |rate: Rate| counts(rate_name(rate), &report.sum(|cell| cell.rate == rate).total);
    let rows = report.rates().into_iter().map(of_rate).collect();
    let title =
        ("按每秒分析的画面数（所有场景与条件）", "By pictures analysed a second (all scenes and conditions)");
    sheet("rates", written(title), ("每秒画面", "pictures a second"), rows)
}

fn conditions(report: &Report) -> Sheet {
    let rate = report.chief_rate();
    let of = |condition: &str| {
        let figures = report.sum(|cell| cell.condition == condition && Some(cell.rate) == rate);
        counts(condition.to_owned(), &figures.total)
    };
    let mut rows: Vec<Vec<String>> = report.conditions().into_iter().map(of).collect();
    rows.extend(total(report, rows.len()));
    sheet("conditions", at_chief_rate(report, ("按条件", "By condition")), ("条件", "condition"), rows)
}

fn scenes(report: &Report) -> Sheet {
    let rate = report.chief_rate();
    let of = |scene: &str| {
        let figures = report.sum(|cell| cell.scene == scene && Some(cell.rate) == rate);
        counts(scene.to_owned(), &figures.total)
    };
    let rows = report.scenes().into_iter().map(of).collect();
    sheet("scenes", at_chief_rate(report, ("按场景", "By scene")), ("场景", "scene"), rows)
}

fn kinds(report: &Report) -> Sheet {
    let figures = report.sum(|cell| Some(cell.rate) == report.chief_rate());
    let rows = figures.kinds.iter().map(|(kind, figures)| counts(kind.clone(), figures)).collect();
    sheet("kinds", at_chief_rate(report, ("按种类", "By kind of event")), ("种类", "kind"), rows)
}

fn total(report: &Report, others: usize) -> Option<Vec<String>> {
    let figures = || report.sum(|cell| Some(cell.rate) == report.chief_rate());
    (others > 1).then(|| counts("total".to_owned(), &figures().total))
}

fn near(report: &Report) -> Sheet {
    let row = |rate: Rate| {
        let near = report.sum(|cell| cell.rate == rate).near;
        let (time, distance) = (near.time(), near.distance());
        let share = |[right, all]: [usize; 2]| percent((all > 0).then(|| right as f64 / all as f64));
        let (times, distances) = (time.median_s.zip(time.p95_s), distance.median_s.zip(distance.p95_s));
        (near.truth > 0).then(|| {
            vec![
                rate_name(rate),
                near.truth.to_string(),
                near.found.to_string(),
                near.untrue.to_string(),
                near.doubled.to_string(),
                percent(near.recall()),
                percent(near.precision()),
                times.map_or_else(dash, |(median, p95)| format!("{} / {}", signed(median), signed(p95))),
                distances.map_or_else(dash, |(median, p95)| {
                    format!("{} / {}", signed_metres(median), signed_metres(p95))
                }),
                share(near.sides),
                share(near.classes),
            ]
        })
    };
    let header = vec![
        ("每秒画面", "pictures a second"),
        ("应记", "truth"),
        ("找到", "found"),
        ("误记", "false"),
        ("重复", "doubled"),
        ("召回率", "recall"),
        ("精确率", "precision"),
        ("时间偏差（中位/95 %）", "time, median / 95 %"),
        ("距离偏差（中位/95 %）", "distance, median / 95 %"),
        ("方位正确", "side right"),
        ("类别正确", "class right"),
    ];
    let rows = report.rates().into_iter().filter_map(row).collect();
    Sheet { id: "near", title: written(("近身经过", "Near passes")), header, rows }
}

fn bays(report: &Report) -> Sheet {
    let row = |rate: Rate| {
        let bays = report.sum(|cell| cell.rate == rate).bays;
        let unknown = (bays.judged_s > 0.0).then(|| bays.unknown_s / bays.judged_s);
        unknown.map(|unknown| vec![rate_name(rate), percent(bays.accuracy()), percent(Some(unknown))])
    };
    let header = vec![
        ("每秒画面", "pictures a second"),
        ("时间正确", "right, share of time"),
        ("未知", "unknown, share of time"),
    ];
    let rows = report.rates().into_iter().filter_map(row).collect();
    Sheet { id: "bays", title: written(("车位状态", "Parking bays")), header, rows }
}

const IDENTITY: [Words; 5] = [
    ("目标", "objects"),
    ("轨迹换号", "changes of track"),
    ("轨迹跟随", "followed, share of observations"),
    ("位置换号", "changes of place"),
    ("车辆位置记住", "placed, share while a vehicle stands"),
];

fn identities(name: String, identity: &IdentityFigures) -> Vec<String> {
    vec![
        name,
        identity.objects.to_string(),
        identity.track_switches.to_string(),
        percent(identity.followed()),
        identity.place_switches.to_string(),
        percent(identity.placed()),
    ]
}

fn identity(report: &Report) -> Sheet {
    let row = |rate: Rate| {
        let identity = report.sum(|cell| cell.rate == rate).identity();
        (identity.there > 0).then(|| identities(rate_name(rate), &identity))
    };
    let rows = report.rates().into_iter().filter_map(row).collect();
    let header = [("每秒画面", "pictures a second")].into_iter().chain(IDENTITY).collect();
    Sheet { id: "identity", title: written(("目标身份", "Identities")), header, rows }
}

fn identity_classes(report: &Report) -> Sheet {
    let figures = report.sum(|cell| Some(cell.rate) == report.chief_rate());
    let rows = figures.identities.iter().map(|(class, identity)| identities(class.clone(), identity));
    Sheet {
        id: "identity-classes",
        title: at_chief_rate(report, ("各类目标的身份", "Identities by class")),
        header: [("类别", "class")].into_iter().chain(IDENTITY).collect(),
        rows: rows.collect(),
    }
}

/// Each cell at the rate that figures are told of in short; the heat maps have the others.
fn identity_cells(report: &Report) -> Sheet {
    let cells = report.matrix.iter().filter(|cell| Some(cell.rate) == report.chief_rate());
    let figures = cells.map(|cell| (cell, cell.outcome.figures.identity()));
    let rows = figures
        .filter(|(_, identity)| identity.there > 0)
        .map(|(cell, identity)| identities(format!("{}, {}", cell.scene, cell.condition), &identity));
    Sheet {
        id: "identity-cells",
        title: at_chief_rate(report, ("各场景与条件的目标身份", "Identities by scene and condition")),
        header: [("场景，条件", "scene, condition")].into_iter().chain(IDENTITY).collect(),
        rows: rows.collect(),
    }
}

fn real(report: &Report) -> Sheet {
    let row = |run: &super::real::RealRun| {
        let AllFigures { total, bays, .. } = &run.outcome.figures;
        let identity = run.outcome.figures.identity();
        let mut row = counts(format!("{}, {}", run.footage, run.network), total);
        row.extend([
            percent(bays.accuracy()),
            identity.track_switches.to_string(),
            percent(identity.followed()),
        ]);
        row
    };
    let rows = report.real.iter().map(row).collect();
    let mut sheet =
        sheet("real", written(("真实录像", "Real footage")), ("录像，网络", "footage, network"), rows);
    sheet.header.extend([
        ("车位正确", "bays right"),
        ("轨迹换号", "changes of track"),
        ("轨迹跟随", "followed"),
    ]);
    sheet
}

fn quiet(report: &Report) -> Sheet {
    let row = |name: String, hours: f64, alarms: usize, found: String| {
        let (rate, most) = per_day(alarms, hours / 24.0);
        vec![
            name,
            format!("{hours:.1}"),
            found,
            alarms.to_string(),
            format!("{rate:.2}"),
            format!("{most:.2}"),
        ]
    };
    let mut rows: Vec<Vec<String>> = Vec::new();
    for run in &report.quiet {
        let total = &run.outcome.figures.total;
        let found = format!("{} / {}", total.found, total.truth);
        rows.push(row(format!("{}, {}", run.source, run.network), run.hours, run.alarms(), found));
    }
    if let Some(all) = report.false_alarms.filter(|_| rows.len() > 1) {
        rows.push(row("total".to_owned(), all.hours, all.alarms, String::new()));
    }
    let header = vec![
        ("来源，网络", "source, network"),
        ("小时", "hours"),
        ("真事件找到", "true events found"),
        ("误报与重复", "false or doubled"),
        ("每路每天", "a camera-day"),
        ("95 % 上限", "at most, 95 % certain"),
    ];
    Sheet {
        id: "quiet", title: written(("安静时段的误报", "False alarms in quiet hours")), header, rows
    }
}

fn speed(report: &Report) -> Sheet {
    let header = vec![
        ("录像", "footage"),
        ("尺寸", "size"),
        ("倍速", "× real time"),
        ("处理器", "processor"),
        ("核", "cores"),
    ];
    let row = |speed: &super::speed::Speed| {
        vec![
            speed.scene.clone(),
            format!("{}x{}", speed.width, speed.height),
            format!("{:.1}", speed.times_real),
            speed.processor.clone(),
            speed.cores.to_string(),
        ]
    };
    let rows = report.speed.iter().map(row).collect();
    Sheet { id: "speed", title: written(("速度（analyze）", "Speed of analyze")), header, rows }
}

fn rate_name(rate: Rate) -> String {
    match rate {
        Rate::Gated => "gated".to_owned(),
        Rate::Every(fps) => fps.to_string(),
        Rate::Keys => "0.5 (key pictures)".to_owned(),
    }
}

/// What the first column says, in Chinese, where that has a word.
pub(super) fn chinese(name: &str) -> Option<&'static str> {
    Some(match name {
        "total" => "合计",
        "gated" => "默认（按需）",
        "day" => "白天",
        "dusk" => "黄昏",
        "infrared" => "红外",
        "rain" => "大雨",
        "snow" => "雪",
        "shake" => "晃动",
        "low_bitrate" => "低码率",
        "occlusion" => "遮挡",
        "infrared_switch" => "切换红外",
        "flicker" => "光线突变",
        kind => return chinese_kind(kind),
    })
}

/// In English, for the terminal.
pub(super) fn terminal(report: &Report) -> String {
    use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
    let mut text = String::new();
    for sheet in all(report) {
        let mut table = Table::new();
        table.load_preset(UTF8_FULL_CONDENSED).set_header(sheet.header.iter().map(|(_, english)| *english));
        for row in &sheet.rows {
            table.add_row(row);
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        text += &format!("\n{}\n{table}\n", sheet.title.1);
    }
    for reason in &report.skipped {
        text += &format!("\nleft out: {reason}\n");
    }
    text
}

/// Which builds have measured it, in Chinese and in English.
pub(super) fn builds(report: &Report) -> (String, String) {
    let programs = report.programs().join(", ");
    (format!("程序 {programs}"), format!("build {programs}"))
}

/// In English, as Markdown.
pub(super) fn markdown(report: &Report) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = format!(
        "gridwatch {}, network {}, rendered at {}x{}; limit in real footage {} s; measured by {}.\n",
        report.version,
        report.network,
        report.width,
        report.height,
        report.limit_s,
        builds(report).1
    );
    for sheet in all(report) {
        text += &format!("\n**{}**\n\n", sheet.title.1);
        text += &line(sheet.header.iter().map(|(_, english)| (*english).to_owned()).collect());
        let rules = (0..sheet.header.len()).map(|column| if column == 0 { "---" } else { "---:" });
        text += &line(rules.map(str::to_owned).collect());
        for row in &sheet.rows {
            text += &line(row.iter().map(|cell| cell.replace('|', "\\|")).collect());
        }
    }
    for reason in &report.skipped {
        text += &format!("\nLeft out: {reason}.\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_as_wide_as_its_header() {
        let report = Report::example();
        let sheets = all(&report);
        let ids: Vec<&str> = sheets.iter().map(|sheet| sheet.id).collect();
        assert_eq!(
            ids,
            [
                "rates",
                "conditions",
                "scenes",
                "kinds",
                "near",
                "bays",
                "identity",
                "identity-classes",
                "identity-cells",
                "real",
                "quiet",
                "speed"
            ]
        );
        for sheet in &sheets {
            assert!(sheet.rows.iter().all(|row| row.len() == sheet.header.len()), "{}", sheet.id);
        }
    }

    #[test]
    fn what_was_not_measured_has_no_table() {
        let (matrix, real, quiet) = (Vec::new(), Vec::new(), Vec::new());
        let report = Report { matrix, real, quiet, false_alarms: None, speed: None, ..Report::example() };
        assert!(all(&report).is_empty());
        assert!(terminal(&report).contains("left out: nothing"));
    }

    #[test]
    fn what_is_told_of_one_rate_says_which() {
        let mut report = Report::example();
        assert!(markdown(&report).contains("**By condition (default configuration)**"));
        report.matrix.retain(|cell| cell.rate == Rate::Keys);
        let text = markdown(&report);
        assert!(
            text.contains("**By condition (key pictures alone)**") && !text.contains("default configuration"),
            "{text}"
        );
    }

    #[test]
    fn documents_and_terminal_have_the_same_figures() {
        let report = Report::example();
        let (markdown, terminal) = (markdown(&report), terminal(&report));
        for text in ["56.2 %", "quiet, yard-n", "3.00", "40.0"] {
            assert!(markdown.contains(text) && terminal.contains(text), "{text}: {markdown}{terminal}");
        }
        // Four cells, of which each has eight objects.
        assert!(markdown.contains("; measured by build 0123456789ab."), "{markdown}");
        assert!(markdown.contains("| gated | 32 | 12 | 90.0 % | 4 | 97.5 % |"), "{markdown}");
        assert!(markdown.contains("| acc-lot, snow | 8 | 3 | 90.0 % | 1 | 97.5 % |"), "{markdown}");
        let all_gated = "| gated | 16 | 9 | 7 | 1 | 0 | 56.2 % | 90.0 % |";
        assert!(markdown.contains(all_gated), "{markdown}");
    }
}
