//! Evidence on the box: what there is of an event, and the files themselves.

use axum::{
    Json,
    extract::{Path, Query, Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use gridwatch_alert::Kept;
use gridwatch_domain::{EventId, Sha256Hex, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;
use tower::ServiceExt as _;
use tower_http::services::ServeFile;

use super::{Unseen, Viewing, camera};

/// A file, as the API tells it.
#[derive(Debug, Serialize)]
struct Item {
    #[serde(flatten)]
    kept: Kept,
    mime: &'static str,
}

#[derive(Debug, Serialize)]
struct Items {
    items: Vec<Item>,
}

impl Items {
    fn new(kept: Vec<Kept>) -> Json<Self> {
        let items = kept.into_iter().map(|kept| Item { mime: kept.media.mime(), kept }).collect();
        Json(Self { items })
    }
}

pub(super) async fn of_event(
    State(viewing): State<Viewing>,
    Path(id): Path<String>,
) -> Result<Response, Unseen> {
    let event = event(&id)?;
    let found = spawn_blocking(move || viewing.archive.of_event(event)).await.map_err(Unseen::unavailable)?;
    Ok(Items::new(found).into_response())
}

/// Which recordings are asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Span {
    from: Timestamp,
    until: Timestamp,
}

pub(super) async fn recordings(
    State(viewing): State<Viewing>,
    Path(id): Path<String>,
    span: Result<Query<Span>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Unseen> {
    let camera = camera(&id)?;
    let Query(Span { from, until }) = span.map_err(|error| {
        Unseen::bad_request(format!("expected from=TIME&until=TIME in RFC 3339: {}", error.body_text()))
    })?;
    let found = spawn_blocking(move || viewing.archive.recordings(&camera, from, until)).await;
    Ok(Items::new(found.map_err(Unseen::unavailable)?).into_response())
}

/// A file; a browser may ask for parts of it.
pub(super) async fn file(
    State(viewing): State<Viewing>,
    Path(sha256): Path<String>,
    request: Request,
) -> Result<Response, Unseen> {
    let sha256 = Sha256Hex::try_from(sha256).map_err(Unseen::bad_request)?;
    let found = spawn_blocking(move || viewing.archive.find(&sha256)).await.map_err(Unseen::unavailable)?;
    let (path, kept) = found.ok_or_else(gone)?;
    let served = ServeFile::new(path).oneshot(request).await.map_err(Unseen::unavailable)?;
    let mut response = served.into_response();
    match response.status() {
        StatusCode::OK | StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED => {}
        // It was removed in this moment.
        StatusCode::NOT_FOUND => return Err(gone()),
        _ => return Ok(response),
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kept.media.mime()));
    // Its name is its content: it never changes.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable"));
    Ok(response)
}

fn gone() -> Unseen {
    Unseen::not_found("no file of this name is kept on this box; it may have been removed with time")
}

pub(super) async fn is_protected(
    State(viewing): State<Viewing>,
    Path(id): Path<String>,
) -> Result<Response, Unseen> {
    let event = event(&id)?;
    let stays = spawn_blocking(move || viewing.archive.is_protected(event)).await;
    let stays = stays.map_err(Unseen::unavailable)?;
    Ok(Json(serde_json::json!({ "protected": stays })).into_response())
}

pub(super) async fn protect(viewing: State<Viewing>, id: Path<String>) -> Result<StatusCode, Unseen> {
    set_protected(viewing, id, true).await
}

pub(super) async fn release(viewing: State<Viewing>, id: Path<String>) -> Result<StatusCode, Unseen> {
    set_protected(viewing, id, false).await
}

async fn set_protected(
    State(viewing): State<Viewing>,
    Path(id): Path<String>,
    stays: bool,
) -> Result<StatusCode, Unseen> {
    let event = event(&id)?;
    let change = move || {
        let is_known = !stays || !viewing.archive.of_event(event).is_empty();
        is_known.then(|| viewing.archive.protect(event, stays))
    };
    let done = spawn_blocking(change).await.map_err(Unseen::unavailable)?;
    let done = done.ok_or_else(|| Unseen::not_found("no files of this event are kept on this box"))?;
    done.map_err(Unseen::unavailable)?;
    Ok(StatusCode::NO_CONTENT)
}

fn event(id: &str) -> Result<EventId, Unseen> {
    id.parse().map_err(Unseen::bad_request)
}
