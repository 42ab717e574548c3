//! Edge boxes, cameras and their zones.

use gridwatch_domain::{
    CameraId, EdgeId, Timestamp,
    wire::{CameraStateMessage, EdgeStatusMessage, Message},
};
use sqlx::SqliteConnection;

use super::{note_change, run};
use crate::store::{ChangeSubject, StoreError, Verdict};

pub(super) async fn write_edge(
    tx: &mut SqliteConnection,
    edge: &EdgeId,
    status: &EdgeStatusMessage,
    received_at: Timestamp,
) -> Result<Verdict, StoreError> {
    let known: Option<(bool, i64)> = sqlx::query_as("SELECT online, at FROM edges WHERE edge = ?")
        .bind(edge.as_str())
        .fetch_optional(&mut *tx)
        .await
        .map_err(StoreError::Write)?;
    let at = status.at.as_millisecond();
    // A last will carries the time of its connection: that of an older connection than the present one says nothing.
    let is_stale = known.is_some_and(|(online, known_at)| online && !status.online && at < known_at);
    if is_stale {
        return Ok(Verdict::Duplicate);
    }
    // `since` stands while nothing but the problem or the version changes.
    let since = if status.online { at } else { received_at.as_millisecond() };
    let upsert = sqlx::query(
        "INSERT INTO edges (edge, online, version, at, since, problem) VALUES (?, ?, ?, ?, ?, ?) \
         ON CONFLICT (edge) DO UPDATE SET online = excluded.online, version = excluded.version, at = excluded.at, \
                 since = CASE WHEN edges.online = excluded.online AND edges.at = excluded.at THEN edges.since \
                              ELSE excluded.since END, \
                 problem = excluded.problem \
         WHERE (edges.online, edges.version, edges.at) <> (excluded.online, excluded.version, excluded.at) \
            OR edges.problem IS NOT excluded.problem",
    )
    .bind(edge.to_string())
    .bind(status.online)
    .bind(status.version.clone())
    .bind(at)
    .bind(since)
    .bind(status.problem.clone());
    if run(tx, upsert).await? == 0 {
        return Ok(Verdict::Duplicate);
    }
    if known.is_none_or(|(online, _)| online != status.online) {
        let cameras = sqlx::query(
            "INSERT INTO changes (kind, edge, id) SELECT 'camera', edge, camera FROM cameras WHERE edge = ?",
        );
        run(tx, cameras.bind(edge.to_string())).await?;
    }
    Ok(Verdict::Stored)
}

pub(super) async fn write_camera(
    tx: &mut SqliteConnection,
    edge: &EdgeId,
    state: &CameraStateMessage,
) -> Result<Verdict, StoreError> {
    let json = String::from_utf8_lossy(&state.to_json()).into_owned();
    let upsert = sqlx::query(
        "INSERT INTO cameras (edge, camera, name, cell, state, reason, since, message) VALUES (?, ?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT (edge, camera) DO UPDATE SET name = excluded.name, cell = excluded.cell, state = excluded.state, \
                 reason = excluded.reason, since = excluded.since, message = excluded.message \
         WHERE cameras.message <> excluded.message",
    )
    .bind(edge.to_string())
    .bind(state.camera.to_string())
    .bind(state.name.clone())
    .bind(state.cell.as_ref().map(ToString::to_string))
    .bind(state.state.as_str())
    .bind(state.reason.clone())
    .bind(state.since.as_millisecond())
    .bind(json);
    if run(tx, upsert).await? == 0 {
        return Ok(Verdict::Duplicate);
    }
    replace_zones(tx, edge, state).await?;
    house_events(tx, edge, &state.camera).await?;
    note_change(tx, &ChangeSubject::Camera(edge.clone(), state.camera.clone())).await?;
    Ok(Verdict::Stored)
}

/// Takes a camera and its zones out of the lists; its events stay.
pub(super) async fn remove_camera(
    tx: &mut SqliteConnection,
    edge: &EdgeId,
    camera: &CameraId,
) -> Result<Verdict, StoreError> {
    let zones = sqlx::query("DELETE FROM zones WHERE edge = ? AND camera = ?");
    run(tx, zones.bind(edge.to_string()).bind(camera.to_string())).await?;
    let row = sqlx::query("DELETE FROM cameras WHERE edge = ? AND camera = ?");
    if run(tx, row.bind(edge.to_string()).bind(camera.to_string())).await? == 0 {
        return Ok(Verdict::Duplicate);
    }
    note_change(tx, &ChangeSubject::Camera(edge.clone(), camera.clone())).await?;
    Ok(Verdict::Stored)
}

async fn replace_zones(
    tx: &mut SqliteConnection,
    edge: &EdgeId,
    state: &CameraStateMessage,
) -> Result<(), StoreError> {
    let delete = sqlx::query("DELETE FROM zones WHERE edge = ? AND camera = ?");
    run(tx, delete.bind(edge.to_string()).bind(state.camera.to_string())).await?;
    // Events are in zones, on lines and in groups of bays alike.
    let zones = state.zones.iter().map(|zone| (&zone.id, &zone.name, &zone.cell));
    let lines = state.lines.iter().map(|line| (&line.id, &line.name, &line.cell));
    let groups = state.groups.iter().map(|group| (&group.id, &group.name, &group.cell));
    for (id, name, cell) in zones.chain(lines).chain(groups) {
        let insert = sqlx::query(
            "INSERT INTO zones (edge, camera, zone, name, cell) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(edge.to_string())
        .bind(state.camera.to_string())
        .bind(id.to_string())
        .bind(name.clone())
        .bind(cell.as_ref().map(ToString::to_string));
        run(tx, insert).await?;
    }
    Ok(())
}

/// Gives a cell to events that came before their camera was known.
async fn house_events(tx: &mut SqliteConnection, edge: &EdgeId, camera: &CameraId) -> Result<(), StoreError> {
    let housed: Vec<String> = sqlx::query_scalar(
        "WITH home AS (SELECT e.id, COALESCE(z.cell, k.cell) AS cell \
                         FROM events_current e JOIN cameras k ON k.edge = e.edge AND k.camera = e.camera \
                         LEFT JOIN zones z ON z.edge = e.edge AND z.camera = e.camera AND z.zone = e.zone \
                        WHERE e.edge = ? AND e.camera = ? AND e.cell IS NULL) \
         UPDATE events_current SET cell = home.cell FROM home \
          WHERE home.id = events_current.id AND home.cell IS NOT NULL RETURNING events_current.id",
    )
    .bind(edge.as_str())
    .bind(camera.as_str())
    .fetch_all(&mut *tx)
    .await
    .map_err(StoreError::Write)?;
    for id in housed.iter().filter_map(|id| id.parse().ok()) {
        note_change(tx, &ChangeSubject::Event(id)).await?;
    }
    Ok(())
}
