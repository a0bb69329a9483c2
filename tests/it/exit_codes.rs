//! What the program's exit codes and last lines say when something is wrong, and that no cursor moves.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::fs::{self, File};
use std::path::Path;
use std::thread;

use op_dd_fakes::{FakeDatadog, FakeEvents, Feed, TokenClaims};
use serde_json::Value;

use crate::program::{Run, World, files, nobody, token, until, uuids};

/// Something that is wrong with what the program is given.
pub(crate) struct Wrong {
    pub(crate) what: &'static str,
    pub(crate) make: fn(&mut World),
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

/// All of it.
pub(crate) const EVERY_WRONG: [&[Wrong]; 4] =
    [WRONG_CONFIGURATION, BAD_TOKEN, BAD_KEY, UNREACHABLE];

const WRONG_CONFIGURATION: &[Wrong] = &[
    Wrong {
        what: "an unknown key",
        make: |world| world.replace("token =", "tokn ="),
        exit: 2,
        says: &["op-dd: op-dd.toml:7:1: unknown key `tokn`: write `token`"],
    },
    Wrong {
        what: "an unknown table",
        make: |world| world.replace("[[accounts]]", "[[acounts]]"),
        exit: 2,
        says: &["op-dd.toml:5:3: unknown key `acounts`: write `accounts`"],
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
        what: "a misspelt way to name a secret",
        make: |world| world.replace("env:DATADOG_KEY", "vault:SECRET"),
        exit: 2,
        says: &["op-dd.toml:3:11: this is no way to name a secret: write env:NAME"],
    },
    Wrong {
        what: "a token in the place of a variable's name",
        make: |world| {
            let token = world.environment["ACME_TOKEN"].clone();
            world.replace("env:ACME_TOKEN", &format!("env:{token}"));
        },
        exit: 2,
        says: &["op-dd.toml:7:9: env: is followed by the name of a variable"],
    },
    Wrong {
        what: "a key in the place of a file's path",
        make: |world| world.replace("env:DATADOG_KEY", "file:0123456789abcdef0123456789abcdef"),
        exit: 2,
        says: &["op-dd.toml:3:11: file: is followed by the path of a file"],
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
];

#[test]
fn a_wrong_configuration_ends_with_2_and_its_place() {
    Wrong::are_survived(WRONG_CONFIGURATION);
}

const BAD_TOKEN: &[Wrong] = &[
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
        what: "a token in 1Password, and no program to read it",
        make: |world| world.replace("env:ACME_TOKEN", "op://Private/acme/token"),
        exit: 3,
        says: &[
            "op-dd: account acme: op://Private/acme/token can't be read",
            "op is not on the PATH: install it",
        ],
    },
    Wrong {
        what: "a credential, and no systemd",
        make: |world| world.replace("env:ACME_TOKEN", "credential:acme"),
        exit: 3,
        says: &[
            "op-dd: account acme: the credential acme can't be read",
            "LoadCredential=acme:/PATH",
        ],
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
];

#[test]
fn a_bad_token_ends_with_3_and_names_its_account() {
    Wrong::are_survived(BAD_TOKEN);
}

const BAD_KEY: &[Wrong] = &[
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
];

#[test]
fn a_bad_api_key_ends_with_4() {
    Wrong::are_survived(BAD_KEY);
}

const UNREACHABLE: &[Wrong] = &[
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
];

#[test]
fn a_server_that_cannot_be_reached_ends_with_5() {
    Wrong::are_survived(UNREACHABLE);
}

/// Root may write anywhere, so the program runs as nobody.
#[cfg(unix)]
#[test]
fn a_state_folder_that_cannot_be_written_ends_with_6() {
    use std::os::unix::fs::PermissionsExt as _;

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

        let command = world.unprivileged(folder);
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
    let good = token(&TokenClaims::default(), "beta");
    let many: Vec<_> = (0..101).map(|tag| format!("\"tag:{tag}\"")).collect();
    let many = format!("tags = [{}]\n", many.join(","));
    for (what, given, more, says) in [
        (
            "no token",
            None,
            "",
            "account beta: the environment variable BETA_TOKEN is not set",
        ),
        (
            "no JWT",
            Some("SECRET"),
            "",
            "account beta: this is no token",
        ),
        ("revoked", Some(&*refused), "", "account beta: 127.0.0.1"),
        ("too many tags", Some(&*good), &*many, "account beta: "),
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
        world.config.push_str(more);
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
