//! From the file as it is written to what was true: every contradiction at its key.

use std::collections::BTreeMap;

use gridwatch_config::Problems;
use gridwatch_domain::{DomainError, EventKind, NormBox, ZoneId};

use super::{Bay, Ignore, Truth, TruthEvent, TruthObject, TruthPass, is_moment};
use crate::score::{
    nearest::nearest_first,
    span::Span,
    truth_file::{BayFile, EventFile, IgnoreFile, NearPassFile, ObjectFile, TruthFile},
};

/// What is wrong goes to `problems`; what comes back is of use only where there is none.
pub(super) fn check(file: TruthFile, problems: &mut Problems) -> Option<Truth> {
    let duration_s = file.duration_s;
    let mut checks = Checks { duration_s, problems };
    checks.text("name", &file.name);
    let start = file.start.and_then(|start| checks.problems.keep("start", start.parse()));
    checks.unique("events", "id", file.events.iter().map(|event| event.id.as_str()));
    checks.unique("bays", "zone", file.bays.iter().map(|bay| bay.zone.as_str()));
    checks.unique("objects", "id", file.objects.iter().map(|object| object.id.as_str()));
    let passes = file.near_passes.iter().flatten();
    checks.unique("near_passes", "id", passes.map(|pass| pass.id.as_str()));
    let events = each("events", file.events, |key, event| checks.event(key, event));
    let ignore = each("ignore", file.ignore, |key, ignore| checks.ignore(key, ignore));
    let bays = each("bays", file.bays, |key, bay| checks.bay(key, bay));
    let objects = each("objects", file.objects, |key, object| checks.object(key, object));
    let near_passes = file.near_passes.map(|passes| {
        let passes = each("near_passes", passes, |key, pass| checks.near_pass(key, pass));
        passes.into_iter().flatten().collect()
    });
    Some(Truth {
        name: file.name,
        note: file.note,
        duration_s,
        start,
        tolerance: file.tolerance,
        events,
        ignore,
        bays,
        objects,
        near_passes,
    })
}

fn each<F, T>(name: &str, files: Vec<F>, mut check: impl FnMut(&str, F) -> T) -> Vec<T> {
    files.into_iter().enumerate().map(|(index, file)| check(&format!("{name}[{index}]"), file)).collect()
}

fn name(zone: Option<ZoneId>) -> Option<String> {
    zone.map(String::from)
}

struct Checks<'a> {
    duration_s: f64,
    problems: &'a mut Problems,
}

impl Checks<'_> {
    fn event(&mut self, key: &str, event: EventFile) -> TruthEvent {
        self.text(&format!("{key}.id"), &event.id);
        self.kind(&format!("{key}.kind"), &event.kind);
        let keys = [format!("{key}.since_s"), format!("{key}.until_s")];
        let until_s = event.until_s.unwrap_or(self.duration_s);
        let is_moment = is_moment(&event.kind);
        let in_order = if is_moment {
            self.moment(keys, event.since_s, event.until_s.unwrap_or(event.since_s))
        } else {
            self.span(keys, event.since_s, until_s)
        };
        // What happens in a moment may take its time to be known.
        if let Some(limit_s) = event.limit_s
            && in_order
            && !is_moment
            && until_s - event.since_s < limit_s
        {
            let message = format!(
                "{limit_s} s, but it holds for {} s: no event comes of that; leave it out, or put it into ignore",
                until_s - event.since_s
            );
            self.problems.push(format!("{key}.limit_s"), message);
        }
        TruthEvent {
            bbox: self.bbox(&format!("{key}.box"), event.bbox),
            id: event.id,
            kind: event.kind,
            zone: name(event.zone),
            or_zone: name(event.or_zone),
            since_s: event.since_s,
            until_s: event.until_s,
            limit_s: event.limit_s,
            severity: event.severity,
            note: event.note,
        }
    }

    fn ignore(&mut self, key: &str, ignore: IgnoreFile) -> Ignore {
        self.span([format!("{key}.from_s"), format!("{key}.until_s")], ignore.from_s, ignore.until_s);
        if let Some(kind) = &ignore.kind {
            self.kind(&format!("{key}.kind"), kind);
        }
        Ignore {
            bbox: self.bbox(&format!("{key}.box"), ignore.bbox),
            kind: ignore.kind,
            zone: name(ignore.zone),
            span: Span::new(ignore.from_s, ignore.until_s),
            note: ignore.note,
        }
    }

    fn bay(&mut self, key: &str, bay: BayFile) -> Bay {
        Bay {
            occupied: self.spans(&format!("{key}.occupied"), bay.occupied),
            unsure: self.spans(&format!("{key}.unsure"), bay.unsure),
            zone: bay.zone.into(),
        }
    }

    fn object(&mut self, key: &str, object: ObjectFile) -> TruthObject {
        self.text(&format!("{key}.id"), &object.id);
        let mut boxes: Vec<(f64, NormBox)> = Vec::with_capacity(object.boxes.len());
        if object.boxes.is_empty() {
            self.problems.push(format!("{key}.boxes"), "empty, so the object is nowhere");
        }
        let mut before = f64::NEG_INFINITY;
        for (index, [time_s, corners @ ..]) in object.boxes.into_iter().enumerate() {
            let key = format!("{key}.boxes[{index}]");
            if time_s <= before {
                self.problems.push(
                    format!("{key}[0]"),
                    format!("{time_s} s, after {before} s; expected increasing times"),
                );
            } else if !(0.0..=self.duration_s).contains(&time_s) {
                self.outside(format!("{key}[0]"), time_s);
            }
            before = time_s;
            boxes.extend(self.bbox(&key, Some(corners)).map(|bbox| (time_s, bbox)));
        }
        TruthObject { id: object.id, class: object.class, boxes }
    }

    fn near_pass(&mut self, key: &str, pass: NearPassFile) -> Option<TruthPass> {
        self.text(&format!("{key}.id"), &pass.id);
        let span = self.span([format!("{key}.from_s"), format!("{key}.until_s")], pass.from_s, pass.until_s);
        if span && !(pass.from_s..=pass.until_s).contains(&pass.at_s) {
            let message = format!("{} s; expected {} to {}", pass.at_s, pass.from_s, pass.until_s);
            self.problems.push(format!("{key}.at_s"), message);
        }
        Some(TruthPass {
            bbox: self.bbox(&format!("{key}.box"), Some(pass.bbox))?,
            id: pass.id,
            class: pass.class,
            span: Span::new(pass.from_s, pass.until_s),
            at_s: pass.at_s,
            distance_m: pass.distance_m,
            side: pass.side,
            optional: pass.optional,
        })
    }

    /// Spans in order, none over another.
    fn spans(&mut self, key: &str, spans: Vec<[f64; 2]>) -> Vec<Span> {
        let mut before = 0.0;
        for (index, [from_s, until_s]) in spans.iter().copied().enumerate() {
            let key = format!("{key}[{index}]");
            if !self.span([format!("{key}[0]"), format!("{key}[1]")], from_s, until_s) {
                continue;
            }
            if from_s < before {
                let message = format!("begins at {from_s} s, before the one before it ends at {before} s");
                self.problems.push(key, message);
            }
            before = until_s;
        }
        spans.into_iter().map(|[from_s, until_s]| Span::new(from_s, until_s)).collect()
    }

    /// Whether both ends lie in the footage and in their order.
    fn span(&mut self, keys: [String; 2], from_s: f64, until_s: f64) -> bool {
        if from_s != until_s {
            return self.moment(keys, from_s, until_s);
        }
        let [_, until_key] = keys;
        self.problems.push(until_key, format!("{until_s} s, not after its beginning at {from_s} s"));
        false
    }

    /// The same, of what may have no length.
    fn moment(&mut self, keys: [String; 2], from_s: f64, until_s: f64) -> bool {
        let footage = 0.0..=self.duration_s;
        let [from_key, until_key] = keys;
        if !footage.contains(&from_s) {
            self.outside(from_key, from_s);
        } else if !footage.contains(&until_s) {
            self.outside(until_key, until_s);
        } else if from_s > until_s {
            self.problems.push(until_key, format!("{until_s} s, not after its beginning at {from_s} s"));
        } else {
            return true;
        }
        false
    }

    fn outside(&mut self, key: String, time_s: f64) {
        let message = format!("{time_s} s; expected 0 to {}, the footage's duration_s", self.duration_s);
        self.problems.push(key, message);
    }

    fn bbox(&mut self, key: &str, corners: Option<[f64; 4]>) -> Option<NormBox> {
        let [x1, y1, x2, y2] = corners?.map(|corner| corner as f32);
        let checked: Result<NormBox, DomainError> = NormBox::new(x1, y1, x2, y2);
        self.problems.keep(key, checked)
    }

    /// One that this version knows: of another nothing could be found.
    fn kind(&mut self, key: &str, kind: &str) {
        if EventKind::from_code(kind).is_none() {
            let known = nearest_first(kind, EventKind::ALL.iter().map(|kind| kind.as_str()));
            self.problems.push(key, format!("{kind:?} is no kind of event; expected {}", known.join(", ")));
        }
    }

    fn text(&mut self, key: &str, text: &str) {
        if text.trim().is_empty() {
            self.problems.push(key, "empty");
        }
    }

    fn unique<'t>(&mut self, list: &str, what: &str, ids: impl Iterator<Item = &'t str>) {
        let mut known: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, id) in ids.enumerate() {
            if let Some(first) = known.get(id) {
                let message = format!("{id:?} is {list}[{first}].{what} already");
                self.problems.push(format!("{list}[{index}].{what}"), message);
            } else {
                known.insert(id, index);
            }
        }
    }
}
