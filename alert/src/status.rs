//! What the edge tells about itself and its cameras: retained, so that a center that comes later knows it too.

use std::sync::{Arc, Mutex, PoisonError};

use gridwatch_domain::{
    CameraId, EdgeId, Timestamp,
    topic::{Topic, TopicKind},
    wire::{CAMERA_SCHEMA, CameraStateMessage, EdgeStatusMessage, Message as _, STATUS_SCHEMA},
};
use gridwatch_link::{Publication, Will, WillSource};
use gridwatch_runtime::SharedClock;

/// What is told of a camera.
#[derive(Debug, Clone, PartialEq)]
pub enum CameraNews {
    /// How it is, and what it watches.
    State(Box<CameraStateMessage>),
    /// It has been taken away: whoever comes later is to know nothing of it.
    Gone(CameraId),
}

impl From<CameraStateMessage> for CameraNews {
    fn from(state: CameraStateMessage) -> Self {
        Self::State(Box::new(state))
    }
}

/// What an operator of the box must act on, for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Problems {
    pub(crate) outbox: Option<String>,
    pub(crate) configuration: Option<String>,
    pub(crate) evidence: Option<String>,
}

impl Problems {
    /// In one text.
    pub(crate) fn told(&self) -> Option<String> {
        let all = [&self.outbox, &self.configuration, &self.evidence];
        let all: Vec<&str> = all.into_iter().flatten().map(String::as_str).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

/// Topics and messages of one edge.
#[derive(Clone)]
pub(crate) struct Presence {
    edge: EdgeId,
    version: String,
    /// When the present connection, or the one being made, was begun. Status and will of one connection tell the same
    /// time, or the center would take the will for that of an earlier one.
    began: Arc<Mutex<Timestamp>>,
}

impl Presence {
    pub(crate) fn new(edge: EdgeId, version: String) -> Self {
        Self { edge, version, began: Arc::new(Mutex::new(Timestamp::UNIX_EPOCH)) }
    }

    /// When the present connection was begun.
    pub(crate) fn connection_began(&self) -> Timestamp {
        *self.began.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn edge(&self) -> &EdgeId {
        &self.edge
    }

    pub(crate) fn topic(&self, kind: TopicKind) -> String {
        Topic { edge: self.edge.clone(), kind }.to_string()
    }

    pub(crate) fn status(&self, online: bool, at: Timestamp, problem: Option<String>) -> Publication {
        let status = EdgeStatusMessage { online, version: self.version.clone(), at, problem };
        Publication::json(self.topic(TopicKind::Status), status.to_json(), STATUS_SCHEMA).retained()
    }

    pub(crate) fn camera(&self, id: &CameraId, state: &CameraStateMessage) -> Publication {
        Publication::json(self.topic(TopicKind::CameraState(id.clone())), state.to_json(), CAMERA_SCHEMA)
            .retained()
    }

    /// Nothing, which makes the broker forget what it has retained of a camera.
    pub(crate) fn no_camera(&self, id: &CameraId) -> Publication {
        Publication::new(self.topic(TopicKind::CameraState(id.clone())), Vec::new()).retained()
    }

    /// The broker says that we are offline when we vanish. Made when a connection is begun, whose time it tells.
    pub(crate) fn will(&self, clock: SharedClock) -> WillSource {
        let presence = self.clone();
        Arc::new(move || {
            let began = clock.now();
            *presence.began.lock().unwrap_or_else(PoisonError::into_inner) = began;
            let Publication { topic, payload, retain, .. } = presence.status(false, began, None);
            Will { topic, payload, retain }
        })
    }
}
