use std::time::Duration;

use datadog_logs::{Compression, Site};
use onepassword_events::{Feed, Region};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;

mod texts;

/// What a text says, or the faults in it, without the file's name.
fn parse(text: &str) -> Result<Config, Vec<String>> {
    parse_for(text, Need::Nothing)
}

fn parse_for(text: &str, need: Need) -> Result<Config, Vec<String>> {
    let parsed = Config::parse(text, need);
    parsed.map(|(config, _)| config).map_err(|mut faults| {
        let lines = faults.lines(Path::new("f"), text, false);
        let lines = lines.iter().map(|line| line.strip_prefix("f:").unwrap());
        lines.map(|line| line.trim_start().to_owned()).collect()
    })
}

/// The one fault in a text.
fn fault(text: &str) -> String {
    let mut faults = parse_for(text, Need::Accounts).unwrap_err();
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults.remove(0)
}

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
    let config = parse(GOOD).unwrap();
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
    let start = parse(&bare).unwrap().accounts.remove(0).start;
    let time = "2026-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(start, Some(Start::At(time)));
}

#[test]
fn all_that_can_be_set_is_read() {
    let config = parse(
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
        interval = "1h"
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
    assert_eq!(
        archive.dir.as_deref(),
        Some(Path::new("/var/lib/op-dd/archive"))
    );
    assert_eq!(archive.interval, seconds(3600));
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
fn a_fault_is_named_with_its_place_and_what_was_meant() {
    for (from, to, line) in [
        (
            "token =",
            "tokn =",
            "8:9: unknown key `tokn`: write `token`",
        ),
        (
            "region =",
            "zone =",
            "9:9: unknown key `zone`: here are name, token, region",
        ),
        (
            "region =",
            "listen =",
            "9:9: unknown key `listen` in this place: it belongs under [telemetry]",
        ),
        (
            "region =",
            "dir =",
            "9:9: unknown key `dir` in this place: it belongs under [archive] or [content] or [state]",
        ),
        ("\"acme\"", "\"Acme\"", "7:16: `Acme` can't be a name"),
        (
            "\"acme\"",
            "7",
            "7:16: write a text in quotes, not a number",
        ),
        (
            "name = \"acme\"",
            "",
            "6:9: the key `name` is missing here: add it",
        ),
        ("\"eu\"", "\"mars\"", "9:18: unknown region `mars`"),
        (
            "[\"auditevents\"]",
            "[\"audit\"]",
            "10:18: unknown feed `audit`",
        ),
        (
            "[\"auditevents\"]",
            "\"auditevents\"",
            "10:17: write a list in brackets, such as [\"…\"], not a text",
        ),
        ("[\"auditevents\"]", "[]", "10:17: no feed is named"),
        (
            "\"2026-01-01T00:00:00Z\"",
            "\"yesterday\"",
            "11:17: not a time: write 2026-01-31T08:00:00Z, or 30d",
        ),
        (
            "\"2026-01-01T00:00:00Z\"",
            "true",
            "11:17: write a time in quotes, not true or false",
        ),
        (
            "[[accounts]]",
            "[[acounts]]",
            "6:11: unknown key `acounts`: write `accounts`",
        ),
        (
            "[[accounts]]",
            "[accounts]",
            "6:9: there can be several of these",
        ),
        ("[datadog]", "[[datadog]]", "2:9: there is only one of this"),
        (
            "[datadog]",
            "tls = 7\n[datadog]",
            "2:15: write a table, not a number",
        ),
        (
            "file:/run",
            "vault:/run",
            "8:17: this is no way to name a secret",
        ),
        (
            "file:/run/secrets/acme",
            "file:",
            "8:17: file: is followed by",
        ),
        (
            "file:/run/secrets/acme",
            "op://acme",
            "8:17: op:// is followed by VAULT/ITEM/FIELD",
        ),
        (
            "file:/run/secrets/acme",
            "op://a//b",
            "8:17: op:// is followed by VAULT/ITEM/FIELD",
        ),
        (
            "file:/run/secrets/acme",
            "credential:../x",
            "8:17: credential: is followed by the name",
        ),
        ("file:/run/secrets/acme", " ", "8:17: this secret is empty"),
        ("\"datadoghq.eu\"", "\"eu\"", "3:16: the site is neither"),
        (
            "\"datadoghq.eu\"",
            "datadoghq.eu",
            "3:16: string values must be quoted",
        ),
        (
            "site =",
            "compression = \"lzma\" #",
            "3:23: unknown compression: it is one of",
        ),
        (
            "site =",
            "tags = [\"a:b\", \"7\"] #",
            "3:24: the tag \"7\" is unusable",
        ),
        (
            "site =",
            "late_after = \"18h\" #",
            "3:22: Datadog drops logs dated more than 18 hours back: write 17h 30m",
        ),
        (
            "site =",
            "late_after = 18 #",
            "3:22: write a text in quotes, not a number",
        ),
        (
            "region =",
            "url = \"https://a.example\"\nregion =",
            "9:15: url and region both say",
        ),
        (
            "region =",
            "burst = 0 #",
            "9:17: write a whole number from 1",
        ),
        (
            "region =",
            "requests_per_second = -1 #",
            "9:31: write a number above 0",
        ),
        (
            "region =",
            "url = \"mars\" #",
            "9:15: this is no address: write it whole",
        ),
        (
            "[datadog]",
            "[http]\nproxy = \"mars\"\n[datadog]",
            "3:9: a proxy's address begins with http",
        ),
        (
            "[datadog]",
            "[http]\ntimeout = \"soon\"\n[datadog]",
            "3:11: write a time such as 30s",
        ),
        (
            "[datadog]",
            "[http]\nconnect_timeout = \"2m\"\ntimeout = \"1m\"\n[datadog]",
            "3:19: connect_timeout is longer than timeout",
        ),
        (
            "[datadog]",
            "[polling]\ninterval = \"0s\"\n[datadog]",
            "3:12: interval is too short: write 1s or more",
        ),
        (
            "[datadog]",
            "[archive]\n[datadog]",
            "2:9: nothing says where the archive is: add dir",
        ),
        (
            "[datadog]",
            "[archive]\ndir = \"a\"\nurl = \"s3://b\"\n[datadog]",
            "4:7: dir and url both say where the archive is",
        ),
        (
            "[datadog]",
            "[archive]\nurl = \"https://b\"\n[datadog]",
            "3:7: write a bucket as s3://BUCKET/PREFIX",
        ),
        (
            "[datadog]",
            "[archive]\ndir = \"\"\n[datadog]",
            "3:7: this path is empty",
        ),
        (
            "[datadog]",
            "[archive]\ndir = \"x\"\ninterval = \"0s\"\n[datadog]",
            "4:12: interval is too short: write 1s or more",
        ),
        (
            "[datadog]",
            "[telemetry]\nlisten = \"localhost\"\n[datadog]",
            "3:10: write the number of an address and a port",
        ),
        (
            "[datadog]",
            "[content]\nwith_pipeline = \"yes\"\n[datadog]",
            "3:17: write true or false, without quotes, not a text",
        ),
        (
            "[datadog]",
            "[content]\nnotify = [\"@a\", \"b\"]\n[datadog]",
            "3:17: write @WHOM or NAME=@WHOM",
        ),
        (
            "[datadog]",
            "[feeds.auditevent]\n[datadog]",
            "2:16: unknown feed `auditevent`: write",
        ),
        (
            "[datadog]",
            "[feeds.auditevents]\nhash = [\"x\"]\n[datadog]",
            "3:8: there is nothing to hash with: set key under [privacy]",
        ),
        (
            "[datadog]",
            "[feeds.auditevents]\ndrop = [\"usr.emails\"]\n[datadog]",
            "3:9: events of auditevents have no field \"usr.emails\": did you mean \"usr.email\"?",
        ),
    ] {
        let error = fault(&GOOD.replace(from, to));
        assert!(error.starts_with(line), "{error}\ninstead of\n{line}");
    }
}

#[test]
fn accounts_are_needed_and_told_apart() {
    let none = GOOD.split_once("[[accounts]]").unwrap().0;
    assert!(fault(none).starts_with("there is no account: add [[accounts]]"));
    assert!(fault(&format!("accounts = []\n{none}")).starts_with("there is no account"));
    let faults = parse_for("[content]\ndir = \"own\"", Need::Accounts).unwrap_err();
    assert!(
        faults[0].starts_with("there is no [datadog]: add it"),
        "{faults:?}"
    );
    assert!(faults[1].starts_with("there is no account"), "{faults:?}");
    assert!(parse("[content]\ndir = \"own\"").is_ok());
    let twice = format!("{GOOD}\n[[accounts]]\nname = \"acme\"\ntoken = \"env:T\"\n");
    assert!(fault(&twice).starts_with("14:8: two accounts are called acme: rename one"));
}

/// The names of the accounts that are good, and of the bad ones with their faults.
fn shared_out(text: &str) -> Result<(Vec<String>, Vec<String>), usize> {
    let read = Document::parse(text).read_good_accounts();
    let GoodAccounts { config, bad, .. } = read.map_err(|faults| faults.count())?;
    let good = config
        .accounts
        .iter()
        .map(|account| account.name.to_string());
    let bad = bad.into_iter().map(|(name, mut faults)| {
        let name = name.map_or("?".to_owned(), |name| name.to_string());
        format!(
            "{name} {}",
            faults.lines(Path::new("f"), text, false).join(" ")
        )
    });
    Ok((good.collect(), bad.collect()))
}

#[test]
fn bad_accounts_are_taken_out_of_the_good_ones() {
    assert_eq!(shared_out(GOOD), Ok((vec!["acme".to_owned()], vec![])));
    let account = |name: &str, more: &str| {
        format!("[[accounts]]\nname = \"{name}\"\ntoken = \"env:T{name}\"\n{more}\n")
    };
    for (bad, expected) in [
        (account("b", "colour = 1"), "b f:16:1: unknown key `colour`"),
        (
            account("b", "region = \"mars\""),
            "b f:16:10: unknown region `mars`",
        ),
        (
            account("b", "url = \"mars\""),
            "b f:16:7: this is no address",
        ),
        (
            account("b", "url = \"https://a.example\"\nregion = \"eu\""),
            "b f:16:7: url and region",
        ),
        (account("b", "feeds = []"), "b f:16:9: no feed is named"),
        (
            account("b", "tags = [\"a:b\", \"?\"]"),
            "b f:16:16: the tag \"?\" is unusable",
        ),
        (
            account("b", "[accounts.sub]\na = 1"),
            "b f:16:11: unknown key `sub`",
        ),
        (
            account("b", "burst = 0\nstart = 7"),
            "b f:16:9: write a whole number",
        ),
        (
            account("acme", ""),
            "acme f:14:8: two accounts are called acme",
        ),
        (account("B", ""), "? f:14:8: `B` can't be a name"),
        (
            "[[accounts]]\nname = \"b\"".to_owned(),
            "b f:13:1: the key `token` is missing",
        ),
        (
            "[[accounts]]".to_owned(),
            "? f:13:1: the key `name` is missing",
        ),
    ] {
        let text = format!(
            "{GOOD}\n{bad}\n[http]\ntimeout = \"9s\"\n{}",
            account("last", "")
        );
        let (good, told) = shared_out(&text).unwrap();
        assert_eq!(good, ["acme", "last"], "{bad}");
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].starts_with(expected),
            "{told:?}\ninstead of\n{expected}"
        );
        // Whoever asks what is wrong is told as ever.
        assert!(parse_for(&text, Need::Accounts).is_err(), "{bad}");
    }
    let inline = GOOD.split_once("[[accounts]]").unwrap().0;
    let inline = format!(
        "accounts = [{{ name = \"a\", token = \"env:T\" }}, 7, {{ name = \"b\" }}]\n{inline}"
    );
    let (good, told) = shared_out(&inline).unwrap();
    assert_eq!((good.len(), told.len()), (1, 2), "{told:?}");
    assert!(
        told[0].starts_with("? f:1:46: write a table, not a number"),
        "{told:?}"
    );
}

#[test]
fn what_is_not_of_an_account_alone_refuses_all() {
    let other = "[[accounts]]\nname = \"b\"\ntoken = \"env:T\"\n";
    let bad = format!("{GOOD}\n{other}colour = 1\n");
    for (text, count) in [
        (format!("{bad}[http]\ntimeout = \"soon\"\n"), 2),
        (bad.replace("[datadog]", "[data]"), 3),
        // Of what is no TOML the end isn't known.
        (format!("{GOOD}\n{other}region = eu\n"), 1),
        (format!("{GOOD}\n{other}name = \"c\"\n"), 1),
        // None is good.
        (bad.replace("\"acme\"", "\"Acme\""), 2),
        (GOOD.replace("[[accounts]]", "[accounts]"), 1),
    ] {
        assert_eq!(shared_out(&text), Err(count), "{text}");
    }
}

#[test]
fn all_faults_are_told_at_once_and_in_order() {
    let text = r#"colour = "blue"
[datadog]
site = datadoghq.eu
api_kee = "env:K"
compression = 3
[http]
timeout = "5"
timeout = "6s"
[[accounts]]
name = "acme"
token = "env:T"
feeds = ["a", "auditevents", "b"]
[[accounts]]
name = "acme"
region = "us"
url = "https://a.example"
token = "vault:x"
"#;
    let faults = parse(text).unwrap_err();
    let begins: Vec<_> = faults
        .iter()
        .map(|fault| {
            let mut parts = fault.splitn(3, ':');
            format!("{}:{}", parts.next().unwrap(), parts.next().unwrap())
        })
        .collect();
    let expected = [
        "1:1", "3:8", "4:1", "5:15", "7:11", "8:1", "12:10", "12:30", "14:8", "16:7", "17:9",
    ];
    assert_eq!(begins, expected, "{faults:#?}");
    for (index, text) in [
        (0, "unknown key `colour`"),
        (1, "must be quoted"),
        (2, "write `api_key`"),
        (5, "duplicate key"),
    ] {
        assert!(faults[index].contains(text), "{faults:#?}");
    }
}

#[test]
fn what_nobody_reads_to_its_end_is_cut_off() {
    let text: String = (0..150).map(|n| format!("unknown{n} = 1\n")).collect();
    let faults = parse(&text).unwrap_err();
    assert_eq!(faults.len(), 101);
    assert_eq!(faults[100], "and 50 faults more");
}

#[test]
fn a_secret_of_a_wrong_type_is_not_shown() {
    for wrong in ["4711", "47.11", "[4711]", "{ a = 4711 }", "4711-01-01"] {
        let error = fault(&GOOD.replace("\"env:DD_API_KEY\"", wrong));
        let expected = if wrong == "4711-01-01" {
            "4:19: "
        } else {
            "4:19: a secret is a text"
        };
        assert!(error.starts_with(expected), "{error}");
        assert!(
            !error.contains("4711") && !error.contains("47.11"),
            "{error}"
        );
    }
}

#[test]
fn what_is_odd_is_told_and_taken() {
    let text = GOOD.replace("site =", "tags = [\"env:prod\", \"Team:Red Blue\"]\nsite =")
        + "[[accounts]]\nname = \"b\"\ntoken = \"file:/run/secrets/acme\"\n\
           [feeds.itemusages]\ndrop = [\"colour\"]\n";
    let (_, mut odd) = Config::parse(&text, Need::Accounts).unwrap();
    let lines = odd.lines(Path::new("f"), &text, false);
    assert_eq!(
        lines,
        [
            "f:3:29: Datadog's rules for tags make `team:red_blue` of `Team:Red Blue`: better write that",
            "f:15:9: the accounts acme and b have the same token: every event is sent twice",
            "f:17:9: no event of itemusages is known to have a field `colour`: is it the right one?",
        ]
    );
}

#[test]
fn the_place_is_underlined_and_what_may_be_secret_is_dotted() {
    let shown = |text: &str| {
        let mut faults = Config::parse(text, Need::Nothing).unwrap_err();
        faults.lines(Path::new("f"), text, true).join("\n")
    };
    assert_eq!(
        shown("\n[http]\n  timeout = \"soon\" # ü"),
        "f:3:13: write a time such as 30s, 2m or 1h
  |
3 |   timeout = \"soon\" # ü
  |             ^^^^^^"
    );
    for (text, line) in [
        ("tokn = \"ünder-cover\"", "tokn = \"•••••-•••••\""),
        ("[datadog]\napi_key = hidden", "api_key = ••••••"),
        ("[datadog]\napi_key = \"env:A B\"", "api_key = \"•••:• •\""),
        (
            "[datadog]\napi_key = \"hidden\nsite = 7",
            "api_key = \"••••••",
        ),
        (
            "[datadog]\nsite = 7 api_key = \"hidden\"",
            "site = • •••_••• = \"••••••\"",
        ),
        (
            "accounts = [{ name = \"A\", token = \"hidden\" }]",
            "accounts = [{ •••• = \"•\", ••••• = \"••••••\" }]",
        ),
        (
            "[http]\nproxy = \"ftp://me:hidden@a\"",
            "proxy = \"•••://••:••••••@•\"",
        ),
        (
            "[datadog]\napi_key = \"\"\"\nhidden\\q\"\"\"",
            "••••••\\•\"\"\"",
        ),
        (
            "site = \"0123456789abcdef0123456789abcdef\"",
            "site = \"••••••••••••••••••••••••••••••••\"",
        ),
        ("tokn = \"env:TOKEN\"", "tokn = \"env:TOKEN\""),
        ("[[acounts]]", "[[acounts]]"),
    ] {
        let shown = shown(text);
        let lines: Vec<_> = shown
            .lines()
            .filter_map(|shown| shown.split_once("| "))
            .collect();
        assert!(lines.iter().any(|(_, shown)| *shown == line), "{shown}");
        assert!(!shown.contains("hidden"), "{shown}");
    }
}

#[test]
fn relative_paths_start_from_the_files_folder() {
    let text = r#"
        [datadog]
        api_key = "file:key"
        [state]
        dir = "state"
        [tls]
        ca_file = "/etc/ca.pem"
        [[accounts]]
        name = "acme"
        token = "file:tokens/acme"
    "#;
    let mut config = parse(text).unwrap();
    config.start_paths_from(Path::new("/etc/op-dd"));
    let key = format!("{:?}", config.datadog().unwrap().api_key);
    assert_eq!(key, "file:/etc/op-dd/key");
    assert_eq!(config.state.dir.unwrap(), Path::new("/etc/op-dd/state"));
    assert_eq!(config.tls.ca_file.unwrap(), Path::new("/etc/ca.pem"));
    let token = format!("{:?}", config.accounts[0].token);
    assert_eq!(token, "file:/etc/op-dd/tokens/acme");
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
    for fault in parse(&text).unwrap_err() {
        assert!(fault.starts_with("12:"), "{fault}");
        assert!(fault.len() < 200, "{fault}");
    }
}
