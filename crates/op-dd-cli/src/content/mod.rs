//! `op-dd content`: what Datadog shows, as files.

use std::io::{self, Write, stdout};
use std::path::Path;

use op_dd_content::Content;

use crate::args::{ContentArgs, ContentCommand};
use crate::config::{self, Config};
use crate::exit::{Exit, Failure};

mod check;
pub(crate) mod connection;
mod coverage;
mod diff;
mod install;
mod line;
mod list;
mod refused;
mod settings;
mod show;
mod uninstall;

pub(crate) async fn execute(args: &ContentArgs) -> Result<Exit, Failure> {
    let config = match &args.config {
        Some(path) => Some(Config::read_for_content(path)?),
        None => None,
    };
    let none = config::Content::default();
    let kept = config.as_ref().map_or(&none, |config| &config.content);
    let content = content(args.dir.as_deref(), kept)?;
    if let ContentCommand::List | ContentCommand::Diff(_) | ContentCommand::Install(_) =
        &args.command
    {
        for path in content.passed_over() {
            tracing::warn!(
                "{} is passed over: op-dd content check says what content is",
                path.display()
            );
        }
    }
    match &args.command {
        ContentCommand::List => say(|to| list::tell(&content, to)),
        ContentCommand::Show(args) => {
            let asset = show::find(&content, &args.name)?;
            say(|to| to.write_all(asset.text().as_bytes()))
        }
        ContentCommand::Check(args) => check::execute(&content, kept, args),
        ContentCommand::Diff(args) => diff::execute(&content, &needed(config)?, args).await,
        ContentCommand::Install(args) => install::execute(&content, &needed(config)?, args).await,
        ContentCommand::Uninstall(args) => {
            uninstall::execute(&content, &needed(config)?, args).await
        }
    }
}

/// Only what speaks with Datadog needs one.
fn needed(config: Option<Config>) -> Result<Config, Failure> {
    config.map_or_else(Config::from_environment_for_content, Ok)
}

/// The bundled files, and those of a folder beside them: this one, or the one that the configuration keeps.
pub(crate) fn content(folder: Option<&Path>, kept: &config::Content) -> Result<Content, Failure> {
    let mut content = Content::bundled();
    if let Some(folder) = folder.or(kept.dir.as_deref()) {
        let own = Content::read(folder).map_err(|error| {
            Failure::configuration(format!(
                "{error}: give --dir, or dir of [content], a folder of content"
            ))
        })?;
        content.add(own);
    }
    Ok(content)
}

fn say(tell: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<Exit, Failure> {
    // Whoever reads may have gone.
    let _ = tell(&mut stdout().lock());
    Ok(Exit::Clean)
}
