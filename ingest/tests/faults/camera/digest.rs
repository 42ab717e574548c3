//! Digest authentication as cameras do it (RFC 2617 without quality of protection).

use md5::{Digest as _, Md5};

use super::script::Login;

const REALM: &str = "camera";
const NONCE: &str = "8b17f2ad0c6e4f6b";

/// What a request without a good signature is answered with.
pub(crate) fn challenge() -> String {
    format!("WWW-Authenticate: Digest realm=\"{REALM}\", nonce=\"{NONCE}\", stale=\"FALSE\"\r\n")
}

/// Whether a request is signed by someone who knows the password.
pub(crate) fn check(
    user: &str,
    password: &str,
    method: &str,
    uri: &str,
    authorization: Option<&str>,
) -> Login {
    let Some(authorization) = authorization else { return Login::None };
    let field = |name: &str| {
        let begin = authorization.find(&format!("{name}=\""))? + name.len() + 2;
        authorization[begin..].split('"').next()
    };
    let first = md5(&format!("{user}:{REALM}:{password}"));
    let second = md5(&format!("{method}:{uri}"));
    let right = md5(&format!("{first}:{NONCE}:{second}"));
    if field("username") == Some(user) && field("response") == Some(&right) {
        Login::Right
    } else {
        Login::Wrong
    }
}

fn md5(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
