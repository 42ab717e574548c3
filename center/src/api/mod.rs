//! HTTP: the API under `/api/v1`, `/metrics`, `/healthz`, and the pages.
//!
//! There are no users yet: whoever reaches the address reads everything and acknowledges in any name. So it listens
//! on loopback by default, and anything wider belongs behind a proxy that knows its users. Errors are RFC 9457 problem
//! details; unknown parameters are refused; changes are taken from the center's own pages only.
//! Knows nothing of MQTT or SQL.

mod edges;
mod events;
mod pages;
mod places;
mod problem;
mod query;
mod status;
mod stream;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, FromRequestParts},
    http::{HeaderName, HeaderValue, header, request::Parts},
    response::IntoResponse,
    routing::get,
};
use gridwatch_domain::GridTree;
use gridwatch_runtime::{Metrics, SharedClock, Shutdown};
use tokio::sync::Semaphore;
use tower_http::{csrf::CsrfLayer, set_header::SetResponseHeaderLayer};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{edges::EdgeBoxes, health::Health, live::Live, metrics::CenterMetrics, store::Store};

pub(crate) use problem::Problem;

/// Largest body of a request: names are short.
const BODY_BYTES: usize = 4096;

/// Headers of every answer. Everything a page needs comes from the center itself.
const SECURITY_HEADERS: [(HeaderName, &str); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; \
         img-src 'self' blob:; media-src 'self' blob:",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// What requests need. Clone freely.
#[derive(Clone)]
pub(crate) struct ApiState {
    store: Store,
    live: Live,
    grid: Arc<GridTree>,
    clock: SharedClock,
    registry: Metrics,
    metrics: CenterMetrics,
    health: Health,
    shutdown: Shutdown,
    version: String,
    streams: Arc<Semaphore>,
    edges: EdgeBoxes,
    tunnels: Arc<Semaphore>,
}

/// The parts an API is made of.
pub(crate) struct ApiParts {
    pub store: Store,
    pub live: Live,
    pub grid: Arc<GridTree>,
    pub clock: SharedClock,
    pub registry: Metrics,
    pub metrics: CenterMetrics,
    pub health: Health,
    /// Ends the live streams.
    pub shutdown: Shutdown,
    pub version: String,
    pub edges: EdgeBoxes,
}

#[derive(OpenApi)]
#[openapi(info(
    title = "gridwatch center",
    description = "Alerts of a neighbourhood's cameras. Times are RFC 3339 in UTC with milliseconds.",
    license(name = "Apache-2.0", identifier = "Apache-2.0"),
))]
struct Description;

/// Everything that is served.
pub(crate) fn router(parts: ApiParts) -> Router {
    let ApiParts { store, live, grid, clock, registry, metrics, health, shutdown, version, edges } = parts;
    let streams = Arc::new(Semaphore::new(stream::MOST_STREAMS));
    let tunnels = Arc::new(Semaphore::new(edges::MOST_LIVE));
    let state = ApiState {
        store,
        live,
        grid,
        clock,
        registry,
        metrics,
        health,
        shutdown,
        version,
        streams,
        edges,
        tunnels,
    };
    let (router, description) = described_router();
    let description = Arc::new(description);
    let mut router = router
        .route("/api/v1/openapi.json", get(async move || Json(description.as_ref().clone())))
        .fallback(pages::serve)
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(CsrfLayer::new().with_rejection_response(|_| Problem::cross_origin().into_response()));
    for (name, value) in SECURITY_HEADERS {
        router = router.layer(SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value)));
    }
    router.with_state(state)
}

fn described_router() -> (Router<ApiState>, utoipa::openapi::OpenApi) {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(events::list))
        .routes(routes!(events::one))
        .routes(routes!(events::snapshot))
        .routes(routes!(events::acknowledge))
        .routes(routes!(stream::live))
        .routes(routes!(places::cameras))
        .routes(routes!(places::cells))
        .routes(routes!(places::summary))
        .routes(routes!(edges::live))
        .routes(routes!(edges::picture))
        .routes(routes!(edges::evidence))
        .routes(routes!(edges::file))
        .routes(routes!(status::metrics))
        .routes(routes!(status::healthz))
        .split_for_parts()
}

/// Refuses any query parameter.
pub(crate) struct NoQuery;

impl<S: Send + Sync> FromRequestParts<S> for NoQuery {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.uri.query() {
            None | Some("") => Ok(Self),
            Some(query) => Err(Problem::bad_request(format!("{query:?}: this address takes no parameters"))),
        }
    }
}
