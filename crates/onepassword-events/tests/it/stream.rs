//! Pages and events as streams.

use std::pin::pin;

use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use onepassword_events::{AuditEvent, Cursor, ErrorKind, Feed, ItemUsage, Page};
use serde_json::{Value, json};

use crate::server::{Server, page, said, start, status};

fn event(uuid: &str) -> Value {
    json!({ "uuid": uuid, "timestamp": "2026-01-01T00:00:00Z", "action": "fill" })
}

#[tokio::test(start_paused = true)]
async fn pages_follow_each_other_until_there_is_no_more() {
    let server = Server::script([
        page("c1", true, &[event("A"), event("B")]),
        // An empty page is not the end.
        page("c2", true, &[]),
        page("c3", false, &[event("C")]),
        page("never", false, &[event("D")]),
    ]);
    let client = server.client().build().unwrap();
    let pages = client.pages(Feed::ItemUsages, start());
    assert_eq!(
        server.count(),
        0,
        "nothing is asked for before it is wanted"
    );
    let pages: Vec<Page> = pages.try_collect().await.unwrap();
    let seen: Vec<_> = pages
        .iter()
        .map(|page| (page.cursor().as_str(), page.events().len(), page.has_more()))
        .collect();
    assert_eq!(seen, [("c1", 2, true), ("c2", 0, true), ("c3", 1, false)]);
    assert_eq!(
        server.cursors(),
        [None, Some("c1".into()), Some("c2".into())]
    );
    assert!(
        server
            .requests()
            .iter()
            .all(|request| request.uri().path() == "/api/v2/itemusages")
    );
}

#[tokio::test(start_paused = true)]
async fn a_reading_goes_on_where_it_left_off() {
    let server = Server::script([page("c9", false, &[event("A")])]);
    let client = server.client().build().unwrap();
    let kept = Cursor::new("c8").unwrap();
    let pages: Vec<Page> = client
        .pages(Feed::ItemUsages, kept.into())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(pages[0].cursor().as_str(), "c9");
    assert_eq!(server.cursors(), [Some("c8".into())]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stays_in_its_place_ends_the_reading() {
    let server = Server::new(|_| page("stuck", true, &[]));
    let client = server.client().build().unwrap();
    let pages = client.pages(Feed::ItemUsages, start());
    let pages: Vec<Page> = pages.try_collect().await.unwrap();
    assert_eq!(pages.len(), 2);
    assert_eq!(server.cursors(), [None, Some("stuck".into())]);

    // With events in it the same place is worth asking for again.
    let server = Server::script([
        page("same", true, &[event("A")]),
        page("same", true, &[event("B")]),
        page("same", true, &[]),
        page("never", false, &[]),
    ]);
    let client = server.client().build().unwrap();
    let pages = client.pages(Feed::ItemUsages, start());
    assert_eq!(pages.count().await, 3);
    assert_eq!(server.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_error_ends_the_reading() {
    let server = Server::script([page("c1", true, &[event("A")]), status(400)]);
    let client = server.client().build().unwrap();
    let mut pages = pin!(client.pages(Feed::ItemUsages, start()));
    assert!(pages.next().await.unwrap().is_ok());
    let error = pages.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadRequest);
    assert!(pages.next().await.is_none());
    assert_eq!(server.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_error_that_passes_is_not_seen() {
    let server = Server::script([
        page("c1", true, &[event("A")]),
        status(503),
        status(429),
        page("c2", false, &[event("B")]),
    ]);
    let client = server.client().build().unwrap();
    let pages: Vec<Page> = client
        .pages(Feed::ItemUsages, start())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(pages.len(), 2);
    let c1 = || Some("c1".to_owned());
    assert_eq!(server.cursors(), [None, c1(), c1(), c1()]);
}

#[tokio::test(start_paused = true)]
async fn a_bad_event_is_an_error_among_the_others() {
    let server = Server::script([
        page(
            "c1",
            true,
            &[event("A"), json!({ "uuid": "BAD" }), event("B")],
        ),
        page("c2", true, &[]),
        page("c3", true, &[json!(7), event("C")]),
        said(200, "no page"),
    ]);
    let client = server.client().build().unwrap();
    let events = client.events::<ItemUsage>(start());
    let seen: Vec<_> = events
        .map(|event| match event {
            Ok(event) => event.uuid.clone(),
            Err(error) => format!("{:?}", error.kind()),
        })
        .collect()
        .await;
    assert_eq!(seen, ["A", "BadEvent", "B", "BadEvent", "C", "BadPage"]);
    assert_eq!(server.count(), 4);
}

#[tokio::test(start_paused = true)]
async fn streams_outlive_their_client_and_move_between_threads() {
    fn check<S: Stream + Send + 'static>(stream: S) -> S {
        stream
    }
    let server = Server::script([]);
    let pages = check(
        server
            .client()
            .build()
            .unwrap()
            .pages(Feed::AuditEvents, start()),
    );
    let events = check(
        server
            .client()
            .build()
            .unwrap()
            .events::<AuditEvent>(start()),
    );
    let (pages, events) = tokio::spawn(async { (pages.count().await, events.count().await) })
        .await
        .unwrap();
    assert_eq!((pages, events), (1, 0));
}
