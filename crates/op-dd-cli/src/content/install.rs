//! `op-dd content install`: what is in Datadog becomes what the files say.

use std::fmt;

use op_dd_content::Content;
use op_dd_content::install::{Action, Client, Desired, Plan, Settings, Step};

use super::line::line;
use super::{connection, refused, say, settings};
use crate::args::InstallArgs;
use crate::config::Config;
use crate::exit::{Exit, Failure};

pub(super) async fn execute(
    content: &Content,
    config: &Config,
    args: &InstallArgs,
) -> Result<Exit, Failure> {
    let settings = Settings {
        prune: args.prune,
        ..settings::settings(&config.content, &args.settings)
    };
    let desired = settings::desired(content, &settings, &args.target)?;
    if !args.unchecked {
        check(&desired)?;
    }
    let client = connection::client(config)?;
    let reading = connection::named(&desired.selection().permissions());
    say(|to| writeln!(to, "permissions to read: {reading}"))?;
    let installed = client.installed(desired.selection()).await;
    let installed = installed.map_err(|error| connection::failure(&error))?;

    let plan = Plan::install(&desired, &installed);
    if !plan.changes_nothing() {
        let writing = connection::named(&plan.permissions());
        say(|to| writeln!(to, "permissions to write: {writing}"))?;
    }
    validate(&client, &plan).await?;
    if args.dry_run {
        return dry_run(&plan);
    }
    apply(&client, &plan).await
}

/// Judges the files as `op-dd content check` does.
fn check(desired: &Desired<'_>) -> Result<(), Failure> {
    let faults = desired.faults();
    say(|to| faults.iter().try_for_each(|fault| writeln!(to, "{fault}")))?;
    match faults.len() {
        0 => Ok(()),
        count => Err(Failure::configuration(format!(
            "the files have faults ({count}), and nothing was changed: mend what is named above, or give \
             --unchecked to let Datadog alone judge"
        ))),
    }
}

/// Has Datadog judge everything before anything is changed.
async fn validate(client: &Client, plan: &Plan<'_>) -> Result<(), Failure> {
    let mut refused = 0;
    for step in plan.steps() {
        if let Err(error) = client.validate(step).await {
            refused::tell(step, &error)?;
            refused += 1;
        }
    }
    if refused > 0 {
        return Err(Failure::configuration(format!(
            "Datadog refuses {refused} of the files, and nothing was changed: mend what is named above"
        )));
    }
    Ok(())
}

/// Says what would be done.
pub(super) fn dry_run(plan: &Plan<'_>) -> Result<Exit, Failure> {
    say(|to| {
        for step in plan.steps() {
            writeln!(to, "{}", line(step))?;
        }
        writeln!(to, "{}", Summary::planned(plan.steps()))
    })
}

/// Does a plan, and says each step when it is done. What is refused keeps nothing else from being done.
pub(super) async fn apply(client: &Client, plan: &Plan<'_>) -> Result<Exit, Failure> {
    let mut summary = Summary::default();
    for step in plan.steps() {
        match client.apply(step).await {
            Ok(()) => {
                summary.count(step);
                say(|to| writeln!(to, "{}", line(step)))?;
            }
            Err(error) => {
                let told = refused::tell(step, &error);
                if told.is_err() {
                    say(|to| writeln!(to, "so far: {summary}"))?;
                }
                told?;
                summary.refused += 1;
            }
        }
    }
    say(|to| writeln!(to, "{summary}"))?;
    if summary.refused > 0 {
        let refused = summary.refused;
        let line =
            format!("Datadog refuses {refused} of the changes, see above; the others are made");
        return Err(Failure::new(Exit::Partial, line));
    }
    Ok(Exit::Clean)
}

/// How many objects there are of each sort.
#[derive(Default)]
pub(super) struct Summary {
    planned: bool,
    create: usize,
    replace: usize,
    remove: usize,
    unchanged: usize,
    left_over: usize,
    skip: usize,
    refused: usize,
}

impl Summary {
    /// Of what isn't done.
    pub(super) fn planned(steps: &[Step<'_>]) -> Self {
        let mut summary = Self {
            planned: true,
            ..Self::default()
        };
        for step in steps {
            summary.count(step);
        }
        summary
    }

    fn count(&mut self, step: &Step<'_>) {
        match step.action() {
            Action::Create => self.create += 1,
            Action::Replace(_) => self.replace += 1,
            Action::Remove => self.remove += 1,
            Action::Unchanged => self.unchanged += 1,
            Action::LeftOver => self.left_over += 1,
            _ => self.skip += 1,
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [created, replaced, removed] = if self.planned {
            ["to create", "to replace", "to remove"]
        } else {
            ["created", "replaced", "removed"]
        };
        let counts = [
            (self.create, created),
            (self.replace, replaced),
            (self.remove, removed),
            (self.unchanged, "unchanged"),
            (self.left_over, "left over"),
            (self.skip, "skipped"),
            (self.refused, "refused"),
        ];
        let counts = counts.iter().filter(|(count, _)| *count > 0);
        let counts: Vec<_> = counts
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        if counts.is_empty() {
            return f.write_str("nothing");
        }
        f.write_str(&counts.join(", "))
    }
}
