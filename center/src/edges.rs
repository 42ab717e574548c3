//! The edge boxes that the center reaches over HTTP: for live pictures, clips, and whatever else stays on the box until somebody asks.
//!
//! One connection a question, so that a box that hangs holds up nobody else. Boxes are named in the configuration, with their tokens; of
//! all others the center knows only what they publish.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header},
};
use gridwatch_domain::EdgeId;
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};

/// Longest time for a box to take the connection, and to begin its answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What of a browser's question goes on to the box.
const PASSED_ON: [HeaderName; 3] = [header::RANGE, header::IF_RANGE, header::IF_NONE_MATCH];
/// The same, where the connection is to become a WebSocket.
const PASSED_ON_TO_UPGRADE: [HeaderName; 5] = [
    header::CONNECTION,
    header::UPGRADE,
    header::SEC_WEBSOCKET_KEY,
    header::SEC_WEBSOCKET_VERSION,
    header::SEC_WEBSOCKET_PROTOCOL,
];

/// What of a box's answer goes on to the browser.
const PASSED_BACK: [HeaderName; 8] = [
    HeaderName::from_static("x-taken-at"),
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::ACCEPT_RANGES,
    header::CACHE_CONTROL,
    header::ETAG,
    header::LAST_MODIFIED,
];
/// The same, where the connection has become a WebSocket.
const PASSED_BACK_UPGRADED: [HeaderName; 3] =
    [header::CONNECTION, header::UPGRADE, header::SEC_WEBSOCKET_ACCEPT];

/// How a box is reached.
#[derive(Clone, PartialEq, Eq)]
pub struct EdgeAddress {
    /// Host and port.
    pub authority: String,
    /// What the box wants to hear.
    pub token: String,
}

impl fmt::Debug for EdgeAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EdgeAddress({}, token ***)", self.authority)
    }
}

/// Why a box gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AskError {
    /// The configuration does not name it.
    #[error(
        "no address is known of the box {edge}: name it in the center's configuration, [[edge]] with id, url and token_file"
    )]
    Unknown {
        /// The box.
        edge: EdgeId,
    },
    /// It does not answer.
    #[error(
        "the box {edge} does not answer at {authority} ({detail}): check that it runs, its edge.api_listen, and the network between"
    )]
    Silent {
        /// The box.
        edge: EdgeId,
        /// Where.
        authority: String,
        /// What happened.
        detail: String,
    },
    /// It refuses the token.
    #[error(
        "the box {edge} refuses the token of the center's configuration: it must be that of the box, edge.api_token_file"
    )]
    Refused {
        /// The box.
        edge: EdgeId,
    },
}

/// All boxes that can be asked. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct EdgeBoxes(Arc<BTreeMap<EdgeId, EdgeAddress>>);

impl EdgeBoxes {
    pub(crate) fn new(boxes: BTreeMap<EdgeId, EdgeAddress>) -> Self {
        Self(Arc::new(boxes))
    }

    /// Asks a box. `asked`: headers of the browser's question, of which those that matter go on.
    pub(crate) async fn ask(
        &self,
        edge: &EdgeId,
        path_and_query: &str,
        asked: &HeaderMap,
    ) -> Result<Response<Incoming>, AskError> {
        self.put_to(edge, path_and_query, asked, &PASSED_ON).await
    }

    /// The same, for a connection that is to become a WebSocket.
    pub(crate) async fn ask_to_upgrade(
        &self,
        edge: &EdgeId,
        path_and_query: &str,
        asked: &HeaderMap,
    ) -> Result<Response<Incoming>, AskError> {
        self.put_to(edge, path_and_query, asked, &PASSED_ON_TO_UPGRADE).await
    }

    async fn put_to(
        &self,
        edge: &EdgeId,
        path_and_query: &str,
        asked: &HeaderMap,
        passed_on: &[HeaderName],
    ) -> Result<Response<Incoming>, AskError> {
        let address = self.0.get(edge).ok_or_else(|| AskError::Unknown { edge: edge.clone() })?;
        let silent = |detail: String| {
            let authority = address.authority.clone();
            AskError::Silent { edge: edge.clone(), authority, detail }
        };
        let asking = async {
            let stream =
                TcpStream::connect(&address.authority).await.map_err(|error| silent(error.to_string()))?;
            let failed = |error: hyper::Error| silent(error.to_string());
            let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
            // Ends with the answer, or with what comes after it.
            tokio::spawn(connection.with_upgrades());
            let question = question(address, path_and_query, asked, passed_on)
                .map_err(|error| silent(error.to_string()))?;
            sender.send_request(question).await.map_err(failed)
        };
        let answer = timeout(PATIENCE, asking).await;
        let answer = answer.map_err(|_| silent(format!("nothing for {} s", PATIENCE.as_secs())))??;
        if answer.status() == axum::http::StatusCode::UNAUTHORIZED {
            return Err(AskError::Refused { edge: edge.clone() });
        }
        Ok(answer)
    }
}

fn question(
    address: &EdgeAddress,
    path_and_query: &str,
    asked: &HeaderMap,
    passed_on: &[HeaderName],
) -> Result<Request<Body>, axum::http::Error> {
    let mut token = HeaderValue::try_from(format!("Bearer {}", address.token))?;
    token.set_sensitive(true);
    let mut question = Request::get(path_and_query)
        .header(header::HOST, &address.authority)
        .header(header::AUTHORIZATION, token)
        .body(Body::empty())?;
    copy(asked, question.headers_mut(), passed_on);
    Ok(question)
}

/// What of the answer of a box whose connection has become a WebSocket is for the browser.
pub(crate) fn passed_back_upgraded(answer: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    copy(answer, &mut headers, &PASSED_BACK_UPGRADED);
    headers
}

/// What of a box's answer is for the browser.
pub(crate) fn passed_back(answer: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    copy(answer, &mut headers, &PASSED_BACK);
    headers
}

fn copy(from: &HeaderMap, to: &mut HeaderMap, names: &[HeaderName]) {
    for name in names {
        if let Some(value) = from.get(name) {
            to.insert(name, value.clone());
        }
    }
}
