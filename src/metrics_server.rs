//! `/metrics` and `/healthz` of an edge box.

use std::net::SocketAddr;

use anyhow::Context as _;
use axum::{Router, http::header, routing::get};
use gridwatch_runtime::{Metrics, Shutdown};

/// Serves until shutdown. Returns once the address is taken, so that one in use is told at start.
pub(crate) async fn start(listen: SocketAddr, metrics: Metrics, shutdown: Shutdown) -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind(listen)
        .await
        .with_context(|| format!("edge.metrics_listen: listen on {listen}"))?;
    let text = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    let router = Router::new()
        .route("/metrics", get(async move || (text, metrics.render())))
        .route("/healthz", get(async || "ok"));
    let server = axum::serve(listener, router).with_graceful_shutdown(shutdown.cancelled_owned());
    tokio::spawn(async move { server.await });
    Ok(())
}
