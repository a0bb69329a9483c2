use std::fmt;

use reqwest::header::{HeaderValue, InvalidHeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;

/// What Datadog's management API wants to be shown: both keys, of the same organisation.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The organisation's API key.
    pub api: Key,
    /// An application key, which may do what its owner may, or less.
    pub application: Key,
}

/// A key of Datadog's, which no `Debug` and no error of this crate shows.
///
/// Its memory is wiped when it is dropped.
#[derive(Clone)]
pub struct Key(SecretString);

impl Key {
    /// Takes the text of a key, without the line end that a file or a shell leaves behind it.
    ///
    /// # Errors
    ///
    /// If nothing is left, or a character is in it that an HTTP header can't carry. The error doesn't show
    /// the text.
    pub fn new(text: impl Into<String>) -> Result<Self, KeyError> {
        let mut text = text.into();
        text.truncate(text.trim_end_matches(['\r', '\n']).len());
        // Boxed first, so that the refused text is wiped as well.
        let key = SecretString::from(text);
        match key.expose_secret() {
            "" => Err(KeyError::Empty),
            text if text.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Self(key)),
            _ => Err(KeyError::Character),
        }
    }

    pub(super) fn header(&self) -> Result<HeaderValue, InvalidHeaderValue> {
        let mut header = HeaderValue::from_str(self.0.expose_secret())?;
        header.set_sensitive(true);
        Ok(header)
    }

    /// A text without the key: whoever answers may repeat what he was sent.
    pub(super) fn left_out_of(&self, text: &str) -> String {
        text.replace(self.0.expose_secret(), "…")
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key([redacted])")
    }
}

/// Why a text can't be a key. The text itself isn't shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Nothing was left once the line end was gone.
    #[error("the key is empty")]
    Empty,
    /// There is a space, a control character or a character outside ASCII in it.
    #[error("the key has a character in it that an HTTP header cannot carry")]
    Character,
}
