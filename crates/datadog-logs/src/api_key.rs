use std::fmt;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

/// A Datadog API key, which no `Debug`, `Display` or error of this crate shows.
///
/// Its memory is wiped when it is dropped.
#[derive(Clone)]
pub struct ApiKey(SecretString);

impl ApiKey {
    /// Takes the text of a key, without the line end that a file or a shell leaves behind it.
    ///
    /// Its length and alphabet are left to Datadog; [`Client::validate`](crate::Client::validate)
    /// asks there.
    ///
    /// # Errors
    ///
    /// [`ApiKeyError`] if nothing is left, or if a character is in it that an HTTP header can't
    /// carry, a space included. The error doesn't show the text.
    pub fn new(text: impl Into<String>) -> Result<Self, ApiKeyError> {
        let mut text = text.into();
        text.truncate(text.trim_end_matches(['\r', '\n']).len());
        // Boxed first, so that the refused text is wiped as well.
        let key = SecretString::from(text);
        match key.expose_secret() {
            "" => Err(ApiKeyError::Empty),
            text if text.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Self(key)),
            _ => Err(ApiKeyError::Character),
        }
    }

    /// The key in plain text, for the `DD-API-KEY` header and nothing else.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }
}

impl FromStr for ApiKey {
    type Err = ApiKeyError;

    fn from_str(text: &str) -> Result<Self, ApiKeyError> {
        Self::new(text)
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey([redacted])")
    }
}

impl fmt::Display for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Why a text can't be an API key. The text itself isn't shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ApiKeyError {
    /// Nothing was left once the line end was gone.
    #[error("the API key is empty")]
    Empty,
    /// There is a space, a control character or a character outside ASCII in it.
    #[error("the API key has a character in it that an HTTP header cannot carry")]
    Character,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_end_is_no_part_of_the_key() {
        for text in ["abc123", "abc123\n", "abc123\r\n"] {
            assert_eq!(ApiKey::new(text).unwrap().expose_secret(), "abc123");
        }
    }

    #[test]
    fn what_a_header_cannot_carry_is_refused() {
        for text in ["", "\n", "\r\n"] {
            assert_eq!(ApiKey::new(text).unwrap_err(), ApiKeyError::Empty);
        }
        for text in ["abc 123", " abc", "abc\n123", "schlüssel", "abc\0"] {
            assert_eq!(ApiKey::new(text).unwrap_err(), ApiKeyError::Character);
        }
    }

    #[test]
    fn nothing_prints_the_key() {
        let key = ApiKey::new("sesame1234").unwrap();
        let refused = ApiKey::new("sesame 1234").unwrap_err();
        for text in [
            format!("{key}"),
            format!("{key:?}"),
            format!("{key:#?}"),
            format!("{refused} {refused:?}"),
        ] {
            assert!(!text.contains("sesame"), "{text}");
        }
    }
}
