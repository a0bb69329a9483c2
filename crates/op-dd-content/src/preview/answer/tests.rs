use serde_json::{Value, json};

use super::*;
use crate::Dashboard;
use crate::preview::Signals;

/// Eight logs: who did what, in which second, and how long it took.
fn logs() -> Vec<Log> {
    [
        ("ada", "reveal", 0, Some(10)),
        ("ada", "reveal", 10, Some(20)),
        ("ada", "copy", 20, Some(40)),
        ("bob", "reveal", 30, Some(30)),
        ("bob", "export", 40, None),
        ("cyd", "copy", 50, Some(7)),
        ("cyd", "copy", 60, Some(8)),
        ("cyd", "copy", 119, Some(9)),
    ]
    .into_iter()
    .map(|(user, action, second, took)| {
        let mut log = json!({
            "ddsource": "1password", "ddtags": "account:acme", "status": "info",
            "timestamp": 1_000_000_000_000_i64 + second * 1000,
            "usr": {"name": user}, "evt": {"name": action}, "roles": [user, "member"],
        });
        if let Some(took) = took {
            log["took"] = took.into();
        }
        Log::sent(&log.to_string()).unwrap()
    })
    .collect()
}

fn facet(name: &str, limit: usize, order: &str) -> Value {
    json!({"facet": name, "limit": limit, "sort": {"aggregation": "count", "metric": "count", "order": order},
        "should_exclude_missing": true})
}

fn query(name: &str, search: &str, group_by: &[Value], compute: Value) -> Value {
    let mut query = json!({"name": name, "data_source": "logs", "search": {"query": search}, "group_by": group_by});
    query["compute"] = compute;
    query
}

fn count() -> Value {
    json!({"aggregation": "count"})
}

fn answer(request: &Value, over_time: bool) -> Result<Answer, Refusal> {
    let dashboard = r#"{"template_variables": [{"name": "who", "prefix": "@usr.name", "defaults": ["*"]},
        {"name": "only", "prefix": "@usr.name", "defaults": ["ada", "bob"]}]}"#;
    let dashboard = Dashboard::parse(dashboard).unwrap();
    let (logs, signals) = (logs(), Signals::none());
    let mut evidence = Evidence::new(&dashboard, &logs, &signals);
    let definition = json!({"requests": [request]});
    let request = Request::first(definition.as_object().unwrap())?;
    if over_time {
        Answer::series(&request, &mut evidence)
    } else {
        Answer::scalar(&request, &mut evidence)
    }
}

/// The groups and the value of the first formula.
fn table(request: &Value) -> Vec<(String, Option<f64>)> {
    let answer = answer(request, false).unwrap();
    answer
        .rows
        .iter()
        .map(|row| (row.name(), row.value(0)))
        .collect()
}

fn of(expected: &[(&str, f64)]) -> Vec<(String, Option<f64>)> {
    expected
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Some(*value)))
        .collect()
}

#[test]
fn aggregations_are_what_they_are_called() {
    for (compute, expected) in [
        (json!({"aggregation": "count"}), 8.0),
        (
            json!({"aggregation": "cardinality", "metric": "@usr.name"}),
            3.0,
        ),
        (json!({"aggregation": "sum", "metric": "@took"}), 124.0),
        (
            json!({"aggregation": "avg", "metric": "@took"}),
            124.0 / 7.0,
        ),
        (json!({"aggregation": "min", "metric": "@took"}), 7.0),
        (json!({"aggregation": "max", "metric": "@took"}), 40.0),
        (json!({"aggregation": "median", "metric": "@took"}), 10.0),
        (json!({"aggregation": "pc95", "metric": "@took"}), 40.0),
        (json!({"aggregation": "pc75", "metric": "@took"}), 30.0),
    ] {
        let request = json!({"queries": [query("q", "source:1password", &[], compute.clone())]});
        assert_eq!(table(&request), of(&[("", expected)]), "{compute}");
    }
}

#[test]
fn groups_come_in_the_order_that_is_asked_for() {
    let by = |order: &str, sort: Value| {
        table(
            &json!({"queries": [query("q", "*", &[facet("@evt.name", 10, order)], count())], "sort": sort}),
        )
    };
    let most = by(
        "desc",
        json!({"order_by": [{"type": "formula", "index": 0, "order": "desc"}]}),
    );
    assert_eq!(most, of(&[("copy", 4.0), ("reveal", 3.0), ("export", 1.0)]));
    let rare = by(
        "asc",
        json!({"count": 2, "order_by": [{"type": "formula", "index": 0, "order": "asc"}]}),
    );
    assert_eq!(rare, of(&[("export", 1.0), ("reveal", 3.0)]));
    let named = by(
        "desc",
        json!({"order_by": [{"type": "group", "name": "@evt.name", "order": "desc"}]}),
    );
    assert_eq!(
        named,
        of(&[("reveal", 3.0), ("export", 1.0), ("copy", 4.0)])
    );
}

#[test]
fn a_limit_keeps_those_at_its_end_of_the_order() {
    let by = |order| {
        table(&json!({"queries": [query("q", "*", &[facet("@evt.name", 1, order)], count())]}))
    };
    assert_eq!(by("desc"), of(&[("copy", 4.0)]));
    assert_eq!(by("asc"), of(&[("export", 1.0)]));
}

#[test]
fn the_second_facet_is_limited_within_the_first() {
    let facets = [facet("@usr.name", 2, "desc"), facet("@evt.name", 1, "desc")];
    let request = json!({"queries": [query("q", "*", &facets, count())]});
    assert_eq!(
        table(&request),
        of(&[("cyd · copy", 3.0), ("ada · reveal", 2.0)])
    );
}

#[test]
fn tags_and_reserved_attributes_are_facets_and_lists_count_for_each_value() {
    for (name, expected) in [
        ("account", vec![("acme", 8.0)]),
        ("source", vec![("1password", 8.0)]),
        ("status", vec![("info", 8.0)]),
        (
            "@roles",
            vec![("member", 8.0), ("ada", 3.0), ("cyd", 3.0), ("bob", 2.0)],
        ),
    ] {
        let request = json!({"queries": [query("q", "*", &[facet(name, 10, "desc")], count())]});
        assert_eq!(table(&request), of(&expected), "{name}");
    }
}

#[test]
fn logs_without_the_facet_are_left_out_or_counted_apart() {
    let by = |excluded: bool| {
        let facet = json!({"facet": "@took", "should_exclude_missing": excluded, "limit": 20});
        table(
            &json!({"queries": [query("q", "@evt.name:export OR @usr.name:bob", &[facet], count())]}),
        )
    };
    assert_eq!(by(true), of(&[("30", 1.0)]));
    assert_eq!(by(false), of(&[("30", 1.0), ("N/A", 1.0)]));
}

#[test]
fn formulas_join_queries_by_group_and_missing_counts_are_zero() {
    let users = [facet("@usr.name", 10, "desc")];
    let request = json!({
        "queries": [query("a", "@evt.name:reveal", &users, count()), query("b", "*", &users, count()),
            query("all", "*", &[], count())],
        "formulas": [{"formula": "a / b * 100"}, {"formula": "b / all"}],
    });
    let answer = answer(&request, false).unwrap();
    let rows: Vec<_> = answer
        .rows
        .iter()
        .map(|row| (row.name(), row.value(0), row.value(1)))
        .collect();
    let row = |name: &str, share, part| (name.to_owned(), Some(share), Some(part));
    assert_eq!(
        rows,
        [
            row("ada", 2.0 / 3.0 * 100.0, 0.375),
            row("bob", 50.0, 0.25),
            row("cyd", 0.0, 0.375)
        ]
    );
}

#[test]
fn a_group_that_another_query_left_away_has_no_value_there() {
    let users = |limit| [facet("@usr.name", limit, "desc")];
    let request = json!({
        "queries": [query("a", "*", &users(3), count()), query("b", "*", &users(1), count())],
        "formulas": [{"formula": "a"}, {"formula": "b"}],
    });
    let answer = answer(&request, false).unwrap();
    let rows: Vec<_> = answer
        .rows
        .iter()
        .map(|row| (row.name(), row.value(1)))
        .collect();
    assert_eq!(
        rows,
        [
            ("ada".to_owned(), Some(3.0)),
            ("cyd".to_owned(), None),
            ("bob".to_owned(), None)
        ]
    );
}

#[test]
fn a_series_has_a_value_for_each_step_and_loses_none() {
    let compute = json!({"aggregation": "count", "interval": 60_000});
    let users = [facet("@usr.name", 10, "desc")];
    let request = json!({"queries": [query("q", "*", &users, compute)]});
    let answer = answer(&request, true).unwrap();
    // The logs begin 40 seconds into a minute.
    assert_eq!((answer.steps.width, answer.steps.count), (60_000, 3));
    let values: Vec<_> = answer
        .rows
        .iter()
        .map(|row| (row.name(), row.values[0].clone()))
        .collect();
    let row = |name: &str, values: [f64; 3]| (name.to_owned(), values.map(Some).to_vec());
    assert_eq!(
        values,
        [
            row("ada", [2.0, 1.0, 0.0]),
            row("cyd", [0.0, 2.0, 1.0]),
            row("bob", [0.0, 2.0, 0.0])
        ]
    );
}

#[test]
fn template_variables_have_their_defaults() {
    let count_of =
        |search: &str| table(&json!({"queries": [query("q", search, &[], count())]}))[0].1;
    assert_eq!(count_of("source:1password $who"), Some(8.0));
    assert_eq!(count_of("source:1password $only"), Some(5.0));
}

#[test]
fn what_stays_empty_says_why() {
    let reason = |search: &str, group_by: &[Value], compute: Value| {
        let answer = answer(
            &json!({"queries": [query("q", search, group_by, compute)]}),
            false,
        );
        answer.unwrap().taken.reason
    };
    let said = reason(
        "source:okta  $who",
        &[facet("@usr.name", 5, "desc")],
        count(),
    );
    assert_eq!(said.as_deref(), Some("No log matches `source:okta`."));
    let said = reason("@usr.name:bob", &[facet("@device", 5, "desc")], count());
    assert_eq!(
        said.as_deref(),
        Some("None of the 2 logs that match `@usr.name:bob` has @device.")
    );
    let said = reason(
        "@evt.name:export",
        &[],
        json!({"aggregation": "avg", "metric": "@took"}),
    );
    assert_eq!(
        said.as_deref(),
        Some("The one log that matches `@evt.name:export` lacks @took.")
    );
    assert_eq!(reason("*", &[], count()), None);
}

#[test]
fn what_is_not_understood_is_refused() {
    for (request, words) in [
        (json!({"queries": []}), "no `queries`"),
        (
            json!({"queries": [query("q", "(", &[], count())]}),
            "the query `(`",
        ),
        (
            json!({"queries": [query("q", "*", &[], json!({"aggregation": "earliest"}))]}),
            "earliest",
        ),
        (
            json!({"queries": [query("q", "*", &[], json!({"aggregation": "sum"}))]}),
            "of which attribute",
        ),
        (
            json!({"queries": [query("q", "*", &[], count())], "formulas": [{"formula": "top(q)"}]}),
            "top(q)",
        ),
        (
            json!({"queries": [query("q", "*", &[], count())], "formulas": [{"formula": "p"}]}),
            "no query is called so",
        ),
        (
            json!({"queries": [{"name": "q", "data_source": "metrics", "compute": {"aggregation": "avg"}}]}),
            "metrics",
        ),
    ] {
        let error = answer(&request, false).unwrap_err().to_string();
        assert!(error.contains(words), "{request}: {error}");
    }
}
