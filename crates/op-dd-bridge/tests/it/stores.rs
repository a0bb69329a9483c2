//! What every store promises, asked of each.

use std::sync::Arc;
use std::time::SystemTime;

use onepassword_events::{Cursor, Event, Feed, Position, Reset};
use op_dd_bridge::{
    Checkpoint, CursorStore, DeadLetter, DeadLetters, FileStore, MemoryStore, PageDigest, Place,
    StoreErrorKind, StreamId,
};

use crate::event::{name, time};

pub(crate) fn stream(account: &str) -> StreamId {
    StreamId {
        account: name(account),
        feed: Feed::ItemUsages,
        destination: name("datadog"),
    }
}

pub(crate) fn start() -> Place {
    Place {
        position: Reset::new("2026-06-14T19:00:00.25Z".parse().unwrap()).into(),
        last_page: None,
    }
}

pub(crate) fn after(cursor: &str) -> Place {
    let event = |uuid| Event::new(Feed::ItemUsages, format!("{{\"uuid\":\"{uuid}\"}}")).unwrap();
    Place {
        position: Position::After(Cursor::new(cursor).unwrap()),
        last_page: Some(PageDigest::of(&[event("A"), event("B")])),
    }
}

pub(crate) fn letter(uuid: &str) -> DeadLetter {
    let raw = format!("{{ \"uuid\" : \"{uuid}\", \"n\": 1.0 }}");
    let event = Event::new(Feed::ItemUsages, raw).unwrap();
    let at = time("2026-06-15T12:00:00Z");
    DeadLetter::new(&event, at, "the intake refused the log (400)", Some(400))
}

async fn starts_fresh(store: &impl CursorStore) {
    let fresh = store.load(&stream("fresh")).await.unwrap();
    assert_eq!(fresh, Checkpoint::fresh(stream("fresh")));
    assert_eq!((fresh.revision, fresh.place), (0, None));
}

async fn loads_what_was_committed(store: &impl CursorStore) {
    let mut checkpoint = store.load(&stream("kept")).await.unwrap();
    for (index, place) in [start(), after("c1"), after("c1"), after("\"\\ü\n")]
        .into_iter()
        .enumerate()
    {
        checkpoint = store.commit(&checkpoint, place.clone()).await.unwrap();
        assert_eq!(checkpoint.place, Some(place));
        assert_eq!(checkpoint.revision, index as u64 + 1);
        assert_eq!(checkpoint.stream, stream("kept"));
        assert_eq!(store.load(&stream("kept")).await.unwrap(), checkpoint);
    }
}

async fn refuses_a_commit_from_elsewhere(store: &impl CursorStore) {
    let fresh = store.load(&stream("moved")).await.unwrap();
    let first = store.commit(&fresh, start()).await.unwrap();
    let second = store.commit(&first, after("c1")).await.unwrap();
    let ahead = Checkpoint {
        revision: 7,
        ..second.clone()
    };
    for elsewhere in [fresh, first, ahead] {
        let error = store.commit(&elsewhere, after("c9")).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Conflict);
        assert!(error.to_string().contains("moved/itemusages/datadog"));
        assert_eq!(store.load(&stream("moved")).await.unwrap(), second);
    }
}

async fn keeps_streams_apart(store: &impl CursorStore) {
    let streams = [
        stream("one"),
        stream("two"),
        StreamId {
            feed: Feed::AuditEvents,
            ..stream("one")
        },
        StreamId {
            destination: name("archive"),
            ..stream("one")
        },
    ];
    for (index, stream) in streams.iter().enumerate() {
        let fresh = store.load(stream).await.unwrap();
        assert_eq!(fresh.revision, 0, "{stream}");
        let place = after(&format!("c{index}"));
        store.commit(&fresh, place).await.unwrap();
    }
    for (index, stream) in streams.iter().enumerate() {
        let place = store.load(stream).await.unwrap().place.unwrap();
        assert_eq!(place, after(&format!("c{index}")), "{stream}");
    }
}

async fn lets_one_of_many_win<S: CursorStore + 'static>(store: &Arc<S>) {
    let mut checkpoint = store.load(&stream("raced")).await.unwrap();
    for round in 0..10 {
        let racers: Vec<_> = (0..8)
            .map(|racer| {
                let (store, checkpoint) = (Arc::clone(store), checkpoint.clone());
                let place = after(&format!("{round} {racer}"));
                tokio::spawn(async move { store.commit(&checkpoint, place).await })
            })
            .collect();
        let mut won = Vec::new();
        for racer in racers {
            match racer.await.unwrap() {
                Ok(checkpoint) => won.push(checkpoint),
                Err(error) => assert_eq!(error.kind(), StoreErrorKind::Conflict),
            }
        }
        assert_eq!(won.len(), 1, "{won:?}");
        checkpoint = store.load(&stream("raced")).await.unwrap();
        assert_eq!(won, [checkpoint.clone()]);
    }
}

async fn keeps_letters<S: DeadLetters>(
    store: &S,
    letters: impl Fn(&S, &StreamId) -> Vec<DeadLetter>,
) {
    let [a, b, c] = ["A", "B", "C"].map(letter);
    store
        .keep(&stream("left"), &[a.clone(), b.clone()])
        .await
        .unwrap();
    store
        .keep(&stream("other"), std::slice::from_ref(&b))
        .await
        .unwrap();
    store
        .keep(&stream("left"), std::slice::from_ref(&c))
        .await
        .unwrap();
    assert_eq!(letters(store, &stream("left")), [a, b.clone(), c]);
    assert_eq!(letters(store, &stream("other")), [b]);
}

async fn check<S: CursorStore + DeadLetters + 'static>(
    store: S,
    letters: impl Fn(&S, &StreamId) -> Vec<DeadLetter>,
) {
    let store = Arc::new(store);
    starts_fresh(&*store).await;
    loads_what_was_committed(&*store).await;
    refuses_a_commit_from_elsewhere(&*store).await;
    keeps_streams_apart(&*store).await;
    lets_one_of_many_win(&store).await;
    keeps_letters(&*store, letters).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory_keeps_the_promises() {
    check(MemoryStore::default(), MemoryStore::letters).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_folder_keeps_the_promises() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::open(folder.path()).unwrap();
    check(
        store,
        |store,
         StreamId {
             account,
             feed,
             destination,
         }| {
            let file = format!("dead-letters/{account}/{feed}/{destination}.ndjson");
            let text = std::fs::read_to_string(store.path().join(file)).unwrap();
            let lines = text.lines();
            lines
                .map(|line| serde_json::from_str(line).unwrap())
                .collect()
        },
    )
    .await;
}

#[test]
fn a_page_is_known_by_its_ids_and_their_order() {
    let event = |json: &str| Event::new(Feed::ItemUsages, json.to_owned()).unwrap();
    let [a, b] = [r#"{"uuid":"A"}"#, r#"{"uuid":"B"}"#].map(event);
    let ab = PageDigest::of(&[a.clone(), b.clone()]);
    assert_eq!(
        ab,
        PageDigest::of(&[event(r#"{"x":1,"uuid":"A"}"#), b.clone()])
    );
    for other in [
        &[b.clone(), a.clone()][..],
        std::slice::from_ref(&a),
        &[a.clone(), b.clone(), b],
        &[event(r#"{"uuid":"AB"}"#)],
        &[event("7"), a.clone()],
        &[],
    ] {
        assert_ne!(ab, PageDigest::of(other));
    }
    assert_ne!(PageDigest::of(&[event("7")]), PageDigest::of(&[event("8")]));
}

#[test]
fn a_letter_holds_the_event_as_it_was() {
    let letter = letter("A");
    assert_eq!(letter.raw, "{ \"uuid\" : \"A\", \"n\": 1.0 }");
    let event = Event::new(Feed::ItemUsages, "[7]").unwrap();
    let letter = DeadLetter::new(&event, SystemTime::UNIX_EPOCH, "no object", None);
    assert_eq!(
        serde_json::to_string(&letter).unwrap(),
        r#"{"at":"1970-01-01T00:00:00Z","reason":"no object","status":null,"uuid":null,"raw":"[7]"}"#,
    );
}
