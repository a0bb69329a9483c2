//! When requests go out, and how long they may take.

use std::time::Duration;

use futures_util::future::join_all;
use onepassword_events::{Client, ErrorKind, EventSource, Feed, Pacer, Retry, RetryPolicy};
use tokio::time::Instant;

use crate::server::{Server, Silent, start, status, token};

#[tokio::test(start_paused = true)]
async fn every_attempt_takes_a_permit() {
    let server = Server::new(|_| status(503));
    let mut policy = RetryPolicy::default();
    policy.attempts = 3;
    policy.first = Duration::from_millis(1);
    let client = server
        .client()
        .pacer(Pacer::new(0.1, 1))
        .retries(policy)
        .build()
        .unwrap();
    client.fetch(Feed::AuditEvents, &start()).await.unwrap_err();
    client.page(Feed::AuditEvents, &start()).await.unwrap_err();
    client.introspect().await.unwrap_err();
    check_seconds(&server, &[0, 10, 20, 30, 40, 50, 60, 70, 80]);
}

#[tokio::test(start_paused = true)]
async fn clients_of_one_account_share_a_pacer() {
    let server = Server::script([]);
    let one = server.client().pacer(Pacer::new(0.5, 1)).build().unwrap();
    let two = server.client().pacer(one.pacer().clone()).build().unwrap();
    let clients = [&one, &two, &one.clone(), &two.clone()];
    let position = start();
    let pages = clients.map(|client| client.page(Feed::AuditEvents, &position));
    assert!(join_all(pages).await.iter().all(Result::is_ok));
    check_seconds(&server, &[0, 2, 4, 6]);
}

#[tokio::test(start_paused = true)]
async fn a_sibling_takes_its_permits_elsewhere() {
    let server = Server::script([]);
    let pacer = Pacer::new(0.5, 3);
    let one = server.client().pacer(pacer.clone()).build().unwrap();
    let two = one.with_pacer(pacer.reserving(1));
    for client in [&one, &two, &one, &one] {
        client.page(Feed::AuditEvents, &start()).await.unwrap();
    }
    // The first but one waits until there is one to leave, which the next one takes.
    check_seconds(&server, &[0, 4, 4, 6]);
}

#[tokio::test(start_paused = true)]
async fn clients_of_two_accounts_do_not_wait_for_each_other() {
    let server = Server::script([]);
    for _ in 0..3 {
        let client = server.client().build().unwrap();
        client.page(Feed::AuditEvents, &start()).await.unwrap();
    }
    check_seconds(&server, &[0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_has_its_time_and_no_more() {
    let client = silent().build().unwrap();
    let start_time = Instant::now();
    let error = client.page(Feed::AuditEvents, &start()).await.unwrap_err();
    assert_eq!(start_time.elapsed().as_secs(), 30);
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.retry(), Retry::Backoff);
    assert_eq!(
        error.to_string(),
        "events.1password.com gave no whole answer within 30s"
    );
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_permit_is_not_part_of_the_attempt() {
    let pacer = Pacer::new(0.01, 1);
    pacer.permit().await;
    let client = silent().pacer(pacer).timeout(Duration::from_secs(5));
    let client = client.build().unwrap();
    let start_time = Instant::now();
    let error = client.page(Feed::AuditEvents, &start()).await.unwrap_err();
    assert_eq!(start_time.elapsed().as_secs(), 105);
    assert_eq!(error.kind(), ErrorKind::Timeout);
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_asked_again_by_policy() {
    let mut policy = RetryPolicy::default();
    policy.attempts = 1;
    let client = silent().retries(policy).build().unwrap();
    let start_time = Instant::now();
    client.fetch(Feed::AuditEvents, &start()).await.unwrap_err();
    assert!((61..=62).contains(&start_time.elapsed().as_secs()));
}

fn silent() -> onepassword_events::ClientBuilder {
    Client::builder(token("first")).transport(Silent)
}

fn check_seconds(server: &Server, expected: &[u64]) {
    let seconds: Vec<_> = server.seconds().iter().map(|at| at.round()).collect();
    let expected: Vec<_> = expected.iter().map(|at| *at as f64).collect();
    assert_eq!(seconds, expected);
}
