//! Whatever goes wrong, and however much is logged: no secret is printed, written, or shown to the side
//! that it isn't for. [`World::checked`] looks at every byte.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use op_dd_fakes::{FakeDatadog, FakeEvents, Feed};
use serde_json::json;
use tempfile::TempDir;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::exit_codes::EVERY_WRONG;
use crate::marked::Secrets;
use crate::program::{Run, World, files, op_dd, until};
use crate::tls::{Authority, trust};

/// The most that can be logged.
fn talkative(mut world: World) -> World {
    world.set("RUST_LOG", "trace");
    world
}

/// Everything at once, as fast as it goes.
fn together<T: Sync>(all: &[T], check: impl Fn(&T) + Sync) {
    thread::scope(|scope| {
        for one in all {
            scope.spawn(|| check(one));
        }
    });
}

#[test]
fn no_exit_code_shows_a_secret() {
    for wrongs in EVERY_WRONG {
        together(wrongs, |wrong| {
            let mut world = talkative(World::new());
            world.occur("event");
            (wrong.make)(&mut world);
            let run = world.once();
            assert_ne!(run.code, Some(0), "{}", wrong.what);
        });
    }
}

#[test]
fn no_damage_to_the_state_shows_a_secret() {
    let damages: [fn(&World); 4] = [
        |world| {
            for file in world.cursors().keys() {
                fs::write(file, "{\"format\":7}").unwrap();
            }
        },
        |world| {
            for file in world.cursors().keys() {
                fs::write(file, "{\"form").unwrap();
            }
        },
        |world| {
            fs::remove_dir_all(world.path("state")).unwrap();
            fs::write(world.path("state"), "").unwrap();
        },
        |world| {
            fs::remove_dir_all(world.path("state/cursors")).unwrap();
            fs::write(world.path("state/cursors"), "").unwrap();
        },
    ];
    together(&damages, |damage| {
        let world = talkative(World::new());
        world.occur("before");
        assert_eq!(world.once().code, Some(0));
        damage(&world);
        world.occur("meanwhile");
        assert_ne!(world.once().code, Some(0));
    });
}

#[test]
fn no_fault_of_a_server_shows_a_secret() {
    let faults = [
        "events:302",
        "events:400",
        "events:401",
        "events:403",
        "events:404",
        "events:429=1s",
        "events:500",
        "events:cut",
        "events:lost",
        "events:garbage",
        "events:half",
        "events:length",
        "events:reset",
        "events:nocursor",
        "events:emptycursor",
        "intake:302",
        "intake:400",
        "intake:401",
        "intake:403",
        "intake:404",
        "intake:413",
        "intake:415",
        "intake:429=1s",
        "intake:500",
        "intake:cut",
        "intake:lost",
        "intake:garbage",
        "intake:half",
        "intake:length",
        "intake:reset",
    ];
    for faults in faults.chunks(6) {
        together(faults, |fault| {
            let world = talkative(World::of(
                FakeEvents::builder(),
                FakeDatadog::builder().refuse_containing("POISON"),
            ));
            world.occur("event");
            world.occur_in(Feed::AuditEvents, "POISON");
            let script = [format!("{fault}x3").parse().unwrap()];
            if fault.starts_with("events") {
                world.events.script(script);
            } else {
                world.datadog.script(script);
            }
            world.once();
            // Mended or not: the next run has letters, cursors and all.
            world.once();
        });
    }
}

/// A server that answers everything with this status, and in this style repeats everything that it was sent wherever
/// there is room for it. Whoever follows it comes to `elsewhere`.
fn echo(world: &World, status: u16, style: &'static str, elsewhere: &str) -> MockServer {
    let elsewhere = elsewhere.to_owned();
    let answer = move |request: &Request| {
        let mut said = String::new();
        for name in ["authorization", "dd-api-key"] {
            let value = request.headers.get(name);
            said += value.map_or("", |value| value.to_str().unwrap());
        }
        let body = String::from_utf8_lossy(&request.body);
        let repeated = match style {
            "observed" => json!({ "Error": { "Message": format!("bad: {said}") } }).to_string(),
            "documented" => json!({ "status": status, "message": &said }).to_string(),
            "intake" => json!({ "errors": [{ "title": &said, "detail": &body }] }).to_string(),
            _ => format!("{said} {body} {:?}", request.headers),
        };
        ResponseTemplate::new(status)
            .insert_header("location", format!("{elsewhere}/?{said}"))
            .insert_header("retry-after", &*said)
            .insert_header("set-cookie", format!("said={said}"))
            .insert_header("www-authenticate", &*said)
            .set_body_string(repeated)
    };
    world.runtime.block_on(async {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(answer).mount(&server).await;
        server
    })
}

/// A program that speaks with such a server instead of 1Password or of Datadog.
fn check_echo(status: u16, style: &'static str, instead_of_events: bool, behind_tls: bool) {
    let mut world = talkative(World::new());
    world.occur("PAYLOAD");
    world.replace("[datadog]", "[datadog]\ncompression = \"none\"");
    let elsewhere = echo(&world, 200, "text", "");
    let echo = echo(&world, status, style, &elsewhere.uri());
    let mut to = echo.uri();
    if behind_tls {
        let authority = Authority::new();
        to = authority.before_speaking(&world, &to, &["h2"]);
        trust(&mut world, &authority.pem());
    }
    let from = if instead_of_events {
        world.events.url().to_owned()
    } else {
        world.datadog.url().to_owned()
    };
    world.replace(&from, &to);
    let run = world.run(&["--once", "--patience", "0s"]);
    let run = world.checked(Run::of(run));
    assert_ne!(run.code, Some(0), "{run}");
    assert!(!run.stderr.contains("panicked"), "{run}");
    assert!(!run.stdout.contains("PAYLOAD"), "{run}");
    let repeated = run.stderr.lines().find(|line| line.contains("PAYLOAD"));
    assert_eq!(repeated, None);
    let asked = world.runtime.block_on(echo.received_requests()).unwrap();
    assert!(!asked.is_empty(), "{run}");
    let frames = run.stderr.contains("send frame=Settings");
    assert_eq!(frames, behind_tls, "HTTP/2 or not: {run}");
    let followed = world.runtime.block_on(elsewhere.received_requests());
    assert!(followed.unwrap().is_empty(), "{status} was followed");
}

#[test]
fn a_server_that_repeats_what_it_was_sent_makes_nobody_show_it() {
    let statuses = [200, 302, 307, 400, 401, 403, 404, 408, 413, 415, 429, 500];
    for (style, instead_of_events) in [
        ("text", true),
        ("observed", true),
        ("documented", true),
        ("text", false),
        ("intake", false),
    ] {
        for statuses in statuses.chunks(4) {
            together(statuses, |status| {
                check_echo(*status, style, instead_of_events, false);
            });
        }
    }
}

/// HTTP/2 has log lines of its own.
#[test]
fn nor_does_it_behind_tls() {
    for instead_of_events in [true, false] {
        check_echo(403, "text", instead_of_events, true);
    }
}

/// It has a password of its own, refuses, and repeats what it was asked.
#[test]
fn a_proxy_is_shown_its_own_password_and_no_other_secret() {
    const PASSWORD: &str = "SECRETproxypassword";
    let mut world = talkative(World::new());
    world.occur("event");
    let asked = Arc::new(Mutex::new(String::new()));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heard = Arc::clone(&asked);
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let mut head = Vec::new();
            let mut piece = [0; 4096];
            while !head.ends_with(b"\r\n\r\n") {
                match client.read(&mut piece) {
                    Ok(length @ 1..) => head.extend(&piece[..length]),
                    _ => break,
                }
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            heard.lock().unwrap().push_str(&head);
            let said = head.replace("\r\n", " ");
            let answer = format!(
                "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: {said}\r\n\
                 content-length: {}\r\n\r\n{said}",
                said.len()
            );
            // Who has heard enough goes away.
            let _ = client.write_all(answer.as_bytes());
        }
    });
    world.set("HTTPS_PROXY", format!("http://me:{PASSWORD}@{address}"));
    world.secrets.push(PASSWORD.to_owned());
    let (events, datadog) = (
        world.events.url().to_owned(),
        world.datadog.url().to_owned(),
    );
    for (from, to) in [
        (events, "https://events.example.com"),
        (datadog.clone(), "https://dd.example.com"),
    ] {
        world.replace(&from, to);
    }
    let run = world.once();
    assert_eq!(run.code, Some(5), "{run}");
    let asked = asked.lock().unwrap();
    assert!(
        asked.starts_with("CONNECT events.example.com:443"),
        "{asked}"
    );
    assert!(asked.contains("roxy-"), "{asked}");
    let given = ["DATADOG_KEY", "ACME_TOKEN"].map(|name| &*world.environment[name]);
    Secrets::unmarked(given).are_not_in("a request to the proxy", &*asked);
}

/// Where a secret was put into the wrong place, the place is named and the secret isn't.
#[test]
fn a_secret_in_a_wrong_place_is_not_shown() {
    const HEX: &str = "5ec12e70123456789abcdef012345678";
    let places: [(&str, &str); 11] = [
        ("name = \"acme\"", "name = \"TOKEN\""),
        ("name = \"acme\"", "name = \"acme\"\nregion = \"TOKEN\""),
        ("name = \"acme\"", "name = \"acme\"\nfeeds = [\"TOKEN\"]"),
        ("name = \"acme\"", "name = \"acme\"\nfeeds = \"TOKEN\""),
        ("[datadog]", "[datadog]\ntags = \"HEX\""),
        ("name = \"acme\"", "name = \"acme\"\nstart = \"TOKEN\""),
        ("[datadog]", "[datadog]\nsite = \"HEX\""),
        ("[datadog]", "[datadog]\ncompression = \"HEX\""),
        ("\"env:DATADOG_KEY\"", "\"HEX"),
        ("\"env:DATADOG_KEY\"", "HEX"),
        ("api_key = \"env:DATADOG_KEY\"", "\"HEX\" = \"api_key\""),
    ];
    together(&places, |(from, to)| {
        let mut world = talkative(World::new());
        world.secrets.push(HEX.to_owned());
        let to = to.replace("TOKEN", &world.environment["ACME_TOKEN"]);
        world.replace(from, &to.replace("HEX", HEX));
        let run = world.once();
        assert_eq!(run.code, Some(2), "{run}");
        let mut lines = run
            .stderr
            .lines()
            .filter(|line| line.starts_with("op-dd: "));
        let first = lines.next().unwrap();
        let mut all = std::iter::once(first).chain(lines);
        assert!(
            all.all(|line| line.starts_with("op-dd: op-dd.toml:")),
            "{run}"
        );
    });
}

#[test]
fn a_secret_that_is_exchanged_is_not_shown_either() {
    for (variable, old) in [("ACME_TOKEN", true), ("DATADOG_KEY", false)] {
        let mut world = talkative(World::new());
        let new = world.environment[variable].clone();
        let old = if old {
            new.replace("SECRET", "OLDSECRET")
        } else {
            "SECRETold".to_owned()
        };
        let file = world.path("secret");
        world.replace(
            &format!("env:{variable}"),
            &format!("file:{}", file.display()),
        );
        world.secrets.push(old.clone());
        fs::write(&file, old).unwrap();
        world.occur("event");
        let going = world.going(&["--once", "--patience", "20s"]);
        until("the old one is refused", || {
            [401, 403].iter().any(|&status| {
                world.events.counts().of_status(status) + world.datadog.counts().of_status(status)
                    > 0
            })
        });
        fs::write(&file, new).unwrap();
        let run = world.checked(going.end());
        assert_eq!(run.code, Some(0), "{run}");
    }
}

#[test]
fn the_demonstration_shows_no_secret_of_its_fakes() {
    let folder = TempDir::new().unwrap();
    for faults in [
        &[][..],
        &[
            "events:401x2",
            "events:cut",
            "intake:403x2",
            "intake:429=1s",
        ],
    ] {
        let mut command = op_dd();
        command
            .current_dir(folder.path())
            .env("RUST_LOG", "trace")
            .args(["demo", "--events", "200", "--out", "out"]);
        for fault in faults {
            command.args(["--fault", fault]);
        }
        let run = Run::of(command);
        // How its tokens begin, and its key.
        let secrets = ["eyJhbGciOiJFUzI1NiIs", "0123456789abcdef0123456789abcdef"];
        let secrets = Secrets::new(secrets);
        secrets.are_not_in("stdout", &run.stdout);
        secrets.are_not_in("stderr", &run.stderr);
        for (path, text) in files(&folder.path().join("out")) {
            secrets.are_not_in(&path.display().to_string(), text);
        }
    }
}
