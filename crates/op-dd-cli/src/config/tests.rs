use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;

const GOOD: &str = r#"
        [datadog]
        site = "datadoghq.eu"
        api_key = "env:DD_API_KEY"

        [[accounts]]
        name = "acme"
        token = "file:/run/secrets/acme"
        region = "eu"
        feeds = ["auditevents"]
        start = "2026-01-01T00:00:00Z"
    "#;

#[test]
fn a_configuration_is_read() {
    let config = Config::parse(GOOD).unwrap();
    let account = &config.accounts[0];
    assert_eq!(account.name.as_str(), "acme");
    assert_eq!(account.region, Some(Region::Europe));
    assert_eq!(account.feeds.as_deref(), Some(&[Feed::AuditEvents][..]));
    assert_eq!(config.datadog().unwrap().site, Some(Site::EU1));
    assert_eq!(config.datadog().unwrap().compression, Compression::Zstd);
}

#[test]
fn a_time_may_stand_without_quotes() {
    let bare = GOOD.replace("\"2026-01-01T00:00:00Z\"", "2026-01-01T00:00:00Z");
    let start = Config::parse(&bare).unwrap().accounts.remove(0).start;
    assert_eq!(start.unwrap().as_str(), "2026-01-01T00:00:00Z");
}

#[test]
fn faults_are_named_with_their_place() {
    for (from, to, line) in [
        ("token =", "tokn =", "8:9: unknown field `tokn`"),
        ("\"acme\"", "\"Acme\"", "7:16: `Acme` can't be a name"),
        ("\"eu\"", "\"mars\"", "9:18: unknown region `mars`"),
        (
            "[\"auditevents\"]",
            "[\"audit\"]",
            "10:17: unknown feed `audit`",
        ),
        ("2026-01-01T00:00:00Z", "yesterday", "11:17: not a time"),
        (
            "[[accounts]]",
            "[[acounts]]",
            "6:11: unknown field `acounts`",
        ),
        ("file:/run", "op://run", "8:17: secrets from op:// are not"),
        (
            "file:/run",
            "vault:/run",
            "8:17: this is no way to name a secret",
        ),
        ("\"datadoghq.eu\"", "\"eu\"", "3:16: the site is neither"),
        ("[datadog]", "[datadog]\ncompression = \"lzma\"", "3:15: "),
    ] {
        let error = Config::parse(&GOOD.replace(from, to)).unwrap_err();
        assert!(error.starts_with(line), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }
}

#[test]
fn accounts_are_needed_and_told_apart() {
    let none = GOOD.split_once("[[accounts]]").unwrap().0;
    let check = |text: &str| Config::parse(text).unwrap().check().unwrap_err();
    assert!(check(none).contains("there is no account"));
    assert!(check("[content]\ndir = \"own\"").contains("missing field `datadog`: add [datadog]"));
    let twice = format!("{GOOD}\n[[accounts]]\nname = \"acme\"\ntoken = \"env:T\"\n");
    assert!(check(&twice).contains("two accounts are called acme"));
}

#[test]
fn a_secret_of_a_wrong_type_is_not_shown() {
    for wrong in ["4711", "47.11", "[4711]", "{ a = 4711 }", "4711-01-01"] {
        let text = GOOD.replace("\"env:DD_API_KEY\"", wrong);
        let error = Config::parse(&text).unwrap_err();
        assert!(error.starts_with("4:19: a secret is a text"), "{error}");
        assert!(
            !error.contains("4711") && !error.contains("47.11"),
            "{error}"
        );
    }
}

/// Texts that are nearly configurations: lines of them in any number and order, some spoiled.
fn nearly() -> impl Strategy<Value = String> {
    let line = select(GOOD.lines().collect::<Vec<_>>());
    let odd = select(vec![
        "",
        "\"",
        "\"\"\"",
        "[",
        "]",
        "]]",
        "=",
        ".",
        "\\u0000",
        "\\ud800",
        "é",
        "1e999",
        "env:",
        "file:",
        "op://",
        "[[[[[[[[",
        "{ a = 1 }",
        "#",
    ]);
    let line = (line, any::<Index>(), odd, any::<bool>()).prop_map(|(line, at, odd, spoil)| {
        let at = at.index(line.len() + 1);
        match (spoil, line.split_at_checked(at)) {
            (true, Some((before, behind))) => format!("{before}{odd}{behind}"),
            _ => line.to_owned(),
        }
    });
    vec(line, 0..24).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn any_text_is_a_configuration_or_has_a_place_that_is_wrong(text in nearly()) {
        oracle::config(text.as_bytes());
    }
}

#[test]
fn what_is_nested_too_deep_is_refused() {
    let text = format!("{GOOD}x = {}", "[".repeat(100_000));
    let error = Config::parse(&text).unwrap_err();
    assert!(error.starts_with("12:"), "{error}");
    assert!(error.len() < 200, "{error}");
}
