//! Files with one JSON document a line.
//!
//! Every line is read or told with its number; none is passed over in silence. Empty lines are nothing. Where an analysis broke off, its last
//! line says so, and so does what was read.

use std::{fmt, io::BufRead};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// So many are told; of more their number says enough.
const MOST_TOLD: usize = 20;

/// Schema of the line that says whether an analysis is complete.
const ANALYSIS_SCHEMA: &str = "gridwatch.analysis/1";

/// What was read of a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Read<T> {
    pub(crate) items: Vec<T>,
    /// The analysis broke off.
    pub(crate) partial: Option<PartialAnalysis>,
}

/// How far an analysis came that broke off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PartialAnalysis {
    /// Seconds of the footage.
    pub(crate) seconds: f64,
    /// Why, in words.
    #[serde(default)]
    pub(crate) flaws: Vec<String>,
}

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
) -> Read<(usize, T)> {
    let mut read = Read { items: Vec::new(), partial: None };
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
            Ok(Line::Item(value)) => read.items.push((number, value)),
            Ok(Line::End(partial)) => read.partial = partial.or(read.partial),
            Err(message) => problems.push(number, message),
        }
    }
    read
}

#[derive(Deserialize)]
struct Head {
    schema: Option<String>,
}

#[derive(Deserialize)]
struct End {
    complete: bool,
    #[serde(flatten)]
    how_far: PartialAnalysis,
}

enum Line<T> {
    Item(T),
    End(Option<PartialAnalysis>),
}

fn parse<T: DeserializeOwned>(line: &[u8], schema: &str) -> Result<Line<T>, String> {
    let head: Head =
        serde_json::from_slice(line).map_err(|error| format!("not a JSON object: {}", words(&error)))?;
    let wrong = |of: &str, error: serde_json::Error| format!("not of {of}: {}", words(&error));
    match head.schema.as_deref() {
        Some(found) if found == schema => {
            serde_json::from_slice(line).map(Line::Item).map_err(|error| wrong(schema, error))
        }
        Some(ANALYSIS_SCHEMA) => end(line),
        Some(found) => Err(format!("schema {found:?}; expected {schema:?}")),
        None => Err(format!("no schema; expected {schema:?}")),
    }
}

fn end<T>(line: &[u8]) -> Result<Line<T>, String> {
    let end: End = serde_json::from_slice(line)
        .map_err(|error| format!("not of {ANALYSIS_SCHEMA}: {}", words(&error)))?;
    Ok(Line::End((!end.complete).then_some(end.how_far)))
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
