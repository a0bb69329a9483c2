use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand};
use op_dd_fakes::{Fault, Scenario};

use crate::config::Notify;

/// Carries 1Password's audit trail into Datadog and loses nothing on the way.
#[derive(Debug, Parser)]
#[command(name = "op-dd", version, max_term_width = 100, after_help = FIRST_STEPS)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const FIRST_STEPS: &str = "\
Start with op-dd demo: it needs no account. A first configuration: op-dd run --help.

Exit codes:
  0  clean                    5  a server could not be reached
  1  a defect of op-dd        6  the state folder can't be used
  2  usage or configuration   7  a checkpoint file can't be read
  3  1Password's token        8  the state folder is held by another process
  4  Datadog's key            9  partial: a stream was held, or there are new dead letters

Log lines go to standard error; RUST_LOG chooses them: RUST_LOG=op_dd=debug
shows every page.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Carry events from 1Password to Datadog
    Run(RunArgs),
    /// Try it without any account: fakes of both ends on this machine, real HTTP between
    Demo(DemoArgs),
    /// Dashboards, detection rules, monitors and a log pipeline, as files
    Content(ContentArgs),
    /// Draw a dashboard over logs as an HTML page, without Datadog
    Preview(PreviewArgs),
}

const CONFIGURATION: &str = r#"A first configuration:

  [datadog]
  site = "datadoghq.eu"            # the one in your Datadog address
  api_key = "env:DD_API_KEY"       # or file:/PATH

  [[accounts]]                     # one for each 1Password account
  name = "acme"                    # as you like: it is in the tag account:acme
  token = "env:OP_EVENTS_TOKEN"    # 1Password: Integrations, Events Reporting

Without --config the variables OP_EVENTS_TOKEN, DD_API_KEY and DD_SITE make one account
that is called default.

The state is kept in --state, else dir of [state], else $STATE_DIRECTORY, else
$XDG_STATE_HOME/op-dd, else ~/.local/state/op-dd. A stream without a cursor there begins
17 hours back, unless its account says start = "2026-05-01T00:00:00Z".

Without --once it goes on until Ctrl-C or SIGTERM, whatever fails meanwhile. With --once
the exit code says what came of it: see op-dd --help."#;

const DEMONSTRATION: &str = "\
Nothing leaves this machine. Look into DIR/logs.ndjson for the logs as Datadog would have
them, one a line. SIDE is events (1Password) or intake (Datadog); KIND a status such as 403,
429=2s or 500, or one of cut, reset, lost, half, slow=200ms and garbage.";

const CHECK: &str = "\
A line for each finding: FILE:LINE:COLUMN and what is wrong. No account is needed, and nothing
is sent. Notices may be as they should be; a fault ends it with 2. With logs: what each widget
and each rule sees of them, and who did what when by each signal. Of --config, [content] is
read: its dir and watch do as --dir and --watch.";

#[derive(Debug, clap::Args)]
#[command(after_help = CONFIGURATION)]
pub(crate) struct RunArgs {
    /// The configuration, in TOML; see below
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Where to keep cursors and dead letters, instead of where the configuration says
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,

    /// Carry what there is at present, and exit
    #[arg(long)]
    pub(crate) once: bool,

    /// With --once: how long a stream is tried again before it counts as held
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub(crate) patience: Duration,

    /// How long to finish what is under way once told to stop
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub(crate) grace: Duration,
}

#[derive(Debug, clap::Args)]
#[command(after_help = DEMONSTRATION)]
pub(crate) struct DemoArgs {
    /// How many events to invent
    #[arg(long, value_name = "N", default_value_t = 5000)]
    pub(crate) events: usize,

    /// What to invent them from: the same seed gives the same events
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,

    /// Invent a day on which something happens: NAME is ordinary-day, or the detection rule that sees it; --events
    /// says how much ordinary life there is besides
    #[arg(long, value_name = "NAME", value_parser = scenarios())]
    pub(crate) scenario: Option<Scenario>,

    /// Serve these pages instead: `DIR/<feed>/NNN.json`, each an answer of the Events API
    #[arg(long, value_name = "DIR", conflicts_with_all = ["events", "seed", "scenario"])]
    pub(crate) pages: Option<PathBuf>,

    /// Where to put the logs that arrived, a summary and the state; a second run goes on there and
    /// sends nothing again
    #[arg(long, value_name = "DIR", default_value = "op-dd-demo")]
    pub(crate) out: PathBuf,

    /// Let something go wrong, such as intake:429=2s, events:cut or intake:500x3; may be repeated
    #[arg(long, value_name = "SIDE:KIND[=ARG][xN]")]
    pub(crate) fault: Vec<Fault>,

    /// Draw the dashboard over the logs that arrived, and over some of other services, as DIR/preview.html
    #[arg(long)]
    pub(crate) preview: bool,
}

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
pub(crate) struct PreviewArgs {
    /// Logs as they are sent to Datadog, one JSON object a line, such as op-dd demo leaves in logs.ndjson; or what
    /// Datadog's API answers to a search for logs
    #[arg(required = true, value_name = "LOGS.ndjson")]
    pub(crate) logs: Vec<PathBuf>,

    /// Which dashboard: op-dd content list has the names and titles
    #[arg(long, value_name = "NAME", default_value = "1password-overview")]
    pub(crate) dashboard: String,

    /// Where to put the page; - is standard output
    #[arg(long, value_name = "FILE.html", default_value = "preview.html")]
    pub(crate) out: PathBuf,

    /// Files of your own beside ours, as for op-dd content
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,

    /// The configuration, in TOML, of which the section content is read
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) lists: ListsArgs,
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

/// The names are listed in the help, and to whoever writes another.
fn scenarios() -> impl TypedValueParser<Value = Scenario> {
    PossibleValuesParser::new(Scenario::ALL.map(Scenario::name))
        .try_map(|name| name.parse::<Scenario>())
}

fn duration(text: &str) -> Result<Duration, String> {
    let span: jiff::SignedDuration = text
        .parse()
        .map_err(|_| "write a time such as 30s, 2m or 1h".to_owned())?;
    Duration::try_from(span).map_err(|_| "a time can't be negative".to_owned())
}
