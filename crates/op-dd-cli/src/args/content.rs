use std::path::PathBuf;

use clap::Subcommand;

use crate::config::Notify;

#[derive(Debug, clap::Args)]
pub(crate) struct ContentArgs {
    /// Files of your own beside ours: DIR/dashboards, widgets, rules, monitors and pipelines; one of
    /// the same name replaces ours
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,

    /// The configuration, in TOML; it needs no account for this
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    #[command(subcommand)]
    pub(crate) command: ContentCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ContentCommand {
    /// Name every file
    List,
    /// Print a file
    Show(ShowArgs),
    /// Look for faults in every file, and what each would show and detect of logs
    #[command(after_help = CHECK)]
    Check(CheckArgs),
    /// Say how what is in Datadog differs from the files
    Diff(DiffArgs),
    /// Create and replace in Datadog, so that it is as the files say
    Install(InstallArgs),
    /// Remove from Datadog all that op-dd installed there
    Uninstall(UninstallArgs),
}

const KEYS: &str = r#"The configuration names the keys and where Datadog is:

  [datadog]
  site = "datadoghq.eu"            # the one in your Datadog address
  api_key = "env:DD_API_KEY"       # or file:/PATH
  app_key = "env:DD_APP_KEY"       # an application key; its permissions are named

It may keep what every installation is to have, so that none is without it:

  [content]
  dir = "/etc/op-dd/content"       # as --dir
  notify = ["@slack-security"]     # as --notify, which adds to it
  watch = { privileged_vaults = ["UUID"] }
  with_pipeline = true

Without --config the variables DD_API_KEY, DD_APP_KEY and DD_SITE do. What is ours bears a
mark: rules, monitors and pipelines the tag managed-by:op-dd, dashboards a last line in
their description. Nothing else is touched, nor is a copy that somebody made."#;

#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    /// What op-dd content list calls it
    pub(crate) name: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// Logs, one JSON object a line, such as op-dd-demo/logs.ndjson, or what Datadog's API answers to a search
    #[arg(value_name = "LOGS.ndjson")]
    pub(crate) logs: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) target: TargetArgs,

    #[command(flatten)]
    pub(crate) lists: ListsArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ListsArgs {
    /// A list that rules watch, such as `privileged_vaults=UUID,UUID`; may be repeated. A rule
    /// whose list isn't given is not tried
    #[arg(long, value_name = "LIST=VALUE,…", value_parser = watch_list)]
    pub(crate) watch: Vec<(String, Vec<String>)>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = KEYS)]
pub(crate) struct DiffArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,

    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
}

#[derive(Debug, clap::Args)]
#[command(after_help = KEYS)]
pub(crate) struct InstallArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,

    #[command(flatten)]
    pub(crate) settings: SettingsArgs,

    /// Remove what was installed from files that are gone, ours and those of --dir
    #[arg(long)]
    pub(crate) prune: bool,

    /// Install although op-dd content check finds faults; Datadog judges all the same
    #[arg(long)]
    pub(crate) unchecked: bool,

    /// Say what would be done, let Datadog judge it, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = KEYS)]
pub(crate) struct UninstallArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,

    /// Say what would be removed, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct TargetArgs {
    /// Only this: dashboard, rule, monitor or pipeline, or a file's name; may be repeated
    #[arg(long, value_name = "KIND|NAME")]
    pub(crate) only: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SettingsArgs {
    /// Whom rules and monitors tell, such as @slack-security; with a name before it, such as
    /// mfa-disabled=@pagerduty-oncall, whom that one tells; may be repeated
    #[arg(long, value_name = "[NAME=]@WHOM")]
    pub(crate) notify: Vec<Notify>,

    /// A list that rules watch, such as `privileged_vaults=UUID,UUID`; may be repeated. A rule
    /// whose list isn't given is not installed, or stays as it was installed
    #[arg(long, value_name = "LIST=VALUE,…", value_parser = watch_list)]
    pub(crate) watch: Vec<(String, Vec<String>)>,

    /// Install the log pipeline although Datadog's own for 1Password is there
    #[arg(long)]
    pub(crate) with_pipeline: bool,
}

const CHECK: &str = "\
A line for each finding: FILE:LINE:COLUMN and what is wrong. No account is needed, and nothing
is sent. Notices may be as they should be; a fault ends it with 2. With logs: what each widget
and each rule sees of them, and who did what when by each signal. Of --config, [content] is
read: its dir and watch do as --dir and --watch.";

fn watch_list(text: &str) -> Result<(String, Vec<String>), String> {
    let (name, values) = text.split_once('=').unwrap_or_default();
    let values: Vec<String> = values
        .split(',')
        .map(|value| value.trim().to_owned())
        .filter(|value| !value.is_empty())
        .collect();
    if name.is_empty() || values.is_empty() {
        return Err("write LIST=VALUE,VALUE, such as privileged_vaults=UUID,UUID".to_owned());
    }
    Ok((name.to_owned(), values))
}
