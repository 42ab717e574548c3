//! From rows to domain values, and back.

use std::fmt::Display;

use gridwatch_domain::{
    Timestamp,
    wire::{CameraCondition, CameraStateMessage, EventMessage, Message},
};
use sqlx::{FromRow, QueryBuilder, Sqlite};

use crate::store::{
    Acknowledged, EventFilter, PageCursor, Revision, StoreError, StoredCamera, StoredEdge, StoredEvent,
};

pub(super) fn corrupt(table: &'static str, detail: &dyn Display) -> StoreError {
    StoreError::Corrupt { table, detail: detail.to_string() }
}

fn time(table: &'static str, millis: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(millis).map_err(|error| corrupt(table, &error))
}

/// What every query for events begins with. Ends before WHERE.
const SELECT_EVENTS: &str = "\
    SELECT c.id, e.message, c.opened_at, e.received_at, c.cell, k.name AS camera_name, z.name AS zone_name, \
           (SELECT v.sha256 FROM evidence v JOIN snapshots s ON s.sha256 = v.sha256 \
             WHERE v.event_id = c.id AND v.type = 'snapshot' ORDER BY v.rev, v.position LIMIT 1) AS snapshot, \
           a.at AS acknowledged_at, a.by AS acknowledged_by \
      FROM events_current c \
      JOIN events e ON e.id = c.id AND e.rev = c.rev \
      LEFT JOIN cameras k ON k.edge = c.edge AND k.camera = c.camera \
      LEFT JOIN zones z ON z.edge = c.edge AND z.camera = c.camera AND z.zone = c.zone \
      LEFT JOIN acknowledgements a ON a.event_id = c.id";

#[derive(FromRow)]
pub(super) struct EventRow {
    id: String,
    message: String,
    opened_at: i64,
    received_at: i64,
    cell: Option<String>,
    camera_name: Option<String>,
    zone_name: Option<String>,
    snapshot: Option<String>,
    acknowledged_at: Option<i64>,
    acknowledged_by: Option<String>,
}

impl EventRow {
    pub(super) fn select() -> QueryBuilder<Sqlite> {
        QueryBuilder::new(SELECT_EVENTS)
    }

    pub(super) fn cursor(&self) -> Result<PageCursor, StoreError> {
        let id = self.id.parse().map_err(|error| corrupt("events_current", &error))?;
        Ok(PageCursor { opened_at: time("events_current", self.opened_at)?, id })
    }
}

impl TryFrom<EventRow> for StoredEvent {
    type Error = StoreError;
    fn try_from(row: EventRow) -> Result<Self, StoreError> {
        let wrong = |error| corrupt("events", &error);
        let acknowledged = match (row.acknowledged_at, row.acknowledged_by) {
            (Some(at), Some(by)) => Some(Acknowledged { at: time("acknowledgements", at)?, by }),
            _ => None,
        };
        Ok(Self {
            message: EventMessage::from_json(row.message.as_bytes()).map_err(wrong)?,
            opened_at: time("events_current", row.opened_at)?,
            received_at: time("events", row.received_at)?,
            cell: row.cell.map(|code| code.parse()).transpose().map_err(wrong)?,
            camera_name: row.camera_name,
            zone_name: row.zone_name,
            snapshot: row.snapshot.map(|sha256| sha256.parse()).transpose().map_err(wrong)?,
            acknowledged,
        })
    }
}

/// Appends WHERE, ORDER BY and LIMIT.
pub(super) fn push_page(
    query: &mut QueryBuilder<Sqlite>,
    filter: &EventFilter,
    before: Option<PageCursor>,
    limit: u32,
) {
    query.push(" WHERE 1");
    if let Some(kind) = filter.kind {
        query.push(" AND c.kind = ").push_bind(kind.as_str());
    }
    if let Some(severity) = filter.severity {
        query.push(" AND c.severity = ").push_bind(severity.as_str());
    }
    match filter.phase {
        // Lets SQLite see that the partial index of open events serves.
        Some(phase) if phase.as_str() != "close" => {
            query.push(" AND c.phase <> 'close' AND c.phase = ").push_bind(phase.as_str());
        }
        Some(phase) => {
            query.push(" AND c.phase = ").push_bind(phase.as_str());
        }
        None => {}
    }
    if let Some(prefix) = &filter.cell_prefix {
        // ':' follows '9', so this is the range of all codes that begin with the prefix.
        query.push(" AND c.cell >= ").push_bind(prefix.clone());
        query.push(" AND c.cell < ").push_bind(format!("{prefix}:"));
    }
    if let Some(camera) = &filter.camera {
        query.push(" AND c.camera = ").push_bind(camera.to_string());
    }
    match filter.acknowledged {
        Some(true) => {
            query.push(" AND c.acknowledged = 1");
        }
        Some(false) => {
            query.push(" AND c.acknowledged = 0");
        }
        None => {}
    }
    if let Some(PageCursor { opened_at, id }) = before {
        query.push(" AND (c.opened_at, c.id) < (").push_bind(opened_at.as_millisecond());
        query.push(", ").push_bind(id.to_string()).push(")");
    }
    query.push(" ORDER BY c.opened_at DESC, c.id DESC LIMIT ").push_bind(i64::from(limit));
}

#[derive(FromRow)]
pub(super) struct RevisionRow {
    rev: i64,
    phase: String,
    unobserved: bool,
    severity: String,
    at: i64,
    received_at: i64,
    dwell_s: f64,
}

impl TryFrom<RevisionRow> for Revision {
    type Error = StoreError;
    fn try_from(row: RevisionRow) -> Result<Self, StoreError> {
        let phase = if row.unobserved && row.phase != "close" { "unobserved".to_owned() } else { row.phase };
        Ok(Self {
            rev: u32::try_from(row.rev).map_err(|error| corrupt("events", &error))?,
            phase,
            severity: row.severity,
            at: time("events", row.at)?,
            received_at: time("events", row.received_at)?,
            dwell_s: row.dwell_s,
        })
    }
}

#[derive(FromRow)]
pub(super) struct CameraRow {
    edge: String,
    camera: String,
    name: String,
    state: String,
    reason: Option<String>,
    since: i64,
    message: String,
    edge_offline_since: Option<i64>,
}

impl TryFrom<CameraRow> for StoredCamera {
    type Error = StoreError;
    fn try_from(row: CameraRow) -> Result<Self, StoreError> {
        use CameraCondition::{Connecting, Ended, Live, Offline};
        let wrong = |error| corrupt("cameras", &error);
        let CameraStateMessage { reason_code, gate, troubles, not_kept, not_kept_code, .. } =
            CameraStateMessage::from_json(row.message.as_bytes())
                .map_err(|error| corrupt("cameras", &error))?;
        let state = [Connecting, Live, Offline, Ended].into_iter().find(|state| state.as_str() == row.state);
        Ok(Self {
            edge: row.edge.parse().map_err(wrong)?,
            camera: row.camera.parse().map_err(wrong)?,
            name: row.name,
            state: state.ok_or_else(|| corrupt("cameras", &row.state))?,
            reason: row.reason,
            reason_code,
            since: time("cameras", row.since)?,
            gate,
            troubles,
            not_kept,
            not_kept_code,
            edge_offline_since: row.edge_offline_since.map(|at| time("edges", at)).transpose()?,
        })
    }
}

#[derive(FromRow)]
pub(super) struct EdgeRow {
    edge: String,
    online: bool,
    since: i64,
    problem: Option<String>,
}

impl TryFrom<EdgeRow> for StoredEdge {
    type Error = StoreError;
    fn try_from(row: EdgeRow) -> Result<Self, StoreError> {
        Ok(Self {
            edge: row.edge.parse().map_err(|error| corrupt("edges", &error))?,
            online: row.online,
            since: time("edges", row.since)?,
            problem: row.problem,
        })
    }
}
