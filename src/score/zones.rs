//! Zones that the truth names and nothing else does: most likely they are written wrongly.

use std::collections::BTreeSet;

use gridwatch_domain::EventKind;
use serde::Serialize;

use super::{nearest::meant, observation::Observation, outcome::Told, truth::Truth, warning::Warning};

/// A zone of the truth that is not known.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct UnknownZone {
    pub(crate) zone: String,
    /// What may be meant.
    pub(crate) meant: Option<String>,
}

/// Those that a configuration does not have.
pub(super) fn not_configured(truth: &Truth, known: &BTreeSet<String>) -> Option<Warning> {
    let names = || known.iter().map(String::as_str);
    let unknown = named(truth).into_iter().filter(|zone| !known.contains(zone.name));
    warning(unknown.map(|zone| (zone.name, meant(zone.name, names()))), true)
}

/// Those that neither events nor observations name, as far as these can tell. Observations name all zones, and no lines and groups; of those, and
/// where nothing was observed, a name that is told and not in the truth must be much like it: else nothing may have been found there.
pub(super) fn not_told(
    truth: &Truth,
    told: &[Told],
    observations: Option<&[Observation]>,
) -> Option<Warning> {
    let observed = observations.iter().flat_map(|list| list.iter()).flat_map(|one| &one.zones);
    let observed: BTreeSet<&str> = observed.map(|zone| zone.id.as_str()).collect();
    let told = told.iter().filter_map(|event| event.zone.as_deref());
    let known: BTreeSet<&str> = told.chain(observed.iter().copied()).collect();
    let all = named(truth);
    let is_true = |name: &str| all.iter().any(|zone| zone.name == name);
    let strange = || known.iter().copied().filter(|name| !is_true(name));
    let unknown = all.iter().filter(|zone| !known.contains(zone.name)).filter_map(|zone| {
        let certain = !observed.is_empty() && zone.is_area;
        let meant = meant(zone.name, strange());
        (certain || meant.is_some()).then_some((zone.name, meant))
    });
    warning(unknown, false)
}

fn warning<'a>(
    unknown: impl Iterator<Item = (&'a str, Option<&'a str>)>,
    in_config: bool,
) -> Option<Warning> {
    let zones: Vec<UnknownZone> = unknown
        .map(|(zone, meant)| UnknownZone { zone: zone.to_owned(), meant: meant.map(str::to_owned) })
        .collect();
    (!zones.is_empty()).then_some(Warning::UnknownZones { zones, in_config })
}

struct Named<'a> {
    name: &'a str,
    /// Neither a line nor a group for certain.
    is_area: bool,
}

/// All zones of a truth, each once, in order.
fn named(truth: &Truth) -> Vec<Named<'_>> {
    let is_area = |kind: &str| {
        let beside = [EventKind::Crossing, EventKind::WrongWay, EventKind::LotFull];
        !beside.iter().any(|other| other.as_str() == kind)
    };
    let events = truth.events.iter().flat_map(|event| {
        let zones = [event.zone.as_deref(), event.or_zone.as_deref()].into_iter().flatten();
        zones.map(|name| (name, is_area(&event.kind)))
    });
    let ignored = truth
        .ignore
        .iter()
        .filter_map(|entry| Some((entry.zone.as_deref()?, entry.kind.as_deref().is_some_and(is_area))));
    let bays = truth.bays.iter().map(|bay| (bay.zone.as_str(), true));
    let mut named: Vec<Named<'_>> = Vec::new();
    for (name, is_area) in events.chain(ignored).chain(bays) {
        match named.iter_mut().find(|zone| zone.name == name) {
            Some(zone) => zone.is_area |= is_area,
            None => named.push(Named { name, is_area }),
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::{
        Truth, TruthEvent,
        observation::ObservedZone,
        score,
        span::Span,
        tests::{event, observation, told, truth},
        truth::Ignore,
    };

    fn truth_of(zones: &[(&str, EventKind)]) -> Truth {
        let event = |&(zone, kind): &(&str, EventKind)| TruthEvent {
            zone: Some(zone.into()),
            kind: kind.as_str().into(),
            ..event(zone, 10.0, 60.0)
        };
        Truth { events: zones.iter().map(event).collect(), ..truth() }
    }

    fn observed(zones: &[&str]) -> Vec<Observation> {
        let zone = |id: &&str| ObservedZone { id: (*id).to_owned(), occupancy: None };
        [0.0, 180.0]
            .map(|at_s| Observation { zones: zones.iter().map(zone).collect(), ..observation(at_s) })
            .into()
    }

    /// `lane→lnae`: the truth's is unknown, and the other may be meant.
    #[track_caller]
    fn check(found: Option<&Warning>, expected: &str) {
        let words = match found {
            Some(Warning::UnknownZones { zones, .. }) => {
                let word = |zone: &UnknownZone| match &zone.meant {
                    Some(meant) => format!("{}→{meant}", zone.zone),
                    None => zone.zone.clone(),
                };
                zones.iter().map(word).collect::<Vec<_>>().join(" ")
            }
            other => other.map_or_else(String::new, ToString::to_string),
        };
        assert_eq!(words, expected);
    }

    #[track_caller]
    fn judged(truth: &Truth, told_in: &[&str], observations: Option<&[Observation]>, expected: &str) {
        let told =
            |zone: &&str| crate::score::ResultEvent { zone: Some((*zone).into()), ..told(zone, 10.0, 60.0) };
        let events: Vec<_> = told_in.iter().map(told).collect();
        let score = score(truth, &events, observations, gridwatch_domain::Timestamp::UNIX_EPOCH);
        let is_it = |warning: &&Warning| matches!(warning, Warning::UnknownZones { .. });
        check(score.warnings.iter().find(is_it), expected);
    }

    #[test]
    fn a_mistyped_zone_is_told_with_what_may_be_meant() {
        let lane = truth_of(&[("lane-1", EventKind::NoParking)]);
        judged(&lane, &["lane-1"], None, "");
        judged(&lane, &["lane_1"], None, "lane-1→lane_1");
        // It may be that nothing was found there, and something elsewhere.
        judged(&lane, &["gate"], None, "");
        judged(&lane, &[], None, "");
        let both = truth_of(&[("lane-1", EventKind::NoParking), ("lane-2", EventKind::NoParking)]);
        judged(&both, &["lane-1"], None, "");
        // Observations name every zone.
        judged(&lane, &[], Some(&observed(&["lane-1", "gate"])), "");
        judged(&lane, &[], Some(&observed(&["lane-2", "gate"])), "lane-1→lane-2");
        judged(&lane, &[], Some(&observed(&["gate"])), "lane-1");
        judged(&lane, &[], Some(&observed(&[])), "");
        // … and neither lines nor groups.
        let line = truth_of(&[("way", EventKind::Crossing), ("south", EventKind::LotFull)]);
        judged(&line, &[], Some(&observed(&["gate"])), "");
        judged(&line, &["wax"], Some(&observed(&["gate"])), "way→wax");
    }

    #[test]
    fn ignored_times_other_zones_and_bays_are_looked_at_too() {
        let entry = Ignore {
            kind: Some("parking.fire_lane".into()),
            zone: Some("fire".into()),
            span: Span::new(0.0, 9.0),
            bbox: None,
            note: None,
        };
        let mut truth = truth_of(&[("lane", EventKind::NoParking)]);
        (truth.events[0].or_zone, truth.ignore) = (Some("other".into()), vec![entry]);
        let observations = observed(&["lane", "fires", "gate"]);
        judged(&truth, &[], Some(&observations), "other fire→fires");
        let known = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        check(not_configured(&truth, &known(&["lane", "other", "fire"])).as_ref(), "");
        check(not_configured(&truth, &known(&["lane", "othre"])).as_ref(), "other→othre fire");
    }
}
