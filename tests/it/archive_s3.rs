//! An archive in a bucket: the real program against a small S3 over a real socket.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;

use flate2::read::MultiGzDecoder;
use op_dd_fakes::Feed;
use serde_json::Value;
use wiremock::matchers::{header_exists, method, path_regex};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::program::{Run, World, until};

/// What the store answers first, and how often.
struct First(u16, u64);

/// A world whose archive is in a bucket.
fn world(first: Option<&First>) -> (World, MockServer) {
    let mut world = World::new();
    let store = world.runtime.block_on(async {
        let store = MockServer::start().await;
        let put = || {
            Mock::given(method("PUT"))
                // S3 takes a sign as it is or as its number.
                .and(path_regex(
                    r"^/audit/op-dd/dt%3D\d{8}/hour%3D\d{2}/[0-9a-f]{32}\.json\.gz$",
                ))
                .and(header_exists("authorization"))
                .and(header_exists("x-amz-content-sha256"))
        };
        if let Some(First(status, times)) = first {
            let said = "<Error><Code>AccessDenied</Code><Signed>SECRETsigned</Signed></Error>";
            put()
                .respond_with(ResponseTemplate::new(*status).set_body_string(said))
                .up_to_n_times(*times)
                .with_priority(1)
                .mount(&store)
                .await;
        }
        put()
            .respond_with(ResponseTemplate::new(200).insert_header("etag", "\"1\""))
            .mount(&store)
            .await;
        store
    });
    world.set("AWS_ENDPOINT", store.uri());
    world.set("AWS_ALLOW_HTTP", "true");
    world.set("AWS_REGION", "eu-central-1");
    world.set("AWS_ACCESS_KEY_ID", "AKIATEST");
    world.set("AWS_SECRET_ACCESS_KEY", "SECRETkeyofthestore00000000000000");
    world.set("RUST_LOG", "trace");
    world.secrets.push("SECRETsigned".to_owned());
    world
        .config
        .push_str("\n[archive]\nurl = \"s3://audit/op-dd\"\n\n[polling]\ninterval = \"1s\"\n");
    (world, store)
}

/// The events in the objects that the store was sent last, each in that of its own hour.
fn events(world: &World, store: &MockServer) -> BTreeSet<String> {
    let requests = world.runtime.block_on(store.received_requests()).unwrap();
    let puts = requests
        .iter()
        .filter(|request| request.method.as_str() == "PUT");
    let objects: BTreeMap<_, _> = puts
        .map(|put| (put.url.path(), (&put.headers, &put.body)))
        .collect();
    let mut events = BTreeSet::new();
    for (path, (headers, body)) in objects {
        assert_eq!(headers["content-type"], "application/gzip");
        let signed = headers["authorization"].to_str().unwrap();
        assert!(signed.starts_with("AWS4-HMAC-SHA256 Credential=AKIATEST/"));
        let mut text = String::new();
        MultiGzDecoder::new(&body[..])
            .read_to_string(&mut text)
            .unwrap();
        for line in text.lines() {
            let log: Value = serde_json::from_str(line).unwrap();
            let event = &log["attributes"];
            let time = event["timestamp"].as_str().unwrap();
            let (day, hour) = (time[..10].replace('-', ""), &time[11..13]);
            let folder = format!("/audit/op-dd/dt%3D{day}/hour%3D{hour}/");
            assert!(path.starts_with(&folder), "{path}: {time}");
            events.insert(event["uuid"].as_str().unwrap().to_owned());
        }
    }
    events
}

fn expected() -> BTreeSet<String> {
    let feeds = Feed::ALL.iter();
    feeds.map(|feed| format!("one-{feed}")).collect()
}

#[test]
fn everything_arrives_in_the_bucket_once_the_store_is_back() {
    let (world, store) = world(Some(&First(503, 2)));
    world.occur("one");
    let going = world.going(&[]);
    until("the store has it all", || {
        let taken = world.runtime.block_on(store.received_requests()).unwrap();
        taken.len() >= 5
    });
    until("the cursors are there", || {
        Feed::ALL.iter().all(|feed| {
            let cursor = format!("state/cursors/acme/{feed}/archive.json");
            world.path(&cursor).exists()
        })
    });
    going.terminate();
    let run = world.checked(going.end());
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(events(&world, &store), expected(), "{run}");
    let outage = "the archive s3://audit/op-dd failed (status 503)";
    assert!(run.stderr.contains(outage), "{run}");
    assert_eq!(world.datadog.logs().len(), 3, "{run}");
}

#[test]
fn a_refusal_is_the_stores_and_touches_nothing_else() {
    let (world, _store) = world(Some(&First(403, u64::MAX)));
    world.occur("one");
    let run = world.once();
    assert_eq!(run.code, Some(9), "{run}");
    let line = run.line();
    assert!(
        line.contains("the archive s3://audit/op-dd refuses the credentials (status 403): check those of the store"),
        "{run}"
    );
    assert!(!run.stderr.contains("API key"), "{run}");
    assert_eq!(world.datadog.logs().len(), 3, "{run}");
}

#[test]
fn a_backfill_goes_into_a_bucket() {
    let (world, store) = world(None);
    world.occur("one");
    let command = |url| {
        let mut command =
            world.command(&["backfill", "--config", "op-dd.toml", "--state", "state"]);
        command.args(["--account", "acme", "--from", "30d", "--archive", url]);
        command
    };
    let run = world.checked(Run::of(command("s3://audit/op-dd")));
    assert_eq!(run.code, Some(0), "{run}");
    assert!(
        run.stdout
            .contains("go to the archive s3://audit/op-dd, by their own dates"),
        "{run}"
    );
    assert!(events(&world, &store).is_subset(&expected()));
    let run = world.checked(Run::of(command("https://audit/op-dd")));
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.stderr.contains("s3://BUCKET/PREFIX"), "{run}");
}

#[test]
fn check_says_whether_the_bucket_can_be_reached_and_writes_nothing() {
    let (mut world, store) = world(None);
    let check = |world: &World, more: &[&str]| {
        let mut command = world.command(&["check", "--config", "op-dd.toml", "--state", "state"]);
        command.args(more);
        world.checked(Run::of(command))
    };
    let answer = |status, code: &str| {
        let body = format!("<Error><Code>{code}</Code></Error>");
        Mock::given(method("GET"))
            .respond_with(ResponseTemplate::new(status).set_body_string(body))
            .up_to_n_times(1)
    };
    for (status, code, says, exit) in [
        (
            404,
            "NoSuchKey",
            "ok      archive-bucket: s3://audit/op-dd is there, and takes",
            0,
        ),
        (
            403,
            "AccessDenied",
            "warn    archive-bucket: s3://audit/op-dd knows the credentials",
            0,
        ),
        (
            403,
            "InvalidAccessKeyId",
            "refuses the credentials (status 403) (InvalidAccessKeyId)",
            6,
        ),
        (
            404,
            "NoSuchBucket",
            "is not there (status 404) (NoSuchBucket)",
            6,
        ),
        (503, "SlowDown", "failed (status 503)", 5),
    ] {
        world.runtime.block_on(answer(status, code).mount(&store));
        let run = check(&world, &[]);
        assert_eq!(run.code, Some(exit), "{code}: {run}");
        assert!(run.stdout.contains(says), "{code}: {run}");
    }
    let asked = |store: &MockServer, world: &World| {
        let requests = world.runtime.block_on(store.received_requests()).unwrap();
        assert!(
            requests
                .iter()
                .all(|request| request.method.as_str() == "GET")
        );
        requests.len()
    };
    assert_eq!(asked(&store, &world), 5);
    let run = check(&world, &["--offline"]);
    assert!(
        run.stdout.contains("events go to s3://audit/op-dd"),
        "{run}"
    );
    assert_eq!(asked(&store, &world), 5);

    world.set("AWS_ALLOW_HTTP", "false");
    let run = check(&world, &[]);
    assert_eq!(run.code, Some(5), "{run}");
    assert!(
        run.stdout
            .contains("cannot be reached (plain http is allowed by"),
        "{run}"
    );
    world.environment.remove("AWS_SECRET_ACCESS_KEY");
    let run = check(&world, &[]);
    assert_eq!(run.code, Some(6), "{run}");
    assert!(run.stdout.contains("Missing SecretAccessKey"), "{run}");
}
