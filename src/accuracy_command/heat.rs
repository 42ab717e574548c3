//! The matrix as heat maps: conditions down, scenes and rates across; one map for each figure.

use super::{figures::AllFigures, matrix::Cell, plan::Rate, report::Report, sheets::Words};
use crate::score_command::html::escaped;

/// What a map shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    Recall,
    Precision,
    F1,
    /// How far beginnings are off, early or late; the middle one.
    Start,
    /// How often the track of an object changes.
    Switches,
    /// Share of the observations of objects in which a track has them.
    Followed,
}

impl Measure {
    pub(super) const ALL: [Self; 6] =
        [Self::Recall, Self::Precision, Self::F1, Self::Start, Self::Switches, Self::Followed];

    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Recall => "recall",
            Self::Precision => "precision",
            Self::F1 => "f1",
            Self::Start => "start",
            Self::Switches => "switches",
            Self::Followed => "followed",
        }
    }

    pub(super) fn words(self) -> Words {
        match self {
            Self::Recall => ("召回率 %", "recall, %"),
            Self::Precision => ("精确率 %", "precision, %"),
            Self::F1 => ("F1 %", "F1 %"),
            Self::Start => ("开始偏差（中位，秒）", "start off by, median, s"),
            Self::Switches => ("轨迹换号（每目标）", "changes of track an object"),
            Self::Followed => ("轨迹跟随 %", "followed, %"),
        }
    }

    fn value(self, figures: &AllFigures) -> Option<f64> {
        match self {
            Self::Recall => figures.total.recall(),
            Self::Precision => figures.total.precision(),
            Self::F1 => figures.total.f1(),
            Self::Start => figures.total.start_off_s(),
            Self::Switches => figures.identity().switches_an_object(),
            Self::Followed => figures.identity().followed(),
        }
    }

    /// As it is written in a cell.
    pub(super) fn text(self, figures: &AllFigures) -> String {
        match (self, self.value(figures)) {
            (_, None) => "–".to_owned(),
            (Self::Start, Some(seconds)) => format!("{seconds:.1}"),
            (Self::Switches, Some(switches)) => format!("{switches:.2}"),
            (_, Some(share)) => format!("{:.0}", share * 100.0),
        }
    }

    /// From 0, bad, to 1, good; shares below a half, seconds above 5 and more than one change for each object are as bad as can be.
    fn goodness(self, figures: &AllFigures) -> Option<f64> {
        let value = self.value(figures)?;
        let goodness = match self {
            Self::Start => 1.0 - value / WORST_S,
            Self::Switches => 1.0 - value / WORST_SWITCHES,
            _ => (value - WORST_SHARE) / (1.0 - WORST_SHARE),
        };
        Some(goodness.clamp(0.0, 1.0))
    }

    /// `#rrggbb` behind a cell.
    pub(super) fn colour(self, figures: &AllFigures) -> String {
        let Some(goodness) = self.goodness(figures) else { return "#d7dbe0".to_owned() };
        // Red, yellow, green, all light enough for dark letters; the colour-blind have the figures.
        let stops = [[232.0, 106.0, 92.0], [246.0, 204.0, 102.0], [118.0, 196.0, 138.0]];
        let (from, share) = if goodness < 0.5 { (0, goodness * 2.0) } else { (1, goodness * 2.0 - 1.0) };
        let mixed = [0, 1, 2].map(|part: usize| {
            (stops[from][part] + (stops[from + 1][part] - stops[from][part]) * share).round() as u8
        });
        format!("#{:02x}{:02x}{:02x}", mixed[0], mixed[1], mixed[2])
    }
}

const WORST_SHARE: f64 = 0.5;
const WORST_S: f64 = 5.0;
const WORST_SWITCHES: f64 = 1.0;

/// Pixels: of a cell, of the names to the left, and of what is above a map.
const CELL: (usize, usize) = (38, 22);
const NAMES: usize = 118;
const HEAD: usize = 66;
const GAP: usize = 18;

/// All maps below each other, as a picture for documents.
pub(super) fn svg(report: &Report) -> String {
    let (scenes, conditions, rates) = (report.scenes(), report.conditions(), report.rates());
    let width = NAMES + scenes.len() * (rates.len() * CELL.0 + GAP);
    let map_height = HEAD + conditions.len() * CELL.1 + GAP;
    let height = map_height * Measure::ALL.len();
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"system-ui,sans-serif\" font-size=\"12\"><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    for (index, measure) in Measure::ALL.into_iter().enumerate() {
        text += &map(report, measure, index * map_height);
    }
    text + "</svg>\n"
}

fn map(report: &Report, measure: Measure, top: usize) -> String {
    let (rates, conditions) = (report.rates(), report.conditions());
    let mut text = written(0, top + 18, "start", "bold", measure.words().1);
    for (column, scene) in report.scenes().into_iter().enumerate() {
        let left = NAMES + column * (rates.len() * CELL.0 + GAP);
        text += &written(left, top + 38, "start", "bold", scene);
        for (index, rate) in rates.iter().enumerate() {
            text +=
                &written(left + index * CELL.0 + CELL.0 / 2, top + 57, "middle", "normal", &rate.to_string());
        }
        for (row, condition) in conditions.iter().enumerate() {
            for (index, rate) in rates.iter().enumerate() {
                let at = (left + index * CELL.0, top + HEAD + row * CELL.1);
                text += &cell(report.cell(scene, condition, *rate), measure, at);
            }
        }
    }
    for (row, condition) in conditions.iter().enumerate() {
        let middle = top + HEAD + row * CELL.1 + 15;
        text += &written(NAMES - 8, middle, "end", "normal", condition);
    }
    text
}

fn cell(cell: Option<&Cell>, measure: Measure, (x, y): (usize, usize)) -> String {
    let Some(cell) = cell else { return String::new() };
    let figures = &cell.outcome.figures;
    format!(
        "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>{}",
        CELL.0 - 1,
        CELL.1 - 1,
        measure.colour(figures),
        written(x + CELL.0 / 2, y + 15, "middle", "normal", &measure.text(figures))
    )
}

fn written(x: usize, y: usize, anchor: &str, weight: &str, text: &str) -> String {
    format!(
        "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" font-weight=\"{weight}\" fill=\"#1b2330\">{}</text>\n",
        escaped(text)
    )
}

/// One map as a table whose cells lead to what is in them.
pub(super) fn table(report: &Report, measure: Measure, name: &dyn Fn(&str) -> String) -> String {
    let (scenes, conditions, rates) = (report.scenes(), report.conditions(), report.rates());
    let scene_head = |scene: &&str| format!("<th colspan=\"{}\">{}</th>", rates.len(), escaped(scene));
    let rate_head = |_: &&str| rates.iter().map(|rate| format!("<th>{rate}</th>")).collect::<String>();
    let mut text = format!(
        "<div class=\"wide map {}\"><table><thead><tr><th></th>{}</tr><tr><th></th>{}</tr></thead><tbody>",
        measure.id(),
        scenes.iter().map(scene_head).collect::<String>(),
        scenes.iter().map(rate_head).collect::<String>()
    );
    for condition in conditions {
        text += &format!("<tr><th>{}</th>", name(condition));
        for scene in &scenes {
            for rate in &rates {
                text += &linked(report, (scene, condition, *rate), measure);
            }
        }
        text += "</tr>";
    }
    text + "</tbody></table></div>"
}

fn linked(report: &Report, (scene, condition, rate): (&str, &str, Rate), measure: Measure) -> String {
    let is_it = |cell: &Cell| cell.scene == scene && cell.condition == condition && cell.rate == rate;
    let Some(index) = report.matrix.iter().position(is_it) else { return "<td></td>".to_owned() };
    let figures = &report.matrix[index].outcome.figures;
    let (total, identity) = (&figures.total, figures.identity());
    format!(
        "<td style=\"background:{}\"><a href=\"#cell-{index}\" title=\"{} {} {rate}: {}/{}, {} false, {} doubled; {} changes of track of {} objects\">{}</a></td>",
        measure.colour(figures),
        escaped(scene),
        escaped(condition),
        total.found,
        total.truth,
        total.untrue,
        total.doubled,
        identity.track_switches,
        identity.objects,
        measure.text(figures)
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::accuracy_command::figures::{Figures, IdentityFigures};

    fn figures(truth: usize, found: usize, start_s: &[f64]) -> AllFigures {
        let total = Figures { truth, found, start_s: start_s.to_vec(), ..Figures::default() };
        AllFigures { total, ..AllFigures::default() }
    }

    #[test]
    fn identities_are_coloured_by_their_share() {
        let with = |track_switches: usize, followed: usize| {
            let identity = IdentityFigures {
                objects: 8,
                track_switches,
                there: 100,
                followed,
                ..IdentityFigures::default()
            };
            AllFigures { identities: BTreeMap::from([("car".to_owned(), identity)]), ..AllFigures::default() }
        };
        let (good, bad) = (with(0, 100), with(10, 50));
        for measure in [Measure::Switches, Measure::Followed] {
            assert_eq!((measure.colour(&good), measure.colour(&bad)), ("#76c48a".into(), "#e86a5c".into()));
        }
        assert_eq!(Measure::Switches.text(&bad), "1.25");
        assert_eq!(Measure::Followed.text(&bad), "50");
        assert_eq!(Measure::Switches.text(&AllFigures::default()), "–");
    }

    #[test]
    fn colours_go_from_red_to_green() {
        let [all, most, few] = [10, 8, 3].map(|found| Measure::Recall.colour(&figures(10, found, &[])));
        assert_eq!((all.as_str(), few.as_str()), ("#76c48a", "#e86a5c"));
        assert!(most != all && most != few);
        assert_eq!(Measure::Start.colour(&figures(2, 2, &[0.0, -0.0])), all);
        assert_eq!(Measure::Start.colour(&figures(2, 2, &[-9.0, 9.0])), few);
        assert_eq!(Measure::Recall.text(&figures(0, 0, &[])), "–");
        assert_eq!(Measure::Start.text(&figures(1, 1, &[-1.25])), "1.2");
    }

    #[test]
    fn every_cell_is_in_every_map() {
        let report = Report::example();
        let svg = svg(&report);
        // One more is the paper.
        assert_eq!(svg.matches("<rect").count(), 6 * 8 + 1);
        assert!(svg.contains("&lt;acc&gt;") && !svg.contains("<acc>"));
        let table = table(&report, Measure::F1, &str::to_owned);
        for index in 0..8 {
            assert!(table.contains(&format!("#cell-{index}\"")), "{table}");
        }
    }
}
