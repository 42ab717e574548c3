//! What is wrong with a configuration, in the words of the one who wrote it.

use std::fmt;

/// One problem at one key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where: `camera[1].zone[0].polygon`. Empty for the file as a whole.
    pub key: String,
    /// What was found and what is allowed.
    pub message: String,
}

impl Problem {
    /// A problem at `key`.
    pub fn new(key: impl Into<String>, message: impl fmt::Display) -> Self {
        Self { key: key.into(), message: message.to_string() }
    }
}
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.key, self.message)
        }
    }
}

/// All problems of a file, as far as they can be found together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Adds one.
    pub fn push(&mut self, key: impl Into<String>, message: impl fmt::Display) {
        self.0.push(Problem::new(key, message));
    }

    /// Adds one where `result` failed.
    pub fn keep<T, E: fmt::Display>(&mut self, key: impl Into<String>, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.push(key, error)).ok()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// Adds one unless a problem at the same key is known.
    pub fn push_new(&mut self, key: String, message: impl fmt::Display) {
        if !self.0.iter().any(|known| known.key == key) {
            self.push(key, message);
        }
    }
}
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for problem in &self.0 {
            write!(f, "{}  {problem}", if first { "" } else { "\n" })?;
            first = false;
        }
        Ok(())
    }
}
