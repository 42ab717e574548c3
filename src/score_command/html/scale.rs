//! How wide time is drawn.
//!
//! Everything is placed in hundredths of the width, so that the same drawing serves every width; which one is shown is chosen by a
//! radio button, and style sheets alone do the rest.

use std::fmt::Write as _;

use crate::score::{Score, Span};

/// Pixels that the time line has on a usual screen.
const SCREEN: f64 = 1_000.0;
/// A drawing is never wider than this: browsers draw no more.
const WIDEST: f64 = 60_000.0;
/// Pixels that an event of usual length should have.
const USUAL_EVENT: f64 = 48.0;
/// Most pixels for a second: a short file is not drawn wider than it needs.
const MOST_A_SECOND: f64 = 6.0;
/// Pixels between two marks of the axis at least.
const BETWEEN_TICKS: f64 = 72.0;
/// Seconds between two marks.
const STEPS: [f64; 17] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0,
    43_200.0, 86_400.0,
];

/// The widths that may be chosen.
pub(super) struct Scale {
    pub(super) duration_s: f64,
    /// Pixels; the first is that of the screen, whatever that has.
    pub(super) widths: Vec<f64>,
    /// Which one is shown at first.
    pub(super) first: usize,
}

impl Scale {
    pub(super) fn new(score: &Score) -> Self {
        let duration_s = score.duration_s;
        let of_truth =
            score.matches.iter().map(|one| &one.truth).chain(score.missed.iter().map(|one| &one.truth));
        let mut lengths: Vec<f64> = of_truth.map(|event| event.span(duration_s).length_s()).collect();
        // Moments have none, and are seen at any width.
        lengths.retain(|length_s| *length_s > 0.0);
        lengths.sort_by(f64::total_cmp);
        let usual_s = lengths.get(lengths.len() / 2).copied().unwrap_or(duration_s).max(0.001);
        let wanted = duration_s * (USUAL_EVENT / usual_s).min(MOST_A_SECOND);
        let base = ((wanted / SCREEN).ceil() * SCREEN).clamp(SCREEN, WIDEST / 4.0);
        let fits = base <= SCREEN;
        let more = if fits {
            [2.0, 4.0, 8.0].map(|times| SCREEN * times)
        } else {
            [1.0, 2.0, 4.0].map(|times| base * times)
        };
        Self { duration_s, widths: [&[SCREEN], &more[..]].concat(), first: usize::from(!fits) }
    }

    /// Pixels for a second at the width that is shown at first.
    pub(super) fn a_second(&self) -> f64 {
        self.widths[self.first] / self.duration_s
    }

    /// Hundredths of the width, cut to the footage.
    pub(super) fn at(&self, time_s: f64) -> f64 {
        (time_s / self.duration_s * 100.0).clamp(0.0, 100.0)
    }

    /// Where a span begins, and how wide it is.
    pub(super) fn extent(&self, span: Span) -> (f64, f64) {
        let from = self.at(span.from_s);
        (from, self.at(span.until_s) - from)
    }

    /// Seconds between two marks of the axis at one of the widths.
    pub(super) fn step_s(&self, width: f64) -> f64 {
        let least = BETWEEN_TICKS * self.duration_s / width;
        STEPS.into_iter().find(|step| *step >= least).unwrap_or(STEPS[STEPS.len() - 1])
    }

    /// What each choice shows.
    pub(super) fn style(&self) -> String {
        let mut style = String::new();
        for (index, width) in self.widths.iter().enumerate() {
            let shown = if index == 0 {
                "100%".to_owned()
            } else {
                format!("max(100%,calc(var(--names) + {width:.0}px))")
            };
            let _ = write!(
                style,
                "#zoom{index}:checked~.scroll .chart{{width:{shown}}}#zoom{index}:checked~.scroll .ticks{index}{{display:inline}}\
                 #zoom{index}:checked~.zooms label[for=zoom{index}]{{background:var(--text);color:var(--card)}}"
            );
        }
        // Words were given room at the first width: where it is narrower they would lie over each other.
        if self.first > 0 {
            style += "#zoom0:checked~.scroll .word{display:none}";
        }
        style
    }

    /// The radio buttons. They stand before the drawing, so that the style sheet can tell what is chosen.
    pub(super) fn choices(&self) -> String {
        let (mut inputs, mut labels) = (String::new(), String::new());
        for (index, width) in self.widths.iter().enumerate() {
            let checked = if index == self.first { " checked=\"checked\"" } else { "" };
            let _ = write!(inputs, "<input type=\"radio\" name=\"zoom\" id=\"zoom{index}\"{checked}/>");
            let name =
                if index == 0 { "适应".to_owned() } else { format!("×{:.0}", (width / SCREEN).round()) };
            let title = if index == 0 { "适应宽度 as wide as the page" } else { "放大 wider" };
            let _ = write!(labels, "<label for=\"zoom{index}\" title=\"{title}\">{name}</label>");
        }
        format!("{inputs}<div class=\"zooms\">{labels}</div>")
    }
}
