//! The score in words, for the terminal.

use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};

use super::words::{clock, dash, percent, signed, signed_metres};
use crate::score::{
    BaysScore, Errors, IdentityScore, KindScore, Match, NearPassScore, Score, Span, Told, ToleranceFile,
    TruthEvent, Why,
};

/// Lines of each list; of more their number says enough, and `--json` has them all.
const MOST_LINES: usize = 20;

/// Everything.
pub(super) fn all(score: &Score) -> String {
    let mut text = format!("{}, {} of footage\n{}\n", score.name, clock(score.duration_s), found(score));
    if score.total.found > 0 {
        text += &format!("\n{}\n", times(score));
    }
    if let Some(bays) = &score.bays {
        text += &format!("\n{}\n", bays_line(bays));
    }
    if let Some(identity) = &score.identity {
        text += &format!("\n{}\n", identity_line(identity));
    }
    if let Some(passes) = &score.near_passes {
        text += &format!("\n{}\n", passes_line(passes));
    }
    let missed = score.missed.iter();
    list(
        &mut text,
        "missed",
        missed.map(|miss| format!("{}: {}", true_event(&miss.truth), reason(&miss.why, true))),
    );
    let untrue = score.untrue.iter();
    list(&mut text, "false", untrue.map(|one| format!("{}: {}", told(&one.told), reason(&one.why, false))));
    let doubled = score.doubled.iter();
    list(&mut text, "doubled", doubled.map(|one| format!("{}: tells {} again", told(&one.told), one.of)));
    list(&mut text, "out of tolerance", score.matches.iter().filter_map(|one| late(one, score.tolerance)));
    list(&mut text, "other severity", score.matches.iter().filter_map(other_severity));
    list(&mut text, "warning", score.warnings.iter().map(ToString::to_string));
    text.truncate(text.trim_end().len());
    text
}

fn found(score: &Score) -> Table {
    let mut table = table(&[
        "kind",
        "truth",
        "found",
        "missed",
        "false",
        "doubled",
        "ignored",
        "precision",
        "recall",
        "F1",
        "events per truth",
    ]);
    for (kind, of_kind) in rows(score) {
        table.add_row([
            kind.to_owned(),
            of_kind.truth.to_string(),
            of_kind.found.to_string(),
            of_kind.missed.to_string(),
            of_kind.untrue.to_string(),
            of_kind.doubled.to_string(),
            of_kind.ignored.to_string(),
            percent(of_kind.precision),
            percent(of_kind.recall),
            percent(of_kind.f1),
            of_kind.events_per_truth.map_or_else(dash, |events| format!("{events:.2}")),
        ]);
    }
    aligned(table, 1)
}

fn times(score: &Score) -> Table {
    let mut table =
        table(&["kind", "late (+) or early (-)", "events", "median", "95 %", "worst", "in tolerance"]);
    let found = score.kinds.values().filter(|of_kind| of_kind.found > 0).count();
    let is_told =
        |of_kind: &KindScore| of_kind.found > 0 && (found > 1 || !std::ptr::eq(of_kind, &score.total));
    for (kind, of_kind) in rows(score).filter(|(_, of_kind)| is_told(of_kind)) {
        for (what, errors, tolerance_s) in parts(of_kind, score.tolerance) {
            let seconds = |value: Option<f64>| value.map_or_else(dash, signed);
            table.add_row([
                kind.to_owned(),
                what.to_owned(),
                errors.measured.to_string(),
                seconds(errors.median_s),
                seconds(errors.p95_s),
                seconds(errors.worst_s),
                match errors.within {
                    Some(_) => format!("{} (±{tolerance_s} s)", percent(errors.within)),
                    None => dash(),
                },
            ]);
        }
    }
    aligned(table, 2)
}

fn parts(of_kind: &KindScore, tolerance: ToleranceFile) -> [(&'static str, &Errors, f64); 3] {
    [
        ("start", &of_kind.start, tolerance.start_s),
        ("limit → alert", &of_kind.alert, tolerance.alert_s),
        ("end", &of_kind.end, tolerance.end_s),
    ]
}

/// Each kind, and where there are several all together.
fn rows(score: &Score) -> impl Iterator<Item = (&str, &KindScore)> {
    let kinds = score.kinds.iter().map(|(kind, of_kind)| (kind.as_str(), of_kind));
    kinds.chain((score.kinds.len() != 1).then_some(("total", &score.total)))
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_header(header);
    table
}

/// So many columns of words to the left, figures to the right.
fn aligned(mut table: Table, words: usize) -> Table {
    for column in table.column_iter_mut().skip(words) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn bays_line(bays: &BaysScore) -> String {
    let contrary = bays.bays.iter().filter(|bay| bay.occupied_told_free_s + bay.free_told_occupied_s > 0.0);
    let mut worst: Vec<_> =
        bays.bays.iter().filter(|bay| bay.accuracy.is_some_and(|share| share < 1.0)).collect();
    worst.sort_by(|a, b| a.accuracy.unwrap_or(1.0).total_cmp(&b.accuracy.unwrap_or(1.0)));
    let worst: Vec<String> =
        worst.iter().take(5).map(|bay| format!("{} {}", bay.zone, percent(bay.accuracy))).collect();
    format!(
        "bays: {} of the time as it was over {} bays, {} unknown; {} told the contrary at some time{}{}",
        percent(bays.accuracy),
        bays.bays.len(),
        percent(bays.unknown),
        contrary.count(),
        if worst.is_empty() { "" } else { "; worst: " },
        worst.join(", ")
    )
}

fn identity_line(identity: &IdentityScore) -> String {
    format!(
        "identity: track changed {} ×, place {} ×, objects {}; a track has them in {} of the observations, a place in {} of those in \
         which they stand",
        identity.track_switches,
        identity.place_switches,
        identity.objects.len(),
        percent(identity.followed),
        percent(identity.placed)
    )
}

fn passes_line(passes: &NearPassScore) -> String {
    format!(
        "near passes: {} of {} found, {} false, {} doubled; nearest moment off by {} (median), distance by {}; side right in {}, class in {}",
        passes.found,
        passes.truth,
        passes.untrue,
        passes.doubled,
        passes.time.median_s.map_or_else(dash, signed),
        passes.distance.median_s.map_or_else(dash, signed_metres),
        percent(passes.side_right),
        percent(passes.class_right)
    )
}

fn list(text: &mut String, name: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    if !lines.is_empty() {
        text.push('\n');
    }
    for line in lines.iter().take(MOST_LINES) {
        *text += &format!("{name}: {line}\n");
    }
    if lines.len() > MOST_LINES {
        *text += &format!("{name}: {} more; --json has them all\n", lines.len() - MOST_LINES);
    }
}

fn true_event(event: &TruthEvent) -> String {
    let span = event.span(f64::INFINITY);
    format!("{}, {}", event.id, what(&event.kind, event.zone.as_deref(), span))
}

fn told(event: &Told) -> String {
    let span = event.span(f64::INFINITY);
    format!("{}, {}", event.id, what(&event.kind, event.zone.as_deref(), span))
}

/// What has no end ends at infinity.
fn what(kind: &str, zone: Option<&str>, span: Span) -> String {
    let place = zone.map_or_else(String::new, |zone| format!(" in {zone}"));
    let since = clock(span.from_s);
    if span.length_s() == 0.0 {
        return format!("{kind}{place} at {since}");
    }
    let until = if span.until_s.is_finite() { clock(span.until_s) } else { "the end".to_owned() };
    format!("{kind}{place} from {since} to {until}")
}

/// Words for why an event found no partner.
fn reason(why: &Why, is_missed: bool) -> String {
    let other = if is_missed { "event told" } else { "true event" };
    match why {
        Why::NoneOfKind => format!("no {other} of this kind"),
        Why::NoneInZone => format!("no {other} of this kind in this zone"),
        Why::NotThen { nearest, gap_s } => format!("the nearest {other}, {nearest}, is {gap_s:.1} s away"),
        Why::Elsewhere { nearest, iou } => format!("the {other} {nearest} is elsewhere (IoU {iou:.2})"),
        Why::Taken { nearest } => format!("the {other} {nearest} fits another one better"),
    }
}

/// Words for a match whose times are off by more than they may.
fn late(found: &Match, tolerance: ToleranceFile) -> Option<String> {
    let least = if found.end_error_is_least { "at least " } else { "" };
    let parts = [
        ("start", Some(found.start_error_s), tolerance.start_s, ""),
        ("alert", found.alert_error_s, tolerance.alert_s, ""),
        ("end", found.end_error_s, tolerance.end_s, least),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter_map(|(what, error_s, tolerance_s, least)| {
            let error_s = error_s.filter(|error_s| error_s.abs() > tolerance_s + 0.000_5)?;
            Some(format!("{what} {least}{}", signed(error_s)))
        })
        .collect();
    (!parts.is_empty()).then(|| format!("{}: {}", true_event(&found.truth), parts.join(", ")))
}

/// Words for a match whose severity is another than the truth expects at last.
fn other_severity(found: &Match) -> Option<String> {
    let expected = found.truth.severity.filter(|_| found.severity_is_right == Some(false))?;
    let was_told = found.told.severity.as_deref().unwrap_or("none");
    Some(format!("{}: {was_told} was told, expected {}", true_event(&found.truth), expected.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score_command::tests::example;

    /// Copy what is printed after having looked at it: `cargo test score_command::tables -- --nocapture`.
    #[test]
    fn the_tables_are_as_they_were_approved() {
        let (_, score) = example();
        let text = all(&score);
        let approved = include_str!("tables/approved.txt");
        assert!(text == approved.trim_end(), "{text}");
    }

    #[test]
    fn another_severity_is_told() {
        let (_, mut score) = example();
        let found = &mut score.matches[0];
        found.truth.severity = Some(gridwatch_domain::Severity::Major);
        found.severity_is_right = Some(false);
        let text = all(&score);
        let wanted = "other severity: silver, parking.no_parking in centre_lane from 0:28 to 2:20: minor was told, expected major";
        assert!(text.lines().any(|line| line == wanted), "{text}");
    }
}
