//! The program `op-dd` as whoever runs it meets it: a process with arguments, an environment, a
//! folder, signals and an exit code, between fakes of both ends in the test's own process.
//!
//! Every secret that a test gives away is looked for in all that the program prints or keeps.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use onepassword_events::Timestamp;
use op_dd_fakes::{
    FakeDatadog, FakeDatadogBuilder, FakeEvents, FakeEventsBuilder, Feed, TokenClaims,
};
use op_dd_tests::programs::program;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::marked::{MARK, Secrets};

/// Longer than anything here takes, so that a test that hangs fails and says where.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// The program, with nothing in its environment: whoever runs the tests may have a proxy, a token or
/// a state folder of his own there. Its log lines are those that a person sees on a terminal.
pub(crate) fn op_dd() -> Command {
    let mut command = Command::new(program("op-dd"));
    command.env_clear().args(["--log-format", "human"]);
    command
}

/// What came of running the program.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// Runs it to its end.
    pub(crate) fn of(command: Command) -> Self {
        let mut command = assert_cmd::Command::from_std(command);
        let output = command.timeout(DEADLINE).output().unwrap();
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The one line that says why it ended: the last, and the only one that is not a log line.
    pub(crate) fn line(&self) -> &str {
        let lines: Vec<_> = self
            .stderr
            .lines()
            .filter(|line| line.starts_with("op-dd: "))
            .collect();
        let [line] = lines[..] else {
            panic!("{} lines instead of one: {self}", lines.len());
        };
        assert_eq!(self.stderr.lines().last(), Some(line), "{self}");
        assert!(!self.stderr.contains("panicked"), "{self}");
        line
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            code,
            stdout,
            stderr,
        } = self;
        write!(
            f,
            "exit {code:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}"
        )
    }
}

/// The program while it is going. Dropped, it is killed.
pub(crate) struct Going {
    pub(crate) child: Child,
    pub(crate) stdout: PathBuf,
    pub(crate) stderr: PathBuf,
}

impl Going {
    pub(crate) fn start(mut command: Command, folder: &Path) -> Self {
        let (stdout, stderr) = (folder.join("stdout"), folder.join("stderr"));
        command
            .stdout(File::create(&stdout).unwrap())
            .stderr(File::create(&stderr).unwrap());
        Self {
            child: command.spawn().unwrap(),
            stdout,
            stderr,
        }
    }

    #[cfg(unix)]
    pub(crate) fn terminate(&self) {
        self.tell("-TERM");
    }

    #[cfg(unix)]
    pub(crate) fn hang_up(&self) {
        self.tell("-HUP");
    }

    #[cfg(unix)]
    fn tell(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let told = Command::new("kill").args([signal, &pid]).status();
        assert!(told.unwrap().success());
    }

    pub(crate) fn end(mut self) -> Run {
        let mut status = None;
        until("the program ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        Run {
            code: status.and_then(|status| status.code()),
            stdout: fs::read_to_string(&self.stdout).unwrap(),
            stderr: fs::read_to_string(&self.stderr).unwrap(),
        }
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        // An error says that it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn until(what: &str, condition: impl FnMut() -> bool) {
    within(DEADLINE, what, condition);
}

/// The same, for what comes about of itself if it is waited for as long, or for what takes longer.
pub(crate) fn within(patience: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < patience, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Both ends, and what the program is given.
pub(crate) struct World {
    pub(crate) config: String,
    pub(crate) environment: BTreeMap<&'static str, String>,
    pub(crate) secrets: Vec<String>,
    pub(crate) folder: TempDir,
    pub(crate) events: FakeEvents,
    pub(crate) datadog: FakeDatadog,
    /// The fakes live on it, so it goes last.
    pub(crate) runtime: Runtime,
}

pub(crate) const KEY: &str = "SECRETdatadogkey00000000000000000";

#[cfg(unix)]
pub(crate) const NOBODY: u32 = 65534;

/// A token that only this test suite has: no client checks a signature.
pub(crate) fn token(claims: &TokenClaims, mark: &str) -> String {
    format!("{}SECRET{mark}", claims.mint())
}

impl World {
    /// One account, `acme`, and an intake.
    pub(crate) fn new() -> Self {
        Self::of(FakeEvents::builder(), FakeDatadog::builder())
    }

    pub(crate) fn of(events: FakeEventsBuilder, datadog: FakeDatadogBuilder) -> Self {
        let runtime = Runtime::new().unwrap();
        let token = token(&TokenClaims::default(), "acme");
        let (events, datadog) = runtime.block_on(async {
            let events = events.accept(&token, Feed::ALL).start().await;
            let datadog = datadog.accept(KEY).start().await;
            (events.unwrap(), datadog.unwrap())
        });
        let config = format!(
            r#"[datadog]
url = "{}"
api_key = "env:DATADOG_KEY"

[[accounts]]
name = "acme"
token = "env:ACME_TOKEN"
url = "{}"
"#,
            datadog.url(),
            events.url()
        );
        Self {
            config,
            environment: [("DATADOG_KEY", KEY.to_owned()), ("ACME_TOKEN", token)].into(),
            secrets: Vec::new(),
            folder: TempDir::new().unwrap(),
            events,
            datadog,
            runtime,
        }
    }

    /// A second account's server.
    pub(crate) fn another(&self, token: &str) -> FakeEvents {
        let events = FakeEvents::builder().accept(token, Feed::ALL).start();
        self.runtime.block_on(events).unwrap()
    }

    pub(crate) fn replace(&mut self, from: &str, to: &str) {
        assert!(self.config.contains(from), "{from}");
        self.config = self.config.replace(from, to);
    }

    pub(crate) fn set(&mut self, variable: &'static str, value: impl Into<String>) {
        self.environment.insert(variable, value.into());
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// An event in every feed, now.
    pub(crate) fn occur(&self, name: &str) {
        for feed in Feed::ALL {
            self.occur_in(feed, &format!("{name}-{feed}"));
        }
    }

    pub(crate) fn occur_in(&self, feed: Feed, uuid: &str) {
        self.events.insert(feed, event(uuid)).unwrap();
    }

    /// The program in this environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        fs::write(self.path("op-dd.toml"), &self.config).unwrap();
        let mut command = op_dd();
        command
            .envs(&self.environment)
            .current_dir(self.folder.path())
            .args(arguments);
        command
    }

    /// `op-dd run` with the configuration, its state in the folder.
    pub(crate) fn run(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(&["run", "--config", "op-dd.toml", "--state", "state"]);
        command.args(arguments);
        command
    }

    /// The program as a user whom rights hold back: root may do anything, so for root it is nobody.
    #[cfg(unix)]
    pub(crate) fn unprivileged(&self, state: &str) -> Command {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
        use std::os::unix::process::CommandExt as _;

        // Nobody may not be let through to where Cargo builds.
        let program = self.path("op-dd");
        if !program.exists() {
            fs::copy(op_dd().get_program(), &program).unwrap();
        }
        fs::write(self.path("op-dd.toml"), &self.config).unwrap();
        let folder = self.folder.path();
        for (path, mode) in [
            (folder, 0o755),
            (&program, 0o755),
            (&self.path("op-dd.toml"), 0o644),
        ] {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
        let mut command = Command::new(&program);
        command
            .env_clear()
            .envs(&self.environment)
            .current_dir(folder)
            .args([
                "--log-format",
                "human",
                "run",
                "--config",
                "op-dd.toml",
                "--state",
                state,
            ])
            .args(["--once", "--patience", "1s"]);
        if fs::metadata(folder).unwrap().uid() == 0 {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    /// What there is at present is carried.
    pub(crate) fn once(&self) -> Run {
        self.checked(Run::of(self.run(&["--once", "--patience", "1s"])))
    }

    pub(crate) fn going(&self, arguments: &[&str]) -> Going {
        Going::start(self.run(arguments), self.folder.path())
    }

    /// No secret is in what it printed or keeps, and neither side was shown the other's.
    pub(crate) fn checked(&self, run: Run) -> Run {
        let given = self.environment.values();
        let secrets: Vec<_> = given
            // Of an address with a password, the password is the secret.
            .filter(|text| text.contains(MARK) && !text.contains("://"))
            .chain(&self.secrets)
            .map(String::as_str)
            .collect();
        let all = Secrets::new(secrets.iter().copied());
        all.are_not_in("stdout", &run.stdout);
        all.are_not_in("stderr", &run.stderr);
        for (path, text) in files(&self.path("state")) {
            all.are_not_in(&path.display().to_string(), text);
        }
        let tokens = secrets.iter().filter(|secret| secret.starts_with("eyJ"));
        let tokens = Secrets::unmarked(tokens.copied());
        let key = self.environment.get("DATADOG_KEY").map(String::as_str);
        let keys = Secrets::unmarked([KEY].into_iter().chain(key));
        for (secrets, side, requests) in [
            (&keys, "a request to 1Password", self.events.requests()),
            (&tokens, "a request to Datadog", self.datadog.requests()),
        ] {
            for request in requests {
                let head = format!("{} {:?}", request.uri, request.headers);
                secrets.are_not_in(side, head);
                secrets.are_not_in(side, request.body);
            }
        }
        for log in self
            .datadog
            .logs()
            .into_iter()
            .chain(self.datadog.heartbeats())
        {
            tokens.are_not_in("a log", &*log);
        }
        run
    }

    /// The cursor files, every byte of them.
    pub(crate) fn cursors(&self) -> BTreeMap<PathBuf, String> {
        files(&self.path("state/cursors"))
    }

    /// The UUIDs of the logs that arrived, sorted.
    pub(crate) fn arrived(&self) -> Vec<String> {
        let uuid = |log: &Value| log["uuid"].as_str().unwrap().to_owned();
        let mut uuids: Vec<_> = self.logs().iter().map(uuid).collect();
        uuids.sort();
        uuids
    }

    pub(crate) fn logs(&self) -> Vec<Value> {
        let logs = self.datadog.logs();
        let logs = logs.iter().map(|log| serde_json::from_str(log).unwrap());
        logs.collect()
    }

    /// How many events the heartbeats that arrived tell of.
    pub(crate) fn told_of(&self) -> usize {
        let heartbeats = self.datadog.heartbeats();
        let heartbeats = heartbeats
            .iter()
            .map(|said| serde_json::from_str(said).unwrap());
        let events = heartbeats.map(|said: Value| said["op_dd"]["events"].as_u64().unwrap());
        usize::try_from(events.sum::<u64>()).unwrap()
    }
}

pub(crate) fn event(uuid: &str) -> String {
    let now = Timestamp::from(SystemTime::now());
    format!(r#"{{"uuid":"{uuid}","timestamp":"{now}"}}"#)
}

/// The texts of all files below a folder.
pub(crate) fn files(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut texts = BTreeMap::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return texts;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts.append(&mut files(&path));
        } else {
            let text = fs::read(&path).unwrap();
            texts.insert(path, String::from_utf8_lossy(&text).into_owned());
        }
    }
    texts
}

pub(crate) fn uuids(names: &[&str]) -> Vec<String> {
    let all = names
        .iter()
        .flat_map(|name| Feed::ALL.map(|feed| format!("{name}-{feed}")));
    let mut all: Vec<_> = all.collect();
    all.sort();
    all
}

/// An address of this machine where nobody listens.
pub(crate) fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
