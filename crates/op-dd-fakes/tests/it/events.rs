use op_dd_fakes::{Event, FakeEvents, Feed, Generator};

use crate::wire::{ask, ask_after, clock, event, noon};

const FEED: Feed = Feed::ItemUsages;

/// Five events of the last hour, numbered from 0, and one from before.
async fn fake() -> FakeEvents {
    let fake = FakeEvents::builder()
        .clock(clock().0)
        .start()
        .await
        .unwrap();
    fake.insert(FEED, event(99, "2026-05-01T10:59:59Z"))
        .unwrap();
    for number in 0..5 {
        fake.insert(FEED, event(number, &format!("2026-05-01T11:0{number}:00Z")))
            .unwrap();
    }
    fake
}

#[tokio::test]
async fn an_empty_reset_is_the_last_hour() {
    let fake = fake().await;
    for body in ["{}", r#"{"cursor":""}"#] {
        let page = ask(&fake, FEED, body).await.unwrap();
        assert_eq!(page.status, 200);
        assert_eq!(page.uuids(), ["0", "1", "2", "3", "4"]);
        assert!(!page.has_more());
    }
}

#[tokio::test]
async fn cursors_lead_through_and_the_last_is_repeated() {
    let fake = fake().await;
    let first = ask(
        &fake,
        FEED,
        r#"{"limit":2,"start_time":"2026-05-01T11:00:00Z"}"#,
    )
    .await
    .unwrap();
    assert_eq!(
        (first.uuids(), first.has_more()),
        (vec!["0".to_owned(), "1".to_owned()], true)
    );
    let second = ask_after(&fake, FEED, &first.cursor()).await;
    assert_eq!(
        (second.uuids(), second.has_more()),
        (vec!["2".to_owned(), "3".to_owned()], true)
    );
    let third = ask_after(&fake, FEED, &second.cursor()).await;
    assert_eq!(
        (third.uuids(), third.has_more()),
        (vec!["4".to_owned()], false)
    );

    for _ in 0..2 {
        let end = ask_after(&fake, FEED, &third.cursor()).await;
        assert_eq!(end.cursor(), third.cursor());
        assert!(end.uuids().is_empty() && !end.has_more());
    }
    assert_eq!(
        ask_after(&fake, FEED, &first.cursor()).await.body,
        second.body,
        "a cursor can be used again"
    );
}

#[tokio::test]
async fn a_full_last_page_says_that_it_is_the_last() {
    let fake = fake().await;
    let page = ask(&fake, FEED, r#"{"limit":5}"#).await.unwrap();
    assert_eq!((page.uuids().len(), page.has_more()), (5, false));
}

#[tokio::test]
async fn a_late_event_is_met_by_the_cursor() {
    let fake = fake().await;
    let page = ask(&fake, FEED, r#"{"start_time":"2026-04-01T00:00:00Z"}"#)
        .await
        .unwrap();
    assert_eq!(page.uuids(), ["99", "0", "1", "2", "3", "4"]);
    fake.insert(FEED, event(50, "2026-04-10T00:00:00Z"))
        .unwrap();
    fake.insert(FEED, event(51, "2026-03-10T00:00:00Z"))
        .unwrap();
    let next = ask_after(&fake, FEED, &page.cursor()).await;
    assert_eq!(
        next.uuids(),
        ["50"],
        "the start of the reset stays in the cursor"
    );
    assert_ne!(next.cursor(), page.cursor());
}

#[tokio::test]
async fn an_end_is_for_ever() {
    let fake = fake().await;
    let body = r#"{"start_time":"2026-05-01T11:00:00Z","end_time":"2026-05-01T11:03:00Z"}"#;
    let page = ask(&fake, FEED, body).await.unwrap();
    assert_eq!((page.uuids().len(), page.has_more()), (3, false));
    fake.insert(FEED, event(5, "2026-05-01T11:03:00Z")).unwrap();
    assert_eq!(
        ask_after(&fake, FEED, &page.cursor()).await.cursor(),
        page.cursor()
    );
}

#[tokio::test]
async fn an_empty_feed_has_a_cursor_that_waits() {
    let fake = FakeEvents::builder()
        .clock(clock().0)
        .start()
        .await
        .unwrap();
    let page = ask(&fake, FEED, "{}").await.unwrap();
    assert!(page.uuids().is_empty() && !page.has_more());
    assert_eq!(
        ask_after(&fake, FEED, &page.cursor()).await.cursor(),
        page.cursor()
    );
    fake.insert(FEED, event(1, "2026-05-01T12:00:00Z")).unwrap();
    assert_eq!(ask_after(&fake, FEED, &page.cursor()).await.uuids(), ["1"]);
}

#[tokio::test]
async fn items_go_out_byte_for_byte() {
    let odd = "{ \"timestamp\":\"2026-05-01T11:30:00.100Z\",\n\t\"n\": 1.0e2, \"n\": 1, \"t\":\"\\u00e9 é\" }";
    let fake = FakeEvents::builder()
        .clock(clock().0)
        .start()
        .await
        .unwrap();
    fake.insert(FEED, odd).unwrap();
    fake.insert_all([Event::at(FEED, noon(), "42").unwrap()])
        .unwrap();
    let page = ask(&fake, FEED, "{}").await.unwrap();
    let cursor = page.cursor();
    assert_eq!(
        page.body,
        format!(r#"{{"cursor":"{cursor}","has_more":false,"items":[{odd},42]}}"#)
    );
    assert!(fake.insert(FEED, "{").is_err());
    assert!(fake.insert(FEED, "{}").is_err(), "when did it happen?");
    assert!(
        fake.insert(FEED, r#"["2026-05-01T11:30:00Z"]"#).is_err(),
        "a timestamp is not an event"
    );
}

#[tokio::test]
async fn a_cursor_outlives_the_fake() {
    let generator = Generator::new(1, noon(), 400);
    let start = || async {
        let builder = FakeEvents::builder()
            .clock(clock().0)
            .account(generator.account_uuid());
        builder.events(generator.clone()).start().await.unwrap()
    };
    let before = start().await;
    let page = ask(
        &before,
        FEED,
        r#"{"limit":10,"start_time":"2026-04-01T12:00:00Z"}"#,
    )
    .await
    .unwrap();
    let next = ask_after(&before, FEED, &page.cursor()).await;
    assert_eq!(next.uuids().len(), 10);
    before.stop().await;

    let after = start().await;
    assert_eq!(
        ask_after(&after, FEED, &page.cursor()).await.body,
        next.body
    );

    let other = FakeEvents::builder()
        .clock(clock().0)
        .account("ANOTHER")
        .events(generator.clone());
    assert_eq!(
        ask_after(&other.start().await.unwrap(), FEED, &page.cursor())
            .await
            .status,
        400
    );
    let emptied = FakeEvents::builder()
        .account(generator.account_uuid())
        .start()
        .await
        .unwrap();
    assert_eq!(
        ask_after(&emptied, FEED, &page.cursor()).await.status,
        400,
        "the data are not those"
    );
}

#[tokio::test]
async fn a_cursor_belongs_to_its_feed() {
    let fake = fake().await;
    let cursor = ask(&fake, FEED, "{}").await.unwrap().cursor();
    for (feed, cursor) in [
        (Feed::AuditEvents, cursor.clone()),
        (FEED, format!("A{cursor}")),
        (FEED, cursor[1..].to_owned()),
        (FEED, "unknown".to_owned()),
    ] {
        let answer = ask_after(&fake, feed, &cursor).await;
        assert_eq!(
            (answer.status, &*answer.body),
            (400, r#"{"Error":{"Message":"Bad Request"}}"#)
        );
    }
}

#[tokio::test]
async fn a_malformed_body_is_refused() {
    let fake = fake().await;
    for body in [
        "",
        "{",
        r#"{"limit":1001}"#,
        r#"{"limit":0}"#,
        r#"{"limit":5,"cursor":"x"}"#,
    ] {
        assert_eq!(ask(&fake, FEED, body).await.unwrap().status, 400, "{body}");
    }
}

/// Everything that the generator makes comes through, in its order.
#[tokio::test]
async fn a_generated_history_can_be_drained() {
    let events: Vec<Event> = Generator::new(2, noon(), 5000).collect();
    let fake = FakeEvents::builder()
        .clock(clock().0)
        .events(events.clone())
        .start()
        .await
        .unwrap();
    for feed in Feed::ALL {
        let mut page = ask(
            &fake,
            feed,
            r#"{"limit":1000,"start_time":"2026-04-01T12:00:00Z"}"#,
        )
        .await
        .unwrap();
        let mut uuids = page.uuids();
        while page.has_more() {
            page = ask_after(&fake, feed, &page.cursor()).await;
            uuids.extend(page.uuids());
        }
        let expected: Vec<String> = events
            .iter()
            .filter(|event| event.feed() == feed)
            .map(|event| {
                let value: serde_json::Value = serde_json::from_str(event.json()).unwrap();
                value["uuid"].as_str().unwrap().to_owned()
            })
            .collect();
        assert_eq!(uuids, expected);
    }
}
