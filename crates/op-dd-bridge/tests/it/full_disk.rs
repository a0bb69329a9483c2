//! A state folder on a disk that is full, which only Linux makes at no cost.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::{fs, io};

use op_dd_bridge::{Checkpoint, CursorStore as _, DeadLetter, DeadLetters as _, StoreErrorKind};

use crate::damage::begun;
use crate::file_store::{CURSOR, FOLDER, LETTERS, STARTING, reopen};
use crate::stores::{after, letter, start, stream};

#[tokio::test]
#[ignore = "the test below runs it, on a small disk of its own"]
async fn fills_a_small_disk() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let folder = Path::new(&folder);
    let (store, second) = begun(folder).await;
    store.keep(&stream("acme"), &[letter("A")]).await.unwrap();
    let letters = fs::read_to_string(folder.join(LETTERS)).unwrap();
    let checkpoint = fs::read_to_string(folder.join(CURSOR)).unwrap();

    let hog = folder.join("hog");
    let error = fs::write(&hog, vec![0; 1 << 20]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    let long = DeadLetter {
        raw: "x".repeat(20_000),
        ..letter("B")
    };
    for room in [0, 8 * 1024] {
        let rest = fs::metadata(&hog).unwrap().len() - room;
        let hog = fs::OpenOptions::new().write(true).open(&hog).unwrap();
        hog.set_len(rest).unwrap();
        let mut errors = vec![
            store
                .keep(&stream("acme"), &[letter("A"), long.clone()])
                .await
                .unwrap_err(),
        ];
        if room == 0 {
            errors.push(store.commit(&second, after("c2")).await.unwrap_err());
            let fresh = Checkpoint::fresh(stream("other"));
            errors.push(store.commit(&fresh, start()).await.unwrap_err());
        }
        for error in errors {
            assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
            let text = error.to_string();
            assert!(text.contains("No space left"), "{text}");
            assert!(text.contains("the disk's room"), "{text}");
        }
        let text = fs::read_to_string(folder.join(LETTERS)).unwrap();
        assert_eq!(text, letters, "half a letter stays");
        let text = fs::read_to_string(folder.join(CURSOR)).unwrap();
        assert_eq!(text, checkpoint);
        let beside = fs::read_dir(folder.join(CURSOR).parent().unwrap()).unwrap();
        assert_eq!(beside.count(), 1, "what was written aside is gone");
    }
    assert_eq!(store.load(&stream("acme")).await.unwrap(), second);
    // Full as it is, a new start finds everything.
    let store = reopen(store);
    assert_eq!(store.load(&stream("acme")).await.unwrap(), second);

    fs::remove_file(&hog).unwrap();
    store.keep(&stream("acme"), &[long]).await.unwrap();
    store.commit(&second, after("c2")).await.unwrap();
    let text = fs::read_to_string(folder.join(LETTERS)).unwrap();
    assert_eq!(text.lines().count(), 2);
}

#[test]
fn a_full_disk_costs_neither_cursor_nor_letter() {
    let folder = tempfile::tempdir().unwrap();
    let starting = STARTING.write().unwrap();
    // What is mounted there is seen by that process alone, and ends with it.
    let mount = "mount -t tmpfs -o size=64k none \"$0\" && echo mounted && exec \"$@\"";
    let child = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", mount])
        .arg(folder.path())
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "full_disk::fills_a_small_disk"])
        .args(["--ignored", "--nocapture"])
        .env(FOLDER, folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    drop(starting);
    let output = child.and_then(Child::wait_with_output);
    let output = output.map(|output| {
        let texts = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
        (output.status.success(), texts.join("\n"))
    });
    match output {
        Ok((success, text)) if text.starts_with("mounted") => {
            assert!(success && text.contains("1 passed"), "{text}");
        }
        refused => {
            eprintln!("SKIPPED, AND NOTHING SHOWN: no small disk can be had here: {refused:?}");
        }
    }
}
