use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use onepassword_events::{Cursor, Feed};
use op_dd_bridge::Name;

use crate::config::Start;

#[derive(Debug, clap::Args)]
#[command(after_help = CURSORS)]
pub(crate) struct CursorArgs {
    /// The configuration, in TOML; only where the state is and where accounts start is read of it
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Where the state is, instead of where the configuration says
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,

    #[command(subcommand)]
    pub(crate) command: CursorCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CursorCommand {
    /// Say how far every stream has come, when it was last well, and who holds the state
    Show(ShowCursorsArgs),
    /// Print all cursors as one JSON document, for import
    Export,
    /// Put back what export printed
    Import(ImportCursorsArgs),
    /// Let a stream go on from another place
    Set(SetCursorArgs),
    /// Let streams of an account begin again
    #[command(after_help = RESET)]
    Reset(ResetCursorArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ShowCursorsArgs {
    /// Only this account's
    #[arg(long, value_name = "NAME")]
    pub(crate) account: Option<Name>,

    /// Only this feed's: signinattempts, itemusages or auditevents
    #[arg(long)]
    pub(crate) feed: Option<Feed>,

    /// Only those to this destination, such as datadog
    #[arg(long, value_name = "NAME")]
    pub(crate) destination: Option<Name>,

    /// A table for people, or JSON with the cursors' whole texts
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ImportCursorsArgs {
    /// What op-dd cursor export printed; - is standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Replace cursors that are there and differ, too
    #[arg(long)]
    pub(crate) replace: bool,

    #[command(flatten)]
    pub(crate) why: WhyArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SetCursorArgs {
    /// The account of the stream
    #[arg(long, value_name = "NAME")]
    pub(crate) account: Name,

    /// Its feed: signinattempts, itemusages or auditevents
    #[arg(long)]
    pub(crate) feed: Feed,

    /// Its destination
    #[arg(long, value_name = "NAME", default_value_t = Name::DATADOG)]
    pub(crate) destination: Name,

    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    #[command(flatten)]
    pub(crate) why: WhyArgs,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct PlaceArgs {
    /// Behind the page that this cursor came with: its whole text, as export has it
    #[arg(long, value_name = "CURSOR", value_parser = cursor)]
    pub(crate) after: Option<Cursor>,

    /// At this time: 2026-01-31T08:00:00Z, or 30d for 30 days back
    #[arg(long, value_name = "TIME")]
    pub(crate) start: Option<Start>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ResetCursorArgs {
    /// The account of the streams
    #[arg(long, value_name = "NAME")]
    pub(crate) account: Name,

    /// Only this feed: signinattempts, itemusages or auditevents
    #[arg(long)]
    pub(crate) feed: Option<Feed>,

    /// Their destination
    #[arg(long, value_name = "NAME", default_value_t = Name::DATADOG)]
    pub(crate) destination: Name,

    /// Where to begin: 2026-01-31T08:00:00Z, or 30d for 30 days back; without it, as on a first start
    #[arg(long, value_name = "TIME")]
    pub(crate) start: Option<Start>,

    #[command(flatten)]
    pub(crate) why: WhyArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct WhyArgs {
    /// Why, for whoever asks later: it is kept with what was changed
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    pub(crate) reason: String,
}

const CURSORS: &str = "\
show and export take nothing and change nothing: they work while op-dd run is at its work,
and with what is broken, which they name (exit code 7). What changes something wants
op-dd run stopped (exit code 8), and adds a line to changes.ndjson in the state before it
does: when, who, why, what stood there and what stands there now.

op-dd cursor export > cursors.json is the back-up of a state; op-dd cursor import puts it
back. A copy of the folder cursors does, too.";

const RESET: &str = "\
What is read again reaches Datadog again, as logs of the same uuid. Without --start the next
op-dd run begins where the account says (start), else 17 hours back, and what lies between
that and where the stream was is not read.";

/// The whole text of a cursor, and nothing that was pasted along with it.
fn cursor(text: &str) -> Result<Cursor, String> {
    let stray = |c: char| !c.is_ascii_graphic() || matches!(c, '"' | '\'' | '{' | '}' | ',');
    if let Some(stray) = text.chars().find(|c| stray(*c)) {
        return Err(format!(
            "a cursor has no {stray:?} in it: op-dd cursor export has its whole text"
        ));
    }
    Cursor::new(text).map_err(|error| error.to_string())
}

fn reason(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.is_empty() || text.contains(char::is_control) {
        return Err("write in one line why");
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_its_whole_text_and_nothing_else() {
        assert!(cursor("eyJhIjoxfQ-_=+/").is_ok());
        for bad in [
            "",
            " ",
            "abc def",
            "eyJhIjox…",
            "{\"after\":\"abc\"}",
            "'abc'",
            "ab\nc",
        ] {
            assert!(cursor(bad).is_err(), "{bad}");
        }
        assert!(cursor(&"c".repeat(65_537)).is_err());
    }

    #[test]
    fn a_reason_says_something() {
        assert_eq!(reason(" moved "), Ok("moved".to_owned()));
        assert!(reason(" ").is_err());
        assert!(reason("a\nb").is_err());
    }
}
