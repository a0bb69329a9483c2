use std::fmt;
use std::io::{self, Read};
use std::time::SystemTime;

use jiff::Timestamp;
use serde_json::{Deserializer, Map, Value};

use crate::{Log, LogError};

/// How many places are named that are no logs; more are counted.
const NAMED: usize = 10;

/// The logs of a file, and what in it is none.
///
/// A file has logs as they were sent, one on each line, or what Datadog's API answers to a search for logs (`POST
/// /api/v2/logs/events/search`): one JSON document with the logs in `data`.
///
/// ```
/// use std::time::SystemTime;
/// use op_dd_content::LogFile;
///
/// let text = br#"{"timestamp": "2026-05-01T12:00:00Z"}
/// {"evt": {"name": "heartbeat"}}
/// half of a li"#;
/// let file = LogFile::read(&text[..], SystemTime::now())?;
/// assert_eq!(file.logs.len(), 2);
/// assert_eq!(file.complaints[0].line, 3);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct LogFile {
    /// What could be read, in the order of the file.
    pub logs: Vec<Log>,
    /// The first ten places that are no logs.
    pub complaints: Vec<Complaint>,
    /// How many are no logs in all.
    pub left_out: usize,
}

/// What is no log.
#[derive(Debug)]
#[non_exhaustive]
pub struct Complaint {
    /// The number of the line that it begins on; the first is 1.
    pub line: usize,
    /// What is wrong with it.
    pub cause: LogError,
}

impl LogFile {
    /// Reads all of it. A log that doesn't say when it was is one of when it was `received`, as Datadog has it.
    ///
    /// # Errors
    ///
    /// If the file can't be read. What is no log is no error.
    pub fn read(mut from: impl Read, received: SystemTime) -> io::Result<Self> {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes);
        let received = Timestamp::try_from(received).unwrap_or_default();
        let mut file = Self::default();
        let (mut rest, mut line) = (&*text, 1);
        while !rest.is_empty() {
            let begin = rest.len() - rest.trim_start().len();
            line += lines(&rest[..begin]);
            rest = &rest[begin..];
            let mut objects = Deserializer::from_str(rest).into_iter::<Map<String, Value>>();
            let end = match objects.next() {
                Some(Ok(object)) => {
                    file.add(object, line, received);
                    objects.byte_offset()
                }
                Some(Err(error)) => {
                    file.complain(line, LogError::Json(error.to_string()));
                    rest.find('\n').unwrap_or(rest.len())
                }
                None => rest.len(),
            };
            line += lines(&rest[..end]);
            rest = &rest[end..];
        }
        Ok(file)
    }

    /// A log, or all that are in an answer.
    fn add(&mut self, mut object: Map<String, Value>, line: usize, received: Timestamp) {
        let logs = match object.remove("data") {
            Some(Value::Array(found)) if found.iter().all(is_found) => {
                found.into_iter().map(sent).collect()
            }
            Some(data) => {
                object.insert("data".to_owned(), data);
                vec![object]
            }
            None => vec![object],
        };
        for mut log in logs {
            let dated = log.entry("timestamp");
            dated.or_insert_with(|| received.as_millisecond().into());
            match Log::from_attributes(log) {
                Ok(log) => self.logs.push(log),
                Err(cause) => self.complain(line, cause),
            }
        }
    }

    fn complain(&mut self, line: usize, cause: LogError) {
        self.left_out += 1;
        if self.complaints.len() < NAMED {
            self.complaints.push(Complaint { line, cause });
        }
    }
}

/// Whether this is a log as the API's search answers it.
fn is_found(log: &Value) -> bool {
    log.get("attributes").is_some_and(Value::is_object)
}

/// The same log as it is sent: there, its own attributes are within those of the API.
fn sent(mut found: Value) -> Map<String, Value> {
    let mut of_api = object(found["attributes"].take());
    let mut log = of_api.remove("attributes").map(object).unwrap_or_default();
    let tags = of_api.remove("tags").unwrap_or_default();
    let tags = tags.as_array().into_iter().flatten();
    let tags: Vec<&str> = tags.filter_map(Value::as_str).collect();
    let mut sources = tags.iter().filter_map(|tag| tag.strip_prefix("source:"));
    if let Some(source) = sources.next() {
        log.insert("ddsource".to_owned(), source.into());
    }
    log.insert("ddtags".to_owned(), tags.join(",").into());
    for (of_api_key, key) in [
        ("host", "hostname"),
        ("service", "service"),
        ("status", "status"),
        ("message", "message"),
        ("timestamp", "timestamp"),
    ] {
        if let Some(value) = of_api.remove(of_api_key) {
            log.insert(key.to_owned(), value);
        }
    }
    log
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

/// How many lines end in a text.
fn lines(text: &str) -> usize {
    text.matches('\n').count()
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reserved;

    fn read(text: &str) -> LogFile {
        LogFile::read(text.as_bytes(), SystemTime::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn what_the_api_answers_to_a_search_is_read_as_the_logs_that_were_sent() {
        let answer = r#"{"data": [
            {"id": "A", "type": "log", "attributes": {"attributes": {"evt": {"name": "export"}},
             "host": "events.1password.com", "service": "1password", "status": "info", "message": "Ada exported",
             "tags": ["source:1password", "account:acme"], "timestamp": "2026-05-01T12:00:00.482Z"}}],
          "meta": {"page": {"after": "B"}}}"#;
        // Pages behind each other, as they were fetched.
        let file = read(&format!("{answer}\n{answer}{{\"data\": []}}"));
        assert_eq!(file.left_out, 0, "{:?}", file.complaints);
        let [log, _] = &file.logs[..] else {
            panic!("two logs: {:?}", file.logs);
        };
        let reserved = |key| log.reserved(key).unwrap();
        assert_eq!(reserved(Reserved::Source), "1password");
        assert_eq!(reserved(Reserved::Host), "events.1password.com");
        assert_eq!(reserved(Reserved::Service), "1password");
        assert_eq!(reserved(Reserved::Status), "info");
        assert_eq!(reserved(Reserved::Message), "Ada exported");
        assert_eq!(log.text("account").unwrap(), "acme");
        assert_eq!(log.values("evt.name"), ["export"]);
        assert_eq!(log.millis(), 1_777_636_800_482);
    }

    #[test]
    fn what_is_no_log_is_named_by_its_line_and_the_rest_is_read() {
        let log = r#"{"timestamp": "2026-05-01T12:00:00Z", "data": [1]}"#;
        let file = read(&format!(
            "\n{log}\n[1]\r\n\n{{\"half\": \n{log}\n{{\"timestamp\": \"noon\"}}\n{{}}"
        ));
        let lines: Vec<usize> = file
            .complaints
            .iter()
            .map(|complaint| complaint.line)
            .collect();
        assert_eq!(lines, [3, 5, 7]);
        assert_eq!(file.logs.len(), 3);
        assert!(file.logs[0].has("data"));
        assert_eq!(file.logs[2].time(), SystemTime::UNIX_EPOCH);
    }
}
