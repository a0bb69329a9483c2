use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use op_dd_fakes::{Fault, Scenario};

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

const DEMONSTRATION: &str = "\
Nothing leaves this machine. Look into DIR/logs.ndjson for the logs as Datadog would have
them, one a line. SIDE is events (1Password) or intake (Datadog); KIND a status such as 403,
429=2s or 500, or one of cut, reset, lost, half, slow=200ms and garbage.";

/// The names are listed in the help, and to whoever writes another.
fn scenarios() -> impl TypedValueParser<Value = Scenario> {
    PossibleValuesParser::new(Scenario::ALL.map(Scenario::name))
        .try_map(|name| name.parse::<Scenario>())
}
