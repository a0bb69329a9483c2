//! The reqwest transport over real HTTP, on real time.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use onepassword_events::ReqwestTransport;
use onepassword_events::{
    Client, ClientBuilder, Cursor, ErrorKind, Event, EventSource, Feed, Retry,
};
use serde_json::json;
use tokio::task::{JoinHandle, spawn_blocking};
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::server::{start, token};

fn client(url: &str) -> ClientBuilder {
    Client::builder(token("first")).url(url.parse().unwrap())
}

async fn error(url: &str) -> onepassword_events::Error {
    let client = client(url).build().unwrap();
    client.page(Feed::AuditEvents, &start()).await.unwrap_err()
}

#[tokio::test]
async fn the_three_feeds_are_read() {
    let server = MockServer::start().await;
    let bearer = format!("Bearer {}", token("first").expose_secret());
    for feed in Feed::ALL {
        let endpoint = || {
            Mock::given(method("POST"))
                .and(path(format!("/api/v2/{feed}")))
                .and(header("authorization", bearer.as_str()))
                .and(header("content-type", "application/json"))
        };
        let reset = json!({ "limit": 1000, "start_time": "2026-01-01T00:00:00Z" });
        let first = format!(r#"{{"cursor":"c1","has_more":true,"items":[{{"uuid" :"{feed}"}}]}}"#);
        endpoint()
            .and(body_json(reset))
            .respond_with(ResponseTemplate::new(200).set_body_raw(first, "application/json"))
            .expect(1)
            .mount(&server)
            .await;
        let last = r#"{"cursor":"c2","has_more":false,"items":[]}"#;
        endpoint()
            .and(body_json(json!({ "cursor": "c1" })))
            .respond_with(ResponseTemplate::new(200).set_body_raw(last, "application/json"))
            .expect(1)
            .mount(&server)
            .await;
    }
    let client = client(&server.uri()).build().unwrap();
    for feed in Feed::ALL {
        let page = client.page(feed, &start()).await.unwrap();
        let raw: Vec<_> = page.events().iter().map(Event::json).collect();
        assert_eq!(raw, [format!(r#"{{"uuid" :"{feed}"}}"#)]);
        let next = page.cursor().clone().into();
        let page = client.page(feed, &next).await.unwrap();
        assert_eq!(page.cursor(), &Cursor::new("c2").unwrap());
    }
}

#[tokio::test]
async fn the_introspection_is_read() {
    let server = MockServer::start().await;
    let answer = json!({
        "uuid": "INTEGRATION", "issued_at": "2026-01-01T00:00:00Z",
        "features": ["itemusages"], "account_uuid": "ACCOUNT",
    });
    Mock::given(method("GET"))
        .and(path("/below/api/v2/auth/introspect"))
        .respond_with(ResponseTemplate::new(200).set_body_json(answer))
        .expect(1)
        .mount(&server)
        .await;
    let client = client(&format!("{}/below", server.uri())).build().unwrap();
    let introspection = client.introspect().await.unwrap();
    assert_eq!(introspection.feeds(), [Feed::ItemUsages]);
    assert_eq!(introspection.account_uuid.as_deref(), Some("ACCOUNT"));
    let age = introspection.server_time().unwrap().elapsed();
    assert!(age.is_ok_and(|age| age < Duration::from_secs(60)));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = MockServer::start().await;
    let server = MockServer::start().await;
    for status in [301, 302, 303, 307, 308] {
        server.reset().await;
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(status).insert_header("location", elsewhere.uri()))
            .mount(&server)
            .await;
        let error = error(&server.uri()).await;
        assert_eq!(error.kind(), ErrorKind::Unexpected);
        assert_eq!(error.status(), Some(status));
    }
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_client_of_ones_own_may_be_used() {
    let server = MockServer::start().await;
    Mock::given(header("x-own", "yes"))
        .respond_with(ResponseTemplate::new(200).set_body_string(r#"{"cursor":"c"}"#))
        .mount(&server)
        .await;
    let own = reqwest::Client::builder()
        .default_headers(
            [("x-own".parse().unwrap(), "yes".parse().unwrap())]
                .into_iter()
                .collect(),
        )
        .build()
        .unwrap();
    let client = client(&server.uri()).http_client(own).build().unwrap();
    assert!(client.page(Feed::AuditEvents, &start()).await.is_ok());
}

#[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
#[test]
fn what_is_no_certificate_can_not_be_trusted() {
    for pem in [
        "",
        "garbage",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let client = client("https://events.example.com").ca_certificates(pem);
        let error = client.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error:?}");
        assert!(error.to_string().contains("must be in PEM"), "{error}");
    }
}

#[tokio::test]
async fn a_refused_connection_is_told_apart() {
    // Nobody listens here any more.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let error = error(&format!("http://127.0.0.1:{port}/hidden")).await;
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert_eq!(error.retry(), Retry::Backoff);
    assert!(std::error::Error::source(&error).is_some());
    assert!(!format!("{error:?}").contains("hidden"), "{error:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_connection_that_is_not_made_in_time_is_no_slow_answer() {
    // Once nobody accepts what has queued up, Linux leaves further connections unanswered.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let wait = Duration::from_millis(200);
    let queue: Vec<_> = std::iter::from_fn(|| TcpStream::connect_timeout(&address, wait).ok())
        .take(100)
        .collect();
    assert!(queue.len() < 100);

    let client = client(&format!("http://{address}")).connect_timeout(wait);
    let client = client.build().unwrap();
    let error = client.page(Feed::AuditEvents, &start()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error:?}");
}

#[tokio::test]
async fn a_slow_answer_is_given_up() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(200).set_delay(Duration::from_secs(60)))
        .mount(&server)
        .await;
    let client = client(&server.uri()).timeout(Duration::from_millis(100));
    let client = client.build().unwrap();
    let error = client.page(Feed::AuditEvents, &start()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn a_compressed_page_is_understood() {
    let body = r#"{"cursor":"c","has_more":false,"items":[{"uuid":"A"},{"uuid" : "B"}]}"#;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(body.as_bytes()).unwrap();
    let server = MockServer::start().await;
    Mock::given(header("accept-encoding", "gzip"))
        .respond_with(
            ResponseTemplate::new(200)
                .insert_header("content-encoding", "gzip")
                .set_body_raw(gzip.finish().unwrap(), "application/json"),
        )
        .mount(&server)
        .await;
    let client = client(&server.uri()).build().unwrap();
    let page = client.page(Feed::AuditEvents, &start()).await.unwrap();
    assert_eq!(page.size(), body.len());
    assert_eq!(page.events()[1].json(), r#"{"uuid" : "B"}"#);
}

#[tokio::test]
async fn a_body_that_announces_too_much_is_not_read() {
    let length = ReqwestTransport::BODY_LIMIT + 1;
    let (url, server) = raw_server(move |mut stream| {
        write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n"
        )
        .unwrap();
        // Not a byte follows; whoever waits for one waits until the test ends.
        stream.read(&mut [0]).unwrap_or(0)
    });
    check_too_large(&url).await;
    assert_eq!(server.await.unwrap(), 0);
}

#[tokio::test]
async fn a_body_without_end_is_not_read_to_its_end() {
    let (url, server) = raw_server(|mut stream| {
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        let mut chunk = b"100000\r\n".to_vec();
        chunk.resize(chunk.len() + 0x10_0000, b' ');
        chunk.extend(b"\r\n");
        (0..1000)
            .take_while(|_| stream.write_all(&chunk).is_ok())
            .count()
    });
    check_too_large(&url).await;
    let mebibytes = server.await.unwrap();
    assert!((64..128).contains(&mebibytes), "{mebibytes}");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_no_answer() {
    for answer in [
        "",
        "HTTP/1.1 200 OK\r\ncontent-le",
        "HTTP/1.1 200 OK\r\ncontent-length: 14\r\n\r\n{\"cursor\":",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\ne\r\n{\"cursor\":\"c\"}\r\n",
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nnope",
        "this is not HTTP\r\n\r\n",
    ] {
        let (url, server) = raw_server(move |mut stream| {
            stream.write_all(answer.as_bytes()).unwrap();
            0
        });
        let error = error(&url).await;
        assert_eq!(error.kind(), ErrorKind::Network, "{answer}: {error:?}");
        assert_eq!(error.retry(), Retry::Backoff);
        server.await.unwrap();
    }
}

#[tokio::test]
async fn a_refusal_is_one_whatever_befalls_its_body() {
    let length = ReqwestTransport::BODY_LIMIT + 1;
    let garbage = "x".repeat(1_000_000);
    for rest in [
        format!("content-length: {length}\r\n\r\n<html>"),
        format!("content-length: 1000000\r\n\r\n{garbage}"),
        "content-length: 100\r\n\r\ntoken".to_owned(),
        "transfer-encoding: chunked\r\n\r\nno length\r\n".to_owned(),
        "content-encoding: gzip\r\ncontent-length: 4\r\n\r\nnope".to_owned(),
    ] {
        let (url, server) = raw_server(move |mut stream| {
            let head = "HTTP/1.1 403 Forbidden\r\n";
            let _ = stream.write_all(format!("{head}{rest}").as_bytes());
            0
        });
        let error = error(&url).await;
        assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error:?}");
        assert_eq!(error.status(), Some(403));
        server.await.unwrap();
    }
}

async fn check_too_large(url: &str) {
    let error = error(url).await;
    assert_eq!(error.kind(), ErrorKind::BadPage, "{error:?}");
    assert_eq!(error.retry(), Retry::Never);
    assert_eq!(
        error.to_string(),
        "the answer of 127.0.0.1 is too large to be read: ask for smaller pages"
    );
}

/// A server for one connection that reads the request and leaves the answer to `answer`.
fn raw_server(
    answer: impl FnOnce(TcpStream) -> usize + Send + 'static,
) -> (String, JoinHandle<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let server = spawn_blocking(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        // Head and body come in one or in two pieces; the body ends with the only `}`.
        while !request.ends_with(b"}") {
            let mut piece = [0; 4096];
            let length = stream.read(&mut piece).unwrap();
            assert_ne!(length, 0, "the request broke off");
            request.extend(&piece[..length]);
        }
        answer(stream)
    });
    (format!("http://{address}"), server)
}
