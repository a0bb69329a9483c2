use std::fmt;

use serde_json::Value;

use super::desired::Object;
use super::installed::{Found, title};
use super::resource::Resource;
use super::{Desired, Difference, Installed, Permission, Selection, SettingsError, differences};
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
    /// It is there, and no file is of its name: it stays, unless [`Settings::prune`](super::Settings::prune) is set.
    LeftOver,
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
    /// It bears the mark of another object, or isn't called as its file has it: somebody made a copy, mark included,
    /// or gave it another name.
    Copy {
        /// What Datadog knows it by.
        id: String,
        /// What people see that it is called.
        title: String,
    },
}

impl<'a> Plan<'a> {
    /// What it takes to install what is wanted. What bears our marks and has no file any more is left over, or removed
    /// if the settings say so.
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
            if kept.binary_search(&&*found.id).is_ok()
                || !desired.selection().has(found.resource, &found.mark)
            {
                continue;
            }
            let mut wanted = desired.objects.iter();
            let has_file = wanted.any(|object| {
                (object.resource, object.asset.name()) == (found.resource, &found.mark)
            });
            let action = match desired.prune {
                _ if has_file || !found.is_ours(installed, None) => Action::Skip(found.as_copy()),
                true => Action::Remove,
                false => Action::LeftOver,
            };
            others.push(found.step(action));
        }
        steps.extend(others);
        Self { steps }
    }

    /// What it takes to remove what is ours, as far as `selection` takes it in. The files of `content` say what is
    /// ours and what a copy.
    ///
    /// # Errors
    ///
    /// If `selection` has a name that neither a file nor anything installed has.
    pub fn removal(
        content: &Content,
        installed: &Installed,
        selection: &Selection,
    ) -> Result<Self, SettingsError> {
        for name in selection.names() {
            let is_file =
                |asset: &Asset| asset.name() == name && Resource::of(asset.kind()).is_some();
            let is_known = content.assets().any(is_file)
                || installed.objects.iter().any(|found| found.mark == name);
            if !is_known {
                return Err(SettingsError::unknown(name));
            }
        }
        let found = installed.objects.iter().rev();
        let found = found.filter(|found| selection.has(found.resource, &found.mark));
        let steps = found.map(|found| {
            let title = title_in_file(content, found.resource, &found.mark);
            found.step(if found.is_ours(installed, title.as_deref()) {
                Action::Remove
            } else {
                Action::Skip(found.as_copy())
            })
        });
        Ok(Self {
            steps: steps.collect(),
        })
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
    let name = object.asset.name();
    let found = installed.ours(object.resource, name, Some(object.title()));
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
        name: name.to_owned(),
        action,
        wanted: Some(Wanted {
            content: desired.content,
            asset: object.asset.clone(),
            json: object.json.clone(),
        }),
        id: found.map(|found| found.id.clone()),
    }
}

/// What people are to see that an object is called, if a file says it.
fn title_in_file(content: &Content, resource: Resource, name: &str) -> Option<String> {
    let mut files = content.of(resource.kind());
    let json = files.find(|asset| asset.name() == name)?.object().ok()?;
    Some(title(resource, &Value::Object(json)).to_owned())
}

impl Found {
    fn is_ours(&self, installed: &Installed, title: Option<&str>) -> bool {
        let ours = installed.ours(self.resource, &self.mark, title);
        ours.is_some_and(|ours| ours.id == self.id)
    }

    fn as_copy(&self) -> Skip {
        Skip::Copy {
            id: self.id.clone(),
            title: self.title().to_owned(),
        }
    }

    fn step(&self, action: Action) -> Step<'static> {
        Step {
            resource: self.resource,
            name: self.mark.clone(),
            action,
            wanted: None,
            id: Some(self.id.clone()),
        }
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
            Action::LeftOver => "left over",
            Action::Skip(_) => "skip",
        };
        write!(f, "{verb} {} {}", self.kind(), self.name)?;
        match &self.action {
            Action::Replace(differences) => {
                let pointers: Vec<&str> = differences.iter().map(|one| &*one.pointer).collect();
                write!(f, " ({})", pointers.join(", "))
            }
            Action::LeftOver => f.write_str(": no file of this name"),
            Action::Skip(reason) => {
                write!(f, ": {reason}")?;
                if matches!(reason, Skip::WatchLists(_)) && self.id.is_some() {
                    f.write_str(", so it stays as it was installed")?;
                }
                Ok(())
            }
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
            Self::Copy { id, title } => write!(
                f,
                "{id}, {title:?}, is a copy that somebody made, mark included, or was renamed: it is left alone"
            ),
        }
    }
}
