//! Events: the list, one with its history, its picture, its acknowledgement.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::*},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use gridwatch_domain::{EventId, Sha256Hex};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    ApiState, Problem,
    query::{EventListing, EventQuery, write_cursor},
};
use crate::view::{EventDetail, EventList, EventView};

/// Longest name of somebody who acknowledges, in characters.
const LONGEST_NAME: usize = 64;

/// The events that match, newest first.
#[utoipa::path(get, path = "/api/v1/events", tag = "events", params(EventQuery), responses(
    (status = 200, body = EventList),
    (status = 400, body = Problem, content_type = "application/problem+json", description = "a parameter is unknown or out of range"),
))]
pub(super) async fn list(
    State(state): State<ApiState>,
    query: Result<Query<EventQuery>, QueryRejection>,
) -> Result<Json<EventList>, Problem> {
    let EventListing { filter, before, limit } = query?.0.try_into()?;
    let page = state.store.events(&filter, before, limit).await?;
    let items = page.items.into_iter().map(|event| EventView::new(event, &state.grid)).collect();
    Ok(Json(EventList { items, next: page.next.map(write_cursor) }))
}

/// One event with its history.
#[utoipa::path(get, path = "/api/v1/events/{id}", tag = "events", params(("id" = String, Path)), responses(
    (status = 200, body = EventDetail),
    (status = 404, body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn one(
    State(state): State<ApiState>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<EventDetail>, Problem> {
    let id = event_id(&id?.0)?;
    let event = state.store.event(id).await?.ok_or_else(|| no_event(id))?;
    let history = state.store.history(id).await?.into_iter().map(Into::into).collect();
    Ok(Json(EventDetail { event: EventView::new(event, &state.grid), history }))
}

/// Which picture.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SnapshotQuery {
    /// SHA-256 of the picture wanted. Default: the one that the event shows at present.
    sha256: Option<String>,
}

/// The event's picture. With `sha256` it never changes and may be cached for ever.
#[utoipa::path(get, path = "/api/v1/events/{id}/snapshot", tag = "events", params(("id" = String, Path), SnapshotQuery), responses(
    (status = 200, content_type = "image/jpeg", body = Vec<u8>),
    (status = 304, description = "the caller has it already"),
    (status = 404, body = Problem, content_type = "application/problem+json", description = "no such event, or the picture has not arrived yet"),
))]
pub(super) async fn snapshot(
    State(state): State<ApiState>,
    id: Result<Path<String>, PathRejection>,
    query: Result<Query<SnapshotQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = event_id(&id?.0)?;
    let wanted: Option<Sha256Hex> = query?
        .0
        .sha256
        .map(|text| text.parse())
        .transpose()
        .map_err(|error: gridwatch_domain::DomainError| Problem::bad_request(error.to_string()))?;
    let found = state.store.snapshot(id, wanted.as_ref()).await?;
    let (sha256, jpeg) =
        found.ok_or_else(|| Problem::not_found(format!("no snapshot of event {id} has arrived")))?;
    let caching = if wanted.is_some() { "private, max-age=31536000, immutable" } else { "private, no-cache" };
    let etag = format!("\"{sha256}\"");
    let is_known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| names_etag(known, &etag));
    let caching = [(header::ETAG, etag), (header::CACHE_CONTROL, caching.to_owned())];
    if is_known {
        return Ok((StatusCode::NOT_MODIFIED, caching).into_response());
    }
    Ok((caching, [(header::CONTENT_TYPE, "image/jpeg")], jpeg).into_response())
}

/// Who acknowledges.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcknowledgeRequest {
    /// 1 to 64 characters after trimming, no control characters.
    #[schema(min_length = 1, max_length = 64)]
    by: String,
}

/// Notes that somebody has seen the event. The first one stands: doing it again changes nothing.
#[utoipa::path(post, path = "/api/v1/events/{id}/acknowledge", tag = "events", params(("id" = String, Path)),
    request_body = AcknowledgeRequest, responses(
    (status = 200, body = EventView),
    (status = 400, body = Problem, content_type = "application/problem+json", description = "no name, or none that is allowed"),
    (status = 403, body = Problem, content_type = "application/problem+json", description = "asked by another site's page"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 413, body = Problem, content_type = "application/problem+json"),
    (status = 415, body = Problem, content_type = "application/problem+json", description = "not application/json"),
))]
pub(super) async fn acknowledge(
    State(state): State<ApiState>,
    id: Result<Path<String>, PathRejection>,
    body: Result<Json<AcknowledgeRequest>, JsonRejection>,
) -> Result<Json<EventView>, Problem> {
    let by = name(&body?.0.by)?;
    let id = event_id(&id?.0)?;
    let event = state.store.acknowledge(id, &by, state.clock.now()).await?.ok_or_else(|| no_event(id))?;
    Ok(Json(EventView::new(event, &state.grid)))
}

fn name(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if (1..=LONGEST_NAME).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    Err(Problem::bad_request(format!(
        "by: expected 1 to {LONGEST_NAME} characters, none of them control characters"
    )))
}

fn event_id(text: &str) -> Result<EventId, Problem> {
    text.parse().map_err(|_| Problem::not_found(format!("no event {text:?}: ids are UUIDs")))
}

fn no_event(id: EventId) -> Problem {
    Problem::not_found(format!("no event {id}"))
}

/// Whether `If-None-Match` names this tag.
pub(super) fn names_etag(known: &HeaderValue, etag: &str) -> bool {
    let Ok(known) = known.to_str() else { return false };
    known.split(',').map(|tag| tag.trim().trim_start_matches("W/")).any(|tag| tag == etag || tag == "*")
}
