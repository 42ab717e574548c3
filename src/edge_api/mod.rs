//! The API of an edge box: cameras and zones listed, changed and removed while everything runs.
//!
//! Requests become [`Order`]s, which the box carries out one after the other: the file is edited (comments and order stay), checked as a whole, replaced in
//! one step, put in force, and only then the request is answered; 202 says that detection is held up, and it will be in force later. Callers prove themselves with a token; passwords of cameras go in and never come
//! out. Errors are RFC 9457 problems with the key of everything that is wrong. See docs/edge-api.md.

mod document;
mod openapi;
mod order;
mod refusal;
mod secrets;
mod token;
mod write;

use crate::viewing::{self, Viewing};
use anyhow::Context as _;
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Path, State, rejection::JsonRejection},
    http::{HeaderMap, StatusCode},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, put},
};
use gridwatch_config::ApiSettings;
use gridwatch_runtime::Shutdown;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tracing::info;

pub(crate) use self::{
    document::Document, order::Answer, order::Order, refusal::Refusal, write::replace_file,
};
use self::{
    order::{Conditions, Request},
    token::Token,
};

/// Orders that may wait: callers of this API are people and their scripts.
const ORDERS_LIMIT: usize = 8;
/// Largest body: a camera with a thousand zones.
const LARGEST_BODY: usize = 1 << 20;

/// Listens, where the settings say so, until shutdown. Returns once the address is taken.
pub(crate) async fn start(
    settings: Option<ApiSettings>,
    viewing: Viewing,
    shutdown: Shutdown,
) -> anyhow::Result<mpsc::Receiver<Order>> {
    let (orders_tx, orders_rx) = mpsc::channel(ORDERS_LIMIT);
    let Some(ApiSettings { listen, token }) = settings else { return Ok(orders_rx) };
    let listener = tokio::net::TcpListener::bind(listen)
        .await
        .with_context(|| format!("edge.api_listen: listen on {listen}"))?;
    info!(%listen, "cameras can be changed over HTTP");
    let router = router(orders_tx, viewing, Token::new(token));
    let server = axum::serve(listener, router).with_graceful_shutdown(shutdown.cancelled_owned());
    tokio::spawn(async move { server.await });
    Ok(orders_rx)
}

fn router(orders: mpsc::Sender<Order>, viewing: Viewing, token: Token) -> Router {
    Router::new()
        .route("/api/v1/cameras", get(list))
        .route("/api/v1/cameras/{id}", get(read).put(replace).delete(remove))
        .route("/api/v1/cameras/{id}/zones", put(replace_zones))
        .route("/api/v1/openapi.json", get(async || Json(openapi::document())))
        .with_state(orders)
        .merge(viewing::router(viewing))
        .fallback(async || Refusal::no_such_address())
        .method_not_allowed_fallback(async || Refusal::method_not_allowed())
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(middleware::from_fn_with_state(token, token::require))
}

type Orders = State<mpsc::Sender<Order>>;
type Body = Result<Json<Value>, JsonRejection>;

async fn list(orders: Orders) -> Result<Response, Refusal> {
    ask(&orders, Request::List, Conditions::default()).await
}

async fn read(orders: Orders, Path(id): Path<String>) -> Result<Response, Refusal> {
    ask(&orders, Request::Read { id }, Conditions::default()).await
}

async fn replace(
    orders: Orders,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let Json(camera) = body?;
    ask(&orders, Request::Replace { id, camera }, Conditions::of(&headers)?).await
}

async fn remove(orders: Orders, Path(id): Path<String>, headers: HeaderMap) -> Result<Response, Refusal> {
    ask(&orders, Request::Remove { id }, Conditions::of(&headers)?).await
}

async fn replace_zones(
    orders: Orders,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let Json(zones) = body?;
    ask(&orders, Request::ReplaceZones { id, zones }, Conditions::of(&headers)?).await
}

async fn ask(
    orders: &mpsc::Sender<Order>,
    request: Request,
    conditions: Conditions,
) -> Result<Response, Refusal> {
    let (reply_tx, reply_rx) = oneshot::channel();
    let order = Order::new(request, conditions, reply_tx);
    let ending = |_| Refusal::ending();
    orders.try_send(order).map_err(|error| match error {
        mpsc::error::TrySendError::Full(_) => Refusal::busy(),
        mpsc::error::TrySendError::Closed(_) => Refusal::ending(),
    })?;
    Ok(reply_rx.await.map_err(ending)??.into_response())
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        use axum::http::header;
        let no_store = (header::CACHE_CONTROL, "no-store".to_owned());
        match self {
            Self::Read { body, tag } => ([(header::ETAG, tag), no_store], Json(body)).into_response(),
            Self::Created { body, tag } => {
                (StatusCode::CREATED, [(header::ETAG, tag), no_store], Json(body)).into_response()
            }
            Self::Removed => (StatusCode::NO_CONTENT, [no_store]).into_response(),
            Self::Later(answer) => (StatusCode::ACCEPTED, answer.into_response()).into_response(),
        }
    }
}
