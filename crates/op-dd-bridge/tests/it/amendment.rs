//! What is changed by hand: as it was found or not at all, and never without a line in the journal.

use std::fs;
use std::path::Path;

use op_dd_bridge::{
    Amendment, Checkpoint, CursorStore as _, FileStore, Note, Place, StoreErrorKind,
};
use serde_json::{Value, json};

use crate::damage::begun;
use crate::file_store::{CURSOR, DIGEST, reopen};
use crate::stores::{after, start, stream};

fn amendment(account: &str, found: Option<u64>, next: Option<Place>) -> Amendment {
    Amendment {
        stream: stream(account),
        found,
        next,
    }
}

fn note(reason: &str) -> Note {
    Note::new("cursor set", reason).user(Some("alice".to_owned()))
}

/// The journal, without what differs from run to run.
fn journal(folder: &Path) -> Vec<Value> {
    let text = fs::read_to_string(folder.join("changes.ndjson")).unwrap_or_default();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines
        .map(|mut line: Value| {
            let at = line["at"].take();
            assert!(
                at.as_str()
                    .unwrap()
                    .parse::<onepassword_events::Timestamp>()
                    .is_ok()
            );
            assert_eq!(line["pid"].take(), std::process::id());
            line.as_object_mut()
                .unwrap()
                .retain(|key, _| key != "at" && key != "pid");
            line
        })
        .collect()
}

#[tokio::test]
async fn a_stream_goes_on_where_it_was_put_and_the_journal_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let (store, second) = begun(folder.path()).await;
    let changes = vec![
        amendment("acme", Some(2), Some(after("c9"))),
        amendment("new", Some(0), Some(start())),
    ];
    store
        .amend(changes, note("the copy of Monday"))
        .await
        .unwrap();

    let acme = store.load(&stream("acme")).await.unwrap();
    assert_eq!((acme.revision, acme.place), (3, Some(after("c9"))));
    let new = store.load(&stream("new")).await.unwrap();
    assert_eq!((new.revision, new.place), (1, Some(start())));
    let error = store.commit(&second, after("c3")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Conflict);

    let changes = vec![amendment("acme", Some(3), None)];
    store.amend(changes, note("from the start")).await.unwrap();
    let fresh = Checkpoint::fresh(stream("acme"));
    assert_eq!(store.load(&stream("acme")).await.unwrap(), fresh);
    assert!(!folder.path().join(CURSOR).exists());

    let start = json!({"reset": {"start": "2026-06-14T19:00:00.25Z", "end": null, "limit": 1000}});
    let expected = [
        json!({
            "command": "cursor set", "stream": "acme/itemusages/datadog",
            "before": {"revision": 2, "position": {"after": "c1"}, "last_page": DIGEST},
            "after": {"position": {"after": "c9"}, "last_page": DIGEST},
            "reason": "the copy of Monday", "user": "alice",
        }),
        json!({
            "command": "cursor set", "stream": "new/itemusages/datadog",
            "before": null, "after": {"position": start, "last_page": null},
            "reason": "the copy of Monday", "user": "alice",
        }),
        json!({
            "command": "cursor set", "stream": "acme/itemusages/datadog",
            "before": {"revision": 3, "position": {"after": "c9"}, "last_page": DIGEST},
            "after": null, "reason": "from the start", "user": "alice",
        }),
    ];
    assert_eq!(journal(folder.path()), expected);
}

#[tokio::test]
async fn one_that_is_not_as_it_was_found_keeps_all_from_being_changed() {
    let folder = tempfile::tempdir().unwrap();
    let (store, second) = begun(folder.path()).await;
    for wrong in [Some(0), Some(1), Some(3), None] {
        let changes = vec![
            amendment("new", Some(0), Some(start())),
            amendment("acme", wrong, Some(after("c9"))),
        ];
        let error = store.amend(changes, note("why")).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Conflict, "{wrong:?}");
    }
    assert_eq!(store.load(&stream("acme")).await.unwrap(), second);
    assert_eq!(store.load(&stream("new")).await.unwrap().revision, 0);
    assert_eq!(journal(folder.path()), Vec::<Value>::new());
}

#[tokio::test]
async fn a_stream_is_not_moved_twice_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (store, second) = begun(folder.path()).await;
    let changes = vec![
        amendment("acme", Some(2), Some(after("c8"))),
        amendment("acme", Some(2), Some(after("c9"))),
    ];
    let error = store.amend(changes, note("why")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Conflict);
    assert_eq!(store.load(&stream("acme")).await.unwrap(), second);
    assert_eq!(journal(folder.path()), Vec::<Value>::new());
}

/// Or what somebody of this process still holds would fit what took its place.
#[tokio::test]
async fn revisions_count_on_where_a_checkpoint_was_removed_or_broke() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::open(folder.path()).unwrap();
    let fresh = store.load(&stream("acme")).await.unwrap();
    let old = store.commit(&fresh, start()).await.unwrap();

    let removal = vec![amendment("acme", Some(1), None)];
    store.amend(removal, note("why")).await.unwrap();
    let place = vec![amendment("acme", Some(0), Some(after("c8")))];
    store.amend(place, note("why")).await.unwrap();
    let error = store.commit(&old, after("c1")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Conflict);

    let old = store.load(&stream("acme")).await.unwrap();
    assert_eq!((old.revision, &old.place), (2, &Some(after("c8"))));
    fs::write(folder.path().join(CURSOR), "{").unwrap();
    let place = vec![amendment("acme", None, Some(after("c9")))];
    store.amend(place, note("why")).await.unwrap();
    let error = store.commit(&old, after("c1")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Conflict);
    let known = store.load(&stream("acme")).await.unwrap();
    assert_eq!((known.revision, known.place), (3, Some(after("c9"))));
}

#[tokio::test]
async fn a_checkpoint_that_can_not_be_read_makes_way_and_stands_in_the_journal() {
    for next in [Some(start()), None] {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = begun(folder.path()).await;
        let store = reopen(store);
        fs::write(folder.path().join(CURSOR), "gar\"bage").unwrap();
        let broken = amendment("acme", None, next.clone());
        store.amend(vec![broken], note("it broke")).await.unwrap();
        let known = store.load(&stream("acme")).await.unwrap();
        assert_eq!((known.revision == 0, known.place), (next.is_none(), next));
        let before = &journal(folder.path())[0]["before"];
        assert_eq!(before, &json!({"unreadable": "gar\"bage"}));
    }
}

#[tokio::test]
async fn nothing_is_changed_if_the_journal_can_not_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let (store, second): (FileStore, _) = begun(folder.path()).await;
    fs::create_dir(folder.path().join("changes.ndjson")).unwrap();
    let changes = vec![amendment("acme", Some(2), None)];
    let error = store.amend(changes, note("why")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(error.to_string().contains("changes.ndjson"), "{error}");
    assert_eq!(store.load(&stream("acme")).await.unwrap(), second);
}
