//! Why a request is refused: RFC 9457 problem details.

use std::{fmt::Display, path::Path};

use axum::{
    Json,
    extract::rejection::JsonRejection,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use gridwatch_config::{Problem, Problems};
use serde::Serialize;

/// Problem details, as `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Refusal {
    /// Stable name of the kind of problem, such as `urn:gridwatch:problem:not-found`.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in words.
    title: &'static str,
    /// HTTP status.
    status: u16,
    /// What was found, and what to do.
    detail: String,
    /// Everything that is wrong, each at its key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<Wrong>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Wrong {
    /// Where: of the body, or of the file where it is elsewhere. Empty for the whole.
    key: String,
    /// What was found, and what is allowed.
    message: String,
}

impl From<Problem> for Wrong {
    fn from(Problem { key, message }: Problem) -> Self {
        Self { key, message }
    }
}

impl Refusal {
    pub(crate) fn new(
        status: StatusCode,
        name: &str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            kind: format!("urn:gridwatch:problem:{name}"),
            title,
            status: status.as_u16(),
            detail: detail.into(),
            problems: Vec::new(),
        }
    }

    pub(super) fn not_authorised(was_given: bool) -> Self {
        let detail = if was_given {
            "the token is wrong; it is in the file that edge.api_token_file names"
        } else {
            "expected the header Authorization: Bearer TOKEN"
        };
        Self::new(StatusCode::UNAUTHORIZED, "not-authorised", "Not authorised", detail)
    }

    pub(super) fn no_such_address() -> Self {
        let detail = "there is nothing at this address; see docs/edge-api.md";
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail)
    }

    pub(super) fn no_such_camera(id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", format!("there is no camera {id:?}"))
    }

    pub(super) fn method_not_allowed() -> Self {
        let detail = "this address does not take that method";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed", detail)
    }

    pub(super) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", "Bad request", detail)
    }

    pub(super) fn untagged() -> Self {
        let detail = "expected the header If-Match with the ETag of the camera as it was read, so that nobody's change is overwritten";
        Self::new(StatusCode::PRECONDITION_REQUIRED, "untagged", "Precondition required", detail)
    }

    pub(super) fn has_changed() -> Self {
        let detail = "the camera is not as it was when it was read; read it again";
        Self::new(StatusCode::PRECONDITION_FAILED, "has-changed", "Precondition failed", detail)
    }

    /// What was asked for cannot be used; `problems` have the keys of the body.
    pub(super) fn invalid(problems: impl IntoIterator<Item = Problem>) -> Self {
        let detail = "with this the configuration could not be used; nothing was changed";
        let problems = problems.into_iter().map(Wrong::from).collect();
        Self { problems, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Cannot be used", detail) }
    }

    /// The file is written in a way that cannot be edited here.
    pub(super) fn not_editable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "not-editable", "Cannot be edited", detail)
    }

    /// The file has something wrong in it, as it lies there.
    pub(crate) fn file_has_problems(problems: &Problems) -> Self {
        let detail = "the configuration file has something wrong in it already; mend that first";
        let problems = problems.iter().cloned().map(Wrong::from).collect();
        Self { problems, ..Self::new(StatusCode::CONFLICT, "file", "The file cannot be used", detail) }
    }

    /// The file cannot be read.
    pub(crate) fn unreadable(problem: String) -> Self {
        Self::new(StatusCode::CONFLICT, "file", "The file cannot be used", problem)
    }

    /// The file cannot be written.
    pub(crate) fn unwritable(path: &Path, error: &std::io::Error) -> Self {
        let detail = format!(
            "{} cannot be replaced: {error}; its folder must be writable for the user that gridwatch runs as",
            path.display()
        );
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "unwritable", "The file cannot be written", detail)
    }

    /// Something that should not happen.
    pub(crate) fn failed(error: impl Display) -> Self {
        let detail = error.to_string();
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", "Failed", detail)
    }

    pub(super) fn busy() -> Self {
        let detail = "other changes are under way; try again in a moment";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Busy", detail)
    }

    pub(super) fn ending() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "ending",
            "Ending",
            "the box is being stopped, or not up yet",
        )
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<JsonRejection> for Refusal {
    fn from(rejection: JsonRejection) -> Self {
        let detail = rejection.body_text();
        match rejection.status() {
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", "Unsupported media type", detail)
            }
            StatusCode::PAYLOAD_TOO_LARGE => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large", detail)
            }
            _ => Self::bad_request(detail),
        }
    }
}
