//! What goes out and what comes in.

use std::{fmt, time::Duration};

use bytes::Bytes;

use crate::ledger::AckSlot;

/// How surely a message is to arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Qos {
    /// At most once: for values that the next one replaces.
    AtMostOnce,
    /// At least once: the receiver must tolerate duplicates.
    #[default]
    AtLeastOnce,
}

/// A message to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// Where to; no wildcards.
    pub topic: String,
    /// What.
    pub payload: Bytes,
    /// How surely. Default: at least once.
    pub qos: Qos,
    /// Whether the broker keeps it for those who subscribe later.
    pub retain: bool,
    /// MIME type of the payload.
    pub content_type: Option<String>,
    /// The broker forgets it when it could not be delivered for so long; whole seconds.
    pub expiry: Option<Duration>,
    /// Names and values that travel with it, such as `schema`.
    pub properties: Vec<(String, String)>,
}

impl Publication {
    /// A message to be delivered at least once, not retained.
    pub fn new(topic: impl Into<String>, payload: impl Into<Bytes>) -> Self {
        Self {
            topic: topic.into(),
            payload: payload.into(),
            qos: Qos::AtLeastOnce,
            retain: false,
            content_type: None,
            expiry: None,
            properties: Vec::new(),
        }
    }

    /// Of JSON in a schema.
    pub fn json(topic: impl Into<String>, payload: impl Into<Bytes>, schema: &str) -> Self {
        Self {
            content_type: Some("application/json".to_owned()),
            properties: vec![("schema".to_owned(), schema.to_owned())],
            ..Self::new(topic, payload)
        }
    }

    /// Kept by the broker for those who subscribe later.
    #[must_use]
    pub fn retained(mut self) -> Self {
        self.retain = true;
        self
    }

    /// An upper bound of its bytes on the wire.
    pub(crate) fn wire_size(&self) -> usize {
        const HEADERS: usize = 64;
        let properties: usize =
            self.properties.iter().map(|(name, value)| name.len() + value.len() + 5).sum();
        HEADERS
            + self.topic.len()
            + self.payload.len()
            + self.content_type.as_ref().map_or(0, String::len)
            + properties
    }
}

/// A message received.
///
/// [`ack`](Self::ack) it once it is stored: until then the broker keeps it and, when the connection breaks, delivers it
/// again. One that is dropped without is released to the broker all the same, so that it cannot stop those behind it;
/// what must not be lost has an acknowledgement of its own, end to end.
pub struct Incoming {
    /// Where it was published.
    pub topic: String,
    /// What.
    pub payload: Bytes,
    /// Whether it is an old one that the broker had kept.
    pub retain: bool,
    /// Whether it may have been delivered before.
    pub dup: bool,
    pub(crate) slot: Option<AckSlot>,
}

impl Incoming {
    /// Tells the broker that it may forget the message. Does not block; the broker is told in the order of arrival.
    pub fn ack(mut self) {
        if let Some(slot) = self.slot.take() {
            slot.release();
        }
    }

    /// Lets go of it so that the broker delivers it again on the next connection.
    pub(crate) fn forget(mut self) {
        if let Some(slot) = self.slot.take() {
            slot.forget();
        }
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = (if self.retain { " retained" } else { "" }, if self.dup { " again" } else { "" });
        write!(f, "Incoming({} {} bytes{}{})", self.topic, self.payload.len(), flags.0, flags.1)
    }
}
