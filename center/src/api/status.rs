//! How the center is, for monitoring.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use gridwatch_runtime::Chain;
use serde::Serialize;
use utoipa::ToSchema;

use super::ApiState;

/// How the center is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HealthView {
    /// `ok` or `failing`.
    status: &'static str,
    /// The center's version.
    version: String,
    /// What is wrong.
    problems: Vec<HealthProblem>,
}

/// Something wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HealthProblem {
    /// `store` or `broker`.
    part: &'static str,
    /// What is wrong with it.
    problem: String,
}

/// Whether alerts can come in and be stored.
#[utoipa::path(get, path = "/healthz", tag = "status", responses(
    (status = 200, body = HealthView),
    (status = 503, body = HealthView, description = "the store or the broker fails"),
))]
pub(super) async fn healthz(State(state): State<ApiState>) -> Response {
    let mut problems = state.health.problems();
    if problems.iter().all(|(part, _)| *part != "store")
        && let Err(error) = state.store.check().await
    {
        problems.push(("store", Chain(&error).to_string()));
    }
    let (code, status) = if problems.is_empty() {
        (StatusCode::OK, "ok")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "failing")
    };
    let problems = problems.into_iter().map(|(part, problem)| HealthProblem { part, problem }).collect();
    let view = HealthView { status, version: state.version.clone(), problems };
    (code, [(header::CACHE_CONTROL, "no-store")], Json(view)).into_response()
}

/// All metrics of the process in the Prometheus text format.
#[utoipa::path(get, path = "/metrics", tag = "status", responses((status = 200, content_type = "text/plain", body = String)))]
pub(super) async fn metrics(State(state): State<ApiState>) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, state.registry.render()).into_response()
}
