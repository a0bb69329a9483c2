//! The program `op-dd` as whoever runs it meets it: a process with arguments, an environment, a
//! folder, signals and an exit code, between fakes of both ends in the test's own process.
//!
//! Every secret that a test gives away is looked for in all that the program prints or keeps.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says by panicking what is wrong"
)]

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use onepassword_events::Timestamp;
use op_dd_fakes::{
    FakeDatadog, FakeDatadogBuilder, FakeEvents, FakeEventsBuilder, Feed, TokenClaims,
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Longer than anything here takes, so that a test that hangs fails and says where.
const DEADLINE: Duration = Duration::from_secs(60);

/// The program, with nothing in its environment: whoever runs the tests may have a proxy, a token or
/// a state folder of his own there.
///
/// Cargo tells a package's own tests where its programs are, and these are another package's. What
/// lies beside the test's executable may be old or not be there, so Cargo is asked to build the
/// program, which takes a moment if it is fresh, and says itself where it is, whatever the target
/// folder.
pub(crate) fn op_dd() -> Command {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let mut command = Command::new(PROGRAM.get_or_init(build));
    command.env_clear();
    command
}

fn build() -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["build", "--quiet", "--package", "op-dd-cli"])
        .args(["--bin", "op-dd"])
        .args(["--message-format", "json-render-diagnostics"])
        .stderr(Stdio::inherit());
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    // The runner describes this test's package in them. Build scripts that look at them would run
    // again, here and after the next ordinary build.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&*name);
        }
    }
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "op-dd can't be built");
    let messages = String::from_utf8(output.stdout).unwrap();
    let program = messages.lines().find_map(|message| {
        let message: Value = serde_json::from_str(message).unwrap();
        message["executable"].as_str().map(PathBuf::from)
    });
    program.expect("Cargo names the program that it has built")
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
struct Going {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Going {
    fn start(mut command: Command, folder: &Path) -> Self {
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
    fn terminate(&self) {
        let pid = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(told.unwrap().success());
    }

    fn end(mut self) -> Run {
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

fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < DEADLINE, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Both ends, and what the program is given.
struct World {
    config: String,
    environment: BTreeMap<&'static str, String>,
    secrets: Vec<String>,
    folder: TempDir,
    events: FakeEvents,
    datadog: FakeDatadog,
    /// The fakes live on it, so it goes last.
    runtime: Runtime,
}

const KEY: &str = "SECRETdatadogkey00000000000000000";

/// A token that only this test suite has: no client checks a signature.
fn token(claims: &TokenClaims, mark: &str) -> String {
    format!("{}SECRET{mark}", claims.mint())
}

impl World {
    /// One account, `acme`, and an intake.
    fn new() -> Self {
        Self::of(FakeEvents::builder(), FakeDatadog::builder())
    }

    fn of(events: FakeEventsBuilder, datadog: FakeDatadogBuilder) -> Self {
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
    fn another(&self, token: &str) -> FakeEvents {
        let events = FakeEvents::builder().accept(token, Feed::ALL).start();
        self.runtime.block_on(events).unwrap()
    }

    fn replace(&mut self, from: &str, to: &str) {
        assert!(self.config.contains(from), "{from}");
        self.config = self.config.replace(from, to);
    }

    fn set(&mut self, variable: &'static str, value: impl Into<String>) {
        self.environment.insert(variable, value.into());
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// An event in every feed, now.
    fn occur(&self, name: &str) {
        for feed in Feed::ALL {
            self.occur_in(feed, &format!("{name}-{feed}"));
        }
    }

    fn occur_in(&self, feed: Feed, uuid: &str) {
        self.events.insert(feed, event(uuid)).unwrap();
    }

    /// The program in this environment.
    fn command(&self, arguments: &[&str]) -> Command {
        fs::write(self.path("op-dd.toml"), &self.config).unwrap();
        let mut command = op_dd();
        command
            .envs(&self.environment)
            .current_dir(self.folder.path())
            .args(arguments);
        command
    }

    /// `op-dd run` with the configuration, its state in the folder.
    fn run(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(&["run", "--config", "op-dd.toml", "--state", "state"]);
        command.args(arguments);
        command
    }

    /// What there is at present is carried.
    fn once(&self) -> Run {
        self.checked(Run::of(self.run(&["--once", "--patience", "1s"])))
    }

    fn going(&self, arguments: &[&str]) -> Going {
        Going::start(self.run(arguments), self.folder.path())
    }

    /// No secret is in what it printed or keeps.
    fn checked(&self, run: Run) -> Run {
        let kept = files(&self.path("state"));
        let texts = kept.values().chain([&run.stdout, &run.stderr]);
        let given = self.environment.values();
        let secrets: Vec<_> = given
            .filter(|text| text.contains("SECRET"))
            .chain(&self.secrets)
            // A part of a token is as much of a secret.
            .flat_map(|secret| secret.split('.'))
            .chain(["SECRET"])
            .collect();
        for text in texts {
            for secret in &secrets {
                assert!(!text.contains(secret), "{secret} is in: {text}");
            }
        }
        run
    }

    /// The cursor files, every byte of them.
    fn cursors(&self) -> BTreeMap<PathBuf, String> {
        files(&self.path("state/cursors"))
    }

    /// The UUIDs of the logs that arrived, sorted.
    fn arrived(&self) -> Vec<String> {
        let uuid = |log: &Value| log["uuid"].as_str().unwrap().to_owned();
        let mut uuids: Vec<_> = self.logs().iter().map(uuid).collect();
        uuids.sort();
        uuids
    }

    fn logs(&self) -> Vec<Value> {
        let logs = self.datadog.logs();
        let logs = logs.iter().map(|log| serde_json::from_str(log).unwrap());
        logs.collect()
    }
}

fn event(uuid: &str) -> String {
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

fn uuids(names: &[&str]) -> Vec<String> {
    let all = names
        .iter()
        .flat_map(|name| Feed::ALL.map(|feed| format!("{name}-{feed}")));
    let mut all: Vec<_> = all.collect();
    all.sort();
    all
}

/// An address of this machine where nobody listens.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// Something that is wrong with what the program is given.
struct Wrong {
    what: &'static str,
    make: fn(&mut World),
    exit: i32,
    says: &'static [&'static str],
}

impl Wrong {
    /// An installation that has been running meets it, and goes on once it is mended.
    fn is_survived(&self) {
        let what = self.what;
        let mut world = World::new();
        world.occur("before");
        let good = world.once();
        assert_eq!(good.code, Some(0), "{what}: {good}");
        let cursors = world.cursors();
        assert_eq!(cursors.len(), Feed::ALL.len(), "{what}");
        assert_eq!(world.arrived(), uuids(&["before"]), "{what}");

        world.occur("meanwhile");
        let (config, environment) = (world.config.clone(), world.environment.clone());
        (self.make)(&mut world);
        let run = world.once();
        assert_eq!(run.code, Some(self.exit), "{what}: {run}");
        assert_eq!(run.stdout, "", "{what}: {run}");
        let line = run.line();
        for words in self.says {
            assert!(line.contains(words), "{what}: {words:?} is not in: {line}");
        }
        let errors = run.stderr.lines().filter(|line| line.contains(" ERROR "));
        assert!(errors.count() <= 1, "{what}: {run}");
        assert_eq!(world.cursors(), cursors, "{what}: a cursor was moved");
        assert_eq!(world.arrived(), uuids(&["before"]), "{what}");

        world.config = config;
        world.events.accept(&environment["ACME_TOKEN"], Feed::ALL);
        world.environment = environment;
        let mended = world.once();
        assert_eq!(mended.code, Some(0), "{what}: {mended}");
        assert_eq!(world.arrived(), uuids(&["before", "meanwhile"]), "{what}");
    }

    /// All at the same time, for they spend most of it waiting.
    fn are_survived(all: &[Self]) {
        thread::scope(|scope| {
            for wrong in all {
                scope.spawn(|| wrong.is_survived());
            }
        });
    }
}

#[test]
fn a_wrong_configuration_ends_with_2_and_its_place() {
    Wrong::are_survived(&[
        Wrong {
            what: "an unknown key",
            make: |world| world.replace("token =", "tokn ="),
            exit: 2,
            says: &["op-dd: op-dd.toml:7:1: unknown field `tokn`", "`token`"],
        },
        Wrong {
            what: "an unknown table",
            make: |world| world.replace("[[accounts]]", "[[acounts]]"),
            exit: 2,
            says: &["op-dd.toml:5:3: unknown field `acounts`", "`accounts`"],
        },
        Wrong {
            what: "no account",
            make: |world| world.config.truncate(world.config.find("[[").unwrap()),
            exit: 2,
            says: &["op-dd: op-dd.toml: there is no account: add [[accounts]]"],
        },
        Wrong {
            what: "a region against the token's own server",
            make: |world| {
                let url = format!("url = \"{}\"", world.events.url());
                world.replace(&url, "region = \"eu\"");
            },
            exit: 2,
            says: &[
                "op-dd: account acme: the region is `eu`",
                "`us` (events.1password.com)",
                "take the region out",
            ],
        },
        Wrong {
            what: "a secret in a place that isn't understood",
            make: |world| world.replace("env:ACME_TOKEN", "op://SECRET/acme/token"),
            exit: 2,
            says: &[
                "op-dd.toml:7:9: secrets from op:// are not",
                "write env:NAME",
            ],
        },
        Wrong {
            what: "a misspelt way to name a secret",
            make: |world| world.replace("env:DATADOG_KEY", "vault:SECRET"),
            exit: 2,
            says: &["op-dd.toml:3:11: this is no way to name a secret: write env:NAME"],
        },
        Wrong {
            what: "a secret without quotes",
            make: |world| {
                world.replace("\"env:DATADOG_KEY\"", "4711471147114711");
                world.secrets.push("4711471147114711".to_owned());
            },
            exit: 2,
            says: &["op-dd.toml:3:11: a secret is a text in quotes"],
        },
        Wrong {
            what: "a token in the clear",
            make: |world| {
                let url = world.events.url().to_owned();
                world.replace(&url, "http://events.example.com");
            },
            exit: 2,
            says: &["op-dd: account acme:", "must be https"],
        },
        Wrong {
            what: "a key in the clear",
            make: |world| {
                let url = world.datadog.url().to_owned();
                world.replace(&url, "http://intake.example.com");
            },
            exit: 2,
            says: &["op-dd.toml:2:7:", "must begin with https://"],
        },
        Wrong {
            what: "a password in an address",
            make: |world| {
                let url = world.events.url().to_owned();
                world.replace(&url, "https://me:SECRET@events.example.com");
            },
            exit: 2,
            says: &[
                "op-dd: account acme:",
                "must not hold a user name or password",
            ],
        },
    ]);
}

#[test]
fn a_bad_token_ends_with_3_and_names_its_account() {
    Wrong::are_survived(&[
        Wrong {
            what: "no JWT",
            make: |world| world.set("ACME_TOKEN", "SECRET"),
            exit: 3,
            says: &[
                "op-dd: account acme: this is no token of the Events API",
                "copy it whole",
            ],
        },
        Wrong {
            what: "another kind of token",
            make: |world| world.set("ACME_TOKEN", "ops_SECRET"),
            exit: 3,
            says: &["op-dd: account acme:", "a service account's token"],
        },
        Wrong {
            what: "no token",
            make: |world| {
                world.environment.remove("ACME_TOKEN");
            },
            exit: 3,
            says: &["op-dd: account acme:", "ACME_TOKEN is not set: set it"],
        },
        Wrong {
            what: "no file with a token",
            make: |world| world.replace("env:ACME_TOKEN", "file:/nowhere/token"),
            exit: 3,
            says: &["op-dd: account acme: the file /nowhere/token can't be read"],
        },
        Wrong {
            what: "a token that the server has revoked",
            make: |world| world.events.revoke(&world.environment["ACME_TOKEN"]),
            exit: 3,
            says: &["op-dd: account acme: 127.0.0.1", "401", "issue a new one"],
        },
        Wrong {
            what: "a token for a server that isn't 1Password's, and no url",
            make: |world| {
                let foreign = TokenClaims::default().audience("events.example.com");
                world.set("ACME_TOKEN", token(&foreign, "foreign"));
                let url = format!("url = \"{}\"", world.events.url());
                world.replace(&url, "");
            },
            exit: 3,
            says: &["op-dd: account acme:", "events.example.com", "set the url"],
        },
        // The token is what has to be exchanged, unless the feed isn't wanted after all.
        Wrong {
            what: "a feed that the token doesn't allow",
            make: |world| {
                let narrow = TokenClaims::default().features(["itemusages"]);
                world.set("ACME_TOKEN", token(&narrow, "narrow"));
                world.config.push_str("feeds = [\"auditevents\"]\n");
            },
            exit: 3,
            says: &[
                "op-dd: account acme: the token doesn't allow the feed auditevents",
                "it allows itemusages",
            ],
        },
        Wrong {
            what: "a token that allows no feed",
            make: |world| {
                let narrow = TokenClaims::default().features(["vaults"]);
                world.set("ACME_TOKEN", token(&narrow, "narrow"));
            },
            exit: 3,
            says: &["op-dd: account acme: the token allows none of the feeds"],
        },
    ]);
}

#[test]
fn a_bad_api_key_ends_with_4() {
    Wrong::are_survived(&[
        Wrong {
            what: "a key that Datadog refuses",
            make: |world| world.set("DATADOG_KEY", "SECRETotherkey"),
            exit: 4,
            says: &["refuses the API key (status 403): check the key"],
        },
        Wrong {
            what: "no key",
            make: |world| {
                world.environment.remove("DATADOG_KEY");
            },
            exit: 4,
            says: &[
                "op-dd: Datadog's API key:",
                "DATADOG_KEY is not set: set it",
            ],
        },
        Wrong {
            what: "two words for a key",
            make: |world| world.set("DATADOG_KEY", "SECRET key"),
            exit: 4,
            says: &["op-dd: Datadog's API key: the API key has a character in it"],
        },
    ]);
}

#[test]
fn a_server_that_cannot_be_reached_ends_with_5() {
    Wrong::are_survived(&[
        Wrong {
            what: "1Password",
            make: |world| {
                let url = world.events.url().to_owned();
                world.replace(&url, &nobody());
            },
            exit: 5,
            says: &[
                "op-dd: account acme: no connection to 127.0.0.1",
                "check the name",
                "refused",
            ],
        },
        Wrong {
            what: "Datadog",
            make: |world| {
                let url = world.datadog.url().to_owned();
                world.replace(&url, &nobody());
            },
            exit: 5,
            says: &[
                "op-dd: 127.0.0.1:",
                "cannot be reached",
                "check the site",
                "refused",
            ],
        },
        Wrong {
            what: "an address that is no Events API",
            make: |world| {
                let url = world.events.url().to_owned();
                world.replace(&url, &format!("{url}/elsewhere"));
            },
            exit: 5,
            says: &[
                "op-dd: account acme:",
                "404",
                "check the region and the url",
            ],
        },
    ]);
}

/// Root may write anywhere, so the program runs as nobody.
#[cfg(unix)]
#[test]
fn a_state_folder_that_cannot_be_written_ends_with_6() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use std::os::unix::process::CommandExt as _;

    const NOBODY: u32 = 65534;
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };

    for (what, folder, says) in [
        ("it can't be made", "closed/state", "can't be made"),
        ("it can't be locked", "closed", "can't be locked"),
        ("no cursor can be put there", "locked", "can't be written"),
    ] {
        let world = World::new();
        world.occur("event");
        fs::create_dir(world.path("closed")).unwrap();
        fs::create_dir(world.path("locked")).unwrap();
        File::create(world.path("locked/lock")).unwrap();
        fs::create_dir(world.path("locked/cursors")).unwrap();

        // Nobody may not be let through to where Cargo builds.
        let program = world.path("op-dd");
        fs::copy(op_dd().get_program(), &program).unwrap();
        let mut command = Command::new(&program);
        let given = world.command(&[]);
        command
            .env_clear()
            .envs(
                given
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .current_dir(world.folder.path())
            .args(["run", "--config", "op-dd.toml", "--state", folder])
            .args(["--once", "--patience", "1s"]);
        if fs::metadata(world.folder.path()).unwrap().uid() == 0 {
            command.uid(NOBODY).gid(NOBODY);
        }
        mode(world.folder.path(), 0o755);
        mode(&program, 0o755);
        mode(&world.path("op-dd.toml"), 0o644);
        mode(&world.path("locked/lock"), 0o666);
        for closed in ["closed", "locked", "locked/cursors"] {
            mode(&world.path(closed), 0o555);
        }

        let run = world.checked(Run::of(command));
        for closed in ["closed", "locked", "locked/cursors"] {
            mode(&world.path(closed), 0o755);
        }
        assert_eq!(run.code, Some(6), "{what}: {run}");
        let line = run.line();
        assert!(
            line.contains(&format!("{folder} {says}")) || line.contains(says),
            "{line}"
        );
        assert!(line.contains("denied"), "{what}: {line}");
        assert_eq!(world.arrived(), Vec::<String>::new(), "{what}");
        assert!(files(&world.path("locked/cursors")).is_empty(), "{what}");
    }
}

#[test]
fn a_checkpoint_that_cannot_be_read_ends_with_7_and_is_left_alone() {
    type Damage = fn(&str) -> String;
    let damages: [(&str, Damage); 4] = [
        ("empty", |_| String::new()),
        ("truncated", |text| text[..text.len() / 2].to_owned()),
        ("of the future", |text| {
            text.replace("\"format\":1", "\"format\":2")
        }),
        ("an empty cursor", |text| {
            let (before, after) = text.split_once("\"after\":\"").unwrap();
            let (_, after) = after.split_once('"').unwrap();
            format!("{before}\"after\":\"\"{after}")
        }),
    ];
    thread::scope(|scope| {
        for (what, damage) in damages {
            scope.spawn(move || {
                let mut world = World::new();
                world.config.push_str("feeds = [\"auditevents\"]\n");
                world.occur("before");
                assert_eq!(world.once().code, Some(0));

                let (path, good) = world.cursors().pop_first().unwrap();
                let bad = damage(&good);
                assert_ne!(bad, good, "{what}");
                fs::write(&path, &bad).unwrap();
                world.occur("meanwhile");
                let run = world.once();
                assert_eq!(run.code, Some(7), "{what}: {run}");
                let line = run.line();
                assert!(
                    line.contains("auditevents/datadog.json can't be read"),
                    "{line}"
                );
                assert!(line.contains("put it back from a copy"), "{what}: {line}");
                assert_eq!(fs::read_to_string(&path).unwrap(), bad, "{what}");

                // One stream never stops another.
                world.replace("feeds = [\"auditevents\"]\n", "");
                let run = world.once();
                assert_eq!(run.code, Some(9), "{what}: {run}");
                assert!(
                    run.line().contains("held: acme/auditevents/datadog"),
                    "{run}"
                );
                assert_eq!(fs::read_to_string(&path).unwrap(), bad, "{what}");

                fs::write(&path, &good).unwrap();
                assert_eq!(world.once().code, Some(0), "{what}");
                assert_eq!(world.arrived(), uuids(&["before", "meanwhile"]), "{what}");
            });
        }
    });
}

#[test]
fn a_state_folder_that_is_held_ends_with_8_and_names_the_holder() {
    let world = World::new();
    let first = world.going(&[]);
    let pid = first.child.id().to_string();
    let lock = world.path("state/lock");
    until("the first one holds the folder", || {
        fs::read_to_string(&lock).is_ok_and(|holder| holder.trim() == pid)
    });
    let second = world.once();
    assert_eq!(second.code, Some(8), "{second}");
    let line = second.line();
    assert!(
        line.contains(&format!("is held by process {pid}: stop it")),
        "{line}"
    );
    assert!(!second.stderr.contains("carrying"), "{second}");

    // Killed, it holds nothing any more.
    drop(first);
    world.occur("event");
    assert_eq!(world.once().code, Some(0));
    assert_eq!(world.arrived(), uuids(&["event"]));
}

#[test]
fn one_bad_account_ends_with_9_and_stops_no_other() {
    let refused = token(&TokenClaims::default(), "refused");
    for (what, given, says) in [
        (
            "no token",
            None,
            "account beta: the environment variable BETA_TOKEN is not set",
        ),
        ("no JWT", Some("SECRET"), "account beta: this is no token"),
        ("revoked", Some(&*refused), "account beta: 127.0.0.1"),
    ] {
        let mut world = World::new();
        let beta = world.another(&token(&TokenClaims::default(), "beta"));
        world.config.push_str(&format!(
            "[[accounts]]\nname = \"beta\"\ntoken = \"env:BETA_TOKEN\"\nurl = \"{}\"\n",
            beta.url()
        ));
        if let Some(given) = given {
            world.set("BETA_TOKEN", given);
        }
        world.occur("event");
        let run = world.once();
        assert_eq!(run.code, Some(9), "{what}: {run}");
        assert!(run.line().contains(says), "{what}: {run}");
        assert!(!run.line().contains("acme/"), "{what}: {run}");
        assert_eq!(world.arrived(), uuids(&["event"]), "{what}");
    }
}

#[test]
fn an_event_that_datadog_refuses_is_kept_and_ends_with_9() {
    let world = World::of(
        FakeEvents::builder(),
        FakeDatadog::builder().refuse_containing("POISON"),
    );
    world.occur("good");
    world.occur_in(Feed::AuditEvents, "POISON");
    let run = world.once();
    assert_eq!(run.code, Some(9), "{run}");
    assert!(run.line().contains("for faults of their own: 1;"), "{run}");
    assert!(run.line().contains("dead-letters"), "{run}");
    assert_eq!(world.arrived(), uuids(&["good"]));
    let letters = files(&world.path("state/dead-letters"));
    let (path, letter) = letters.first_key_value().unwrap();
    assert!(
        path.ends_with("acme/auditevents/datadog.ndjson"),
        "{path:?}"
    );
    let letter: Value = serde_json::from_str(letter).unwrap();
    assert_eq!(letter["uuid"], "POISON");

    // It is in the way of nothing, and no news any more.
    world.occur("later");
    let run = world.once();
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(world.arrived(), uuids(&["good", "later"]));
}

#[test]
fn accounts_have_their_own_feeds_and_tags() {
    let mut world = World::new();
    let beta_token = token(&TokenClaims::default(), "beta");
    let beta = world.another(&beta_token);
    world.set("BETA_TOKEN", beta_token);
    world.replace("[[accounts]]", "tags = [\"Env:Prod\"]\n\n[[accounts]]");
    world.config.push_str(&format!(
        "tags = [\"team:security\"]\n\n[[accounts]]\nname = \"beta\"\ntoken = \"env:BETA_TOKEN\"\n\
         url = \"{}\"\nfeeds = [\"auditevents\"]\ntags = [\"team:it\"]\n",
        beta.url()
    ));
    world.occur("acme");
    for feed in Feed::ALL {
        beta.insert(feed, event(&format!("beta-{feed}"))).unwrap();
    }

    let run = world.once();
    assert_eq!(run.code, Some(0), "{run}");
    let mut expected = uuids(&["acme"]);
    expected.push("beta-auditevents".to_owned());
    assert_eq!(world.arrived(), expected);
    for log in world.logs() {
        let (account, feed) = log["uuid"].as_str().unwrap().split_once('-').unwrap();
        let team = if account == "acme" { "security" } else { "it" };
        let mut tags: Vec<_> = log["ddtags"].as_str().unwrap().split(',').collect();
        tags.sort_unstable();
        let account = format!("account:{account}");
        let (feed, team) = (format!("feed:{feed}"), format!("team:{team}"));
        assert_eq!(tags, [&account, "env:prod", &feed, &team]);
    }
    assert_eq!(world.cursors().len(), 4);
    assert_eq!(beta.counts().of_path("/api/v2/itemusages"), 0);
}

/// Without a file the token alone says where to read, and it may choose among 1Password's own servers
/// only: so nothing is carried here, but what was understood is seen.
#[test]
fn the_environment_alone_makes_an_account() {
    let good = token(&TokenClaims::default(), "good");
    let foreign = token(&TokenClaims::default().audience("127.0.0.1"), "foreign");
    // It stands between the program and the world, and nobody is there.
    let proxy = nobody();
    let datadog = "http://127.0.0.1:9";
    for (what, variables, exit, says) in [
        (
            "nothing",
            &[][..],
            2,
            &["--config FILE", "OP_EVENTS_TOKEN", "DD_API_KEY", "DD_SITE"][..],
        ),
        (
            "no key",
            &[("OP_EVENTS_TOKEN", &*good)],
            4,
            &["the environment variable DD_API_KEY is not set: set it"],
        ),
        (
            "no token",
            &[("DD_API_KEY", KEY)],
            3,
            &["the environment variable OP_EVENTS_TOKEN is not set: set it"],
        ),
        (
            "an empty token",
            &[("OP_EVENTS_TOKEN", " "), ("DD_API_KEY", KEY)],
            3,
            &["the environment variable OP_EVENTS_TOKEN is not set: set it"],
        ),
        (
            "no site",
            &[
                ("OP_EVENTS_TOKEN", &good),
                ("DD_API_KEY", KEY),
                ("DD_SITE", "eu"),
            ],
            2,
            &["op-dd: DD_SITE: the site is neither"],
        ),
        (
            "a site in the clear",
            &[
                ("OP_EVENTS_TOKEN", &good),
                ("DD_API_KEY", KEY),
                ("DD_SITE", "http://intake.example.com"),
            ],
            2,
            &["op-dd: DD_SITE:", "must begin with https://"],
        ),
        (
            "a token for another server",
            &[
                ("OP_EVENTS_TOKEN", &foreign),
                ("DD_API_KEY", KEY),
                ("DD_SITE", datadog),
            ],
            3,
            &[
                "op-dd: account default:",
                "127.0.0.1",
                "set the url yourself",
            ],
        ),
        (
            "all of it, the site as an address",
            &[
                ("OP_EVENTS_TOKEN", &good),
                ("DD_API_KEY", KEY),
                ("DD_SITE", datadog),
            ],
            5,
            &["op-dd: account default: no connection to events.1password.com"],
        ),
        (
            "all of it, the site empty",
            &[
                ("OP_EVENTS_TOKEN", &good),
                ("DD_API_KEY", KEY),
                ("DD_SITE", ""),
            ],
            5,
            &["op-dd: account default: no connection to events.1password.com"],
        ),
    ] {
        let mut world = World::new();
        world.environment = [("HTTPS_PROXY", proxy.clone())].into();
        for (name, value) in variables {
            world.set(name, *value);
        }
        let arguments = ["run", "--state", "state", "--once", "--patience", "0s"];
        let run = world.checked(Run::of(world.command(&arguments)));
        assert_eq!(run.code, Some(exit), "{what}: {run}");
        for words in says {
            assert!(run.line().contains(words), "{what}: {run}");
        }
        assert_eq!(world.events.counts().total(), 0, "{what}");
        assert_eq!(world.datadog.counts().total(), 0, "{what}");
    }
}

#[test]
fn the_state_folder_is_the_first_that_is_named() {
    let mut world = World::new();
    world.replace("[datadog]", "[state]\ndir = \"from-file\"\n\n[datadog]");
    // It ends soon, but not before it has taken the folder.
    world.set("ACME_TOKEN", "SECRET");
    let absolute = |name| world.path(name).display().to_string();
    let [systemd, xdg, home] = ["systemd", "xdg", "home"].map(absolute);
    let second = format!("{systemd}:{}", absolute("systemd-too"));
    let places = [
        ("argument", "argument"),
        ("from-file", "from-file"),
        ("STATE_DIRECTORY", "systemd"),
        ("XDG_STATE_HOME", "xdg/op-dd"),
        ("HOME", "home/.local/state/op-dd"),
    ];
    world.set("STATE_DIRECTORY", second);
    world.set("XDG_STATE_HOME", xdg);
    world.set("HOME", home);
    for place in 0..=places.len() {
        let mut command = world.command(&["run", "--config", "op-dd.toml", "--once"]);
        if place == 0 {
            command.args(["--state", "argument"]);
        }
        let run = world.checked(Run::of(command));
        let Some((name, folder)) = places.get(place) else {
            assert_eq!(run.code, Some(2), "{run}");
            assert!(
                run.line().contains("there is no place for the state"),
                "{run}"
            );
            continue;
        };
        assert_eq!(run.code, Some(3), "{run}");
        assert!(world.path(folder).join("lock").exists(), "{folder}");
        for (_, other) in places.iter().skip(place + 1) {
            assert!(!world.path(other).exists(), "{other} before {folder}");
        }
        match *name {
            "from-file" => world.replace("dir = \"from-file\"", ""),
            name => {
                world.environment.remove(name);
            }
        }
    }
}

#[test]
fn a_secret_in_the_configuration_is_warned_of_and_used() {
    let mut world = World::new();
    world.occur("event");
    let token = world.environment["ACME_TOKEN"].clone();
    world.replace("env:ACME_TOKEN", &token);
    let run = world.once();
    assert_eq!(run.code, Some(0), "{run}");
    let warnings: Vec<_> = run
        .stderr
        .lines()
        .filter(|line| line.contains(" WARN "))
        .collect();
    let [warning] = warnings[..] else {
        panic!("{run}");
    };
    assert!(
        warning.contains("op-dd.toml: token of account acme is written out"),
        "{warning}"
    );
    assert!(
        warning.contains("better write env:NAME or file:/PATH"),
        "{warning}"
    );
    assert_eq!(world.arrived(), uuids(&["event"]));
}

#[test]
fn a_secret_that_is_exchanged_is_taken_up_without_a_restart() {
    let old = token(&TokenClaims::default(), "old");
    for (what, variable, old) in [
        ("token", "ACME_TOKEN", &*old),
        ("key", "DATADOG_KEY", "SECRETold"),
    ] {
        let mut world = World::new();
        let file = world.path(what);
        let source = format!("file:{}", file.display());
        world.replace(&format!("env:{variable}"), &source);
        world.secrets.push(old.to_owned());
        fs::write(&file, old).unwrap();
        world.occur("event");

        let going = world.going(&["--once"]);
        until("the old one is refused", || {
            let refused = |status| {
                world.events.counts().of_status(status) + world.datadog.counts().of_status(status)
            };
            refused(401) + refused(403) > 0
        });
        // With the line end that an editor leaves.
        fs::write(&file, format!("{}\n", world.environment[variable])).unwrap();
        let run = world.checked(going.end());
        assert_eq!(run.code, Some(0), "{what}: {run}");
        assert_eq!(world.arrived(), uuids(&["event"]), "{what}");
    }
}

#[cfg(unix)]
#[test]
fn told_to_stop_it_ends_what_it_has_begun_and_loses_nothing() {
    use op_dd_fakes::{Fault, Generator};

    const COUNT: usize = 2500;
    let now = SystemTime::now();
    let slow: Fault = "intake:slow=300msx3".parse().unwrap();
    let mut world = World::of(
        FakeEvents::builder().events(Generator::new(7, now, COUNT)),
        FakeDatadog::builder().script([slow]),
    );
    let start = Timestamp::from(now - Duration::from_secs(31 * 24 * 3600));
    world.config.push_str(&format!("start = \"{start}\"\n"));

    let going = world.going(&[]);
    until("a page is on its way", || {
        world.datadog.counts().total() > 0
    });
    going.terminate();
    let run = world.checked(going.end());
    assert_eq!(run.code, Some(0), "{run}");
    assert!(run.stderr.contains("finishing what is under way"), "{run}");
    let arrived = world.arrived().len();
    assert!(0 < arrived && arrived < COUNT, "{arrived}");

    assert_eq!(world.once().code, Some(0));
    let mut arrived = world.arrived();
    assert_eq!(arrived.len(), COUNT);
    arrived.dedup();
    assert_eq!(arrived.len(), COUNT);
}

#[cfg(unix)]
#[test]
fn told_to_stop_before_the_end_of_once_it_says_so() {
    let world = World::new();
    world.datadog.script(["intake:503x1000".parse().unwrap()]);
    world.occur("event");
    let going = world.going(&["--once"]);
    until("it is refused", || {
        world.datadog.counts().of_status(503) > 0
    });
    going.terminate();
    let run = world.checked(going.end());
    assert_eq!(run.code, Some(9), "{run}");
    assert!(
        run.line()
            .contains("told to stop before everything was carried"),
        "{run}"
    );
    assert_eq!(world.arrived(), Vec::<String>::new());
}

#[test]
fn help_leads_from_nothing_to_a_first_run() {
    for (arguments, words) in [
        (
            &["--help"][..],
            &["demo", "run", "Exit codes", "RUST_LOG", "needs no account"][..],
        ),
        (
            &["run", "--help"],
            &[
                "--once",
                "--state",
                "--patience",
                "[[accounts]]",
                "DD_API_KEY",
                "SIGTERM",
            ],
        ),
        (
            &["demo", "--help"],
            &["--pages", "--fault", "--out", "logs.ndjson", "intake"],
        ),
    ] {
        let mut command = op_dd();
        command.args(arguments);
        let run = Run::of(command);
        assert_eq!(run.code, Some(0), "{run}");
        for word in words {
            assert!(run.stdout.contains(word), "{word} is not in: {run}");
        }
        assert_eq!(run.stderr, "");
    }
}

#[test]
fn a_wrong_argument_ends_with_2() {
    for arguments in [
        &[][..],
        &["fly"],
        &["run", "--patience", "soon"],
        &["run", "--config"],
        &["run", "--config", "/nowhere/op-dd.toml"],
        &["demo", "--fault", "intake:nix"],
        &["demo", "--pages", "here", "--seed", "7"],
    ] {
        let mut command = op_dd();
        command.args(arguments);
        let run = Run::of(command);
        assert_eq!(run.code, Some(2), "{arguments:?}: {run}");
        assert_ne!(run.stderr, "", "{arguments:?}");
    }
}

/// What is copied from there works: no key is missing or misspelt, only the secrets aren't set.
#[test]
fn the_configurations_that_are_shown_are_understood() {
    let mut help = op_dd();
    help.args(["run", "--help"]);
    let help = Run::of(help).stdout;
    let from_help: Vec<_> = help
        .lines()
        .skip_while(|line| *line != "A first configuration:")
        .skip(1)
        .take_while(|line| line.is_empty() || line.starts_with("  "))
        .collect();
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/op-dd-cli/README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let blocks = readme.split("```toml\n").skip(1);
    let mut shown: Vec<_> = blocks
        .map(|block| block.split_once("```").unwrap().0.to_owned())
        .collect();
    shown.push(from_help.join("\n"));
    assert!(shown.len() >= 2);
    for config in shown {
        let mut world = World::new();
        world.environment.clear();
        world.config = config;
        let run = world.once();
        assert_eq!(run.code, Some(4), "{}: {run}", world.config);
        assert!(
            run.line().starts_with("op-dd: Datadog's API key: the "),
            "{run}"
        );
    }
}
