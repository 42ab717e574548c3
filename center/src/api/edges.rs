//! What stays on an edge box until somebody asks for it: the live picture, and evidence. The center passes it on.

use std::time::Duration;

use axum::{
    body::Body,
    extract::{Path, Request, State, rejection::PathRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use gridwatch_domain::{CameraId, EdgeId, EventId, Sha256Hex};
use gridwatch_runtime::Shutdown;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    sync::OwnedSemaphorePermit,
    time::timeout,
};
use tokio_stream::StreamExt as _;

use super::{ApiState, Problem};
use crate::edges::{AskError, passed_back, passed_back_upgraded};

/// Longest time in which a box sends nothing of what it has begun to send.
const SILENCE: Duration = Duration::from_secs(30);
/// Bytes: a picture of 4 Mbit/s has some 20 KB.
const CARRIED_AT_ONCE: usize = 64 << 10;
/// Live pictures that pass through the center at the same time: some hundred times 4 Mbit/s fill its line.
pub(super) const MOST_LIVE: usize = 128;

/// The live picture of a camera over WebSocket: a text message `{"mime": …}`, a binary one with the head of a fragmented MP4, and then one
/// for each picture. `{"error": …}` says why there is none.
#[utoipa::path(get, path = "/api/v1/edges/{edge}/cameras/{camera}/live", tag = "edges",
    params(("edge" = String, Path), ("camera" = String, Path)), responses(
    (status = 101, description = "the connection is a WebSocket from here on"),
    (status = 403, body = Problem, content_type = "application/problem+json", description = "asked by another site's page"),
    (status = 404, body = Problem, content_type = "application/problem+json", description = "no such box or camera, or none that sends what a browser plays"),
    (status = 502, body = Problem, content_type = "application/problem+json", description = "the box does not answer"),
    (status = 503, body = Problem, content_type = "application/problem+json", description = "too many watch"),
))]
pub(super) async fn live(
    State(state): State<ApiState>,
    path: Result<Path<(String, String)>, PathRejection>,
    mut request: Request,
) -> Result<Response, Problem> {
    let Path((edge, camera)) = path?;
    let (edge, camera) = (named::<EdgeId>(&edge)?, named::<CameraId>(&camera)?);
    // Browsers let any site's page open a WebSocket to anywhere.
    if !is_same_origin(request.headers()) {
        return Err(Problem::cross_origin());
    }
    let turn = state.tunnels.clone().try_acquire_owned();
    let turn = turn.map_err(|_| Problem::busy("too many live pictures are being watched; close some"))?;
    let path = format!("/api/v1/cameras/{camera}/live");
    let answer = state.edges.ask_to_upgrade(&edge, &path, request.headers()).await?;
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Ok(passed_on(answer));
    }
    let headers = passed_back_upgraded(answer.headers());
    let browser = hyper::upgrade::on(&mut request);
    tokio::spawn(tunnel(browser, answer, turn, state.shutdown.clone()));
    Ok((StatusCode::SWITCHING_PROTOCOLS, headers).into_response())
}

async fn tunnel(
    browser: hyper::upgrade::OnUpgrade,
    answer: axum::http::Response<hyper::body::Incoming>,
    turn: OwnedSemaphorePermit,
    shutdown: Shutdown,
) {
    let carrying = async {
        let (browser, edge) = tokio::try_join!(browser, hyper::upgrade::on(answer))?;
        let (mut from_browser, mut to_browser) = tokio::io::split(TokioIo::new(browser));
        let (mut from_edge, mut to_edge) = tokio::io::split(TokioIo::new(edge));
        // How it ends is of no interest: one of them has gone.
        tokio::select! {
            () = carry(&mut from_edge, &mut to_browser) => {}
            _ = tokio::io::copy(&mut from_browser, &mut to_edge) => {}
        }
        Ok::<_, hyper::Error>(())
    };
    tokio::select! {
        () = shutdown.cancelled() => {}
        carried = carrying => if let Err(error) = carried {
            tracing::debug!(%error, "a live picture did not begin");
        }
    }
    drop(turn);
}

/// Carries what a box sends. A box sends something every ten seconds: one that is silent for longer has lost its power, and nothing else tells.
async fn carry(from: &mut (impl AsyncRead + Unpin), to: &mut (impl AsyncWrite + Unpin)) {
    let mut buffer = vec![0; CARRIED_AT_ONCE];
    while let Ok(Ok(length)) = timeout(SILENCE, from.read(&mut buffer)).await {
        let is_over = length == 0;
        if is_over || !matches!(timeout(SILENCE, to.write_all(&buffer[..length])).await, Ok(Ok(()))) {
            return;
        }
    }
}

/// The picture of a camera as it is now.
#[utoipa::path(get, path = "/api/v1/edges/{edge}/cameras/{camera}/picture.jpg", tag = "edges",
    params(("edge" = String, Path), ("camera" = String, Path)), responses(
    (status = 200, content_type = "image/jpeg", body = Vec<u8>),
    (status = 404, body = Problem, content_type = "application/problem+json", description = "no such box"),
    (status = 502, body = Problem, content_type = "application/problem+json", description = "the box does not answer"),
    (status = 503, body = Problem, content_type = "application/problem+json", description = "no picture comes at present"),
))]
pub(super) async fn picture(
    State(state): State<ApiState>,
    path: Result<Path<(String, String)>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Path((edge, camera)) = path?;
    let camera = named::<CameraId>(&camera)?;
    pass(&state, &edge, &format!("/api/v1/cameras/{camera}/picture.jpg"), &headers).await
}

/// What an edge box keeps of an event: pictures with and without what is drawn into them, and clips.
#[utoipa::path(get, path = "/api/v1/edges/{edge}/events/{event}/evidence", tag = "edges",
    params(("edge" = String, Path), ("event" = String, Path)), responses(
    (status = 200, content_type = "application/json", description = "{\"items\": [{\"media\", \"mime\", \"sha256\", \"bytes\", \"from\", \"until\", …}]}"),
    (status = 404, body = Problem, content_type = "application/problem+json", description = "no such box"),
    (status = 502, body = Problem, content_type = "application/problem+json", description = "the box does not answer"),
))]
pub(super) async fn evidence(
    State(state): State<ApiState>,
    path: Result<Path<(String, String)>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Path((edge, event)) = path?;
    let event = named::<EventId>(&event)?;
    pass(&state, &edge, &format!("/api/v1/events/{event}/evidence"), &headers).await
}

/// A file of evidence, by its hash. Parts of it may be asked for.
#[utoipa::path(get, path = "/api/v1/edges/{edge}/evidence/{sha256}", tag = "edges",
    params(("edge" = String, Path), ("sha256" = String, Path)), responses(
    (status = 200, content_type = "application/octet-stream", body = Vec<u8>),
    (status = 206, description = "the part that was asked for"),
    (status = 404, body = Problem, content_type = "application/problem+json", description = "no such box, or no such file on it"),
    (status = 502, body = Problem, content_type = "application/problem+json", description = "the box does not answer"),
))]
pub(super) async fn file(
    State(state): State<ApiState>,
    path: Result<Path<(String, String)>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Path((edge, sha256)) = path?;
    let sha256 = named::<Sha256Hex>(&sha256)?;
    pass(&state, &edge, &format!("/api/v1/evidence/{sha256}"), &headers).await
}

async fn pass(state: &ApiState, edge: &str, path: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    let edge = named::<EdgeId>(edge)?;
    Ok(passed_on(state.edges.ask(&edge, path, headers).await?))
}

fn passed_on(answer: axum::http::Response<hyper::body::Incoming>) -> Response {
    let (status, headers) = (answer.status(), passed_back(answer.headers()));
    // A box that goes away in the middle of a file does not keep the request for ever.
    let parts = Body::new(answer.into_body()).into_data_stream().timeout(SILENCE);
    let parts = parts
        .map(|part| part.map_err(std::io::Error::other).and_then(|part| part.map_err(std::io::Error::other)));
    (status, headers, Body::from_stream(parts)).into_response()
}

fn named<T: std::str::FromStr<Err = gridwatch_domain::DomainError>>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|error: gridwatch_domain::DomainError| Problem::bad_request(error.to_string()))
}

fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text(header::ORIGIN) else { return true };
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    authority.is_some() && authority == text(header::HOST)
}

impl From<AskError> for Problem {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Unknown { .. } => Self::not_found(error.to_string()),
            AskError::Silent { .. } | AskError::Refused { .. } => Self::bad_gateway(error.to_string()),
        }
    }
}
