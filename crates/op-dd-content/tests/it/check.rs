//! Files of one's own, each right but for one slip.

use std::fs;

use op_dd_content::Content;
use tempfile::TempDir;

const DASHBOARD: &str = "dashboards/mine.json";
const RULE: &str = "rules/mine.json";
const STORIES: &str = "rules/samples/mine.json";
const MONITOR: &str = "monitors/mine.json";
const PIPELINE: &str = "pipelines/mine.json";
const TESTS: &str = "pipelines/samples/mine.json";

/// Right files, by where they are put.
const FILES: [(&str, &str); 6] = [
    (DASHBOARD, include_str!("check/dashboard.json")),
    (RULE, include_str!("check/rule.json")),
    (STORIES, include_str!("check/samples.json")),
    (MONITOR, include_str!("check/monitor.json")),
    (PIPELINE, include_str!("check/pipeline.json")),
    (TESTS, include_str!("check/pipeline-samples.json")),
];

/// What is found in a folder with those files once `written` stands where `right` stood in one of them,
/// each without the folder's name.
fn found(file: &str, right: &str, written: &str) -> Vec<String> {
    let folder = TempDir::new().unwrap();
    for (name, text) in FILES {
        let mut text = text.to_owned();
        if name == file {
            assert!(text.contains(right), "{file} has no {right}");
            text = text.replacen(right, written, 1);
        }
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let findings = Content::read(folder.path()).unwrap().check();
    let folder = format!("{}/", folder.path().display());
    findings
        .iter()
        .map(|finding| finding.to_string().replace(&folder, ""))
        .collect()
}

#[test]
fn right_files_of_ones_own_have_no_faults() {
    assert_eq!(found("", "", ""), [""; 0]);
}

#[test]
fn the_files_of_this_crate_have_neither_faults_nor_notices() {
    let findings = Content::bundled().check();
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(lines, [""; 0]);
}

#[test]
fn each_slip_is_found_where_it_is() {
    let slips = [
        (
            DASHBOARD,
            "@evt.name:* $user",
            "@evt.nmae:* $user",
            "dashboards/mine.json:21:61: no attribute is called @evt.nmae: did you mean @evt.name?",
        ),
        (
            DASHBOARD,
            r#""facet": "@evt.name""#,
            r#""facet": "@evt.nmae""#,
            "dashboards/mine.json:25:30: no attribute is called @evt.nmae: did you mean @evt.name?",
        ),
        (
            DASHBOARD,
            r#""facet": "@evt.name""#,
            r#""facet": "evt.name""#,
            "dashboards/mine.json:25:30: no tag is called evt.name: did you mean @evt.name?",
        ),
        (
            DASHBOARD,
            r#"{"field": "@usr.email""#,
            r#"{"field": "@usr.emial""#,
            "dashboards/mine.json:53:82: no attribute is called @usr.emial: did you mean @usr.email?",
        ),
        (
            DASHBOARD,
            r#""type": "toplist""#,
            r#""type": "top_list""#,
            "dashboards/mine.json:12:17: top_list isn't known here: did you mean toplist?",
        ),
        (
            DASHBOARD,
            "\"order\": \"asc\"}\n",
            "\"order\": \"desc\"}\n",
            "dashboards/mine.json:27:63: groups are chosen in order desc and drawn in order asc: it has to be one",
        ),
        (
            DASHBOARD,
            r#"{"formula": "query1"}"#,
            r#"{"formula": "query1", "limit": {"count": 15, "order": "desc"}}"#,
            "dashboards/mine.json:32:80: the formula keeps those in order desc, and they are drawn in order asc: it has to be one",
        ),
        (
            DASHBOARD,
            "\"formulas\": [{\"formula\": \"query1\"}],\n            \"sort\": {\"count\": 15, \"order_by\": [{\"type\": \"formula\", \"index\": 0, \"order\": \"asc\"}]}",
            "\"formulas\": [{\"formula\": \"query1\", \"limit\": {\"count\": 15, \"order\": \"desc\"}}]",
            "dashboards/mine.json:27:63: groups are chosen in order asc and drawn in order desc: it has to be one",
        ),
        (
            DASHBOARD,
            "Infrequent actions",
            "Most frequent actions",
            "dashboards/mine.json:33:89: by its title the order is desc, not asc",
        ),
        (
            DASHBOARD,
            r#"\"é\" @evt.name:*"#,
            r#"\"é\" (@evt.name:*"#,
            "dashboards/mine.json:21:61: a parenthesis isn't closed",
        ),
        (
            DASHBOARD,
            r#""response_format": "scalar""#,
            r#""respones_format": "scalar""#,
            "dashboards/mine.json:16:13: no member is called respones_format here: did you mean response_format?",
        ),
        (
            DASHBOARD,
            r#""formula": "query1""#,
            r#""formula": "query2""#,
            "dashboards/mine.json:32:39: no query is called query2: did you mean query1?",
        ),
        (
            DASHBOARD,
            r#""index": 0"#,
            r#""index": 1"#,
            "dashboards/mine.json:33:77: the last formula is number 0: they begin at 0",
        ),
        (
            DASHBOARD,
            r#""y": 4, "width": 12"#,
            r#""y": 3, "width": 12"#,
            "dashboards/mine.json:61:17: it lies over Infrequent actions",
        ),
        (
            DASHBOARD,
            r#""width": 6, "height": 4"#,
            r#""width": 13, "height": 4"#,
            "dashboards/mine.json:37:17: it ends at column 13, but there are 12",
        ),
        (
            DASHBOARD,
            r#""width": 6, "height": 4}"#,
            r#""width": 6}"#,
            "dashboards/mine.json:37:17: the member height is missing",
        ),
        (
            DASHBOARD,
            r#"* $user""#,
            r#"* $usr""#,
            "dashboards/mine.json:21:73: the dashboard has no template variable usr: did you mean $user?",
        ),
        (
            DASHBOARD,
            r#""defaults": ["*"]"#,
            r#""default": "*""#,
            "dashboards/mine.json:7:70: no member is called default here: did you mean defaults?",
        ),
        (
            DASHBOARD,
            r#""@usr.email", "available"#,
            r#""@usr.mail", "available"#,
            "dashboards/mine.json:7:32: no attribute is called @usr.mail: did you mean @usr.email?",
        ),
        (
            DASHBOARD,
            r#""aggregation": "count"},"#,
            r#""aggregation": "cardinality"},"#,
            "dashboards/mine.json:22:28: nothing says of what the cardinality is: name a metric",
        ),
        (
            DASHBOARD,
            r#""aggregation": "count"},"#,
            r#""aggregation": "counts"},"#,
            "dashboards/mine.json:22:44: counts isn't one of count, cardinality, median, pc75, pc90, pc95, pc98, pc99, sum, min, max, avg: did you mean count?",
        ),
        (
            DASHBOARD,
            r#""index": 0"#,
            r#""index": "0""#,
            "dashboards/mine.json:33:77: it has to be of type integer, not string",
        ),
        (
            DASHBOARD,
            "\"title\": \"Mine\",\n",
            "\"title\": \"Mine\",,\n",
            "dashboards/mine.json:2:19: not JSON: key must be a string",
        ),
        (
            RULE,
            r#""high""#,
            r#""High""#,
            "rules/mine.json:15:36: High isn't one of info, low, medium, high, critical: did you mean high?",
        ),
        (
            RULE,
            r#""evaluationWindow": 300"#,
            r#""evaluationWindow": 301"#,
            "rules/mine.json:16:67: 301 isn't one of 0, 60, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400: did you mean 300?",
        ),
        (
            RULE,
            r#""keepAlive": 300"#,
            r#""keepAlive": 700"#,
            "rules/mine.json:16:85: 700 isn't one of 0, 60, 300, 600, 900, 1800, 3600, 7200, 10800, 21600: did you mean 300?",
        ),
        (
            RULE,
            r#""maxSignalDuration": 3600"#,
            r#""maxSignalDuration": 60"#,
            "rules/mine.json:16:111: 60 is less than the 300 of keepAlive: Datadog refuses that",
        ),
        (
            RULE,
            "exports > 1",
            "export > 1",
            "rules/mine.json:15:58: no query is called `export`; there are: exports",
        ),
        (
            RULE,
            "exports > 1",
            "exports => 1",
            "rules/mine.json:15:66: `>` or `>=` is missing here",
        ),
        (
            RULE,
            "exports > 1",
            "exports == 1",
            "rules/mine.json:15:66: a condition knows only > and >=",
        ),
        (
            RULE,
            r#"{"name": "", "status": "high", "condition": "exports > 1"}"#,
            r#"{"name": "", "status": "low", "condition": "exports > 1"}, {"name": "", "status": "high", "condition": "exports > 5"}"#,
            "rules/mine.json:15:116: this case is never reached: `exports > 1` before it holds whenever this does",
        ),
        (
            RULE,
            r#""queries": ["#,
            r#""queries": [{"name": "exports", "query": "source:1password", "groupByFields": ["@usr.email"]}, "#,
            "rules/mine.json:8:5: another query is called exports, too",
        ),
        (
            RULE,
            r#""status": "high","#,
            r#""status": "high", "notifications": ["@slack-security", "security"],"#,
            "rules/mine.json:15:81: notice: Datadog notifies nobody by this: write @security",
        ),
        (
            RULE,
            r#""condition": "exports > 1""#,
            r#""condition": """#,
            "rules/mine.json:15:13: the method threshold needs a condition, such as a > 0",
        ),
        (
            RULE,
            "\"name\": \"Many exports\",\n",
            "",
            "rules/mine.json:1:1: the member name is missing",
        ),
        (
            RULE,
            r#""isEnabled""#,
            r#""is_enabled""#,
            "rules/mine.json:4:3: no member is called is_enabled here: did you mean isEnabled?",
        ),
        (
            RULE,
            "OR @vault_uuid",
            "OR vault_uuid",
            "rules/mine.json:10:87: no tag is called vault_uuid: did you mean @vault_uuid?",
        ),
        (
            RULE,
            "{{@usr.email}}",
            "{{@usr.emial}}",
            "rules/mine.json:5:22: no attribute is called @usr.emial: did you mean @usr.email?",
        ),
        (
            RULE,
            "@vault_uuid:$vaults",
            "@op_dd.late:$vaults",
            "rules/mine.json:10:87: no event has @op_dd.late: heartbeats do, source:op-dd",
        ),
        (
            STORIES,
            r#""vaults""#,
            r#""vault""#,
            "rules/samples/mine.json:2:18: the samples have to give the list `vaults`",
        ),
        (
            STORIES,
            "T12:30:00Z",
            "T12:03:00Z",
            "rules/samples/mine.json:26:5: Two far apart: raises a signal (high), and shouldn't",
        ),
        (
            STORIES,
            "T12:04:00Z",
            "T12:40:00Z",
            "rules/samples/mine.json:11:5: Two in the vault: raises no signal, and should",
        ),
        (
            STORIES,
            "near_misses",
            "near_mises",
            "rules/samples/mine.json:19:14: unknown field `near_mises`, expected one of `watch_lists`, `matching`, `near_misses`",
        ),
        (
            MONITOR,
            "@op_dd.late:>0",
            "@op_dd.lat:>0",
            "monitors/mine.json:4:61: no attribute is called @op_dd.lat: did you mean @op_dd.late?",
        ),
        (
            MONITOR,
            "source:op-dd",
            "source:op-dd @usr.email:*",
            "monitors/mine.json:4:33: no heartbeat has @usr.email: events do, source:1password",
        ),
        (
            MONITOR,
            "account,feed",
            "account,fed",
            "monitors/mine.json:4:138: notice: no log has the tag fed unless your configuration sets it: did you mean feed?",
        ),
        (
            MONITOR,
            r#".last(\"15m\")"#,
            "",
            r#"monitors/mine.json:4:13: nothing says how far it looks back: write .last("5m")"#,
        ),
        (
            MONITOR,
            r#"> 5""#,
            r#"> 6""#,
            "monitors/mine.json:4:162: the threshold critical is 5: Datadog refuses another number here",
        ),
        (
            MONITOR,
            r#"rollup(\"max\", "#,
            r#"rollup(\"maximum\", "#,
            "monitors/mine.json:4:101: maximum isn't one of count, cardinality, median, pc75, pc90, pc95, pc98, pc99, sum, min, max, avg",
        ),
        (
            MONITOR,
            r#"rollup(\"max\", \"@op_dd.late\")"#,
            r#"rollup(\"max\")"#,
            "monitors/mine.json:4:92: nothing says of what the max is",
        ),
        (
            MONITOR,
            r#".last(\"15m\")"#,
            r#".last(\"15min\")"#,
            "monitors/mine.json:4:153: 15min is no time that Datadog looks back: write 1m to 2880m, 1h to 48h",
        ),
        (
            MONITOR,
            r#".last(\"15m\")"#,
            r#".last(\"3d\")"#,
            "monitors/mine.json:4:153: 3d is no time that Datadog looks back: write 1m to 2880m, 1h to 48h",
        ),
        (
            MONITOR,
            r#""critical": 5"#,
            r#""critical": 5, "warning": 6"#,
            "monitors/mine.json:6:56: the warning 6 isn't reached before the query's > 5: Datadog refuses that",
        ),
        (
            MONITOR,
            r#""message": """#,
            r#""message": "{{value}} of {{acount.name}} {{feed.name}} {{log.attributes.name}}""#,
            "monitors/mine.json:5:28: the monitor isn't by acount: did you mean account?",
        ),
        (
            MONITOR,
            r#""message": """#,
            r#""message": "{{host.name}}""#,
            "monitors/mine.json:5:15: the monitor isn't by host; it is by account, feed",
        ),
        (
            MONITOR,
            "@op_dd.late:>0",
            "(@op_dd.late:>0",
            "monitors/mine.json:4:61: a parenthesis isn't closed",
        ),
        (
            MONITOR,
            r#""message": """#,
            r#""mesage": """#,
            "monitors/mine.json:5:3: no member is called mesage here: did you mean message?",
        ),
        (
            PIPELINE,
            r#""is_enabled": true, "sources""#,
            r#""sources""#,
            "pipelines/mine.json:12:9: the member is_enabled is missing",
        ),
        (
            PIPELINE,
            r#""category""#,
            r#""categry""#,
            "pipelines/mine.json:12:72: no attribute is called @categry: did you mean @category?",
        ),
        (
            PIPELINE,
            "attribute-remapper",
            "attribute-mapper",
            "pipelines/mine.json:12:18: attribute-mapper isn't known here: did you mean attribute-remapper?",
        ),
        (
            PIPELINE,
            r#""query": "@evt.outcome:*""#,
            r#""query": "@evt.outcome:""#,
            "pipelines/mine.json:10:28: a field without a value",
        ),
        (
            TESTS,
            r#""outcome": "y"}}"#,
            r#""outcome": "z"}}"#,
            r#"pipelines/samples/mine.json:3:5: A sign-in: custom is {"evt":{"outcome":"x"},"outcome":"y","timestamp":"2026-05-01T12:00:00Z"}, not {"evt":{"outcome":"x"},"outcome":"z","timestamp":"2026-05-01T12:00:00Z"}"#,
        ),
    ];
    for (file, right, written, expected) in slips {
        assert_eq!(
            found(file, right, written),
            [expected],
            "{right} -> {written}"
        );
    }
}

/// What is found in a rule's query, each finding with `^` put into the query where it is.
fn asked(query: &str) -> Vec<String> {
    let right = r#"source:1password @evt.type:1password-item-usages (@evt.name:export OR @vault_uuid:$vaults)"#;
    let written = query.replace('"', "\\\"");
    let findings = found(RULE, right, &written).into_iter();
    let findings = findings.filter_map(|finding| {
        let (column, problem) = finding
            .strip_prefix("rules/mine.json:10:")?
            .split_once(": ")?;
        // Before the query stands `      "query": "`.
        let (before, after) = written.split_at(column.parse::<usize>().unwrap() - 17);
        let marked = format!("{before}^{after}").replace("\\\"", "\"");
        Some(format!("{marked}: {problem}"))
    });
    findings.collect()
}

/// Whether that is all that is found in a query, in which `^` stands where it is.
fn assert_asked(marked: &str, expected: &str) {
    let query = marked.replace('^', "");
    assert_eq!(asked(&query), [format!("{marked}: {expected}")]);
}

#[test]
fn values_that_nobody_sends_are_found() {
    for (query, expected) in [
        (
            "source:1password @evt.type:^1password-audit-event",
            "no log has the @evt.type 1password-audit-event: did you mean 1password-audit-events?",
        ),
        (
            "source:1password @evt.type:(1password-audit-events OR ^1Password-Item-Usages)",
            "no log has the @evt.type 1Password-Item-Usages: did you mean 1password-item-usages?",
        ),
        (
            "source:1password @evt.type:^1password-signin*",
            "no log has the @evt.type 1password-signin*; there are: 1password-sign-in-attempts, 1password-sign-in-attempts-late, 1password-item-usages, 1password-audit-events",
        ),
        (
            "source:1password @onepassword.feed:^auditevent",
            "no log has the @onepassword.feed auditevent: did you mean auditevents?",
        ),
        (
            "source:op-dd @evt.name:^heartbeet",
            "no log has the @evt.name heartbeet: did you mean heartbeat?",
        ),
        (
            "source:1password @evt.outcome:^credential_failed",
            "notice: no @evt.outcome is known to be credential_failed: did you mean credentials_failed? Or 1Password has added it",
        ),
        (
            "source:1password @evt.type:1password-item-usages @evt.name:^\"reveil\"",
            "notice: no @evt.name is known to be reveil: did you mean reveal? Or 1Password has added it",
        ),
        (
            "source:1password @evt.type:1password-item-usages @evt.name:^beginr",
            "notice: no @evt.name of 1password-item-usages is known to be beginr: 1Password may have added it",
        ),
        (
            "source:1password @object_type:^vaults",
            "notice: no @object_type is known to be vaults: did you mean vault? Or 1Password has added it",
        ),
        (
            "source:^1pasword",
            "notice: op-dd sends no logs of the source 1pasword: did you mean 1password?",
        ),
    ] {
        assert_asked(query, expected);
    }
    for query in [
        "source:1password @evt.type:*-attempts* @evt.outcome:*failed*",
        "source:1password @evt.name:(beginr OR reveal OR u2f_timout OR u2f_timeout)",
        "source:1password @evt.type:1password-audit-events @evt.name:$vaults",
        "source:okta @evt.name:sing_in",
    ] {
        assert_eq!(asked(query), [""; 0], "{query}");
    }
}

#[test]
fn an_attribute_of_another_feed_is_found() {
    for (query, expected) in [
        (
            "source:1password @evt.type:1password-sign-in-attempts ^@item_uuid:*",
            "it never matches: of 1password-sign-in-attempts none has @item_uuid, which is of 1password-item-usages",
        ),
        (
            "source:1password @onepassword.feed:auditevents ^@evt.outcome:success",
            "it never matches: of 1password-audit-events none has @evt.outcome, which is of 1password-sign-in-attempts",
        ),
        (
            "source:1password ((@evt.type:1password-audit-events ^@category:success) OR @item_uuid:*)",
            "it never matches: of 1password-audit-events none has @category, which is of 1password-sign-in-attempts",
        ),
        (
            "^source:1password @item_uuid:* @object_type:vault",
            "no log is all of this at once: its conditions exclude each other",
        ),
        (
            "^source:1password source:op-dd",
            "no log is all of this at once: its conditions exclude each other",
        ),
    ] {
        assert_asked(query, expected);
    }
    for query in [
        "source:1password ((@evt.type:1password-audit-events @object_type:vault) OR (@evt.type:1password-item-usages @item_uuid:*))",
        "source:1password -@evt.type:1password-item-usages @object_type:vault",
        "source:1password @evt.type:1password-audit-events -@item_uuid:*",
        "source:1password @evt.type:1password-*s @item_uuid:*",
    ] {
        assert_eq!(asked(query), [""; 0], "{query}");
    }
    assert_eq!(
        found(
            RULE,
            r#""groupByFields": ["@usr.email"]"#,
            r#""groupByFields": ["@usr.email", "@object_uuid"]"#
        ),
        [
            "rules/mine.json:12:39: it never matches: of 1password-item-usages none has @object_uuid, which is of 1password-audit-events"
        ]
    );
}

#[test]
fn what_may_be_of_another_source_is_no_fault() {
    for (query, expected) in [
        (
            "(source:1password OR source:okta) ^@actor.displayName:x",
            "notice: @actor.displayName isn't one of Datadog's standard attributes: whether such logs have it isn't known here",
        ),
        (
            "(source:1password OR source:okta) ^@evt.nmae:x",
            "notice: no attribute is called @evt.nmae: did you mean @evt.name?",
        ),
        (
            "^@actor.displayName:x",
            "notice: op-dd's logs have no @actor.displayName: if those of another source are meant, say source:…",
        ),
        (
            "^@evt.nmae:x",
            "no attribute is called @evt.nmae: did you mean @evt.name?",
        ),
    ] {
        assert_asked(query, expected);
    }
    assert_eq!(
        asked("(source:1password OR source:okta) @http.url:x"),
        [""; 0]
    );
}

#[test]
fn a_template_variable_is_judged_by_the_queries_that_use_it() {
    let right = r#""query": "source:1password \"é\" @evt.name:* $user""#;
    let okta = right
        .replace("source:1password", "source:okta")
        .replace("$user", "$user $event");
    let declared = r#""template_variables": [{"name": "event", "prefix": "@event.type"},"#;
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("dashboards")).unwrap();
    let text = FILES[0].1.replace(r#""template_variables": ["#, declared);
    let check = |text: String| -> Vec<String> {
        fs::write(folder.path().join(DASHBOARD), text).unwrap();
        let findings = Content::read(folder.path()).unwrap().check();
        findings
            .iter()
            .map(|finding| finding.problem.clone())
            .collect()
    };
    assert_eq!(
        check(text.replace(right, &okta)),
        [
            "@event.type isn't one of Datadog's standard attributes: whether such logs have it isn't known here"
        ]
    );
    assert_eq!(
        check(text.replace(right, &right.replace("$user", "$user $event"))),
        ["no attribute is called @event.type: did you mean @evt.type?"]
    );
}

#[test]
fn what_is_mostly_not_meant_is_a_notice() {
    for (query, expected) in [
        (
            "source:1password @item_uuid:x ^or @vault_uuid:y",
            "notice: `or` is a text to look for here: the operator is OR",
        ),
        (
            "source:1password @item_uuid:(x ^or y)",
            "notice: `or` is a text to look for here: the operator is OR",
        ),
        (
            "source:1password ^not @item_uuid:x",
            "notice: `not` is a text to look for here: the operator is NOT",
        ),
        (
            "source:1password ^&& @item_uuid:x",
            "notice: Datadog's documentation knows AND, OR and -: write AND",
        ),
        (
            "source:1password @client.app_name:1Password ^for Mac",
            "notice: `for` is looked for in the message: are quotes missing, @client.app_name:\"1Password for…\"?",
        ),
        (
            "source:1password ^@usr.email=ada@example.com",
            "notice: `=` is part of the text here: a field and its value are joined by a colon",
        ),
        (
            "source:1password @usr.name:^'Ada'",
            "notice: this looks for the mark ' itself: a text is put between \" and \"",
        ),
        (
            "source:1password @usr.email:^/.*@example.com/",
            "notice: Datadog knows no regular expressions: the wildcards are * and ?",
        ),
        (
            "source:1password @network.client.ip:^192.0.2.0/24",
            "notice: addresses are compared as texts here: write CIDR(@network.client.ip, 192.0.2.0/24)",
        ),
        (
            "source:1password @network.client.ip:^[192.0.2.1 TO 192.0.2.9]",
            "notice: addresses are compared as texts here: write CIDR(@network.client.ip, 192.0.2.0/24)",
        ),
    ] {
        assert_asked(query, expected);
    }
    for query in [
        "source:1password @usr.email:* failed",
        "source:1password failed @client.app_name:\"1Password for Mac\" \"and && or\"",
        "source:1password CIDR(@network.client.ip, 192.0.2.0/24)",
        "source:1password \"a=b\" @usr.name:or",
    ] {
        assert_eq!(asked(query), [""; 0], "{query}");
    }
}

#[test]
fn a_list_that_is_nearly_another_rules_is_a_notice() {
    assert_asked(
        "source:1password @onepassword.vault_uuid:^$privileged_vault",
        "notice: no other rule has the list $privileged_vault: did you mean $privileged_vaults?",
    );
}

#[test]
fn what_reads_no_logs_is_a_notice_and_no_fault() {
    let count = r#""data_source": "logs",
                "search": {"query": "source:1password \"é\" @evt.name:* $user"},
                "compute": {"aggregation": "count"},
                "group_by": [
                  {
                    "facet": "@evt.name",
                    "limit": 15,
                    "sort": {"aggregation": "count", "order": "asc"}
                  }
                ]"#;
    for (file, right, written, expected) in [
        (
            DASHBOARD,
            count,
            r#""data_source": "metrics", "aggregator": "avg", "query": "avg:op_dd.lag{$user}""#,
            "dashboards/mine.json:20:32: notice: the data_source metrics isn't checked here",
        ),
        (
            DASHBOARD,
            r#""response_format": "scalar","#,
            r#""q": "avg:op_dd.lag{$user}","#,
            "dashboards/mine.json:16:18: notice: the older form `q` isn't checked here",
        ),
        (
            DASHBOARD,
            r#"{"data_source": "logs_stream", "query_string": "source:1password $user"}"#,
            r#"{"data_source": "rum_stream", "query_string": "@view.name:x $user"}"#,
            "dashboards/mine.json:52:44: notice: the data_source rum_stream isn't checked here",
        ),
        (
            RULE,
            "log_detection",
            "workload_security",
            "rules/mine.json:3:11: notice: the type workload_security isn't checked here",
        ),
        (
            RULE,
            r#""detectionMethod": "threshold""#,
            r#""detectionMethod": "third_party""#,
            "rules/mine.json:16:34: notice: the detectionMethod third_party isn't checked here",
        ),
        (
            RULE,
            r#""aggregation": "count","#,
            r#""dataSource": "audit","#,
            "rules/mine.json:11:21: notice: the dataSource audit isn't checked here",
        ),
    ] {
        assert_eq!(found(file, right, written), [expected], "{written}");
    }
    let [slip] = &found(
        DASHBOARD,
        r#""data_source": "logs","#,
        r#""data_source": "log","#,
    )[..] else {
        panic!("not one slip");
    };
    assert!(
        slip.ends_with("log isn't one of logs, security_signals: did you mean logs?"),
        "{slip}"
    );
}
