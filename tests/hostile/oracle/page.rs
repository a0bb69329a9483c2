use bytes::Bytes;
use onepassword_events::{AuditEvent, ErrorKind, Event, Feed, ItemUsage, Page, SignInAttempt};
use serde_json::Value;
use serde_json::value::RawValue;

use super::json;

/// Any bytes are a page, whose events are the items of its JSON byte for byte, or are refused.
///
/// # Panics
///
/// If that doesn't hold.
pub fn page(body: &[u8]) {
    let body = Bytes::copy_from_slice(body);
    for feed in Feed::ALL {
        match Page::decode(feed, &body) {
            Ok(page) => accepted(&page, feed, &body),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::BadPage);
                check_line(&error.to_string());
            }
        }
    }
}

fn accepted(page: &Page, feed: Feed, body: &Bytes) {
    assert!(!page.cursor().as_str().is_empty());
    assert_eq!(page.size(), body.len());
    for event in page.events() {
        check_event(event, feed);
    }
    let Ok(text) = str::from_utf8(body) else {
        return;
    };
    // Slices of the page, not copies.
    let within = body.as_ptr_range();
    for event in page.events() {
        assert!(within.contains(&event.raw().as_ptr()));
    }
    let members = json::members(text).unwrap();
    let items = json::member(&members, "items").unwrap_or("null");
    let items: Option<Vec<&RawValue>> = serde_json::from_str(items).unwrap();
    let items = items.unwrap_or_default();
    let kept: Vec<_> = page.events().iter().map(Event::json).collect();
    let sent: Vec<_> = items.iter().map(|item| item.get()).collect();
    assert_eq!(kept, sent);
    let cursor = json::member(&members, "cursor").unwrap();
    let cursor: String = serde_json::from_str(cursor).unwrap();
    assert_eq!(page.cursor().as_str(), cursor);
}

fn check_event(event: &Event, feed: Feed) {
    assert_eq!(event.feed(), feed);
    assert_eq!(event.json().as_bytes(), event.raw());
    assert_eq!(&Event::new(feed, event.raw().clone()).unwrap(), event);
    assert_eq!(event.is_object(), event.json().starts_with('{'));

    let uuid = event.uuid();
    let members = json::members(event.json()).unwrap_or_default();
    if let Some(value) = json::member(&members, "uuid") {
        let text = serde_json::from_str::<Value>(value).ok();
        let text = text.as_ref().and_then(Value::as_str);
        assert_eq!(uuid.as_deref(), text, "{}", event.json());
    }

    let faults = [
        event.typed::<SignInAttempt>().err(),
        event.typed::<ItemUsage>().err(),
        event.typed::<AuditEvent>().err(),
    ];
    // It is of one feed at the most.
    assert!(faults.iter().flatten().count() >= 2);
    for fault in faults.iter().flatten() {
        assert_eq!(fault.kind(), ErrorKind::BadEvent);
    }
}

fn check_line(error: &str) {
    assert!(error.len() < 400, "{error}");
    assert!(!error.contains(char::is_control), "{error:?}");
}
