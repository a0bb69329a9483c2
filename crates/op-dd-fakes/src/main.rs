//! The program `op-dd-fakes`: both fakes until Ctrl-C, for trying a client out by hand.
#![expect(clippy::print_stdout, reason = "a program says what it does")]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::SystemTime;

use clap::Parser;
use op_dd_fakes::{
    Clock, FakeDatadog, FakeEvents, Fault, Feed, Generator, RateLimits, TokenClaims,
};
use serde_json::json;

/// A fake 1Password Events API and a fake Datadog, until Ctrl-C.
///
/// Both speak plain HTTP and listen on 127.0.0.1 unless told otherwise.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
struct Arguments {
    /// Where the Events API listens; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    events_listen: SocketAddr,

    /// Where Datadog listens; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    datadog_listen: SocketAddr,

    /// How many events to invent, over the last 30 days
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    events: usize,

    /// What to invent them from: the same seed, anchor and number give the same events
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    seed: u64,

    /// The end of those 30 days, for example 2026-05-01T12:00:00Z [default: now]
    #[arg(long, value_name = "TIME")]
    anchor: Option<jiff::Timestamp>,

    /// Serve recorded pages, DIR/<feed>/*.json, each the body of one answer, instead of invented events
    #[arg(long, value_name = "DIR", conflicts_with_all = ["events", "seed", "anchor"])]
    pages: Option<PathBuf>,

    /// The token to accept, for all feeds [default: a minted one]
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,

    /// The API key to accept [default: a made-up one]
    #[arg(long, value_name = "KEY")]
    api_key: Option<String>,

    /// The application key to accept [default: a made-up one]
    #[arg(long, value_name = "KEY")]
    app_key: Option<String>,

    /// Append the logs that Datadog keeps to DIR/logs.ndjson and DIR/heartbeats.ndjson; without it they are only
    /// counted
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// A fault, SIDE:KIND[=ARG][xN]; may be given many times, and they happen in that order
    ///
    /// SIDE is `events` or `intake`. KIND is a status (`intake:403`, `intake:429=2s` with Retry-After), `cut`, `reset`,
    /// `silent`, `lost`, `half`, `length=+7`, `drip=1s`, `slow=200ms`, `garbage`, `ok`, and for events also `empty`,
    /// `nocursor` and `emptycursor`. xN repeats it.
    #[arg(long = "fault", value_name = "FAULT")]
    faults: Vec<Fault>,

    /// Enforce 1Password's documented limits of 600 requests a minute and 30,000 an hour
    #[arg(long)]
    rate_limits: bool,

    /// Print JSON, one line at the start and one at the end, instead of text
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let json = arguments.json;
    let (events, datadog) = start(arguments).await?;
    // Whoever knows that it is there may stop it.
    let stop = told_to_stop()?;
    announce(&events, &datadog, json);
    stop.await;
    report(&events, &datadog, json);
    events.stop().await;
    datadog.stop().await;
    Ok(())
}

/// Listens from this call on for Ctrl-C, and for what ends a program in the background. Gives what waits for it.
fn told_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async {
        // Without a signal to wait for there is nothing to wait for.
        let _ = tokio::signal::ctrl_c().await;
    })
}

async fn start(arguments: Arguments) -> anyhow::Result<(FakeEvents, FakeDatadog)> {
    let clock = Clock::system();

    let mut events = FakeEvents::builder()
        .listen(arguments.events_listen)
        .clock(clock.clone())
        .script(arguments.faults.iter().copied());
    let mut claims = TokenClaims::default();
    events = match arguments.pages {
        Some(folder) => events.pages(folder),
        None => {
            let anchor = arguments
                .anchor
                .map_or_else(|| clock.now(), SystemTime::from);
            let generator = Generator::new(arguments.seed, anchor, arguments.events);
            claims = claims.account(generator.account_uuid());
            events.account(generator.account_uuid()).events(generator)
        }
    };
    if arguments.rate_limits {
        events = events.rate_limits(RateLimits::DOCUMENTED);
    }
    let token = arguments.token.unwrap_or_else(|| claims.mint());
    let events = events.accept(token, Feed::ALL).start().await?;

    let mut datadog = FakeDatadog::builder()
        .listen(arguments.datadog_listen)
        .clock(clock)
        // Nobody could read them back.
        .in_memory(false)
        .script(arguments.faults);
    if let Some(key) = arguments.api_key {
        datadog = datadog.accept(key);
    }
    if let Some(key) = arguments.app_key {
        datadog = datadog.application_key(key);
    }
    if let Some(folder) = arguments.out {
        datadog = datadog.folder(folder);
    }
    Ok((events, datadog.start().await?))
}

/// Says where the fakes are, in the form of a configuration that can be pasted.
fn announce(events: &FakeEvents, datadog: &FakeDatadog, json: bool) {
    let (events_url, datadog_url) = (events.url(), datadog.url());
    let token = events.token();
    let (api_key, app_key) = (datadog.api_key(), datadog.application_key());
    if json {
        let line = json!({
            "events": { "url": events_url, "token": token },
            "datadog": { "url": datadog_url, "api_key": api_key, "app_key": app_key },
        });
        println!("{line}");
    } else {
        println!(
            "# The Events API and Datadog are there until Ctrl-C. A configuration for op-dd:\n\n\
             [datadog]\nurl = {datadog_url:?}\napi_url = {datadog_url:?}\napi_key = {api_key:?}\napp_key = {app_key:?}\n\n\
             [[accounts]]\nname = \"fake\"\nurl = {events_url:?}\ntoken = {token:?}\n"
        );
    }
}

/// Says what was asked, and what became of it.
fn report(events: &FakeEvents, datadog: &FakeDatadog, json: bool) {
    let (asked, sent, intake) = (events.counts(), datadog.counts(), datadog.intake());
    if json {
        let rows = |counts: &op_dd_fakes::Counts| -> Vec<_> {
            let row =
                |(path, status, count)| json!({ "path": path, "status": status, "count": count });
            counts.iter().map(row).collect()
        };
        let line = json!({
            "events": { "requests": rows(&asked), "faults_left": events.faults_left() },
            "datadog": {
                "requests": rows(&sent),
                "faults_left": datadog.faults_left(),
                "logs": intake.logs,
                "heartbeats": intake.heartbeats,
                "dropped_by_time": intake.dropped_by_time,
                "truncated": intake.truncated,
                "bytes_sent": intake.bytes_sent,
                "bytes_decoded": intake.bytes_decoded,
            },
        });
        println!("{line}");
        return;
    }
    println!("\n# Requests");
    for (path, status, count) in asked.iter().chain(sent.iter()) {
        let status = status.map_or_else(|| "none".to_owned(), |status| status.to_string());
        println!("{count:>10}  {status:>4}  {path}");
    }
    println!("# Logs");
    println!("{:>10}  kept", intake.logs);
    println!("{:>10}  heartbeats", intake.heartbeats);
    println!(
        "{:>10}  dropped, being too old or too far ahead",
        intake.dropped_by_time
    );
    println!("{:>10}  truncated", intake.truncated);
    println!(
        "{:>10}  bytes sent, {} decompressed",
        intake.bytes_sent, intake.bytes_decoded
    );
    let left = events.faults_left() + datadog.faults_left();
    if left > 0 {
        println!("# {left} faults have not happened");
    }
}
