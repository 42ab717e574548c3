//! What a caller asks for, and what becomes of it.

use axum::http::{HeaderMap, HeaderName, header};
use gridwatch_config::{Problem, Problems};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::{Document, Refusal, secrets};

/// What is asked for.
#[derive(Debug)]
pub(super) enum Request {
    List,
    Read { id: String },
    Replace { id: String, camera: Value },
    Remove { id: String },
    ReplaceZones { id: String, zones: Value },
}

/// Under which conditions a change is made: `If-Match`, `If-None-Match`.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    if_match: Option<String>,
    only_if_new: bool,
}

impl Conditions {
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let text = |name: HeaderName| match headers.get(&name).map(|value| value.to_str()) {
            None => Ok(None),
            Some(Ok(text)) => Ok(Some(text.trim().to_owned())),
            Some(Err(_)) => Err(Refusal::bad_request(format!("{name}: expected an ETag or *"))),
        };
        let only_if_new = match text(header::IF_NONE_MATCH)?.as_deref() {
            None => false,
            Some("*") => true,
            Some(_) => return Err(Refusal::bad_request("if-none-match: expected *")),
        };
        Ok(Self { if_match: text(header::IF_MATCH)?, only_if_new })
    }

    /// Whether a camera with this tag, or none, may be changed.
    fn allow(&self, tag: Option<&str>) -> Result<(), Refusal> {
        match (tag, self.if_match.as_deref()) {
            (Some(_), _) if self.only_if_new => Err(Refusal::has_changed()),
            (Some(_), None) => Err(Refusal::untagged()),
            (Some(_), Some("*")) => Ok(()),
            (Some(tag), Some(wanted)) if wanted.split(',').any(|one| one.trim() == tag) => Ok(()),
            (Some(_), Some(_)) | (None, Some(_)) => Err(Refusal::has_changed()),
            (None, None) => Ok(()),
        }
    }
}

/// What is answered.
#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    /// As it is.
    Read { body: Value, tag: String },
    /// It was not there before.
    Created { body: Value, tag: String },
    /// It is gone.
    Removed,
    /// The same, and it will be in force by itself once detection goes on, which waits for room in the outbox.
    Later(Box<Answer>),
}

/// A request on its way through the box.
pub(crate) struct Order {
    request: Request,
    conditions: Conditions,
    reply: oneshot::Sender<Result<Answer, Refusal>>,
}

impl Order {
    pub(super) fn new(
        request: Request,
        conditions: Conditions,
        reply: oneshot::Sender<Result<Answer, Refusal>>,
    ) -> Self {
        Self { request, conditions, reply }
    }

    /// Whether nothing is to be changed.
    pub(crate) fn only_reads(&self) -> bool {
        matches!(self.request, Request::List | Request::Read { .. })
    }

    /// The answer to a request that only reads.
    pub(crate) fn read(&self, document: &Document) -> Result<Answer, Refusal> {
        let id = match &self.request {
            Request::List => {
                let cameras: Vec<Value> =
                    document.cameras().map(|camera| Value::from(secrets::without(camera))).collect();
                return Ok(Answer::Read { body: json!({ "cameras": cameras }), tag: document.tag() });
            }
            Request::Read { id }
            | Request::Replace { id, .. }
            | Request::Remove { id }
            | Request::ReplaceZones { id, .. } => id,
        };
        let camera = document.camera(id).ok_or_else(|| Refusal::no_such_camera(id))?;
        let tag = document.tag_of(id).ok_or_else(|| Refusal::no_such_camera(id))?;
        Ok(Answer::Read { body: secrets::without(camera).into(), tag })
    }

    /// Makes the change in the document, and says what is to be answered once it is in force.
    pub(crate) fn change(&self, document: &mut Document) -> Result<Answer, Refusal> {
        match &self.request {
            Request::List | Request::Read { .. } => self.read(document),
            Request::Replace { id, camera } => {
                let before = document.tag_of(id);
                self.conditions.allow(before.as_deref())?;
                document.replace(id, self.completed(document, id, camera)?)?;
                match self.read(document)? {
                    Answer::Read { body, tag } if before.is_none() => Ok(Answer::Created { body, tag }),
                    answer => Ok(answer),
                }
            }
            Request::Remove { id } => {
                let tag = document.tag_of(id).ok_or_else(|| Refusal::no_such_camera(id))?;
                self.conditions.allow(Some(&tag))?;
                document.remove(id)?;
                Ok(Answer::Removed)
            }
            Request::ReplaceZones { id, zones } => {
                let tag = document.tag_of(id).ok_or_else(|| Refusal::no_such_camera(id))?;
                self.conditions.allow(Some(&tag))?;
                if !zones.is_array() {
                    return Err(Refusal::bad_request("expected an array of zones"));
                }
                let mut camera = document.camera(id).cloned().unwrap_or_default();
                camera.insert("zone".to_owned(), zones.clone());
                document.replace(id, camera)?;
                self.read(document)
            }
        }
    }

    /// The camera of the body with its id and the passwords that it does not name.
    fn completed(&self, document: &Document, id: &str, camera: &Value) -> Result<secrets::Camera, Refusal> {
        let mut camera =
            camera.as_object().cloned().ok_or_else(|| Refusal::bad_request("expected an object"))?;
        match camera.get("id") {
            None => drop(camera.insert("id".to_owned(), Value::from(id))),
            Some(named) if named == id => {}
            Some(_) => {
                let message = format!("expected {id:?}, as in the address, or nothing");
                return Err(Refusal::invalid([Problem::new("id", message)]));
            }
        }
        secrets::keep(document.camera(id), &mut camera).map_err(Refusal::invalid)?;
        Ok(camera)
    }

    /// What is wrong with the changed document, at the keys of the body.
    pub(crate) fn invalid(&self, document: &Document, problems: &Problems) -> Refusal {
        let (id, prefix) = match &self.request {
            Request::ReplaceZones { id, .. } => (id.as_str(), "zone"),
            Request::Replace { id, .. } => (id.as_str(), ""),
            _ => ("", ""),
        };
        let camera = document.index_of(id).map(|index| format!("camera[{index}]"));
        let of_body = |problem: &Problem| {
            let within = camera.as_ref().and_then(|camera| problem.key.strip_prefix(camera.as_str()));
            let within = within.map(|key| key.strip_prefix('.').unwrap_or(key));
            let key = within.map(|key| key.strip_prefix(prefix).unwrap_or(key));
            Problem::new(key.unwrap_or(&problem.key), &problem.message)
        };
        Refusal::invalid(problems.iter().map(of_body))
    }

    /// Answers it; a caller who is gone already has done without.
    pub(crate) fn answer(self, answer: Result<Answer, Refusal>) {
        if self.reply.send(answer).is_err() {
            tracing::debug!("a caller did not wait for the answer");
        }
    }
}
