use std::time::Duration;

use op_dd_fakes::{Event, FakeEvents, FaultScript, Feed};

use crate::wire::{ask, ask_after, client, clock, event, noon};

const FEED: Feed = Feed::SignInAttempts;

/// Three events, and faults.
async fn fake(script: &str) -> FakeEvents {
    let events =
        (0..3).map(|number| Event::new(FEED, event(number, "2026-05-01T11:30:00Z")).unwrap());
    let script: FaultScript = script.parse().unwrap();
    let builder = FakeEvents::builder()
        .clock(clock().0)
        .events(events)
        .script(script);
    builder.start().await.unwrap()
}

async fn status(fake: &FakeEvents) -> Option<u16> {
    ask(fake, FEED, "{}").await.ok().map(|answer| answer.status)
}

#[tokio::test]
async fn faults_happen_in_order_and_then_no_more() {
    let fake = fake("events:500x2 intake:403 events:ok events:cut events:401 events:lost").await;
    assert_eq!(fake.faults_left(), 6);
    let mut statuses = Vec::new();
    for _ in 0..7 {
        statuses.push(status(&fake).await);
    }
    assert_eq!(
        statuses,
        [
            Some(500),
            Some(500),
            Some(200),
            None,
            Some(401),
            None,
            Some(200)
        ]
    );
    let counts = fake.counts();
    assert_eq!(
        (
            counts.of_status(500),
            counts.of_status(200),
            counts.unanswered()
        ),
        (2, 2, 2)
    );

    fake.script("events:503".parse::<FaultScript>().unwrap());
    assert_eq!(
        (status(&fake).await, status(&fake).await),
        (Some(503), Some(200))
    );
}

#[tokio::test]
async fn only_the_feeds_use_faults_up() {
    let fake = fake("events:500").await;
    let introspect = client()
        .get(format!("{}/api/v2/auth/introspect", fake.url()))
        .bearer_auth(fake.token());
    assert_eq!(introspect.send().await.unwrap().status(), 200);
    assert_eq!(fake.faults_left(), 1);
}

#[tokio::test]
async fn a_status_may_say_when_to_come_again_or_where_to_go() {
    let fake = fake("events:429=2s events:503=1500ms events:307").await;
    let answer = ask(&fake, FEED, "{}").await.unwrap();
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (429, Some("2"))
    );
    assert_eq!(answer.body, r#"{"Error":{"Message":"Too Many Requests"}}"#);
    assert_eq!(
        ask(&fake, FEED, "{}").await.unwrap().header("retry-after"),
        Some("2")
    );
    let answer = ask(&fake, FEED, "{}").await.unwrap();
    assert_eq!(
        (answer.status, answer.header("location")),
        (307, Some("/redirected"))
    );
}

#[tokio::test]
async fn an_empty_page_leads_back_to_where_one_was() {
    let fake = fake("events:empty events:ok events:empty").await;
    let empty = ask(&fake, FEED, r#"{"limit":2}"#).await.unwrap();
    assert!(empty.uuids().is_empty() && empty.has_more());
    let page = ask_after(&fake, FEED, &empty.cursor()).await;
    assert_eq!(
        page.uuids(),
        ["0", "1"],
        "the limit of the reset is in the cursor"
    );
    let empty = ask_after(&fake, FEED, &page.cursor()).await;
    assert!(empty.uuids().is_empty() && empty.has_more());
    assert_eq!(empty.cursor(), page.cursor());
    assert_eq!(ask_after(&fake, FEED, &empty.cursor()).await.uuids(), ["2"]);
}

#[tokio::test]
async fn a_page_may_be_spoilt() {
    let fake = fake("events:nocursor events:emptycursor events:garbage").await;
    let page = ask(&fake, FEED, "{}").await.unwrap();
    assert!(page.json().get("cursor").is_none() && page.uuids().len() == 3);
    let page = ask(&fake, FEED, "{}").await.unwrap();
    assert!(page.json()["cursor"] == "" && page.uuids().len() == 3);
    let page = ask(&fake, FEED, "{}").await.unwrap();
    assert!(page.status == 200 && serde_json::from_str::<serde_json::Value>(&page.body).is_err());
}

#[tokio::test]
async fn a_slow_answer_is_an_ordinary_one() {
    let fake = fake("events:slow=30ms").await;
    let started = std::time::Instant::now();
    assert_eq!(status(&fake).await, Some(200));
    assert!(started.elapsed() >= Duration::from_millis(30));
}

/// Waits until the fake has the request, which it will never answer.
async fn arrived(fake: &FakeEvents) {
    while fake.counts().total() == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_client_that_gives_up_is_on_record() {
    let fake = fake("events:slow=10m").await;
    tokio::select! {
        answer = ask(&fake, FEED, "{}") => panic!("too early: {answer:?}"),
        () = arrived(&fake) => {}
    }
    assert_eq!(fake.counts().unanswered(), 1);
    let requests = fake.requests();
    assert_eq!(
        (requests.len(), requests[0].at, requests[0].status),
        (1, noon(), None)
    );
}

#[tokio::test]
async fn a_fake_stops_in_the_middle_of_an_answer() {
    let fake = fake("events:slow=10m").await;
    let request = client()
        .post(format!("{}{}", fake.url(), FEED.path()))
        .bearer_auth(fake.token())
        .body("{}")
        .send();
    let stop = async {
        arrived(&fake).await;
        fake.stop().await;
    };
    let (answer, ()) = tokio::join!(request, stop);
    assert!(answer.is_err());
}
