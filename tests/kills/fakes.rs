use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use onepassword_events::Timestamp;
use serde_json::Value;

use super::until;
use crate::programs::program;

/// The program `op-dd-fakes`: both ends, which come back as they were when they are started again.
/// Dropped, it is killed.
pub(super) struct Fakes {
    child: Child,
    arguments: Vec<String>,
    said: Value,
    anchor: SystemTime,
    folder: PathBuf,
}

impl Fakes {
    pub(super) fn start(folder: &Path, seed: u64, anchor: SystemTime, events: usize) -> Self {
        let folder = folder.join("kept");
        let arguments = vec![
            "--json".to_owned(),
            format!("--seed={seed}"),
            format!("--anchor={}", Timestamp::from(anchor)),
            format!("--events={events}"),
            format!("--out={}", folder.display()),
        ];
        let (child, said) = launch(&arguments).unwrap();
        let mut fakes = Self {
            child,
            arguments,
            said,
            anchor,
            folder,
        };
        // The next ones are to be met where these are.
        let address = |url: &str| url.strip_prefix("http://").unwrap().to_owned();
        let same = [
            format!("--events-listen={}", address(fakes.text("/events/url"))),
            format!("--datadog-listen={}", address(fakes.text("/datadog/url"))),
            format!("--token={}", fakes.text("/events/token")),
            format!("--api-key={}", fakes.text("/datadog/api_key")),
        ];
        fakes.arguments.extend(same);
        fakes
    }

    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Returns when they are listening.
    pub(super) fn start_again(&mut self) {
        // A port that nobody holds may be somebody else's for a moment.
        until("the fakes have their ports again", || {
            let launched = launch(&self.arguments);
            launched.is_some_and(|(child, _)| {
                self.child = child;
                true
            })
        });
    }

    /// What `op-dd` needs to know of them: it reads all that there is.
    pub(super) fn configuration(&self) -> String {
        let start = Timestamp::from(self.anchor - Duration::from_secs(31 * 24 * 3600));
        format!(
            "[datadog]\nurl = {:?}\napi_key = {:?}\n\n\
             [[accounts]]\nname = \"acme\"\nurl = {:?}\ntoken = {:?}\nstart = \"{start}\"\n",
            self.text("/datadog/url"),
            self.text("/datadog/api_key"),
            self.text("/events/url"),
            self.text("/events/token"),
        )
    }

    /// The logs that were accepted, a line each, written before the 202.
    pub(super) fn record(&self) -> PathBuf {
        self.folder.join("logs.ndjson")
    }

    fn text(&self, pointer: &str) -> &str {
        self.said.pointer(pointer).and_then(Value::as_str).unwrap()
    }
}

/// Starts them, and waits for what they say once they listen; none if they can't.
fn launch(arguments: &[String]) -> Option<(Child, Value)> {
    let mut child = Command::new(program("op-dd-fakes"))
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let stdout = child.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    if line.is_empty() {
        child.wait().unwrap();
        return None;
    }
    Some((child, serde_json::from_str(&line).unwrap()))
}

impl Drop for Fakes {
    fn drop(&mut self) {
        // An error says that they have been killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
