use std::io::stderr;

use anstream::{AutoStream, ColorChoice};
use tracing_subscriber::EnvFilter;

/// Log lines to standard error, in colour on a terminal that takes it, unless `NO_COLOR` is set.
pub(crate) fn start() {
    // The verifier says of every attempt what the client says once.
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,rustls_platform_verifier=off"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        .with_ansi(AutoStream::choice(&stderr()) != ColorChoice::Never)
        .with_target(false)
        // Whoever read the lines may be gone, which is no reason to stop the work.
        .log_internal_errors(false)
        .init();
}
