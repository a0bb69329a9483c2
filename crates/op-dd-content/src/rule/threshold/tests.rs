use std::collections::HashSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::json;

use super::*;
use crate::rule::{Aggregate, Severity};

/// What was taken of a group, all of it: the log's place in the order of all, when, by which query, and what.
type All = Vec<(usize, i64, usize, String)>;

/// The same by a look at all logs for each log.
fn simply(rule: &Rule, logs: &[&Log]) -> Vec<Signal> {
    let mut signals = Signals::new(rule);
    let mut groups: HashMap<Vec<String>, All> = HashMap::new();
    for (place, log) in logs.iter().enumerate() {
        let mut touched: Vec<(Vec<String>, &[String])> = Vec::new();
        for (at, query) in rule.queries.iter().enumerate() {
            let group = query.group(log).filter(|_| query.query.matches(log));
            let (Some(group), Some(value)) = (group, text(query, log)) else {
                continue;
            };
            let all = groups.entry(group.clone()).or_default();
            all.push((place, log.millis(), at, value));
            if !touched.iter().any(|(other, _)| *other == group) {
                touched.push((group, &query.group_by));
            }
        }
        for (group, fields) in touched {
            let mut all = groups[&group].clone();
            all.retain(|(_, time, ..)| *time >= log.millis() - rule.window);
            let passes = |limits: &Limits, from: usize, to: usize| {
                limits.hold(&|query| figure(&rule.queries[query].aggregate, &all, query, from, to))
            };
            let holds = |condition: &Condition| match condition {
                Condition::Whole(limits) => passes(limits, 0, place),
                Condition::Then(first, second) => {
                    let mut moments = all.iter().map(|(at, ..)| *at).filter(|at| *at < place);
                    moments
                        .find(|at| passes(first, 0, *at))
                        .is_some_and(|at| passes(second, at + 1, place))
                }
            };
            let held = rule.cases.iter().find(|case| {
                let condition = case.condition.as_ref();
                condition.is_some_and(holds)
            });
            if let Some(case) = held {
                signals.hold(case, log, fields, &group);
            }
        }
    }
    signals.raised()
}

fn text(query: &RuleQuery, log: &Log) -> Option<String> {
    let texts: Option<Vec<String>> = query.fields().iter().map(|field| log.text(field)).collect();
    let text = texts?.join("\u{0}");
    let is_number = matches!(query.aggregate, Aggregate::Sum(_) | Aggregate::Max(_));
    (!is_number || text.parse::<f64>().is_ok()).then_some(text)
}

/// What a query amounts to from one place to another, both included.
fn figure(aggregate: &Aggregate, all: &All, query: usize, from: usize, to: usize) -> f64 {
    let within = all
        .iter()
        .filter(|(place, _, at, _)| (from..=to).contains(place) && *at == query);
    let texts: Vec<&str> = within.map(|(.., text)| text.as_str()).collect();
    let numbers = texts.iter().filter_map(|text| text.parse::<f64>().ok());
    match aggregate {
        Aggregate::Count | Aggregate::Values(_) => texts.len() as f64,
        Aggregate::Cardinality(_) => texts.iter().collect::<HashSet<_>>().len() as f64,
        Aggregate::Sum(_) => numbers.sum(),
        Aggregate::Max(_) => numbers.fold(f64::NEG_INFINITY, f64::max),
    }
}

fn rule(queries: &[&str], conditions: &[String], window: u64) -> Rule {
    let statuses = ["critical", "high", "low"];
    let cases = conditions.iter().zip(statuses);
    let queries = queries.iter().map(|text| {
        let mut query: serde_json::Value = serde_json::from_str(text).unwrap();
        query["query"] = query.get("query").cloned().unwrap_or(json!("*"));
        query
    });
    let json = json!({
        "name": "A rule", "message": "", "tags": [], "queries": queries.collect::<Vec<_>>(),
        "cases": cases.map(|(condition, status)| {
            json!({"name": condition, "status": status, "condition": condition})
        }).collect::<Vec<_>>(),
        // So that whatever holds is a signal of its own.
        "options": {"detectionMethod": "threshold", "evaluationWindow": window, "keepAlive": -1,
            "maxSignalDuration": 0},
    });
    Rule::from_json(&json).unwrap()
}

fn log(second: u64, group: &str, name: &str, number: &str) -> Log {
    let log = json!({"timestamp": second * 1000, "group": group, "name": name, "number": number});
    Log::sent(&log.to_string()).unwrap()
}

const QUERIES: [&str; 7] = [
    r#"{"query": "@name:x", "groupByFields": ["@group"]}"#,
    r#"{"query": "@name:(x OR y)", "groupByFields": ["@group"]}"#,
    r#"{"aggregation": "cardinality", "distinctFields": ["@name"], "groupByFields": ["@group"]}"#,
    r#"{"aggregation": "sum", "metrics": ["@number"], "groupByFields": ["@group"]}"#,
    r#"{"aggregation": "max", "metrics": ["@number"], "groupByFields": ["@group"]}"#,
    r#"{"aggregation": "cardinality", "distinctFields": ["@number", "@name"]}"#,
    r#"{"query": "-@name:z", "aggregation": "sum", "metrics": ["@number"], "groupByFields": ["@name"]}"#,
];

/// Conditions on queries that are called a, b and c.
fn conditions() -> impl Strategy<Value = String> {
    let limit = (select(vec!["a", "b", "c"]), select(vec![">", ">="]), 0..8)
        .prop_map(|(query, over, limit)| format!("{query} {over} {limit}"));
    let limits = limit.prop_recursive(2, 6, 2, |inner| {
        (inner.clone(), select(vec!["&&", "||"]), inner)
            .prop_map(|(one, both, other)| format!("({one} {both} {other})"))
    });
    (limits.clone(), proptest::option::weighted(0.7, limits)).prop_map(|(first, second)| {
        second.map_or(first.clone(), |second| format!("{first} THEN {second}"))
    })
}

const NUMBERS: [&[&str]; 3] = [
    &["0", "1", "2", "4", "7", "0.25"],
    &["-3", "1", "7"],
    &["-1", "2", "NaN", "inf", "-inf", "none"],
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn what_is_kept_up_is_what_a_look_at_all_logs_finds(
        queries in vec(select(QUERIES.to_vec()), 3),
        conditions in vec(conditions(), 1..4),
        window in 0_u64..40,
        numbers in select(NUMBERS.to_vec()),
        logs in vec((
            select(vec![0_u64, 0, 1, 1, 2, 5, 30]),
            select(vec!["g", "g", "g", "h", "x"]),
            select(vec!["x", "y", "z"]),
            any::<Index>(),
        ), 0..60),
    ) {
        let rule = rule(&queries, &conditions, window);
        let mut now = 1_700_000_000;
        let logs: Vec<Log> = logs
            .into_iter()
            .map(|(later, group, name, number)| {
                now += later;
                log(now, group, name, number.get::<&str>(numbers))
            })
            .collect();
        let logs: Vec<&Log> = logs.iter().collect();
        prop_assert_eq!(
            format!("{:#?}", signals(&rule, &logs)),
            format!("{:#?}", simply(&rule, &logs))
        );
    }
}

#[test]
fn a_hundred_thousand_logs_of_one_group_in_one_window_are_no_trouble() {
    let queries = [QUERIES[0], QUERIES[2], QUERIES[4]];
    let conditions = [
        "a > 99999 THEN b > 2",
        "a > 99998 && b > 1 && c >= 7",
        "a >= 50000 THEN c > 6",
    ];
    let rule = rule(&queries, &conditions.map(str::to_owned), 86_400);
    let name = |at: u64| if at == 77_777 { "y" } else { "x" };
    let logs: Vec<Log> = (0..100_000)
        .map(|at| log(1_700_000_000, "g", name(at), &(at % 8).to_string()))
        .collect();
    let severities = rule
        .signals(&logs)
        .into_iter()
        .map(|signal| signal.severity);
    let severities: Vec<Severity> = severities.collect();
    let (last, others) = severities.split_last().unwrap();
    assert_eq!(*last, Severity::High);
    // After 50,000 logs it is the seventh that has a 7.
    assert_eq!(others.len(), 49_999 - 7);
    assert!(others.iter().all(|severity| *severity == Severity::Low));
}
