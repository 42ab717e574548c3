//! Puts something valid in the place of what violates a schema, so that all the rest can still be judged in the same run, with its own numbers.
//! What is then said of what stands in is not the user's, and is not told.

use serde_json::{Value, json};

use crate::{
    Problem,
    schema::{self, Form, Step, key_path},
};

/// In each text that stands in, and in nothing that a user writes.
const MARK: &str = "stand-in-for-what-is-wrong";
/// Tables within tables that are filled.
const DEEPEST: usize = 4;

/// Where something stands in.
#[derive(Debug, Default)]
pub(crate) struct StandIns {
    keys: Vec<String>,
    /// Those of words of which one must be chosen, and which may be.
    choices: Vec<(Vec<Step>, Vec<Value>)>,
}

impl StandIns {
    /// Puts something valid at `at`; says whether anything was.
    pub(crate) fn put(&mut self, document: &mut Value, form: &Form, at: &[Step]) -> bool {
        self.fill(document, form, at, DEEPEST)
    }

    fn fill(&mut self, document: &mut Value, form: &Form, at: &[Step], deep: usize) -> bool {
        let Some(before) = set(document, at, json!(MARK)) else { return false };
        let (text_fits, choices) = schema::choices(form, document, at);
        let key = key_path(at);
        let words = choices.iter().cloned();
        let text = json!(format!("{MARK}-{}", self.keys.len()));
        let candidates = usual(at).into_iter().chain(words).chain(text_fits.then_some(text)).chain(others());
        for candidate in candidates {
            set(document, at, candidate);
            if wrong_at(form, document, at).is_empty() {
                self.keys.push(key);
                if choices.len() > 1 {
                    self.choices.push((at.to_vec(), choices));
                }
                return true;
            }
        }
        set(document, at, json!({}));
        let missing = wrong_at(form, document, at);
        let is_table = !missing.is_empty() && missing.iter().all(|violation| violation.missing.is_some());
        if deep > 0 && is_table {
            let fills = missing.iter().all(|violation| {
                let name = violation.missing.clone().map(Step::Key);
                let below = [&violation.at[..], &Vec::from_iter(name)].concat();
                self.fill(document, form, &below, deep - 1)
            });
            if fills {
                self.keys.push(key);
                return true;
            }
        }
        match before {
            Some(before) => drop(set(document, at, before)),
            None => crate::prune::remove(document, at),
        }
        false
    }

    /// The same document with each of the words that may be meant: what is wrong whichever it is, is wrong.
    pub(crate) fn variants(&self, document: &Value) -> Vec<Value> {
        let most = self.choices.iter().map(|(_, words)| words.len()).max().unwrap_or(1);
        let variant = |number: usize| {
            let mut document = document.clone();
            for (at, words) in &self.choices {
                set(&mut document, at, words[number % words.len()].clone());
            }
            document
        };
        (0..most).map(variant).collect()
    }

    /// Whether a problem is one of what the user wrote.
    pub(crate) fn is_real(&self, problem: &Problem) -> bool {
        let speaks_of = |key: &String| {
            let rest = key.strip_prefix(&problem.key);
            let below = problem.key.strip_prefix(key.as_str());
            // It, a part of it, or the list that it is in.
            let is_it = below.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
                || rest.is_some_and(|rest| rest.starts_with('['));
            // Its table, for its sake; or anything that is held against it by name.
            let name = rest.and_then(|rest| rest.strip_prefix('.'));
            let own = key.rsplit('.').next().filter(|own| own.contains('_'));
            is_it || [name, own].into_iter().flatten().any(|name| problem.message.contains(name))
        };
        !problem.message.contains(MARK) && !self.keys.iter().any(speaks_of)
    }
}

/// What is wrong at a place, and below it.
fn wrong_at(form: &Form, document: &Value, at: &[Step]) -> Vec<schema::Violation> {
    let mut found = schema::violations(form, document);
    found.retain(|violation| violation.at.starts_with(at));
    found
}

/// What fits where a key of that name is.
fn usual(at: &[Step]) -> Vec<Value> {
    let name = at.iter().rev().find_map(|step| match step {
        Step::Key(name) => Some(name.as_str()),
        Step::Index(_) => None,
    });
    match name.unwrap_or_default() {
        "url" | "sub_url" => vec![json!(format!("rtsp://{MARK}/1"))],
        "polygon" | "points" | "metres" => vec![json!([[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]])],
        "from" => vec![json!([0.1, 0.1])],
        "to" => vec![json!([0.9, 0.9])],
        "weekly" => vec![json!(["daily 00:00-24:00"]), json!("daily 00:00-24:00")],
        _ => Vec::new(),
    }
}

fn others() -> Vec<Value> {
    vec![
        json!(1),
        json!(0.5),
        json!(10),
        json!(100),
        json!(10_000),
        json!(false),
        json!([]),
        json!([0.5, 0.5]),
    ]
}

/// Puts a value; gives what was there. `None` where there is no such place.
#[expect(clippy::option_option, reason = "a key that is missing has a place")]
fn set(document: &mut Value, at: &[Step], value: Value) -> Option<Option<Value>> {
    let (last, parents) = at.split_last()?;
    match (crate::prune::find(document, parents)?, last) {
        (Value::Object(table), Step::Key(name)) => Some(table.insert(name.clone(), value)),
        (Value::Array(items), Step::Index(index)) => {
            items.get_mut(*index).map(|item| Some(std::mem::replace(item, value)))
        }
        _ => None,
    }
}
