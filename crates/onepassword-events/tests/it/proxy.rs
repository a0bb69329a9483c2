//! A proxy between the client and 1Password: it is asked for a way to the server, and sees no more.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use onepassword_events::{
    Client, Error, ErrorKind, EventSource, Feed, ReqwestTransport, ReqwestTransportBuilder,
};
use tokio::task::{JoinHandle, spawn_blocking};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::server::{start, token};

/// A proxy that answers one request with 407; gives its address, and the lines that it was sent.
fn proxy() -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let asked = spawn_blocking(move || {
        let mut stream = accept(&listener);
        let lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let lines = lines.map_while(Result::ok);
        let lines = lines.take_while(|line| !line.is_empty()).collect();
        let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(refusal.as_bytes()).unwrap();
        lines
    });
    (address.to_string(), asked)
}

/// The first connection, which must come within a minute: if none does, that is a failure and no
/// reason to wait for ever.
fn accept(listener: &TcpListener) -> TcpStream {
    listener.set_nonblocking(true).unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false).unwrap();
                let limit = Some(Duration::from_secs(60));
                stream.set_read_timeout(limit).unwrap();
                return stream;
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                assert!(Instant::now() < until, "nobody asks the proxy");
                sleep(Duration::from_millis(5));
            }
            Err(error) => panic!("{error}"),
        }
    }
}

async fn error(client: &Client) -> Error {
    client.page(Feed::AuditEvents, &start()).await.unwrap_err()
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
        let client = Client::builder(token("first")).proxy(format!("http://{user}{address}"));
        let builder = format!("{client:?}");
        let error = error(&client.build().unwrap()).await;
        assert_eq!(error.kind(), ErrorKind::Connect, "{error:?}");

        let asked = asked.await.unwrap();
        assert_eq!(asked[0], "CONNECT events.1password.com:443 HTTP/1.1");
        let sent = asked
            .iter()
            .find(|line| line.to_lowercase().starts_with("proxy-auth"));
        let sent = sent.map(|line| line.replacen("Proxy-Authorization", "proxy-authorization", 1));
        assert_eq!(sent.as_deref(), authorization);
        // The token isn't for the proxy.
        assert!(
            !asked.iter().any(|line| line.contains("SIGNATURE")),
            "{asked:?}"
        );

        let error = format!("{error} {error:?}");
        for secret in ["h%40nter2", "h@nter2", "bWU6", "SIGNATURE"] {
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
        let client = Client::builder(token("first")).proxy(url).build();
        let error = client.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
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
        .respond_with(ResponseTemplate::new(200).set_body_string(r#"{"cursor":"c"}"#))
        .mount(&server)
        .await;
    let client = Client::builder(token("first"))
        .url(server.uri().parse().unwrap())
        .proxy("http://127.0.0.1:1")
        .build()
        .unwrap();
    assert!(client.page(Feed::AuditEvents, &start()).await.is_ok());
}

/// The environment is a process's own, so this test runs itself again in one that has such.
#[tokio::test]
async fn the_environment_names_a_proxy() {
    const AGAIN: &str = "ONEPASSWORD_EVENTS_TEST_AGAIN";
    if std::env::var_os(AGAIN).is_some() {
        let client = Client::builder(token("first")).build().unwrap();
        assert_eq!(error(&client).await.kind(), ErrorKind::Connect);
        return;
    }
    let (address, asked) = proxy();
    let again = spawn_blocking(move || {
        let mut again = Command::new(std::env::current_exe().unwrap());
        for name in ["https_proxy", "all_proxy", "no_proxy"] {
            again.env_remove(name).env_remove(name.to_uppercase());
        }
        again
            .args(["--exact", "proxy::the_environment_names_a_proxy"])
            .env(AGAIN, "yes")
            .env("HTTPS_PROXY", format!("http://{address}"))
            .output()
            .unwrap()
    });
    let again = again.await.unwrap();
    assert!(again.status.success(), "{again:?}");
    let asked = asked.await.unwrap();
    assert_eq!(asked[0], "CONNECT events.1password.com:443 HTTP/1.1");
}
