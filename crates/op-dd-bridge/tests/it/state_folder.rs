//! What can be seen of a state folder from outside, whoever holds it and whatever is broken in it.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use onepassword_events::Feed;
use op_dd_bridge::{
    CursorStore as _, DeadLetters as _, FileStore, StateFolder, StoreErrorKind, StreamId, Success,
};
use serde_json::{Value, json};

use crate::damage::begun;
use crate::event::{name, time};
use crate::file_store::{CURSOR, reopen};
use crate::stores::{after, letter, start, stream};

#[tokio::test]
async fn all_of_it_is_seen_while_a_process_holds_it() {
    let folder = tempfile::tempdir().unwrap();
    let (store, second) = begun(folder.path()).await;
    let letters = [letter("A"), letter("B")];
    store.keep(&stream("acme"), &letters).await.unwrap();
    let archive = StreamId {
        feed: Feed::AuditEvents,
        destination: name("archive"),
        ..stream("beta")
    };
    store.keep(&archive, &letters[..1]).await.unwrap();
    // None of ours.
    let beside = folder.path().join("cursors/acme/itemusages");
    fs::write(beside.join("datadog.json.copy"), "").unwrap();
    fs::write(beside.join(".tmpA1b2C3"), "").unwrap();
    fs::write(folder.path().join("cursors/README"), "").unwrap();

    let seen = StateFolder::read(folder.path()).unwrap();
    assert_eq!(seen.holder.unwrap().pid, Some(std::process::id()));
    assert_eq!(seen.faults.len(), 0);
    let [acme, beta] = &seen.streams[..] else {
        panic!("{seen:?}");
    };
    let kept = acme.checkpoint.as_ref().unwrap().as_ref().unwrap();
    assert_eq!(kept.checkpoint, second);
    let ago =
        SystemTime::now().duration_since(kept.committed_at.as_ref().unwrap().to_system_time());
    assert!(ago.unwrap() < Duration::from_secs(600));
    assert_eq!(acme.dead_letters.as_ref().unwrap().letters, 2);
    assert_eq!(beta.stream, archive);
    assert!(beta.checkpoint.as_ref().unwrap().is_none());
    assert_eq!(beta.dead_letters.as_ref().unwrap().letters, 1);
    let file = folder
        .path()
        .join("dead-letters/beta/auditevents/archive.ndjson");
    assert_eq!(
        beta.dead_letters.as_ref().unwrap().bytes,
        fs::metadata(file).unwrap().len()
    );

    reopen(store);
    let seen = StateFolder::read(folder.path()).unwrap();
    assert_eq!(seen.holder, None);
    assert_eq!(seen.streams.len(), 2);
}

#[tokio::test]
async fn what_is_broken_is_named_and_hides_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = begun(folder.path()).await;
    let other = store.load(&stream("other")).await.unwrap();
    store.commit(&other, start()).await.unwrap();
    fs::write(folder.path().join(CURSOR), "{").unwrap();
    fs::write(folder.path().join("successes.json"), "{").unwrap();
    fs::write(folder.path().join("dead-letters"), "").unwrap();

    let seen = StateFolder::read(folder.path()).unwrap();
    let [acme, other] = &seen.streams[..] else {
        panic!("{seen:?}");
    };
    let error = acme.checkpoint.as_ref().unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unreadable);
    assert!(error.to_string().contains(CURSOR), "{error}");
    assert!(other.checkpoint.as_ref().unwrap().is_some());
    assert_eq!(other.last_success, None);
    assert!(other.dead_letters.is_err());
    let [fault] = &seen.faults[..] else {
        panic!("{seen:?}");
    };
    assert!(fault.to_string().contains("dead-letters"), "{fault}");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_an_error_and_is_not_made() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("state");
    let error = StateFolder::read(&folder).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(
        error.to_string().contains("there is no state folder"),
        "{error}"
    );
    assert!(!folder.exists());
}

fn success(at: &str) -> Success {
    Success {
        at: time(at),
        lag: Some(Duration::from_secs(4)),
    }
}

async fn last(store: &FileStore, account: &str) -> Option<Success> {
    store.last_success(&stream(account)).await.unwrap()
}

#[tokio::test]
async fn a_quiet_stream_was_well_when_it_was_noted_and_a_busy_one_when_it_was_committed() {
    let folder = tempfile::tempdir().unwrap();
    let (store, second) = begun(folder.path()).await;
    let quiet = store.load(&stream("quiet")).await.unwrap();
    store.commit(&quiet, start()).await.unwrap();
    assert_eq!(last(&store, "fresh").await, None);
    let committed = last(&store, "acme").await.unwrap();
    assert_eq!(committed.lag, None);
    date(folder.path(), "quiet", "2026-06-15T11:00:00Z");

    let noted = [
        (stream("acme"), success("2026-06-15T11:30:00Z")),
        (stream("quiet"), success("2026-06-15T12:00:00Z")),
    ];
    store.note_successes(&noted).await.unwrap();
    let store = reopen(store);
    assert_eq!(last(&store, "quiet").await, Some(noted[1].1));
    let seen = StateFolder::read(folder.path()).unwrap();
    assert_eq!(seen.streams[1].last_success, Some(noted[1].1));

    // What is noted of some leaves what was noted of others, and a commit is the later of the two.
    store.note_successes(&noted[..1]).await.unwrap();
    store.commit(&second, after("c2")).await.unwrap();
    let store = reopen(store);
    assert_eq!(last(&store, "quiet").await, Some(noted[1].1));
    let latest = last(&store, "acme").await.unwrap();
    assert!(latest.at >= committed.at);
    assert_eq!(latest.lag, noted[0].1.lag);
}

/// Dates the commit of an account's checkpoint.
fn date(folder: &Path, account: &str, at: &str) {
    let path = folder.join(CURSOR.replace("acme", account));
    let mut kept: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    kept["committed_at"] = json!(at);
    fs::write(&path, kept.to_string()).unwrap();
}

#[tokio::test]
async fn a_time_that_is_still_to_come_hides_no_outage() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = begun(folder.path()).await;
    let ahead = [(stream("acme"), success("2200-01-01T00:00:00Z"))];
    store.note_successes(&ahead).await.unwrap();
    date(folder.path(), "acme", "2200-01-01T00:00:00Z");
    let seen = StateFolder::read(folder.path()).unwrap();
    assert_eq!(seen.streams[0].last_success, None);

    // All that is sure is that it was before now; and that is so for the processes after this one.
    let store = reopen(store);
    let known = last(&store, "acme").await.unwrap();
    assert!(known.at <= SystemTime::now());
    let store = reopen(store);
    assert!(last(&store, "acme").await.unwrap().at <= known.at);
}

#[tokio::test]
async fn what_is_noted_of_streams_that_are_no_more_is_let_go_of_and_a_strange_entry_hides_no_other()
{
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = begun(folder.path()).await;
    let kept = stream("acme");
    let path = folder.path().join("successes.json");
    let at = "2026-06-15T12:00:00Z";
    let noted = json!({
        kept.to_string(): {"at": at},
        stream("gone").to_string(): {"at": at},
        "acme/newfeed/datadog": {"at": at},
        "acme/itemusages/archive": {"when": at},
    });
    fs::write(&path, noted.to_string()).unwrap();
    date(folder.path(), "acme", "2026-06-15T11:00:00Z");

    let store = reopen(store);
    assert_eq!(last(&store, "acme").await.unwrap().at, time(at));
    store.note_successes(&[]).await.unwrap();
    let noted: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let noted: Vec<_> = noted.as_object().unwrap().keys().collect();
    assert_eq!(noted, [&kept.to_string()]);
}

#[cfg(unix)]
#[tokio::test]
async fn what_can_not_be_looked_into_is_a_fault() {
    let folder = tempfile::tempdir().unwrap();
    begun(folder.path()).await;
    for name in ["lost", "found"] {
        let link = folder.path().join("cursors").join(name);
        std::os::unix::fs::symlink("lost", link).unwrap();
    }
    let seen = StateFolder::read(folder.path()).unwrap();
    assert_eq!(seen.streams.len(), 1);
    assert_eq!(seen.faults.len(), 2, "{seen:?}");
}

#[tokio::test]
async fn a_stream_that_was_never_well_has_begun_with_the_commit_of_its_start() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::open(folder.path()).unwrap();
    let fresh = store.load(&stream("acme")).await.unwrap();
    store.commit(&fresh, start()).await.unwrap();
    assert!(last(&store, "acme").await.is_some());
    let seen = StateFolder::read(folder.path()).unwrap();
    assert_eq!(seen.streams[0].last_success, None);
}
