//! The receiving stage on the MQTT session.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use gridwatch_domain::{
    EdgeId,
    topic::{Topic, TopicKind},
    wire::{ACK_SCHEMA, AckMessage, Message},
};
use gridwatch_link::{Incoming, IncomingStream, LinkError, LinkPublisher, LinkState, Publication};
use gridwatch_runtime::Chain;
use tracing::debug;

use super::{Acknowledge, Inbox, Letter};

/// Longest time spent on the answers of one batch. A connection that has just been made delivers what the last one left
/// before it takes publications, so it is worth a wait; but edge boxes send again what is not answered, so a jammed or
/// broken connection must not hold up the storing for long.
const PATIENCE: Duration = Duration::from_secs(5);
/// An answer older than this has been overtaken by the edge box's asking again.
const EXPIRY: Duration = Duration::from_secs(600);

impl Letter for Incoming {
    fn topic(&self) -> &str {
        &self.topic
    }
    fn payload(&self) -> &Bytes {
        &self.payload
    }
    fn ack(self) {
        Self::ack(self);
    }
}

impl Inbox for IncomingStream {
    type Letter = Incoming;
    async fn recv(&mut self) -> Option<Incoming> {
        Self::recv(self).await
    }
    fn try_recv(&mut self) -> Option<Incoming> {
        Self::try_recv(self)
    }
}

/// Publishes acknowledgements.
pub(crate) struct Answers(pub(crate) LinkPublisher);

impl Acknowledge for Answers {
    async fn acknowledge(&self, answers: BTreeMap<EdgeId, AckMessage>) {
        let edges = answers.len();
        match tokio::time::timeout(PATIENCE, self.publish_all(answers)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                debug!(edges, error = %Chain(&error), "not answered; the edge boxes will ask again")
            }
            Err(_) => debug!(edges, "not answered in time; the edge boxes will ask again"),
        }
    }
}

impl Answers {
    async fn publish_all(&self, answers: BTreeMap<EdgeId, AckMessage>) -> Result<(), LinkError> {
        for (edge, message) in answers {
            let topic = Topic { edge, kind: TopicKind::Ack }.to_string();
            let mut publication = Publication::json(topic, message.to_json(), ACK_SCHEMA);
            publication.expiry = Some(EXPIRY);
            self.publish(publication).await?;
        }
        Ok(())
    }

    async fn publish(&self, publication: Publication) -> Result<(), LinkError> {
        let mut state = self.0.state();
        loop {
            let has_ended =
                state.wait_for(|state| state.connection().is_some() || *state == LinkState::Closed).await;
            if has_ended.map_or(true, |state| *state == LinkState::Closed) {
                return Err(LinkError::NotConnected);
            }
            match self.0.publish(publication.clone()).await {
                // Broken since; the state tells of it any moment.
                Err(LinkError::NotConnected) => {
                    state.changed().await.map_err(|_| LinkError::NotConnected)?;
                }
                outcome => return outcome.map(drop),
            }
        }
    }
}
