use std::path::PathBuf;

use super::ListsArgs;

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
