//! From a file to settings.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    CenterConfig, CenterSettings, EdgeConfig, EdgeSettings, NetworkSettings, Problem, Problems, prune,
    schema::{self, Form, Step},
    stand_in::StandIns,
};

/// A configuration that starts nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file can be read but not used.
    #[error("{path} cannot be used:\n{problems}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// All that is wrong with it.
        problems: Problems,
    },
}

/// Which process a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `gridwatch edge`.
    Edge,
    /// `gridwatch center`.
    Center,
}

/// Settings of either kind.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is one of them, for a moment")]
pub enum Loaded {
    /// Of an edge box.
    Edge(EdgeSettings),
    /// Of a center.
    Center(CenterSettings),
}

/// Loads the file of an edge box.
pub fn load_edge(path: &Path) -> Result<EdgeSettings, ConfigError> {
    let text = read_text(path)?;
    parse_edge(&text, folder(path))
        .map_err(|problems| ConfigError::Invalid { path: path.to_owned(), problems })
}

/// Loads the file of an edge box for whoever connects to nothing: variables of the environment that hold passwords and tokens need
/// not be set here.
pub fn load_edge_offline(path: &Path) -> Result<EdgeSettings, ConfigError> {
    let text = read_text(path)?;
    parse_edge_offline(&text, folder(path))
        .map_err(|problems| ConfigError::Invalid { path: path.to_owned(), problems })
}

/// Loads the file of a center.
pub fn load_center(path: &Path) -> Result<CenterSettings, ConfigError> {
    let text = read_text(path)?;
    parse_center(&text, folder(path))
        .map_err(|problems| ConfigError::Invalid { path: path.to_owned(), problems })
}

/// Loads a file of either kind: one with a `[center]` table is a center's, any other an edge box's.
pub fn load_file(path: &Path) -> Result<Loaded, ConfigError> {
    let text = read_text(path)?;
    let is_center = text.parse::<toml::Table>().is_ok_and(|table| table.contains_key("center"));
    if is_center { load_center(path).map(Loaded::Center) } else { load_edge(path).map(Loaded::Edge) }
}

/// What is wrong with an edge box's file, and which network it names as far as that can be told all the same.
pub fn examine_edge(path: &Path) -> Result<(Option<NetworkSettings>, Problems), ConfigError> {
    let text = read_text(path)?;
    let check = |config: EdgeConfig, problems: &mut Problems| config.check(folder(path), problems);
    let (settings, problems) = examine(Kind::Edge, &text, check);
    Ok((settings.map(|settings| settings.network), problems))
}

/// Reads an edge box's file from text; `folder` is where relative paths begin.
pub fn parse_edge(text: &str, folder: &Path) -> Result<EdgeSettings, Problems> {
    parse(Kind::Edge, text, |config: EdgeConfig, problems| config.check(folder, problems))
}

/// As [`parse_edge`], for whoever connects to nothing: variables that hold passwords and tokens need not be set here.
pub fn parse_edge_offline(text: &str, folder: &Path) -> Result<EdgeSettings, Problems> {
    parse(Kind::Edge, text, |config: EdgeConfig, problems| {
        config.without_missing_secrets().check(folder, problems)
    })
}

/// Reads a center's file from text; `folder` is where relative paths begin.
pub fn parse_center(text: &str, folder: &Path) -> Result<CenterSettings, Problems> {
    parse(Kind::Center, text, |config: CenterConfig, problems| config.check(folder, problems))
}

/// Reads a document of another form, such as one that a tool of gridwatch takes, as a configuration is read: every problem at once,
/// each with its key path.
pub fn parse_form<C: DeserializeOwned, S>(
    form: &Form,
    document: Value,
    check: impl Fn(C, &mut Problems) -> Option<S>,
) -> Result<S, Problems> {
    let mut problems = Problems::default();
    match parse_document(form, document, Vec::new(), check, &mut problems) {
        Some(settings) if problems.is_empty() => Ok(settings),
        _ => Err(problems),
    }
}

/// Largest file that is read: ten thousand cameras fit in. What is larger, or has no end, is no configuration.
const LARGEST: u64 = 16 << 20;

/// The text of a configuration file.
///
/// # Errors
/// [`ConfigError::Read`]; so for one that is larger than any configuration.
pub fn read_text(path: &Path) -> Result<String, ConfigError> {
    let read = || -> std::io::Result<String> {
        let mut text = String::new();
        let count = std::fs::File::open(path)?.take(LARGEST + 1).read_to_string(&mut text)?;
        if count as u64 > LARGEST {
            let too_large = format!("it is larger than {} MiB, which no configuration is", LARGEST >> 20);
            return Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, too_large));
        }
        Ok(text)
    };
    read().map_err(|source| ConfigError::Read { path: path.to_owned(), source })
}

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or_else(|| Path::new(""))
}

fn parse<C: DeserializeOwned, S>(
    kind: Kind,
    text: &str,
    check: impl Fn(C, &mut Problems) -> Option<S>,
) -> Result<S, Problems> {
    match examine(kind, text, check) {
        (Some(settings), problems) if problems.is_empty() => Ok(settings),
        (_, problems) => Err(problems),
    }
}

/// The settings as far as they can be told, and all that is wrong.
fn examine<C: DeserializeOwned, S>(
    kind: Kind,
    text: &str,
    check: impl Fn(C, &mut Problems) -> Option<S>,
) -> (Option<S>, Problems) {
    let mut problems = Problems::default();
    let written = match toml::from_str::<toml::Value>(text) {
        Ok(written) => written,
        Err(error) => {
            problems.push("", not_toml(text, &error));
            return (None, problems);
        }
    };
    let endless = schema::endless_numbers(&written);
    let document = serde_json::to_value(&written).expect("TOML has only string keys");
    let settings = parse_document(&schema::Form::of(kind), document, endless, check, &mut problems);
    (settings, problems)
}

/// Names the line without repeating it: there may be a password in it.
fn not_toml(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().map_or(1, |span| 1 + text[..span.start.min(text.len())].matches('\n').count());
    format!("not TOML, line {line}: {}", error.message())
}

fn parse_document<C: DeserializeOwned, S>(
    form: &Form,
    mut document: Value,
    endless: Vec<schema::Violation>,
    check: impl Fn(C, &mut Problems) -> Option<S>,
    problems: &mut Problems,
) -> Option<S> {
    let told =
        |violation: &schema::Violation| endless.iter().any(|other| violation.at.starts_with(&other.at));
    let mut violations: Vec<_> =
        schema::violations(form, &document).into_iter().filter(|violation| !told(violation)).collect();
    violations.extend(endless);
    let found_some = !violations.is_empty();
    let mut stand_ins = StandIns::default();
    for (number, violation) in violations.into_iter().enumerate() {
        let at: Vec<Step> = violation.at.iter().cloned().chain(violation.missing.map(Step::Key)).collect();
        if violation.is_unknown {
            prune::remove(&mut document, &at);
        } else if number >= MOST_STAND_INS || !stand_ins.put(&mut document, form, &at) {
            prune_around(&mut document, form, &violation.at);
        }
        problems.push(violation.problem.key, violation.problem.message);
    }
    let mut settings = None;
    let mut real: Option<Vec<Problem>> = None;
    for mut document in stand_ins.variants(&document) {
        let gaps = prune::drop_placeholders(&mut document);
        let config: C = match serde_path_to_error::deserialize(document) {
            Ok(config) => config,
            Err(error) => {
                // What is missing after pruning has been told already.
                if !found_some {
                    problems.push(error.path().to_string(), error.inner());
                }
                continue;
            }
        };
        let mut more = Problems::default();
        let checked = check(config, &mut more);
        settings = settings.or(checked);
        let mut told: Vec<Problem> = more.iter().cloned().collect();
        told.iter_mut().for_each(|problem| problem.key = prune::restore_numbers(problem.key.clone(), &gaps));
        match &mut real {
            // Of a word that is none: what is wrong whichever was meant.
            Some(real) => real.retain(|problem| told.contains(problem)),
            None => real = Some(told),
        }
    }
    for problem in real.into_iter().flatten().filter(|problem| stand_ins.is_real(problem)) {
        problems.push_new(problem.key, &problem.message);
    }
    settings
}

/// For so many values something stands in, which takes some looks at the whole document each; what is wrong throughout has enough to be told.
const MOST_STAND_INS: usize = 100;

/// Takes out a value for which nothing can stand in, or, where that makes its table useless, the table's array element.
fn prune_around(document: &mut Value, form: &Form, at: &[schema::Step]) {
    prune::remove(document, at);
    let still_missing: Vec<_> = schema::violations(form, document)
        .into_iter()
        .filter(|violation| at.starts_with(&violation.at))
        .collect();
    for violation in still_missing {
        prune::remove_element(document, &violation.at);
    }
}
