//! Where in its file it is that Datadog refuses something for.

use std::fmt;

use serde_json::Value;

use super::plan::Wanted;
use super::{ApiError, ApiErrorKind, Reason, Step};
use crate::place::place;
use crate::{Kind, Place};

/// What Datadog says of a file that it refuses.
///
/// It prints as one line: `rules/mfa-disabled.json:31:18: Keep alive is not in allowed durations … (keepAlive)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The file, below the folder of the content.
    pub file: String,
    /// The place in it that it is about, or what that is a part of; the file's beginning if nobody knows.
    pub place: Option<Place>,
    /// The member, as a JSON pointer if there is one that Datadog can mean, else as Datadog names it.
    pub member: Option<String>,
    /// What is wrong, in Datadog's words.
    pub message: String,
}

impl Step<'_> {
    /// What a refusal says of this step's file; nothing, if the error is none.
    #[must_use]
    pub fn complaints(&self, error: &ApiError) -> Vec<Complaint> {
        match (&self.wanted, error.kind()) {
            (Some(wanted), ApiErrorKind::Refused(reasons)) => reasons
                .iter()
                .map(|reason| wanted.complaint(reason))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The file that a member is from, and where it is there; nothing, if no file says it.
    #[must_use]
    pub fn source(&self, pointer: &str) -> Option<(&str, Option<Place>)> {
        let wanted = self.wanted.as_ref()?;
        let (file, pointer) = wanted.content.source(&wanted.asset, pointer);
        Some((file.file(), place(file.text(), pointer)))
    }
}

impl Wanted<'_> {
    fn complaint(&self, reason: &Reason) -> Complaint {
        let pointer = member(&self.json, reason).or_else(|| match self.asset.kind() {
            Kind::Monitor => mentioned(&self.json, &reason.message),
            _ => None,
        });
        let pointer = pointer.as_deref();
        let (file, within) = self
            .content
            .source(&self.asset, pointer.unwrap_or_default());
        Complaint {
            file: file.file().to_owned(),
            // A setting isn't in the file, but what it was written into is.
            place: ancestors(within).find_map(|pointer| place(file.text(), pointer)),
            member: pointer.or(reason.target.as_deref()).map(str::to_owned),
            message: reason.message.clone(),
        }
    }
}

/// What a refusal is about: the member that it names as its target or in quotation marks, in the widget that it
/// counts off.
fn member(json: &Value, reason: &Reason) -> Option<String> {
    let widget = widget(&reason.message).filter(|widget| json.pointer(widget).is_some());
    let within = widget.as_deref().unwrap_or_default();
    let target = reason.target.as_deref().into_iter();
    let mut names = target.chain(quoted(&reason.message));
    let named = names.find_map(|name| pointer(json.pointer(within)?, name));
    named.map(|named| format!("{within}{named}")).or(widget)
}

/// What a refusal of a monitor is about, which names its members in the midst of a sentence.
fn mentioned(monitor: &Value, message: &str) -> Option<String> {
    let message = message.to_lowercase();
    let words = || message.split(|c: char| !c.is_alphanumeric());
    let mut members = [
        ("threshold", "/options/thresholds"),
        ("query", "/query"),
        ("type", "/type"),
        ("message", "/message"),
        ("name", "/name"),
    ]
    .into_iter();
    let (_, pointer) = members.find(|(name, pointer)| {
        words().any(|word| word.trim_end_matches('s') == *name)
            && monitor.pointer(pointer).is_some()
    })?;
    Some(pointer.to_owned())
}

/// `Invalid widget definition at position 3 of type group. Error: Invalid inner widget definition at position 1 …`
fn widget(message: &str) -> Option<String> {
    let at = |which: &str| {
        let (_, rest) = message.split_once(which)?;
        let end = rest.find(|c: char| !c.is_ascii_digit());
        rest[..end.unwrap_or(rest.len())].parse::<usize>().ok()
    };
    let outer =
        at("nvalid widget definition at position ").or_else(|| at("nvalid widget at position "))?;
    let mut pointer = format!("/widgets/{outer}/definition");
    if let Some(inner) = at("inner widget definition at position ") {
        pointer.push_str(&format!("/widgets/{inner}/definition"));
    }
    Some(pointer)
}

/// What a message puts between single quotation marks.
fn quoted(message: &str) -> impl Iterator<Item = &str> {
    message.split('\'').skip(1).step_by(2)
}

/// The pointer itself, then what it is in, up to the whole.
fn ancestors(pointer: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(pointer), |pointer| {
        pointer.rfind('/').map(|end| &pointer[..end])
    })
}

/// The member that is called so: by its path (`options.keepAlive`, `queries[0].query`), else the one of that
/// name that is nearest to the root. If there are several, what they are all in.
fn pointer(json: &Value, name: &str) -> Option<String> {
    let tokens: Vec<&str> = name
        .split(['.', '[', ']', '/'])
        .filter(|token| !token.is_empty())
        .collect();
    let path: String = tokens.iter().map(|token| format!("/{token}")).collect();
    if !path.is_empty() && json.pointer(&path).is_some() {
        return Some(path);
    }
    let mut level = vec![(String::new(), json)];
    while !level.is_empty() {
        let mut below = Vec::new();
        let mut named = Vec::new();
        for (pointer, value) in level {
            match value {
                Value::Object(members) => {
                    for (key, value) in members {
                        let pointer = format!("{pointer}/{key}");
                        if tokens.last() == Some(&key.as_str()) {
                            named.push(pointer.clone());
                        }
                        below.push((pointer, value));
                    }
                }
                Value::Array(items) => {
                    let items = items.iter().enumerate();
                    below.extend(items.map(|(at, item)| (format!("{pointer}/{at}"), item)));
                }
                _ => {}
            }
        }
        if !named.is_empty() {
            return common(&named);
        }
        level = below;
    }
    None
}

/// The longest pointer that all of these are at or below.
fn common(pointers: &[String]) -> Option<String> {
    let (first, others) = pointers.split_first()?;
    let holds = |ancestor: &&str| {
        let mut rests = others.iter().map(|other| other.strip_prefix(*ancestor));
        rests.all(|rest| rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    };
    let common = ancestors(first).find(holds)?;
    (!common.is_empty()).then(|| common.to_owned())
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(place) = self.place {
            write!(f, ":{place}")?;
        }
        write!(f, ": {}", self.message)?;
        match &self.member {
            Some(member) => write!(f, " ({member})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_member_is_found_by_what_datadog_calls_it() {
        let rule = json!({
            "name": "x",
            "options": {"keepAlive": 1},
            "queries": [{"query": "a", "name": "q"}, {"query": "b", "metrics": []}],
            "cases": [{"status": "high"}],
        });
        for (name, expected) in [
            ("keepAlive", Some("/options/keepAlive")),
            ("options.keepAlive", Some("/options/keepAlive")),
            ("rule.options.keepAlive", Some("/options/keepAlive")),
            ("queries[1].query", Some("/queries/1/query")),
            // Of several the nearest to the root, else what they are all in.
            ("name", Some("/name")),
            ("query", Some("/queries")),
            ("metrics", Some("/queries/1/metrics")),
            ("status", Some("/cases/0/status")),
            ("maxSignalDuration", None),
            ("", None),
        ] {
            assert_eq!(pointer(&rule, name).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn a_widget_is_counted_off() {
        let note = json!({"definition": {"type": "note", "content": "x"}});
        let board =
            json!({"widgets": [note, {"definition": {"type": "group", "widgets": [note, note]}}]});
        for (message, expected) in [
            (
                "Invalid widget definition at position 0 of type note. Error: 'content' is bad",
                "/widgets/0/definition/content",
            ),
            (
                "Invalid widget definition at position 0 of type note. Error: no",
                "/widgets/0/definition",
            ),
            (
                "Invalid widget definition at position 1 of type group. Error: Invalid inner widget definition \
                 at position 1 of type note. Error: 'content' is bad",
                "/widgets/1/definition/widgets/1/definition/content",
            ),
            ("Invalid widget at position 7. 'widgets' is bad", "/widgets"),
        ] {
            let reason = Reason {
                message: message.to_owned(),
                target: None,
            };
            assert_eq!(
                member(&board, &reason).as_deref(),
                Some(expected),
                "{message}"
            );
        }
    }

    #[test]
    fn a_monitor_s_member_is_mentioned_in_a_sentence() {
        let monitor = json!({"name": "x", "type": "log alert", "query": "y", "message": "z",
            "options": {"thresholds": {"critical": 1}}});
        for (message, expected) in [
            (
                "Alert threshold (2.0) does not match that used in the query (1.0)",
                Some("/options/thresholds"),
            ),
            ("Invalid query: no aggregation", Some("/query")),
            ("Monitor Type is unknown", Some("/type")),
            ("The name must not be empty", Some("/name")),
            ("Renotify interval is too short", None),
        ] {
            assert_eq!(
                mentioned(&monitor, message).as_deref(),
                expected,
                "{message}"
            );
        }
    }

    #[test]
    fn a_message_names_members_in_quotation_marks() {
        let message = "The value provided for parameter 'query' is invalid: not 'a b'";
        assert_eq!(quoted(message).collect::<Vec<_>>(), ["query", "a b"]);
        assert_eq!(quoted("no such thing").count(), 0);
    }
}
