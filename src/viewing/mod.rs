//! What an edge box shows of its cameras to whoever watches: the live picture, stills, evidence, and who came close to parked vehicles.
//!
//! Everything is taken from what the box has anyway, so that a camera that nobody watches costs nothing. Served beside the API of the
//! box, to callers that know its token; people see it by way of the center.

mod evidence;
mod live;
mod near_passes;
pub(crate) mod openapi;
mod picture;

use std::sync::Arc;

use axum::{
    Router,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use gridwatch_alert::{Archive, PassReader};
use gridwatch_domain::CameraId;
use gridwatch_ingest::{Reels, Stills};
use gridwatch_runtime::{SharedClock, Shutdown};
use tokio::sync::Semaphore;

use crate::edge_api::Refusal;

/// Live pictures that are sent at the same time: more would fill the line of a box.
const MOST_LIVE: usize = 64;
/// Questions about near passes that are answered at the same time.
const MOST_QUESTIONS: usize = 2;

/// What there is to be seen. Clones share it.
#[derive(Clone)]
pub(crate) struct Viewing {
    pub(crate) reels: Reels,
    pub(crate) stills: Stills,
    pub(crate) archive: Archive,
    pub(crate) passes: PassReader,
    /// Tells what is old.
    pub(crate) clock: SharedClock,
    /// Ends what is being watched.
    pub(crate) shutdown: Shutdown,
    live: Arc<Semaphore>,
    questions: Arc<Semaphore>,
    pictures: picture::Pictures,
}

impl Viewing {
    pub(crate) fn new(
        reels: Reels,
        stills: Stills,
        archive: Archive,
        passes: PassReader,
        clock: SharedClock,
        shutdown: Shutdown,
    ) -> Self {
        let live = Arc::new(Semaphore::new(MOST_LIVE));
        let questions = Arc::new(Semaphore::new(MOST_QUESTIONS));
        let pictures = picture::Pictures::default();
        Self { reels, stills, archive, passes, clock, shutdown, live, questions, pictures }
    }
}

/// Everything that can be seen.
pub(crate) fn router(viewing: Viewing) -> Router {
    Router::new()
        .route("/api/v1/cameras/{id}/live", get(live::watch))
        .route("/api/v1/cameras/{id}/picture.jpg", get(picture::newest))
        .route("/api/v1/cameras/{id}/recordings", get(evidence::recordings))
        .route("/api/v1/cameras/{id}/near-passes", get(near_passes::of_camera))
        .route("/api/v1/events/{id}/evidence", get(evidence::of_event))
        .route(
            "/api/v1/events/{id}/protected",
            get(evidence::is_protected).put(evidence::protect).delete(evidence::release),
        )
        .route("/api/v1/evidence/{sha256}", get(evidence::file))
        .with_state(viewing)
}

/// Why there is nothing to be seen: RFC 9457 problem details.
#[derive(Debug)]
pub(crate) struct Unseen {
    status: StatusCode,
    name: &'static str,
    title: &'static str,
    detail: String,
}

impl Unseen {
    fn not_found(detail: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, name: "not-found", title: "Not found", detail: detail.into() }
    }

    fn bad_request(detail: impl std::fmt::Display) -> Self {
        let detail = detail.to_string();
        Self { status: StatusCode::BAD_REQUEST, name: "bad-request", title: "Bad request", detail }
    }

    fn unavailable(detail: impl std::fmt::Display) -> Self {
        let (status, detail) = (StatusCode::SERVICE_UNAVAILABLE, detail.to_string());
        Self { status, name: "unavailable", title: "Not available at present", detail }
    }
}

impl IntoResponse for Unseen {
    fn into_response(self) -> Response {
        let Self { status, name, title, detail } = self;
        Refusal::new(status, name, title, detail).into_response()
    }
}

/// The camera that an address names.
fn camera(id: &str) -> Result<CameraId, Unseen> {
    CameraId::new(id).map_err(Unseen::bad_request)
}
