use std::time::SystemTime;

use serde::Deserialize;

use crate::model::text;
use crate::{Error, ErrorKind, Feed, Timestamp};

/// What the server knows of a token.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Introspection {
    /// The id of the integration that the token belongs to.
    pub uuid: String,
    /// When the token was issued.
    pub issued_at: Timestamp,
    /// The token's features as they stand there, those that are no feed among them.
    pub features: Vec<String>,
    /// The 1Password account that answers. 1Password gives it since September 2025.
    #[serde(default, deserialize_with = "text")]
    pub account_uuid: Option<String>,
    #[serde(skip)]
    server_time: Option<SystemTime>,
}

/// The longest answer that is read. Real ones have a few hundred bytes.
const LONGEST: usize = 64 * 1024;

impl Introspection {
    /// The feeds that the token may read.
    #[must_use]
    pub fn feeds(&self) -> Vec<Feed> {
        Feed::ALL
            .into_iter()
            .filter(|feed| self.features.iter().any(|feature| feature == feed.as_str()))
            .collect()
    }

    /// What the server's clock said when it answered, to the second.
    #[must_use]
    pub fn server_time(&self) -> Option<SystemTime> {
        self.server_time
    }

    pub(crate) fn given_at(mut self, server_time: Option<SystemTime>) -> Self {
        self.server_time = server_time;
        self
    }

    pub(crate) fn decode(body: &[u8]) -> Result<Self, Error> {
        // A list would be taken for an object's values in order.
        let object = body.len() <= LONGEST && body.trim_ascii_start().starts_with(b"{");
        let object = object.then_some(body);
        let introspection = object.and_then(|object| serde_json::from_slice(object).ok());
        introspection.ok_or_else(|| {
            Error::new(
                ErrorKind::BadPage,
                "the answer to the introspection is not as documented: \
                 look for a proxy or another server at this address",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_introspection_is_short() {
        let decode = |features: usize| {
            let features = vec!["itemusages"; features];
            let body = serde_json::json!({
                "uuid": "A", "issued_at": "2026-01-01T00:00:00Z", "features": features,
            });
            Introspection::decode(body.to_string().as_bytes())
        };
        assert_eq!(decode(1_000).unwrap().feeds(), [Feed::ItemUsages]);
        assert_eq!(decode(10_000).unwrap_err().kind(), ErrorKind::BadPage);
    }
}
