//! Bodies that Datadog's API has taken, as its own clients' tests recorded them, held against our schemas.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::report::Report;
use super::schema::Schema;
use super::{Finding, Level, objects};
use crate::Kind;

/// What isn't ours to write, and how a body shows that it has it.
const BEYOND: [(&str, &[&str]); 8] = [
    (
        "another product's data",
        &[
            r#""data_source":"metrics""#,
            r#""data_source":"rum""#,
            r#""data_source":"events""#,
            r#""data_source":"ci_"#,
            r#""data_source":"cloud_cost""#,
            r#""data_source":"data_quality_metrics""#,
            r#""data_source":"aggregate_"#,
            r#""jobs_query""#,
        ],
    ),
    ("a list of what aren't single logs", &[r#"_stream","#]),
    ("an older way to ask", &[r#""q":"#]),
    (
        "an older way to lay out, by pixels",
        &[r#""layout_type":"free""#],
    ),
    ("what nobody would find", &[r#""title":"""#]),
    (
        "evaluation by the calendar",
        &[r#""scheduling_options""#, r#""schedulingOptions""#],
    ),
    ("an organisation's own tables", &[r#""referenceTables""#]),
    (
        "a rule that doesn't read logs",
        &[
            r#""type":"cloud_configuration""#,
            r#""type":"signal_correlation""#,
            r#""type":"workload_security""#,
            r#""type":"application_security""#,
            r#""detectionMethod":"third_party""#,
        ],
    ),
];

#[test]
fn what_datadog_took_passes_our_schemas() {
    let Some(root) = recorded() else { return };
    let mut passed = BTreeMap::new();
    for (folder, path, kind) in [
        ("v1/dashboards", "/api/v1/dashboard", Kind::Dashboard),
        ("v1/monitors", "/api/v1/monitor", Kind::Monitor),
        (
            "v1/logs_pipelines",
            "/api/v1/logs/config/pipelines",
            Kind::Pipeline,
        ),
        (
            "v2/security_monitoring",
            "/api/v2/security_monitoring/rules",
            Kind::Rule,
        ),
    ] {
        for body in taken(&root.join(folder), path) {
            let faults = faults(kind, &body);
            if faults.is_empty() {
                *passed.entry(kind).or_insert(0) += 1;
            } else {
                let is_beyond = BEYOND
                    .iter()
                    .flat_map(|(_, signs)| *signs)
                    .any(|sign| body.contains(sign));
                assert!(is_beyond, "{faults:#?} in {body}");
            }
        }
    }
    let expected = [
        (Kind::Dashboard, 3),
        (Kind::Rule, 10),
        (Kind::Monitor, 7),
        (Kind::Pipeline, 17),
    ];
    assert_eq!(passed, expected.into_iter().collect());
}

#[test]
fn what_datadog_refused_for_its_form_does_not_pass() {
    let Some(root) = recorded() else { return };
    for (name, kind, problem) in [
        (
            "v1/dashboards/Create-a-new-dashboard-with-template-variable-defaults-and-default-returns-Bad-Request-response",
            Kind::Dashboard,
            "no member is called default here",
        ),
        (
            "v1/dashboards/Create-a-new-dashboard-with-template-variable-defaults-whose-value-has-no-length-returns-Bad-Request-response",
            Kind::Dashboard,
            "it may not be empty",
        ),
        (
            "v2/security_monitoring/Validate-a-detection-rule-returns-Bad-Request-response",
            Kind::Rule,
            "999999 isn't one of 0, 60",
        ),
        (
            "v2/security_monitoring/Create-a-detection-rule-returns-Bad-Request-response",
            Kind::Rule,
            "the member keepAlive is missing",
        ),
    ] {
        let (body, status) = exchanges(&root.join(format!("{name}.json")), "").remove(0);
        assert_eq!(status, 400);
        let faults = faults(kind, &body);
        let is_told = faults
            .iter()
            .any(|fault| fault.problem.starts_with(problem));
        assert!(is_told, "{name}: {faults:#?}");
    }
}

/// Where the recordings are. Says so, loudly, if they aren't there.
fn recorded() -> Option<PathBuf> {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/datadog/api-cassettes");
    let there = root.is_dir();
    if !there {
        eprintln!("skipped: {} isn't there", root.display());
    }
    there.then_some(root)
}

/// The bodies that Datadog took of those that were posted to a path.
fn taken(folder: &Path, path: &str) -> Vec<String> {
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let exchanges = files.flat_map(|file| exchanges(&file, path));
    exchanges
        .filter(|(_, status)| *status == 200)
        .map(|(body, _)| body)
        .collect()
}

/// What a recording has of bodies that were posted to a path, and the status of each answer.
fn exchanges(file: &Path, path: &str) -> Vec<(String, u64)> {
    let cassette: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let exchanges = cassette["http_interactions"].as_array().unwrap().iter();
    let posted = exchanges.filter(|exchange| {
        let request = &exchange["request"];
        request["method"] == "post" && request["uri"].as_str().unwrap().ends_with(path)
    });
    posted
        .map(|exchange| {
            let body = exchange["request"]["body"]["string"].as_str().unwrap();
            (
                body.to_owned(),
                exchange["response"]["status"]["code"].as_u64().unwrap(),
            )
        })
        .collect()
}

/// What the schema alone finds.
fn faults(kind: Kind, body: &str) -> Vec<Finding> {
    let json: Value = serde_json::from_str(body).unwrap();
    let mut report = Report::new("", body);
    let schema = Schema::of(kind);
    schema.check(&mut report, "", &json);
    match kind {
        Kind::Dashboard => {
            check_nested(&json, "", "widgets", &Schema::of(Kind::Widget), &mut report);
        }
        Kind::Pipeline => check_nested(&json, "", "processors", &schema, &mut report),
        _ => {}
    }
    let mut findings = report.findings();
    // What isn't said to be enabled isn't, and is taken all the same.
    findings.retain(|finding| {
        finding.level == Level::Fault && !finding.problem.ends_with("is_enabled is missing")
    });
    findings
}

fn check_nested(of: &Value, pointer: &str, key: &str, schema: &Schema, report: &mut Report<'_>) {
    for (mut pointer, mut item) in objects(of, pointer, key) {
        if key == "widgets" {
            schema.check(report, &pointer, item);
            pointer += "/definition";
            item = &item["definition"];
        }
        schema.check_typed(report, &pointer, item);
        check_nested(item, &pointer, key, schema, report);
    }
}
