use std::collections::HashSet;

use serde_json::{Map, Value};

use super::installed::title;
use super::resource::Resource;
use super::{Selection, Settings, SettingsError, mark};
use crate::{Asset, Content, Finding, Kind, Level, Samples, WatchLists, own_widgets};

/// What is to be in Datadog: the files, marked, with the settings written into them.
#[derive(Clone, Debug)]
pub struct Desired<'a> {
    pub(super) content: &'a Content,
    pub(super) objects: Vec<Object>,
    pub(super) with_pipeline: bool,
    pub(super) prune: bool,
    selection: Selection,
}

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) resource: Resource,
    /// The file; for 1Password Overview with the widgets of one's own.
    pub(super) asset: Asset,
    pub(super) json: Value,
    /// The watch lists that it needs and nobody gave.
    pub(super) missing: Vec<String>,
}

impl<'a> Desired<'a> {
    /// What `settings` make of the files that `selection` takes in.
    ///
    /// # Errors
    ///
    /// If a file isn't what can be marked, or a name or a watch list is given that there is no use for.
    pub fn new(
        content: &'a Content,
        settings: &Settings,
        selection: &Selection,
    ) -> Result<Self, SettingsError> {
        let dashboards = content.dashboards()?;
        let files = content
            .assets()
            .filter(|asset| asset.kind() != Kind::Dashboard);
        let mut objects = Vec::new();
        let mut lists = Vec::new();
        for asset in files.chain(&dashboards) {
            if let Some(resource) = Resource::of(asset.kind()) {
                let mut object = Object::new(resource, asset)?;
                lists.append(&mut WatchLists::named_in(&object.json));
                object.set(settings);
                objects.push(object);
            }
        }
        check(&objects, lists, settings, selection)?;
        objects.retain(|object| selection.has(object.resource, object.asset.name()));
        objects.sort_by(|a, b| (a.resource, a.asset.name()).cmp(&(b.resource, b.asset.name())));
        Ok(Self {
            content,
            objects,
            with_pipeline: settings.with_pipeline,
            prune: settings.prune,
            selection: selection.clone(),
        })
    }

    /// What is wrong with its files, as [`Content::check`] finds it.
    #[must_use]
    pub fn faults(&self) -> Vec<Finding> {
        let is_fault = |finding: &Finding| finding.level == Level::Fault;
        let findings = self.content.check().into_iter().filter(is_fault);
        let files: HashSet<&str> = self
            .content
            .assets()
            .filter(|asset| self.has(asset))
            .flat_map(|asset| [Some(asset.file()), asset.samples().map(Samples::file)])
            .flatten()
            .collect();
        findings
            .filter(|finding| files.contains(&*finding.file))
            .collect()
    }

    /// Whether a file is a part of it: a widget's as well, which is in 1Password Overview.
    fn has(&self, asset: &Asset) -> bool {
        let (kind, name) = match asset.kind() {
            Kind::Widget => (Kind::Dashboard, own_widgets::OVERVIEW),
            kind => (kind, asset.name()),
        };
        let mut objects = self.objects.iter();
        objects.any(|object| (object.resource.kind(), object.asset.name()) == (kind, name))
    }

    /// What it is about.
    #[must_use]
    pub fn selection(&self) -> &Selection {
        &self.selection
    }
}

impl Object {
    fn new(resource: Resource, asset: &Asset) -> Result<Self, SettingsError> {
        let name = asset.name();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
        if !name.chars().all(plain) {
            let problem = "a file's name becomes a tag: rename it, with a-z, 0-9, - and _";
            return Err(asset.fault("", problem).into());
        }
        let mut json: Map<String, Value> = asset.object()?;
        mark::write(resource, &mut json, name);
        if mark::read(resource, &json).is_none() {
            return Err(asset.fault("/tags", "tags must be a list of texts").into());
        }
        Ok(Self {
            resource,
            asset: asset.clone(),
            json: Value::Object(json),
            missing: Vec::new(),
        })
    }

    /// What people are to see that it is called.
    pub(super) fn title(&self) -> &str {
        title(self.resource, &self.json)
    }

    pub(super) fn does_as_datadogs_pipeline(&self) -> bool {
        let json = self.json.as_object();
        self.resource == Resource::Pipeline && json.is_some_and(mark::is_for_1password)
    }

    fn set(&mut self, settings: &Settings) {
        if self.resource == Resource::Rule {
            self.missing = settings.watch_lists.fill(&mut self.json);
        }
        if let Some(json) = self.json.as_object_mut() {
            settings
                .notifications
                .write(self.resource, json, self.asset.name());
        }
    }
}

/// A setting that changes nothing is a slip of the pen.
fn check(
    objects: &[Object],
    mut lists: Vec<String>,
    settings: &Settings,
    selection: &Selection,
) -> Result<(), SettingsError> {
    let tells = |object: &Object| matches!(object.resource, Resource::Rule | Resource::Monitor);
    for name in settings.notifications.names() {
        if !named(objects, name).any(tells) {
            let (what, name) = ("rule or monitor", name.to_owned());
            return Err(SettingsError::Name { what, name });
        }
    }
    for name in selection.names() {
        if named(objects, name).next().is_none() {
            return Err(SettingsError::unknown(name));
        }
    }
    lists.sort();
    lists.dedup();
    for name in settings.watch_lists.names() {
        if !lists.iter().any(|list| list == name) {
            let known = if lists.is_empty() {
                "none".to_owned()
            } else {
                lists.join(", ")
            };
            let name = name.to_owned();
            return Err(SettingsError::WatchList { name, known });
        }
    }
    Ok(())
}

fn named<'a>(objects: &'a [Object], name: &'a str) -> impl Iterator<Item = &'a Object> {
    objects
        .iter()
        .filter(move |object| object.asset.name() == name)
}
