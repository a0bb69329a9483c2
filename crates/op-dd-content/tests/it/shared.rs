//! What others published, for comparison: it is read where it is there, and never part of this crate.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The folder of Datadog's own files.
pub(crate) fn folder() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    root.join("shared/data/datadog")
}

/// Says so, loudly, if it isn't there.
pub(crate) fn is_absent() -> bool {
    let absent = !folder().is_dir();
    if absent {
        eprintln!("skipped: {} isn't there", folder().display());
    }
    absent
}

/// The JSON files of a folder of it, each with its name; none, if it isn't there.
pub(crate) fn json_files(name: &str) -> Vec<(String, Value)> {
    if is_absent() {
        return Vec::new();
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(folder().join(name)).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "json") {
            let json = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            files.push((path.display().to_string(), json));
        }
    }
    files
}
