//! The MQTT 5 session that the edge and the center share; the only crate that knows rumqttc.
//!
//! In go publications, out come incoming messages with their acknowledgements, and the state of the connection. The
//! session is supervised: it reconnects with back-off and subscribes anew each time. Every connection starts from
//! nothing: what was not yet confirmed when the last one broke is *not* sent again from here. Whoever publishes keeps
//! the truth (the edge's outbox) and begins again with the oldest unacknowledged when [`LinkState`] tells of a new
//! connection; so nothing is lost silently, and nothing waits in a queue that a crash would empty.
//!
//! Incoming messages are acknowledged by hand, after they are stored. A slow consumer never stops the session: the
//! broker holds back once `receive_maximum` messages are unacknowledged, and keep-alive goes on. From a broker that sends
//! more than agreed nothing is read until there is room.
//! Knows nothing of topics, events or stores.

mod error;
mod inbox;
mod ledger;
mod link;
mod message;
mod metrics;
mod session;
mod settings;
mod tls;

pub use error::LinkError;
pub use inbox::IncomingStream;
pub use link::{Link, LinkPublisher, LinkState};
pub use message::{Incoming, Publication, Qos};
pub use settings::{BrokerUrl, Credentials, LinkSettings, Will, WillSource};
