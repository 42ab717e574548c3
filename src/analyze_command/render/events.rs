//! Which events are open, as far as their revisions tell. Pure.

use std::{collections::BTreeMap, time::Duration};

use gridwatch_alert::drawing::Colour;
use gridwatch_domain::{Event, EventId, EventKind, Phase, PlaceId, Severity, Timestamp, ZoneId};

/// How long what is over in a moment, such as a crossing, is shown.
const MOMENT: Duration = Duration::from_secs(3);

/// Events by their latest revision.
#[derive(Debug, Default)]
pub(super) struct OpenEvents {
    all: BTreeMap<EventId, Shown>,
}

#[derive(Debug)]
struct Shown {
    event: Event,
    opened: Timestamp,
}

impl OpenEvents {
    /// Takes new revisions, and forgets what has been over for long enough.
    pub(super) fn take(&mut self, revisions: &[Event], at: Timestamp) {
        for event in revisions {
            let opened = self.all.get(&event.id).map_or(event.at, |known| known.opened);
            self.all.insert(event.id, Shown { event: event.clone(), opened });
        }
        self.all.retain(|_, Shown { event, opened }| {
            let is_moment = opened.saturating_add(Duration::from_secs(1)) >= event.at;
            let is_fresh = is_moment && at.saturating_since(*opened) <= MOMENT;
            event.phase != Phase::Close || is_fresh
        });
    }

    /// Those that are shown, the worst ones first.
    pub(super) fn open(&self) -> Vec<&Event> {
        let mut open: Vec<&Event> = self.all.values().map(|shown| &shown.event).collect();
        open.sort_by_key(|event| std::cmp::Reverse(event.severity));
        open
    }

    /// The worst event of a place.
    pub(super) fn of_place(&self, place: &PlaceId) -> Option<&Event> {
        let is_of = |event: &&Event| {
            !is_of_whole(event.kind)
                && event.objects.first().is_some_and(|object| object.place.as_ref() == Some(place))
        };
        self.open().into_iter().find(is_of)
    }

    /// Zones and lines of events, by the worst of them.
    pub(super) fn zones(&self) -> BTreeMap<ZoneId, Colour> {
        let mut worst: BTreeMap<ZoneId, Severity> = BTreeMap::new();
        for event in self.open() {
            if let Some(zone) = &event.zone {
                let known = worst.entry(zone.clone()).or_insert(event.severity);
                *known = (*known).max(event.severity);
            }
        }
        worst.into_iter().map(|(zone, severity)| (zone, Colour::of(severity))).collect()
    }
}

/// How long an event has gone on, in seconds; of one that is over, how long it did.
pub(super) fn dwell_s(event: &Event, at: Timestamp) -> f64 {
    event.until.unwrap_or(at).saturating_since(event.since).as_secs_f64()
}

/// Whether it is about the camera itself, or about many bays: told above the picture, not in it.
pub(super) fn is_of_whole(kind: EventKind) -> bool {
    kind == EventKind::LotFull || kind.as_str().starts_with("camera.")
}

/// Whether it has no length.
pub(super) fn is_moment(kind: EventKind) -> bool {
    matches!(kind, EventKind::Crossing | EventKind::WrongWay)
}

#[cfg(test)]
mod tests {
    use gridwatch_domain::{NetworkRef, RuleRef, Sha256Hex};

    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::UNIX_EPOCH.saturating_add(Duration::from_secs(seconds))
    }

    fn event(number: u8, phase: Phase, seconds: u64, severity: Severity) -> Event {
        let sha256 = Sha256Hex::from_digest([0; 32]);
        Event {
            id: EventId::from_parts(at(0), [number; 10]),
            rev: if phase == Phase::Open { 1 } else { 2 },
            edge: "box".parse().expect("valid"),
            kind: EventKind::NoParking,
            phase,
            severity,
            camera: "lot".parse().expect("valid"),
            zone: Some("lane".parse().expect("valid")),
            cell: None,
            since: at(0),
            at: at(seconds),
            until: (phase == Phase::Close).then(|| at(seconds)),
            dwell_s: seconds as f64,
            unobserved: false,
            objects: Vec::new(),
            rule: RuleRef::limit(20.0),
            network: NetworkRef { name: "n".into(), sha256 },
            evidence: Vec::new(),
        }
    }

    #[test]
    fn an_event_is_shown_from_its_opening_to_its_close() {
        let mut events = OpenEvents::default();
        events.take(&[event(1, Phase::Open, 20, Severity::Minor)], at(20));
        events.take(&[], at(90));
        assert_eq!((events.open().len(), dwell_s(events.open()[0], at(90))), (1, 90.0));
        events.take(&[event(1, Phase::Close, 95, Severity::Minor)], at(100));
        assert!(events.open().is_empty());
    }

    #[test]
    fn what_is_over_in_a_moment_is_shown_a_while() {
        let mut events = OpenEvents::default();
        events.take(
            &[event(1, Phase::Open, 20, Severity::Info), event(1, Phase::Close, 20, Severity::Info)],
            at(20),
        );
        assert_eq!(events.open().len(), 1);
        events.take(&[], at(24));
        assert!(events.open().is_empty());
    }

    #[test]
    fn a_zone_has_the_colour_of_its_worst_event() {
        let mut events = OpenEvents::default();
        let both = [event(1, Phase::Open, 20, Severity::Major), event(2, Phase::Open, 20, Severity::Minor)];
        events.take(&both, at(20));
        assert_eq!(events.zones().into_values().collect::<Vec<_>>(), [Colour::of(Severity::Major)]);
        assert_eq!(events.open()[0].severity, Severity::Major);
    }
}
