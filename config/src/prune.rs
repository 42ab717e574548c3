//! Leaves out of a document what violates the schema, so that the rest can still be judged in the same run.

use serde_json::Value;

use crate::schema::{Step, key_path};

/// Takes away the value at `at`.
pub(crate) fn remove(document: &mut Value, at: &[Step]) {
    let Some((last, parents)) = at.split_last() else { return };
    let Some(parent) = find(document, parents) else { return };
    match (parent, last) {
        (Value::Object(table), Step::Key(name)) => {
            table.remove(name);
        }
        // A placeholder keeps the numbers of the elements behind it; it is taken out by `drop_placeholders`.
        (Value::Array(items), Step::Index(index)) if *index < items.len() => items[*index] = Value::Null,
        _ => {}
    }
}

/// Takes away the innermost array element around `at`; says whether there was one.
pub(crate) fn remove_element(document: &mut Value, at: &[Step]) -> bool {
    let Some(index) = at.iter().rposition(|step| matches!(step, Step::Index(_))) else { return false };
    remove(document, &at[..=index]);
    true
}

/// What was taken out of an array: the array's key path and the element's number, both as the user wrote them.
pub(crate) struct Gap {
    array: String,
    index: usize,
}

/// Takes out what `remove` left in arrays. Tells the gaps, outer ones first.
pub(crate) fn drop_placeholders(document: &mut Value) -> Vec<Gap> {
    let mut gaps = Vec::new();
    drop_below(document, &mut Vec::new(), &mut gaps);
    gaps
}

fn drop_below(value: &mut Value, path: &mut Vec<Step>, gaps: &mut Vec<Gap>) {
    match value {
        Value::Array(items) => {
            for index in (0..items.len()).filter(|&index| items[index].is_null()) {
                gaps.push(Gap { array: key_path(path), index });
            }
            for (index, item) in items.iter_mut().enumerate() {
                path.push(Step::Index(index));
                drop_below(item, path, gaps);
                path.pop();
            }
            items.retain(|item| !item.is_null());
        }
        Value::Object(table) => {
            for (name, item) in table {
                path.push(Step::Key(name.clone()));
                drop_below(item, path, gaps);
                path.pop();
            }
        }
        _ => {}
    }
}

/// Turns a key path of the document without its gaps into the one the user wrote.
pub(crate) fn restore_numbers(mut key: String, gaps: &[Gap]) -> String {
    for gap in gaps {
        let Some(rest) = key.strip_prefix(&gap.array).and_then(|rest| rest.strip_prefix('[')) else {
            continue;
        };
        let Some((number, rest)) = rest.split_once(']') else { continue };
        if let Some(number) = number.parse::<usize>().ok().filter(|&number| number >= gap.index) {
            key = format!("{}[{}]{rest}", gap.array, number + 1);
        }
    }
    key
}

pub(crate) fn find<'a>(document: &'a mut Value, at: &[Step]) -> Option<&'a mut Value> {
    at.iter().try_fold(document, |value, step| match step {
        Step::Key(name) => value.get_mut(name),
        Step::Index(index) => value.get_mut(index),
    })
}
