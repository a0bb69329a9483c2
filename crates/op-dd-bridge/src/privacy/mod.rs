//! What of an event isn't to leave.

use std::fmt;
use std::sync::Arc;

use datadog_logs::LogEntry;
use onepassword_events::{Event, Feed};

use crate::{Context, Mapped, Mapper};

mod address;
mod fields;
mod key;
mod rewrite;

pub use fields::PrivacyError;
pub use key::{HashKey, HashKeyError};

use fields::Field;
use rewrite::{Action, Rule};

/// What is done to events before anything else is made of them: fields are dropped, exchanged for a keyed
/// hash, or lose the end of an IP address. Nothing is, unless told.
///
/// It changes the event itself, so that what is sent as it stands, the attributes beside it, and the
/// sentence in `message` are all made of what is left. A feed without rules is not touched, and its events'
/// bytes stay shared.
///
/// A field is named by its path in the event (`target_user.email`, `location`), with all that is below it,
/// or as it is known in Datadog, for all places of a feed where such a value stands:
///
/// | name | sign-in attempt | item usage | audit event |
/// | --- | --- | --- | --- |
/// | `usr.email` | `target_user.email`; what has an `@` in `details` | `user.email` | `email` of `actor_details`, `object_details`, `aux_details`; `aux_info` if it has an `@` |
/// | `usr.name` | `target_user.name` | `user.name` | `name` of `actor_details`, `object_details`, `aux_details` |
/// | `usr.id` | `target_user.uuid` | `user.uuid` | `actor_uuid`, `aux_uuid`; `uuid` of `actor_details`, `object_details`, `aux_details`; `object_uuid` unless the object is known to be no person |
/// | `network.client.ip` | `client.ip_address`; what has an address in `details` | `client.ip_address` | `session.ip` |
/// | `network.client.geoip` | `location`, `country`, `details` | `location` | `location` |
///
/// `details` of an attempt to sign in is what a rule of the firewall kept out: a country, a continent, an address.
///
/// Each stands for an event's own member of that name, too. Paths lead through lists, and a key counts
/// however it is escaped, as often as it is there, and spelled with dots as well.
///
/// **A hash** is `hash:` and the first 32 hexadecimal digits of HMAC-SHA-256 with a key of your own. It is
/// the same for the same value in every field and account, so that logs can still be brought together; and
/// for an email address (anything with an `@`) in small and large letters. Numbers and the like are hashed
/// as they are written, and become texts; each value in an object or a list is hashed by itself; `null` and
/// empty texts stay. A hashed address is no address, so `network.client.ip` is left out.
///
/// **An address** keeps 24 bits (IPv4, in one of IPv6 as well) or 48 (IPv6): `203.0.113.0`, `2001:db8:7::`. A
/// text where an address should be that is none is dropped, and so is one in `details` with an address among
/// other words. Where an address is is other fields: `network.client.geoip`.
///
/// Of several rules for a field, dropping goes before hashing, and that before cutting addresses.
///
/// Dead letters keep the exact text of an event that couldn't be delivered, on this machine's disk.
///
/// ```
/// use onepassword_events::Feed;
/// use op_dd_bridge::{DefaultMapper, HashKey, Privacy};
///
/// let key = HashKey::new("a long text that nobody guesses")?;
/// let privacy = Privacy::new()
///     .drop_field(Feed::SignInAttempts, "usr.name")?
///     .hash_field(Feed::SignInAttempts, "usr.email", &key)?
///     .truncate_ip(Feed::SignInAttempts);
/// let mapper = privacy.around(DefaultMapper::new());
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Privacy {
    rules: Vec<(Feed, Rule)>,
    unknown: Vec<(Feed, String)>,
}

impl Privacy {
    /// Nothing is dropped, hashed or cut.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Drops a field from the events of a feed.
    ///
    /// # Errors
    ///
    /// [`PrivacyError`] if the feed has no such field, but one of nearly that name, or if op-dd needs the
    /// field. A name that is like no other may be of a field to come: it is taken, and
    /// [told](Self::unknown_fields).
    pub fn drop_field(self, feed: Feed, name: &str) -> Result<Self, PrivacyError> {
        self.rule(feed, name, &Action::Drop)
    }

    /// Exchanges a field of the events of a feed for its hash.
    ///
    /// # Errors
    ///
    /// As [`drop_field`](Self::drop_field).
    pub fn hash_field(self, feed: Feed, name: &str, key: &HashKey) -> Result<Self, PrivacyError> {
        self.rule(feed, name, &Action::Hash(key.clone()))
    }

    /// Takes the end off the IP addresses in the events of a feed.
    #[must_use]
    pub fn truncate_ip(mut self, feed: Feed) -> Self {
        self.add(feed, fields::addresses(feed), &Action::Truncate);
        self
    }

    /// The fields that were named and that no event is known to have.
    pub fn unknown_fields(&self) -> impl Iterator<Item = (Feed, &str)> {
        let unknown = self.unknown.iter();
        unknown.map(|(feed, name)| (*feed, name.as_str()))
    }

    /// Whether nothing is done to any event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// A mapper that sees of an event what may leave.
    #[must_use]
    pub fn around<M: Mapper>(&self, mapper: M) -> PrivateMapper<M> {
        let mut feeds = Vec::<(Feed, Vec<Rule>)>::new();
        for (feed, rule) in &self.rules {
            match feeds.iter_mut().find(|(known, _)| known == feed) {
                Some((_, rules)) => rules.push(rule.clone()),
                None => feeds.push((*feed, vec![rule.clone()])),
            }
        }
        for (_, rules) in &mut feeds {
            rules.sort_by_key(Rule::order);
        }
        PrivateMapper {
            mapper,
            feeds: feeds.into(),
        }
    }

    fn rule(mut self, feed: Feed, name: &str, action: &Action) -> Result<Self, PrivacyError> {
        match fields::named(feed, name)? {
            Some(fields) => self.add(feed, fields, action),
            None => {
                self.add(feed, vec![Field::always(name)], action);
                self.unknown.push((feed, name.to_owned()));
            }
        }
        Ok(self)
    }

    fn add(&mut self, feed: Feed, fields: Vec<Field>, action: &Action) {
        let rules = fields.into_iter().map(|field| Rule {
            field,
            action: action.clone(),
        });
        self.rules.extend(rules.map(|rule| (feed, rule)));
    }
}

/// A mapper that sees of an event what [`Privacy`] leaves of it.
#[derive(Clone)]
pub struct PrivateMapper<M> {
    mapper: M,
    /// The rules of each feed that has any, the strictest first.
    feeds: Arc<[(Feed, Vec<Rule>)]>,
}

impl<M: Mapper> Mapper for PrivateMapper<M> {
    fn map(&self, event: &Event, context: &Context) -> Mapped {
        let rules = self.feeds.iter().find(|(feed, _)| *feed == event.feed());
        match rules {
            None => self.mapper.map(event, context),
            Some((_, rules)) => match rewrite::event(event, rules) {
                Some(event) => self.mapper.map(&event, context),
                None => kept_back(),
            },
        }
    }
}

/// If it can't be told what may leave, nothing does. The event stays on this machine.
fn kept_back() -> Mapped {
    let mut mapped = Mapped::from(LogEntry::new("op-dd: an event was kept back"));
    mapped.fault = Some("it can't be told what of the event may leave");
    mapped
}

impl<M> fmt::Debug for PrivateMapper<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateMapper")
            .field("feeds", &self.feeds)
            .finish_non_exhaustive()
    }
}
