use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Rule, RuleError, Severity, WatchLists};
use crate::{Log, Samples, Trial};

/// The file beside a rule: stories that it has to see, and stories that it must not see.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stories {
    #[serde(default)]
    watch_lists: BTreeMap<String, Vec<String>>,
    matching: Vec<Story>,
    near_misses: Vec<Story>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Story {
    title: String,
    /// Of a signal that has to be raised: how serious the gravest has to be.
    severity: Option<Severity>,
    /// As they are sent to the intake.
    logs: Vec<Map<String, Value>>,
}

impl Rule {
    /// Tries a rule's JSON on the samples beside it: each story among `matching` has to raise a signal, as
    /// serious as its `severity` says, if it does; none among `near_misses` may.
    ///
    /// # Errors
    ///
    /// If the rule isn't one, or the samples aren't.
    pub fn try_samples(rule: &str, samples: &Samples) -> Result<Vec<Trial>, RuleError> {
        let wrong = |pointer: String, problem: String| RuleError {
            pointer,
            problem,
            at: None,
        };
        let stories: Stories = serde_json::from_str(samples.text())
            .map_err(|error| wrong(String::new(), error.to_string()))?;
        let lists: WatchLists = stories.watch_lists.into_iter().collect();
        let mut json =
            serde_json::from_str(rule).map_err(|error| wrong(String::new(), error.to_string()))?;
        let missing = lists.fill(&mut json);
        if let Some(name) = missing.first() {
            let problem = format!("the samples have to give the list `{name}`");
            return Err(wrong("/watch_lists".to_owned(), problem));
        }
        let rule = Self::from_json(&json)?;

        let matching = stories.matching.into_iter().enumerate();
        let matching = matching.map(|(at, story)| (format!("/matching/{at}"), story, true));
        let misses = stories.near_misses.into_iter().enumerate();
        let misses = misses.map(|(at, story)| (format!("/near_misses/{at}"), story, false));
        let mut trials = Vec::new();
        for (pointer, story, should_match) in matching.chain(misses) {
            let mut logs = Vec::new();
            for (at, log) in story.logs.into_iter().enumerate() {
                let place = format!("{pointer}/logs/{at}");
                logs.push(
                    Log::from_attributes(log).map_err(|error| wrong(place, error.to_string()))?,
                );
            }
            let signals = rule.signals(&logs);
            let gravest = signals.iter().map(|signal| signal.severity).max();
            let difference = match (gravest, story.severity) {
                (None, _) if should_match => Some("raises no signal, and should".to_owned()),
                (Some(gravest), _) if !should_match => {
                    Some(format!("raises a signal ({gravest}), and shouldn't"))
                }
                (Some(gravest), Some(severity)) if gravest != severity => Some(format!(
                    "raises a signal that is {gravest}, and should be {severity}"
                )),
                _ => None,
            };
            trials.push(Trial {
                title: story.title,
                pointer,
                differences: difference.into_iter().collect(),
            });
        }
        Ok(trials)
    }
}
