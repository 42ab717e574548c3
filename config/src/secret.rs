//! Text that must not be shown.

use std::fmt;

use serde::Deserialize;

/// A password, or an address with one in it. `Debug` and `Display` show stars.
#[derive(Clone, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Hides `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Names that cameras give to a password within the path or the query of their addresses.
const NAMES: [&str; 5] = ["password=", "passwd=", "pwd=", "pass=", "psw="];

/// A text with stars in place of what addresses in it call a password: `user=admin&password=***&channel=1`.
pub fn hide_passwords(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let (mut shown, mut at) = (String::with_capacity(text.len()), 0);
    loop {
        let next =
            NAMES.iter().filter_map(|name| lower[at..].find(name).map(|found| at + found + name.len())).min();
        let Some(begin) = next else { break };
        let ends = |c: char| matches!(c, '&' | '/' | '?' | '#' | ';' | '"' | '\'') || c.is_whitespace();
        let end = text[begin..].find(ends).map_or(text.len(), |length| begin + length);
        shown.push_str(&text[at..begin]);
        if end > begin {
            shown.push_str("***");
        }
        at = end;
    }
    shown.push_str(&text[at..]);
    shown
}

#[cfg(test)]
mod tests {
    use super::hide_passwords;

    #[test]
    fn passwords_within_addresses_are_hidden() {
        for (text, shown) in [
            ("rtsp://h/user=admin&password=tJ5&channel=1", "rtsp://h/user=admin&password=***&channel=1"),
            ("rtsp://h/user=admin_Password=a_channel=1.sdp", "rtsp://h/user=admin_Password=***"),
            ("http://h/snap.cgi?usr=a&PWD=x y pwd=z", "http://h/snap.cgi?usr=a&PWD=*** y pwd=***"),
            ("rtsp://h/1?password=&a=b", "rtsp://h/1?password=&a=b"),
            ("消防通道 rtsp://h/1", "消防通道 rtsp://h/1"),
        ] {
            assert_eq!(hide_passwords(text), shown);
        }
    }
}
