//! What came of one piece of footage: figures, and everything that went wrong, each with the moment that tells most of it.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead as _, BufReader},
    path::Path,
};

use anyhow::Context as _;
use gridwatch_domain::{NormBox, ObjectClass, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    bays::{Mistold, mistold},
    figures::AllFigures,
};
use crate::{
    analyze_command::Summary,
    score::{BayScore, Match, Miss, Occupancy, Score, Told, Why},
};

/// What came of one piece of footage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// Length of the footage, and how long it took to analyse it, in seconds.
    pub(crate) seconds: f64,
    pub(crate) took_s: f64,
    /// Pictures that were analysed, and of these those in which the network was not asked.
    pub(crate) pictures: u64,
    pub(crate) relied_on: u64,
    pub(crate) figures: AllFigures,
    pub(crate) problems: Vec<Problem>,
    /// Which build of gridwatch has measured it: the beginning of its digest.
    #[serde(default)]
    pub(crate) program: String,
}

/// What is wrong with an event, or with a bay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    Missed,
    #[serde(rename = "false")]
    Untrue,
    Doubled,
    /// Found, and off by more than is tolerated.
    Late,
    /// A bay that was told otherwise than it was, for longer than ends may be late.
    Bay,
}

/// One event that went wrong. Times in seconds from the first picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Problem {
    pub(crate) verdict: Verdict,
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) zone: Option<String>,
    pub(crate) since_s: f64,
    pub(crate) until_s: Option<f64>,
    /// The moment that tells most: of a missed event when it should have been told, of the others when it was.
    pub(crate) at_s: f64,
    /// Of a missed or late event the true box, of the others the one that was told.
    #[serde(rename = "box")]
    pub(crate) bbox: Option<NormBox>,
    /// What came nearest; `None` where it was found, or told again.
    pub(crate) why: Option<Why>,
    /// What it tells again.
    pub(crate) again: Option<String>,
    /// By how much start, alert and end are off, of a late one, in seconds.
    pub(crate) off_s: [Option<f64>; 3],
    /// What was found in the picture of that moment.
    pub(crate) seen: Vec<Seen>,
}

/// Something that was found in a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) class: ObjectClass,
    /// `None` of a place that is remembered, and not seen.
    pub(crate) score: Option<f32>,
    #[serde(rename = "box")]
    pub(crate) bbox: NormBox,
}

impl Outcome {
    /// Of an analysis that was scored; `observations` are what it has seen.
    pub(super) fn of(
        score: &Score,
        summary: &Summary,
        took_s: f64,
        observations: &Path,
        program: &str,
    ) -> anyhow::Result<Self> {
        let mut problems = problems(score);
        look_at(&mut problems, observations, score.start)?;
        Ok(Self {
            seconds: score.duration_s,
            took_s,
            pictures: summary.pictures,
            relied_on: summary.relied_on,
            figures: AllFigures::of(score),
            problems,
            program: program.to_owned(),
        })
    }
}

fn problems(score: &Score) -> Vec<Problem> {
    // The last picture comes a while before the end.
    let last_s = (score.duration_s - 0.5).max(0.0);
    let mut problems: Vec<Problem> = score.missed.iter().map(|miss| Problem::missed(miss, last_s)).collect();
    let untrue = score.untrue.iter();
    problems.extend(untrue.map(|one| Problem {
        why: Some(one.why.clone()),
        ..Problem::told(Verdict::Untrue, &one.told, last_s)
    }));
    let doubled = score.doubled.iter();
    problems.extend(doubled.map(|one| Problem {
        again: Some(one.of.clone()),
        ..Problem::told(Verdict::Doubled, &one.told, last_s)
    }));
    problems.extend(score.matches.iter().filter_map(|found| Problem::late(found, score, last_s)));
    let bays = score.bays.iter().flat_map(|bays| &bays.bays);
    let wrong = bays.flat_map(|bay| mistold(bay).into_iter().map(move |one| (bay, one)));
    let is_long = |(_, one): &(&BayScore, Mistold)| one.span.length_s() > score.tolerance.end_s;
    problems.extend(wrong.filter(is_long).map(|(bay, one)| Problem::bay(&bay.zone, one, last_s)));
    problems
}

impl Problem {
    fn missed(miss: &Miss, last_s: f64) -> Self {
        let event = &miss.truth;
        let span = event.span(last_s);
        let middle_s = f64::midpoint(span.from_s, span.until_s);
        let due_s = event.limit_s.map_or(middle_s, |limit_s| event.since_s + limit_s);
        Self {
            verdict: Verdict::Missed,
            id: event.id.clone(),
            kind: event.kind.clone(),
            zone: event.zone.clone(),
            since_s: event.since_s,
            until_s: (!event.is_open()).then_some(span.until_s),
            at_s: due_s.clamp(0.0, last_s),
            bbox: event.bbox,
            why: Some(miss.why.clone()),
            again: None,
            off_s: [None; 3],
            seen: Vec::new(),
        }
    }

    fn told(verdict: Verdict, told: &Told, last_s: f64) -> Self {
        Self {
            verdict,
            id: told.id.clone(),
            kind: told.kind.clone(),
            zone: told.zone.clone(),
            since_s: told.since_s,
            until_s: (!told.is_open()).then(|| told.span(last_s).until_s),
            at_s: told.opened_s.unwrap_or(told.since_s).clamp(0.0, last_s),
            bbox: told.bbox,
            why: None,
            again: None,
            off_s: [None; 3],
            seen: Vec::new(),
        }
    }

    fn bay(zone: &str, one: Mistold, last_s: f64) -> Self {
        let Mistold { span, is, told } = one;
        let kind = match (is, told) {
            (_, Occupancy::Unknown) => "bay.unknown",
            (Occupancy::Free, _) => "bay.told_occupied",
            _ => "bay.told_free",
        };
        Self {
            verdict: Verdict::Bay,
            id: format!("{zone} from {:.0} s", span.from_s),
            kind: kind.to_owned(),
            zone: Some(zone.to_owned()),
            since_s: span.from_s,
            until_s: Some(span.until_s),
            at_s: f64::midpoint(span.from_s, span.until_s).clamp(0.0, last_s),
            bbox: None,
            why: None,
            again: None,
            off_s: [None; 3],
            seen: Vec::new(),
        }
    }

    /// `None` of one that is within the tolerance.
    fn late(found: &Match, score: &Score, last_s: f64) -> Option<Self> {
        let tolerance = score.tolerance;
        let beyond =
            |error_s: Option<f64>, tolerance_s: f64| error_s.filter(|error_s| error_s.abs() > tolerance_s);
        let off_s = [
            beyond(Some(found.start_error_s), tolerance.start_s),
            beyond(found.alert_error_s, tolerance.alert_s),
            beyond(found.end_error_s, tolerance.end_s),
        ];
        let id = found.truth.id.clone();
        let told = Self::told(Verdict::Late, &found.told, last_s);
        off_s.iter().any(Option::is_some).then_some(Self { id, off_s, bbox: found.truth.bbox, ..told })
    }
}

/// One line of `gridwatch.observation/1`, as far as it is drawn.
#[derive(Deserialize)]
struct Glimpse {
    at: Timestamp,
    #[serde(default)]
    detections: Vec<GlimpsedBox>,
    #[serde(default)]
    places: Vec<GlimpsedBox>,
}

#[derive(Deserialize)]
struct GlimpsedBox {
    class: ObjectClass,
    #[serde(default)]
    score: Option<f32>,
    #[serde(rename = "box")]
    bbox: NormBox,
}

/// Adds to each problem what was seen at its moment, or last before it.
fn look_at(problems: &mut [Problem], observations: &Path, start: Timestamp) -> anyhow::Result<()> {
    let name = observations.display();
    let file = File::open(observations).with_context(|| format!("open {name}"))?;
    // When each is asked for, in milliseconds; the lines come in the order of their times.
    let mut wanted: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for (index, problem) in problems.iter().enumerate() {
        wanted.entry((problem.at_s * 1000.0) as i64).or_default().push(index);
    }
    let mut last: Vec<Seen> = Vec::new();
    for line in BufReader::new(file).lines() {
        let line = line.with_context(|| format!("read {name}"))?;
        // The line that ends a part of a file has no picture.
        let Ok(glimpse) = serde_json::from_str::<Glimpse>(&line) else { continue };
        let at_ms = (glimpse.at.seconds_since(start) * 1000.0).round() as i64;
        let later = wanted.split_off(&at_ms);
        give(problems, std::mem::replace(&mut wanted, later), &last);
        if wanted.is_empty() {
            return Ok(());
        }
        last = glimpse.seen();
    }
    give(problems, wanted, &last);
    Ok(())
}

fn give(problems: &mut [Problem], wanted: BTreeMap<i64, Vec<usize>>, seen: &[Seen]) {
    for index in wanted.into_values().flatten() {
        problems[index].seen = seen.to_vec();
    }
}

impl Glimpse {
    fn seen(self) -> Vec<Seen> {
        let all = self.detections.into_iter().chain(self.places);
        all.map(|found| Seen { class: found.class, score: found.score, bbox: found.bbox }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score_command::tests::example;

    #[test]
    fn everything_that_is_wrong_has_its_moment() {
        let (_, score) = example();
        let problems = problems(&score);
        let count = |verdict: Verdict| problems.iter().filter(|one| one.verdict == verdict).count();
        let expected = (score.missed.len(), score.untrue.len(), score.doubled.len());
        assert_eq!((count(Verdict::Missed), count(Verdict::Untrue), count(Verdict::Doubled)), expected);
        assert!(expected.0 > 0 && expected.1 > 0 && expected.2 > 0, "{expected:?}");
        for problem in &problems {
            assert!((0.0..score.duration_s).contains(&problem.at_s), "{problem:?}");
            assert_eq!(problem.why.is_some(), matches!(problem.verdict, Verdict::Missed | Verdict::Untrue));
        }
        // Bay 2 is told taken for 18 s after it was left; that bay 1 is unknown for 4 s is tolerated.
        let bays: Vec<&Problem> = problems.iter().filter(|one| one.verdict == Verdict::Bay).collect();
        let [bay] = bays.as_slice() else { panic!("{bays:?}") };
        assert_eq!((bay.zone.as_deref(), bay.kind.as_str()), (Some("bay-2"), "bay.told_occupied"));
        assert_eq!((bay.since_s, bay.until_s, bay.at_s), (92.0, Some(110.0), 101.0));
    }

    #[test]
    fn each_moment_shows_what_was_seen_last() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("observations.jsonl");
        let line = |seconds: u32, score: f32| {
            format!(
                "{{\"at\":\"1970-01-01T00:00:{seconds:02}Z\",\"detections\":[{{\"class\":\"car\",\"score\":{score},\"box\":[0.1,0.1,0.2,0.2]}}]}}"
            )
        };
        std::fs::write(&file, [line(1, 0.1), line(2, 0.2), line(4, 0.4)].join("\n")).expect("it is writable");
        let (_, score) = example();
        let problem = problems(&score).swap_remove(0);
        let mut asked = [0.5, 2.5, 3.0, 9.0].map(|at_s| Problem { at_s, ..problem.clone() });
        look_at(&mut asked, &file, Timestamp::UNIX_EPOCH).expect("it can be read");
        let scores = asked.map(|problem| problem.seen.first().and_then(|seen| seen.score));
        assert_eq!(scores, [None, Some(0.2), Some(0.2), Some(0.4)]);
    }
}
