//! Traffic of the real API that others recorded and published, for comparison: it is read where it is there, and never
//! part of this crate.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// A request and the real answer to it.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) body: String,
    pub(crate) status: u16,
    pub(crate) answer: String,
}

/// The recordings of one part of the API, `v1/monitors` for example: each with its name and its exchanges, in order.
/// None, and a loud word on it, if they aren't there.
pub(crate) fn recordings(part: &str) -> Vec<(String, Vec<Recorded>)> {
    let folder = folder().join(part);
    let Ok(entries) = fs::read_dir(&folder) else {
        eprintln!("skipped: {} isn't there", folder.display());
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
        .into_iter()
        .map(|path| (name(&path), read(&path)))
        .collect()
}

fn folder() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    root.join("shared/data/datadog/api-cassettes")
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

fn read(path: &Path) -> Vec<Recorded> {
    let file: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let exchanges = file["http_interactions"].as_array().unwrap();
    exchanges.iter().map(exchange).collect()
}

fn exchange(exchange: &Value) -> Recorded {
    let (request, response) = (&exchange["request"], &exchange["response"]);
    let target = request["uri"].as_str().unwrap();
    Recorded {
        method: request["method"].as_str().unwrap().to_uppercase(),
        target: target
            .trim_start_matches("https://api.datadoghq.com")
            .to_owned(),
        body: body(&request["body"]),
        status: u16::try_from(response["status"]["code"].as_u64().unwrap()).unwrap(),
        answer: body(&response["body"]),
    }
}

/// A body that is recorded bare, or beside the name of its encoding.
fn body(recorded: &Value) -> String {
    let text = recorded.as_str().or_else(|| recorded["string"].as_str());
    text.unwrap().trim().to_owned()
}
