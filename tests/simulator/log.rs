//! What a log must look like.

use std::time::{Duration, SystemTime};

use onepassword_events::Feed;

use super::item::{Item, MARK};
use super::members::Members;

/// What a log has besides its event's members.
const OURS: [&str; 10] = [
    "ddsource",
    "ddtags",
    "hostname",
    "service",
    "status",
    "message",
    "evt",
    "usr",
    "network",
    "onepassword",
];

/// Older logs are dropped by the intake.
const PAST: Duration = Duration::from_secs(18 * 3600);

/// And so are newer ones.
const FUTURE: Duration = Duration::from_secs(2 * 3600);

/// Where a log comes from, as its mark says.
pub(crate) fn mark(log: &Members<'_>) -> Option<(usize, usize)> {
    let mark = log.text(MARK)?;
    let (stream, index) = mark.split_once('-')?;
    Some((stream.parse().ok()?, index.parse().ok()?))
}

/// Whether the intake keeps a log that it gets now. It drops others behind its 202. One without a date,
/// or with one that nobody can read, gets the date of its receipt.
pub(crate) fn is_open(log: &Members<'_>, now: SystemTime) -> bool {
    const DATES: [&str; 7] = [
        "@timestamp",
        "timestamp",
        "_timestamp",
        "Timestamp",
        "eventTime",
        "date",
        "published_date",
    ];
    let syslog = || log.object("syslog")?.get("timestamp");
    let date = DATES.iter().find_map(|key| log.get(key)).or_else(syslog);
    let Some(date) = date.and_then(read) else {
        return true;
    };
    match now.duration_since(date) {
        Ok(age) => age <= PAST,
        Err(ahead) => ahead.duration() <= FUTURE,
    }
}

/// ISO 8601, or milliseconds since 1970 as a number or a text.
fn read(json: &str) -> Option<SystemTime> {
    let text = serde_json::from_str(json).unwrap_or_else(|_| json.to_owned());
    let instant = match text.parse() {
        Ok(millis) => jiff::Timestamp::from_millisecond(millis).ok()?,
        Err(_) => text.parse().ok()?,
    };
    Some(instant.into())
}

/// What is wrong with the log of this item, if anything is.
pub(crate) fn fault(
    log: &Members<'_>,
    item: &Item,
    (account, feed, host): (&str, Feed, &str),
) -> Option<String> {
    if let Some(key) = log.twice() {
        return Some(format!("the key {key:?} is there twice"));
    }
    let tags = log.text("ddtags").unwrap_or_default();
    let tags: Vec<_> = tags.split(',').collect();
    for tag in [format!("account:{account}"), format!("feed:{feed}")] {
        if !tags.contains(&tag.as_str()) {
            return Some(format!("the tag {tag} is not among {tags:?}"));
        }
    }
    for (key, value) in [
        ("ddsource", "1password"),
        ("service", "1password"),
        ("hostname", host),
    ] {
        if log.text(key).as_deref() != Some(value) {
            return Some(format!("{key} is {:?}", log.get(key)));
        }
    }
    let Some(ours) = log.object("onepassword") else {
        return Some("there is no onepassword".to_owned());
    };
    let moved = ours.object("event").unwrap_or_default();
    let late = tags.contains(&"late:true");
    let mut earlier = item.members.iter();
    while let Some(member) = earlier.next() {
        let key = member.key.as_str();
        let again = earlier.clone().any(|other| other.key == key);
        let (place, found) = if member.makes_way() || again {
            ("onepassword.event", moved.get(key))
        } else if key == "timestamp" && late {
            continue;
        } else {
            ("the root", log.get(key))
        };
        if found != Some(&member.value) {
            let value = &member.value;
            return Some(format!("{key:?} was {value} and is {found:?} in {place}"));
        }
    }
    let own = |key: &str| item.members.iter().any(|member| member.key == key);
    if let Some(key) = log
        .keys()
        .find(|key| !(OURS.contains(key) || own(key) || late && *key == "timestamp"))
    {
        return Some(format!("nobody knows where {key:?} comes from"));
    }
    late.then(|| true_time(log, &ours, item)).flatten()
}

/// A late log has a date of its own, and the event's as a text.
fn true_time(log: &Members<'_>, ours: &Members<'_>, item: &Item) -> Option<String> {
    let date = log.text("timestamp");
    if date
        .as_ref()
        .is_none_or(|date| date.parse::<jiff::Timestamp>().is_err())
    {
        return Some(format!("a late log is dated {date:?}"));
    }
    let expected = match item.value("timestamp") {
        None | Some("null") => None,
        Some(value) => Some(serde_json::from_str(value).unwrap_or_else(|_| value.to_owned())),
    };
    let found = ours.text("event_time");
    (found != expected).then(|| format!("event_time is {found:?} instead of {expected:?}"))
}
