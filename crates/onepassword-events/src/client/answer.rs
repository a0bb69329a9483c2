//! What an answer other than 200 says.

use serde::Deserialize;

use crate::{Error, ErrorKind};

/// The most of a server's message that is repeated, in characters.
const MESSAGE_LIMIT: usize = 200;

/// The longest body that is looked into as JSON. No error's has more than a few hundred bytes.
const BODY_LIMIT: usize = 16 * 1024;

/// A piece of the token of this many bytes gives it away. Shorter ones are in ordinary words.
const PIECE: usize = 12;

/// The short message in an error's body: 1Password documents one form, sends another, and what
/// stands before it may send plain text. A page of HTML says nothing.
pub(super) fn message(body: &[u8], token: &str) -> Option<String> {
    let json = Some(body).filter(|body| body.len() <= BODY_LIMIT);
    let message = match json.and_then(|body| serde_json::from_slice(body).ok()) {
        Some(Wire::Observed { error }) => error.message,
        Some(Wire::Documented { message }) => message,
        None => {
            let text = body.get(..body.len().min(4 * MESSAGE_LIMIT))?;
            String::from_utf8_lossy(text).into_owned()
        }
    };
    let message = message.trim();
    if message.is_empty() || message.starts_with(['<', '{', '[']) {
        return None;
    }
    let message: String = message
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MESSAGE_LIMIT)
        .collect();
    (!repeats(&message, token)).then_some(message)
}

/// Whether a piece of the token stands in the message. The server may have cut it off, or we have,
/// so the whole of it is not enough to look for.
fn repeats(message: &str, token: &str) -> bool {
    let piece = PIECE.min(token.len()).max(1);
    token
        .as_bytes()
        .windows(piece)
        .filter_map(|piece| str::from_utf8(piece).ok())
        .any(|piece| message.contains(piece))
}

/// The error for an answer of this status to a request for `path`.
pub(super) fn error(status: u16, path: &str, host: &str, said: Option<&str>) -> Error {
    let (kind, remedy) = match status {
        400 => (
            ErrorKind::BadRequest,
            "a cursor from another feed or one that has been given up is refused like this: \
             start anew from a time",
        ),
        401 | 403 => (
            ErrorKind::Unauthorized,
            "the token is revoked, expired, or lacks this feed: issue a new one in 1Password",
        ),
        404 => (
            ErrorKind::NotFound,
            "there is no Events API at this address: check the region and the url",
        ),
        429 => (
            ErrorKind::RateLimited,
            "something else may be using this account's 600 requests a minute",
        ),
        408 | 500..=599 => (
            ErrorKind::Server,
            "the server's own trouble: try again later",
        ),
        300..=399 => (
            ErrorKind::Unexpected,
            "redirects are not followed, since they would take the token along: \
             set the url to where it points, if you trust that",
        ),
        _ => (
            ErrorKind::Unexpected,
            "check the region, the url and the proxy",
        ),
    };
    let said = said.map(|said| format!(" ({said})")).unwrap_or_default();
    Error::new(
        kind,
        format!("{host} answered {status}{said} to /{path}: {remedy}"),
    )
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Wire {
    Observed {
        #[serde(rename = "Error")]
        error: Observed,
    },
    Documented {
        message: String,
    },
}

#[derive(Deserialize)]
struct Observed {
    #[serde(rename = "Message")]
    message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_error_is_understood() {
        for (body, said) in [
            (
                r#"{"Error":{"Message":"Bad Request"}}"#,
                Some("Bad Request"),
            ),
            (
                r#"{"status":401,"message":"Unauthorized"}"#,
                Some("Unauthorized"),
            ),
            ("404 page not found\n", Some("404 page not found")),
            ("two\nlines", Some("two lines")),
            ("<html>no</html>", None),
            (r#"{"items":[]}"#, None),
            ("", None),
        ] {
            assert_eq!(message(body.as_bytes(), "TOKEN").as_deref(), said, "{body}");
        }
        let long = "x".repeat(5000);
        assert_eq!(
            message(long.as_bytes(), "TOKEN").unwrap().len(),
            MESSAGE_LIMIT
        );
        assert!(message(b"\xff\xfe", "TOKEN").is_some());
    }

    #[test]
    fn no_piece_of_the_token_is_repeated() {
        let token = "0123456789".repeat(90);
        for body in [
            format!("the token {token} is bad"),
            format!("the token {}... is bad", &token[..20]),
            format!("the token ...{} is bad", &token[880..]),
            format!("{}{token}", "x".repeat(150)),
            format!("{token} {token} {token}"),
            format!(r#"{{"status":401,"message":"bad: {token}"}}"#),
        ] {
            assert_eq!(message(body.as_bytes(), &token), None, "{body}");
        }
        assert!(message(b"line 01234567 is bad", &token).is_some());
        assert_eq!(message(b"bad: a.e30.c", "a.e30.c"), None);
    }
}
