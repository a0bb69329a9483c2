//! What is tried again, how often, and when.

use std::time::{Duration, SystemTime};

use onepassword_events::TransportErrorKind;
use onepassword_events::{ErrorKind, EventSource, Feed, Retry, RetryPolicy};
use serde_json::json;

use crate::server::{Answer, Server, broken, page, said, start, status, with_header};

/// What may be better the next time.
fn passing() -> Vec<fn() -> Answer> {
    vec![
        || status(408),
        || status(429),
        || status(500),
        || status(501),
        || status(502),
        || status(503),
        || status(504),
        || broken(TransportErrorKind::Timeout),
        || broken(TransportErrorKind::Connect),
        || broken(TransportErrorKind::Network),
    ]
}

/// What will be the same the next time.
fn lasting() -> Vec<fn() -> Answer> {
    vec![
        || status(204),
        || status(302),
        || status(400),
        || status(401),
        || status(403),
        || status(404),
        || with_header(status(401), "retry-after", "1"),
        || said(200, "<html>welcome to the hotel</html>"),
        || said(200, r#"{"items":[],"has_more":false}"#),
        || broken(TransportErrorKind::TooLarge),
    ]
}

#[tokio::test(start_paused = true)]
async fn what_may_pass_is_tried_again_with_growing_waits() {
    for failure in passing() {
        let server = Server::script([failure(), failure(), failure(), page("c", false, &[])]);
        let client = server.client().build().unwrap();
        let page = client.fetch(Feed::AuditEvents, &start()).await.unwrap();
        assert_eq!(page.cursor().as_str(), "c");
        assert_eq!(server.count(), 4);
        assert!(
            server
                .requests()
                .windows(2)
                .all(|two| two[0].body() == two[1].body())
        );
        let waits = waits(&server);
        for (wait, least) in waits.iter().zip([1.0, 2.0, 4.0]) {
            assert!((least..=2.0 * least).contains(wait), "{waits:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_lasts_is_not_tried_again() {
    for failure in lasting() {
        let server = Server::script([failure()]);
        let client = server.client().build().unwrap();
        let error = client.fetch(Feed::AuditEvents, &start()).await.unwrap_err();
        assert_eq!(error.retry(), Retry::Never, "{error}");
        assert_eq!(server.count(), 1, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_are_bounded() {
    let server = Server::new(|_| status(503));
    let client = server.client().build().unwrap();
    let error = client.fetch(Feed::AuditEvents, &start()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server);
    assert_eq!(server.count(), 8);
    // 1 + 2 + 4 + 8 + 16 + 32 + 60 seconds, and up to as much again at random.
    let whole = server.seconds()[7];
    assert!((123.0..=246.1).contains(&whole), "{whole}");

    for attempts in [0, 2] {
        let server = Server::new(|_| broken(TransportErrorKind::Network));
        let mut policy = RetryPolicy::default();
        policy.attempts = attempts;
        let client = server.client().retries(policy).build().unwrap();
        let error = client.fetch(Feed::AuditEvents, &start()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Network);
        assert_eq!(server.count(), attempts + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_is_one_attempt() {
    for failure in passing().into_iter().chain(lasting()) {
        let server = Server::script([failure()]);
        let client = server.client().build().unwrap();
        let source: &dyn EventSource = &client;
        source.page(Feed::AuditEvents, &start()).await.unwrap_err();
        assert_eq!(server.count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn the_introspection_is_tried_again_too() {
    let answer = json!({ "uuid": "I", "issued_at": "2026-01-01T00:00:00Z", "features": [] });
    let server = Server::script([status(500), said(200, answer.to_string())]);
    let client = server.client().build().unwrap();
    assert_eq!(client.introspect().await.unwrap().uuid, "I");
    assert_eq!(server.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_server_may_ask_for_a_longer_wait() {
    for (seconds, wait) in [("30", 30.0), ("86400", 3600.0)] {
        let server = Server::script([with_header(status(429), "retry-after", seconds)]);
        let client = server.client().build().unwrap();
        client.fetch(Feed::AuditEvents, &start()).await.unwrap();
        check_wait(&server, wait..=wait);
    }
    // But not for a shorter one.
    let server = Server::script([with_header(status(503), "retry-after", "0")]);
    let client = server.client().build().unwrap();
    client.fetch(Feed::AuditEvents, &start()).await.unwrap();
    check_wait(&server, 1.0..=2.0);
}

#[tokio::test(start_paused = true)]
async fn the_server_may_name_the_end_of_the_wait() {
    // Its clock is years behind ours, and says so.
    let answer = with_header(status(503), "retry-after", "Sun, 06 Nov 1994 08:50:22 GMT");
    let answer = with_header(answer, "date", "Sun, 06 Nov 1994 08:49:37 GMT");
    let server = Server::script([answer]);
    let client = server.client().build().unwrap();
    client.fetch(Feed::AuditEvents, &start()).await.unwrap();
    check_wait(&server, 45.0..=45.0);

    // Its clock is taken to be ours where it doesn't say. An HTTP date has no fractions.
    let end = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(600));
    let server = Server::script([with_header(status(503), "retry-after", &end)]);
    let client = server.client().build().unwrap();
    client.fetch(Feed::AuditEvents, &start()).await.unwrap();
    check_wait(&server, 500.0..=600.0);
}

fn check_wait(server: &Server, range: std::ops::RangeInclusive<f64>) {
    let waits = waits(server);
    assert_eq!(waits.len(), 1);
    // Timers count in milliseconds.
    let wait = (waits[0] * 100.0).round() / 100.0;
    assert!(range.contains(&wait), "{wait} is not in {range:?}");
}

fn waits(server: &Server) -> Vec<f64> {
    server
        .seconds()
        .windows(2)
        .map(|two| two[1] - two[0])
        .collect()
}
