use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use op_dd_content::{Asset, Content, Kind, Rule};
use serde_json::{Value, json};

use crate::shared;

/// What the API takes as lengths of time, in seconds.
const DURATIONS: [i64; 12] = [
    0, 60, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
];

/// How long the server lets a signal be kept alive, which is less than the API's description says.
const KEEP_ALIVE: [i64; 10] = [0, 60, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600];

fn rules() -> Vec<(Asset, Value)> {
    let content = Content::bundled();
    let rules = content.of(Kind::Rule);
    let rules = rules.map(|rule| (rule.clone(), serde_json::from_str(rule.text()).unwrap()));
    let rules: Vec<_> = rules.collect();
    assert!(!rules.is_empty());
    rules
}

#[test]
fn every_file_of_the_folder_is_bundled() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    let files = Content::read(&folder).unwrap();
    let names = |content: &Content| -> Vec<(String, String)> {
        let rules = content.of(Kind::Rule);
        rules
            .map(|rule| (rule.name().to_owned(), rule.text().to_owned()))
            .collect()
    };
    assert_eq!(names(&Content::bundled()), names(&files));
    let samples = fs::read_dir(folder.join("rules/samples")).unwrap().count();
    assert_eq!(samples, rules().len());
}

#[test]
fn every_rule_sees_its_stories_and_none_of_the_near_misses() {
    for (rule, _) in rules() {
        let samples = rule.samples().unwrap();
        let trials = Rule::try_samples(rule.text(), samples).unwrap();
        for trial in &trials {
            let (place, title) = (&trial.pointer, &trial.title);
            assert_eq!(
                trial.differences,
                [""; 0],
                "{}{place}: {title}",
                samples.file()
            );
        }
        for kind in ["/matching/", "/near_misses/"] {
            let of_kind = trials
                .iter()
                .filter(|trial| trial.pointer.starts_with(kind));
            assert!(of_kind.count() >= 2, "{}{kind}", samples.file());
        }
    }
}

#[test]
fn every_case_of_a_rule_is_shown_by_a_sample() {
    for (rule, json) in rules() {
        let samples: Value = serde_json::from_str(rule.samples().unwrap().text()).unwrap();
        let texts = |list: &Value, name: &str| -> BTreeSet<String> {
            let items = list.as_array().unwrap().iter();
            items
                .map(|item| item[name].as_str().unwrap_or_default().to_owned())
                .collect()
        };
        assert_eq!(
            texts(&samples["matching"], "severity"),
            texts(&json["cases"], "status"),
            "{}",
            rule.name()
        );
    }
}

#[test]
fn a_story_says_how_serious_its_signal_has_to_be() {
    let (rule, mut json) = rules().remove(0);
    json["cases"][0]["status"] = json!("info");
    let samples = rule.samples().unwrap();
    let trials = Rule::try_samples(&json.to_string(), samples).unwrap();
    assert_eq!(
        trials[0].differences,
        ["raises a signal that is info, and should be high"]
    );

    json["queries"][0]["query"] = json!("source:nowhere");
    let trials = Rule::try_samples(&json.to_string(), samples).unwrap();
    assert_eq!(trials[0].differences, ["raises no signal, and should"]);
}

#[test]
fn every_rule_bears_its_marks() {
    for (rule, json) in rules() {
        let tags: Vec<&str> = json["tags"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tag| tag.as_str().unwrap())
            .collect();
        let own = format!("op-dd-asset:{}", rule.name());
        for tag in [
            "source:1password",
            "security:attack",
            "managed-by:op-dd",
            &own,
        ] {
            assert!(tags.contains(&tag), "{}: {tag}", rule.file());
        }
        // As Datadog writes them: the number of MITRE's and its name.
        for (kind, number, digits) in [("tactic:", "TA", 4), ("technique:", "T", 4)] {
            let of_kind = tags.iter().filter_map(|tag| tag.strip_prefix(kind));
            let well_formed = of_kind.filter(|tag| {
                let (id, name) = tag.split_once('-').unwrap();
                let id = id.strip_prefix(number).unwrap();
                id.len() == digits
                    && id.bytes().all(|byte| byte.is_ascii_digit())
                    && name
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
            });
            assert_eq!(well_formed.count(), 1, "{}: {kind}", rule.file());
        }
    }
}

#[test]
fn every_rule_says_what_it_is_for_and_what_to_do() {
    for (rule, json) in rules() {
        let message = json["message"].as_str().unwrap();
        let headings: Vec<&str> = message
            .lines()
            .filter(|line| line.starts_with('#'))
            .collect();
        assert_eq!(
            headings,
            ["## Goal", "## Strategy", "## Triage and response"],
            "{}",
            rule.file()
        );
        let (_, triage) = message.split_once("## Triage and response\n").unwrap();
        assert!(triage.starts_with("1. "), "{}", rule.file());
        assert_eq!(
            message.matches("{{@").count(),
            message.matches("}}").count()
        );
    }
}

#[test]
fn every_rule_is_one_that_the_server_accepts() {
    for (rule, json) in rules() {
        let file = rule.file();
        assert_eq!(json["type"], "log_detection", "{file}");
        assert_eq!(json["isEnabled"], true, "{file}");
        assert_eq!(json["hasExtendedTitle"], true, "{file}");
        assert_eq!(json["filters"], json!([]), "{file}");
        let options = &json["options"];
        let seconds = |name: &str| options[name].as_i64().unwrap();
        let (keep_alive, longest) = (seconds("keepAlive"), seconds("maxSignalDuration"));
        assert!(DURATIONS.contains(&seconds("evaluationWindow")), "{file}");
        assert!(KEEP_ALIVE.contains(&keep_alive), "{file}");
        assert!(DURATIONS.contains(&longest), "{file}");
        assert!(longest >= keep_alive, "{file}");
        let is_threshold = options["detectionMethod"] == "threshold";
        for query in json["queries"].as_array().unwrap() {
            assert_eq!(query["dataSource"], "logs", "{file}");
            assert!(
                query["groupByFields"]
                    .as_array()
                    .is_some_and(|fields| !fields.is_empty()),
                "{file}"
            );
        }
        for case in json["cases"].as_array().unwrap() {
            assert_eq!(case["condition"].is_string(), is_threshold, "{file}");
            assert_eq!(case["notifications"], json!([]), "{file}");
        }
        assert!(Rule::parse(rule.text()).unwrap().is_evaluated(), "{file}");
    }
}

/// Datadog's own rules are there anyway.
#[test]
fn no_rule_repeats_one_of_datadogs_or_another() {
    let mut seen: Vec<(String, BTreeSet<String>)> = Vec::new();
    let theirs = shared::json_files("default-rules-1password");
    let theirs = theirs.into_iter().map(|(_, rule)| rule);
    for rule in theirs.chain(rules().into_iter().map(|(_, rule)| rule)) {
        let name = rule["name"].as_str().unwrap().to_owned();
        let queries = rule["queries"].as_array().unwrap().iter();
        let queries = queries.map(|query| {
            let mut terms: Vec<&str> = query["query"].as_str().unwrap().split(' ').collect();
            terms.sort_unstable();
            format!(
                "{} {} {}",
                terms.join(" "),
                query["aggregation"],
                query["groupByFields"]
            )
        });
        let queries: BTreeSet<String> = queries.collect();
        for (other, of_other) in &seen {
            assert_ne!(name, *other);
            assert_ne!(queries, *of_other, "{name} and {other}");
        }
        seen.push((name, queries));
    }
}

#[test]
fn an_error_names_the_query_or_the_case_that_it_is_about_and_the_character() {
    let right = json!({
        "name": "x", "message": "", "options": {},
        "queries": [{"query": "source:1password"}, {"query": "@evt.name:export"}],
        "cases": [{"status": "high", "condition": "a > 0"}, {"status": "low", "condition": "b > 0"}]
    });
    assert!(Rule::from_json(&right).is_ok());
    for (place, written, expected) in [
        (
            "/queries/1/query",
            "source:1password (@evt.name:export",
            "query 2: a parenthesis isn't closed, at character 18",
        ),
        (
            "/cases/1/condition",
            "b == 0",
            "case 2: a condition knows only > and >=, at character 3",
        ),
    ] {
        let mut wrong = right.clone();
        *wrong.pointer_mut(place).unwrap() = written.into();
        let error = Rule::from_json(&wrong).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}
