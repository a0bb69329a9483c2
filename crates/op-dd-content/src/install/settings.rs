use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use thiserror::Error;

use super::resource::Resource;
use crate::{AssetError, WatchLists};

/// What an installation sets otherwise than the files have it.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// What stands in the rules' queries for `$privileged_vaults` and the like.
    pub watch_lists: WatchLists,
    /// Whom rules and monitors tell.
    pub notifications: Notifications,
    /// Installs the log pipeline although Datadog's own for 1Password is there.
    pub with_pipeline: bool,
    /// Removes what was installed from a file that there is no more.
    pub prune: bool,
}

/// Whom rules and monitors tell, as `@slack-security` or `@pagerduty-oncall`.
#[derive(Clone, Debug, Default)]
pub struct Notifications {
    by_all: Vec<String>,
    by_one: BTreeMap<String, Vec<String>>,
}

/// Why files and settings don't make what can be installed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A file is at fault.
    #[error(transparent)]
    Asset(#[from] AssetError),
    /// A name that no file has, and what for it was given.
    #[error("no {what} is called {name}")]
    Name {
        /// What was looked for, such as `rule or monitor`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A watch list that no rule asks for.
    #[error("no rule asks for the watch list {name}: the rules know {known}")]
    WatchList {
        /// The list's name.
        name: String,
        /// Those that are asked for.
        known: String,
    },
}

impl SettingsError {
    /// Nothing is called so.
    pub(super) fn unknown(name: &str) -> Self {
        Self::Name {
            what: "dashboard, rule, monitor or pipeline",
            name: name.to_owned(),
        }
    }
}

impl Notifications {
    /// Has all rules and monitors tell somebody.
    pub fn by_all(&mut self, target: impl Into<String>) {
        self.by_all.push(target.into());
    }

    /// Has the rule or monitor of this name tell somebody.
    pub fn by_one(&mut self, name: impl Into<String>, target: impl Into<String>) {
        self.by_one
            .entry(name.into())
            .or_default()
            .push(target.into());
    }

    /// The names of those that tell somebody of their own.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.by_one.keys().map(String::as_str)
    }

    /// Adds them to an object, but for those that it tells already.
    pub(super) fn write(&self, resource: Resource, object: &mut Map<String, Value>, name: &str) {
        let of_one = self.by_one.get(name).into_iter().flatten();
        let targets = || self.by_all.iter().chain(of_one.clone());
        match resource {
            Resource::Rule => {
                let cases = object.get_mut("cases").and_then(Value::as_array_mut);
                let cases = cases.into_iter().flatten().filter_map(Value::as_object_mut);
                for case in cases {
                    let told = case.entry("notifications").or_insert_with(|| json!([]));
                    let Some(told) = told.as_array_mut() else {
                        continue;
                    };
                    for target in targets() {
                        if !told.iter().any(|told| told == target) {
                            told.push(target.as_str().into());
                        }
                    }
                }
            }
            Resource::Monitor => {
                let message = object.get("message").and_then(Value::as_str);
                let mut message = message.unwrap_or_default().to_owned();
                let mut between = "\n\n";
                for target in targets() {
                    if !message.split_whitespace().any(|word| word == target) {
                        message.push_str(between);
                        message.push_str(target);
                        between = " ";
                    }
                }
                object.insert("message".to_owned(), message.into());
            }
            Resource::Pipeline | Resource::Dashboard => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_and_monitors_tell_each_once() {
        let mut notifications = Notifications::default();
        notifications.by_all("@slack-security");
        notifications.by_all("@slack-security");
        notifications.by_one("mine", "@pagerduty-oncall");
        let written = |resource, name, mut object: Value| {
            notifications.write(resource, object.as_object_mut().unwrap(), name);
            object
        };
        let rule = json!({"cases": [{"notifications": ["@slack-security"]}, {}]});
        assert_eq!(
            written(Resource::Rule, "other", rule.clone()),
            json!({"cases": [
                {"notifications": ["@slack-security"]},
                {"notifications": ["@slack-security"]},
            ]})
        );
        assert_eq!(
            written(Resource::Rule, "mine", rule)["cases"][0]["notifications"],
            json!(["@slack-security", "@pagerduty-oncall"])
        );
        let monitor = json!({"message": "It is silent."});
        assert_eq!(
            written(Resource::Monitor, "mine", monitor)["message"],
            "It is silent.\n\n@slack-security @pagerduty-oncall"
        );
    }
}
