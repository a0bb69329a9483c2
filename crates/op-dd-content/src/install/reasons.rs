//! What Datadog says of what it refuses, in its two forms.

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
    /// Of everything else.
    Listed { errors: Vec<String> },
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
        Refusal::Listed { errors } => errors.into_iter().map(|message| (message, None)).collect(),
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

/// One line of bounded length, without the keys.
fn shown(text: &str, keys: &Keys) -> String {
    let text = keys.api.left_out_of(text);
    let text = keys.application.left_out_of(&text);
    let line = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let line: String = line.take(LONGEST).collect();
    line.trim().to_owned()
}
