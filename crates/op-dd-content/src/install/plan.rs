use std::fmt;

use serde_json::Value;

use super::desired::Object;
use super::installed::Found;
use super::resource::Resource;
use super::{Desired, Difference, Installed, Permission, Selection, differences};
use crate::{Asset, Content, Kind};

/// What is to be done, so that what is wanted is there.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    steps: Vec<Step<'a>>,
}

/// What is to be done with one object.
///
/// It prints as one line: `replace dashboard 1password-overview (/title)`.
#[derive(Clone, Debug)]
pub struct Step<'a> {
    pub(super) resource: Resource,
    pub(super) name: String,
    pub(super) action: Action,
    pub(super) wanted: Option<Wanted<'a>>,
    /// Of the object that is there.
    pub(super) id: Option<String>,
}

/// What is to be there.
#[derive(Clone, Debug)]
pub(super) struct Wanted<'a> {
    pub(super) content: &'a Content,
    pub(super) asset: Asset,
    pub(super) mark: String,
    pub(super) json: Value,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// It isn't there.
    Create,
    /// It is there, and differs in these members.
    Replace(Vec<Difference>),
    /// It is there as it is wanted.
    Unchanged,
    /// It is there and isn't wanted.
    Remove,
    /// It is left as it is, for this reason.
    Skip(Skip),
}

/// Why an object is left as it is, or isn't created.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Skip {
    /// The rule watches these lists, and nobody gave them.
    WatchLists(Vec<String>),
    /// Datadog's own pipeline for 1Password is there and does it.
    DatadogsPipeline,
    /// Somebody made a copy with the mark in it; its id.
    Copy(String),
}

impl<'a> Plan<'a> {
    /// What it takes to install what is wanted, and to remove what bears our marks and isn't wanted any more.
    #[must_use]
    pub fn install(desired: &Desired<'a>, installed: &Installed) -> Self {
        let mut steps: Vec<_> = desired
            .objects
            .iter()
            .map(|object| step(desired, object, installed))
            .collect();
        let mut kept: Vec<&str> = steps.iter().filter_map(|step| step.id.as_deref()).collect();
        kept.sort_unstable();
        let mut others = Vec::new();
        for found in &installed.objects {
            if kept.binary_search(&&*found.id).is_ok() {
                continue;
            }
            let mut wanted = desired.objects.iter();
            let copied = wanted
                .any(|object| (object.resource, &object.mark) == (found.resource, &found.mark));
            let mut step = removal(found);
            if copied {
                step.action = Action::Skip(Skip::Copy(found.id.clone()));
            } else if !desired.selection().has(found.resource, &found.mark) {
                continue;
            }
            others.push(step);
        }
        steps.extend(others);
        Self { steps }
    }

    /// What it takes to remove all that bears our marks, as far as `selection` takes it in.
    #[must_use]
    pub fn removal(installed: &Installed, selection: &Selection) -> Self {
        let found = installed.objects.iter().rev();
        let found = found.filter(|found| selection.has(found.resource, &found.mark));
        Self {
            steps: found.map(removal).collect(),
        }
    }

    /// The steps, in the order in which they are to be done.
    #[must_use]
    pub fn steps(&self) -> &[Step<'a>] {
        &self.steps
    }

    /// Whether all is as it is wanted.
    #[must_use]
    pub fn changes_nothing(&self) -> bool {
        !self.steps.iter().any(Step::is_change)
    }

    /// What it takes to do it, validation included.
    #[must_use]
    pub fn permissions(&self) -> Vec<Permission> {
        let changes = |resource: &Resource| {
            let mut steps = self.steps.iter();
            steps.any(|step| step.is_change() && step.resource == *resource)
        };
        let changed = Resource::ALL.into_iter().filter(changes);
        changed.map(Resource::writing).collect()
    }
}

fn step<'a>(desired: &Desired<'a>, object: &Object, installed: &Installed) -> Step<'a> {
    let mut found = installed.objects.iter();
    let found =
        found.find(|found| (found.resource, &found.mark) == (object.resource, &object.mark));
    let action = match found {
        _ if !object.missing.is_empty() => Action::Skip(Skip::WatchLists(object.missing.clone())),
        Some(found) => {
            let differences = differences(&object.json, &found.json);
            if differences.is_empty() {
                Action::Unchanged
            } else {
                Action::Replace(differences)
            }
        }
        None if installed.datadogs_pipeline
            && !desired.with_pipeline
            && object.does_as_datadogs_pipeline() =>
        {
            Action::Skip(Skip::DatadogsPipeline)
        }
        None => Action::Create,
    };
    Step {
        resource: object.resource,
        name: object.asset.name().to_owned(),
        action,
        wanted: Some(Wanted {
            content: desired.content,
            asset: object.asset.clone(),
            mark: object.mark.clone(),
            json: object.json.clone(),
        }),
        id: found.map(|found| found.id.clone()),
    }
}

fn removal(found: &Found) -> Step<'static> {
    Step {
        resource: found.resource,
        name: found.mark.clone(),
        action: Action::Remove,
        wanted: None,
        id: Some(found.id.clone()),
    }
}

impl Step<'_> {
    /// What the object is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.resource.kind()
    }

    /// What it is called: as its file, or by its mark if it has none.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is to be done.
    #[must_use]
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// Whether it changes anything in Datadog.
    #[must_use]
    pub fn is_change(&self) -> bool {
        matches!(
            self.action,
            Action::Create | Action::Replace(_) | Action::Remove
        )
    }
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match &self.action {
            Action::Create => "create",
            Action::Replace(_) => "replace",
            Action::Unchanged => "unchanged",
            Action::Remove => "remove",
            Action::Skip(_) => "skip",
        };
        write!(f, "{verb} {} {}", self.kind(), self.name)?;
        match &self.action {
            Action::Replace(differences) => {
                let pointers: Vec<&str> = differences.iter().map(|one| &*one.pointer).collect();
                write!(f, " ({})", pointers.join(", "))
            }
            Action::Skip(reason) => write!(f, ": {reason}"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WatchLists(lists) => {
                write!(
                    f,
                    "nobody said what is in its watch list {}",
                    lists.join(" and ")
                )
            }
            Self::DatadogsPipeline => {
                f.write_str("Datadog's own pipeline for 1Password is there and does it")
            }
            Self::Copy(id) => write!(
                f,
                "{id} is a copy that somebody made, mark included: take the mark out of it to keep it, or \
                 delete it"
            ),
        }
    }
}
