use std::fmt;
use std::sync::Arc;

use thiserror::Error;

/// The most tags that one log may carry
/// (<https://docs.datadoghq.com/logs/log_collection/#attributes-and-tags>).
const MAX_TAGS: usize = 100;

/// The most characters of a tag that Datadog keeps
/// (<https://docs.datadoghq.com/getting_started/tagging/#define-tags>).
const MAX_CHARACTERS: usize = 200;

/// Tags in the form in which Datadog stores them, ready to be sent as `ddtags`.
///
/// Datadog rewrites a tag that breaks its rules, and a comma inside a value would make two tags of
/// it. Here every tag is brought into its final form once, when it comes in, so that what is sent
/// is what one finds afterwards:
///
/// - lower case, at most 200 characters, beginning with a letter (what comes before the first
///   letter is left out), with no `:` at the end;
/// - letters, digits and `_ - : . /`; any other character, a comma included, becomes `_`;
/// - a tag that repeats an earlier one is left out; at most 100 stay.
///
/// A clone shares the text.
///
/// ```
/// use datadog_logs::Tags;
///
/// let tags = Tags::new(["Env:Prod", "team:red, blue"])?;
/// assert_eq!(tags.as_str(), "env:prod,team:red__blue");
/// # Ok::<_, datadog_logs::TagsError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Tags {
    /// Joined by commas: no tag has one in it.
    joined: Arc<str>,
}

impl Tags {
    /// Normalises `tags`, in their order.
    ///
    /// # Errors
    ///
    /// [`TagsError`] if nothing is left of a tag, or if more than 100 different tags remain.
    pub fn new<I>(tags: I) -> Result<Self, TagsError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        Self::default().extended(tags)
    }

    /// These tags and one more.
    ///
    /// # Errors
    ///
    /// As [`Tags::new`].
    pub fn with(&self, tag: &str) -> Result<Self, TagsError> {
        self.extended([tag])
    }

    /// These tags, then those of `other` that aren't among them.
    ///
    /// # Errors
    ///
    /// [`TagsError::TooMany`] if that makes more than 100.
    pub fn join(&self, other: &Self) -> Result<Self, TagsError> {
        if self.is_empty() {
            return Ok(other.clone());
        }
        self.extended(other.iter())
    }

    /// The tags joined by commas: the value of `ddtags`. There is nothing in it that JSON would
    /// have to escape.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.joined
    }

    /// The tags one by one.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.joined.split(',').filter(|tag| !tag.is_empty())
    }

    /// How many tags there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether there is no tag.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.joined.is_empty()
    }

    fn extended<I>(&self, tags: I) -> Result<Self, TagsError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let mut joined = String::from(&*self.joined);
        let mut count = self.len();
        for tag in tags {
            let tag = tag.as_ref();
            let normal = normalise(tag);
            if normal.is_empty() {
                return Err(TagsError::Unusable(tag.into()));
            }
            if joined.split(',').any(|known| known == normal) {
                continue;
            }
            count += 1;
            if count > MAX_TAGS {
                return Err(TagsError::TooMany);
            }
            if !joined.is_empty() {
                joined.push(',');
            }
            joined.push_str(&normal);
        }
        Ok(Self {
            joined: joined.into(),
        })
    }
}

impl fmt::Debug for Tags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl fmt::Display for Tags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.joined)
    }
}

/// Brings one tag into the form that Datadog would give it; empty if there is no letter in it.
fn normalise(tag: &str) -> String {
    let mut normal: String = tag
        .trim()
        .chars()
        .flat_map(char::to_lowercase)
        .skip_while(|character| !character.is_alphabetic())
        .take(MAX_CHARACTERS)
        .map(|character| match character {
            '_' | '-' | ':' | '.' | '/' => character,
            _ if character.is_alphanumeric() => character,
            _ => '_',
        })
        .collect();
    normal.truncate(normal.trim_end_matches(':').len());
    normal
}

/// Why tags can't be sent.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TagsError {
    /// The tag, as it was given, has no letter to begin with.
    #[error("the tag {0:?} is unusable: a tag must begin with a letter")]
    Unusable(String),
    /// More than 100 different tags.
    #[error("more than {MAX_TAGS} tags on one log")]
    TooMany,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn normalises_to_what_datadog_stores() {
        fn check(tag: &str, expect: &str) {
            assert_eq!(normalise(tag), expect, "{tag:?}");
        }
        check("env:prod", "env:prod");
        check("Env:Prod", "env:prod");
        check(" env:prod\n", "env:prod");
        check("team:red, blue", "team:red__blue");
        check("1password", "password");
        check("_:x", "x");
        check("env:", "env");
        check("env::", "env");
        check(
            "url:https://example.com/a-b_c?d=1",
            "url:https://example.com/a-b_c_d_1",
        );
        check("straße:MÜNCHEN", "straße:münchen");
        check("İ", "i_");
        check("", "");
        check("42", "");
        check(&"a".repeat(300), &"a".repeat(200));
        // Cut right behind a colon, the colon goes as well.
        check(&format!("{}:b", "a".repeat(199)), &"a".repeat(199));
    }

    #[test]
    fn repeats_are_left_out() {
        let tags = Tags::new(["a:1", "b:2", "A:1"]).unwrap();
        assert_eq!(tags.as_str(), "a:1,b:2");
        assert_eq!(tags.len(), 2);
        let joined = tags.join(&Tags::new(["c:3", "b:2"]).unwrap()).unwrap();
        assert_eq!(joined.iter().collect::<Vec<_>>(), ["a:1", "b:2", "c:3"]);
        assert_eq!(joined.with("C:3").unwrap(), joined);
        // A part of a known tag is another tag.
        assert_eq!(tags.with("b").unwrap().len(), 3);
    }

    #[test]
    fn none_are_none() {
        let none = Tags::new::<[&str; 0]>([]).unwrap();
        assert!(none.is_empty());
        assert_eq!(none.len(), 0);
        assert_eq!(none.iter().count(), 0);
        assert_eq!(none.join(&none).unwrap(), Tags::default());
    }

    #[test]
    fn errors_name_the_tag() {
        let error = Tags::new(["env:prod", "42"]).unwrap_err();
        assert_eq!(error, TagsError::Unusable("42".into()));
        assert!(error.to_string().contains("\"42\""));
    }

    #[test]
    fn a_hundred_and_no_more() {
        let full = Tags::new((0..100).map(|n| format!("t:{n}"))).unwrap();
        assert_eq!(full.len(), 100);
        assert_eq!(full.with("t:7").unwrap(), full);
        assert_eq!(full.with("t:100"), Err(TagsError::TooMany));
        assert_eq!(
            full.join(&Tags::new(["other"]).unwrap()),
            Err(TagsError::TooMany)
        );
    }

    proptest! {
        #[test]
        fn normal_form_keeps_the_rules(tag in any::<String>()) {
            let normal = normalise(&tag);
            prop_assert_eq!(&normalise(&normal), &normal);
            prop_assert!(normal.chars().count() <= 200);
            prop_assert!(!normal.ends_with(':'));
            prop_assert!(normal.chars().next().is_none_or(char::is_alphabetic));
            prop_assert!(normal.chars().all(|c| c.is_alphanumeric() || "_-:./".contains(c)));
            prop_assert!(normal.chars().all(|c| c.to_lowercase().eq([c])));
        }

        #[test]
        fn joined_text_splits_into_the_same_tags(
            tags in prop::collection::vec("[a-zA-Z,:]{1,8}", 0..20),
        ) {
            if let Ok(tags) = Tags::new(&tags) {
                prop_assert_eq!(Tags::new(tags.iter()).unwrap(), tags);
            }
        }
    }
}
