//! An archive on a real disk.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use datadog_logs::{
    Archive, JsonObject, LogEntry, LogSink as _, Retry, SendErrorKind, Status, Tags,
};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::Value;

/// Every file below a folder, by its path below it, but for the lock.
pub(super) fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with(".unfinished/lock") {
                let below = path.strip_prefix(folder).unwrap().to_owned();
                found.insert(below, fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// The lines of a packed object.
fn lines(packed: &[u8]) -> Vec<Value> {
    let mut text = String::new();
    let mut unpack = flate2::read::GzDecoder::new(packed);
    unpack.read_to_string(&mut text).unwrap();
    assert!(text.ends_with('\n'));
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

pub(super) fn dated(message: &str, timestamp: &str) -> LogEntry {
    LogEntry::new(message)
        .attribute("timestamp", &timestamp)
        .unwrap()
}

#[tokio::test]
async fn each_hour_is_an_object_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("new/archive");
    let archive = Archive::open(&root).unwrap();
    assert_eq!(archive.send(&[]).await.unwrap().accepted, 0);
    let receipt = archive
        .send(&[
            dated("a", "2026-01-02T03:59:59.9999Z"),
            dated("b", "2026-01-02T04:00:00Z"),
            dated("c", "2026-01-02T05:00:00+02:00"),
        ])
        .await
        .unwrap();
    assert_eq!((receipt.accepted, receipt.requests), (3, 2));
    let files = files(&root);
    let found: Vec<_> = files
        .iter()
        .map(|(path, packed)| {
            let folder = path.parent().unwrap().to_str().unwrap();
            let said = lines(packed)
                .iter()
                .map(|log| log["message"].to_string())
                .collect::<String>();
            (folder, said)
        })
        .collect();
    assert_eq!(
        found,
        [
            ("dt=20260102/hour=03", "\"a\"\"c\"".to_owned()),
            ("dt=20260102/hour=04", "\"b\"".to_owned())
        ]
    );
    for (path, packed) in &files {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert_eq!(name.split_once('.').unwrap().1, "json.gz");
        assert_eq!(&packed[4..8], [0; 4], "no time of writing");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&root.join(path)), 0o600);
            assert_eq!(mode(root.join(path).parent().unwrap()), 0o700);
            assert_eq!(mode(&root), 0o700);
        }
    }
}

#[tokio::test]
async fn what_a_crash_left_is_no_object_and_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    archive
        .send(&[dated("a", "2026-01-02T03:00:00Z")])
        .await
        .unwrap();
    let before = files(folder.path());
    drop(archive);
    let left = folder.path().join(".unfinished/.tmpTorn");
    fs::write(&left, b"\x1f\x8b").unwrap();
    assert!(!left.to_str().unwrap().ends_with(".json.gz"));

    let archive = Archive::open(folder.path()).unwrap();
    assert!(!left.exists());
    archive
        .send(&[dated("a", "2026-01-02T03:00:00Z")])
        .await
        .unwrap();
    assert_eq!(files(folder.path()), before, "written again, not twice");
}

#[tokio::test]
async fn what_a_page_shares_with_another_is_there_twice_under_one_id() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    let [a, b] = ["a", "b"].map(|message| dated(message, "2026-01-02T03:00:00Z"));
    archive.send(std::slice::from_ref(&a)).await.unwrap();
    archive.send(&[a, b]).await.unwrap();
    let files = files(folder.path());
    assert_eq!(files.len(), 2);
    let logs = files.values().flat_map(|packed| lines(packed));
    let ids: Vec<_> = logs.map(|log| log["_id"].to_string()).collect();
    assert_eq!(ids.len(), 3);
    assert_eq!(BTreeSet::from_iter(&ids).len(), 2);
}

#[test]
fn a_folder_that_somebody_has_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    let unfinished = folder.path().join(".unfinished/.tmpOfTheOther");
    fs::write(&unfinished, "half").unwrap();
    let error = Archive::open(folder.path()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the archive {}, which process {} holds, can't be taken: stop that process, or choose another \
             folder",
            folder.path().display(),
            std::process::id()
        )
    );
    assert_eq!(error.retry(), Retry::Never);
    assert!(unfinished.exists());
    drop(archive);
    Archive::open(folder.path()).unwrap();
    assert!(!unfinished.exists());
}

#[test]
fn a_folder_among_what_is_unfinished_is_no_obstacle() {
    let folder = tempfile::tempdir().unwrap();
    let theirs = folder.path().join(".unfinished/theirs");
    fs::create_dir_all(&theirs).unwrap();
    Archive::open(folder.path()).unwrap();
    assert!(theirs.exists());
}

#[tokio::test]
async fn a_folder_that_is_gone_is_missed() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("archive");
    let archive = Archive::open(&root).unwrap();
    fs::remove_dir_all(&root).unwrap();
    // As where a disk was mounted.
    for empty in [false, true] {
        if empty {
            fs::create_dir(&root).unwrap();
        }
        let error = archive
            .send(&[dated("a", "2026-01-02T03:00:00Z")])
            .await
            .unwrap_err();
        assert_eq!(
            error.kind(),
            SendErrorKind::Storage(io::ErrorKind::NotFound)
        );
        assert_eq!(error.retry(), Retry::Backoff);
        let expect = format!(
            "the archive {} is gone: put the folder back",
            root.display()
        );
        assert!(error.to_string().starts_with(&expect), "{error}");
        assert_eq!(root.exists() && files(&root).is_empty(), empty);
    }
}

#[tokio::test]
async fn an_hour_that_can_not_be_written_leaves_the_others_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    fs::write(folder.path().join("dt=20260103"), "in the way").unwrap();
    let entries = [
        dated("a", "2026-01-03T00:00:00Z"),
        dated("b", "2026-01-02T00:00:00Z"),
    ];
    let error = archive.send(&entries).await.unwrap_err();
    assert_eq!(error.accepted(), [1]);
    assert!(matches!(error.kind(), SendErrorKind::Storage(_)));
    assert!(
        error.to_string().contains("look at the folder's rights"),
        "{error}"
    );

    fs::remove_file(folder.path().join("dt=20260103")).unwrap();
    archive.send(&entries).await.unwrap();
    assert_eq!(files(folder.path()).len(), 2);
}

#[test]
fn a_folder_that_can_not_be_made_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Archive::open(file.join("archive")).unwrap_err();
    assert_eq!(error.retry(), Retry::Never);
    assert!(
        error.to_string().contains("file/archive can't be written"),
        "{error}"
    );
    assert!(!error.to_string().contains("again"), "{error}");
}

/// A log in any hour of a few days far apart, and what its line must say.
fn any_log() -> impl Strategy<Value = (String, String, Option<Status>, bool)> {
    let days = prop::sample::select(vec![
        -62_167_219_200_000_i64,
        -1,
        0,
        951_782_399_999,
        1_767_225_600_000,
        253_402_000_000_000,
    ]);
    let date = (days, 0..200_000_000_i64).prop_map(|(day, after)| {
        let time = Timestamp::from_millisecond(day + after).unwrap();
        time.to_string()
    });
    let status = prop::option::of(prop::sample::select(vec![Status::Info, Status::Error]));
    (any::<String>(), date, status, any::<bool>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn every_log_ends_in_its_hour_once_whatever_is_sent_again(
        logs in prop::collection::vec(any_log(), 1..40),
        cuts in prop::collection::vec(0..40_usize, 0..4),
        again in prop::collection::vec(any::<bool>(), 5),
    ) {
        let entries: Vec<_> = logs.iter().enumerate().map(|(n, (message, date, status, rich))| {
            let raw = format!("{{ \"n\" :\n{n}, \"other\":1.50e3,\r\n\"timestamp\":\"{date}\"}}");
            let entry = LogEntry::new(message.as_str()).attributes(JsonObject::parse(raw).unwrap());
            let entry = match status {
                Some(status) => entry.status(*status),
                None => entry,
            };
            if *rich {
                entry.source("1password").service("s").host("h").tags(Tags::new(["a:b", "c"]).unwrap())
            } else {
                entry
            }
        }).collect();
        let mut cuts: BTreeSet<_> = cuts.into_iter().map(|cut| cut.min(entries.len())).collect();
        cuts.extend([0, entries.len()]);
        let cuts: Vec<_> = cuts.into_iter().collect();

        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut archive = Archive::open(folder.path()).unwrap();
        for (pair, again) in cuts.windows(2).zip(&again) {
            let page = &entries[pair[0]..pair[1]];
            let receipt = runtime.block_on(archive.send(page)).unwrap();
            prop_assert_eq!(receipt.accepted, page.len());
            if *again {
                let before = files(folder.path());
                drop(archive);
                archive = Archive::open(folder.path()).unwrap();
                runtime.block_on(archive.send(page)).unwrap();
                prop_assert_eq!(files(folder.path()), before);
            }
        }

        let mut found = BTreeMap::new();
        for (path, packed) in files(folder.path()) {
            for line in lines(&packed) {
                let date = line["date"].as_str().unwrap();
                let (day, hour) = (date[..10].replace('-', ""), &date[11..13]);
                let folder = format!("dt={day}/hour={hour}");
                prop_assert_eq!(path.parent().unwrap(), Path::new(&folder));
                let n = line["attributes"]["n"].as_u64().unwrap();
                prop_assert!(found.insert(n, line).is_none(), "log {} twice", n);
            }
        }
        prop_assert_eq!(found.len(), logs.len());
        for ((message, date, status, rich), line) in logs.iter().zip(found.into_values()) {
            let mut keys: Vec<_> = line.as_object().unwrap().keys().map(String::as_str).collect();
            keys.sort_unstable();
            let mut expect = vec!["_id", "attributes", "date", "message", "tags"];
            expect.extend(status.map(|_| "status"));
            expect.extend(rich.then_some(["host", "service", "source"]).into_iter().flatten());
            expect.sort_unstable();
            prop_assert_eq!(keys, expect);
            prop_assert_eq!(line["_id"].as_str().unwrap().len(), 24);
            prop_assert_eq!(line["message"].as_str().unwrap(), message);
            prop_assert_eq!(line["attributes"]["timestamp"].as_str().unwrap(), date);
            let time: Timestamp = date.parse().unwrap();
            let kept = format!("{time:.3}");
            prop_assert_eq!(line["date"].as_str().unwrap(), kept);
        }
    }
}
