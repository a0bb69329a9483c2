//! `op-dd content` before Datadog's doors: addresses, keys, permissions, and a server that is busy.

use std::time::Duration;

use http::{Method, StatusCode};
use op_dd_fakes::{FakeDatadog, Refusal};
use serde_json::json;

use crate::organisation::{APPLICATION_KEY, Organisation, RULES};
use crate::program::{KEY, Run};
use crate::tls::{Authority, trust};

#[test]
fn the_keys_go_nowhere_that_nobody_named() {
    let mut organisation = Organisation::new();
    organisation.0.replace("api_url = ", "url = ");
    let run = organisation.content(&["diff"]);
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.line().contains("set site"), "{run}");
    assert!(run.line().contains("or api_url under [datadog]"), "{run}");
    // A slip of the pen in the site is named, and where to look for it.
    organisation
        .0
        .replace("[datadog]\n", "[datadog]\nsite = \"datadog.invalid\"\n");
    let run = organisation.content(&["diff"]);
    assert_eq!(run.code, Some(5), "{run}");
    let warnings = run
        .stderr
        .matches("datadog.invalid is none of Datadog's sites")
        .count();
    assert_eq!(warnings, 1, "{run}");
    assert!(run.line().contains("can't be reached"), "{run}");
    assert!(run.line().contains("see site"), "{run}");
}

#[test]
fn a_missing_permission_is_named_with_the_call() {
    for (permission, call) in [
        ("monitors_read", "GET api/v1/monitor"),
        ("dashboards_write", "POST api/v1/dashboard"),
    ] {
        let organisation = Organisation::of(FakeDatadog::builder().without_permission(permission));
        let run = organisation.content(&["install"]);
        assert_eq!(run.code, Some(4), "{run}");
        let line = run.line();
        let reasons = format!("lacks the permission {permission}, is wrong or revoked, or is of");
        assert!(line.contains(&reasons), "{line}");
        assert!(line.contains(&format!("refuses {call} (403)")), "{line}");
        assert!(
            run.stdout.contains(permission),
            "it was named before: {run}"
        );
    }
}

#[test]
fn only_the_permissions_that_are_needed_are_named() {
    let organisation = Organisation::new();
    let shown = organisation.good(&["install", "--only", "rule"]);
    let needs: Vec<_> = shown.lines().take(2).collect();
    assert_eq!(
        needs,
        [
            "permissions to read: security_monitoring_rules_read",
            "permissions to write: security_monitoring_rules_write",
        ]
    );
    assert!(organisation.0.datadog.monitors().is_empty());
    let shown = organisation.good(&["install", "--only", "rule"]);
    assert!(!shown.contains("_write"), "{shown}");
}

#[test]
fn a_key_of_another_organisation_is_told_from_a_missing_permission() {
    let mut organisation = Organisation::new();
    organisation
        .0
        .set("DATADOG_KEY", "SECRETofsomebodyelse0000000000000");
    let run = organisation.content(&["diff"]);
    assert_eq!(run.code, Some(4), "{run}");
    assert!(run.line().contains("refuses the API key"), "{run}");
    assert!(
        run.line().contains("key and site don't belong together"),
        "{run}"
    );
}

#[test]
fn a_key_that_is_not_there_is_named() {
    let mut organisation = Organisation::new();
    organisation.0.environment.remove("APPLICATION_KEY");
    let run = organisation.content(&["diff"]);
    assert_eq!(run.code, Some(4), "{run}");
    assert!(run.line().contains("Datadog's application key"), "{run}");
    organisation
        .0
        .replace("app_key = \"env:APPLICATION_KEY\"\n", "");
    let run = organisation.content(&["diff"]);
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.line().contains("set app_key under [datadog]"), "{run}");
}

#[test]
fn the_environment_alone_will_do() {
    let mut organisation = Organisation::new();
    organisation.0.environment.clear();
    organisation.0.set("DD_API_KEY", KEY);
    organisation.0.set("DD_APP_KEY", APPLICATION_KEY);
    let site = organisation.0.datadog.url().to_owned();
    organisation.0.set("DD_SITE", site);
    let command = organisation
        .0
        .command(&["content", "--dir", "own", "install"]);
    let run = organisation.0.checked(Run::of(command));
    assert_eq!(run.code, Some(0), "{run}");
    organisation.named("Own");
}

#[test]
fn a_busy_datadog_is_waited_for() {
    let organisation = Organisation::new();
    let datadog = &organisation.0.datadog;
    for (method, path) in [(Method::GET, "/api/v1/monitor"), (Method::POST, RULES)] {
        datadog.refuse(Refusal::rate_limit(method, path, Duration::from_secs(1)));
    }
    organisation.good(&["install"]);
    assert_eq!(datadog.counts().of_status(429), 2);
    let rules = datadog.rules();
    assert_eq!(
        rules.values().filter(|rule| rule["name"] == "Own").count(),
        1
    );
}

#[test]
fn whoever_repeats_the_keys_in_a_refusal_is_not_quoted_with_them() {
    let organisation = Organisation::new();
    let said = json!({"errors": [format!("no: {KEY} {APPLICATION_KEY}")]}).to_string();
    let status = StatusCode::BAD_REQUEST;
    let refusal = Refusal::new(Method::POST, RULES, status, said).containing("\"Own\"");
    organisation.0.datadog.refuse(refusal);
    let run = organisation.content(&["install"]);
    assert_eq!(run.code, Some(9), "{run}");
    assert!(run.stdout.contains("no: … …"), "{run}");
}

#[test]
fn whatever_is_logged_shows_no_key() {
    let mut organisation = Organisation::new();
    organisation.0.set("RUST_LOG", "trace");
    let run = organisation.content(&["install"]);
    assert_eq!(run.code, Some(0), "{run}");
    assert!(run.stderr.contains("TRACE"), "{run}");
}

#[test]
fn an_authority_of_ones_own_may_be_trusted() {
    let mut organisation = Organisation::new();
    let authority = Authority::new();
    let plain = organisation.0.datadog.url().to_owned();
    let address = authority.before(&organisation.0, &plain);
    organisation.0.replace(&plain, &address);
    let run = organisation.content(&["diff"]);
    assert_eq!(run.code, Some(5), "{run}");
    assert!(run.line().contains("ca_file of [tls]"), "{run}");
    trust(&mut organisation.0, &authority.pem());
    organisation.good(&["diff"]);
}
