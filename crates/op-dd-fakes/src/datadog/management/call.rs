use std::borrow::Cow;
use std::time::SystemTime;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::error::ApiError;

/// A request to one part of the API.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) method: &'a Method,
    /// What follows the part's own path: nothing, an identifier, an action.
    pub(crate) place: &'a str,
    query: &'a str,
    body: &'a [u8],
    now: Timestamp,
}

impl<'a> Call<'a> {
    pub(crate) fn new(request: &'a Request<Bytes>, place: &'a str, now: SystemTime) -> Self {
        Self {
            method: request.method(),
            place,
            query: request.uri().query().unwrap_or_default(),
            body: request.body(),
            now: Timestamp::try_from(now).unwrap_or_default(),
        }
    }

    /// The body, which has to be a JSON object.
    pub(crate) fn object(&self) -> Result<Map<String, Value>, ApiError> {
        crate::object::read(self.body)
            .map_err(|_| ApiError::new(StatusCode::BAD_REQUEST, "The body is no JSON object"))
    }

    /// A parameter of the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<Cow<'a, str>> {
        form_urlencoded::parse(self.query.as_bytes())
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// A parameter of the query that is a number, or what it is without it.
    pub(crate) fn number(&self, name: &str, otherwise: usize) -> Result<usize, ApiError> {
        match self.parameter(name) {
            None => Ok(otherwise),
            Some(text) => text.parse().map_err(|_| {
                ApiError::new(
                    StatusCode::BAD_REQUEST,
                    format!("The parameter '{name}' is no number"),
                )
            }),
        }
    }

    /// When it came.
    pub(crate) fn instant(&self) -> Timestamp {
        self.now
    }

    /// When it came, as v1 of the API writes times.
    pub(crate) fn time(&self) -> String {
        self.now.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string()
    }

    /// When it came, in milliseconds since 1970.
    pub(crate) fn milliseconds(&self) -> i64 {
        self.now.as_millisecond()
    }
}
