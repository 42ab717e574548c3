//! Who may call: whoever knows the token.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::header::AUTHORIZATION,
    middleware::Next,
    response::Response,
};
use gridwatch_config::Secret;
use subtle::ConstantTimeEq as _;

use super::Refusal;

/// What a caller must know. `Debug` shows stars.
#[derive(Debug, Clone)]
pub(super) struct Token(Arc<Secret>);

impl Token {
    pub(super) fn new(token: Secret) -> Self {
        Self(Arc::new(token))
    }

    /// Whether a header gives it. How long this takes tells at most the token's length.
    fn is_given_by(&self, header: &[u8]) -> bool {
        const SCHEME: &[u8] = b"bearer ";
        let Some((scheme, given)) = header.split_at_checked(SCHEME.len()) else { return false };
        let is_bearer = scheme.eq_ignore_ascii_case(SCHEME);
        is_bearer & bool::from(given.trim_ascii().ct_eq(self.0.reveal().as_bytes()))
    }
}

/// Lets a request pass that gives the token, and no other.
pub(super) async fn require(
    State(token): State<Token>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let given = request.headers().get(AUTHORIZATION);
    if given.is_some_and(|header| token.is_given_by(header.as_bytes())) {
        return Ok(next.run(request).await);
    }
    Err(Refusal::not_authorised(given.is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_counts() {
        let token = Token::new(Secret::new("0123456789abcdef"));
        let check = |header: &str, expected: bool| {
            assert_eq!(token.is_given_by(header.as_bytes()), expected, "{header:?}");
        };
        check("Bearer 0123456789abcdef", true);
        check("bearer  0123456789abcdef ", true);
        check("Bearer 0123456789abcde", false);
        check("Bearer 0123456789abcdef0", false);
        check("Bearer ", false);
        check("Bearer", false);
        check("Basic 0123456789abcdef", false);
        check("Digest 0123456789abcdef", false);
        check("0123456789abcdef", false);
        check("", false);
        assert!(!format!("{token:?}").contains("0123"));
    }
}
