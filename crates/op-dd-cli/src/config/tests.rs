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
    let time = "2026-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(start, Some(Start::At(time)));
}

#[test]
fn all_that_can_be_set_is_read() {
    let config = Config::parse(
        r#"
        [datadog]
        api_key = "env:DD_API_KEY"
        late_after = "12h"
        [http]
        proxy = "http://me:hidden@proxy.example.com:3128"
        connect_timeout = "5s"
        timeout = "1m"
        [polling]
        interval = "1m 30s"
        start = "2h"
        [archive]
        dir = "/var/lib/op-dd/archive"
        [telemetry]
        listen = "127.0.0.1:9464"
        heartbeat = "10m"
        [feeds.itemusages]
        tags = ["noisy:true"]
        drop = ["user.name"]
        hash = ["user.email"]
        truncate_ip = true
        [privacy]
        key = "env:HASH_KEY"
        [[accounts]]
        name = "acme"
        token = "env:T"
        start = "30d"
        requests_per_second = 2
        burst = 10
        "#,
    )
    .unwrap();
    let seconds = Duration::from_secs;
    assert_eq!(config.datadog().unwrap().late_after, seconds(12 * 3600));
    let proxy = config.http.proxy.as_ref().unwrap();
    assert_eq!(proxy.url().password(), Some("hidden"));
    assert!(!format!("{config:?}").contains("hidden"));
    assert_eq!(config.http.connect_timeout, seconds(5));
    assert_eq!(config.http.timeout, seconds(60));
    assert_eq!(config.polling.interval, seconds(90));
    assert_eq!(config.polling.start, seconds(7200));
    let archive = config.archive.as_ref().unwrap();
    assert_eq!(archive.dir, Path::new("/var/lib/op-dd/archive"));
    let listen = config.telemetry.listen.unwrap();
    assert_eq!(listen.port(), 9464);
    assert_eq!(config.telemetry.heartbeat, seconds(600));
    let feed = &config.feeds[&Feed::ItemUsages];
    assert_eq!(feed.tags, ["noisy:true"]);
    assert_eq!(feed.drop, ["user.name"]);
    assert_eq!(feed.hash, ["user.email"]);
    assert!(feed.truncate_ip);
    assert!(config.privacy.key.is_some());
    let account = &config.accounts[0];
    assert_eq!(account.start, Some(Start::Ago(seconds(30 * 24 * 3600))));
    assert_eq!(account.requests_per_second.to_string(), "2");
    assert_eq!(account.burst, 10);
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
