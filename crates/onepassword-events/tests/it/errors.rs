//! What errors say, and what they keep to themselves.

use std::time::Duration;

use onepassword_events::TransportErrorKind;
use onepassword_events::{Client, Error, ErrorKind, EventSource, Feed, Position, Retry};

use crate::server::{Answer, Server, broken, said, start, status, token, with_header};

async fn error(answer: Answer) -> Error {
    let server = Server::script([answer]);
    let client = server.client().build().unwrap();
    client.page(Feed::AuditEvents, &start()).await.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn each_status_has_its_kind() {
    for (code, kind, retry) in [
        (201, ErrorKind::Unexpected, Retry::Never),
        (204, ErrorKind::Unexpected, Retry::Never),
        (301, ErrorKind::Unexpected, Retry::Never),
        (302, ErrorKind::Unexpected, Retry::Never),
        (307, ErrorKind::Unexpected, Retry::Never),
        (308, ErrorKind::Unexpected, Retry::Never),
        (400, ErrorKind::BadRequest, Retry::Never),
        (401, ErrorKind::Unauthorized, Retry::Never),
        (403, ErrorKind::Unauthorized, Retry::Never),
        (404, ErrorKind::NotFound, Retry::Never),
        (405, ErrorKind::Unexpected, Retry::Never),
        (408, ErrorKind::Server, Retry::Backoff),
        (418, ErrorKind::Unexpected, Retry::Never),
        (429, ErrorKind::RateLimited, Retry::Backoff),
        (500, ErrorKind::Server, Retry::Backoff),
        (503, ErrorKind::Server, Retry::Backoff),
        (599, ErrorKind::Server, Retry::Backoff),
    ] {
        let error = error(status(code)).await;
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(error.retry(), retry, "{error}");
        assert_eq!(error.is_retryable(), retry == Retry::Backoff);
        assert_eq!(error.retry_after(), None);
        assert_eq!(error.status(), Some(code));
        let begin = format!("events.1password.com answered {code} to /api/v2/auditevents: ");
        assert!(error.to_string().starts_with(&begin), "{error}");
        assert!(!error.to_string().ends_with('.'), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_was_asked_for_is_told() {
    let error = error(with_header(status(429), "retry-after", "17")).await;
    let wait = Duration::from_secs(17);
    assert_eq!(error.retry(), Retry::After(wait));
    assert_eq!(error.retry_after(), Some(wait));
    assert!(error.is_retryable());
}

#[tokio::test(start_paused = true)]
async fn no_answer_has_its_kind_too() {
    for (broke, kind, retry) in [
        (
            TransportErrorKind::Timeout,
            ErrorKind::Timeout,
            Retry::Backoff,
        ),
        (
            TransportErrorKind::Connect,
            ErrorKind::Connect,
            Retry::Backoff,
        ),
        (
            TransportErrorKind::Certificate,
            ErrorKind::Certificate,
            Retry::Backoff,
        ),
        (
            TransportErrorKind::Network,
            ErrorKind::Network,
            Retry::Backoff,
        ),
        (
            TransportErrorKind::TooLarge,
            ErrorKind::BadPage,
            Retry::Never,
        ),
    ] {
        let error = error(broken(broke)).await;
        assert_eq!((error.kind(), error.retry()), (kind, retry));
        assert_eq!(error.status(), None);
        assert!(
            error.to_string().contains("events.1password.com"),
            "{error}"
        );
        let source = std::error::Error::source(&error).unwrap();
        assert_eq!(source.to_string(), "a cause of this test");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_page_is_told_by_its_place_alone() {
    for body in [
        "<html>private</html>",
        r#"["private"]"#,
        r#"{"items":["private"]}"#,
    ] {
        let error = error(said(200, body)).await;
        assert_eq!(error.kind(), ErrorKind::BadPage, "{error}");
        assert!(!chain(&error).contains("private"), "{error:?}");
    }
    for body in [
        r#"{"private":1}"#,
        r#"["private","2026-01-01T00:00:00Z",[]]"#,
    ] {
        let server = Server::script([said(200, body)]);
        let client = server.client().build().unwrap();
        let error = client.introspect().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadPage);
        assert!(!chain(&error).contains("private"), "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_servers_message_is_quoted_in_bounds() {
    for (body, quote) in [
        (
            r#"{"Error":{"Message":"Bad Request"}}"#.into(),
            "400 (Bad Request) to",
        ),
        (
            r#"{"status":400,"message":"no such cursor"}"#.into(),
            "400 (no such cursor) to",
        ),
        ("404 page not found\n".into(), "400 (404 page not found) to"),
        (
            "<html>welcome to the hotel</html>".into(),
            "answered 400 to",
        ),
        (r#"{"other":"thing"}"#.into(), "answered 400 to"),
        ("long ".repeat(100_000), "400 (long long"),
    ] {
        let error = error(said(400, body)).await;
        let text = error.to_string();
        assert!(text.contains(quote), "{text}");
        assert!(text.len() < 500, "{} bytes", text.len());
        assert!(chain(&error).len() < 1500);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_shows_the_token() {
    let secret = token("first");
    let secret = secret.expose_secret();
    for code in [200, 302, 400, 401, 404, 429, 500] {
        for body in [
            secret.to_owned(),
            format!("no good: Bearer {secret}"),
            format!("{}{secret}", "x ".repeat(90)),
            format!(r#"{{"Error":{{"Message":"no good: {secret}"}}}}"#),
            format!(r#"{{"status":{code},"message":"{secret}"}}"#),
            format!("no good: {}", &secret[..40]),
            format!("no good: {}", secret.split('.').nth(1).unwrap()),
        ] {
            let answer = with_header(said(code, body), "location", "https://evil.example");
            check_secret(&chain(&error(answer).await), secret);
        }
    }
    let client = Server::script([]).client();
    check_secret(&format!("{client:?}"), secret);
    let client = client.build().unwrap();
    check_secret(
        &format!("{client:?} {client:#?} {:?}", client.token()),
        secret,
    );
    // It is of use all the same.
    assert!(format!("{client:?}").contains("events.1password.com"));
}

#[test]
fn a_cursor_is_no_secret_and_a_url_may_hold_one() {
    let url = "https://me:hunter2@proxy.example/?key=hunter2"
        .parse()
        .unwrap();
    let builder = Client::builder(token("first")).url(url);
    assert!(!format!("{builder:?}").contains("hunter2"), "{builder:?}");
    let error = builder.build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(!chain(&error).contains("hunter2"), "{error:?}");
    let position: Position = serde_json::from_str(r#"{"after":"abc"}"#).unwrap();
    assert_eq!(format!("{position:?}"), "After(Cursor(abc))");
}

#[cfg(not(feature = "reqwest"))]
#[test]
fn a_client_without_http_says_so() {
    let error = Client::builder(token("first")).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("no transport"), "{error}");
}

/// All that an error can be made to say.
fn chain(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text} {cause} {cause:?}");
        source = cause.source();
    }
    text
}

/// Neither the whole nor any longer part of it.
fn check_secret(text: &str, secret: &str) {
    for at in 0..=secret.len() - 20 {
        assert!(!text.contains(&secret[at..at + 20]), "{text}");
    }
}
