//! The log that Datadog's own 1Password content works on.
//!
//! An event's JSON goes to the log's root unchanged, where Datadog's 1Password pipeline reads it.
//! Beside it stand, as nested objects, the attributes that Datadog's rules, facets and dashboards ask
//! for, so that they work whether or not that pipeline runs.

use std::time::{Duration, SystemTime};

use datadog_logs::{LogEntry, Status};
use onepassword_events::{Event, Feed};

use crate::{Context, Lateness, Mapped, Mapper, WINDOW_BEHIND};

mod attributes;
mod look;
mod members;
mod names;
mod reserved;
mod sentence;

use look::{Look, text};

pub(crate) use look::key as decoded;
pub(crate) use members::Members;

/// Maps events to the logs that Datadog's 1Password integration knows.
///
/// | attribute | sign-in attempt | item usage | audit event |
/// | --- | --- | --- | --- |
/// | `evt.type` | `1password-sign-in-attempts` | `1password-item-usages` | `1password-audit-events` |
/// | `evt.name` | `type` | `action` | `action` |
/// | `evt.outcome` | `category` | | |
/// | `usr.id`, `usr.name`, `usr.email` | `target_user` | `user` | `actor_uuid`, `actor_details` |
/// | `network.client.ip` | `client.ip_address` | `client.ip_address` | `session.ip` |
/// | `network.client.geoip` | `location`, `country` | `location` | `location` |
/// | `onepassword.vault_uuid` | | `vault_uuid` | `object_uuid` of a vault or of access to one |
/// | `onepassword.self_grant` | | | true if the actor gives himself access |
///
/// A log that Datadog would not date by its event's time ([`Lateness`]) is dated by the time of
/// mapping instead; the event's own time is kept in `onepassword.event_time`, and the log is tagged
/// `late:true`. A late attempt to sign in gets the type `1password-sign-in-attempts-late`, so that
/// rules that reason in time don't take the new date for the truth. [`late_after`](Self::late_after) and
/// [`keep_dates`](Self::keep_dates) set which events that concerns.
///
/// An event's own value of a key that the log needs, or that Datadog gives a meaning of its own, moves
/// to `onepassword.event.<key>`. So does all but the last of several times that an event may have. A key
/// that moves there twice is numbered: `<key>_2`.
#[derive(Clone, Copy, Debug, Default)]
pub struct DefaultMapper {
    dating: Dating,
}

/// Which events date their logs.
#[derive(Clone, Copy, Debug)]
enum Dating {
    /// Those that are no older, nor too far ahead.
    Window(Duration),
    /// All whose time can be read.
    Always,
}

impl DefaultMapper {
    /// The mapper. An event dates its log unless Datadog would drop that.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            dating: Dating::Window(WINDOW_BEHIND),
        }
    }

    /// Sets how old an event may be and date its log, for logs that are long on their way to Datadog,
    /// through a relay that is slow for instance. It is [`WINDOW_BEHIND`] at the most, which it is unless
    /// set.
    #[must_use]
    pub fn late_after(self, age: Duration) -> Self {
        Self {
            dating: Dating::Window(age.min(WINDOW_BEHIND)),
        }
    }

    /// Lets every event date its log, however old it is, for a sink that keeps logs by their own dates:
    /// Datadog's intake drops old ones. Only a log whose event has no time, or none that can be read, is
    /// dated by the time of mapping, as told above.
    #[must_use]
    pub const fn keep_dates(self) -> Self {
        Self {
            dating: Dating::Always,
        }
    }
}

impl Default for Dating {
    fn default() -> Self {
        Self::Window(WINDOW_BEHIND)
    }
}

impl Dating {
    fn judge(self, timestamp: Option<&str>, now: SystemTime) -> Lateness {
        match self {
            Self::Window(behind) => Lateness::judge_within(behind, timestamp, now),
            Self::Always => match Lateness::judge(timestamp, now) {
                Lateness::Late(time) => Lateness::Timely(time),
                judged => judged,
            },
        }
    }
}

impl Mapper for DefaultMapper {
    fn map(&self, event: &Event, context: &Context) -> Mapped {
        let json = event.json();
        let look = Look::at(json);
        let lateness = self
            .dating
            .judge(look.timestamp.and_then(text).as_deref(), context.now());
        let late = lateness.is_late();
        let facts = Facts::gather(event.feed(), &look);

        let redate = late.then(|| attributes::millis(context.now()));
        let (moved, root) = members::root(event, &look, redate.as_deref());
        let ours = attributes::write(event.feed(), &look, &facts, context, late, &moved);

        let entry = LogEntry::new(sentence::write(event.feed(), &look, &facts))
            .source("1password")
            .service("1password")
            .host(context.host().clone())
            .status(if facts.warn {
                Status::Warn
            } else {
                Status::Info
            })
            .tags(
                if late {
                    context.late_tags()
                } else {
                    context.tags()
                }
                .clone(),
            )
            .attributes(ours)
            .attributes(root);
        let mut mapped = Mapped::from(entry);
        mapped.event_time = lateness.event_time();
        mapped.late = late;
        mapped.collisions = moved.len();
        mapped
    }
}

/// What an event's values mean when they are read together.
#[derive(Debug, Default)]
struct Facts {
    /// Somebody tried to sign in and didn't get in.
    failed: bool,
    /// Somebody gave himself access.
    self_grant: bool,
    /// Somebody should look at it.
    warn: bool,
}

impl Facts {
    fn gather(feed: Feed, look: &Look<'_>) -> Self {
        let is = |raw: Option<_>, words: &[&str]| {
            raw.and_then(text)
                .is_some_and(|text| words.contains(&text.as_ref()))
        };
        let failed = feed == Feed::SignInAttempts
            && look
                .category
                .and_then(text)
                .is_some_and(|category| category.contains("failed"));
        let export = feed != Feed::SignInAttempts && is(look.action, &["export"]);
        let actor = look.actor().and_then(text);
        let self_grant = feed == Feed::AuditEvents
            && actor.is_some()
            && actor == look.aux_uuid.and_then(text)
            && (is(look.object_type, &["uva"]) && is(look.action, &["grant", "update"])
                || is(look.object_type, &["gm"]) && is(look.action, &["join", "role"]));
        Self {
            failed,
            self_grant,
            warn: failed || export || self_grant,
        }
    }
}
