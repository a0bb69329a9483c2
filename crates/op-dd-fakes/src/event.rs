use std::time::SystemTime;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{Error, Feed, object};

/// An event as the fake holds it: JSON text that is given out byte for byte, and the time that requests filter on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub(crate) feed: Feed,
    pub(crate) time: SystemTime,
    pub(crate) json: Box<str>,
}

impl Event {
    /// An event that says itself when it happened, in its root attribute `timestamp` (RFC 3339).
    ///
    /// # Errors
    ///
    /// [`Error::Event`] if the text is not one JSON object, or has no readable `timestamp`; [`Event::at`] takes those.
    pub fn new(feed: Feed, json: impl Into<String>) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Dated {
            timestamp: String,
        }

        let json = json.into();
        let dated: Dated = object::read(json.as_bytes()).map_err(|reason| refused(&reason))?;
        let time: jiff::Timestamp = dated.timestamp.parse().map_err(|reason| refused(&reason))?;
        Ok(Self {
            feed,
            time: time.into(),
            json: json.into_boxed_str(),
        })
    }

    /// Any JSON value, said to have happened at `time`: for events that no client should choke on.
    ///
    /// # Errors
    ///
    /// [`Error::Event`] if the text is not one JSON value.
    pub fn at(feed: Feed, time: SystemTime, json: impl Into<String>) -> Result<Self, Error> {
        let json = json.into();
        serde_json::from_str::<&RawValue>(&json).map_err(|reason| refused(&reason))?;
        Ok(Self {
            feed,
            time,
            json: json.into_boxed_str(),
        })
    }

    /// The feed it belongs to.
    pub fn feed(&self) -> Feed {
        self.feed
    }

    /// When it happened, as opposed to when it was inserted.
    pub fn time(&self) -> SystemTime {
        self.time
    }

    /// Its text, as it goes out.
    pub fn json(&self) -> &str {
        &self.json
    }
}

fn refused(reason: &impl ToString) -> Error {
    Error::Event {
        reason: reason.to_string(),
    }
}
