//! From arguments to what is wanted in Datadog.

use op_dd_content::Content;
use op_dd_content::install::{Desired, Selection, Settings, SettingsError};

use crate::args::{SettingsArgs, TargetArgs};
use crate::config;
use crate::exit::Failure;

/// What the arguments say adds to what the configuration says; a list of the same name takes its place.
pub(super) fn settings(config: &config::Content, args: &SettingsArgs) -> Settings {
    let mut settings = Settings {
        with_pipeline: config.with_pipeline || args.with_pipeline,
        watch_lists: config.watch_lists(&args.watch),
        ..Settings::default()
    };
    for notify in config.notify.iter().flatten().chain(&args.notify) {
        match &notify.name {
            Some(name) => settings.notifications.by_one(name, &notify.whom),
            None => settings.notifications.by_all(&notify.whom),
        }
    }
    settings
}

pub(super) fn desired<'a>(
    content: &'a Content,
    settings: &Settings,
    target: &TargetArgs,
) -> Result<Desired<'a>, Failure> {
    let selection: Selection = target.only.iter().collect();
    Desired::new(content, settings, &selection).map_err(|error| fault(&error))
}

/// Of what the arguments say.
pub(super) fn fault(error: &SettingsError) -> Failure {
    let remedy = match error {
        SettingsError::Name { .. } => ": op-dd content list has the names",
        _ => "",
    };
    Failure::configuration(format!("{error}{remedy}"))
}
