//! What no single value is wrong about, and what is odd.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use datadog_logs::Tags;
use onepassword_events::Feed;
use op_dd_bridge::{Privacy, WINDOW_BEHIND};
use toml::de::DeTable;

use super::duration;
use super::fault::Faults;
use super::table::lacks;
use super::value::Node;

/// Notes what can't be meant. Values that are wrong by themselves have been noted already.
pub(super) fn contradictions(document: &DeTable<'_>, faults: &mut Faults) {
    lengths(document, faults);
    unusable_tags(document, faults);
    hashes(document, faults);
    archive(document, faults);
    for (feed, field) in private_fields(document) {
        if let Some(name) = field.get_ref().as_str() {
            faults.unless_good(field.span(), Privacy::new().drop_field(feed, name));
        }
    }
    let mut names = HashSet::new();
    for account in accounts(document) {
        if let (Some(url), Some(_)) = (account.get("url"), account.get("region")) {
            let text = "url and region both say where the account is: take one of them out";
            faults.note(url.span(), text);
        }
        if let Some(feeds) = account.get("feeds")
            && feeds.get_ref().as_array().is_some_and(|all| all.is_empty())
        {
            let text = "no feed is named: name one, or take the line out to read all";
            faults.note(feeds.span(), text);
        }
        if let Some(name) = account.get("name")
            && let Some(text) = name.get_ref().as_str()
            && !names.insert(text)
        {
            let text = format!("two accounts are called {text}: rename one of them");
            faults.note(name.span(), text);
        }
    }
}

/// Notes what can be meant, but hardly is.
pub(super) fn oddities(document: &DeTable<'_>) -> Faults {
    let mut odd = Faults::default();
    for node in all_tags(document) {
        if let Some(tag) = node.get_ref().as_str()
            && let Ok(sent) = Tags::new([tag])
            && sent.as_str() != tag
        {
            let text =
                format!("Datadog's rules for tags make `{sent}` of `{tag}`: better write that");
            odd.note(node.span(), text);
        }
    }
    for (feed, field) in private_fields(document) {
        if let Some(name) = field.get_ref().as_str()
            && let Ok(privacy) = Privacy::new().drop_field(feed, name)
            && privacy.unknown_fields().next().is_some()
        {
            let text = format!(
                "no event of {feed} is known to have a field `{name}`: is it the right one?"
            );
            odd.note(field.span(), text);
        }
    }
    let mut tokens = HashMap::new();
    for account in accounts(document) {
        let name = |account: &DeTable<'_>| {
            let name = account.get("name").and_then(|name| name.get_ref().as_str());
            name.unwrap_or("…").to_owned()
        };
        if let Some(token) = account.get("token")
            && let Some(text) = token.get_ref().as_str()
            && let Some(first) = tokens.insert(text, name(account))
        {
            let name = name(account);
            let text = format!(
                "the accounts {first} and {name} have the same token: every event is sent twice"
            );
            odd.note(token.span(), text);
        }
    }
    odd
}

fn lengths(document: &DeTable<'_>, faults: &mut Faults) {
    let length = |table, key| {
        let node = at(document, table, key)?;
        let length = duration(node.get_ref().as_str()?).ok()?;
        Some((node, length))
    };
    for (table, key) in [
        ("http", "connect_timeout"),
        ("http", "timeout"),
        ("polling", "interval"),
        ("archive", "interval"),
        ("telemetry", "heartbeat"),
    ] {
        if let Some((node, length)) = length(table, key)
            && length < Duration::from_secs(1)
        {
            faults.note(node.span(), format!("{key} is too short: write 1s or more"));
        }
    }
    if let Some((node, connect)) = length("http", "connect_timeout")
        && let Some((_, whole)) = length("http", "timeout")
        && connect > whole
    {
        let text = "connect_timeout is longer than timeout, which it is a part of: write less";
        faults.note(node.span(), text);
    }
    if let Some((node, late_after)) = length("datadog", "late_after")
        && late_after > WINDOW_BEHIND
    {
        let text = "Datadog drops logs dated more than 18 hours back: write 17h 30m or less";
        faults.note(node.span(), text);
    }
}

fn unusable_tags(document: &DeTable<'_>, faults: &mut Faults) {
    for node in all_tags(document) {
        if let Some(tag) = node.get_ref().as_str() {
            faults.unless_good(node.span(), Tags::new([tag]));
        }
    }
}

fn hashes(document: &DeTable<'_>, faults: &mut Faults) {
    if at(document, "privacy", "key").is_some() {
        return;
    }
    for (_, feed) in feeds(document) {
        if let Some(hash) = feed.get("hash")
            && hash.get_ref().as_array().is_some_and(|all| !all.is_empty())
        {
            let text = "there is nothing to hash with: set key under [privacy], such as key = \"env:OP_DD_HASH_KEY\"";
            faults.note(hash.span(), text);
        }
    }
}

fn archive(document: &DeTable<'_>, faults: &mut Faults) {
    const KEYS: &[&str] = &["dir", "url"];
    let Some(node) = document.get("archive") else {
        return;
    };
    let Some(table) = node.get_ref().as_table() else {
        return;
    };
    if let (Some(_), Some(url)) = (table.get("dir"), table.get("url")) {
        let text = "dir and url both say where the archive is: take one of them out";
        faults.note(url.span(), text);
    }
    if KEYS.iter().all(|key| lacks(table, key, KEYS)) {
        let text = "nothing says where the archive is: add dir with a folder, or url with a bucket";
        faults.note_missing(node.span(), text);
    }
}

/// Every tag, wherever it is set.
fn all_tags<'d, 'i>(document: &'d DeTable<'i>) -> impl Iterator<Item = &'d Node<'i>> {
    let of_datadog = at(document, "datadog", "tags");
    let of_accounts = accounts(document).filter_map(|account| account.get("tags"));
    let of_feeds = feeds(document).filter_map(|(_, feed)| feed.get("tags"));
    of_datadog
        .into_iter()
        .chain(of_accounts)
        .chain(of_feeds)
        .filter_map(|tags| tags.get_ref().as_array())
        .flat_map(|tags| tags.iter())
}

fn accounts<'d, 'i>(document: &'d DeTable<'i>) -> impl Iterator<Item = &'d DeTable<'i>> {
    let accounts = document
        .get("accounts")
        .and_then(|all| all.get_ref().as_array());
    accounts
        .into_iter()
        .flat_map(|all| all.iter())
        .filter_map(|one| one.get_ref().as_table())
}

/// The fields that are dropped or hashed.
fn private_fields<'d, 'i>(document: &'d DeTable<'i>) -> impl Iterator<Item = (Feed, &'d Node<'i>)> {
    feeds(document).flat_map(|(feed, settings)| {
        let lists = ["drop", "hash"]
            .into_iter()
            .filter_map(move |key| settings.get(key));
        let lists = lists.filter_map(|list| list.get_ref().as_array());
        lists
            .flat_map(|list| list.iter())
            .map(move |field| (feed, field))
    })
}

fn feeds<'d, 'i>(document: &'d DeTable<'i>) -> impl Iterator<Item = (Feed, &'d DeTable<'i>)> {
    let feeds = document
        .get("feeds")
        .and_then(|all| all.get_ref().as_table());
    feeds.into_iter().flatten().filter_map(|(name, settings)| {
        Some((name.get_ref().parse().ok()?, settings.get_ref().as_table()?))
    })
}

fn at<'d, 'i>(document: &'d DeTable<'i>, table: &str, key: &str) -> Option<&'d Node<'i>> {
    document.get(table)?.get_ref().as_table()?.get(key)
}
