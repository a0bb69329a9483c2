use std::sync::Arc;

use serde::Serialize;

use crate::{JsonError, JsonObject, Status, Tags, json_string};

/// One log: Datadog's reserved attributes as fields, everything else as JSON.
///
/// A clone copies the message and shares the rest. Datadog takes the date of a log from the first
/// of `@timestamp`, `timestamp`, `date` and a few others among its attributes, else it is the time
/// of receipt; logs dated over 18 hours back are dropped behind a 202
/// (<https://docs.datadoghq.com/logs/log_configuration/pipelines/#date-attribute>).
///
/// ```
/// use datadog_logs::{LogEntry, Status, Tags};
///
/// let entry = LogEntry::new("payment accepted")
///     .source("shop")
///     .service("payments")
///     .status(Status::Info)
///     .tags(Tags::new(["env:prod"])?)
///     .attribute("amount", &12.5)?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    message: String,
    source: Option<Arc<str>>,
    service: Option<Arc<str>>,
    host: Option<Arc<str>>,
    status: Option<Status>,
    tags: Tags,
    attributes: Vec<JsonObject>,
}

impl LogEntry {
    /// A log that says `message`, the text that Datadog shows and searches.
    ///
    /// A message that is itself the text of a JSON object is taken apart by Datadog, as if its
    /// members were attributes.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            source: None,
            service: None,
            host: None,
            status: None,
            tags: Tags::default(),
            attributes: Vec::new(),
        }
    }

    /// Sets the technology that the log comes from, sent as `ddsource`. The name of one of
    /// Datadog's integrations makes Datadog install that integration's pipeline.
    #[must_use]
    pub fn source(mut self, source: impl Into<Arc<str>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Sets the application or service that wrote the log.
    #[must_use]
    pub fn service(mut self, service: impl Into<Arc<str>>) -> Self {
        self.service = Some(service.into());
        self
    }

    /// Sets the host that the log comes from, sent as `hostname`.
    #[must_use]
    pub fn host(mut self, host: impl Into<Arc<str>>) -> Self {
        self.host = Some(host.into());
        self
    }

    /// Sets how severe it is.
    #[must_use]
    pub fn status(mut self, status: Status) -> Self {
        self.status = Some(status);
        self
    }

    /// Sets the tags, sent as `ddtags`. Tags that were set before are replaced; [`Tags::join`]
    /// adds.
    #[must_use]
    pub fn tags(mut self, tags: Tags) -> Self {
        self.tags = tags;
        self
    }

    /// Adds the members of a JSON object at the root of the log, after those that are there.
    ///
    /// Their keys are the caller's care: one that is there already, or that a field of this type
    /// stands for (`message`, `status`, `ddtags` …), is written a second time.
    #[must_use]
    pub fn attributes(mut self, attributes: JsonObject) -> Self {
        if !attributes.is_empty() {
            self.attributes.push(attributes);
        }
        self
    }

    /// Adds one attribute at the root of the log, after those that are there.
    ///
    /// # Errors
    ///
    /// [`JsonError`] if `value` can't be written as JSON.
    pub fn attribute(self, key: &str, value: &impl Serialize) -> Result<Self, JsonError> {
        Ok(self.attributes(JsonObject::member(key, value)?))
    }

    /// A log that says this instead, without the attributes: the same source, service, host, status
    /// and tags. Whether an intake takes it tells a fault of the entry's from a fault of what entries
    /// have in common.
    #[must_use]
    pub fn envelope(&self, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            attributes: Vec::new(),
            ..self.clone()
        }
    }

    /// What the log says.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What was set by [`source`](Self::source).
    #[must_use]
    pub fn source_ref(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// What was set by [`service`](Self::service).
    #[must_use]
    pub fn service_ref(&self) -> Option<&str> {
        self.service.as_deref()
    }

    /// What was set by [`host`](Self::host).
    #[must_use]
    pub fn host_ref(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// What was set by [`status`](Self::status).
    #[must_use]
    pub fn status_ref(&self) -> Option<Status> {
        self.status
    }

    /// What was set by [`tags`](Self::tags).
    #[must_use]
    pub fn tags_ref(&self) -> &Tags {
        &self.tags
    }

    /// What was added by [`attributes`](Self::attributes) and [`attribute`](Self::attribute), in
    /// that order.
    #[must_use]
    pub fn attributes_ref(&self) -> &[JsonObject] {
        &self.attributes
    }

    /// Writes the log as one JSON object behind what is in `out`.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        let mut before = b'{';
        let mut key = |out: &mut Vec<u8>, key: &[u8]| {
            out.push(before);
            out.extend_from_slice(key);
            before = b',';
        };
        if let Some(source) = &self.source {
            key(out, b"\"ddsource\":");
            json_string::write(out, source);
        }
        if !self.tags.is_empty() {
            key(out, b"\"ddtags\":\"");
            out.extend_from_slice(self.tags.as_str().as_bytes());
            out.push(b'"');
        }
        if let Some(host) = &self.host {
            key(out, b"\"hostname\":");
            json_string::write(out, host);
        }
        if let Some(service) = &self.service {
            key(out, b"\"service\":");
            json_string::write(out, service);
        }
        if let Some(status) = self.status {
            key(out, b"\"status\":\"");
            out.extend_from_slice(status.as_str().as_bytes());
            out.push(b'"');
        }
        key(out, b"\"message\":");
        json_string::write(out, &self.message);
        for object in &self.attributes {
            key(out, object.members());
        }
        out.push(b'}');
    }

    /// About how many bytes [`write_json`](Self::write_json) writes: what a buffer should be made
    /// for.
    pub(crate) fn size_hint(&self) -> usize {
        const KEYS_AND_STATUS: usize = 96;
        let text = |text: &Option<Arc<str>>| text.as_ref().map_or(0, |text| text.len());
        let attributes = self.attributes.iter();
        KEYS_AND_STATUS
            + self.message.len()
            + text(&self.source)
            + text(&self.service)
            + text(&self.host)
            + self.tags.as_str().len()
            + attributes
                .map(|object| object.members().len() + 1)
                .sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(entry: &LogEntry, expect: &str) {
        let mut out = b"before".to_vec();
        entry.write_json(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), format!("before{expect}"));
    }

    #[test]
    fn fields_stand_in_their_order_and_under_their_keys() {
        let entry = LogEntry::new(r#"Hello "World""#)
            .host("i-012345678")
            .service("payment")
            .source("nginx")
            .status(Status::Warn)
            .tags(Tags::new(["env:staging", "version:5.1"]).unwrap())
            .attribute("a b", &[1, 2])
            .unwrap()
            .attributes(JsonObject::parse(r#" { "x" : 1.0 , "y":{} } "#).unwrap());
        check(
            &entry,
            concat!(
                r#"{"ddsource":"nginx","ddtags":"env:staging,version:5.1","#,
                r#""hostname":"i-012345678","service":"payment","status":"warn","#,
                r#""message":"Hello \"World\"","a b":[1,2],"x" : 1.0 , "y":{}}"#,
            ),
        );
        assert!(entry.size_hint() >= 180);
    }

    #[test]
    fn what_is_not_set_is_not_sent() {
        check(&LogEntry::new(""), r#"{"message":""}"#);
        let empty = JsonObject::parse("{ }").unwrap();
        let entry = LogEntry::new("a").attributes(empty.clone());
        check(&entry.attributes(empty), r#"{"message":"a"}"#);
    }
}
