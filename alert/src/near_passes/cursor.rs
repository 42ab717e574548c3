//! Where a page of near passes ended.

use std::{fmt, str::FromStr};

use super::PassOrder;

/// Where a page ended. As text it is opaque to whoever asks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PassCursor {
    pub(super) key: Key,
    pub(super) seq: i64,
}

/// What passes are ordered by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Key {
    Nearness(f64),
    Millis(i64),
}

impl PassCursor {
    /// The order that it belongs to.
    pub fn order(&self) -> PassOrder {
        match self.key {
            Key::Nearness(_) => PassOrder::Nearest,
            Key::Millis(_) => PassOrder::Time,
        }
    }
}

impl fmt::Display for PassCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key {
            // To the last bit: what is as near must not come twice.
            Key::Nearness(metres) => write!(f, "n.{:x}.{}", metres.to_bits(), self.seq),
            Key::Millis(millis) => write!(f, "t.{millis}.{}", self.seq),
        }
    }
}

/// The text is no cursor.
#[derive(Debug, thiserror::Error)]
#[error("expected the value of \"next\" of an earlier answer")]
pub struct NoCursor;

impl FromStr for PassCursor {
    type Err = NoCursor;
    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let parse = || {
            let mut parts = text.split('.');
            let (kind, key, seq) = (parts.next()?, parts.next()?, parts.next()?);
            let key = match kind {
                "n" => Key::Nearness(f64::from_bits(u64::from_str_radix(key, 16).ok()?)),
                "t" => Key::Millis(key.parse().ok()?),
                _ => return None,
            };
            parts.next().is_none().then_some(Self { key, seq: seq.parse().ok()? })
        };
        parse().ok_or(NoCursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back() {
        for key in [Key::Nearness(f64::from(0.3_f32)), Key::Millis(-5)] {
            let cursor = PassCursor { key, seq: 7 };
            assert_eq!(cursor.to_string().parse::<PassCursor>().expect("reads back"), cursor);
        }
        for wrong in ["", "n", "n.1", "n.x.1", "x.1.1", "t.1.1.1", "t.1.x"] {
            assert!(wrong.parse::<PassCursor>().is_err(), "{wrong:?}");
        }
    }
}
