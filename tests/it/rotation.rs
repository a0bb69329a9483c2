//! Tokens and keys that are exchanged, and tokens that end, while the program goes on.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::fs;
use std::time::{Duration, SystemTime};

use op_dd_fakes::{FakeDatadog, FakeEvents, Feed, TokenClaims};

use crate::program::{KEY, World, event, token, until, within};
use crate::telemetry::Watched;

const DAY: Duration = Duration::from_secs(86_400);
/// How often a stream that is held looks by itself.
const MINUTE: Duration = Duration::from_secs(60);

/// The world with the account's token and the key in files.
fn world() -> (World, String) {
    let mut world = World::of(FakeEvents::builder(), FakeDatadog::builder());
    world.replace("env:ACME_TOKEN", "file:token");
    world.replace("env:DATADOG_KEY", "file:key");
    let old = world.environment["ACME_TOKEN"].clone();
    keep(&world, "token", &old);
    keep(&world, "key", KEY);
    (world, old)
}

/// Puts it there whole, for its owner alone.
fn keep(world: &World, name: &str, secret: &str) {
    use std::os::unix::fs::PermissionsExt as _;

    let aside = world.path("aside");
    fs::write(&aside, secret).unwrap();
    fs::set_permissions(&aside, fs::Permissions::from_mode(0o600)).unwrap();
    fs::rename(&aside, world.path(name)).unwrap();
}

/// Requests that were made with this token so far.
fn made_with(world: &World, token: &str) -> usize {
    let bearer = format!("Bearer {token}");
    let requests = world.events.requests();
    let made = requests.iter().filter(|request| {
        request
            .headers
            .get("authorization")
            .is_some_and(|value| value == bearer.as_str())
    });
    made.count()
}

#[test]
fn a_token_that_is_exchanged_in_mid_drain_costs_no_event_and_no_restart() {
    let (mut world, old) = world();
    let next = token(&TokenClaims::default(), "next");
    world.secrets.push(next.clone());
    let (count, feed) = (12_000, Feed::ItemUsages);
    for number in 0..count {
        world
            .events
            .insert(feed, event(&format!("{number:05}")))
            .unwrap();
    }
    world
        .events
        .script(["events:slow=100msx1000".parse().unwrap()]);
    let watched = Watched::start(&mut world, "1s");
    until("some are carried", || world.datadog.logs().len() >= 3_000);
    world.events.revoke(&old);
    world.events.accept(&next, Feed::ALL);
    let carried = world.datadog.logs().len();
    assert!(carried < count, "it was in mid-drain");
    until("the old one is refused", || {
        world.events.counts().of_status(401) > 0
    });
    keep(&world, "token", &next);
    until("all are carried", || world.datadog.logs().len() == count);
    until("it is known to be carried", || {
        watched.figures(&world).sum("op_dd_events_sent_total", &[]) == 12_000.0
    });
    let run = watched.stop(&world);
    let expected: Vec<_> = (0..count).map(|number| format!("{number:05}")).collect();
    assert_eq!(world.arrived(), expected, "each once");
    assert!(made_with(&world, &next) > 0);
    let warnings = run.stderr.lines().filter(|line| line.contains(" WARN "));
    assert_eq!(warnings.count(), 0, "{run}");
}

#[test]
fn told_to_read_secrets_again_it_uses_the_new_ones_before_the_old_ones_are_refused() {
    let (mut world, old) = world();
    let (next, next_key) = (
        token(&TokenClaims::default(), "next"),
        "SECRETdatadogkey11111111111111111",
    );
    world.secrets.extend([next.clone(), next_key.to_owned()]);
    world.occur("before");
    let watched = Watched::start(&mut world, "1s");
    until("they are carried", || world.datadog.logs().len() == 3);

    world.events.accept(&next, Feed::ALL);
    world.datadog.accept(next_key);
    keep(&world, "token", &next);
    keep(&world, "key", next_key);
    watched.going.hang_up();
    until("the new token is used", || made_with(&world, &next) >= 3);
    world.events.revoke(&old);
    world.occur("then");
    until("they are carried, too", || world.datadog.logs().len() == 6);
    let last = world.datadog.requests().pop().unwrap();
    assert_eq!(last.headers["dd-api-key"], next_key);
    world.datadog.revoke(KEY);
    world.occur("at-last");
    until("so are these", || world.datadog.logs().len() == 9);

    let run = watched.stop(&world);
    assert!(run.stderr.contains(" INFO secrets are read again"), "{run}");
    assert_eq!(world.events.counts().of_status(401), 0);
    assert_eq!(world.datadog.counts().of_status(403), 0);
    assert!(
        !run.stderr.contains(" WARN ") && !run.stderr.contains(" ERROR "),
        "{run}"
    );
}

#[test]
fn told_to_read_secrets_again_a_stream_that_is_held_goes_on() {
    let (mut world, old) = world();
    let next = token(&TokenClaims::default(), "next");
    world.secrets.push(next.clone());
    let watched = Watched::start(&mut world, "1s");
    until("it polls", || world.events.counts().total() >= 3);
    world.events.revoke(&old);
    world.events.accept(&next, Feed::ALL);
    world.occur("event");
    // At first a token is read anew and tried again soon, for each feed.
    until("all feeds are held", || {
        world.events.counts().of_status(401) >= 6
    });
    keep(&world, "token", &next);
    watched.going.hang_up();
    within(MINUTE / 3, "it goes on", || world.datadog.logs().len() == 3);
    let run = watched.stop(&world);
    assert_eq!(run.code, Some(0), "{run}");
}

#[test]
fn a_secret_that_cannot_be_read_again_stays_in_use() {
    let (mut world, _) = world();
    let watched = Watched::start(&mut world, "1s");
    until("it polls", || world.events.counts().total() >= 3);
    fs::remove_file(world.path("token")).unwrap();
    fs::remove_file(world.path("key")).unwrap();
    watched.going.hang_up();
    world.occur("event");
    until("they are carried", || world.datadog.logs().len() == 3);
    let run = watched.stop(&world);
    for secret in [
        "the token can't be read again",
        "the API key can't be read again",
    ] {
        assert!(run.stderr.contains(secret), "{secret}: {run}");
    }
}

#[test]
fn a_token_six_days_from_its_end_is_warned_of_once_until_it_is_exchanged() {
    let (mut world, old) = world();
    let now = SystemTime::now();
    let ends = |days: u32, mark: &str| {
        let claims = TokenClaims::default().expires_at(now + days * DAY + DAY / 24);
        token(&claims, mark)
    };
    let (soon, late) = (ends(6, "soon"), ends(90, "late"));
    world.secrets.extend([soon.clone(), late.clone()]);
    for token in [&soon, &late] {
        world.events.accept(token, Feed::ALL);
    }
    world.events.revoke(&old);
    keep(&world, "token", &soon);
    let watched = Watched::start(&mut world, "1s");
    let days = |watched: &Watched| {
        let left = watched
            .figures(&world)
            .sum("op_dd_token_expires_in_seconds", &[]);
        left / DAY.as_secs_f64()
    };
    assert!((6.0..6.1).contains(&days(&watched)));
    until("it polls", || world.events.counts().total() >= 3);
    for _ in 0..3 {
        let before = made_with(&world, &soon);
        watched.going.hang_up();
        until("it goes on", || made_with(&world, &soon) >= before + 3);
    }
    keep(&world, "token", &late);
    watched.going.hang_up();
    until("the new token is used", || made_with(&world, &late) > 0);
    assert!((90.0..90.1).contains(&days(&watched)));
    let run = watched.stop(&world);
    let warnings: Vec<_> = run
        .stderr
        .lines()
        .filter(|line| line.contains(" WARN "))
        .collect();
    let [warning] = warnings[..] else {
        panic!("{run}");
    };
    for words in [
        "the token expires in 6 days",
        "account=acme",
        "no restart is needed",
    ] {
        assert!(warning.contains(words), "{warning}");
    }
}
