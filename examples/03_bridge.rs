//! Carries events from 1Password to Datadog in a program of your own, and goes on after a restart.
//!
//! `cargo run -p op-dd-examples --example 03_bridge`
//!
//! It talks to fakes of both on this machine, so it needs no account.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::future::pending;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use datadog_logs::{ApiKey, Site, Tags};
use onepassword_events::Timestamp;
use op_dd_bridge::{Account, Bridge, FileStore, Name, Outcome, Progress};
use op_dd_fakes::{FakeDatadog, FakeEvents, Feed, Generator};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let onepassword = FakeEvents::builder()
        .events(Generator::new(1, SystemTime::now(), 3000))
        .start()
        .await?;
    let datadog = FakeDatadog::builder().start().await?;
    let state = tempfile::tempdir()?;

    println!("first start:");
    carry(&onepassword, &datadog, state.path()).await?;
    println!("Datadog kept {} logs", datadog.logs().len());

    // Something happens while the program is down, and Datadog is in trouble when it comes back.
    let export = r#"{"uuid":"NEW","timestamp":"NOW","action":"export","object_type":"vault"}"#;
    let export = export.replace("NOW", Timestamp::from(SystemTime::now()).as_str());
    onepassword.insert(Feed::AuditEvents, export)?;
    datadog.script(["intake:503".parse()?]);

    println!("second start:");
    carry(&onepassword, &datadog, state.path()).await?;
    println!(
        "Datadog kept {} logs, of which the last is:",
        datadog.logs().len()
    );
    if let Some(last) = datadog.logs().last() {
        println!("{last}");
    }
    Ok(())
}

/// What a program does: connect both ends, open the state, and carry what there is. A program that
/// stays calls `run` instead of `drain`.
async fn carry(
    onepassword: &FakeEvents,
    datadog: &FakeDatadog,
    state: &Path,
) -> Result<(), Box<dyn Error>> {
    let source = onepassword_events::Client::builder(onepassword.token().parse()?)
        .url(onepassword.url().parse()?)
        .build()?;
    let sink = datadog_logs::Client::builder(ApiKey::new(datadog.api_key())?)
        .site(Site::parse(datadog.url())?)
        .build()?;
    let store = Arc::new(FileStore::open(state)?);

    let account =
        Account::new(Name::new("acme")?, Arc::new(source)).tags(Tags::new(["team:security"])?);
    let bridge = Bridge::builder(Arc::new(sink), store.clone(), store)
        .account(account)
        .observer(|progress| match progress {
            Progress::Step { stream, report, .. } if report.read > 0 => {
                println!("  {stream}: {} read, {} sent", report.read, report.sent);
            }
            Progress::Failure { stream, error, .. } => println!("  {stream}: {error}"),
            _ => {}
        })
        .build()?;

    let drained = bridge.drain(Duration::from_secs(60), pending()).await;
    for (stream, outcome) in &drained.streams {
        if let Outcome::Held(error) = outcome {
            println!("  {stream} is held: {error}");
        }
    }
    Ok(())
}
