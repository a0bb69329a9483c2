use std::collections::HashMap;

use super::model::{LearningMethod, NewValueOptions};
use super::signal::{Signal, Signals};
use super::{Aggregate, Rule};
use crate::Log;

const DAY: i64 = 24 * 3600 * 1000;

/// What is known of a group: each value, and when it was last seen.
#[derive(Default)]
struct Known(HashMap<Vec<String>, i64>);

/// Signals what a group had not done before, once it has been learned what it does.
pub(super) fn signals(rule: &Rule, options: &NewValueOptions, logs: &[&Log]) -> Vec<Signal> {
    let mut signals = Signals::new(rule);
    let Some(query) = rule.queries.first() else {
        return Vec::new();
    };
    let Aggregate::Values(fields) = &query.aggregate else {
        return Vec::new();
    };
    let mut groups: HashMap<Vec<String>, Known> = HashMap::new();
    let mut begun = None;
    for log in logs.iter().filter(|log| query.query.matches(log)) {
        let values: Option<Vec<String>> = fields.iter().map(|field| log.text(field)).collect();
        let (Some(group), Some(values)) = (query.group(log), values) else {
            continue;
        };
        let now = log.millis();
        let begun = *begun.get_or_insert(now);
        let known = groups.entry(group.clone()).or_default();
        if options.forget_after > 0 {
            let oldest = now - options.forget_after * DAY;
            known.0.retain(|_, seen| *seen >= oldest);
        }
        let has_learned = match options.learning_method {
            LearningMethod::Duration => now - begun >= options.learning_duration * DAY,
            LearningMethod::Threshold => known.0.len() >= options.learning_threshold,
        };
        let is_new = known.0.insert(values, now).is_none();
        if let Some(case) = rule.cases.first()
            && has_learned
            && is_new
        {
            signals.hold(case, log, &query.group_by, &group);
        }
    }
    signals.raised()
}
