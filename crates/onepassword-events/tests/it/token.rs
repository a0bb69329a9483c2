//! A token that is refused, or known to have been exchanged, is read again.

use std::collections::VecDeque;
use std::future::{Ready, pending, ready};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::join_all;
use http::Request;
use onepassword_events::{
    AccessToken, Client, ClientBuilder, ErrorKind, EventSource, Feed, Pacer, Region, Transport,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::server::{Answer, Server, page, start, status, token, token_for, token_with};

/// Gives these tokens one after the other, and counts how often it was asked. `None` is a failure.
fn source(
    tokens: impl IntoIterator<Item = Option<AccessToken>>,
) -> (
    impl Fn() -> Ready<Result<AccessToken, &'static str>>,
    Arc<AtomicUsize>,
) {
    let tokens = Mutex::new(tokens.into_iter().collect::<VecDeque<_>>());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let source = move || {
        count.fetch_add(1, Ordering::Relaxed);
        let token = tokens.lock().unwrap().pop_front().flatten();
        ready(token.ok_or("the secret is gone"))
    };
    (source, asked)
}

/// Takes just the tokens of this name.
fn server_of(name: &'static str) -> Arc<Server> {
    Server::new(move |request| {
        let bearer = request.headers()["authorization"].to_str().unwrap();
        if bearer.ends_with(&format!("-{name}")) {
            page("c", false, &[])
        } else {
            status(401)
        }
    })
}

/// A server that is a second away.
struct Slow(Arc<Server>);

#[async_trait]
impl Transport for Slow {
    async fn send(&self, request: Request<Bytes>) -> Answer {
        tokio::time::sleep(Duration::from_secs(1)).await;
        self.0.send(request).await
    }
}

async fn attempt(client: &Client) -> Option<ErrorKind> {
    let page = client.page(Feed::AuditEvents, &start()).await;
    page.err().map(|error| error.kind())
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_read_again_for_the_next_attempt() {
    let server = server_of("second");
    let (source, asked) = source([Some(token("second"))]);
    let client = server.client().reread_token(source).build().unwrap();

    assert_eq!(attempt(&client).await, Some(ErrorKind::Unauthorized));
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    // Clones share it.
    assert_eq!(attempt(&client.clone()).await, None);
    assert_eq!(attempt(&client).await, None);
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    assert_eq!(server.tokens(), ["first", "second", "second"]);
    assert_eq!(
        client.token().expose_secret(),
        token("second").expose_secret()
    );
}

#[tokio::test(start_paused = true)]
async fn a_token_without_the_feed_is_read_again_too() {
    let server = Server::script([status(403)]);
    let (source, _) = source([Some(token("second"))]);
    let client = server.client().reread_token(source).build().unwrap();
    assert_eq!(attempt(&client).await, Some(ErrorKind::Unauthorized));
    assert_eq!(attempt(&client).await, None);
    assert_eq!(server.tokens(), ["first", "second"]);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_accepted_is_not_read_again() {
    let server = Server::script([status(500), status(404), status(429)]);
    let (source, asked) = source([Some(token("second"))]);
    let client = server.client().reread_token(source).build().unwrap();
    for _ in 0..4 {
        attempt(&client).await;
    }
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    assert_eq!(server.tokens(), ["first"; 4]);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_fails_leaves_the_old_token_in_use() {
    let server = server_of("third");
    let (source, asked) = source([None, Some(token("second")), Some(token("third"))]);
    let client = server.client().reread_token(source).build().unwrap();
    for _ in 0..3 {
        assert_eq!(attempt(&client).await, Some(ErrorKind::Unauthorized));
    }
    assert_eq!(attempt(&client).await, None);
    assert_eq!(asked.load(Ordering::Relaxed), 3);
    assert_eq!(server.tokens(), ["first", "first", "second", "third"]);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_hangs_holds_nothing_up() {
    let server = Server::script([status(401)]);
    let client = server
        .client()
        .reread_token(pending::<Result<_, String>>)
        .timeout(Duration::from_secs(5))
        .build()
        .unwrap();
    assert_eq!(attempt(&client).await, Some(ErrorKind::Unauthorized));
    let start_time = Instant::now();
    assert_eq!(attempt(&client).await, None);
    assert_eq!(start_time.elapsed().as_secs(), 5);
    assert_eq!(server.tokens(), ["first", "first"]);
}

#[tokio::test(start_paused = true)]
async fn requests_that_were_under_way_do_not_refuse_the_new_token() {
    let server = server_of("second");
    let (source, asked) = source([Some(token("second"))]);
    let client = server.client().reread_token(source);
    let client = client.transport(Slow(server)).build().unwrap();
    let both = join_all([attempt(&client), attempt(&client)]).await;
    assert_eq!(both, [Some(ErrorKind::Unauthorized); 2]);
    for _ in 0..3 {
        assert_eq!(attempt(&client).await, None);
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_read_again_when_somebody_asks_for_it() {
    let server = Server::script([]);
    let tokens = [Some(token("second")), None, Some(token("third"))];
    let (source, asked) = source(tokens);
    let client = server.client().reread_token(source).build().unwrap();
    let sibling = client.with_pacer(Pacer::default());
    for (times, clients) in [(1, [&client, &sibling]), (2, [&sibling, &client])] {
        client.reread_token();
        // Once for as often as it was asked for, and only when it is needed.
        client.reread_token();
        assert_eq!(asked.load(Ordering::Relaxed), times - 1);
        for client in clients {
            assert_eq!(attempt(client).await, None);
            assert_eq!(asked.load(Ordering::Relaxed), times);
        }
    }
    client.reread_token();
    assert_eq!(attempt(&client).await, None);
    // What can't be read leaves the old one in use.
    let tokens = ["second", "second", "second", "second", "third"];
    assert_eq!(server.tokens(), tokens);
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_for_while_the_token_is_being_read_is_done_afterwards() {
    let server = Server::script([]);
    let (tokens, asked) = source([Some(token("second")), Some(token("third"))]);
    let slow = move || {
        let token = tokens();
        async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            token.await
        }
    };
    let client = server.client().reread_token(slow).build().unwrap();
    client.reread_token();
    let again = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        client.reread_token();
    };
    let (first, ()) = tokio::join!(attempt(&client), again);
    assert_eq!(first, None);
    for _ in 0..2 {
        assert_eq!(attempt(&client).await, None);
    }
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    assert_eq!(server.tokens(), ["second", "third", "third"]);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_accepted_after_all_is_left_alone() {
    let server = Server::script([status(403)]);
    let (source, asked) = source([]);
    let client = server.client().reread_token(source).build().unwrap();
    assert_eq!(attempt(&client).await, Some(ErrorKind::Unauthorized));
    for _ in 0..3 {
        assert_eq!(attempt(&client).await, None);
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn one_reading_does_for_all_who_wait_for_it() {
    for read in [Some("second"), None] {
        let server = Server::script([]);
        let (tokens, asked) = source([read.map(token)]);
        let slow = move || {
            let token = tokens();
            async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                token.await
            }
        };
        let client = server.client().pacer(Pacer::new(1e9, 9));
        let client = client.reread_token(slow).build().unwrap();
        let begun = Instant::now();
        client.reread_token();
        let all = join_all([attempt(&client), attempt(&client), attempt(&client)]).await;
        assert_eq!(all, [None; 3]);
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        assert_eq!(begun.elapsed().as_secs(), 1);
        assert_eq!(server.tokens(), [read.unwrap_or("first"); 3]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_goes_with_the_token_of_when_its_turn_has_come() {
    let server = Server::script([]);
    let (source, _) = source([Some(token("second"))]);
    let client = server.client().pacer(Pacer::new(1.0, 1));
    let client = client.reread_token(source).build().unwrap();
    let exchange = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        client.reread_token();
    };
    let (first, second, ()) = tokio::join!(attempt(&client), attempt(&client), exchange);
    assert_eq!((first, second), (None, None));
    assert_eq!(server.tokens(), ["first", "second"]);
}

#[tokio::test(start_paused = true)]
async fn fetch_reads_a_refused_token_again_at_once_and_only_once() {
    let server = server_of("third");
    let (source, asked) = source([Some(token("second")), Some(token("third"))]);
    let client = server.client().reread_token(source).build().unwrap();
    let fetched = client.fetch(Feed::AuditEvents, &start()).await;
    assert_eq!(fetched.unwrap_err().kind(), ErrorKind::Unauthorized);
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    assert!(client.fetch(Feed::AuditEvents, &start()).await.is_ok());
    assert_eq!(server.tokens(), ["first", "second", "third"]);
}

#[tokio::test(start_paused = true)]
async fn a_token_of_another_account_is_not_taken() {
    let of = |account: &Value, name| token_with(&json!({ "1password.com/auuid": account }), name);
    for (old, new, taken) in [
        (json!("A"), json!("A"), true),
        (json!("A"), json!(null), true),
        (json!(null), json!("B"), true),
        (json!("A"), json!("B"), false),
    ] {
        let server = server_of("new");
        let (source, _) = source([Some(of(&new, "new"))]);
        let client = Client::builder(of(&old, "old"))
            .transport(server)
            .reread_token(source)
            .region(Region::Us)
            .build()
            .unwrap();
        attempt(&client).await;
        assert_eq!(
            attempt(&client).await.is_none(),
            taken,
            "from {old} to {new}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_for_another_server_is_not_taken() {
    let us = json!(["events.1password.com"]);
    let eu = json!(["events.1password.eu"]);
    let evil = json!(["evil.example"]);
    let none = json!([]);
    check_taken(&us, &us, |builder| builder, true).await;
    check_taken(&us, &eu, |builder| builder, false).await;
    check_taken(&us, &evil, |builder| builder, false).await;
    check_taken(&us, &none, |builder| builder, false).await;
    // A region was set for the old token, and holds for the new one.
    check_taken(&none, &none, |builder| builder.region(Region::Us), true).await;
    check_taken(&none, &us, |builder| builder.region(Region::Us), true).await;
    check_taken(&none, &eu, |builder| builder.region(Region::Us), false).await;
    // An address was set: the token must be of the same account's server still.
    let proxied = |builder: ClientBuilder| builder.url("https://proxy.example".parse().unwrap());
    check_taken(&eu, &eu, proxied, true).await;
    check_taken(&eu, &us, proxied, false).await;
}

async fn check_taken(
    old: &Value,
    new: &Value,
    set: impl FnOnce(ClientBuilder) -> ClientBuilder,
    taken: bool,
) {
    let server = server_of("new");
    let token = token_for(new, "new");
    let (source, asked) = source([Some(token.clone()), Some(token)]);
    let client = Client::builder(token_for(old, "old"))
        .transport(server.clone())
        .reread_token(source);
    let client = set(client).build().unwrap();
    for _ in 0..3 {
        attempt(&client).await;
    }
    let tokens = if taken {
        ["old", "new", "new"]
    } else {
        ["old"; 3]
    };
    assert_eq!(server.tokens(), tokens, "from {old} to {new}");
    assert_eq!(asked.load(Ordering::Relaxed), if taken { 1 } else { 2 });
}
