use std::io::{IsTerminal as _, stderr};

use anstream::{AutoStream, ColorChoice};
use tracing_subscriber::EnvFilter;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// For people on a terminal, in JSON otherwise
    Auto,
    /// A line of text for each event
    Human,
    /// A JSON object a line: timestamp, level, message, fields, and the step under way as span
    Json,
}

/// Log lines to standard error, in colour on a terminal that takes it, unless `NO_COLOR` is set.
pub(crate) fn start(format: LogFormat) {
    // The verifier says of every attempt what the client says once.
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,rustls_platform_verifier=off"));
    let is_terminal = stderr().is_terminal();
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        .with_ansi(AutoStream::choice(&stderr()) != ColorChoice::Never)
        // Whoever read the lines may be gone, which is no reason to stop the work.
        .log_internal_errors(false);
    if format == LogFormat::Human || (format == LogFormat::Auto && is_terminal) {
        lines.with_target(false).init();
    } else {
        lines
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .init();
    }
}
