//! Names of things. Each is an MQTT topic level, a file name and a metric label, so the alphabet is small.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{DomainError, Timestamp};

/// Longest id of an edge, camera or zone, in characters.
const LONGEST_ID: usize = 64;

fn is_valid_id(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() <= LONGEST_ID
        && bytes.next().is_some_and(|first| first.is_ascii_alphanumeric())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Takes 1 to 64 characters of `a-z A-Z 0-9 - _`, beginning with a letter or digit.
            pub fn new(text: impl Into<String>) -> Result<Self, DomainError> {
                let text = text.into();
                if is_valid_id(&text) { Ok(Self(text)) } else { Err(DomainError::Id { what: $what, found: text }) }
            }

            /// The id as text.
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
        impl FromStr for $name {
            type Err = DomainError;
            fn from_str(text: &str) -> Result<Self, DomainError> { Self::new(text) }
        }
        impl TryFrom<String> for $name {
            type Error = DomainError;
            fn try_from(text: String) -> Result<Self, DomainError> { Self::new(text) }
        }
        impl From<$name> for String {
            fn from(id: $name) -> Self { id.0 }
        }
        impl schemars::JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> { stringify!($name).into() }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$" })
            }
        }
    };
}

text_id!(/// An edge box. Unique within one broker.
    EdgeId, "edge");
text_id!(/// A camera. Unique within its edge box.
    CameraId, "camera");
text_id!(/// A zone. Unique within its camera.
    ZoneId, "zone");
text_id!(/// A place where an object stands, as the parked-object memory numbers them: `p17`. Unique within a camera.
    PlaceId, "place");

/// A tracker's number for a moving object. Says nothing beyond the life of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TrackId(pub u64);

/// One thing that went on in one place: a UUIDv7, so that ids sort by the time of opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(uuid::Uuid);

impl EventId {
    /// Builds a UUIDv7 (RFC 9562, section 5.7) from the event's time and 10 bytes of randomness.
    pub fn from_parts(at: Timestamp, random: [u8; 10]) -> Self {
        let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }
}
impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}
impl FromStr for EventId {
    type Err = DomainError;
    fn from_str(text: &str) -> Result<Self, DomainError> {
        let id =
            uuid::Uuid::try_parse(text).ok().filter(|id| id.get_version() == Some(uuid::Version::SortRand));
        id.map(Self).ok_or_else(|| DomainError::EventId(text.to_owned()))
    }
}

/// The SHA-256 of a file, 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha256Hex(String);

impl Sha256Hex {
    /// From the 32 bytes of a digest.
    pub fn from_digest(digest: [u8; 32]) -> Self {
        use fmt::Write;
        let mut text = String::with_capacity(64);
        for byte in digest {
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl fmt::Display for Sha256Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl FromStr for Sha256Hex {
    type Err = DomainError;
    fn from_str(text: &str) -> Result<Self, DomainError> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if text.len() == 64 && digits {
            Ok(Self(text.to_owned()))
        } else {
            Err(DomainError::Sha256(text.to_owned()))
        }
    }
}
impl TryFrom<String> for Sha256Hex {
    type Error = DomainError;
    fn try_from(text: String) -> Result<Self, DomainError> {
        text.parse()
    }
}
impl From<Sha256Hex> for String {
    fn from(sha: Sha256Hex) -> Self {
        sha.0
    }
}
impl schemars::JsonSchema for Sha256Hex {
    fn schema_name() -> Cow<'static, str> {
        "Sha256Hex".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[0-9a-f]{64}$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, allowed: bool) {
        assert_eq!(CameraId::new(text).is_ok(), allowed, "{text:?}");
    }

    #[test]
    fn ids_hold_only_what_a_topic_level_and_a_file_name_can() {
        check("ljp-gate_2", true);
        check("7", true);
        check("", false);
        check("-gate", false);
        check("gate/1", false);
        check("gate+", false);
        check("东门", false);
        check(&"a".repeat(64), true);
        check(&"a".repeat(65), false);
    }

    #[test]
    fn event_ids_are_version_7_and_sort_by_time() {
        let early = EventId::from_parts(Timestamp::from_millisecond(1_000).expect("in range"), [255; 10]);
        let late = EventId::from_parts(Timestamp::from_millisecond(2_000).expect("in range"), [0; 10]);
        assert!(early < late);
        assert_eq!(early.to_string().as_bytes()[14], b'7');
        assert_eq!(early.to_string().parse(), Ok(early));
    }

    #[test]
    fn digests_are_64_lower_case_digits() {
        let sha = Sha256Hex::from_digest([0xab; 32]);
        assert_eq!(sha.as_str().parse::<Sha256Hex>(), Ok(sha.clone()));
        assert!(sha.as_str().to_uppercase().parse::<Sha256Hex>().is_err());
    }
}
