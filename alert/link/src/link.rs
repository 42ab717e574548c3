//! The handles: one owner, any number of publishers.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use gridwatch_runtime::{Metrics, Shutdown, Supervised, supervise};
use rumqttc::v5::{
    AsyncClient,
    mqttbytes::{QoS, v5::PublishProperties},
};
use rustls::ClientConfig;
use tokio::{sync::watch, task::JoinHandle};
use tracing::info;

use crate::{
    IncomingStream, LinkError, LinkSettings, Publication, Qos, inbox::Inbox, metrics::LinkMetrics, session,
    tls,
};

/// rumqttd sends up to 100 unacknowledged messages, whatever the receive maximum says.
const LEAST_RECEIVE_MAXIMUM: usize = 128;

/// How long a goodbye may take before the connection is simply dropped.
const FAREWELL: Duration = Duration::from_secs(3);

/// How the connection to the broker is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkState {
    /// Being made.
    Connecting,
    /// Made, and all subscriptions are in place.
    Connected {
        /// Number of the connection since the start, from 1: another number means that unconfirmed publications of the
        /// earlier one are to be published again.
        connection: u64,
        /// Whether the broker had kept the session.
        session_present: bool,
    },
    /// Not made, or broken; it is being retried.
    Disconnected {
        /// Why, for people.
        reason: String,
    },
    /// Closed by us.
    Closed,
}

impl LinkState {
    /// The number of the connection, while there is one.
    pub fn connection(&self) -> Option<u64> {
        match self {
            Self::Connected { connection, .. } => Some(*connection),
            _ => None,
        }
    }
}

/// What the session and the handles share.
pub(crate) struct Shared {
    pub(crate) settings: LinkSettings,
    pub(crate) tls: Option<Arc<ClientConfig>>,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) metrics: LinkMetrics,
    pub(crate) closing: Shutdown,
    state: watch::Sender<LinkState>,
    current: Mutex<Option<Current>>,
    connections: AtomicU64,
}

/// The connection that publications go to.
#[derive(Clone)]
struct Current {
    number: u64,
    client: AsyncClient,
    max_packet: usize,
}

impl Shared {
    pub(crate) fn set_state(&self, state: LinkState) {
        self.state.send_replace(state);
    }

    pub(crate) fn begin(&self, client: &AsyncClient, session_present: bool, max_packet: usize) {
        let number = self.connections.fetch_add(1, Ordering::Relaxed) + 1;
        self.set_current(Some(Current { number, client: client.clone(), max_packet }));
        self.metrics.connected();
        info!(broker = %self.settings.url, client = self.settings.client_id, session_present, "connected to the broker");
        self.set_state(LinkState::Connected { connection: number, session_present });
    }

    pub(crate) fn end(&self) {
        self.set_current(None);
        self.metrics.disconnected();
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.current().is_ok()
    }

    fn set_current(&self, current: Option<Current>) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = current;
    }

    fn current(&self) -> Result<Current, LinkError> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or(LinkError::NotConnected)
    }
}

/// A supervised session with a broker. Dropping it ends the session without waiting for the goodbye.
pub struct Link {
    shared: Arc<Shared>,
    task: Option<JoinHandle<()>>,
}

impl Link {
    /// Begins to connect, in a task of its own. Refuses settings that could never work; a broker that is not there is
    /// no error, but a state.
    pub fn start(settings: LinkSettings, metrics: &Metrics) -> Result<(Self, IncomingStream), LinkError> {
        settings.validate()?;
        let tls =
            if settings.url.tls { Some(tls::client_config(settings.ca_file.as_deref())?) } else { None };
        let metrics = LinkMetrics::new(metrics, &settings.client_id);
        // Twice: those of a connection that ended with its session may still wait when as many new ones come.
        let capacity = 2 * LEAST_RECEIVE_MAXIMUM.max(settings.receive_maximum.into());
        let inbox = Inbox::new(capacity, metrics.clone());
        let closing = Shutdown::new();
        let supervised = Supervised {
            name: format!("mqtt session {}", settings.client_id),
            backoff: settings.backoff,
            shutdown: closing.clone(),
        };
        let shared = Arc::new(Shared {
            settings,
            tls,
            inbox: Arc::clone(&inbox),
            metrics,
            closing,
            state: watch::channel(LinkState::Connecting).0,
            current: Mutex::new(None),
            connections: AtomicU64::new(0),
        });
        let of_task = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            supervise(supervised, || session::run_once(&of_task)).await;
            of_task.end();
            of_task.set_state(LinkState::Closed);
            of_task.inbox.end();
        });
        Ok((Self { shared, task: Some(task) }, IncomingStream::new(inbox)))
    }

    /// A handle to publish with.
    pub fn publisher(&self) -> LinkPublisher {
        LinkPublisher { shared: Arc::clone(&self.shared) }
    }

    /// How the connection is, now and whenever it changes.
    pub fn state(&self) -> watch::Receiver<LinkState> {
        self.shared.state.subscribe()
    }

    /// Says goodbye to the broker, so that the will is not published, and ends. What was handed over before goes out
    /// first, as far as that takes no longer than 3 s.
    pub async fn finish(mut self) {
        self.shared.closing.cancel();
        if let Some(mut task) = self.task.take()
            && tokio::time::timeout(FAREWELL, &mut task).await.is_err()
        {
            task.abort();
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.shared.closing.cancel();
        if let Some(task) = self.task.take() {
            task.abort();
            self.shared.end();
            self.shared.set_state(LinkState::Closed);
            self.shared.inbox.end();
        }
    }
}

/// Publishes through a [`Link`]. Clone freely.
#[derive(Clone)]
pub struct LinkPublisher {
    shared: Arc<Shared>,
}

impl LinkPublisher {
    /// Hands a message over to the present connection and returns that connection's number. Waits while too much is
    /// under way. When the connection breaks afterwards the message may be lost: publish it again on the next one.
    pub async fn publish(&self, publication: Publication) -> Result<u64, LinkError> {
        if publication.topic.is_empty() || publication.topic.contains(['+', '#', '\0']) {
            return Err(LinkError::Topic(publication.topic));
        }
        let current = self.shared.current()?;
        let size = publication.wire_size();
        if size > current.max_packet {
            return Err(LinkError::TooLarge { size, max: current.max_packet });
        }
        let qos = match publication.qos {
            Qos::AtMostOnce => QoS::AtMostOnce,
            Qos::AtLeastOnce => QoS::AtLeastOnce,
        };
        let properties = PublishProperties {
            content_type: publication.content_type,
            message_expiry_interval: publication
                .expiry
                .map(|expiry| u32::try_from(expiry.as_secs()).unwrap_or(u32::MAX)),
            user_properties: publication.properties,
            ..PublishProperties::default()
        };
        current
            .client
            .publish_with_properties(
                publication.topic,
                qos,
                publication.retain,
                publication.payload,
                properties,
            )
            .await
            .map_err(|_| LinkError::NotConnected)?;
        self.shared.metrics.handed_over();
        Ok(current.number)
    }

    /// How the connection is, now and whenever it changes.
    pub fn state(&self) -> watch::Receiver<LinkState> {
        self.shared.state.subscribe()
    }
}

impl fmt::Debug for LinkPublisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LinkPublisher({} at {})", self.shared.settings.client_id, self.shared.settings.url)
    }
}
