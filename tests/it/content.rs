//! `op-dd content diff`, `install` and `uninstall`: the program against the fake's management API.

use http::{Method, StatusCode};
use op_dd_fakes::{Feed, Refusal};
use serde_json::json;

use crate::organisation::{Organisation, RULES, rule};
use crate::program::Run;

fn lines<'a>(stdout: &'a str, begin: &str) -> Vec<&'a str> {
    stdout
        .lines()
        .filter(|line| line.starts_with(begin))
        .collect()
}

#[test]
fn a_second_installation_changes_nothing() {
    let organisation = Organisation::new();
    let first = organisation.good(&["install"]);
    assert!(first.contains("\ncreate rule own-rule\n"), "{first}");
    let created = lines(&first, "create ").len();
    assert!(created >= 6, "{first}");
    assert_eq!(organisation.all().len(), created);

    let (before, so_far) = (organisation.all(), organisation.so_far());
    let second = organisation.good(&["install"]);
    assert_eq!(lines(&second, "unchanged ").len(), created, "{second}");
    let posted: Vec<_> = organisation.0.datadog.requests()[so_far..]
        .iter()
        .filter(|request| request.method != Method::GET)
        .map(|request| request.uri.to_string())
        .collect();
    assert!(posted.is_empty(), "{posted:?}");
    assert_eq!(organisation.all(), before);
}

#[test]
fn an_edited_file_is_all_that_is_put() {
    let organisation = Organisation::new();
    organisation.good(&["install"]);
    organisation.edit("rules/own-rule.json", "\"high\"", "\"medium\"");
    let so_far = organisation.so_far();
    let shown = organisation.good(&["diff"]);
    assert_eq!(
        lines(&shown, "replace "),
        ["replace rule own-rule (/cases/0/status)"]
    );
    let place = organisation.place("rules/own-rule.json", "status");
    let line = format!("  /cases/0/status: \"high\" becomes \"medium\" ({place})");
    assert_eq!(lines(&shown, "  "), [line]);
    assert!(organisation.changes(so_far).is_empty());

    organisation.good(&["install"]);
    let (id, rule) = organisation.named("Own");
    assert_eq!(organisation.changes(so_far), [format!("PUT {RULES}/{id}")]);
    assert_eq!(rule["cases"][0]["status"], "medium");
}

#[test]
fn what_was_changed_by_hand_is_shown_and_put_back() {
    let organisation = Organisation::new();
    organisation.good(&["install"]);
    let (id, _) = organisation.named("Own monitor");
    let path = format!("/api/v1/monitor/{id}");
    organisation.by_hand("PUT", &path, &json!({"message": "Never mind."}));
    let shown = organisation.good(&["diff"]);
    let place = organisation.place("monitors/own-monitor.json", "message");
    let line = format!("  /message: \"Never mind.\" becomes \"It is silent.\" ({place})");
    assert_eq!(lines(&shown, "  "), [line]);
    organisation.good(&["install"]);
    assert_eq!(
        organisation.named("Own monitor").1["message"],
        "It is silent."
    );
}

#[test]
fn a_rehearsal_changes_nothing() {
    let organisation = Organisation::new();
    let shown = organisation.good(&["install", "--dry-run"]);
    assert!(shown.contains(" to create"), "{shown}");
    assert!(organisation.all().is_empty());
    organisation.good(&["install"]);
    let before = organisation.all();
    let shown = organisation.good(&["uninstall", "--dry-run"]);
    assert_eq!(lines(&shown, "remove ").len(), before.len(), "{shown}");
    assert_eq!(organisation.all(), before);
}

#[test]
fn what_is_refused_beforehand_is_named_and_nothing_is_changed() {
    let organisation = Organisation::new();
    organisation.edit("rules/own-rule.json", "3600", "43200");
    organisation.edit("monitors/own-monitor.json", " < 1\"", "\"");
    let run = organisation.content(&["install", "--unchecked"]);
    assert_eq!(run.code, Some(2), "{run}");
    let named = lines(&run.stdout, "  ");
    assert_eq!(named.len(), 2, "{run}");
    let place = organisation.place("rules/own-rule.json", "keepAlive");
    assert!(
        named[0].starts_with(&format!("  {place}: Keep alive is not in")),
        "{run}"
    );
    assert!(named[0].ends_with("(/options/keepAlive)"), "{run}");
    let place = organisation.place("monitors/own-monitor.json", "query");
    assert!(named[1].starts_with(&format!("  {place}: ")), "{run}");
    assert!(named[1].ends_with("(/query)"), "{run}");
    assert!(run.line().contains("nothing was changed"), "{run}");
    assert!(organisation.all().is_empty());
}

#[test]
fn faults_of_the_chosen_files_are_named_before_datadog_is_asked() {
    let organisation = Organisation::new();
    organisation.edit("rules/own-rule.json", "@evt.name:x", "@evt.nome:x");
    let run = organisation.content(&["install"]);
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.stdout.contains("own/rules/own-rule.json:"), "{run}");
    assert!(run.stdout.contains("did you mean @evt.name?"), "{run}");
    assert!(run.line().contains("nothing was changed"), "{run}");
    assert_eq!(organisation.so_far(), 0);
    organisation.good(&["install", "--only", "other-rule"]);
    organisation.good(&["install", "--only", "own-rule", "--unchecked"]);
    organisation.named("Own");
}

#[test]
fn what_is_no_content_is_named() {
    let organisation = Organisation::new();
    organisation.write("rule/mine.json", &json!({}));
    for command in ["list", "diff", "install"] {
        let run = organisation.content(&[command]);
        assert!(run.stderr.contains("own/rule is passed over"), "{run}");
    }
    let run = organisation.content(&["check"]);
    assert!(
        run.stdout.contains("own/rule: notice: passed over"),
        "{run}"
    );
    let command = organisation
        .0
        .command(&["content", "--dir", "own/rules", "list"]);
    let run = organisation.0.checked(Run::of(command));
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.line().contains("own/rules holds no content"), "{run}");
}

#[test]
fn a_refusal_in_words_of_its_own_names_its_file_and_stops_nothing_else() {
    let organisation = Organisation::new();
    let page = "<h1>Forbidden by policy</h1>".to_owned();
    let refusal = Refusal::new(Method::POST, RULES, StatusCode::CONFLICT, page);
    organisation.0.datadog.refuse(refusal.containing("\"Own\""));
    let run = organisation.content(&["install"]);
    assert_eq!(run.code, Some(9), "{run}");
    assert_eq!(lines(&run.stdout, "refused "), ["refused rule own-rule"]);
    assert!(run.stdout.contains("Forbidden by policy"), "{run}");
    organisation.named("Own board");
}

#[test]
fn a_refusal_in_the_midst_stops_that_object_only() {
    let organisation = Organisation::new();
    organisation.edit("dashboards/own-board.json", "\"content\"", "\"contents\"");
    let run = organisation.content(&["install", "--unchecked"]);
    assert_eq!(run.code, Some(9), "{run}");
    let [named] = lines(&run.stdout, "  ")[..] else {
        panic!("{run}");
    };
    let place = organisation.place("dashboards/own-board.json", "definition");
    assert!(
        named.starts_with(&format!("  {place}: Invalid widget")),
        "{run}"
    );
    assert!(
        organisation
            .0
            .datadog
            .dashboards()
            .values()
            .all(|board| board["title"] != "Own board")
    );
    organisation.named("Own monitor");
    assert_eq!(
        lines(&run.stdout, "refused "),
        ["refused dashboard own-board"],
        "{run}"
    );
}

#[test]
fn uninstalling_leaves_nothing_of_ours_and_all_of_others() {
    let organisation = Organisation::new();
    let mut others = rule("Somebody's");
    others["tags"] = json!(["managed-by:terraform"]);
    organisation.by_hand("POST", RULES, &others);
    let board = json!({"title": "Somebody's", "layout_type": "ordered", "widgets": []});
    organisation.by_hand("POST", "/api/v1/dashboard", &board);
    let before = organisation.all();
    assert_eq!(before.len(), 2);

    organisation.good(&["install"]);
    organisation.remove("rules/own-rule.json");
    let shown = organisation.good(&["uninstall"]);
    assert!(shown.contains("remove rule own-rule\n"), "{shown}");
    assert_eq!(organisation.all(), before);
    let shown = organisation.good(&["uninstall"]);
    assert_eq!(shown.lines().last(), Some("nothing"), "{shown}");
}

#[test]
fn one_may_be_installed_and_uninstalled_by_itself() {
    let organisation = Organisation::new();
    organisation.good(&["install"]);
    let before = organisation.all();
    let shown = organisation.good(&["uninstall", "--only", "own-rule", "--only", "monitor"]);
    let monitors = before
        .values()
        .filter(|object| object["type"] == "log alert");
    assert_eq!(
        lines(&shown, "remove ").len(),
        monitors.count() + 1,
        "{shown}"
    );
    organisation.good(&["install", "--only", "own-rule"]);
    organisation.named("Own");
    assert!(organisation.0.datadog.monitors().is_empty());
    let shown = organisation.good(&["uninstall", "--only", "own-pipeline"]);
    assert_eq!(lines(&shown, "remove "), ["remove pipeline own-pipeline"]);
    for command in ["install", "uninstall"] {
        let run = organisation.content(&[command, "--only", "own-rul"]);
        assert_eq!(run.code, Some(2), "{run}");
        assert!(
            run.line().contains("is called own-rul: op-dd content list"),
            "{run}"
        );
    }
}

#[test]
fn what_has_no_file_any_more_is_left_over_until_it_is_pruned() {
    let organisation = Organisation::new();
    organisation.good(&["install"]);
    organisation.remove("rules/own-rule.json");
    let line = "left over rule own-rule: no file of this name; --prune removes it";
    let (id, _) = organisation.named("Own");
    let so_far = organisation.so_far();
    for command in ["diff", "install"] {
        let shown = organisation.good(&[command]);
        assert_eq!(lines(&shown, "left over "), [line]);
        assert!(shown.contains(", 1 left over, "), "{shown}");
    }
    assert!(organisation.changes(so_far).is_empty());
    organisation.good(&["install", "--prune"]);
    assert_eq!(
        organisation.changes(so_far),
        [format!("DELETE {RULES}/{id}")]
    );
}

#[test]
fn what_others_made_is_left_alone() {
    let organisation = Organisation::new();
    organisation.good(&["install"]);
    // Somebody's own pipeline, and a clone of a dashboard of ours, mark included.
    let pipeline = json!({"name": "Okta fixes (op-dd)", "filter": {"query": "source:okta"}});
    organisation.by_hand("POST", "/api/v1/logs/config/pipelines", &pipeline);
    let (original, mut board) = organisation.named("Own board");
    board["title"] = json!("Own board (cloned)");
    organisation.by_hand("POST", "/api/v1/dashboard", &board);
    let (id, _) = organisation.named("Own board (cloned)");
    let copy = format!("skip dashboard own-board: {id}, \"Own board (cloned)\", is a copy");

    let shown = organisation.good(&["install", "--prune"]);
    assert!(shown.contains("unchanged dashboard own-board\n"), "{shown}");
    assert!(shown.contains(&copy), "{shown}");
    // Without its original it isn't ours, either.
    let path = format!("/api/v1/dashboard/{original}");
    organisation.by_hand("DELETE", &path, &json!({}));
    let shown = organisation.good(&["install"]);
    assert!(shown.contains("create dashboard own-board\n"), "{shown}");
    assert!(shown.contains(&copy), "{shown}");
    let shown = organisation.good(&["uninstall"]);
    assert!(shown.contains(&copy), "{shown}");
    let left = organisation.all();
    let mut left: Vec<_> = left
        .values()
        .map(|object| object["title"].as_str().or(object["name"].as_str()))
        .collect();
    left.sort_unstable();
    assert_eq!(
        left,
        [Some("Okta fixes (op-dd)"), Some("Own board (cloned)")]
    );
}

#[test]
fn whom_to_tell_is_set_for_all_and_for_one() {
    let organisation = Organisation::new();
    let tell = [
        "install",
        "--notify",
        "@slack-security",
        "--notify",
        "own-rule=@pagerduty-oncall",
    ];
    organisation.good(&tell);
    let told = |name: &str| organisation.named(name).1["cases"][0]["notifications"].clone();
    assert_eq!(told("Own"), json!(["@slack-security", "@pagerduty-oncall"]));
    assert_eq!(told("Other"), json!(["@slack-security"]));
    let (_, monitor) = organisation.named("Own monitor");
    assert_eq!(monitor["message"], "It is silent.\n\n@slack-security");
    let so_far = organisation.so_far();
    organisation.good(&tell);
    assert!(organisation.changes(so_far).is_empty());

    let run = organisation.content(&["install", "--notify", "own-rul=@a"]);
    assert_eq!(run.code, Some(2), "{run}");
    assert!(
        run.line().contains("no rule or monitor is called own-rul"),
        "{run}"
    );
}

#[test]
fn the_configuration_keeps_what_every_installation_is_to_have() {
    let mut organisation = Organisation::new();
    organisation.edit(
        "rules/own-rule.json",
        "@evt.name:x",
        "@object_uuid:$own_vaults",
    );
    organisation.0.config.push_str(
        r#"
        [content]
        dir = "own"
        notify = ["@slack-security", "own-rule=@pagerduty-oncall"]
        watch = { own_vaults = ["V1", "V2"] }
        "#,
    );
    let content = |arguments: &[&str]| {
        let all = [&["content", "--config", "op-dd.toml"], arguments].concat();
        let run = organisation
            .0
            .checked(Run::of(organisation.0.command(&all)));
        assert_eq!(run.code, Some(0), "{run}");
        run.stdout
    };
    assert!(content(&["list"]).contains("own-rule"));
    content(&["install"]);
    let (_, rule) = organisation.named("Own");
    let query = &rule["queries"][0]["query"];
    assert_eq!(query, "source:1password @object_uuid:(V1 OR V2)");
    let told = json!(["@slack-security", "@pagerduty-oncall"]);
    assert_eq!(rule["cases"][0]["notifications"], told);

    let so_far = organisation.so_far();
    content(&["install"]);
    assert!(organisation.changes(so_far).is_empty());

    // Arguments add, but for a list of the same name.
    content(&["install", "--notify", "@soc", "--watch", "own_vaults=V3"]);
    let (_, rule) = organisation.named("Own");
    let query = &rule["queries"][0]["query"];
    assert_eq!(query, "source:1password @object_uuid:(V3)");
    let told = json!(["@slack-security", "@soc", "@pagerduty-oncall"]);
    assert_eq!(rule["cases"][0]["notifications"], told);
}

#[test]
fn a_rule_waits_for_its_watch_list() {
    let organisation = Organisation::new();
    organisation.edit(
        "rules/own-rule.json",
        "@evt.name:x",
        "@object_uuid:$own_vaults",
    );
    let shown = organisation.good(&["install"]);
    let line = "skip rule own-rule: nobody said what is in its watch list own_vaults: give --watch own_vaults=VALUE,…";
    assert_eq!(lines(&shown, "skip rule own-rule"), [line]);
    organisation.good(&["install", "--watch", "own_vaults=V1,V2"]);
    let (_, rule) = organisation.named("Own");
    assert_eq!(
        rule["queries"][0]["query"],
        "source:1password @object_uuid:(V1 OR V2)"
    );
    // It isn't given this time, so nobody knows what is right.
    let shown = organisation.good(&["install"]);
    let line = line.replace(": give", ", so it stays as it was installed: give");
    assert_eq!(lines(&shown, "skip rule own-rule"), [line]);
    organisation.named("Own");

    let run = organisation.content(&["install", "--watch", "own_valuts=V1"]);
    assert_eq!(run.code, Some(2), "{run}");
    assert!(
        run.line()
            .contains("no rule asks for the watch list own_valuts"),
        "{run}"
    );
}

#[test]
fn the_pipeline_is_left_to_datadog_where_it_has_its_own() {
    let mut organisation = Organisation::new();
    // A log of 1Password's arrives, and Datadog installs its own.
    let account = format!(
        "url = \"{}\"\n[[accounts]]\nname = \"acme\"\ntoken = \"env:ACME_TOKEN\"\nurl = \"{}\"\n",
        organisation.0.datadog.url(),
        organisation.0.events.url()
    );
    organisation.0.config.push_str(&account);
    organisation.0.occur_in(Feed::AuditEvents, "event");
    assert_eq!(organisation.0.once().code, Some(0));

    let shown = organisation.good(&["install"]);
    assert!(
        shown.contains("skip pipeline 1password: Datadog's own pipeline"),
        "{shown}"
    );
    // The other one isn't for 1Password.
    assert_eq!(organisation.0.datadog.pipelines().len(), 1);
    organisation.good(&["install", "--with-pipeline"]);
    organisation.named("1Password (op-dd)");
}

#[test]
fn widgets_of_ones_own_are_installed_in_the_overview() {
    let organisation = Organisation::new();
    let overview = json!({
        "title": "Overview of this test",
        "layout_type": "ordered",
        "widgets": [],
    });
    organisation.write("dashboards/1password-overview.json", &overview);
    let widget = json!({"definition": {"type": "note", "content": "Mine"}});
    organisation.write("widgets/mine.json", &widget);
    organisation.good(&["install"]);
    let (_, board) = organisation.named("Overview of this test");
    let group = &board["widgets"][0]["definition"];
    assert_eq!(group["title"], "Your own widgets");
    assert_eq!(group["widgets"][0]["definition"]["content"], "Mine");

    organisation.edit("widgets/mine.json", "\"note\"", "\"nota\"");
    let run = organisation.content(&["install", "--unchecked"]);
    let place = organisation.place("widgets/mine.json", "definition");
    assert!(run.stdout.contains(&format!("\n  {place}: ")), "{run}");
}
