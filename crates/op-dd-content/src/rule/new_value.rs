use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use super::model::{LearningMethod, NewValueOptions};
use super::signal::{Signal, Signals};
use super::{Aggregate, Rule};
use crate::Log;

const DAY: i64 = 24 * 3600 * 1000;

/// What is known of a group.
#[derive(Default)]
struct Known {
    /// Each value, and when it was last seen.
    values: HashMap<Rc<[String]>, i64>,
    /// Each time that one was seen, the oldest first.
    seen: VecDeque<(i64, Rc<[String]>)>,
}

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
            known.forget(oldest);
        }
        let has_learned = match options.learning_method {
            LearningMethod::Duration => now - begun >= options.learning_duration * DAY,
            LearningMethod::Threshold => known.values.len() >= options.learning_threshold,
        };
        let is_new = known.see(values.into(), now);
        if let Some(case) = rule.cases.first()
            && has_learned
            && is_new
        {
            signals.hold(case, log, &query.group_by, &group);
        }
    }
    signals.raised()
}

impl Known {
    /// Whether it is new.
    fn see(&mut self, value: Rc<[String]>, now: i64) -> bool {
        self.seen.push_back((now, Rc::clone(&value)));
        self.values.insert(value, now).is_none()
    }

    /// Forgets what was last seen before then.
    fn forget(&mut self, oldest: i64) {
        while self.seen.front().is_some_and(|(seen, _)| *seen < oldest)
            && let Some((seen, value)) = self.seen.pop_front()
        {
            if self.values.get(&value) == Some(&seen) {
                self.values.remove(&value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_forgotten_a_while_after_it_was_last_seen_however_many_there_are() {
        let rule = json!({
            "name": "A rule", "message": "", "tags": [],
            "queries": [{"query": "*", "aggregation": "new_value", "metrics": ["@number"]}],
            "cases": [{"name": "", "status": "low"}],
            "options": {"detectionMethod": "new_value", "evaluationWindow": 0, "keepAlive": -1,
                "maxSignalDuration": 0, "newValueOptions": {"forgetAfter": 1, "learningDuration": 0}},
        });
        let rule = Rule::from_json(&rule).unwrap();
        let log = |millis: i64, number: i64| {
            let log = json!({"timestamp": millis, "number": number});
            Log::sent(&log.to_string()).unwrap()
        };
        let mut logs: Vec<Log> = (0..50_000).map(|number| log(number, number)).collect();
        logs.push(log(DAY / 2, 7));
        // Of the first hundred, only what was seen again is still known.
        logs.extend((0..100).map(|number| log(DAY + 100 + number, number)));
        let signals = rule.signals(&logs);
        assert_eq!(signals.len(), 50_000 + 99);
    }
}
