//! The SHA-256 of a network file: the one identity that an event may cite.

use gridwatch_domain::Sha256Hex;
use sha2::{Digest as _, Sha256};

/// The SHA-256 of `bytes`.
pub fn sha256_of(bytes: &[u8]) -> Sha256Hex {
    Sha256Hex::from_digest(Sha256::digest(bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_nothing_is_the_published_one() {
        let text = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sha256_of(b"").as_str(), text);
    }
}
