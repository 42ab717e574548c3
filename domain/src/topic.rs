//! The MQTT topics, built and read in one place.
//!
//! ```text
//! gridwatch/v1/<edge>/event                                        QoS 1
//! gridwatch/v1/<edge>/snapshot/<sha256>                            QoS 1, image/jpeg
//! gridwatch/v1/<edge>/status                                       QoS 1, retained, last will
//! gridwatch/v1/<edge>/camera/<camera>/state                        QoS 1, retained
//! gridwatch/v1/<edge>/camera/<camera>/zone/<zone>/count/<class>    QoS 0, retained, a plain number
//! gridwatch/v1/<edge>/ack                                          QoS 1, from the center
//! ```

use std::{fmt, str::FromStr};

use crate::{CameraId, DomainError, EdgeId, ObjectClass, Sha256Hex, ZoneId};

/// What all topics of this version begin with.
pub const ROOT: &str = "gridwatch/v1";

/// Filters that a center subscribes to. Shared subscriptions put `$share/<group>/` before each.
pub const CENTER_FILTERS: [&str; 4] = [
    "gridwatch/v1/+/event",
    "gridwatch/v1/+/snapshot/+",
    "gridwatch/v1/+/status",
    "gridwatch/v1/+/camera/+/state",
];

/// One topic.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Topic {
    /// The edge box it belongs to.
    pub edge: EdgeId,
    /// What it carries.
    pub kind: TopicKind,
}

/// What a topic carries.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TopicKind {
    /// Revisions of events.
    Event,
    /// A snapshot.
    Snapshot(Sha256Hex),
    /// Whether the edge is there.
    Status,
    /// A camera's condition.
    CameraState(CameraId),
    /// How many objects of a class are in a zone.
    ZoneCount(CameraId, ZoneId, ObjectClass),
    /// What the center has stored.
    Ack,
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{ROOT}/{}/", self.edge)?;
        match &self.kind {
            TopicKind::Event => f.write_str("event"),
            TopicKind::Snapshot(sha256) => write!(f, "snapshot/{sha256}"),
            TopicKind::Status => f.write_str("status"),
            TopicKind::CameraState(camera) => write!(f, "camera/{camera}/state"),
            TopicKind::ZoneCount(camera, zone, class) => {
                write!(f, "camera/{camera}/zone/{zone}/count/{class}")
            }
            TopicKind::Ack => f.write_str("ack"),
        }
    }
}

impl FromStr for Topic {
    type Err = DomainError;

    fn from_str(text: &str) -> Result<Self, DomainError> {
        let unknown = || DomainError::Topic(text.to_owned());
        let rest = text.strip_prefix(ROOT).and_then(|rest| rest.strip_prefix('/')).ok_or_else(unknown)?;
        let levels: Vec<&str> = rest.split('/').collect();
        let (edge, levels) = levels.split_first().ok_or_else(unknown)?;
        let kind = match levels {
            ["event"] => TopicKind::Event,
            ["snapshot", sha256] => TopicKind::Snapshot(sha256.parse()?),
            ["status"] => TopicKind::Status,
            ["camera", camera, "state"] => TopicKind::CameraState(camera.parse()?),
            ["camera", camera, "zone", zone, "count", class] => {
                let class = ObjectClass::ALL.into_iter().find(|known| known.as_str() == *class);
                TopicKind::ZoneCount(camera.parse()?, zone.parse()?, class.ok_or_else(unknown)?)
            }
            ["ack"] => TopicKind::Ack,
            _ => return Err(unknown()),
        };
        Ok(Self { edge: edge.parse()?, kind })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_reads_back() {
        let camera: CameraId = "gate".parse().expect("valid");
        let zone: ZoneId = "fire-1".parse().expect("valid");
        for kind in [
            TopicKind::Event,
            TopicKind::Snapshot(Sha256Hex::from_digest([7; 32])),
            TopicKind::Status,
            TopicKind::CameraState(camera.clone()),
            TopicKind::ZoneCount(camera, zone, ObjectClass::Car),
            TopicKind::Ack,
        ] {
            let topic = Topic { edge: "ljp-01".parse().expect("valid"), kind };
            assert_eq!(topic.to_string().parse(), Ok(topic));
        }
    }

    #[test]
    fn other_topics_are_refused() {
        for text in
            ["", "gridwatch/v1", "gridwatch/v2/a/event", "gridwatch/v1/a/event/x", "gridwatch/v1/a b/event"]
        {
            assert!(text.parse::<Topic>().is_err(), "{text:?}");
        }
    }
}
