//! Pages that 1Password really sent, where they are at hand. They are not ours to publish.

use std::path::Path;

use bytes::Bytes;
use onepassword_events::{
    AuditEvent, Event, Feed, FeedEvent, ItemUsage, Page, SignInAttempt, Timestamp,
};
use serde_json::Value;

#[test]
fn real_pages_are_read_and_kept() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/1password/pages");
    if !folder.is_dir() {
        eprintln!(
            "SKIPPED: there are no recorded pages in {}",
            folder.display()
        );
        return;
    }
    let mut typed = 0;
    for feed in Feed::ALL {
        let files = std::fs::read_dir(folder.join(feed.as_str())).unwrap();
        for file in files {
            let path = file.unwrap().path();
            let body = std::fs::read_to_string(&path).unwrap();
            let page = Page::decode(feed, &Bytes::from(body.clone())).unwrap();
            assert!(!page.events().is_empty(), "{}", path.display());
            for event in page.events() {
                assert!(body.contains(event.json()), "{}", event.json());
                typed += usize::from(match feed {
                    Feed::SignInAttempts => check::<SignInAttempt>(event, &["category", "type"]),
                    Feed::ItemUsages => check::<ItemUsage>(event, &[]),
                    Feed::AuditEvents => check::<AuditEvent>(event, &["action", "object_type"]),
                    _ => unreachable!("{feed}"),
                });
            }
        }
    }
    assert!(typed > 0);
}

/// Whether the event has what every event of its feed has. If so, it must be readable.
fn check<T: FeedEvent>(event: &Event, required: &[&str]) -> bool {
    let value: Value = serde_json::from_str(event.json()).unwrap();
    assert_eq!(event.uuid().as_deref(), value["uuid"].as_str());
    let time = value["timestamp"].as_str().unwrap_or_default();
    let whole = value["uuid"].is_string()
        && time.parse::<Timestamp>().is_ok()
        && required.iter().all(|field| value[field].is_string());
    if whole && let Err(error) = event.typed::<T>() {
        panic!("{error}: {}", event.json());
    }
    whole
}
