use std::collections::{HashMap, HashSet, VecDeque};

use super::signal::{Signal, Signals};
use super::{Aggregate, Rule, RuleQuery};
use crate::Log;

/// What a query has taken of a group within the window.
type Window = VecDeque<Taken>;

struct Taken {
    /// The log's place in the order of all.
    place: u64,
    time: i64,
    value: Value,
}

enum Value {
    One,
    Text(String),
    Number(f64),
}

/// Slides the window over the logs, for each group of each query.
pub(super) fn signals(rule: &Rule, logs: &[&Log]) -> Vec<Signal> {
    let mut signals = Signals::new(rule);
    let mut groups: HashMap<Vec<String>, Vec<Window>> = HashMap::new();
    for (place, log) in (0..).zip(logs) {
        let mut touched: Vec<(Vec<String>, &[String])> = Vec::new();
        for (at, query) in rule.queries.iter().enumerate() {
            if !query.query.matches(log) {
                continue;
            }
            let (Some(group), Some(value)) = (query.group(log), query.value(log)) else {
                continue;
            };
            let windows = groups
                .entry(group.clone())
                .or_insert_with(|| rule.queries.iter().map(|_| Window::new()).collect());
            windows[at].push_back(Taken {
                place,
                time: log.millis(),
                value,
            });
            if !touched.iter().any(|(other, _)| *other == group) {
                touched.push((group, &query.group_by));
            }
        }
        for (group, fields) in touched {
            let Some(windows) = groups.get_mut(&group) else {
                continue;
            };
            let oldest = log.millis() - rule.window;
            for window in windows.iter_mut() {
                while window.front().is_some_and(|taken| taken.time < oldest) {
                    window.pop_front();
                }
            }
            let figure =
                |query: usize, from, to| figure(&rule.queries[query], &windows[query], from, to);
            let moments = || {
                let places = windows.iter().flatten().map(|taken| taken.place);
                let mut places: Vec<u64> = places.collect();
                places.sort_unstable();
                places
            };
            let held = rule.cases.iter().find(|case| {
                let condition = case.condition.as_ref();
                condition.is_some_and(|holds| holds.holds(0, place, &figure, &moments))
            });
            if let Some(case) = held {
                signals.hold(case, log, fields, &group);
            }
        }
    }
    signals.raised()
}

/// What a query amounts to between two places.
#[expect(clippy::cast_precision_loss, reason = "nobody counts that far")]
fn figure(query: &RuleQuery, window: &Window, from: u64, to: u64) -> f64 {
    let taken = window
        .iter()
        .filter(|taken| (from..=to).contains(&taken.place));
    let numbers = taken.clone().filter_map(|taken| match taken.value {
        Value::Number(number) => Some(number),
        _ => None,
    });
    match query.aggregate {
        Aggregate::Count | Aggregate::Values(_) => taken.count() as f64,
        Aggregate::Cardinality(_) => {
            let texts = taken.filter_map(|taken| match &taken.value {
                Value::Text(text) => Some(text),
                _ => None,
            });
            texts.collect::<HashSet<_>>().len() as f64
        }
        Aggregate::Sum(_) => numbers.sum(),
        Aggregate::Max(_) => numbers.fold(f64::NEG_INFINITY, f64::max),
    }
}

impl RuleQuery {
    /// What a log adds; none if it lacks the attribute that is counted.
    fn value(&self, log: &Log) -> Option<Value> {
        match &self.aggregate {
            Aggregate::Count | Aggregate::Values(_) => Some(Value::One),
            Aggregate::Cardinality(fields) => {
                let texts: Option<Vec<String>> =
                    fields.iter().map(|field| log.text(field)).collect();
                Some(Value::Text(texts?.join("\u{0}")))
            }
            Aggregate::Sum(field) | Aggregate::Max(field) => {
                log.text(field)?.parse().ok().map(Value::Number)
            }
        }
    }
}
