use std::collections::HashSet;

use datadog_logs::{Tags, TagsError};

/// Any texts, one a line, are tags in the form in which Datadog stores them, or are refused for a
/// reason that holds.
///
/// # Panics
///
/// If that doesn't hold.
pub fn tags(text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    let given: Vec<_> = text.lines().collect();
    match Tags::new(&given) {
        Ok(tags) => {
            check(&tags);
            assert!(tags.len() <= given.len());
            assert_eq!(Tags::new(tags.iter()).unwrap(), tags);
            let one_by_one = given
                .iter()
                .try_fold(Tags::default(), |tags, tag| tags.with(tag));
            assert_eq!(one_by_one.as_ref(), Ok(&tags));
            let (before, behind) = given.split_at(given.len() / 2);
            let halves = Tags::new(before).unwrap().join(&Tags::new(behind).unwrap());
            assert_eq!(halves.as_ref(), Ok(&tags));
        }
        Err(TagsError::Unusable(tag)) => {
            assert!(given.contains(&tag.as_str()));
            assert!(Tags::new([&tag]).is_err());
        }
        Err(TagsError::TooMany) => assert!(given.len() > 100),
        Err(other) => panic!("{other}"),
    }
}

fn check(tags: &Tags) {
    let each: Vec<_> = tags.iter().collect();
    assert_eq!(each.join(","), tags.as_str());
    assert_eq!(each.len(), tags.len());
    assert!(each.len() <= 100);
    assert_eq!(each.iter().collect::<HashSet<_>>().len(), each.len());
    for tag in each {
        assert!(
            tag.starts_with(char::is_alphabetic) && !tag.ends_with(':'),
            "{tag}"
        );
        assert!(tag.chars().count() <= 200, "{tag}");
        let allowed = |c: char| c.is_alphanumeric() || "_-:./".contains(c);
        assert!(tag.chars().all(allowed), "{tag}");
        assert!(tag.chars().all(|c| c.to_lowercase().eq([c])), "{tag}");
    }
    // It stands in JSON without being escaped.
    let json = serde_json::to_string(tags.as_str()).unwrap();
    assert_eq!(json, format!("\"{}\"", tags.as_str()));
}
