use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use thiserror::Error;

/// What values are hashed with, which nothing prints. Who has it can find out whether a hash is of a value
/// that he guesses; with another one, all hashes are others.
#[derive(Clone)]
pub struct HashKey(Hmac<Sha256>);

impl HashKey {
    /// The shortest key, in bytes: a shorter one could be found by trying.
    pub const SHORTEST: usize = 16;

    /// Takes a key, without white space at its ends.
    ///
    /// # Errors
    ///
    /// [`HashKeyError`] if it is too short.
    pub fn new(text: impl AsRef<str>) -> Result<Self, HashKeyError> {
        let text = text.as_ref().trim();
        if text.len() < Self::SHORTEST {
            return Err(HashKeyError(()));
        }
        let keyed = Hmac::new_from_slice(text.as_bytes()).map_err(|_| HashKeyError(()))?;
        Ok(Self(keyed))
    }

    /// The hash of a value, which says that it is one.
    pub(super) fn hash(&self, value: &str) -> String {
        let mut keyed = self.0.clone();
        if value.contains('@') {
            keyed.update(value.to_lowercase().as_bytes());
        } else {
            keyed.update(value.as_bytes());
        }
        let hash = keyed.finalize().into_bytes();
        let hex = hash[..16].iter().map(|byte| format!("{byte:02x}"));
        ["hash:".to_owned()].into_iter().chain(hex).collect()
    }
}

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashKey(…)")
    }
}

/// A key is too short to keep what is hashed with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "the key for hashes has less than {} characters: make one with `openssl rand -base64 32`",
    HashKey::SHORTEST
)]
pub struct HashKeyError(());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_hmac_sha_256() {
        // `printf %s ada@example.com | openssl dgst -sha256 -hmac 0123456789abcdef`
        let key = HashKey::new(" 0123456789abcdef\n").unwrap();
        let hash = key.hash("ada@example.com");
        assert_eq!(hash, "hash:512383176ce1b4c279ee430548cf07ec");
        assert_eq!(key.hash("Ada@Example.COM"), hash);
        assert_ne!(key.hash("Ada"), key.hash("ada"));
        let other = HashKey::new("0123456789abcdeg").unwrap();
        assert_ne!(other.hash("ada@example.com"), hash);
    }

    #[test]
    fn a_short_key_is_refused_and_none_prints() {
        let error = HashKey::new(" 0123456789abcde ").unwrap_err();
        assert!(error.to_string().contains("less than 16"), "{error}");
        let key = HashKey::new("0123456789abcdef").unwrap();
        assert_eq!(format!("{key:?}"), "HashKey(…)");
    }
}
