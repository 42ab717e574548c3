//! Passwords of cameras: they go in and never come out.
//!
//! A camera is shown without them. What is put in place of it without one keeps the one that it has, as long as it goes to the same
//! machine: or whoever may change a camera could have its password sent to his own.

use gridwatch_config::{Problem, hide_passwords, is_same_service};
use serde_json::{Map, Value};
use url::Url;

/// A camera as JSON, with the keys of the file.
pub(super) type Camera = Map<String, Value>;

/// Keys of addresses.
const ADDRESSES: [&str; 2] = ["url", "sub_url"];
/// Keys of passwords, of which there is one at most.
const PASSWORDS: [&str; 3] = ["password", "password_env", "password_file"];
/// Told beside a camera, and passed over when it comes back.
const HAS_PASSWORD: &str = "has_password";

/// The camera without passwords, and whether it has any.
pub(super) fn without(camera: &Camera) -> Camera {
    let mut shown = camera.clone();
    let in_address =
        ADDRESSES.iter().any(|key| camera.get(*key).and_then(Value::as_str).is_some_and(has_password_in));
    let has_password = in_address || PASSWORDS.iter().any(|key| camera.contains_key(*key));
    shown.remove("password");
    for key in ADDRESSES {
        if let Some(text) = camera.get(key).and_then(Value::as_str) {
            shown.insert(key.to_owned(), Value::from(hidden(text)));
        }
    }
    shown.insert(HAS_PASSWORD.to_owned(), Value::from(has_password));
    shown
}

/// Completes `new`, which is to take the place of `old`, by the passwords that it does not name.
///
/// # Errors
/// What of it would give a password away, at its key.
pub(super) fn keep(old: Option<&Camera>, new: &mut Camera) -> Result<(), Vec<Problem>> {
    let nothing = Camera::new();
    let old = old.unwrap_or(&nothing);
    let mut problems = Vec::new();
    new.remove(HAS_PASSWORD);
    for key in ["password_env", "password_file"] {
        if new.get(key).is_some_and(|value| !value.is_null() && old.get(key) != Some(value)) {
            let message = "is set in the file itself, not over this API, whose callers could read any file of the box by it";
            problems.push(Problem::new(key, message));
        }
    }
    if !new.contains_key("password") {
        keep_key(old, new, &mut problems);
    }
    for key in ADDRESSES {
        keep_in_address(old, new, key, &mut problems);
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// The password that is a key of its own.
fn keep_key(old: &Camera, new: &mut Camera, problems: &mut Vec<Problem>) {
    let same_host = match (parsed(old, "url"), parsed(new, "url")) {
        (Some(before), Some(after)) => is_same_service(&before, &after),
        _ => !new.contains_key("url"),
    };
    for key in PASSWORDS {
        let Some(password) = old.get(key) else { continue };
        if same_host {
            new.insert(key.to_owned(), password.clone());
        } else {
            problems
                .push(Problem::new(if new.contains_key(key) { key } else { "password" }, AT_ANOTHER_HOST));
        }
    }
}

const AT_ANOTHER_HOST: &str = "missing: the camera is at another host than before, so its password must be given anew, or null where it has none";

/// The password within an address.
fn keep_in_address(old: &Camera, new: &mut Camera, key: &'static str, problems: &mut Vec<Problem>) {
    let (Some(before), Some(mut after)) = (parsed(old, key), parsed(new, key)) else { return };
    let old_text = old.get(key).and_then(Value::as_str).unwrap_or_default();
    if new.get(key).and_then(Value::as_str) == Some(&hidden(old_text)) {
        new.insert(key.to_owned(), Value::from(old_text));
        return;
    }
    let (Some(password), None) = (before.password(), after.password()) else { return };
    if new.contains_key("password") {
        // It has been given another one.
    } else if is_same_service(&before, &after) {
        if after.username().is_empty() && after.set_username(before.username()).is_err() {
            return;
        }
        if after.set_password(Some(password)).is_ok() {
            new.insert(key.to_owned(), Value::from(after.as_str()));
        }
    } else {
        problems.push(Problem::new(key, AT_ANOTHER_HOST));
    }
}

fn has_password_in(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| url.password().is_some()) || hide_passwords(address) != address
}

fn parsed(camera: &Camera, key: &str) -> Option<Url> {
    Url::parse(camera.get(key)?.as_str()?).ok()
}

/// The address without its password; without anything where it is none, as there may be a password in it.
fn hidden(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else { return String::new() };
    if url.password().is_none() {
        return hide_passwords(text);
    }
    match url.set_password(None) {
        Ok(()) => hide_passwords(url.as_str()),
        Err(()) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn camera(value: Value) -> Camera {
        value.as_object().expect("an object").clone()
    }

    #[test]
    fn no_password_is_shown() {
        let shown = without(&camera(json!({
            "id": "gate", "url": "rtsp://admin:hunter2@10.0.0.1/1", "sub_url": "rtsp://u:swordfish@10.0.0.1/2", "password": "correct-horse",
        })));
        let text = Value::from(shown.clone()).to_string();
        for password in ["hunter2", "swordfish", "correct-horse"] {
            assert!(!text.contains(password), "{text}");
        }
        assert_eq!(shown["url"], "rtsp://admin@10.0.0.1/1");
        assert_eq!(shown["has_password"], true);
        assert_eq!(without(&camera(json!({"url": "rtsp://10.0.0.1/1"})))["has_password"], false);
    }

    #[track_caller]
    fn check(old: Value, new: Value, expected: Result<Value, &[&str]>) {
        let (old, mut new) = (camera(old), camera(new));
        match (keep(Some(&old), &mut new), expected) {
            (Ok(()), Ok(expected)) => assert_eq!(Value::from(new), expected),
            (Err(problems), Err(keys)) => {
                assert_eq!(problems.iter().map(|problem| problem.key.as_str()).collect::<Vec<_>>(), keys);
            }
            (kept, expected) => panic!("{kept:?}, {new:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn what_names_no_password_keeps_the_one_it_has_on_the_same_host_only() {
        let with_key = json!({"url": "rtsp://10.0.0.1/1", "password": "hunter2"});
        check(
            with_key.clone(),
            json!({"url": "rtsp://10.0.0.1/2"}),
            Ok(json!({"url": "rtsp://10.0.0.1/2", "password": "hunter2"})),
        );
        check(with_key.clone(), json!({"url": "rtsp://10.0.0.2/1"}), Err(&["password"]));
        check(with_key.clone(), json!({"url": "rtsp://10.0.0.1:8554/1"}), Err(&["password"]));
        check(
            with_key.clone(),
            json!({"url": "rtsp://10.0.0.2/1", "password": "new"}),
            Ok(json!({"url": "rtsp://10.0.0.2/1", "password": "new"})),
        );
        check(
            with_key,
            json!({"url": "rtsp://10.0.0.2/1", "password": null}),
            Ok(json!({"url": "rtsp://10.0.0.2/1", "password": null})),
        );

        let in_address = json!({"url": "rtsp://admin:hunter2@10.0.0.1/1"});
        check(in_address.clone(), json!({"url": "rtsp://admin@10.0.0.1/1"}), Ok(in_address.clone()));
        check(
            in_address.clone(),
            json!({"url": "rtsp://10.0.0.1/2"}),
            Ok(json!({"url": "rtsp://admin:hunter2@10.0.0.1/2"})),
        );
        check(in_address, json!({"url": "rtsp://admin@10.0.0.2/1"}), Err(&["url"]));

        let in_file = json!({"url": "rtsp://10.0.0.1/1", "password_file": "gate.txt"});
        check(
            in_file.clone(),
            json!({"url": "rtsp://10.0.0.1/1", "password_file": "gate.txt"}),
            Ok(in_file.clone()),
        );
        check(in_file.clone(), json!({"url": "rtsp://10.0.0.1/1"}), Ok(in_file.clone()));
        check(
            in_file.clone(),
            json!({"url": "rtsp://10.0.0.1/1", "password_file": "/etc/shadow"}),
            Err(&["password_file"]),
        );
        check(
            in_file,
            json!({"url": "rtsp://10.9.9.9/1", "password_file": "gate.txt"}),
            Err(&["password_file"]),
        );
    }
}
