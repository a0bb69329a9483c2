//! `op-dd content`: what Datadog shows, as files.

use std::io::{self, Write, stdout};
use std::path::Path;

use op_dd_content::Content;

use crate::args::{ContentArgs, ContentCommand};
use crate::exit::{Exit, Failure};

mod check;
mod connection;
mod diff;
mod install;
mod line;
mod list;
mod refused;
mod settings;
mod show;
mod uninstall;

pub(crate) async fn execute(args: &ContentArgs) -> Result<Exit, Failure> {
    let content = content(args.dir.as_deref())?;
    match &args.command {
        ContentCommand::List => say(|to| list::tell(&content, to)),
        ContentCommand::Show(args) => {
            let asset = show::find(&content, &args.name)?;
            say(|to| to.write_all(asset.text().as_bytes()))
        }
        ContentCommand::Check(args) => check::execute(&content, &args.logs),
        ContentCommand::Diff(args) => diff::execute(&content, args).await,
        ContentCommand::Install(args) => install::execute(&content, args).await,
        ContentCommand::Uninstall(args) => uninstall::execute(args).await,
    }
}

/// The bundled files, and those of a folder beside them.
fn content(folder: Option<&Path>) -> Result<Content, Failure> {
    let mut content = Content::bundled();
    if let Some(folder) = folder {
        let own = Content::read(folder).map_err(|error| {
            Failure::configuration(format!("{error}: give --dir a folder of content"))
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
