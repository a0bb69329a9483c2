use std::collections::HashSet;
use std::sync::Mutex;

use http::HeaderMap;

use crate::lock::lock;

/// The keys that are accepted, and what the application key may not do.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) api: Mutex<HashSet<String>>,
    pub(crate) application: String,
    /// The permissions that the application key lacks; it has all others.
    pub(crate) lacking: HashSet<String>,
}

/// What a request says who it is from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Accepted,
    Missing,
    Unknown,
}

impl Keys {
    /// The API key of a request.
    pub(crate) fn api(&self, headers: &HeaderMap) -> Key {
        judge(headers, "dd-api-key", |key| lock(&self.api).contains(key))
    }

    /// The application key of a request.
    pub(crate) fn application(&self, headers: &HeaderMap) -> Key {
        judge(headers, "dd-application-key", |key| key == self.application)
    }

    /// Whether the application key has this permission.
    pub(crate) fn permit(&self, permission: &str) -> bool {
        !self.lacking.contains(permission)
    }
}

fn judge(headers: &HeaderMap, name: &str, accepted: impl Fn(&str) -> bool) -> Key {
    match headers.get(name).map(|key| key.to_str()) {
        None => Key::Missing,
        Some(Ok(key)) if accepted(key) => Key::Accepted,
        Some(_) => Key::Unknown,
    }
}
