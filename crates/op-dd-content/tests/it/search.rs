use op_dd_content::Log;
use op_dd_content::search::{Field, Query};
use proptest::prelude::*;

use crate::shared;

const LOG: &str = r#"{
    "ddsource": "1password", "ddtags": "account:acme,feed:itemusages,Team:Blue,canary",
    "service": "1password", "hostname": "events.1password.com", "status": "warn",
    "message": "Ada Lovelace revealed an item: e-mail (work)",
    "timestamp": "2026-05-01T12:00:00.123456789Z",
    "evt": {"name": "reveal", "type": "1password-item-usages"},
    "usr": {"email": "ada@example.com", "id": "A1"},
    "used_version": 3, "share": 0.5, "self": true, "nothing": null, "none": [], "star": "a*b",
    "url": "https://example.com/a?b", "empty": "",
    "network": {"client": {"ip": "203.0.113.7", "geoip": {"country": {"iso_code": "GB"}}}},
    "six": "2001:db8::7", "people": [{"name": "Grace", "age": 44}, {"name": "Mary", "age": 29}],
    "dotted.key": "d", "words": ["x", "y"], "negative": -4, "version": "10.2",
    "sign": ["!x", "x"], "signs": "--x"
}"#;

#[test]
fn a_query_takes_what_it_asks_for() {
    let log = Log::sent(LOG).unwrap();
    for (query, expected) in [
        // Everything
        ("", true),
        ("   ", true),
        ("*", true),
        ("*:*", true),
        ("-*", false),
        // Reserved attributes and tags, in any case
        ("source:1password", true),
        ("source:1Password", true),
        ("source:okta", false),
        ("host:events.*", true),
        ("status:(warn OR error)", true),
        ("account:acme", true),
        ("account:ac*", true),
        ("account:acm", false),
        ("team:blue", true),
        ("tags:canary", true),
        ("tags:account", false),
        ("env:*", false),
        // Attributes, letter by letter
        ("@evt.name:reveal", true),
        ("@evt.name:Reveal", false),
        ("@evt.name:reve", false),
        ("@evt.name:rev*", true),
        ("@evt.name:*eal", true),
        ("@evt.name:r*v*l", true),
        ("@evt.name:reve??", true),
        ("@evt.name:reve?", false),
        ("@evt.name:\"reveal\"", true),
        ("@evt.name:\"reve*\"", false),
        ("evt.name:reveal", false),
        ("@star:a\\*b", true),
        ("@star:\\**", false),
        ("@star:\"a*b\"", true),
        ("@dotted.key:d", true),
        ("@url:https://example.com/a?b", true),
        ("@url:https\\://example.com/a\\?b", true),
        ("@six:2001:db8::7", true),
        ("@empty:\"\"", true),
        ("@evt.name:\"\"", false),
        // Existence
        ("@evt:*", true),
        ("@evt.outcome:*", false),
        ("-@evt.outcome:*", true),
        ("@nothing:*", false),
        ("@none:*", false),
        ("_exists_:@usr.id", true),
        ("_missing_:@usr.id", false),
        ("_missing_:@evt.outcome", true),
        ("_exists_:account", true),
        // Numbers and truth
        ("@used_version:3", true),
        ("@used_version:3.0", true),
        ("@used_version:>3", false),
        ("@used_version:>=3", true),
        ("@used_version:<4", true),
        ("@used_version:<=2", false),
        ("@share:0.5", true),
        ("@share:<1", true),
        ("@self:true", true),
        ("@negative:-4", true),
        ("@sign:!x", true),
        ("@sign:-x", false),
        ("-@sign:-x", true),
        ("@sign:(!x)", false),
        ("@signs:--x", true),
        ("@negative:>-5", true),
        ("@negative:[-5 TO -3]", true),
        ("@evt.name:>3", false),
        // Ranges
        ("@used_version:[3 TO 5]", true),
        ("@used_version:{3 TO 5]", false),
        ("@used_version:[1 TO 3}", false),
        ("@used_version:[1 TO 5}", true),
        ("@used_version:[* TO 3]", true),
        ("@used_version:[4 TO *]", false),
        ("@used_version:([7 TO 9] OR [2 TO 4])", true),
        ("@evt.name:[a TO z]", true),
        ("@evt.name:[\"s\" TO \"z\"]", false),
        ("@version:[9 TO 11]", true),
        // Lists, and objects in lists
        ("@words:y", true),
        ("@words:(x y)", true),
        ("@words:z", false),
        ("@people.name:Mary", true),
        ("@people.age:>40", true),
        ("@people.age:[30 TO 40]", false),
        // Networks
        ("CIDR(@network.client.ip, 203.0.113.0/24)", true),
        ("CIDR(@network.client.ip,10.0.0.0/8,203.0.113.7)", true),
        ("-CIDR(@network.client.ip, 10.0.0.0/8)", true),
        ("CIDR(@six, 2001:db8::/32)", true),
        ("CIDR(@six, 0.0.0.0/0)", false),
        ("CIDR(@evt.name, 0.0.0.0/0)", false),
        // Free text: whole words, in any case
        ("revealed", true),
        ("REVEALED", true),
        ("reveal", false),
        ("reveal*", true),
        ("*vealed", true),
        ("\"Lovelace revealed\"", true),
        ("\"revealed Lovelace\"", false),
        ("revealed ada", true),
        ("e-mail", true),
        ("mail", true),
        ("work", true),
        ("example", false),
        ("*:Grace", true),
        ("*:gra*", true),
        ("*:Ada", true),
        ("*:nobody", false),
        ("message:revealed", true),
        // Operators
        ("@evt.name:fill OR @evt.name:reveal", true),
        ("@evt.name:fill AND @evt.name:reveal", false),
        ("@usr.id:A1 AND -@evt.name:fill", true),
        ("NOT @evt.name:fill", true),
        ("!@evt.name:fill", true),
        ("-@evt.name:reveal", false),
        ("-(@evt.name:fill OR @evt.name:export)", true),
        ("- @evt.name:fill", true),
        ("NOT NOT revealed", true),
        ("@usr.id:A1 && @evt.name:reveal", true),
        ("@usr.id:A2 || @evt.name:reveal", true),
        // AND before OR
        ("revealed OR nobody nobody", true),
        ("nobody nobody OR revealed", true),
        ("(revealed OR nobody) nobody", false),
        // Values in parentheses
        ("@evt.name:(fill OR reveal)", true),
        ("@evt.name:(reveal -fill)", true),
        ("@evt.name:(NOT fill)", true),
        ("@evt.name:(fill reveal)", false),
        ("@evt.name:((fill OR reveal) AND rev*)", true),
        ("@evt.name:(fill OR @usr.id:A1)", true),
        // Words that only begin like operators
        ("NOTAUTH", false),
        ("-NOTAUTH", true),
        ("ORACLE OR revealed", true),
        ("@evt.name:NOT", false),
        ("@evt.name:OR", false),
    ] {
        let parsed = Query::parse(query);
        let parsed = parsed.unwrap_or_else(|error| panic!("{query}: {error}"));
        assert_eq!(parsed.matches(&log), expected, "{query}");
    }
}

const MISPLACED: &str = "a sign without a value: to exclude one, write the sign before the field, as in -@a:b; \
    if it begins the value, put it inside the quotation marks";

#[test]
fn what_is_no_query_is_told_with_its_place() {
    for (query, at, problem) in [
        ("a (b OR c", 2, "a parenthesis isn't closed"),
        ("a b)", 3, "a parenthesis is closed that was never opened"),
        ("a ()", 3, "nothing stands before this parenthesis"),
        ("a AND", 5, "something is missing here"),
        ("a OR", 4, "something is missing here"),
        ("NOT", 3, "something is missing here"),
        ("OR a", 0, "an operator with nothing before it"),
        ("a AND OR b", 6, "an operator with nothing before it"),
        ("x @evt.name:", 2, "a field without a value"),
        ("@evt.name: reveal", 0, "a field without a value"),
        ("(@evt.name:)", 1, "a field without a value"),
        ("a \"b", 2, "a quotation mark isn't closed"),
        ("@a:\"b", 3, "a quotation mark isn't closed"),
        ("a\\", 1, "a backslash with nothing after it"),
        (
            "@a:[1 TO",
            3,
            "not a range: write [a TO b], such as [1 TO 5]",
        ),
        (
            "@a:[1 5]",
            3,
            "not a range: write [a TO b], such as [1 TO 5]",
        ),
        ("a ]", 2, "a stray `]`"),
        ("@a:>", 3, "a comparison with nothing after it"),
        ("@a:>x", 3, "`x` isn't a number: only numbers are compared"),
        (
            ">5",
            0,
            "a range or comparison of nothing: write @attribute: before it",
        ),
        (
            "x [1 TO 5]",
            2,
            "a range or comparison of nothing: write @attribute: before it",
        ),
        ("CIDR(@ip, nowhere)", 0, "`nowhere` isn't a network"),
        ("CIDR(@ip, 10.0.0.0/33)", 0, "`10.0.0.0/33` isn't a network"),
        ("CIDR(@ip", 0, "the parenthesis of CIDR isn't closed"),
        (
            "CIDR(ip, 10.0.0.0/8)",
            0,
            "write CIDR(@attribute, 192.0.2.0/24)",
        ),
        ("x @a:-\"b c\"", 5, MISPLACED),
        ("@a:!(b OR c)", 3, MISPLACED),
        ("@a:-", 3, MISPLACED),
        ("@a:--[1 TO 5]", 3, MISPLACED),
        ("@a:->5", 3, MISPLACED),
        ("(@a:-)", 4, MISPLACED),
        ("_exists_:-@a", 0, "`_exists_` of which field?"),
        ("_exists_:(a)", 0, "`_exists_` of which field?"),
    ] {
        let error = Query::parse(query).expect_err(query);
        assert_eq!((error.at(), error.problem()), (at, problem), "{query}");
    }
}

#[test]
fn a_query_tells_what_it_looks_at_and_where() {
    let query = Query::parse("source:1password ((@evt.name:(a OR b) -@usr.id:*) team:x)").unwrap();
    let terms: Vec<_> = query
        .terms()
        .into_iter()
        .map(|term| (term.at(), term.field()))
        .collect();
    let name = Field::Attribute("evt.name".to_owned());
    assert_eq!(
        terms[1..],
        [
            (30, &name),
            (35, &name),
            (39, &Field::Attribute("usr.id".to_owned())),
            (50, &Field::Tag("team".to_owned())),
        ]
    );
}

/// Datadog's own rules, and the dashboards, rules and pipeline of the closest product that it publishes.
#[test]
fn every_query_that_datadog_ships_is_understood() {
    let mut count = 0;
    for folder in ["default-rules-1password", "bitwarden-integration/security"] {
        for (file, json) in shared::json_files(folder) {
            let queries = json["queries"].as_array().into_iter().flatten();
            for query in queries.filter_map(|query| query["query"].as_str()) {
                let parsed = Query::parse(query);
                assert!(parsed.is_ok(), "{file}: {query}: {parsed:?}");
                count += 1;
            }
        }
    }
    for (file, json) in shared::json_files("bitwarden-integration/dashboards") {
        let dashboard = op_dd_content::Dashboard::parse(&json.to_string()).unwrap();
        for widget in dashboard.widgets() {
            for search in widget.searches() {
                let query = dashboard.with_defaults(search.text);
                let parsed = Query::parse(&query);
                assert!(parsed.is_ok(), "{file}: {query}: {parsed:?}");
                count += 1;
            }
        }
    }
    assert!(
        count > 90 || shared::is_absent(),
        "only {count} queries were there"
    );
}

/// The logs that stand beside a rule of Datadog's, with its word on whether the rule takes them.
#[test]
fn the_queries_of_a_published_rule_take_the_logs_that_they_are_said_to() {
    const RULE: &str = "bitwarden-failed-authentication-followed-by-successful-authentication";
    let files = shared::json_files("bitwarden-integration/security");
    let find = |name: String| {
        let file = files.iter().find(|(file, _)| file.ends_with(&name));
        file.map(|(_, json)| json)
    };
    let (Some(rule), Some(verdicts)) = (
        find(format!("{RULE}.json")),
        find(format!("{RULE}_test.json")),
    ) else {
        assert!(shared::is_absent());
        return;
    };
    let queries: Vec<Query> = rule["queries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|query| query["query"].as_str().unwrap().parse().unwrap())
        .collect();
    for (verdict, expected) in [("passed", true), ("failed", false)] {
        let events = verdicts[verdict].as_array().unwrap();
        assert_eq!(events.len(), 2);
        for event in events {
            let content = &event["content"];
            let mut log = content["attributes"].clone();
            log["timestamp"] = 0.into();
            log["service"] = content["service"].clone();
            for tag in content["tags"].as_array().unwrap() {
                if let Some(source) = tag.as_str().unwrap().strip_prefix("source:") {
                    log["ddsource"] = source.into();
                }
            }
            let log = Log::sent(&log.to_string()).unwrap();
            let taken = queries.iter().any(|query| query.matches(&log));
            assert_eq!(taken, expected, "{}", event["id"]);
        }
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[-@a-c*?:()\\[\\]{}\"\\\\ ><=!ANDORTO0-5.,/]{0,40}|\\PC{0,40}") {
        if let Ok(query) = Query::parse(&text) {
            let _ = query.matches(&Log::sent(LOG).unwrap());
            prop_assert!(query.terms().iter().all(|term| text.is_char_boundary(term.at())));
        }
    }

    #[test]
    fn an_error_is_within_the_text(text in "[-@a-b:()\\[\\]\"\\\\ >OR]{0,20}") {
        if let Err(error) = Query::parse(&text) {
            prop_assert!(error.at() <= text.len() && text.is_char_boundary(error.at()));
        }
    }

    /// Whatever a value is, it is found by itself between quotes, and by itself with every letter escaped.
    #[test]
    fn a_value_finds_itself(value in "\\PC{1,20}") {
        let json = serde_json::json!({"timestamp": 0, "a": value});
        let log = Log::sent(&json.to_string()).unwrap();
        let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
        let escaped: String = value.chars().flat_map(|c| ['\\', c]).collect();
        for query in [format!("@a:\"{quoted}\""), format!("@a:{escaped}")] {
            prop_assert!(Query::parse(&query).unwrap().matches(&log), "{}", query);
        }
    }
}

/// What a pattern with stars and question marks means, said as simply as can be.
fn is_like(pattern: &[char], text: &[char]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        (['*', rest @ ..], _) => {
            is_like(rest, text) || !text.is_empty() && is_like(pattern, &text[1..])
        }
        (['?', rest @ ..], [_, after @ ..]) => is_like(rest, after),
        ([letter, rest @ ..], [same, after @ ..]) if letter == same => is_like(rest, after),
        _ => false,
    }
}

proptest! {
    #[test]
    fn a_pattern_is_as_simple_as_that(pattern in "[ab*?]{1,7}", text in "[ab]{1,8}") {
        let json = serde_json::json!({"timestamp": 0, "a": text});
        let log = Log::sent(&json.to_string()).unwrap();
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        let expected = is_like(&chars(&pattern), &chars(&text));
        prop_assert_eq!(Query::parse(&format!("@a:{pattern}")).unwrap().matches(&log), expected);
    }
}
