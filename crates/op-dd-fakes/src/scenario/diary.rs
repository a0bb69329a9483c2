use std::time::{Duration, SystemTime};

use super::company::{Colleague, Company};
use crate::generator::HOUR;
use crate::generator::account::{Item, Origin, Person};
use crate::generator::client::App;
use crate::generator::random::Random;
use crate::generator::time::{self, SECOND};
use crate::generator::wire;
use crate::{Event, Feed, identifier};

/// What happens in the company, written down in whatever order it is told.
#[derive(Debug)]
pub(crate) struct Diary<'a> {
    pub(crate) company: &'a Company,
    pub(crate) random: Random,
    pub(crate) from: u64,
    pub(crate) to: u64,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    inserted: u64,
    event: Event,
}

/// Who does something, with what, and from where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Presence<'a> {
    pub(crate) person: &'a Person,
    pub(crate) app: &'static App,
    pub(crate) origin: &'a Origin,
}

/// What is changed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Object<'a> {
    Person(&'a Person),
    Thing(&'a str),
}

/// Whom a change concerns besides.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Other<'a> {
    Nobody,
    /// With the role, in a group.
    Person(&'a Person, Option<&'a str>),
    Group(&'a str),
}

impl<'a> Diary<'a> {
    pub(crate) fn new(company: &'a Company, random: Random, from: u64, to: u64) -> Self {
        Self {
            company,
            random,
            from,
            to,
            entries: Vec::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn truncate(&mut self, length: usize) {
        self.entries.truncate(length);
    }

    /// Somebody signs in, or tries to, in this way and with this outcome.
    pub(crate) fn sign_in(&mut self, at: u64, who: Presence<'_>, (kind, category): (&str, &str)) {
        let company = self.company;
        let uuid = self.uuid();
        let happened = self.moment(at);
        let json = wire::text(&wire::SignIn {
            uuid,
            session_uuid: self.uuid(),
            timestamp: time::text(happened),
            country: who.origin.place.iso_code,
            category,
            kind,
            details: None,
            target_user: who.person.user(&company.uuid, true),
            client: who.person.client(who.app, &who.origin.address),
            location: self.location(who, true),
            account_uuid: Some(&company.uuid),
        });
        self.enter(Feed::SignInAttempts, happened, happened, json);
    }

    /// Somebody uses an item, of which the server hears at once.
    pub(crate) fn usage(&mut self, at: u64, who: Presence<'_>, action: &str, item: &Item) {
        self.late_usage(at, at, who, action, item);
    }

    /// The same, of which it hears later.
    pub(crate) fn late_usage(
        &mut self,
        at: u64,
        inserted: u64,
        who: Presence<'_>,
        action: &str,
        item: &Item,
    ) {
        let company = self.company;
        let uuid = self.uuid();
        let happened = self.moment(at);
        let json = wire::text(&wire::Usage {
            uuid,
            timestamp: time::text(happened),
            used_version: self.random.below(30) + 1,
            vault_uuid: &item.vault_uuid,
            item_uuid: &item.uuid,
            user: who.person.user(&company.uuid, true),
            client: who.person.client(who.app, &who.origin.address),
            location: self.location(who, false),
            action,
            account_uuid: Some(&company.uuid),
        });
        self.enter(Feed::ItemUsages, happened, inserted.max(happened), json);
    }

    /// Somebody changes something.
    pub(crate) fn change(
        &mut self,
        at: u64,
        who: Presence<'_>,
        (action, object_type): (&str, &str),
        object: Object<'_>,
        other: Other<'_>,
    ) {
        let company = self.company;
        let uuid = self.uuid();
        let happened = self.moment(at);
        let (object_uuid, object_details) = match object {
            Object::Person(person) => (person.uuid.as_str(), Some(person.details())),
            Object::Thing(uuid) => (uuid, None),
        };
        let aux = match other {
            Other::Nobody => wire::Aux::default(),
            Other::Person(person, role) => wire::Aux {
                aux_id: None,
                aux_uuid: Some(&person.uuid),
                aux_details: Some(person.details()),
                aux_info: role,
            },
            Other::Group(uuid) => wire::Aux {
                aux_uuid: Some(uuid),
                ..wire::Aux::default()
            },
        };
        let json = wire::text(&wire::Change {
            uuid,
            timestamp: time::text(happened),
            actor_uuid: &who.person.uuid,
            actor_details: Some(who.person.details()),
            action,
            object_type,
            object_uuid,
            object_details,
            aux,
            session: wire::Session {
                uuid: self.uuid(),
                login_time: time::text(happened - self.random.below(4 * HOUR)),
                device_uuid: &who.person.device_uuid,
                ip: &who.origin.address,
            },
            location: self.location(who, false),
            actor_type: Some(who.person.user_type()),
            actor_account_uuid: Some(&company.uuid),
            account_uuid: Some(&company.uuid),
        });
        self.enter(Feed::AuditEvents, happened, happened, json);
    }

    /// An identifier that nothing else has.
    pub(crate) fn uuid(&mut self) -> String {
        identifier::upper(self.random.bits())
    }

    /// All of it, in the order in which the server heard of it.
    pub(crate) fn in_order(mut self) -> Vec<Event> {
        self.entries.sort_by_key(|entry| entry.inserted);
        self.entries.into_iter().map(|entry| entry.event).collect()
    }

    /// To the nanosecond or less fine, and never after the end.
    fn moment(&mut self, at: u64) -> u64 {
        time::rounded(&mut self.random, at).min(self.to - SECOND)
    }

    /// Where the address is, if that is known.
    fn location(&mut self, who: Presence<'_>, with_code: bool) -> Option<wire::Location> {
        (!self.random.percent(6)).then(|| who.origin.place.location(with_code))
    }

    fn enter(&mut self, feed: Feed, happened: u64, inserted: u64, json: String) {
        self.entries.push(Entry {
            inserted,
            event: Event {
                feed,
                time: SystemTime::UNIX_EPOCH + Duration::from_nanos(happened),
                json: json.into_boxed_str(),
            },
        });
    }
}

impl Colleague {
    /// At the place and with the application where they usually are.
    pub(crate) fn at(&self, at: u64) -> Presence<'_> {
        Presence {
            person: &self.person,
            app: self.person.app,
            origin: self.origin(at),
        }
    }
}
