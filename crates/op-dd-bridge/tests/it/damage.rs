//! What a crash or a person does to the state folder: no stream begins again without a
//! word, and no cursor is lost.

use std::fs;
use std::path::Path;

use op_dd_bridge::{Checkpoint, CursorStore as _, DeadLetters as _, FileStore, StoreErrorKind};

use crate::file_store::{CURSOR, DIGEST, LETTERS, reopen};
use crate::stores::{after, letter, start, stream};

#[tokio::test]
async fn a_checkpoint_that_can_not_be_read_is_never_taken_for_none() {
    let good = format!(
        "{{\"format\":1,\"revision\":3,\"position\":{{\"after\":\"c1\"}},\
         \"last_page\":\"{DIGEST}\",\"committed_at\":\"2026-06-15T12:00:00Z\"}}"
    );
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::open(folder.path()).unwrap();
    let file = folder.path().join(CURSOR);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let put = |text: &[u8]| fs::write(&file, text).unwrap();

    put(good.as_bytes());
    let checkpoint = store.load(&stream("acme")).await.unwrap();
    assert_eq!(
        (checkpoint.revision, checkpoint.place),
        (3, Some(after("c1")))
    );

    for bad in [
        "",
        "\0\0\0\0",
        "garbage",
        "null",
        "{}",
        "[]",
        &good[..good.len() - 1],
        &good[..40],
        &format!("{good}}}"),
        &good.replace("\"format\":1", "\"format\":2"),
        &good.replace("\"format\":1", "\"format\":0"),
        &good.replace("\"format\":1", "\"format\":\"1\""),
        "{\"format\":2,\"place\":{\"something\":\"new\"}}",
        &good.replace("\"c1\"", "\"\""),
        &good.replace("{\"after\":\"c1\"}", "{}"),
        &good.replace("\"revision\":3", "\"revision\":-3"),
        &good.replace("\"revision\":3,", ""),
        "{\"format\":1,\"revision\":1,\"position\":{\"reset\":{\"start\":\"soon\",\
         \"end\":null,\"limit\":1000}},\"last_page\":null,\"committed_at\":\"\"}",
    ] {
        put(bad.as_bytes());
        let fresh = Checkpoint::fresh(stream("acme"));
        for error in [
            store.load(&stream("acme")).await.unwrap_err(),
            store.commit(&fresh, start()).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), StoreErrorKind::Unreadable, "{bad}");
            let text = error.to_string();
            assert!(text.contains(&file.display().to_string()), "{text}");
            assert!(text.contains("put it back from a copy"), "{text}");
            assert!(text.contains("begin its stream again"), "{text}");
        }
        assert_eq!(fs::read(&file).unwrap(), bad.as_bytes(), "left as it was");
    }
    put(b"\xff\xfe");
    let error = store.load(&stream("acme")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unreadable);

    put(good.replace("\"format\":1", "\"format\":2").as_bytes());
    let error = store.load(&stream("acme")).await.unwrap_err();
    assert!(error.to_string().contains("format 2"), "{error}");
    let other = store.load(&stream("other")).await.unwrap();
    assert_eq!(other.revision, 0, "one bad file is one bad stream");
}

#[tokio::test]
async fn a_checkpoint_that_was_changed_behind_its_back_is_a_conflict() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::open(folder.path()).unwrap();
    let fresh = Checkpoint::fresh(stream("acme"));
    let first = store.commit(&fresh, start()).await.unwrap();
    let file = folder.path().join(CURSOR);

    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("\"revision\":1", "\"revision\":9")).unwrap();
    let error = store.commit(&first, after("c1")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Conflict);
}

/// A store with a stream that has come to `c1`.
pub(crate) async fn begun(folder: &Path) -> (FileStore, Checkpoint) {
    let store = FileStore::open(folder).unwrap();
    let fresh = Checkpoint::fresh(stream("acme"));
    let first = store.commit(&fresh, start()).await.unwrap();
    let second = store.commit(&first, after("c1")).await.unwrap();
    (store, second)
}

/// What holds as long as something is missing: nothing is done, and nothing is made anew.
async fn check_gone(store: &FileStore, at: &Checkpoint, says: &[&str]) {
    for error in [
        store.commit(at, after("c2")).await.unwrap_err(),
        store.load(&at.stream).await.unwrap_err(),
        store
            .commit(&Checkpoint::fresh(at.stream.clone()), start())
            .await
            .unwrap_err(),
    ] {
        assert_eq!(error.kind(), StoreErrorKind::Gone, "{error}");
        let text = error.to_string();
        for words in says {
            assert!(text.contains(words), "{text}");
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_is_removed_while_in_use_is_missed_and_not_made_anew() {
    let parent = tempfile::tempdir().unwrap();
    let (folder, away) = (parent.path().join("state"), parent.path().join("away"));
    let (store, second) = begun(&folder).await;
    let name = folder.display().to_string();
    let says = [&*name, "was removed or replaced", "put it back"];

    fs::rename(&folder, &away).unwrap();
    check_gone(&store, &second, &says).await;
    let letters = [letter("A")];
    let error = store.keep(&stream("acme"), &letters).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Gone, "{error}");
    assert!(!folder.exists());

    // Nor does another one do in its place, even one that somebody else has begun in.
    fs::create_dir(&folder).unwrap();
    check_gone(&store, &second, &says).await;
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    fs::remove_dir(&folder).unwrap();
    fs::write(&folder, "").unwrap();
    check_gone(&store, &second, &says).await;
    fs::remove_file(&folder).unwrap();
    let other = FileStore::open(&folder).unwrap();
    check_gone(&store, &second, &says).await;
    assert!(!folder.join(CURSOR).exists());
    drop(other);
    fs::remove_dir_all(&folder).unwrap();

    // Back again, it is as if nothing had been.
    fs::rename(&away, &folder).unwrap();
    assert_eq!(store.load(&stream("acme")).await.unwrap(), second);
    let third = store.commit(&second, after("c2")).await.unwrap();
    assert_eq!(store.load(&stream("acme")).await.unwrap(), third);
    store.keep(&stream("acme"), &letters).await.unwrap();
}

#[tokio::test]
async fn a_checkpoint_that_is_removed_while_in_use_is_missed_and_not_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (store, second) = begun(folder.path()).await;
    let file = folder.path().join(CURSOR);
    let good = fs::read(&file).unwrap();
    let name = file.display().to_string();
    let says = [
        &*name,
        "was removed",
        "put it back",
        "start this process anew",
    ];
    fs::remove_file(&file).unwrap();
    check_gone(&store, &second, &says).await;
    assert!(!file.exists());
    fs::remove_dir_all(folder.path().join("cursors")).unwrap();
    check_gone(&store, &second, &says).await;
    assert!(!folder.path().join("cursors").exists());
    let other = store.load(&stream("other")).await.unwrap();
    assert_eq!(other.revision, 0, "what has not begun may begin");

    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, good).unwrap();
    store.commit(&second, after("c2")).await.unwrap();

    // Whoever wants the stream to begin again says so by a new start.
    fs::remove_file(&file).unwrap();
    let store = reopen(store);
    assert_eq!(store.load(&stream("acme")).await.unwrap().revision, 0);
}

#[tokio::test]
async fn what_a_crash_left_aside_is_removed_and_the_checkpoint_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (store, second) = begun(folder.path()).await;
    let cursors = folder.path().join("cursors");
    let good = fs::read(folder.path().join(CURSOR)).unwrap();
    // As a crash leaves them between writing aside and renaming: whole, half, or still empty.
    let left = ["acme/itemusages", "acme/auditevents", "acme"];
    for (place, length) in left.into_iter().zip([good.len(), good.len() / 2, 0]) {
        fs::create_dir_all(cursors.join(place)).unwrap();
        fs::write(cursors.join(place).join(".tmpA1b2C3"), &good[..length]).unwrap();
    }
    let store = reopen(store);
    for place in left {
        let file = cursors.join(place).join(".tmpA1b2C3");
        assert!(!file.exists(), "{}", file.display());
    }
    assert_eq!(fs::read(folder.path().join(CURSOR)).unwrap(), good);
    assert_eq!(store.load(&stream("acme")).await.unwrap(), second);
    let audit = store.load(&stream("other")).await.unwrap();
    assert_eq!(audit.revision, 0, "it was never committed");
}

/// Whole letters without their line's end, and what is left of a line that broke off.
fn torn(whole: &str) -> [(String, bool); 6] {
    let line = whole.trim_end();
    [
        (line.to_owned(), true),
        (line[..line.len() - 1].to_owned(), false),
        (line[..20].to_owned(), false),
        ("{".to_owned(), false),
        ("\0\0\0".to_owned(), false),
        // Longer than what is read at a time.
        (format!("{{\"raw\":\"{}", "x".repeat(200_000)), false),
    ]
}

#[tokio::test]
async fn a_dead_letter_that_a_crash_tore_spoils_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::open(folder.path()).unwrap();
    store.keep(&stream("acme"), &[letter("A")]).await.unwrap();
    let file = folder.path().join(LETTERS);
    let a = fs::read_to_string(&file).unwrap();
    let b = a.replace("\"A", "\"B").replace("\\\"A", "\\\"B");

    // Met by the next letter.
    for before in ["", &a] {
        for (tail, is_whole) in torn(&a) {
            fs::write(&file, format!("{before}{tail}")).unwrap();
            store.keep(&stream("acme"), &[letter("B")]).await.unwrap();
            let kept = if is_whole { &*a } else { "" };
            let text = fs::read_to_string(&file).unwrap();
            assert_eq!(text, format!("{before}{kept}{b}"), "{tail:.40}");
        }
    }
    // Met at the start, so that whoever reads the file is not in doubt until then.
    let mut store = store;
    for (tail, is_whole) in torn(&a) {
        fs::write(&file, format!("{b}{tail}")).unwrap();
        store = reopen(store);
        let kept = if is_whole { &*a } else { "" };
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(text, format!("{b}{kept}"), "{tail:.40}");
    }
}
