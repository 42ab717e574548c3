//! The structures as JSON Schema, and a file held against it: every violation at once.

use jsonschema::{ValidationError, error::ValidationErrorKind, paths::LocationSegment};
use serde_json::Value;

use crate::{CenterConfig, EdgeConfig, Problem, load::Kind};

/// The JSON Schema of a kind of file, with the manual in its descriptions.
pub fn json_schema(kind: Kind) -> Value {
    let schema = match kind {
        Kind::Edge => schemars::schema_for!(EdgeConfig),
        Kind::Center => schemars::schema_for!(CenterConfig),
    };
    schema.to_value()
}

/// A kind of document: what it may hold, and the command that tells its user so.
#[derive(Debug, Clone)]
pub struct Form {
    /// Its JSON Schema.
    pub schema: Value,
    /// The command that prints it, such as `gridwatch config schema`.
    pub manual: &'static str,
}

impl Form {
    pub(crate) fn of(kind: Kind) -> Self {
        Self { schema: json_schema(kind), manual: "gridwatch config schema" }
    }
}

/// One step into a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

/// A violation: where, what to say, and what to leave out so that the rest can still be judged.
#[derive(Debug)]
pub(crate) struct Violation {
    pub(crate) problem: Problem,
    pub(crate) at: Vec<Step>,
    /// The key that is not there.
    pub(crate) missing: Option<String>,
    /// Whether it is of no use to anybody, whatever its value is.
    pub(crate) is_unknown: bool,
}

/// Whether any text may be where one is, and else the words of which it may be one.
pub(crate) fn choices(form: &Form, document: &Value, at: &[Step]) -> (bool, Vec<Value>) {
    let validator = jsonschema::validator_for(&form.schema).expect("our own schema is valid");
    let mut words = Vec::new();
    let mut fits = true;
    for error in validator.iter_errors(document).filter(|error| steps(error) == at) {
        fits = false;
        match error.kind() {
            ValidationErrorKind::Enum { options } => {
                words.extend(options.as_array().into_iter().flatten().cloned())
            }
            ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
                words.extend(context.iter().flatten().flat_map(|error| match error.kind() {
                    ValidationErrorKind::Constant { expected_value } => vec![Value::clone(expected_value)],
                    ValidationErrorKind::Enum { options } => options.as_array().cloned().unwrap_or_default(),
                    _ => Vec::new(),
                }));
            }
            _ => {}
        }
    }
    (fits, words)
}

fn steps(error: &ValidationError<'_>) -> Vec<Step> {
    let step = |segment| match segment {
        LocationSegment::Property(name) => Step::Key(name.into_owned()),
        LocationSegment::Index(index) => Step::Index(index),
    };
    error.instance_path().segments().map(step).collect()
}

pub(crate) fn violations(form: &Form, document: &Value) -> Vec<Violation> {
    let validator = jsonschema::validator_for(&form.schema).expect("our own schema is valid");
    validator.iter_errors(document).flat_map(|error| explain(form.manual, &error)).collect()
}

fn explain(manual: &str, error: &ValidationError<'_>) -> Vec<Violation> {
    let at = steps(error);
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => unexpected
            .iter()
            .map(|name| {
                let at = [&at[..], &[Step::Key(name.clone())]].concat();
                let message = format!("unknown key; `{manual}` lists what is allowed");
                Violation { is_unknown: true, ..violation(at, message) }
            })
            .collect(),
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default().to_owned();
            let problem = Problem::new(key_path(&[&at[..], &[Step::Key(name.clone())]].concat()), "missing");
            vec![Violation { problem, at, missing: Some(name), is_unknown: false }]
        }
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            alternatives(manual, at, error, context)
        }
        ValidationErrorKind::Pattern { pattern } => {
            vec![violation(at, format!("{} does not match {pattern}", error.instance()))]
        }
        // What stands in the place of a table may be an address with a password in it; what stands in that of a text, a table with one.
        ValidationErrorKind::Type { .. } if may_hold_secret(error.instance()) => {
            vec![violation(at, error.masked_with("this"))]
        }
        _ if is_secret(&at) => vec![violation(at, "wrong type of value; expected text in quotes")],
        _ => vec![violation(at, error.to_string())],
    }
}

/// Whether messages about this value must not repeat it.
fn is_secret(at: &[Step]) -> bool {
    at.iter().any(
        |step| matches!(step, Step::Key(name) if name == "password" || name == "url" || name == "sub_url"),
    )
}

fn may_hold_secret(instance: &Value) -> bool {
    match instance {
        Value::String(text) => text.contains("://"),
        Value::Array(_) | Value::Object(_) => true,
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Enumerations list what is allowed; an optional value speaks of the value, not of its absence.
fn alternatives(
    manual: &str,
    at: Vec<Step>,
    error: &ValidationError<'_>,
    context: &[Vec<ValidationError<'static>>],
) -> Vec<Violation> {
    let allowed: Vec<String> = context
        .iter()
        .flatten()
        .filter_map(|error| match error.kind() {
            ValidationErrorKind::Constant { expected_value } => Some(expected_value.to_string()),
            _ => None,
        })
        .collect();
    if !allowed.is_empty() {
        return vec![violation(at, format!("{}: expected one of {}", error.instance(), allowed.join(", ")))];
    }
    match context.first() {
        Some(first) => first.iter().flat_map(|error| explain(manual, error)).collect(),
        None => vec![violation(at, error.to_string())],
    }
}

fn violation(at: Vec<Step>, message: impl std::fmt::Display) -> Violation {
    Violation { problem: Problem::new(key_path(&at), message), at, missing: None, is_unknown: false }
}

/// Numbers that are none, or without end: TOML can write them (`nan`, `inf`), JSON cannot, and they would pass for absent.
/// Each takes its whole key with it.
pub(crate) fn endless_numbers(document: &toml::Value) -> Vec<Violation> {
    let mut found = Vec::new();
    find_endless(document, &mut Vec::new(), &mut found);
    found
}

fn find_endless(value: &toml::Value, at: &mut Vec<Step>, found: &mut Vec<Violation>) {
    match value {
        toml::Value::Float(number) if !number.is_finite() => {
            let problem = Problem::new(key_path(at), format!("{number}: expected a number with an end"));
            let key = at.iter().rposition(|step| matches!(step, Step::Key(_))).map_or(0, |last| last + 1);
            found.push(Violation { problem, at: at[..key].to_vec(), missing: None, is_unknown: false });
        }
        toml::Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                at.push(Step::Index(index));
                find_endless(item, at, found);
                at.pop();
            }
        }
        toml::Value::Table(table) => {
            for (name, item) in table {
                at.push(Step::Key(name.clone()));
                find_endless(item, at, found);
                at.pop();
            }
        }
        _ => {}
    }
}

/// `camera[1].zone[0].polygon`
pub(crate) fn key_path(steps: &[Step]) -> String {
    let mut path = String::new();
    for step in steps {
        match step {
            Step::Key(name) if path.is_empty() => path.push_str(name),
            Step::Key(name) => {
                path.push('.');
                path.push_str(name);
            }
            Step::Index(index) => path.push_str(&format!("[{index}]")),
        }
    }
    path
}
