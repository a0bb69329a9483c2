//! `op-dd run` at its work: configuration, state folder, secrets, signals and help.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use onepassword_events::Timestamp;
use op_dd_fakes::{FakeDatadog, FakeEvents, Feed, TokenClaims};

use crate::program::{KEY, Run, World, event, nobody, op_dd, token, until, uuids};

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

/// What it warns of when all is carried.
fn warnings(world: &World) -> Vec<String> {
    world.occur("event");
    let run = world.once();
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(world.arrived(), uuids(&["event"]));
    let lines = run.stderr.lines();
    lines
        .filter(|line| line.contains(" WARN "))
        .map(ToOwned::to_owned)
        .collect()
}

#[cfg(unix)]
fn rights(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;

    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(unix)]
#[test]
fn a_secret_in_the_configuration_is_warned_of_and_used() {
    for (mode, more) in [
        (0o600, None),
        (0o640, Some("(mode 640)")),
        (0o604, Some("(mode 604)")),
        (0o644, Some("(mode 644)")),
    ] {
        let mut world = World::new();
        let token = world.environment["ACME_TOKEN"].clone();
        world.replace("env:ACME_TOKEN", &token);
        world.run(&[]);
        rights(&world.path("op-dd.toml"), mode);
        let warnings = warnings(&world);
        assert_eq!(
            warnings.len(),
            1 + usize::from(more.is_some()),
            "{warnings:?}"
        );
        for words in [
            "op-dd.toml: token of account acme is written out",
            "better write env:NAME or file:/PATH",
        ] {
            assert!(warnings[0].contains(words), "{warnings:?}");
        }
        if let Some(mode) = more {
            for words in [
                "op-dd.toml holds a secret, and others may read it",
                mode,
                "chmod 600 op-dd.toml, or write env:NAME or file:/PATH",
            ] {
                assert!(warnings[1].contains(words), "{warnings:?}");
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn a_file_with_a_secret_that_everyone_may_read_is_warned_of() {
    for (mode, warned) in [(0o600, false), (0o640, false), (0o644, true)] {
        let mut world = World::new();
        let file = world.path("key");
        fs::write(&file, KEY).unwrap();
        rights(&file, mode);
        world.replace("env:DATADOG_KEY", &format!("file:{}", file.display()));
        // Without a secret in it, anybody may read the configuration.
        world.run(&[]);
        rights(&world.path("op-dd.toml"), 0o644);
        let warnings = warnings(&world);
        assert_eq!(warnings.len(), usize::from(warned), "{warnings:?}");
        for warning in warnings {
            let shown = file.display();
            let says = format!(
                "{shown}, with the api_key of [datadog], may be read by everyone here \
                 (mode 644): chmod 600 {shown}"
            );
            assert!(warning.contains(&says), "{warning}");
        }
    }
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
    assert_eq!(world.told_of(), arrived);

    assert_eq!(world.once().code, Some(0));
    assert_eq!(world.told_of(), COUNT);
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
    let blocks = blocks.map(|block| block.split_once("```").unwrap().0);
    let first = from_help.join("\n");
    // Some show a table or two, to be added to what there is.
    let mut shown: Vec<_> = blocks
        .map(|block| {
            if block.contains("[datadog]") {
                block.to_owned()
            } else {
                format!("{first}\n{block}")
            }
        })
        .collect();
    shown.push(first.clone());
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

#[cfg(unix)]
#[test]
fn a_secret_that_can_not_be_read_again_holds_nothing_up() {
    let mut world = World::new();
    let file = world.path("token");
    world.replace("env:ACME_TOKEN", &format!("file:{}", file.display()));
    let old = token(&TokenClaims::default(), "old");
    world.secrets.push(old.clone());
    fs::write(&file, old).unwrap();
    world.occur("event");
    let going = world.going(&["--once", "--patience", "3s", "--grace", "1s"]);
    until("the old one is refused", || {
        world.events.counts().of_status(401) > 0
    });
    // Nobody writes into it, so reading it takes for ever.
    fs::remove_file(&file).unwrap();
    let made = Command::new("mkfifo").arg(&file).status().unwrap();
    assert!(made.success());
    going.terminate();
    let run = world.checked(going.end());
    assert_eq!(run.code, Some(9), "{run}");
}

#[cfg(unix)]
#[test]
fn it_goes_on_when_nobody_reads_its_log_lines() {
    let world = World::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = world.run(&["--once"]);
    world.occur("event");
    command.env("RUST_LOG", "debug").stderr(writer);
    let status = command.status().unwrap();
    assert_eq!(status.code(), Some(0));
    assert_eq!(world.arrived(), uuids(&["event"]));
}

#[test]
fn a_proxy_is_shown_nothing_that_stays_on_this_machine() {
    let mut world = World::new();
    for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        world.set(variable, nobody());
    }
    world.occur("event");
    let run = world.once();
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(world.arrived(), uuids(&["event"]));
}
