//! `op-dd content diff`: what an installation would change.

use std::io::{self, Write};

use op_dd_content::Content;
use op_dd_content::install::{Action, Plan, Step};

use super::install::Summary;
use super::line::line;
use super::{connection, say, settings};
use crate::args::DiffArgs;
use crate::config::Config;
use crate::exit::{Exit, Failure};

pub(super) async fn execute(
    content: &Content,
    config: &Config,
    args: &DiffArgs,
) -> Result<Exit, Failure> {
    let settings = settings::settings(&config.content, &args.settings);
    let desired = settings::desired(content, &settings, &args.target)?;
    let client = connection::client(config)?;
    let needed = connection::named(&desired.selection().permissions());
    say(|to| writeln!(to, "permissions to read: {needed}"))?;
    let installed = client.installed(desired.selection()).await;
    let installed = installed.map_err(|error| connection::failure(&error))?;
    let plan = Plan::install(&desired, &installed);
    say(|to| {
        for step in plan.steps() {
            tell(step, to)?;
        }
        writeln!(to, "{}", Summary::planned(plan.steps()))
    })
}

/// The step, and below it each member that differs, with the place of it in its file.
fn tell(step: &Step<'_>, to: &mut dyn Write) -> io::Result<()> {
    writeln!(to, "{}", line(step))?;
    if let Action::Replace(differences) = step.action() {
        for difference in differences {
            write!(to, "  {difference}")?;
            match step.source(&difference.pointer) {
                Some((file, Some(place))) => writeln!(to, " ({file}:{place})")?,
                Some((file, None)) => writeln!(to, " ({file})")?,
                None => writeln!(to)?,
            }
        }
    }
    Ok(())
}
