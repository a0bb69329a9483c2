use std::path::PathBuf;
use std::time::Duration;

use crate::config::duration;

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

const CONFIGURATION: &str = r#"A first configuration:

  [datadog]
  site = "datadoghq.eu"            # the one in your Datadog address
  api_key = "env:DD_API_KEY"       # or file:/PATH

  [[accounts]]                     # one for each 1Password account
  name = "acme"                    # as you like: it is in the tag account:acme
  token = "env:OP_EVENTS_TOKEN"    # 1Password: Integrations, Events Reporting

op-dd config example has every setting. Without --config the variables OP_EVENTS_TOKEN,
DD_API_KEY and DD_SITE make one account that is called default.

The state is kept in --state, else dir of [state], else $STATE_DIRECTORY, else
$XDG_STATE_HOME/op-dd, else ~/.local/state/op-dd. A stream without a cursor there begins
17 hours back, unless its account says start = "2026-05-01T00:00:00Z".

Without --once it goes on until Ctrl-C or SIGTERM, whatever fails meanwhile. With --once
the exit code says what came of it: see op-dd --help."#;
