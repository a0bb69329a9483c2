use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name of an account or of a destination: it serves as a tag, as a folder and as a key.
///
/// 1 to 63 lower-case letters, digits, `-` and `_`, of which the first is a letter or a digit.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(Cow<'static, str>);

impl Name {
    /// The destination of the logs intake.
    pub const DATADOG: Self = Self(Cow::Borrowed("datadog"));
    /// The destination of an archive.
    pub const ARCHIVE: Self = Self(Cow::Borrowed("archive"));
    /// The account of a program that was given no name for it.
    pub const DEFAULT: Self = Self(Cow::Borrowed("default"));

    /// A name.
    ///
    /// # Errors
    ///
    /// If the text is none, saying what one is.
    pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
        let text = text.into();
        let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let well_formed = text.len() <= 63
            && text.starts_with(word)
            && text.chars().all(|c| word(c) || c == '-' || c == '_');
        if well_formed {
            Ok(Self(Cow::Owned(text)))
        } else {
            Err(NameError(text))
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text is no [`Name`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` can't be a name: write 1 to 63 lower-case letters, digits, `-` and `_`, \
     beginning with a letter or a digit"
)]
pub struct NameError(String);

impl TryFrom<String> for Name {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0.into_owned()
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_fit_for_a_tag_and_a_folder() {
        for good in ["a", "7", "acme", "acme_eu-2", &"x".repeat(63)] {
            assert!(Name::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "-a",
            "_a",
            "Acme",
            "a b",
            "a/b",
            "..",
            "ä",
            &"x".repeat(64),
        ] {
            assert!(Name::new(bad).is_err(), "{bad}");
        }
    }
}
