use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::query::Reset;
use crate::Feed;

/// The bytes of a SHA-256.
const CHECKSUM: usize = 32;

/// A place in a feed, and everything that the reset baked into it.
///
/// The fake keeps no list of the cursors that it gave out: each says all about itself, so that it is still good after
/// the fake was restarted with the same data, as real cursors outlive the servers that made them. Its text is URL-safe
/// base64 of about 200 characters, the length that the vendor's own clients reckon with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) feed: Feed,
    pub(crate) reset: Reset,
    /// How many events of the feed, in the order of insertion, lie before it.
    pub(crate) offset: usize,
}

#[derive(Serialize, Deserialize)]
struct Payload {
    feed: String,
    limit: u16,
    start: String,
    end: Option<String>,
    offset: usize,
}

impl Cursor {
    /// The text of it, for one account.
    pub(crate) fn encode(&self, account: &str) -> String {
        let payload = Payload {
            feed: self.feed.name().to_owned(),
            limit: self.reset.limit,
            start: text(self.reset.start),
            end: self.reset.end.map(text),
            offset: self.offset,
        };
        // A struct of texts and numbers always has a JSON form.
        let mut bytes = serde_json::to_vec(&payload).unwrap_or_default();
        bytes.extend(checksum(account, &bytes));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The cursor that was encoded for this account; nothing if it is anybody else's text.
    pub(crate) fn decode(account: &str, text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (payload, sum) = bytes.split_at_checked(bytes.len().checked_sub(CHECKSUM)?)?;
        if sum != checksum(account, payload) {
            return None;
        }
        let payload: Payload = serde_json::from_slice(payload).ok()?;
        Some(Self {
            feed: Feed::from_name(&payload.feed)?,
            reset: Reset {
                limit: payload.limit,
                start: instant(&payload.start)?,
                end: match payload.end {
                    Some(end) => Some(instant(&end)?),
                    None => None,
                },
            },
            offset: payload.offset,
        })
    }
}

fn checksum(account: &str, payload: &[u8]) -> [u8; CHECKSUM] {
    Sha256::new()
        .chain_update(account)
        .chain_update([0])
        .chain_update(payload)
        .finalize()
        .into()
}

/// RFC 3339 to the nanosecond. A request can't name a time that this can't express.
fn text(instant: SystemTime) -> String {
    Timestamp::try_from(instant)
        .unwrap_or(Timestamp::MIN)
        .to_string()
}

fn instant(text: &str) -> Option<SystemTime> {
    text.parse::<Timestamp>().ok().map(SystemTime::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor() -> Cursor {
        let start = instant("2026-05-01T12:00:00.123456789Z").unwrap();
        let reset = Reset {
            limit: 1000,
            start,
            end: None,
        };
        Cursor {
            feed: Feed::ItemUsages,
            reset,
            offset: 123_456,
        }
    }

    #[test]
    fn comes_back_as_it_went() {
        let open = cursor();
        let mut closed = open;
        closed.reset.end = instant("2026-06-01T00:00:00Z");
        for cursor in [open, closed] {
            assert_eq!(
                Cursor::decode("ACCOUNT", &cursor.encode("ACCOUNT")),
                Some(cursor)
            );
        }
    }

    #[test]
    fn looks_like_a_real_one() {
        let text = cursor().encode("ACCOUNT");
        assert!((160..=240).contains(&text.len()), "{}", text.len());
        assert!(
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        );
    }

    #[test]
    fn a_changed_or_foreign_text_is_none() {
        let text = cursor().encode("ACCOUNT");
        assert_eq!(Cursor::decode("ANOTHER", &text), None);
        for place in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(Cursor::decode("ACCOUNT", &changed), None, "{place}");
        }
        for text in ["", "A", "not base64!", "real-itemusages-001"] {
            assert_eq!(Cursor::decode("ACCOUNT", text), None, "{text}");
        }
    }
}
