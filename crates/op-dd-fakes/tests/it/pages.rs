use std::fs;
use std::path::Path;

use op_dd_fakes::{Error, FakeEvents, FaultScript, Feed};
use tempfile::TempDir;

use crate::wire::{ask, ask_after, event};

const FIRST: &str =
    "{ \"cursor\":\"a\", \"has_more\": true,\n \"items\":[{\"uuid\":\"1\"}, {\"uuid\":\"2\"}] }\n";
const SECOND: &str = r#"{"cursor":"b","has_more":true,"items":[{"uuid":"3"}],"extra":1}"#;

/// A folder with two pages of one feed, which goes with the value.
fn two_pages() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("auditevents")).unwrap();
    write(&folder, "010.json", SECOND);
    write(&folder, "002.json", FIRST);
    write(&folder, "notes.txt", "not a page");
    folder
}

fn write(folder: &TempDir, file: &str, text: &str) {
    fs::write(folder.path().join("auditevents").join(file), text).unwrap();
}

#[tokio::test]
async fn pages_go_out_byte_for_byte_in_the_order_of_their_names() {
    let folder = two_pages();
    let fake = FakeEvents::builder()
        .pages(folder.path())
        .start()
        .await
        .unwrap();
    for reset in ["{}", r#"{"start_time":"2099-01-01T00:00:00Z","limit":1}"#] {
        assert_eq!(
            ask(&fake, Feed::AuditEvents, reset).await.unwrap().body,
            FIRST
        );
    }
    assert_eq!(ask_after(&fake, Feed::AuditEvents, "a").await.body, SECOND);
    let end = ask_after(&fake, Feed::AuditEvents, "b").await;
    assert_eq!(end.body, r#"{"cursor":"b","has_more":false,"items":[]}"#);
    assert_eq!(ask_after(&fake, Feed::AuditEvents, "c").await.status, 400);
    assert_eq!(
        ask_after(&fake, Feed::ItemUsages, "a").await.status,
        400,
        "another feed's"
    );
    assert!(matches!(
        fake.insert(Feed::AuditEvents, event(1, "2026-05-01T12:00:00Z")),
        Err(Error::PagesOnly)
    ));
}

#[tokio::test]
async fn a_feed_without_a_folder_is_empty() {
    let folder = two_pages();
    let fake = FakeEvents::builder()
        .pages(folder.path())
        .start()
        .await
        .unwrap();
    let page = ask(&fake, Feed::ItemUsages, "{}").await.unwrap();
    assert!(page.uuids().is_empty() && !page.has_more());
    assert_eq!(
        ask_after(&fake, Feed::ItemUsages, &page.cursor())
            .await
            .body,
        page.body
    );
}

#[tokio::test]
async fn faults_spoil_recorded_pages_too() {
    let folder = two_pages();
    let script: FaultScript = "events:empty events:ok events:empty events:nocursor"
        .parse()
        .unwrap();
    let fake = FakeEvents::builder()
        .pages(folder.path())
        .script(script)
        .start()
        .await
        .unwrap();
    let empty = ask(&fake, Feed::AuditEvents, "{}").await.unwrap();
    assert!(empty.uuids().is_empty() && empty.has_more());
    assert_eq!(
        ask_after(&fake, Feed::AuditEvents, &empty.cursor())
            .await
            .body,
        FIRST
    );
    let empty = ask_after(&fake, Feed::AuditEvents, "a").await;
    assert_eq!(empty.body, r#"{"cursor":"a","has_more":true,"items":[]}"#);
    let page = ask_after(&fake, Feed::AuditEvents, "a").await;
    assert_eq!(page.body, r#"{"has_more":true,"items":[{"uuid":"3"}]}"#);
}

#[tokio::test]
async fn a_recording_may_end_with_the_repeated_cursor() {
    let end = r#"{"cursor":"b","has_more":false,"items":[]}"#;
    let folder = two_pages();
    write(&folder, "011.json", end);
    let fake = FakeEvents::builder()
        .pages(folder.path())
        .start()
        .await
        .unwrap();
    for _ in 0..2 {
        assert_eq!(ask_after(&fake, Feed::AuditEvents, "b").await.body, end);
    }
}

#[tokio::test]
async fn a_bad_file_is_named() {
    for (name, text, hint) in [
        ("no_json", "{", "EOF"),
        (
            "no_cursor",
            r#"{"has_more":true,"items":[]}"#,
            "missing field `cursor`",
        ),
        (
            "empty_cursor",
            r#"{"cursor":"","has_more":true,"items":[]}"#,
            "empty",
        ),
        ("array", r#"["c",true,[]]"#, "no JSON object"),
        (
            "items",
            r#"{"cursor":"c","has_more":true,"items":{}}"#,
            "invalid type",
        ),
        (
            "same_cursor",
            r#"{"cursor":"a","has_more":true,"items":[1]}"#,
            "002.json",
        ),
    ] {
        let folder = two_pages();
        write(&folder, "020.json", text);
        let error = FakeEvents::builder()
            .pages(folder.path())
            .start()
            .await
            .unwrap_err();
        assert!(matches!(error, Error::BadPage { .. }), "{error:?}");
        let error = error.to_string();
        assert!(
            error.contains("020.json") && error.contains(hint),
            "{name}: {error}"
        );
    }
    let error = FakeEvents::builder()
        .pages("/does/not/exist")
        .start()
        .await
        .unwrap_err();
    assert!(matches!(error, Error::ReadPage { .. }), "{error:?}");
    let empty = tempfile::tempdir().unwrap();
    let error = FakeEvents::builder().pages(empty.path()).start();
    let error = error.await.unwrap_err();
    assert!(matches!(error, Error::NoPages { .. }), "{error:?}");
}

/// Pages that others recorded, where they are at hand.
#[tokio::test]
async fn recorded_samples_can_be_drained() {
    let samples =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/1password/pages");
    if !samples.is_dir() {
        println!("SKIPPED: no samples in {}", samples.display());
        return;
    }
    let fake = FakeEvents::builder().pages(&samples).start().await.unwrap();
    for feed in Feed::ALL {
        let mut page = ask(&fake, feed, "{}").await.unwrap();
        let mut pages = 1;
        while page.has_more() {
            page = ask_after(&fake, feed, &page.cursor()).await;
            pages += 1;
        }
        assert_eq!(
            pages,
            fs::read_dir(samples.join(feed.name())).unwrap().count()
        );
    }
}
