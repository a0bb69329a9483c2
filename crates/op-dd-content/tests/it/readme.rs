//! The files that the README shows.

use std::fs;

use op_dd_content::Content;
use tempfile::TempDir;

#[test]
fn the_files_of_ones_own_in_the_readme_are_right() {
    let readme = include_str!("../../README.md");
    let files = readme.split("```json\n").skip(1);
    let files: Vec<&str> = files
        .map(|text| text.split("```").next().unwrap())
        .collect();
    let folder = TempDir::new().unwrap();
    let names = [
        "rules/vault-read.json",
        "rules/samples/vault-read.json",
        "widgets/reveals.json",
    ];
    assert_eq!(files.len(), names.len());
    for (name, text) in names.into_iter().zip(files) {
        assert!(readme.contains(&format!("`mine/{name}`")), "{name}");
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let mut content = Content::bundled();
    content.add(Content::read(folder.path()).unwrap());
    let mut findings = content.check();
    // The smallest samples have one story of each.
    findings.retain(|finding| {
        !finding
            .problem
            .ends_with("and needs 2: one alone shows little")
    });
    assert_eq!(findings, []);
}
