use std::collections::HashMap;
use std::sync::Mutex;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};

use crate::Feed;
use crate::lock::lock;

/// The tokens that are accepted, and for which feeds.
#[derive(Debug, Default)]
pub(crate) struct Grants(Mutex<HashMap<String, Vec<Feed>>>);

/// An accepted token.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) token: String,
    pub(crate) features: Vec<Feed>,
}

impl Grants {
    pub(crate) fn accept(&self, token: String, features: Vec<Feed>) {
        lock(&self.0).insert(token, features);
    }

    pub(crate) fn revoke(&self, token: &str) {
        lock(&self.0).remove(token);
    }

    /// The grant of whoever sent these headers.
    pub(crate) fn of(&self, headers: &HeaderMap) -> Option<Grant> {
        let token = headers.get(AUTHORIZATION).and_then(bearer)?;
        let features = lock(&self.0).get(token)?.clone();
        Some(Grant {
            token: token.to_owned(),
            features,
        })
    }
}

/// The scheme is compared without regard to case (RFC 9110, section 11.1).
fn bearer(header: &HeaderValue) -> Option<&str> {
    let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
