//! Reads events of a 1Password account: typed, page by page, and on from where it stopped.
//!
//! `cargo run -p op-dd-examples --example 01_list_events`
//!
//! It talks to a fake Events API on this machine, so it needs no account. With one, leave out the fake
//! and the url: the token names its own server.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::pin::pin;
use std::time::{Duration, SystemTime};

use futures_util::TryStreamExt as _;
use onepassword_events::{Client, Feed, Position, Reset, SignInAttempt, Timestamp};
use op_dd_fakes::{FakeEvents, Generator};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let now = SystemTime::now();
    let account = FakeEvents::builder()
        .events(Generator::new(1, now, 3000))
        .start()
        .await?;
    let client = Client::builder(account.token().parse()?)
        .url(account.url().parse()?)
        .build()?;

    // Who is asking, and for what? The token says, and the server confirms.
    let token = client.introspect().await?;
    let feeds: Vec<_> = token.feeds().iter().map(|feed| feed.as_str()).collect();
    println!("the token may read {}", feeds.join(", "));

    // For those who just want events: typed, from a time on.
    let a_day_ago = Reset::new((now - Duration::from_secs(24 * 3600)).into());
    let mut failed = 0;
    let mut attempts = pin!(client.events::<SignInAttempt>(a_day_ago.clone().into()));
    while let Some(attempt) = attempts.try_next().await? {
        if !attempt.category.is_success() {
            failed += 1;
            if failed <= 3 {
                let user = attempt.target_user.as_ref();
                let who = user.and_then(|user| user.email.as_deref());
                println!(
                    "{}  {}  {}",
                    attempt.timestamp,
                    who.unwrap_or("somebody"),
                    attempt.attempt_type
                );
            }
        }
    }
    println!("{failed} attempts to sign in failed within a day");

    // For those who must not miss one: page by page, each with the place behind it. Keep that place
    // once you are done with the page.
    let mut place = Position::from(a_day_ago);
    let mut pages = pin!(client.pages(Feed::AuditEvents, place.clone()));
    while let Some(page) = pages.try_next().await? {
        println!("a page of {} audit events", page.events().len());
        place = page.cursor().clone().into();
    }

    // Later, perhaps in another process: what has come in since.
    let export = r#"{"uuid":"NEW","timestamp":"NOW","action":"export","object_type":"vault"}"#;
    let export = export.replace("NOW", Timestamp::from(SystemTime::now()).as_str());
    account.insert(op_dd_fakes::Feed::AuditEvents, export)?;
    let page = client.fetch(Feed::AuditEvents, &place).await?;
    for event in page.events() {
        println!("new: {}", event.json());
    }
    Ok(())
}
