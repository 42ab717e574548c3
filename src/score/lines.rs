//! Files with one JSON document a line.
//!
//! Every line is read or told with its number; none is passed over in silence. Empty lines are nothing.

use std::{fmt, io::BufRead};

use serde::de::DeserializeOwned;

/// So many are told; of more their number says enough.
const MOST_TOLD: usize = 20;

/// All that is wrong with a file of lines.
#[derive(Debug, Default)]
pub(crate) struct LineProblems(Vec<(usize, String)>);

impl LineProblems {
    pub(crate) fn push(&mut self, line: usize, message: impl fmt::Display) {
        self.0.push((line, message.to_string()));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for LineProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut problems: Vec<&(usize, String)> = self.0.iter().collect();
        problems.sort();
        for (index, (line, message)) in problems.iter().take(MOST_TOLD).enumerate() {
            write!(f, "{}  line {line}: {message}", if index == 0 { "" } else { "\n" })?;
        }
        match problems.len().saturating_sub(MOST_TOLD) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}
impl std::error::Error for LineProblems {}

/// Reads every line of a schema, each with its number from 1; what is wrong goes to `problems`.
pub(crate) fn read<T: DeserializeOwned>(
    from: impl BufRead,
    schema: &str,
    problems: &mut LineProblems,
) -> Vec<(usize, T)> {
    let mut read = Vec::new();
    for (index, line) in from.split(b'\n').enumerate() {
        let number = index + 1;
        let line = match line {
            Ok(line) => line,
            Err(error) => {
                problems.push(number, format!("cannot be read: {error}"));
                break;
            }
        };
        if line.trim_ascii().is_empty() {
            continue;
        }
        match parse(&line, schema) {
            Ok(value) => read.push((number, value)),
            Err(message) => problems.push(number, message),
        }
    }
    read
}

#[derive(serde::Deserialize)]
struct Head {
    schema: Option<String>,
}

fn parse<T: DeserializeOwned>(line: &[u8], schema: &str) -> Result<T, String> {
    let head: Head =
        serde_json::from_slice(line).map_err(|error| format!("not a JSON object: {}", words(&error)))?;
    match head.schema {
        Some(found) if found == schema => {
            serde_json::from_slice(line).map_err(|error| format!("not of {schema}: {}", words(&error)))
        }
        Some(found) => Err(format!("schema {found:?}; expected {schema:?}")),
        None => Err(format!("no schema; expected {schema:?}")),
    }
}

/// Its place within the line: that it is in the first one of one is no help.
fn words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    match text.strip_suffix(&place) {
        Some(what) => format!("{what} (column {})", error.column()),
        None => text,
    }
}
