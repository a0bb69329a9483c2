//! What a widget or a monitor counts: queries by name, and formulas over them.

use serde_json::Value;

use super::fields::check_query;
use super::report::{Report, Spot};
use super::scope::Scope;
use super::spelling::did_you_mean;
use super::{beyond, objects};

/// Checks the queries of a request, each as `look` has it looked at first.
pub(super) fn check_queries(
    request: &Value,
    pointer: &str,
    key: &str,
    report: &mut Report<'_>,
    mut look: impl FnMut(&mut Report<'_>, &str, &str),
) {
    let queries = objects(request, pointer, key).into_iter();
    for (pointer, query) in queries.filter(|(_, query)| !beyond::is_query(query)) {
        let place = format!("{pointer}/search/query");
        let text = query["search"]["query"].as_str().unwrap_or_default();
        look(report, &place, text);
        let signals = query["data_source"] == "security_signals";
        let Some(scope) = check_query(report, |at| Spot::Within(&place, at), text, signals) else {
            continue;
        };
        check_measure(
            &query["compute"],
            &format!("{pointer}/compute"),
            &scope,
            report,
        );
        for (pointer, group) in objects(query, &pointer, "group_by") {
            if let Some(facet) = group["facet"].as_str() {
                let place = format!("{pointer}/facet");
                scope.check_field(report, Spot::Value(&place), facet);
            }
            check_measure(&group["sort"], &format!("{pointer}/sort"), &scope, report);
        }
    }
}

/// What needs an attribute to be of; counting needs none.
pub(super) const MEASURES: [&str; 11] = [
    "cardinality",
    "median",
    "pc75",
    "pc90",
    "pc95",
    "pc98",
    "pc99",
    "sum",
    "min",
    "max",
    "avg",
];

fn check_measure(of: &Value, pointer: &str, scope: &Scope, report: &mut Report<'_>) {
    let place = format!("{pointer}/metric");
    let aggregation = of["aggregation"]
        .as_str()
        .filter(|name| MEASURES.contains(name));
    match (aggregation, of["metric"].as_str()) {
        // In a sort, the count is called a metric, too.
        (None, _) => {}
        (Some(_), Some(metric)) => scope.check_field(report, Spot::Value(&place), metric),
        (Some(aggregation), None) => {
            report.fault(
                pointer,
                format!("nothing says of what the {aggregation} is: name a metric"),
            );
        }
    }
}

/// Checks that a formula names queries that there are.
pub(super) fn check_formula<'p>(
    formula: &str,
    spot: impl Fn(usize) -> Spot<'p>,
    queries: &[&str],
    report: &mut Report<'_>,
) {
    for (at, name) in names(formula) {
        if !queries.contains(&name) {
            let meant = did_you_mean(name, queries.iter().copied(), "");
            let meant = match meant.as_str() {
                "" => format!("; there are: {}", queries.join(", ")),
                meant => meant.to_owned(),
            };
            report.fault(spot(at), format!("no query is called {name}{meant}"));
        }
    }
}

/// The names of queries in a formula: words that are neither functions nor texts.
pub(super) fn names(formula: &str) -> Vec<(usize, &str)> {
    let mut names = Vec::new();
    let mut at = 0;
    while let Some(first) = formula[at..].chars().next() {
        let rest = &formula[at..];
        let length = match first {
            '\'' | '"' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
            c if c.is_alphanumeric() || c == '_' => rest
                .find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.')
                .unwrap_or(rest.len()),
            other => other.len_utf8(),
        };
        let is_function = || rest[length..].trim_start().starts_with('(');
        if (first.is_alphabetic() || first == '_') && !is_function() {
            names.push((at, &rest[..length]));
        }
        at += length;
    }
    names
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_formula_names_queries() {
        let formula = "default_zero(query1) / 100.5 + top(a, 10, 'mean', 'desc') - query_2";
        let names: Vec<&str> = names(formula).into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["query1", "a", "query_2"]);
    }
}
