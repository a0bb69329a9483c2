//! A proxy between the client and Datadog: it is asked for a way to the server, and sees no more.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::Command;

use datadog_logs::{
    ApiKey, BuildError, Client, ClientBuilder, LogSink, ReqwestTransport, ReqwestTransportBuilder,
    SendError, SendErrorKind, Site,
};
use tokio::task::{JoinHandle, spawn_blocking};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::entries;

/// A proxy that answers one request with 407; gives its address, and the lines that it was sent.
fn proxy() -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let asked = spawn_blocking(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let lines = lines.map_while(Result::ok);
        let lines = lines.take_while(|line| !line.is_empty()).collect();
        let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(refusal.as_bytes()).unwrap();
        lines
    });
    (address.to_string(), asked)
}

fn client() -> ClientBuilder {
    Client::builder(ApiKey::new("SESAME").unwrap())
}

async fn error(client: &Client) -> SendError {
    client.send(&entries(1)).await.unwrap_err()
}

#[tokio::test]
async fn a_proxy_is_asked_for_the_way() {
    for (user, authorization) in [
        ("", None),
        // me:h@nter2
        (
            "me:h%40nter2@",
            Some("proxy-authorization: Basic bWU6aEBudGVyMg=="),
        ),
    ] {
        let (address, asked) = proxy();
        let client = client().proxy(format!("http://{user}{address}"));
        let builder = format!("{client:?}");
        let error = error(&client.build().unwrap()).await;
        assert_eq!(error.kind(), SendErrorKind::Connect, "{error:?}");

        let asked = asked.await.unwrap();
        assert_eq!(
            asked[0],
            "CONNECT http-intake.logs.datadoghq.com:443 HTTP/1.1"
        );
        let sent = asked
            .iter()
            .find(|line| line.to_lowercase().starts_with("proxy-auth"));
        let sent = sent.map(|line| line.replacen("Proxy-Authorization", "proxy-authorization", 1));
        assert_eq!(sent.as_deref(), authorization);
        // The key isn't for the proxy.
        assert!(
            !asked.iter().any(|line| line.contains("SESAME")),
            "{asked:?}"
        );

        let error = format!("{error} {error:?}");
        for secret in ["h%40nter2", "h@nter2", "bWU6", "SESAME"] {
            assert!(
                !error.contains(secret) && !builder.contains(secret),
                "{error}"
            );
        }
    }
}

#[test]
fn what_is_no_address_is_no_proxy() {
    for url in [
        "",
        "hunter2",
        "proxy.example:3128",
        "ftp://me:hunter2@proxy.example",
        "http://",
    ] {
        let client = client().proxy(url).build();
        let error = client.unwrap_err();
        assert!(matches!(error, BuildError::Proxy));
        assert_eq!(
            error.to_string(),
            "the proxy's address is none: write a URL, such as http://proxy.example:3128"
        );
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}

#[test]
fn a_transport_does_not_show_its_proxy() {
    let builder: ReqwestTransportBuilder =
        ReqwestTransport::builder().proxy("http://me:hunter2@proxy.example");
    let shown = format!("{builder:?}");
    let shown = format!("{shown} {:?}", builder.build().unwrap());
    assert!(
        !shown.contains("hunter2") && !shown.contains("me:"),
        "{shown}"
    );
}

#[tokio::test]
async fn plain_http_passes_no_proxy() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(202))
        .mount(&server)
        .await;
    let client = client()
        .site(Site::parse(&server.uri()).unwrap())
        .proxy("http://127.0.0.1:1");
    client.build().unwrap().send(&entries(1)).await.unwrap();
}

/// The environment is a process's own, so this test runs itself again in one that has such.
#[tokio::test]
async fn the_environment_names_a_proxy() {
    const AGAIN: &str = "DATADOG_LOGS_TEST_AGAIN";
    if std::env::var_os(AGAIN).is_some() {
        let client = client().build().unwrap();
        assert_eq!(error(&client).await.kind(), SendErrorKind::Connect);
        return;
    }
    let (address, asked) = proxy();
    let again = spawn_blocking(move || {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "proxy::the_environment_names_a_proxy"])
            .env(AGAIN, "yes")
            .env("HTTPS_PROXY", format!("http://{address}"))
            .env_remove("NO_PROXY")
            .env_remove("no_proxy")
            .output()
            .unwrap()
    });
    let again = again.await.unwrap();
    assert!(again.status.success(), "{again:?}");
    let asked = asked.await.unwrap();
    assert_eq!(
        asked[0],
        "CONNECT http-intake.logs.datadoghq.com:443 HTTP/1.1"
    );
}
