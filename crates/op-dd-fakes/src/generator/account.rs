use super::client::{APPS, App};
use super::names::{FAMILY, GIVEN};
use super::place::{self, PLACES, Place};
use super::random::Random;
use super::wire;
use crate::identifier;

const PEOPLE: usize = 64;
const VAULTS: usize = 24;
const ITEMS: usize = 400;
const GROUPS: usize = 12;
const OBJECTS: usize = 40;

/// The invented account: its people and their things, the busy ones first.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) uuid: String,
    pub(crate) people: Vec<Person>,
    pub(crate) vaults: Vec<String>,
    pub(crate) items: Vec<Item>,
    pub(crate) groups: Vec<String>,
    /// Everything else that is changed: devices, integrations, templates.
    pub(crate) objects: Vec<String>,
}

/// A member, or a guest of another account.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) uuid: String,
    pub(crate) name: String,
    pub(crate) email: String,
    /// Only for whoever comes from another account.
    pub(crate) guest_of: Option<String>,
    pub(crate) app: &'static App,
    pub(crate) device_uuid: String,
    device_name: String,
    pub(crate) home: usize,
    pub(crate) address: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) uuid: String,
    pub(crate) vault_uuid: String,
}

/// Where an event comes from.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) place: &'static Place,
    pub(crate) address: String,
}

impl Account {
    pub(crate) fn new(random: &mut Random) -> Self {
        let uuid = identifier::upper(random.bits());
        let other = identifier::upper(random.bits());
        let people = (0..PEOPLE)
            .map(|number| Person::new(random, number, &other))
            .collect();
        let vaults = identifiers(random, VAULTS);
        let items = identifiers(random, ITEMS)
            .into_iter()
            .map(|uuid| Item {
                uuid,
                vault_uuid: random.favour(&vaults).clone(),
            })
            .collect();
        let groups = identifiers(random, GROUPS);
        let objects = identifiers(random, OBJECTS);
        Self {
            uuid,
            people,
            vaults,
            items,
            groups,
            objects,
        }
    }
}

impl Person {
    pub(crate) fn new(random: &mut Random, number: usize, other_account: &str) -> Self {
        let given = GIVEN[number % GIVEN.len()];
        // Both lists are walked through at once; the shift keeps the pairs of the second round apart from the first's.
        let family = FAMILY[(number + number / GIVEN.len()) % FAMILY.len()];
        let end = random.below(PLACES.len() as u64) + 1;
        let home = random.below(end) as usize;
        Self {
            uuid: identifier::upper(random.bits()),
            name: format!("{given} {family}"),
            email: format!("{}.{}{number}@example.com", ascii(given), ascii(family)),
            guest_of: (number % 16 == 15).then(|| other_account.to_owned()),
            app: random.favour(&APPS),
            device_uuid: identifier::lower(random.bits()),
            device_name: format!("NB-{:04}", random.below(10_000)),
            home,
            address: place::address(random, home),
        }
    }

    /// At home and at the usual address, but for one time in twenty-five.
    pub(crate) fn whereabouts(&self, random: &mut Random) -> Origin {
        if random.percent(4) {
            let away = random.below(PLACES.len() as u64) as usize;
            Origin {
                place: &PLACES[away],
                address: place::address(random, away),
            }
        } else {
            Origin {
                place: &PLACES[self.home],
                address: self.address.clone(),
            }
        }
    }

    /// The person's app as the events describe it, or another, if a machine was at work.
    pub(crate) fn client<'a>(&'a self, app: &'static App, address: &'a str) -> wire::Client<'a> {
        wire::Client {
            app_name: app.name,
            app_version: app.version,
            platform_name: app.platform.unwrap_or(&self.device_name),
            platform_version: app.platform_version,
            os_name: app.os,
            os_version: app.os_version,
            ip_address: address,
        }
    }

    /// With the fields of version 2, or without, as in an account that has no managed ones.
    pub(crate) fn user<'a>(&'a self, account: &'a str, with_account: bool) -> wire::User<'a> {
        wire::User {
            uuid: &self.uuid,
            name: &self.name,
            email: &self.email,
            user_type: with_account.then_some(self.user_type()),
            user_account_uuid: with_account.then_some(self.account(account)),
        }
    }

    pub(crate) fn details(&self) -> wire::Details<'_> {
        wire::Details {
            uuid: &self.uuid,
            name: &self.name,
            email: &self.email,
        }
    }

    pub(crate) fn user_type(&self) -> &'static str {
        if self.guest_of.is_some() {
            "external_user"
        } else {
            "user"
        }
    }

    pub(crate) fn account<'a>(&'a self, home: &'a str) -> &'a str {
        self.guest_of.as_deref().unwrap_or(home)
    }
}

impl Place {
    /// With the country's code, as sign-in attempts have it, or with its name, as the other feeds do.
    pub(crate) fn location(&'static self, with_code: bool) -> wire::Location {
        wire::Location {
            country: if with_code {
                self.iso_code
            } else {
                self.country
            },
            region: self.region,
            city: self.city,
            latitude: self.latitude,
            longitude: self.longitude,
        }
    }
}

pub(crate) fn identifiers(random: &mut Random, count: usize) -> Vec<String> {
    (0..count)
        .map(|_| identifier::lower(random.bits()))
        .collect()
}

/// The letters that an address can have, in lower case.
fn ascii(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphabetic)
        .collect::<String>()
        .to_ascii_lowercase()
}
