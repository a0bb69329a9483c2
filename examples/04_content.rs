//! Tries a detection rule of your own on logs, and draws a dashboard over them, without Datadog.
//!
//! `cargo run -p op-dd-examples --example 04_content`
//!
//! The logs are those of an invented day on which somebody helps themselves to a vault.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::time::SystemTime;

use datadog_logs::Tags;
use onepassword_events::{Event, Feed};
use op_dd_bridge::{Context, DefaultMapper, Mapper, Name};
use op_dd_content::preview::{Page, Signals};
use op_dd_content::search::Query;
use op_dd_content::{Content, Dashboard, Log, Rule, WatchLists};
use op_dd_fakes::Scenario;

/// In the form of Datadog's API, as `op-dd content install` takes it.
const RULE: &str = r#"{
    "name": "Somebody gave themselves access to a vault",
    "message": "Ask {{@usr.email}} why.",
    "tags": ["source:1password"],
    "isEnabled": true,
    "queries": [{
        "name": "grant",
        "query": "source:1password @onepassword.self_grant:true @object_type:uva",
        "aggregation": "count",
        "groupByFields": ["@usr.email"]
    }],
    "cases": [{ "name": "", "status": "high", "condition": "grant > 0" }],
    "options": {
        "detectionMethod": "threshold",
        "evaluationWindow": 300, "keepAlive": 3600, "maxSignalDuration": 86400
    }
}"#;

fn main() -> Result<(), Box<dyn Error>> {
    let logs = logs()?;

    let query: Query = "@evt.name:(reveal OR secure-copy) -@usr.email:*.test".parse()?;
    let found = logs.iter().filter(|log| query.matches(log)).count();
    println!("{} logs, of which {found} are: {query}", logs.len());

    for signal in Rule::parse(RULE)?.signals(&logs) {
        println!("{}: {signal}", signal.rule);
    }

    let content = Content::bundled();
    let overview = content
        .find("1password-overview")
        .ok_or("it is one of the bundled dashboards")?;
    let overview = Dashboard::parse(overview.text())?;
    // Rules that watch a list of yours are left out without it.
    let signals = Signals::simulated(&content, &logs, &WatchLists::default());
    let html = Page::new(&overview, &logs, &signals).html();
    let page = std::env::temp_dir().join("op-dd-overview.html");
    std::fs::write(&page, html)?;
    println!("open {}", page.display());
    Ok(())
}

/// Events as 1Password has them, mapped to logs as Datadog gets them.
fn logs() -> Result<Vec<Log>, Box<dyn Error>> {
    let now = SystemTime::now();
    let mapper = DefaultMapper::new();
    let mut logs = Vec::new();
    for event in Scenario::SelfGrantVault.events(1, now, 2000) {
        let feed: Feed = event.feed().name().parse()?;
        let context = Context::new(
            Name::new("acme")?,
            feed,
            "events.1password.com",
            &Tags::default(),
            now,
        )?;
        let mapped = mapper.map(&Event::new(feed, event.json().to_owned())?, &context);
        let mut json = Vec::new();
        mapped.entry.write_json(&mut json);
        logs.push(Log::sent(str::from_utf8(&json)?)?);
    }
    Ok(logs)
}
