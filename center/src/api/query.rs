//! Parameters of the list of events, checked.

use gridwatch_domain::{CameraId, EventId, EventKind, Phase, Severity, Timestamp};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Problem;
use crate::store::{EventFilter, EventPhase, PageCursor};

/// Events in a part of the list, unless asked otherwise.
const DEFAULT_LIMIT: u32 = 50;
/// Most events in a part of the list.
const LARGEST_LIMIT: u32 = 500;
/// Digits of the longest cell code.
const LONGEST_CELL: usize = 15;

/// Which events to list. An absent parameter does not narrow; an unknown one is refused.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventQuery {
    /// 1 to 500. Default: 50.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
    /// `next` of the part before.
    before: Option<String>,
    /// Only this kind, such as `parking.fire_lane`.
    kind: Option<String>,
    /// Only `info`, `minor`, `major` or `critical`.
    severity: Option<String>,
    /// Only cells whose code begins so: 1 to 15 digits.
    cell: Option<String>,
    /// Only `open`, `update`, `close` or `unobserved`.
    phase: Option<String>,
    /// Only acknowledged ones, or only the others.
    acknowledged: Option<bool>,
    /// Only this camera.
    camera: Option<String>,
}

/// The query, understood.
#[derive(Debug)]
pub(crate) struct EventListing {
    pub filter: EventFilter,
    pub before: Option<PageCursor>,
    pub limit: u32,
}

impl TryFrom<EventQuery> for EventListing {
    type Error = Problem;
    fn try_from(query: EventQuery) -> Result<Self, Problem> {
        let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=LARGEST_LIMIT).contains(&limit) {
            return Err(Problem::bad_request(format!("limit {limit}: expected 1 to {LARGEST_LIMIT}")));
        }
        let kinds = EventKind::ALL.map(|kind| (kind.as_str(), kind));
        let severities = [Severity::Info, Severity::Minor, Severity::Major, Severity::Critical];
        let severities = severities.map(|severity| (severity.as_str(), severity));
        let phases = [
            EventPhase::Told(Phase::Open),
            EventPhase::Told(Phase::Update),
            EventPhase::Told(Phase::Close),
            EventPhase::Unobserved,
        ];
        let phases = phases.map(|phase| (phase.as_str(), phase));
        let filter = EventFilter {
            kind: one_of("kind", query.kind, &kinds)?,
            severity: one_of("severity", query.severity, &severities)?,
            phase: one_of("phase", query.phase, &phases)?,
            cell_prefix: query.cell.map(cell_prefix).transpose()?,
            camera: query.camera.map(camera).transpose()?,
            acknowledged: query.acknowledged,
        };
        let before = query.before.map(|text| read_cursor(&text)).transpose()?;
        Ok(Self { filter, before, limit })
    }
}

fn one_of<T: Copy>(name: &str, found: Option<String>, known: &[(&str, T)]) -> Result<Option<T>, Problem> {
    let Some(found) = found else { return Ok(None) };
    if let Some((_, value)) = known.iter().find(|(text, _)| *text == found) {
        return Ok(Some(*value));
    }
    let known: Vec<&str> = known.iter().map(|(text, _)| *text).collect();
    Err(Problem::bad_request(format!("{name} {found:?}: expected one of {}", known.join(", "))))
}

fn cell_prefix(found: String) -> Result<String, Problem> {
    let is_prefix =
        (1..=LONGEST_CELL).contains(&found.len()) && found.bytes().all(|byte| byte.is_ascii_digit());
    if is_prefix {
        return Ok(found);
    }
    Err(Problem::bad_request(format!("cell {found:?}: expected 1 to {LONGEST_CELL} digits")))
}

fn camera(found: String) -> Result<CameraId, Problem> {
    CameraId::new(found).map_err(|error| Problem::bad_request(error.to_string()))
}

/// A cursor as text: opaque to callers, and the same for as long as the event has not opened earlier than known.
pub(crate) fn write_cursor(cursor: PageCursor) -> String {
    format!("{}.{}", cursor.opened_at.as_millisecond(), cursor.id)
}

fn read_cursor(text: &str) -> Result<PageCursor, Problem> {
    let parse = || -> Option<PageCursor> {
        let (millis, id) = text.split_once('.')?;
        let opened_at = Timestamp::from_millisecond(millis.parse().ok()?).ok()?;
        let id: EventId = id.parse().ok()?;
        Some(PageCursor { opened_at, id })
    };
    parse().ok_or_else(|| Problem::bad_request("before: expected the value of \"next\" of an earlier answer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back() {
        let id = EventId::from_parts(Timestamp::UNIX_EPOCH, [7; 10]);
        let cursor = PageCursor { opened_at: Timestamp::from_millisecond(-5).expect("in range"), id };
        assert_eq!(read_cursor(&write_cursor(cursor)).expect("reads back"), cursor);
        for wrong in ["", ".", "5.", "x.019aae5c-0d00-7abc-8def-0123456789ab", "9999999999999999999.x"] {
            assert!(read_cursor(wrong).is_err(), "{wrong:?}");
        }
    }
}
