//! One connection, from CONNECT to its end.
//!
//! Each has an event loop of its own: rumqttc would carry requests and collisions of a broken connection over into the
//! next one, acknowledgements of messages included that the new connection numbers anew.

use std::{convert::Infallible, fmt, sync::Arc, time::Duration};

use gridwatch_runtime::{Chain, Outcome};
use rumqttc::{
    NetworkOptions, TlsConfiguration, Transport,
    v5::{
        AsyncClient, Event, EventLoop, MqttOptions,
        mqttbytes::{
            QoS,
            v5::{
                ConnAck, ConnectProperties, Filter, LastWill, Packet, PubAck, PubAckReason, Publish, SubAck,
                SubscribeReasonCode,
            },
        },
    },
};
use tokio::time::{Instant, timeout};
use tracing::warn;

use crate::{Incoming, LinkError, LinkSettings, LinkState, ledger::Ledger, link::Shared};

/// Publications and acknowledgements that wait for the event loop. Publishers wait when it is full.
const REQUESTS: usize = 64;

/// TCP, TLS and CONNACK must be through in this time.
const CONNECT_SECONDS: u64 = 10;

/// A connection that held for so long was a good one: the next wait begins small again.
const HEALTHY_AFTER: Duration = Duration::from_secs(5);

/// The largest packet MQTT can express.
const LARGEST_PACKET: usize = 268_435_455;

/// An error with all its sources, for the supervisor's log.
pub(crate) struct Logged(LinkError);

impl fmt::Display for Logged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Chain(&self.0).fmt(f)
    }
}

/// Connects and stays connected until the connection breaks or the link is closed.
pub(crate) async fn run_once(shared: &Arc<Shared>) -> Outcome<Logged> {
    shared.set_state(LinkState::Connecting);
    let (client, events) = AsyncClient::new(options(shared), REQUESTS);
    let mut session = Session {
        shared,
        client,
        events,
        ledger: Arc::default(),
        session_present: false,
        max_packet: LARGEST_PACKET,
        connected_at: None,
    };
    let ended = session.run().await;
    shared.end();
    match ended {
        Ok(()) => Outcome::Done,
        Err(error) => {
            let lasted = session.connected_at.is_some_and(|since| since.elapsed() >= HEALTHY_AFTER);
            let healthy = lasted && !error.is_takeover();
            shared.set_state(LinkState::Disconnected { reason: Chain(&error).to_string() });
            Outcome::Failed { error: Logged(error), healthy }
        }
    }
}

struct Session<'a> {
    shared: &'a Arc<Shared>,
    client: AsyncClient,
    events: EventLoop,
    ledger: Arc<Ledger>,
    session_present: bool,
    max_packet: usize,
    connected_at: Option<Instant>,
}

impl Session<'_> {
    /// Ends with `Ok` when the link is closed. The event loop is never interrupted but at the end: it would lose what
    /// it is writing.
    async fn run(&mut self) -> Result<(), LinkError> {
        let answer = answer(Arc::clone(self.shared), self.client.clone(), Arc::clone(&self.ledger));
        let ended = tokio::select! {
            Err(error) = self.poll() => Err(error),
            ended = answer => ended,
        };
        // A broker closes the connection when it has read our goodbye.
        if self.shared.closing.is_cancelled() { Ok(()) } else { ended }
    }

    /// Ends when the connection does.
    async fn poll(&mut self) -> Result<Infallible, LinkError> {
        // Pings go out every keep-alive and rumqttc misses their answer one keep-alive later; what takes even longer
        // is a write that hangs.
        let longest = self.shared.settings.keep_alive * 2 + Duration::from_secs(2 * CONNECT_SECONDS);
        loop {
            let event = timeout(longest, self.events.poll()).await.map_err(|_| LinkError::Silent)??;
            match event {
                Event::Incoming(Packet::ConnAck(ack)) => self.accepted(&ack)?,
                Event::Incoming(Packet::SubAck(ack)) => self.subscribed(&ack)?,
                Event::Incoming(Packet::Publish(publish)) => self.deliver(publish).await,
                Event::Incoming(Packet::PubAck(ack)) => self.confirmed(&ack),
                _ => {}
            }
        }
    }

    fn accepted(&mut self, ack: &ConnAck) -> Result<(), LinkError> {
        if ack.session_present {
            self.shared.inbox.forget_all();
        }
        self.session_present = ack.session_present;
        let limit = ack.properties.as_ref().and_then(|properties| properties.max_packet_size);
        self.max_packet = limit.map_or(LARGEST_PACKET, |limit| limit as usize);
        let filters: Vec<Filter> =
            self.wanted().map(|(filter, _)| Filter::new(filter, QoS::AtLeastOnce)).collect();
        if filters.is_empty() {
            self.connected();
            return Ok(());
        }
        // Also on a session that is present: the settings may have changed since, and retained messages heal whatever
        // the broker had to throw away.
        self.client.try_subscribe_many(filters).map_err(|_| LinkError::Subscription {
            filter: self.wanted().map(|(filter, _)| filter).collect::<Vec<_>>().join(", "),
            reason: "not a topic filter".to_owned(),
        })
    }

    fn subscribed(&mut self, ack: &SubAck) -> Result<(), LinkError> {
        for (code, (filter, needed)) in ack.return_codes.iter().zip(self.wanted()) {
            match code {
                SubscribeReasonCode::Success(_) => {}
                refused if needed => {
                    let (filter, reason) = (filter.to_owned(), format!("{refused:?}"));
                    return Err(LinkError::Subscription { filter, reason });
                }
                refused => {
                    warn!(filter, reason = ?refused, "broker refuses a subscription, going on without")
                }
            }
        }
        self.connected();
        Ok(())
    }

    /// Topic filters, and whether they are needed.
    fn wanted(&self) -> impl Iterator<Item = (&str, bool)> {
        let LinkSettings { subscriptions, optional_subscriptions, .. } = &self.shared.settings;
        let needed = subscriptions.iter().map(|filter| (filter.as_str(), true));
        needed.chain(optional_subscriptions.iter().map(|filter| (filter.as_str(), false)))
    }

    fn connected(&mut self) {
        self.connected_at = Some(Instant::now());
        self.shared.begin(&self.client, self.session_present, self.max_packet);
    }

    /// Waits while the consumer is behind. Nothing is read meanwhile, and the broker waits in turn.
    async fn deliver(&mut self, publish: Publish) {
        self.shared.inbox.room().await;
        // Not before: the connection may end while this waits, and received = sent + dropped must hold.
        self.shared.metrics.incoming_received();
        let counted = publish.qos != QoS::AtMostOnce;
        self.shared.inbox.push(Incoming {
            topic: String::from_utf8_lossy(&publish.topic).into_owned(),
            payload: publish.payload,
            retain: publish.retain,
            dup: publish.dup,
            slot: counted.then(|| self.ledger.enter(publish.pkid)),
        });
    }

    fn confirmed(&self, ack: &PubAck) {
        let taken = matches!(ack.reason, PubAckReason::Success | PubAckReason::NoMatchingSubscribers);
        self.shared.metrics.answered(taken);
        if !taken {
            warn!(client = self.shared.settings.client_id, reason = ?ack.reason, "broker refuses a message");
        }
    }
}

/// Passes acknowledgements on, in the order of arrival. Once the link is closed: says goodbye, behind everything handed
/// over before, and waits for the broker to close the connection. Closing it from here would be quicker, but what the
/// broker has not yet read would be lost with it.
async fn answer(shared: Arc<Shared>, client: AsyncClient, ledger: Arc<Ledger>) -> Result<(), LinkError> {
    const PATIENCE: Duration = Duration::from_secs(2);
    let acknowledge = async |packet| {
        let publish = Publish { pkid: packet, qos: QoS::AtLeastOnce, ..Publish::default() };
        client.ack(&publish).await.map_err(|_| LinkError::NotConnected)
    };
    loop {
        tokio::select! {
            packet = ledger.next_released() => acknowledge(packet).await?,
            () = shared.closing.cancelled() => break,
        }
    }
    while let Some(packet) = ledger.take_released() {
        acknowledge(packet).await?;
    }
    if shared.is_connected() && client.disconnect().await.is_ok() {
        let _ = timeout(PATIENCE, std::future::pending::<()>()).await;
    }
    Ok(())
}

fn options(shared: &Shared) -> MqttOptions {
    let settings = &shared.settings;
    let mut options = MqttOptions::new(&settings.client_id, &settings.url.host, settings.url.port);
    options.set_keep_alive(settings.keep_alive);
    options.set_clean_start(settings.clean_start);
    options.set_connection_timeout(CONNECT_SECONDS);
    options.set_manual_acks(true);
    options.set_outgoing_inflight_upper_limit(settings.max_inflight);
    options.set_connect_properties(ConnectProperties {
        session_expiry_interval: Some(u32::try_from(settings.session_expiry.as_secs()).unwrap_or(u32::MAX)),
        receive_maximum: Some(settings.receive_maximum),
        max_packet_size: Some(settings.max_packet_size),
        // No topic aliases: rumqttd gives one alias to all topics of a wildcard filter.
        topic_alias_max: None,
        request_response_info: None,
        request_problem_info: None,
        user_properties: Vec::new(),
        authentication_method: None,
        authentication_data: None,
    });
    if let Some(credentials) = &settings.credentials {
        options.set_credentials(&credentials.username, &credentials.password);
    }
    if let Some(will) = settings.will.as_ref().map(|will| will()) {
        options.set_last_will(LastWill::new(will.topic, will.payload, QoS::AtLeastOnce, will.retain, None));
    }
    if let Some(tls) = &shared.tls {
        options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(Arc::clone(tls))));
    }
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    network.set_connection_timeout(CONNECT_SECONDS);
    options.set_network_options(network);
    options
}
