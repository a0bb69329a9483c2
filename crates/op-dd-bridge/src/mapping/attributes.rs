//! The attributes that are written beside the event.

use std::net::IpAddr;
use std::time::SystemTime;

use datadog_logs::JsonObject;
use onepassword_events::Feed;
use serde_json::value::RawValue;

use super::Facts;
use super::look::{self, Look, Person, text};
use super::members::{Moved, Writer};
use super::names::Names;
use crate::Context;

pub(super) fn write(
    feed: Feed,
    look: &Look<'_>,
    facts: &Facts,
    context: &Context,
    late: bool,
    moved: &[Moved<'_>],
) -> JsonObject {
    let mut out = Writer::default();
    out.object("evt", |evt| event(evt, feed, look, late));
    out.object("usr", |usr| user(usr, feed, look));
    out.object("network", |network| {
        network.object("client", |client| address(client, feed, look));
    });
    out.object("onepassword", |ours| {
        ours.text("account", context.account().as_str());
        ours.text("feed", feed.as_str());
        copy_text(ours, "vault_uuid", vault(feed, look));
        if facts.self_grant {
            ours.raw("self_grant", "true");
        }
        if late {
            true_time(ours, look.timestamp);
        }
        ours.object("event", |event| {
            let mut names = Names::default();
            for (key, value) in moved {
                match names.numbered(look::key(key)) {
                    None => event.member(key, value),
                    Some(name) => event.raw(&name, value.get()),
                }
            }
        });
    });
    out.finish()
}

/// A time in RFC 3339 with milliseconds, which is as fine as Datadog dates logs.
pub(super) fn millis(time: SystemTime) -> String {
    let time = jiff::Timestamp::try_from(time).unwrap_or_default();
    format!("{time:.3}")
}

fn event(evt: &mut Writer, feed: Feed, look: &Look<'_>, late: bool) {
    let (kind, name) = match feed {
        Feed::SignInAttempts if late => ("1password-sign-in-attempts-late", look.kind),
        Feed::SignInAttempts => ("1password-sign-in-attempts", look.kind),
        Feed::ItemUsages => ("1password-item-usages", look.action),
        Feed::AuditEvents => ("1password-audit-events", look.action),
        _ => ("1password", None),
    };
    evt.text("type", kind);
    copy_text(evt, "name", name);
    if feed == Feed::SignInAttempts {
        copy_text(evt, "outcome", look.category);
    }
}

fn user(usr: &mut Writer, feed: Feed, look: &Look<'_>) {
    let (id, person) = who(feed, look);
    copy_text(usr, "id", id);
    copy_text(usr, "name", person.name);
    copy_text(usr, "email", person.email);
}

/// Who did it, by id and by name.
pub(super) fn who<'a, 'b>(
    feed: Feed,
    look: &'b Look<'a>,
) -> (Option<&'a RawValue>, &'b Person<'a>) {
    match feed {
        Feed::SignInAttempts => (look.target_user.uuid, &look.target_user),
        Feed::ItemUsages => (look.user.uuid, &look.user),
        _ => (look.actor(), &look.actor_details),
    }
}

fn address(client: &mut Writer, feed: Feed, look: &Look<'_>) {
    let ip = match feed {
        Feed::AuditEvents => look.session.ip,
        _ => look.client.ip_address,
    };
    // Datadog types this attribute: a text that is no address would spoil it.
    if ip
        .and_then(text)
        .is_some_and(|ip| ip.parse::<IpAddr>().is_ok())
    {
        copy_text(client, "ip", ip);
    }
    let location = &look.location;
    client.object("geoip", |geoip| {
        let country = [location.country, look.country]
            .into_iter()
            .find(|country| country.and_then(text).is_some_and(|text| is_code(&text)));
        geoip.object("country", |out| {
            copy_text(out, "iso_code", country.flatten());
        });
        geoip.object("city", |out| copy_text(out, "name", location.city));
        geoip.object("subdivision", |out| copy_text(out, "name", location.region));
        geoip.object("location", |out| {
            copy_number(out, "latitude", location.latitude);
            copy_number(out, "longitude", location.longitude);
        });
    });
}

/// The vault that an event is about: access to a vault, too, so that what somebody did to his access
/// and what he then did in the vault can be asked for together.
fn vault<'a>(feed: Feed, look: &Look<'a>) -> Option<&'a RawValue> {
    match feed {
        Feed::ItemUsages => look.vault_uuid,
        Feed::AuditEvents => {
            let object = look.object_type.and_then(text)?;
            let of_vault = matches!(object.as_ref(), "uva" | "gva" | "vault");
            look.object_uuid.filter(|_| of_vault)
        }
        _ => None,
    }
}

/// The event's own time, as a text whatever it was, since an attribute keeps one type.
fn true_time(out: &mut Writer, timestamp: Option<&RawValue>) {
    let Some(timestamp) = timestamp else { return };
    if text(timestamp).is_some() {
        out.raw("event_time", timestamp.get());
    } else {
        out.text("event_time", timestamp.get().trim_matches('"'));
    }
}

/// A country's two-letter code, as maps need it; 1Password also writes names.
fn is_code(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// A text goes over as it is written; anything else is not what the attribute is for.
fn copy_text(out: &mut Writer, key: &str, value: Option<&RawValue>) {
    if let Some(value) = value.filter(|value| text(value).is_some()) {
        out.raw(key, value.get());
    }
}

fn copy_number(out: &mut Writer, key: &str, value: Option<&RawValue>) {
    let number = |value: &&RawValue| {
        value
            .get()
            .starts_with(|c: char| c == '-' || c.is_ascii_digit())
    };
    if let Some(value) = value.filter(number) {
        out.raw(key, value.get());
    }
}
