//! What the link counts, by client id.

use gridwatch_runtime::{Metrics, StageMetrics};
use prometheus::{IntCounter, IntGauge};

#[derive(Clone)]
pub(crate) struct LinkMetrics {
    client: String,
    connected: IntGauge,
    connections: IntCounter,
    handed_over: IntCounter,
    confirmed: IntCounter,
    refused: IntCounter,
    incoming: StageMetrics,
}

impl LinkMetrics {
    pub(crate) fn new(metrics: &Metrics, client: &str) -> Self {
        let published = metrics.counters(
            "gridwatch_link_published_total",
            "Publications: handed over to a connection, confirmed by the broker (QoS 1), refused by the broker.",
            &["client", "outcome"],
        );
        Self {
            client: client.to_owned(),
            connected: metrics
                .gauges("gridwatch_link_connected", "Whether the broker is connected.", &["client"])
                .with_label_values(&[client]),
            connections: metrics
                .counters("gridwatch_link_connections_total", "Connections made to the broker.", &["client"])
                .with_label_values(&[client]),
            handed_over: published.with_label_values(&[client, "handed_over"]),
            confirmed: published.with_label_values(&[client, "confirmed"]),
            refused: published.with_label_values(&[client, "refused"]),
            incoming: StageMetrics::new(
                metrics,
                "gridwatch_link_incoming_total",
                "Messages received; dropped are those that the broker delivers again.",
                "client",
            ),
        }
    }

    pub(crate) fn connected(&self) {
        self.connected.set(1);
        self.connections.inc();
    }

    pub(crate) fn disconnected(&self) {
        self.connected.set(0);
    }

    pub(crate) fn handed_over(&self) {
        self.handed_over.inc();
    }

    pub(crate) fn answered(&self, confirmed: bool) {
        if confirmed { self.confirmed.inc() } else { self.refused.inc() }
    }

    pub(crate) fn incoming_received(&self) {
        self.incoming.received(&self.client);
    }

    pub(crate) fn incoming_sent(&self) {
        self.incoming.sent(&self.client);
    }

    pub(crate) fn incoming_dropped(&self, count: usize) {
        for _ in 0..count {
            self.incoming.dropped(&self.client);
        }
    }
}
