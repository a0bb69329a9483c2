use std::fs;

use tempfile::TempDir;

use super::*;

fn written(text: &[u8]) -> (TempDir, Secret) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("secret");
    fs::write(&path, text).unwrap();
    (folder, Secret::File(path))
}

#[test]
fn one_newline_at_the_end_is_none_of_it() {
    for (text, secret) in [("a", "a"), ("a\n", "a"), ("a\n\n", "a\n"), (" a\r\n", " a")] {
        let (_folder, file) = written(text.as_bytes());
        assert_eq!(file.read().unwrap(), secret);
    }
}

#[test]
fn what_can_be_no_secret_is_refused_without_showing_it() {
    let most = usize::try_from(MOST_BYTES).unwrap();
    for (text, why) in [
        ("", "is empty: put the secret there"),
        (" \n", "is empty: put the secret there"),
        (&*"x".repeat(most + 1), "is longer than any secret"),
    ] {
        let (_folder, file) = written(text.as_bytes());
        let error = file.read().unwrap_err();
        assert!(error.contains(why), "{error}");
        assert!(!error.contains("xx"), "{error}");
    }
    let (_folder, file) = written(&"x".repeat(most).into_bytes());
    assert!(file.read().is_ok());
    let (_folder, file) = written(b"\xff");
    assert!(file.read().unwrap_err().contains("can't be read"));
}

#[test]
fn many_are_given_in_their_order() {
    let files: Vec<_> = (0..50)
        .map(|n: u32| written(n.to_string().as_bytes()))
        .collect();
    let nowhere = Secret::File("/nowhere/secret".into());
    let mut secrets: Vec<_> = files.iter().map(|(_, file)| file).collect();
    secrets.insert(7, &nowhere);
    let mut all = Secret::read_all(&secrets);
    assert!(all.remove(7).unwrap_err().contains("/nowhere/secret"));
    let all: Vec<u32> = all
        .into_iter()
        .map(|text| text.unwrap().parse().unwrap())
        .collect();
    assert_eq!(all, (0..50).collect::<Vec<_>>());
}
