//! A proxy between the client and Datadog: it is asked for a way to the server, and sees no more.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use op_dd_content::install::{
    ApiError, ApiErrorKind, BuildError, Client, ClientBuilder, Key, Keys, Selection,
};
use serde_json::json;
use tokio::task::{JoinHandle, spawn_blocking};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

/// How often a call that found no way is made: it may be no more than a moment's trouble.
const TRIES: usize = 5;

/// A proxy that answers all the tries of a call with 407; gives its address, and the lines of each.
fn proxy() -> (String, JoinHandle<Vec<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let asked = spawn_blocking(move || {
        let answer = |_| {
            let (mut stream, _) = listener.accept().unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let lines = lines.map_while(Result::ok);
            let lines = lines.take_while(|line| !line.is_empty()).collect();
            let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(refusal.as_bytes()).unwrap();
            lines
        };
        (0..TRIES).map(answer).collect()
    });
    (address.to_string(), asked)
}

fn client(url: &str) -> ClientBuilder {
    let keys = Keys {
        api: Key::new("SESAME").unwrap(),
        application: Key::new("SIMSALABIM").unwrap(),
    };
    Client::builder(url.parse().unwrap(), keys)
}

async fn ask(client: ClientBuilder) -> Result<(), ApiError> {
    let dashboards: Selection = ["dashboard"].iter().collect();
    let client = client.build().unwrap();
    client.installed(&dashboards).await.map(|_| ())
}

#[tokio::test]
async fn a_proxy_is_asked_for_the_way() {
    let (address, asked) = proxy();
    // me:h@nter2
    let client = client("https://api.datadoghq.eu").proxy(format!("http://me:h%40nter2@{address}"));
    let builder = format!("{client:?}");
    let error = ask(client).await.unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::Connect, "{error:?}");

    for asked in asked.await.unwrap() {
        assert_eq!(asked[0], "CONNECT api.datadoghq.eu:443 HTTP/1.1");
        let authorization = "proxy-authorization: basic bwu6aebudgvymg==";
        let sent = asked
            .iter()
            .any(|line| line.to_lowercase() == authorization);
        assert!(sent, "{asked:?}");
        // The keys aren't for the proxy.
        let asked = asked.join(" ");
        assert!(
            !asked.contains("SESAME") && !asked.contains("SIMSALABIM"),
            "{asked}"
        );
    }
    let error = format!("{error} {error:?} {builder}");
    for secret in ["h%40nter2", "h@nter2", "bWU6", "SESAME", "SIMSALABIM"] {
        assert!(!error.contains(secret), "{error}");
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
        let error = client("https://api.datadoghq.eu")
            .proxy(url)
            .build()
            .unwrap_err();
        assert!(matches!(error, BuildError::Proxy), "{error:?}");
        assert!(
            !format!("{error} {error:?}").contains("hunter2"),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn plain_http_passes_no_proxy() {
    let server = MockServer::start().await;
    let none = ResponseTemplate::new(200).set_body_json(json!({ "dashboards": [] }));
    Mock::given(any()).respond_with(none).mount(&server).await;
    ask(client(&server.uri()).proxy("http://127.0.0.1:1"))
        .await
        .unwrap();
}

#[tokio::test]
async fn an_answer_is_waited_for_as_long_as_is_said() {
    let server = MockServer::start().await;
    let late = ResponseTemplate::new(200).set_delay(Duration::from_secs(60));
    Mock::given(any()).respond_with(late).mount(&server).await;
    let error = ask(client(&server.uri()).timeout(Duration::from_millis(50))).await;
    assert_eq!(error.unwrap_err().kind(), &ApiErrorKind::Timeout);
}
