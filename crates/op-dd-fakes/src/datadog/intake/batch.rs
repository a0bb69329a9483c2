use std::time::SystemTime;

use http::StatusCode;
use serde_json::value::RawValue;

use super::Rejection;
use super::compact::compact;
use super::poison::Poison;
use super::window::{self, Root};

/// The documented number of entries in an array.
const MAX_ENTRIES: usize = 1000;

/// The documented 1 MB of one log, in the strict reading: decimal. Longer ones are cut off by Datadog, and accepted.
const MAX_ENTRY: usize = 1_000_000;

/// What becomes of a log whose request is accepted.
#[derive(Debug)]
pub(crate) enum Fate {
    /// Kept, in the form of [`compact`].
    Log { entry: String, of_1password: bool },
    /// Kept, and one of those that the bridge writes about itself.
    Heartbeat(String),
    /// Dropped, because its date is outside the window.
    OutOfTime,
    /// Cut off, so no JSON any more.
    Truncated,
}

/// The fates of a request's entries, in order, or why the request is refused as a whole.
pub(crate) fn judge(
    body: &[u8],
    poison: &[Poison],
    now: SystemTime,
) -> Result<Vec<Fate>, Rejection> {
    let entries = parse(body)?;
    let fates = entries.iter().map(|(text, root)| {
        let entry = compact(text);
        if poison.iter().any(|poison| poison.matches(&entry)) {
            return Err(MALFORMED);
        }
        Ok(if text.len() > MAX_ENTRY {
            Fate::Truncated
        } else if !window::is_open_to(root, now) {
            Fate::OutOfTime
        } else if is_from(root, "op-dd") {
            Fate::Heartbeat(entry)
        } else {
            Fate::Log {
                entry,
                of_1password: is_from(root, "1password"),
            }
        })
    });
    fates.collect()
}

const MALFORMED: Rejection = Rejection {
    status: StatusCode::BAD_REQUEST,
    detail: "Invalid log",
};

/// An array of objects, or one object alone. What the intake answers to more than 1,000 entries is not documented; the
/// fake says 413, whose remedy, to split the batch, is the right one.
fn parse(body: &[u8]) -> Result<Vec<(&str, Root<'_>)>, Rejection> {
    let texts: Vec<&RawValue> = if body.trim_ascii_start().starts_with(b"[") {
        serde_json::from_slice(body).map_err(|_| MALFORMED)?
    } else {
        vec![serde_json::from_slice(body).map_err(|_| MALFORMED)?]
    };
    if texts.len() > MAX_ENTRIES {
        return Err(Rejection {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            detail: "Too many logs",
        });
    }
    texts
        .into_iter()
        .map(|text| {
            let root = serde_json::from_str(text.get()).map_err(|_| MALFORMED)?;
            Ok((text.get(), root))
        })
        .collect()
}

fn is_from(root: &Root<'_>, source: &str) -> bool {
    root.get("ddsource").is_some_and(|value| {
        serde_json::from_str(value.get()).is_ok_and(|text: &str| text == source)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fates(body: &str) -> Result<String, u16> {
        let now = SystemTime::UNIX_EPOCH;
        let poison = [Poison::new(|entry| entry.contains(r#""poison":true"#))];
        match judge(body.as_bytes(), &poison, now) {
            Ok(fates) => Ok(fates
                .iter()
                .map(|fate| match fate {
                    Fate::Log { .. } => 'L',
                    Fate::Heartbeat(_) => 'H',
                    Fate::OutOfTime => 'O',
                    Fate::Truncated => 'T',
                })
                .collect()),
            Err(refusal) => Err(refusal.status.as_u16()),
        }
    }

    #[test]
    fn each_entry_has_its_fate() {
        let long = format!(r#"{{"message":"{}"}}"#, "x".repeat(MAX_ENTRY));
        let body = format!(
            r#"[{{"ddsource":"1password"}}, {{"ddsource" : "op-dd"}}, {{"timestamp":1e3,"date":0}},
                {{"timestamp":99999999999}}, {long}]"#
        );
        assert_eq!(fates(&body), Ok("LHLOT".to_owned()));
        assert_eq!(fates("{}"), Ok("L".to_owned()));
        assert_eq!(fates(" [ ] "), Ok(String::new()));
    }

    #[test]
    fn one_bad_entry_refuses_the_batch() {
        for body in [
            "",
            "[",
            "1",
            "null",
            "[1]",
            "[{},[]]",
            "[{}] x",
            r#"[{"a":}]"#,
            r#"[{},{"poison" : true}]"#,
        ] {
            assert_eq!(fates(body), Err(400), "{body}");
        }
    }

    #[test]
    fn a_thousand_entries_and_no_more() {
        let of = |count| format!("[{}]", vec!["{}"; count].join(","));
        assert_eq!(fates(&of(MAX_ENTRIES)), Ok("L".repeat(MAX_ENTRIES)));
        assert_eq!(fates(&of(MAX_ENTRIES + 1)), Err(413));
    }
}
