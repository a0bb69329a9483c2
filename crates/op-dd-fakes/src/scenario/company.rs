use crate::generator::HOUR;
use crate::generator::account::{Item, Origin, Person, identifiers};
use crate::generator::client::SERVER_APPS;
use crate::generator::place::{PLACES, Place};
use crate::generator::random::Random;
use crate::identifier;

pub(crate) const PRIVILEGED_VAULTS: [&str; 2] =
    ["vaultofrootkeys22222222222", "vaultofpayments22222222222"];
pub(crate) const PRIVILEGED_GROUPS: [&str; 2] =
    ["groupofowners2222222222222", "groupofadministrators22222"];
pub(crate) const PROVISIONING_USER: &str = "USEROFTHESCIMBRIDGE2222222";

/// The cities, from the first, in which there is an office.
const OFFICES: usize = 3;

/// An office has an address for so many people of the company.
const PEOPLE_PER_ADDRESS: usize = 40;

/// A flight takes no less, and nobody works on it.
const FLIGHT: u64 = 8 * HOUR;

/// The company whose account it is, as large as the number of its events asks for.
#[derive(Debug)]
pub(crate) struct Company {
    pub(crate) uuid: String,
    /// The first ones are administrators.
    pub(crate) people: Vec<Colleague>,
    administrators: usize,
    /// In whose name the SCIM bridge works.
    pub(crate) provisioning: Colleague,
    /// What reads secrets for servers.
    pub(crate) machines: Vec<Colleague>,
    /// Those that matter most come first, as among the groups.
    vaults: Vec<String>,
    groups: Vec<String>,
    items: Vec<Item>,
}

/// Somebody, and where they are today.
#[derive(Debug)]
pub(crate) struct Colleague {
    pub(crate) person: Person,
    number: usize,
    today: Origin,
    journey: Option<Journey>,
}

/// To another country, in the course of the day.
#[derive(Debug)]
struct Journey {
    arrival: u64,
    to: Origin,
}

impl Company {
    pub(crate) fn new(random: &mut Random, events: usize) -> Self {
        let uuid = identifier::upper(random.bits());
        let size = 120 + events / 400;
        let addresses = (size / PEOPLE_PER_ADDRESS) as u64;
        let people: Vec<_> = (0..size)
            .map(|number| Colleague::new(random, number, addresses))
            .collect();
        let listed = |names: [&str; 2]| names.map(str::to_owned).to_vec();
        let mut vaults = listed(PRIVILEGED_VAULTS);
        vaults.extend(identifiers(random, size / 5));
        let mut groups = listed(PRIVILEGED_GROUPS);
        groups.extend(identifiers(random, size / 10));
        let items = identifiers(random, size * 5)
            .into_iter()
            .map(|uuid| Item {
                uuid,
                vault_uuid: random.pick(&vaults).clone(),
            })
            .collect();
        let mut provisioning = Colleague::machine(random, 0);
        provisioning.person.uuid = PROVISIONING_USER.to_owned();
        "SCIM Bridge".clone_into(&mut provisioning.person.name);
        "scim@example.com".clone_into(&mut provisioning.person.email);
        provisioning.person.app = &SERVER_APPS[2];
        let machines = (1..=4).map(|number| Colleague::machine(random, number));
        Self {
            machines: machines.collect(),
            uuid,
            administrators: 3 + size / 100,
            people,
            provisioning,
            vaults,
            groups,
            items,
        }
    }

    /// Sends some of the people abroad.
    pub(crate) fn travel(&mut self, random: &mut Random, from: u64, to: u64) {
        for colleague in &mut self.people {
            if random.percent(2) {
                let away = random.pick(&PLACES);
                colleague.journey = Some(Journey {
                    arrival: from + FLIGHT + random.below(to - from - FLIGHT),
                    to: Origin {
                        place: away,
                        address: format!("2001:db8:ffff::{:x}", random.below(0xfffe) + 1),
                    },
                });
            }
        }
    }

    pub(crate) fn administrators(&self) -> &[Colleague] {
        &self.people[..self.administrators]
    }

    /// Everybody else.
    pub(crate) fn members(&self) -> &[Colleague] {
        &self.people[self.administrators..]
    }

    /// The vaults that anybody may be given access to.
    pub(crate) fn vaults(&self) -> &[String] {
        &self.vaults[PRIVILEGED_VAULTS.len()..]
    }

    /// The groups that anybody may join.
    pub(crate) fn groups(&self) -> &[String] {
        &self.groups[PRIVILEGED_GROUPS.len()..]
    }

    pub(crate) fn items(&self) -> &[Item] {
        &self.items
    }

    /// The items that somebody uses.
    pub(crate) fn items_of(&self, colleague: &Colleague) -> &[Item] {
        let first = colleague.number * 5;
        let end = (first + 30).min(self.items.len());
        &self.items[first..end]
    }
}

impl Colleague {
    fn new(random: &mut Random, number: usize, addresses: u64) -> Self {
        let mut person = Person::new(random, number, "");
        person.guest_of = None;
        let is_in_office = person.home < OFFICES && random.percent(60);
        let today = Origin {
            place: &PLACES[person.home],
            address: if is_in_office {
                let number = random.below(addresses) as usize * OFFICES + person.home;
                // No home has one of these.
                format!("198.51.100.{}", 201 + number % 54)
            } else {
                person.address.clone()
            },
        };
        Self {
            person,
            number,
            today,
            journey: None,
        }
    }

    fn machine(random: &mut Random, number: usize) -> Self {
        let mut machine = Self::new(random, number, 1);
        machine.person.name = format!("Deployment {number}");
        machine.person.email = format!("deployment{number}@example.com");
        machine.person.app = &SERVER_APPS[number % 2];
        machine.today = Origin {
            place: &PLACES[0],
            address: format!("2001:db8:da7a::{number:x}"),
        };
        machine
    }

    /// Where they are at a time.
    pub(crate) fn origin(&self, at: u64) -> &Origin {
        match &self.journey {
            Some(journey) if at >= journey.arrival => &journey.to,
            _ => &self.today,
        }
    }

    /// Where they live.
    pub(crate) fn home(&self) -> &'static Place {
        self.today.place
    }

    /// By chance, which is good in the working hours of the place where they are, and small at night.
    pub(crate) fn is_at_work(&self, random: &mut Random, at: u64) -> bool {
        let journey = self.journey.as_ref();
        if journey.is_some_and(|journey| (journey.arrival - FLIGHT..journey.arrival).contains(&at))
        {
            return false;
        }
        // A zone for every 15 degrees, counted from the date line.
        let zone = ((self.origin(at).place.longitude + 187.5) / 15.0) as u64;
        let hour = (at / HOUR + 12 + zone) % 24;
        random.percent(match hour {
            8..18 => 100,
            7 | 18..21 => 25,
            _ => 3,
        })
    }
}
