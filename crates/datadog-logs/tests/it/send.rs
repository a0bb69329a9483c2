//! One attempt through the client, over a transport in memory.

use std::future::ready;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use datadog_logs::{
    ApiKey, Client, LogEntry, LogSink, Retry, SendErrorKind, Site, Transport, TransportError,
    TransportErrorKind,
};
use http::{Method, Request, Response, StatusCode};
use tokio::time::Instant;

use crate::entries;
use crate::transport::{FakeIntake, broken, status, with_header};

#[tokio::test]
async fn a_request_carries_what_datadog_asks_for() {
    let intake = FakeIntake::script([]);
    let client = intake
        .client()
        .site(Site::EU1)
        .user_agent("shop/1.0")
        .build()
        .unwrap();
    let receipt = client.send(&[LogEntry::new("hello")]).await.unwrap();
    assert_eq!((receipt.accepted, receipt.requests), (1, 1));

    let [request] = &intake.requests()[..] else {
        panic!()
    };
    assert_eq!(request.method(), Method::POST);
    assert_eq!(
        request.uri(),
        "https://http-intake.logs.datadoghq.eu/api/v2/logs"
    );
    assert_eq!(request.body(), r#"[{"message":"hello"}]"#);
    let headers = request.headers();
    assert_eq!(headers["dd-api-key"], "key-1");
    assert!(headers["dd-api-key"].is_sensitive());
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["accept"], "application/json");
    assert_eq!(headers["user-agent"], "shop/1.0");
    assert!(!headers.contains_key("content-encoding"));
    assert!(!headers.contains_key("dd-protocol"));
}

#[tokio::test]
async fn nothing_is_sent_for_nothing() {
    let intake = FakeIntake::script([]);
    let receipt = intake.client().build().unwrap().send(&[]).await.unwrap();
    assert_eq!((receipt.accepted, receipt.requests), (0, 0));
    assert!(intake.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn one_attempt_never_waits() {
    for (answer, kind, retry) in [
        (status(401), SendErrorKind::Unauthorized, Retry::Never),
        (status(403), SendErrorKind::Unauthorized, Retry::Never),
        (status(408), SendErrorKind::Timeout, Retry::Backoff),
        (status(429), SendErrorKind::RateLimited, Retry::Backoff),
        (
            with_header(429, "retry-after", "7200"),
            SendErrorKind::RateLimited,
            Retry::After(Duration::from_secs(3_600)),
        ),
        (status(500), SendErrorKind::Server, Retry::Backoff),
        (status(302), SendErrorKind::Unexpected(302), Retry::Never),
        (
            broken(TransportErrorKind::Connect),
            SendErrorKind::Connect,
            Retry::Backoff,
        ),
        (
            broken(TransportErrorKind::Certificate),
            SendErrorKind::Certificate,
            Retry::Backoff,
        ),
        (
            broken(TransportErrorKind::Timeout),
            SendErrorKind::Timeout,
            Retry::Backoff,
        ),
        (
            broken(TransportErrorKind::Network),
            SendErrorKind::Network,
            Retry::Backoff,
        ),
        (
            broken(TransportErrorKind::TooLarge),
            SendErrorKind::Network,
            Retry::Backoff,
        ),
    ] {
        let intake = FakeIntake::script([status(202), answer]);
        let started = Instant::now();
        let error = intake
            .client()
            .build()
            .unwrap()
            .send(&entries(1_200))
            .await
            .unwrap_err();
        assert_eq!((error.kind(), error.retry()), (kind, retry));
        assert_eq!(error.accepted(), (0..1_000).collect::<Vec<_>>());
        assert_eq!(intake.requests().len(), 2);
        assert_eq!(started.elapsed(), Duration::ZERO);
    }
}

#[tokio::test]
async fn the_server_tells_its_time() {
    let date = "Mon, 23 Nov 2026 01:00:00 GMT";
    let intake = FakeIntake::script([with_header(202, "date", date)]);
    let receipt = intake
        .client()
        .build()
        .unwrap()
        .send(&entries(1))
        .await
        .unwrap();
    assert_eq!(
        receipt.server_time,
        Some(httpdate::parse_http_date(date).unwrap())
    );
}

#[tokio::test]
async fn an_acknowledgement_counts_although_its_body_is_missing() {
    let cut =
        TransportError::new(TransportErrorKind::Network, "cut").with_status(StatusCode::ACCEPTED);
    let intake = FakeIntake::script([Err(cut)]);
    let receipt = intake
        .client()
        .build()
        .unwrap()
        .send(&entries(1))
        .await
        .unwrap();
    assert_eq!((receipt.accepted, receipt.requests), (1, 1));
}

struct Silence;

#[async_trait::async_trait]
impl Transport for Silence {
    async fn send(&self, _: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_takes_thirty_seconds_at_most() {
    let key = ApiKey::new("key-1").unwrap();
    let client = Client::builder(key)
        .transport(Arc::new(Silence))
        .build()
        .unwrap();
    let started = Instant::now();
    let error = client.send(&entries(1)).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.retry()),
        (SendErrorKind::Timeout, Retry::Backoff)
    );
    assert_eq!(started.elapsed(), Duration::from_secs(30));
}

#[tokio::test]
async fn the_key_is_read_again_before_the_next_attempt_after_a_refusal() {
    let intake = FakeIntake::script([status(202), status(403)]);
    let client = intake
        .client()
        .reread_key(|| async { ApiKey::new("key-2") })
        .build()
        .unwrap();
    client.send(&entries(1)).await.unwrap();
    client.send(&entries(1)).await.unwrap_err();
    client.send(&entries(1)).await.unwrap();
    client.send(&entries(1)).await.unwrap();
    assert_eq!(intake.keys(), ["key-1", "key-1", "key-2", "key-2"]);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_cannot_be_read_again_leaves_the_old_one_in_use() {
    let intake = FakeIntake::script([status(403), status(403), status(202)]);
    let client = intake
        .client()
        .reread_key(|| async { Err::<ApiKey, _>("the file is gone") })
        .build()
        .unwrap();
    for _ in 0..2 {
        let error = client.send(&entries(1)).await.unwrap_err();
        assert_eq!(error.kind(), SendErrorKind::Unauthorized);
    }
    assert_eq!(client.send(&entries(1)).await.unwrap().accepted, 1);
    assert_eq!(intake.requests().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_takes_for_ever_to_be_read_holds_nothing_up() {
    let intake = FakeIntake::script([status(403), status(202)]);
    let client = intake
        .client()
        .reread_key(std::future::pending::<Result<ApiKey, String>>)
        .timeout(Duration::from_secs(5))
        .build()
        .unwrap();
    client.send(&entries(1)).await.unwrap_err();
    let begun = Instant::now();
    assert_eq!(client.send(&entries(1)).await.unwrap().accepted, 1);
    assert_eq!(begun.elapsed(), Duration::from_secs(5));
}

#[tokio::test]
async fn a_key_that_is_accepted_after_all_is_left_alone() {
    let intake = FakeIntake::script([status(403)]);
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let source = move || {
        count.fetch_add(1, Ordering::Relaxed);
        ready(Err::<ApiKey, _>("the file is gone"))
    };
    let client = intake.client().reread_key(source).build().unwrap();
    client.send(&entries(1)).await.unwrap_err();
    for _ in 0..3 {
        client.send(&entries(1)).await.unwrap();
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn one_reading_of_the_key_does_for_all_who_wait_for_it() {
    for (read, used) in [("key-2", "key-2"), ("", "key-1")] {
        let intake = FakeIntake::script([]);
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let source = move || {
            count.fetch_add(1, Ordering::Relaxed);
            async move {
                tokio::time::sleep(Duration::from_secs(1)).await;
                ApiKey::new(read)
            }
        };
        let client = intake.client().reread_key(source).build().unwrap();
        client.reread_key();
        let entries = entries(1);
        let (one, two) = tokio::join!(client.send(&entries), client.send(&entries));
        assert_eq!((one.unwrap().accepted, two.unwrap().accepted), (1, 1));
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        assert_eq!(intake.keys(), [used; 2]);
    }
}

#[tokio::test]
async fn a_key_is_read_again_when_somebody_asks_for_it() {
    let intake = FakeIntake::script([]);
    let keys = ["key-2", "", "key-3"].map(ApiKey::new);
    let keys = Mutex::new(keys.into_iter());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let source = move || {
        count.fetch_add(1, Ordering::Relaxed);
        ready(keys.lock().unwrap().next().unwrap())
    };
    let client = intake.client().reread_key(source).build().unwrap();
    for times in 1..=3 {
        client.reread_key();
        // Once for as often as it was asked for, and only when it is needed.
        client.reread_key();
        assert_eq!(asked.load(Ordering::Relaxed), times - 1);
        for _ in 0..2 {
            client.send(&entries(1)).await.unwrap();
            assert_eq!(asked.load(Ordering::Relaxed), times);
        }
    }
    // What is no key leaves the old one in use.
    let keys = ["key-2", "key-2", "key-2", "key-2", "key-3", "key-3"];
    assert_eq!(intake.keys(), keys);
}

#[tokio::test]
async fn the_intake_is_reached_without_a_log_and_without_the_key() {
    let date = "Thu, 01 Jan 2026 00:00:00 GMT";
    for status in [200, 302, 403, 405, 503] {
        let intake = FakeIntake::script([with_header(status, "date", date)]);
        let client = intake.client().site(Site::EU1).build().unwrap();
        let time = client.reach().await.unwrap();
        assert_eq!(time, httpdate::parse_http_date(date).ok());
        let request = &intake.requests()[0];
        assert_eq!(request.method(), Method::GET);
        assert_eq!(request.uri().host(), Some("http-intake.logs.datadoghq.eu"));
        assert!(request.body().is_empty() && !request.headers().contains_key("dd-api-key"));
    }
    let intake = FakeIntake::script([broken(TransportErrorKind::Connect)]);
    let client = intake.client().site(Site::EU1).build().unwrap();
    let error = client.reach().await.unwrap_err();
    assert_eq!(error.kind(), SendErrorKind::Connect);
    assert!(
        error
            .to_string()
            .starts_with("http-intake.logs.datadoghq.eu cannot be reached"),
        "{error}"
    );
}

#[tokio::test]
async fn validate_asks_the_api() {
    let answer = |status, body: &'static str| {
        Ok(Response::builder()
            .status(status)
            .body(Bytes::from_static(body.as_bytes()))
            .unwrap())
    };
    let intake = FakeIntake::script([
        answer(200, r#"{"valid":true}"#),
        answer(200, r#"{"valid":false}"#),
        answer(403, r#"{"errors":["API key required"]}"#),
        answer(200, "<html>"),
        answer(429, "{}"),
        broken(TransportErrorKind::Connect),
    ]);
    let client = intake.client().site(Site::US5).build().unwrap();
    client.validate().await.unwrap();
    for kind in [
        SendErrorKind::Unauthorized,
        SendErrorKind::Unauthorized,
        SendErrorKind::Unexpected(200),
        SendErrorKind::RateLimited,
        SendErrorKind::Connect,
    ] {
        let error = client.validate().await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(
            error.to_string().contains("api.us5.datadoghq.com"),
            "{error}"
        );
    }
    let request = &intake.requests()[0];
    assert_eq!(request.method(), Method::GET);
    assert_eq!(
        request.uri(),
        "https://api.us5.datadoghq.com/api/v1/validate"
    );
    assert_eq!(intake.keys()[0], "key-1");
}
