//! Whether a score is as good as it can be, for continuous integration: what of it must be is chosen.

use anyhow::bail;

use crate::{
    cli::Perfect,
    score::{Match, Score, Warning},
};

/// Fails where something that is asked for is not as it should be, and tells how much of it.
pub(super) fn require(score: &Score, wanted: &[Perfect]) -> anyhow::Result<()> {
    let asks = |what: Perfect| wanted.contains(&Perfect::All) || wanted.contains(&what);
    if wanted.is_empty() {
        return Ok(());
    }
    if let Some(partial) = score.warnings.iter().find(|warning| matches!(warning, Warning::Partial(_))) {
        bail!("not perfect: {partial}");
    }
    if wanted.contains(&Perfect::Passes) && score.near_passes.is_none() {
        bail!(
            "--require-perfect=passes: near passes are judged where the truth has some and --passes is given"
        );
    }
    let events = asks(Perfect::Events).then(|| events(score)).flatten();
    let times = asks(Perfect::Times).then(|| times(score)).flatten();
    let passes = asks(Perfect::Passes).then(|| passes(score)).flatten();
    let wrong: Vec<String> = [events, times, passes].into_iter().flatten().collect();
    if wrong.is_empty() { Ok(()) } else { bail!("not perfect: {}", wrong.join("; ")) }
}

fn events(score: &Score) -> Option<String> {
    let total = &score.total;
    let counts = format!("{} missed, {} false, {} doubled", total.missed, total.untrue, total.doubled);
    let severity = count(score, |found| found.severity_is_right == Some(false));
    match (total.is_perfect(), severity) {
        (true, 0) => None,
        (false, 0) => Some(counts),
        (_, severity) => Some(format!("{counts}, {severity} of another severity")),
    }
}

fn times(score: &Score) -> Option<String> {
    let late = count(score, |found| !found.is_in_time(score.tolerance));
    (late > 0).then(|| format!("{late} out of tolerance"))
}

fn passes(score: &Score) -> Option<String> {
    let passes = score.near_passes.as_ref()?;
    let (missed, untrue, doubled) = (passes.missed.len(), passes.untrue, passes.doubled);
    let is_perfect = missed + untrue + doubled == 0;
    (!is_perfect).then(|| format!("near passes: {missed} missed, {untrue} false, {doubled} doubled"))
}

fn count(score: &Score, is_wrong: impl Fn(&Match) -> bool) -> usize {
    score.matches.iter().filter(|found| is_wrong(found)).count()
}
