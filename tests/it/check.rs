//! `op-dd check`: each thing that can be wrong is named, with what to do and an exit code, and nothing is sent or moved.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, SystemTime};

use op_dd_fakes::{Clock, FakeDatadog, FakeEvents, Feed, TokenClaims};
use op_dd_tests::programs::program;
use serde_json::Value;
use tempfile::TempDir;

use crate::marked::Secrets;
use crate::program::{Run, World, files, nobody, op_dd, token, until};
use crate::tls::Authority;

/// Looks at everything, and at what the program did meanwhile.
pub(crate) fn check(world: &World, arguments: &[&str]) -> Run {
    let mut command = world.command(&["check", "--config", "op-dd.toml", "--state", "state"]);
    command.args(arguments);
    world.checked(Run::of(command))
}

/// The lines of an outcome, each with what to do, if there is something.
fn lines<'a>(run: &'a Run, outcome: &str) -> Vec<(&'a str, &'a str)> {
    let begin = format!("  {outcome:<7} ");
    let mut lines = run.stdout.lines().peekable();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(said) = line.strip_prefix(&begin) {
            let next = lines
                .peek()
                .and_then(|next| next.trim_start().strip_prefix("to do: "));
            found.push((said, next.unwrap_or_default()));
        }
    }
    found
}

/// An event of which nothing may be shown.
fn private(world: &World) {
    for feed in Feed::ALL {
        world.occur_in(feed, &format!("SECRETprivate-{feed}"));
    }
}

/// What may be wrong, what check says so, and what is in its line and in its remedy.
struct Fault {
    what: &'static str,
    make: fn(&mut World),
    exit: i32,
    check: &'static str,
    says: &'static str,
    remedy: &'static str,
}

const FAULTS: &[Fault] = &[
    Fault {
        what: "an unknown key in the configuration",
        make: |world| world.replace("token =", "tokn ="),
        exit: 2,
        check: "configuration",
        says: "unknown key `tokn`",
        remedy: "",
    },
    Fault {
        what: "a region against the token's own",
        make: |world| {
            let url = format!("url = \"{}\"", world.events.url());
            world.replace(&url, "region = \"eu\"");
        },
        exit: 2,
        check: "acme token",
        says: "the token was issued for `us`",
        remedy: "take the region out",
    },
    Fault {
        what: "a variable that isn't set",
        make: |world| drop(world.environment.remove("ACME_TOKEN")),
        exit: 3,
        check: "acme token",
        says: "the environment variable ACME_TOKEN is not set",
        remedy: "set it",
    },
    Fault {
        what: "a token that was revoked",
        make: |world| world.events.revoke(&world.environment["ACME_TOKEN"]),
        exit: 3,
        check: "acme introspection",
        says: "answered 401",
        remedy: "issue a new one in 1Password",
    },
    Fault {
        what: "a feed that the token doesn't allow",
        make: |world| {
            let claims = TokenClaims::default().features(["auditevents"]);
            world.set("ACME_TOKEN", token(&claims, "less"));
            world.replace("token =", "feeds = [\"itemusages\"]\ntoken =");
        },
        exit: 3,
        check: "acme token",
        says: "doesn't allow the feed itemusages",
        remedy: "issue a token that allows it",
    },
    Fault {
        what: "a server that allows less than the token says",
        make: |world| {
            let token = &world.environment["ACME_TOKEN"];
            world.events.accept(token, [Feed::AuditEvents]);
        },
        exit: 3,
        check: "acme introspection",
        says: "read signinattempts, itemusages, whatever the token says",
        remedy: "issue a new token in 1Password that allows it",
    },
    Fault {
        what: "a token that is over",
        make: |world| expiring(world, SystemTime::now() - Duration::from_secs(3 * 86_400)),
        exit: 3,
        check: "acme expiry",
        says: "the token expired 3 days ago",
        remedy: "issue a new token in 1Password",
    },
    Fault {
        what: "a key that Datadog refuses",
        make: |world| world.set("DATADOG_KEY", "SECRETofsomebodyelse0000000000000"),
        exit: 4,
        check: "api-key",
        says: "refuses the API key (status 403)",
        remedy: "is a key of this site",
    },
    Fault {
        what: "an intake that isn't there",
        make: |world| {
            let url = world.datadog.url().to_owned();
            world.replace(&url, &nobody());
        },
        exit: 5,
        check: "intake",
        says: "cannot be reached (Connection refused",
        remedy: "change site or url of [datadog]",
    },
    Fault {
        what: "a certificate that nobody vouches for",
        make: |world| {
            let url = world.events.url().to_owned();
            let address = Authority::new().before(world, &url);
            world.replace(&url, &address);
        },
        exit: 5,
        check: "acme introspection",
        says: "shows a certificate that is not trusted",
        remedy: "ca_file of [tls]",
    },
    Fault {
        what: "a proxy that isn't there",
        make: |world| {
            let url = world.events.url().to_owned();
            world.replace(&url, "https://events.invalid");
            let address = nobody().replace("http://", "http://user:SECRETpassword@");
            world.set("HTTPS_PROXY", address);
        },
        exit: 5,
        check: "acme introspection",
        says: "no connection to events.invalid",
        remedy: "HTTPS_PROXY): see that it is there, lets op-dd through to events.invalid",
    },
    Fault {
        what: "another server than the Events API",
        make: |world| {
            let (url, other) = (
                world.events.url().to_owned(),
                world.datadog.url().to_owned(),
            );
            world.replace(&url, &other);
        },
        exit: 5,
        check: "acme introspection",
        says: "there is no Events API at this address",
        remedy: "check the region and the url",
    },
    Fault {
        what: "a state folder that can't be made",
        make: |world| fs::write(world.path("state"), "").unwrap(),
        exit: 6,
        check: "state-folder",
        says: "state",
        remedy: "",
    },
    Fault {
        what: "an archive folder that can't be made",
        make: |world| {
            fs::write(world.path("archive"), "").unwrap();
            world.config.push_str("[archive]\ndir = \"archive/logs\"\n");
        },
        exit: 6,
        check: "archive-folder",
        says: "archive/logs can't be written",
        remedy: "dir of [archive]",
    },
    Fault {
        what: "a checkpoint that can't be read",
        make: |world| {
            let folder = world.path("state/cursors/acme/auditevents");
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("datadog.json"), "{").unwrap();
        },
        exit: 7,
        check: "checkpoints",
        says: "auditevents/datadog.json can't be read",
        remedy: "op-dd cursor reset --account acme --feed auditevents",
    },
    Fault {
        what: "a cursor that the server refuses",
        make: |world| {
            let folder = world.path("state/cursors/acme/auditevents");
            fs::create_dir_all(&folder).unwrap();
            let text = r#"{"format":1,"revision":1,"position":{"after":"SECRETcursor"},"last_page":null,
                "committed_at":"2026-05-01T12:00:00Z"}"#;
            fs::write(folder.join("datadog.json"), text).unwrap();
            // It is there from the start: what the check itself writes is what is looked for.
            world.secrets.clear();
        },
        exit: 9,
        check: "acme/auditevents page",
        says: "answered 400",
        remedy: "start anew from a time",
    },
    Fault {
        what: "several things of several kinds",
        make: |world| {
            world.events.revoke(&world.environment["ACME_TOKEN"]);
            world.set("DATADOG_KEY", "SECRETofsomebodyelse0000000000000");
        },
        exit: 9,
        check: "api-key",
        says: "refuses the API key",
        remedy: "api_key of [datadog]",
    },
];

fn expiring(world: &mut World, end: SystemTime) {
    let token = token(&TokenClaims::default().expires_at(end), "ends");
    world.events.accept(&token, Feed::ALL);
    world.set("ACME_TOKEN", token);
}

impl Fault {
    fn is_named(&self) {
        let what = self.what;
        let mut world = World::new();
        private(&world);
        (self.make)(&mut world);
        let state = files(&world.path("state"));
        let mut command = world.command(&["check", "--config", "op-dd.toml", "--state", "state"]);
        command.env("RUST_LOG", "info");
        let run = Run::of(command);
        assert_eq!(run.code, Some(self.exit), "{what}: {run}");
        let failing = lines(&run, "FAIL");
        let begin = format!("{}: ", self.check);
        let (line, remedy) = failing
            .iter()
            .find(|(line, _)| line.starts_with(&begin))
            .unwrap_or_else(|| panic!("{what}: {run}"));
        assert!(line.contains(self.says), "{what}: {run}");
        assert!(remedy.contains(self.remedy), "{what}: {run}");
        for (line, remedy) in failing {
            assert!(!remedy.is_empty(), "{what}: {line} has no remedy: {run}");
        }
        assert!(run.line().contains(": "), "{what}: {run}");
        for shown in [&run.stdout, &run.stderr] {
            assert!(!shown.contains("SECRET"), "{what}: {run}");
        }
        assert_eq!(files(&world.path("state")), state, "{what}");
        assert!(world.datadog.logs().is_empty(), "{what}");
    }
}

#[test]
fn every_fault_is_named_with_what_to_do() {
    // All at the same time, for they spend most of it waiting.
    thread::scope(|scope| {
        for fault in FAULTS {
            scope.spawn(|| fault.is_named());
        }
    });
}

#[test]
fn where_all_is_well_nothing_is_sent_and_nothing_moves() {
    let world = World::new();
    private(&world);
    for arguments in [&[][..], &["--verbose"], &["--format", "json"]] {
        let run = check(&world, arguments);
        assert_eq!(run.code, Some(0), "{run}");
        assert_eq!(run.stderr, "", "{run}");
    }
    assert!(!world.path("state").exists());
    assert!(world.datadog.logs().is_empty() && world.datadog.heartbeats().is_empty());
    let run = check(&world, &["--verbose"]);
    for feed in Feed::ALL {
        let line = format!("acme/{feed} page: from 20");
        assert!(run.stdout.contains(&line), "{run}");
    }
    assert_eq!(
        run.stdout.matches(": 1 event, the newest of 20").count(),
        3,
        "{run}"
    );
    assert!(
        !run.stdout.contains('\u{1b}'),
        "colours are for terminals: {run}"
    );
    let short = check(&world, &[]).stdout;
    assert_eq!(short.matches("acme").count(), 1, "{short}");
    assert!(
        short.ends_with("13 ok, 0 warn, 0 FAIL, 2 skipped\n"),
        "{short}"
    );
    // An empty body means the last hour to 1Password.
    for request in world.events.requests() {
        let body = String::from_utf8_lossy(&request.body);
        assert!(body.is_empty() || body.contains("start_time"), "{body}");
        assert_eq!(body.is_empty(), request.uri.path().ends_with("introspect"));
    }
}

#[test]
fn programs_get_an_array_of_objects() {
    let world = World::new();
    world.events.revoke(&world.environment["ACME_TOKEN"]);
    let run = check(&world, &["--format", "json"]);
    assert_eq!(run.code, Some(3), "{run}");
    let objects: Vec<Value> = serde_json::from_str(&run.stdout).unwrap();
    let names: BTreeSet<_> = ["check", "subject", "outcome", "detail", "remedy", "ms"].into();
    for object in &objects {
        let members: BTreeSet<_> = object
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(members, names, "{object}");
        assert!(object["ms"].is_u64(), "{object}");
    }
    let found: Vec<_> = objects
        .iter()
        .map(|object| ["subject", "check", "outcome"].map(|name| object[name].as_str().unwrap()))
        .map(|words| words.join(" "))
        .collect();
    assert_eq!(
        found,
        [
            "machine configuration ok",
            "machine state-folder ok",
            "machine archive-folder skipped",
            "machine telemetry-address skipped",
            "1password/acme token ok",
            "1password/acme expiry ok",
            "1password/acme introspection fail",
            "1password/acme/signinattempts page skipped",
            "1password/acme/itemusages page skipped",
            "1password/acme/auditevents page skipped",
            "1password clock skipped",
            "datadog site ok",
            "datadog api-key ok",
            "datadog intake ok",
            "datadog clock ok",
        ]
    );
}

#[test]
fn a_token_that_ends_soon_and_a_clock_that_is_wrong_are_worth_a_word() {
    let ahead = Clock::system().fast_by(Duration::from_secs(600));
    let mut world = World::of(FakeEvents::builder(), FakeDatadog::builder().clock(ahead));
    expiring(
        &mut world,
        SystemTime::now() + Duration::from_secs(5 * 86_400 + 60),
    );
    let run = check(&world, &[]);
    assert_eq!(run.code, Some(0), "{run}");
    let [(expiry, renew), (clock, set)] = lines(&run, "warn")[..] else {
        panic!("{run}")
    };
    assert_eq!(expiry, "acme expiry: the token expires in 5 days", "{run}");
    assert!(renew.contains("issue a new token"), "{run}");
    assert!(clock.starts_with("clock: this machine's is "), "{run}");
    assert!(clock.contains("min behind 127.0.0.1"), "{run}");
    assert!(set.contains("NTP"), "{run}");
}

#[test]
fn a_running_op_dd_is_no_fault_and_its_cursors_are_where_the_pages_begin() {
    let mut world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    world.occur("carried");
    assert_eq!(world.once().code, Some(0));
    world.occur("more");
    let going = world.going(&[]);
    until("it carries", || world.datadog.logs().len() == 6);
    // As if it were the running one that has it.
    world
        .config
        .insert_str(0, &format!("[telemetry]\nlisten = \"{address}\"\n"));
    let run = check(&world, &["--verbose"]);
    assert_eq!(run.code, Some(0), "{run}");
    let holder = format!("held by process {}: op-dd is running", going.child.id());
    assert!(run.stdout.contains(&holder), "{run}");
    assert!(run.stdout.contains("checkpoints: 3 can be read"), "{run}");
    assert!(
        run.stdout.contains("in use, as it is while op-dd runs"),
        "{run}"
    );
    let behind = run
        .stdout
        .matches("page: behind the cursor: 0 events")
        .count();
    assert_eq!(behind, 3, "{run}");
    drop(going);
    let run = check(&world, &[]);
    assert_eq!(run.code, Some(2), "{run}");
    assert!(
        run.stdout
            .contains("telemetry-address: nothing can listen at"),
        "{run}"
    );
    assert_eq!(world.datadog.logs().len(), 6);
}

#[test]
fn a_page_is_mapped_as_a_run_would() {
    let mut world = World::new();
    world.replace(
        "token =",
        "start = \"2026-01-01T00:00:00Z\"\nfeeds = [\"auditevents\"]\ntoken =",
    );
    let old = r#"{"uuid":"SECRETold","timestamp":"2026-02-01T00:00:00Z"}"#;
    world.events.insert(Feed::AuditEvents, old).unwrap();
    world
        .events
        .insert(
            Feed::AuditEvents,
            r#"{"uuid":"x","timestamp":"2026-02-01T00:00:00Z"}"#,
        )
        .unwrap();
    let run = check(&world, &["--verbose"]);
    assert_eq!(run.code, Some(0), "{run}");
    let line = "page: from 2026-01-01T00:00:00Z on: 2 events, the newest of 2026-02-01T00:00:00Z, 2 dated anew";
    assert!(run.stdout.contains(line), "{run}");
}

#[test]
fn offline_opens_no_connection() {
    let mut world = World::new();
    world
        .config
        .insert_str(0, "[telemetry]\nlisten = \"127.0.0.1:0\"\n");
    let arguments = [
        "check",
        "--config",
        "op-dd.toml",
        "--state",
        "state",
        "--offline",
        "--verbose",
    ];
    let command = world.command(&arguments);
    let run = world.checked(Run::of(command));
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(lines(&run, "skipped").len(), 7, "{run}");
    assert!(world.events.requests().is_empty() && world.datadog.requests().is_empty());

    let mut tracing = Command::new("strace");
    let program = world.command(&arguments);
    tracing
        .args(["-f", "-qq", "-e", "trace=network", "-o"])
        .arg(world.path("trace"))
        .arg(program.get_program())
        .args(arguments)
        .current_dir(world.folder.path())
        .env_clear()
        .envs(&world.environment);
    tracing.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    if Command::new("strace").arg("-V").output().is_err() {
        eprintln!("skipped: there is no strace to look for sockets with");
        return;
    }
    let traced = tracing.output().unwrap();
    assert!(traced.status.success(), "{traced:?}");
    let trace = fs::read_to_string(world.path("trace")).unwrap();
    // The runtime wakes itself by a pair of sockets, which lead nowhere else.
    let opened: Vec<_> = trace
        .lines()
        .filter(|line| {
            line.contains("socket(") || line.contains("connect(") || line.contains("bind(")
        })
        .collect();
    assert!(opened.is_empty(), "{opened:?}");
}

#[test]
fn offline_names_what_can_be_seen_here() {
    let mut world = World::new();
    expiring(
        &mut world,
        SystemTime::now() - Duration::from_secs(3 * 86_400),
    );
    let run = check(&world, &["--offline"]);
    assert_eq!(run.code, Some(3), "{run}");
    assert!(run.stdout.contains("the token expired 3 days ago"), "{run}");
}

#[test]
fn many_accounts_are_a_line_each() {
    const ACCOUNTS: usize = 100;
    let mut world = World::new();
    for number in 0..ACCOUNTS {
        let claims = TokenClaims::default().account(format!("ACCOUNT{number:03}"));
        let token = token(&claims, "many");
        world.events.accept(&token, Feed::ALL);
        let file = world.path(&format!("token-{number}"));
        fs::write(&file, &token).unwrap();
        world.secrets.push(token);
        world.config.push_str(&format!(
            "[[accounts]]\nname = \"account-{number:03}\"\ntoken = \"file:{}\"\nurl = \"{}\"\n",
            file.display(),
            world.events.url()
        ));
        #[cfg(unix)]
        fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    }
    world.events.revoke(&world.secrets[7].clone());
    let run = check(&world, &[]);
    assert_eq!(run.code, Some(3), "{run}");
    assert_eq!(
        run.stdout.matches("\n  ok      account-").count(),
        ACCOUNTS - 1,
        "{run}"
    );
    assert_eq!(lines(&run, "FAIL").len(), 1, "{run}");
    assert!(
        run.stdout.contains("FAIL    account-007 introspection: "),
        "{run}"
    );
    assert!(run.stdout.lines().count() < ACCOUNTS + 20, "{run}");
}

#[test]
fn from_an_empty_machine_four_lines_are_edited_and_it_runs() {
    let mut fakes = Command::new(program("op-dd-fakes"));
    let mut fakes = fakes
        .args(["--json", "--events", "300"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut said = BufReader::new(fakes.stdout.take().unwrap());
    said.read_line(&mut line).unwrap();
    let said: Value = serde_json::from_str(&line).unwrap();
    let text = |pointer: &str| said.pointer(pointer).unwrap().as_str().unwrap();

    let home = TempDir::new().unwrap();
    let op_dd = |arguments: &[&str]| {
        let mut command = op_dd();
        command.current_dir(home.path()).env("HOME", home.path());
        Run::of({
            command.args(arguments);
            command
        })
    };
    let mut example = op_dd(&["config", "example"]).stdout;
    for (name, secret) in [
        ("key", text("/datadog/api_key")),
        ("token", text("/events/token")),
    ] {
        fs::write(home.path().join(name), secret).unwrap();
    }
    for (from, to) in [
        (
            "site = \"datadoghq.eu\"",
            format!("site = {:?}", text("/datadog/url")),
        ),
        (
            "api_key = \"env:DD_API_KEY\"",
            "api_key = \"file:key\"".to_owned(),
        ),
        (
            "token = \"env:OP_EVENTS_TOKEN\"",
            "token = \"file:token\"".to_owned(),
        ),
        (
            "#url = \"https://events.example.com\"",
            format!("url = {:?}", text("/events/url")),
        ),
    ] {
        assert_eq!(example.matches(from).count(), 1, "{from}: {example}");
        example = example.replace(from, &to);
    }
    fs::write(home.path().join("op-dd.toml"), example).unwrap();

    let checked = op_dd(&["check", "--config", "op-dd.toml"]);
    let run = op_dd(&["run", "--config", "op-dd.toml", "--once"]);
    let again = op_dd(&["check", "--config", "op-dd.toml", "--verbose"]);
    fakes.kill().unwrap();
    fakes.wait().unwrap();
    assert_eq!(checked.code, Some(0), "{checked}");
    assert!(
        checked.stdout.contains("will be made at the first start"),
        "{checked}"
    );
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(again.code, Some(0), "{again}");
    assert!(
        again.stdout.contains("checkpoints: 3 can be read"),
        "{again}"
    );
    let secrets = Secrets::unmarked([text("/datadog/api_key"), text("/events/token")]);
    for run in [&checked, &run, &again] {
        secrets.are_not_in("stdout", &run.stdout);
        secrets.are_not_in("stderr", &run.stderr);
    }
}
