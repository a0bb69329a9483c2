use serde_json::{Map, json};

use crate::coverage::rule;
use crate::{Content, Kind, Log, Rule, Signal, WatchLists};

/// What detection rules raise over logs, as our own evaluator has it, in the form in which dashboards see it: logs of
/// the data source `security_signals`.
///
/// They have the tags of their rule, its severity as `status`, `@workflow.rule.name`, and the fields that the rule
/// groups by.
#[derive(Clone, Debug, Default)]
pub struct Signals {
    logs: Vec<Log>,
    left_out: Vec<String>,
}

impl Signals {
    /// None at all.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Those of all rules of the content, and by name the rules that can't be tried: those that need another watch
    /// list, those whose method isn't tried here, and those that are no rules.
    #[must_use]
    pub fn simulated(content: &Content, logs: &[Log], lists: &WatchLists) -> Self {
        let mut sorted: Vec<&Log> = logs.iter().collect();
        sorted.sort_by_key(|log| log.millis());
        let mut signals = Self::default();
        for asset in content.of(Kind::Rule) {
            match rule(asset, lists) {
                Some((rule, Ok(()))) => signals.add(&rule, &sorted),
                _ => signals.left_out.push(asset.name().to_owned()),
            }
        }
        signals
    }

    /// Those of one rule, over logs in the order of their dates.
    fn add(&mut self, rule: &Rule, logs: &[&Log]) {
        let signals = rule.signals_of(logs);
        self.logs
            .extend(signals.iter().filter_map(|signal| log(rule, signal)));
    }

    /// As dashboards see them.
    #[must_use]
    pub fn logs(&self) -> &[Log] {
        &self.logs
    }

    /// The names of the rules that weren't tried.
    #[must_use]
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }
}

/// A signal as a log; none, if its date is none that a log can have.
fn log(rule: &Rule, signal: &Signal) -> Option<Log> {
    let source = rule
        .tags()
        .iter()
        .find_map(|tag| tag.strip_prefix("source:"));
    let at = jiff::Timestamp::try_from(signal.at).ok()?;
    let mut attributes = Map::new();
    attributes.insert("timestamp".to_owned(), at.as_millisecond().into());
    attributes.insert("ddsource".to_owned(), source.unwrap_or("1password").into());
    attributes.insert("ddtags".to_owned(), rule.tags().join(",").into());
    attributes.insert("status".to_owned(), signal.severity.as_str().into());
    attributes.insert("message".to_owned(), signal.rule.as_str().into());
    attributes.insert(
        "workflow".to_owned(),
        json!({"rule": {"name": signal.rule}}),
    );
    let mut log = Log::from_attributes(attributes).ok()?;
    for (field, value) in &signal.group {
        if let Some(path) = field.strip_prefix('@') {
            log.set(path, value.as_str().into());
        }
    }
    Some(log)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::search::Query;

    #[test]
    fn signals_are_logs_of_their_own_and_rules_without_their_lists_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("rules")).unwrap();
        let rule = |query: &str| {
            json!({
                "name": "Export", "message": "", "tags": ["source:1password", "tactic:TA0010"], "isEnabled": true,
                "queries": [{"query": query, "groupByFields": ["@usr.email"]}],
                "cases": [{"name": "", "status": "high", "condition": "a > 1"}],
                "options": {"detectionMethod": "threshold", "evaluationWindow": 300, "keepAlive": 300,
                    "maxSignalDuration": 3600},
            })
            .to_string()
        };
        for (name, text) in [
            ("export", rule("@evt.name:export")),
            ("lists", rule("@vault_uuid:$privileged_vaults")),
            ("broken", "{}".to_owned()),
        ] {
            fs::write(folder.path().join(format!("rules/{name}.json")), text).unwrap();
        }
        let content = Content::read(folder.path()).unwrap();
        let log = |user: &str, second: u64| {
            let log = json!({"evt": {"name": "export"}, "usr": {"email": user},
                "timestamp": format!("2026-05-01T12:00:{second:02}Z")});
            Log::sent(&log.to_string()).unwrap()
        };
        // Not in their order: only Ada exports twice.
        let logs = [
            log("ada@example.com", 9),
            log("bob@example.com", 5),
            log("ada@example.com", 1),
        ];

        let signals = Signals::simulated(&content, &logs, &WatchLists::default());
        assert_eq!(signals.left_out(), ["broken", "lists"]);
        let [signal] = signals.logs() else {
            panic!("one signal: {signals:?}");
        };
        for query in [
            "source:1password status:high tactic:TA0010",
            "@workflow.rule.name:Export",
            "@usr.email:ada@example.com",
        ] {
            assert!(
                Query::parse(query).unwrap().matches(signal),
                "{query}: {signal:?}"
            );
        }
        assert_eq!(signal.time(), logs[0].time());

        let lists = [("privileged_vaults", ["VAULT"])].into_iter().collect();
        let signals = Signals::simulated(&content, &logs, &lists);
        assert_eq!(signals.left_out(), ["broken"]);
    }
}
