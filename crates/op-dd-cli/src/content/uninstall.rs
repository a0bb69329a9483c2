//! `op-dd content uninstall`: what is ours is removed from Datadog.

use op_dd_content::Content;
use op_dd_content::install::{Plan, Selection};

use super::{connection, install, say, settings};
use crate::args::UninstallArgs;
use crate::config::Config;
use crate::exit::{Exit, Failure};

pub(super) async fn execute(
    content: &Content,
    config: &Config,
    args: &UninstallArgs,
) -> Result<Exit, Failure> {
    let selection: Selection = args.target.only.iter().collect();
    let client = connection::client(config)?;
    let reading = connection::named(&selection.permissions());
    say(|to| writeln!(to, "permissions to read: {reading}"))?;
    let installed = client.installed(&selection).await;
    let installed = installed.map_err(|error| connection::failure(&error))?;
    let plan = Plan::removal(content, &installed, &selection);
    let plan = plan.map_err(|error| settings::fault(&error))?;
    if !plan.changes_nothing() {
        let writing = connection::named(&plan.permissions());
        say(|to| writeln!(to, "permissions to write: {writing}"))?;
    }
    if args.dry_run {
        return install::dry_run(&plan);
    }
    install::apply(&client, &plan).await
}
