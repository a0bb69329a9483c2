//! What Datadog says of what it refuses, in its forms.

use serde::Deserialize;

use super::{Keys, Reason};

/// More than that helps nobody.
const MOST: usize = 20;
const LONGEST: usize = 500;

#[derive(Deserialize)]
#[serde(untagged)]
enum Refusal {
    /// Of the validation of a rule.
    Detailed { error: Detailed },
    /// Of everything else, in the older form or in that of JSON:API.
    Listed { errors: Vec<Problem> },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Problem {
    Text(String),
    Object {
        title: Option<String>,
        detail: Option<String>,
        source: Option<Source>,
    },
}

#[derive(Deserialize)]
struct Source {
    pointer: Option<String>,
}

#[derive(Deserialize)]
struct Detailed {
    message: String,
    #[serde(default)]
    details: Vec<Detail>,
}

#[derive(Deserialize)]
struct Detail {
    message: String,
    target: Option<String>,
}

/// None, if the body isn't a refusal of the API's.
pub(super) fn read(body: &[u8], keys: &Keys) -> Option<Vec<Reason>> {
    let said = match serde_json::from_slice(body).ok()? {
        Refusal::Listed { errors } => errors.into_iter().map(Problem::said).collect(),
        Refusal::Detailed { error } if error.details.is_empty() => vec![(error.message, None)],
        Refusal::Detailed { error } => {
            let details = error.details.into_iter();
            details
                .map(|detail| (detail.message, detail.target))
                .collect()
        }
    };
    let reasons = said.into_iter().take(MOST);
    let reasons = reasons.map(|(message, target)| Reason {
        message: shown(&message, keys),
        target: target.map(|target| shown(&target, keys)),
    });
    Some(reasons.collect())
}

/// The same of an answer in whatever form: it says it all.
pub(super) fn unknown(body: &[u8], keys: &Keys) -> Vec<Reason> {
    let said = shown(&String::from_utf8_lossy(body), keys);
    let message = if said.is_empty() {
        "it doesn't say why".to_owned()
    } else {
        format!("it says: {said}")
    };
    vec![Reason {
        message,
        target: None,
    }]
}

impl Problem {
    /// The message, and what it is about.
    fn said(self) -> (String, Option<String>) {
        match self {
            Self::Text(message) => (message, None),
            Self::Object {
                title,
                detail,
                source,
            } => {
                let said: Vec<_> = title.into_iter().chain(detail).collect();
                (said.join(": "), source.and_then(|source| source.pointer))
            }
        }
    }
}

/// One line of bounded length, without the keys.
fn shown(text: &str, keys: &Keys) -> String {
    let text = keys.api.left_out_of(text);
    let text = keys.application.left_out_of(&text);
    let line = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let line: String = line.take(LONGEST).collect();
    line.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::install::Key;

    #[test]
    fn a_refusal_is_understood_in_each_of_its_forms() {
        let keys = Keys {
            api: Key::new("api-key").unwrap(),
            application: Key::new("application-key").unwrap(),
        };
        let read = |body: &Value| {
            let reasons = read(body.to_string().as_bytes(), &keys)?.into_iter();
            let said = reasons.map(|reason| (reason.message, reason.target));
            Some(said.collect::<Vec<_>>())
        };
        let said = |message: &str, target: Option<&str>| {
            Some(vec![(message.to_owned(), target.map(str::to_owned))])
        };
        let source = json!({"pointer": "/queries/0/query"});
        for (body, expected) in [
            (json!({"errors": ["no"]}), said("no", None)),
            (
                json!({"errors": [{"title": "Bad", "detail": "no", "source": source, "status": "400"}]}),
                said("Bad: no", Some("/queries/0/query")),
            ),
            (json!({"errors": [{"title": "Bad"}]}), said("Bad", None)),
            (json!({"error": {"message": "no"}}), said("no", None)),
            (
                json!({"error": {"message": "no", "details": [{"message": "why", "target": "a.b"}]}}),
                said("why", Some("a.b")),
            ),
            (json!({"message": "no"}), None),
        ] {
            assert_eq!(read(&body), expected, "{body}");
        }
        assert_eq!(unknown(b"", &keys)[0].message, "it doesn't say why");
        let page = unknown(b"<p>\nno: api-key</p>", &keys);
        assert_eq!(page[0].message, "it says: <p> no: \u{2026}</p>");
    }
}
