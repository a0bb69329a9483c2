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

/// A promise names the tests that show it: a test that was renamed would leave it without.
#[test]
fn every_test_that_a_promise_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut sources = Vec::new();
    for folder in ["crates", "tests"] {
        read_sources(&root.join(folder), &mut sources).unwrap();
    }
    for page in ["docs/reliability.md", "SECURITY.md"] {
        let text = std::fs::read_to_string(root.join(page)).unwrap();
        let rows = text.lines().filter(|line| line.starts_with('|'));
        let code = rows.flat_map(|row| row.split('`').skip(1).step_by(2));
        // A test's name is a sentence.
        let names = code.filter_map(|code| code.rsplit("::").next());
        let names: Vec<_> = names
            .filter(|name| name.matches('_').count() >= 3 && !name.contains([' ', '.']))
            .collect();
        assert!(names.len() > 10, "{page} names {} tests", names.len());
        for name in names {
            let test = format!("fn {name}(");
            let found = sources.iter().any(|source| source.contains(&test));
            assert!(found, "{page} names {name}, which is no test");
        }
    }
}

fn read_sources(folder: &Path, sources: &mut Vec<String>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read_sources(&path, sources)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push(std::fs::read_to_string(path)?);
        }
    }
    Ok(())
}
