//! What holds for the workspace as a whole.

use std::path::Path;

/// The name `datadog-logs` belongs to somebody else on the registry. A path dependency of that name
/// would silently become that crate once packaged, so none may be in the lock file.
#[test]
fn no_stranger_stands_in_for_the_logs_client() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let lock = std::fs::read_to_string(root.join("Cargo.lock")).unwrap();
    let lock: toml::Table = lock.parse().unwrap();
    let packages = lock["package"].as_array().unwrap();
    let named = |name: &str| {
        packages
            .iter()
            .filter(|package| package["name"].as_str() == Some(name))
            .collect::<Vec<_>>()
    };
    assert!(
        named("datadog-logs").is_empty(),
        "a stranger's crate is in the graph"
    );
    let [ours] = named("datadog-logs-intake")[..] else {
        panic!("the logs client is not in the graph exactly once");
    };
    assert!(ours.get("source").is_none(), "it comes from a registry");
}
