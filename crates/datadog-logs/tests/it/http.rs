//! The reqwest transport over real HTTP.

use std::io::Read;
use std::time::Duration;

use bytes::Bytes;
use datadog_logs::{
    ApiKey, BuildError, Client, ClientBuilder, LogSink, ReqwestTransport, Retry, SendErrorKind,
    Site, Transport, TransportErrorKind,
};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::{entries, numbers};

async fn intake(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/api/v2/logs"))
        .and(header("dd-api-key", "key-1"))
        .and(header("content-type", "application/json"))
        .respond_with(answer)
        .mount(&server)
        .await;
    server
}

fn client(server: &MockServer) -> ClientBuilder {
    let site = Site::parse(&server.uri()).unwrap();
    Client::builder(ApiKey::new("key-1").unwrap()).site(site)
}

#[tokio::test]
async fn a_gzip_body_is_accepted() {
    let server = intake(ResponseTemplate::new(202).set_body_string("{}")).await;
    let receipt = client(&server)
        .build()
        .unwrap()
        .send(&entries(1_000))
        .await
        .unwrap();
    assert_eq!((receipt.accepted, receipt.requests), (1_000, 1));
    assert!(receipt.server_time.is_some());

    let request = &server.received_requests().await.unwrap()[0];
    assert_eq!(request.headers["content-encoding"], "gzip");
    let name = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
    assert_eq!(request.headers["user-agent"], name);
    assert!(!request.headers.contains_key("dd-protocol"));
    assert_eq!(request.body.len(), receipt.bytes_sent);
    let mut body = Vec::new();
    flate2::read::GzDecoder::new(&request.body[..])
        .read_to_end(&mut body)
        .unwrap();
    assert_eq!(body.len(), receipt.bytes);
    assert_eq!(numbers(&body), (0..1_000).collect::<Vec<_>>());
}

#[cfg(feature = "zstd")]
#[tokio::test]
async fn a_zstd_body_is_accepted() {
    let server = intake(ResponseTemplate::new(202)).await;
    let client = client(&server)
        .compression(datadog_logs::Compression::Zstd)
        .build()
        .unwrap();
    client.send(&entries(3)).await.unwrap();
    let request = &server.received_requests().await.unwrap()[0];
    assert_eq!(request.headers["content-encoding"], "zstd");
    assert_eq!(
        numbers(&zstd::decode_all(&request.body[..]).unwrap()),
        [0, 1, 2]
    );
}

#[tokio::test]
async fn refusals_are_told_apart() {
    for (answer, kind, retry) in [
        (
            ResponseTemplate::new(401),
            SendErrorKind::Unauthorized,
            Retry::Never,
        ),
        (
            ResponseTemplate::new(429).insert_header("retry-after", "3"),
            SendErrorKind::RateLimited,
            Retry::After(Duration::from_secs(3)),
        ),
        (
            ResponseTemplate::new(503),
            SendErrorKind::Server,
            Retry::Backoff,
        ),
    ] {
        let server = intake(answer).await;
        let error = client(&server)
            .build()
            .unwrap()
            .send(&entries(1))
            .await
            .unwrap_err();
        assert_eq!((error.kind(), error.retry()), (kind, retry));
    }
}

#[tokio::test]
async fn a_413_is_split() {
    let server = intake(ResponseTemplate::new(413)).await;
    let receipt = client(&server)
        .build()
        .unwrap()
        .send(&entries(4))
        .await
        .unwrap();
    assert_eq!(
        (receipt.accepted, receipt.refused.len(), receipt.requests),
        (0, 4, 7)
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = MockServer::start().await;
    for status in [301, 302, 303, 307, 308] {
        let server =
            intake(ResponseTemplate::new(status).insert_header("location", elsewhere.uri())).await;
        let error = client(&server)
            .build()
            .unwrap()
            .send(&entries(1))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), SendErrorKind::Unexpected(status));
    }
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

#[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
#[test]
fn what_is_no_certificate_can_not_be_trusted() {
    for pem in [
        "",
        "garbage",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let client = Client::builder(ApiKey::new("key-1").unwrap()).ca_certificates(pem);
        let error = client.build().unwrap_err();
        assert!(matches!(error, BuildError::CaCertificates(_)), "{error:?}");
        assert!(error.to_string().contains("must be in PEM"), "{error}");
    }
}

#[tokio::test]
async fn an_answer_is_read_up_to_a_bound() {
    let transport = ReqwestTransport::from_client(reqwest::Client::builder().build().unwrap());
    for (length, fits) in [(64 * 1024, true), (64 * 1024 + 1, false)] {
        let server = intake(ResponseTemplate::new(503).set_body_bytes(vec![b'x'; length])).await;
        let request = http::Request::post(format!("{}/api/v2/logs", server.uri()))
            .header("dd-api-key", "key-1")
            .header("content-type", "application/json")
            .body(Bytes::new())
            .unwrap();
        match transport.send(request).await {
            Ok(response) => assert!(fits && response.body().len() == length),
            Err(error) => {
                assert!(!fits);
                assert_eq!(
                    (error.kind(), error.status()),
                    (
                        TransportErrorKind::TooLarge,
                        Some(http::StatusCode::SERVICE_UNAVAILABLE)
                    )
                );
            }
        }
        let error = client(&server)
            .build()
            .unwrap()
            .send(&entries(1))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), SendErrorKind::Server);
    }
}

#[tokio::test]
async fn a_closed_port_is_no_connection() {
    let address = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let site = Site::parse(&format!("http://{address}")).unwrap();
    let client = Client::builder(ApiKey::new("key-1").unwrap())
        .site(site)
        .build()
        .unwrap();
    let error = client.send(&entries(1)).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.retry()),
        (SendErrorKind::Connect, Retry::Backoff)
    );
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

#[tokio::test]
async fn a_client_of_ones_own_is_used() {
    let server = intake(ResponseTemplate::new(202)).await;
    let own = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let client = client(&server).http_client(own).build().unwrap();
    assert_eq!(client.send(&entries(2)).await.unwrap().accepted, 2);
}

#[tokio::test]
async fn validate_reads_the_answer() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/api/v1/validate"))
        .and(header("dd-api-key", "key-1"))
        .respond_with(ResponseTemplate::new(200).set_body_string(r#"{"valid":true}"#))
        .mount(&server)
        .await;
    let time = client(&server).build().unwrap().validate().await.unwrap();
    let age = time.unwrap().elapsed();
    assert!(age.is_ok_and(|age| age < Duration::from_secs(60)));
}
