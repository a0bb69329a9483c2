//! Sends logs to Datadog: batched, compressed, and told apart into accepted and refused.
//!
//! `cargo run -p op-dd-examples --example 02_send_logs`
//!
//! It talks to a fake Datadog on this machine, so it needs no account. With one, give your own key and
//! a site such as `datadoghq.eu`.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use datadog_logs::{ApiKey, Client, LogEntry, Site, Status, Tags};
use op_dd_fakes::FakeDatadog;
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // A Datadog that dislikes one of the logs below.
    let datadog = FakeDatadog::builder()
        .refuse_containing("order 1234")
        .start()
        .await?;
    let client = Client::builder(ApiKey::new(datadog.api_key())?)
        .site(Site::parse(datadog.url())?)
        .build()?;
    client.validate().await?;

    let tags = Tags::new(["env:Production", "team:payments"])?;
    println!("tags as Datadog keeps them: {}", tags.as_str());
    let entries = (1..=2500)
        .map(|order| {
            LogEntry::new(format!("order {order} was paid"))
                .source("shop")
                .service("checkout")
                .status(Status::Info)
                .tags(tags.clone())
                .attribute("order", &json!({ "id": order, "total": 19.9 }))
        })
        .collect::<Result<Vec<_>, _>>()?;

    // One call, as many requests as the intake's limits ask for. A log that it refuses is looked for
    // and named; the others arrive.
    let receipt = client.submit(&entries).await?;
    println!(
        "{} logs accepted, in {} requests: {} bytes, {} on the wire",
        receipt.accepted, receipt.requests, receipt.bytes, receipt.bytes_sent
    );
    for refused in &receipt.refused {
        println!("log {} was refused: {:?}", refused.index, refused.reason);
    }
    if let Some(first) = datadog.logs().first() {
        println!("the first as it arrived: {first}");
    }
    Ok(())
}
