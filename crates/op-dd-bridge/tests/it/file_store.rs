//! What others find in the state folder, and who may have it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::RwLock;

use onepassword_events::Timestamp;
use op_dd_bridge::{Checkpoint, CursorStore as _, DeadLetters as _, FileStore, StoreErrorKind};

use crate::stores::{after, letter, start, stream};

pub(crate) const CURSOR: &str = "cursors/acme/itemusages/datadog.json";
pub(crate) const LETTERS: &str = "dead-letters/acme/itemusages/datadog.ndjson";
/// The SHA-256 of the lines `A` and `B`.
pub(crate) const DIGEST: &str = "daee1cd25194ae952d046ad9b9c81d3c07dc5332440b58d6d7461b248be56712";

fn check_file(folder: &Path, before_time: &str) {
    let text = fs::read_to_string(folder.join(CURSOR)).unwrap();
    let time = text.strip_prefix(before_time);
    let time = time.and_then(|rest| rest.strip_suffix("\"}"));
    assert!(
        time.is_some_and(|time| time.parse::<Timestamp>().is_ok()),
        "{text}"
    );
}

#[tokio::test]
async fn a_checkpoint_has_its_documented_form() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::open(folder.path()).unwrap();
    let fresh = Checkpoint::fresh(stream("acme"));
    let first = store.commit(&fresh, start()).await.unwrap();
    check_file(
        folder.path(),
        "{\"format\":1,\"revision\":1,\"position\":{\"reset\":{\
         \"start\":\"2026-06-14T19:00:00.25Z\",\"end\":null,\"limit\":1000}},\
         \"last_page\":null,\"committed_at\":\"",
    );
    store.commit(&first, after("c/1")).await.unwrap();
    check_file(
        folder.path(),
        &format!(
            "{{\"format\":1,\"revision\":2,\"position\":{{\"after\":\"c/1\"}},\
             \"last_page\":\"{DIGEST}\",\"committed_at\":\""
        ),
    );
    let beside = fs::read_dir(folder.path().join("cursors/acme/itemusages")).unwrap();
    assert_eq!(beside.count(), 1, "what was written aside is gone");
}

#[tokio::test]
async fn a_dead_letter_is_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::open(folder.path()).unwrap();
    store.keep(&stream("acme"), &[letter("A")]).await.unwrap();
    assert_eq!(
        fs::read_to_string(folder.path().join(LETTERS)).unwrap(),
        concat!(
            r#"{"at":"2026-06-15T12:00:00Z","reason":"the intake refused the log (400)","#,
            r#""status":400,"uuid":"A","raw":"{ \"uuid\" : \"A\", \"n\": 1.0 }"}"#,
            "\n"
        )
    );
}

#[cfg(unix)]
#[tokio::test]
async fn everything_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("made/here");
    let store = FileStore::open(&folder).unwrap();
    let fresh = Checkpoint::fresh(stream("acme"));
    let first = store.commit(&fresh, start()).await.unwrap();
    store.commit(&first, after("c1")).await.unwrap();
    store.keep(&stream("acme"), &[letter("A")]).await.unwrap();
    for (path, expected) in [
        ("", 0o700),
        ("lock", 0o600),
        ("cursors", 0o700),
        ("cursors/acme", 0o700),
        ("cursors/acme/itemusages", 0o700),
        (CURSOR, 0o600),
        ("dead-letters", 0o700),
        ("dead-letters/acme/itemusages", 0o700),
        (LETTERS, 0o600),
    ] {
        let mode = fs::metadata(folder.join(path))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o7777, expected, "{path}: {mode:o}");
    }
}

#[tokio::test]
async fn a_folder_that_is_opened_again_knows_everything() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::open(folder.path()).unwrap();
    let fresh = Checkpoint::fresh(stream("acme"));
    let first = store.commit(&fresh, start()).await.unwrap();
    store.keep(&stream("acme"), &[letter("A")]).await.unwrap();

    let store = reopen(store);
    assert_eq!(store.load(&stream("acme")).await.unwrap(), first);
    let second = store.commit(&first, after("c1")).await.unwrap();
    assert_eq!(second.revision, 2);
    store.keep(&stream("acme"), &[letter("B")]).await.unwrap();
    let letters = fs::read_to_string(folder.path().join(LETTERS)).unwrap();
    assert_eq!(letters.lines().count(), 2);
}

/// Held alone while a process is started, which has all open files until it has become the other
/// program: a lock that is let go of meanwhile is still held.
pub(crate) static STARTING: RwLock<()> = RwLock::new(());

pub(crate) fn reopen(store: FileStore) -> FileStore {
    let _nothing_is_starting = STARTING.read().unwrap();
    let folder = store.path().to_owned();
    drop(store);
    FileStore::open(folder).unwrap()
}

fn check_held(folder: &Path, holder: u32) {
    let error = FileStore::open(folder).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Held);
    let text = error.to_string();
    assert!(text.contains(&folder.display().to_string()), "{text}");
    assert!(text.contains(&format!("process {holder}:")), "{text}");
}

#[test]
fn a_folder_is_held_until_the_last_clone_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::open(folder.path()).unwrap();
    check_held(folder.path(), std::process::id());
    let clone = store.clone();
    drop(store);
    check_held(folder.path(), std::process::id());
    reopen(clone);
}

/// The folder for a test that is another's other process.
pub(crate) const FOLDER: &str = "OP_DD_BRIDGE_TEST_FOLDER";

#[test]
#[ignore = "the other process of the test below"]
fn holds_a_folder_until_it_is_killed() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        let _store = FileStore::open(folder).unwrap();
        println!("\nheld");
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
    }
}

#[test]
fn a_folder_that_another_process_holds_is_refused_until_it_dies() {
    let folder = tempfile::tempdir().unwrap();
    let starting = STARTING.write().unwrap();
    let mut other = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "file_store::holds_a_folder_until_it_is_killed"])
        .args(["--ignored", "--nocapture"])
        .env(FOLDER, folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(starting);
    let output = BufReader::new(other.stdout.take().unwrap());
    let held = output.lines().any(|line| line.unwrap() == "held");
    assert!(held, "the other process could not take the folder");
    check_held(folder.path(), other.id());
    other.kill().unwrap();
    other.wait().unwrap();
    FileStore::open(folder.path()).unwrap();
}

#[tokio::test]
async fn a_folder_that_can_not_be_had_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let below = file.join("state");
    let error = FileStore::open(&below).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(
        error.to_string().contains(&below.display().to_string()),
        "{error}"
    );

    let store = FileStore::open(folder.path()).unwrap();
    fs::write(folder.path().join("dead-letters"), "").unwrap();
    let error = store
        .keep(&stream("acme"), &[letter("A")])
        .await
        .unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(error.to_string().contains(LETTERS), "{error}");
}
