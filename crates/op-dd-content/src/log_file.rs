use std::fmt;
use std::io::{self, BufRead};
use std::time::SystemTime;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{Log, LogError};

/// How many lines are named that are no logs; more are counted.
const NAMED: usize = 10;

/// The logs of a file that has one on each line, and the lines that are none.
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
    /// The first ten lines that are no logs.
    pub complaints: Vec<Complaint>,
    /// How many lines are no logs in all.
    pub left_out: usize,
}

/// A line that is no log.
#[derive(Debug)]
#[non_exhaustive]
pub struct Complaint {
    /// The number of the line; the first is 1.
    pub line: usize,
    /// What is wrong with it.
    pub cause: LogError,
}

impl LogFile {
    /// Reads line by line; empty lines are passed over. A log that doesn't say when it was is one of when it was
    /// `received`, as Datadog has it.
    ///
    /// # Errors
    ///
    /// If the file can't be read. A line that is no log is no error.
    pub fn read(mut from: impl BufRead, received: SystemTime) -> io::Result<Self> {
        let mut file = Self::default();
        let mut bytes = Vec::new();
        for line in 1.. {
            bytes.clear();
            if from.read_until(b'\n', &mut bytes)? == 0 {
                break;
            }
            let text = String::from_utf8_lossy(bytes.trim_ascii());
            if text.is_empty() {
                continue;
            }
            match log(&text, received) {
                Ok(log) => file.logs.push(log),
                Err(cause) => {
                    file.left_out += 1;
                    if file.complaints.len() < NAMED {
                        file.complaints.push(Complaint { line, cause });
                    }
                }
            }
        }
        Ok(file)
    }
}

fn log(text: &str, received: SystemTime) -> Result<Log, LogError> {
    let attributes = serde_json::from_str(text);
    let mut attributes: Map<String, Value> =
        attributes.map_err(|error| LogError::Json(error.to_string()))?;
    let received = Timestamp::try_from(received).map_err(|_| LogError::Time)?;
    let dated = attributes.entry("timestamp");
    dated.or_insert_with(|| received.as_millisecond().into());
    Log::from_attributes(attributes)
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.cause)
    }
}
