use super::account::{Account, Person};
use super::random::Random;
use super::{HOUR, time, wire};
use crate::identifier;

mod catalogue;

use catalogue::{CATALOGUE, Parties, USUAL};

pub(crate) fn make(
    random: &mut Random,
    account: &Account,
    changes: &mut usize,
    uuid: String,
    time: u64,
) -> String {
    let actor = random.favour(&account.people);
    let other = random.pick(&account.people);
    let origin = actor.whereabouts(random);
    let &(action, object_type, parties) = if random.percent(40) {
        Random::deal(CATALOGUE, changes)
    } else {
        random.favour(USUAL)
    };

    let mut person_object = None;
    let mut aux = wire::Aux::default();
    let object_uuid = match parties {
        Parties::Account => &account.uuid,
        Parties::Thing => random.favour(&account.objects),
        Parties::Oneself => person(&mut person_object, actor),
        Parties::Member => person(&mut person_object, other),
        Parties::Vault => random.favour(&account.vaults),
        Parties::Item => &random.favour(&account.items).uuid,
        Parties::Group => random.favour(&account.groups),
        Parties::VaultAndMember => {
            // Whoever gives himself access is worth an alarm, so it must happen.
            let member = if random.percent(10) { actor } else { other };
            aux = with_person(member, None);
            random.favour(&account.vaults)
        }
        Parties::VaultAndGroup => {
            let group: &String = random.favour(&account.groups);
            aux.aux_uuid = Some(group);
            random.favour(&account.vaults)
        }
        Parties::GroupAndMember => {
            let member = if random.percent(10) { actor } else { other };
            aux = with_person(member, Some(*random.pick(&["R", "R", "A"])));
            random.favour(&account.groups)
        }
        Parties::Device => {
            aux = with_person(actor, None);
            aux.aux_id = Some(9_000_000 + random.below(1_000_000));
            &actor.device_uuid
        }
    };

    wire::text(&wire::Change {
        uuid,
        timestamp: time::text(time),
        actor_uuid: &actor.uuid,
        actor_details: (!random.percent(3)).then(|| actor.details()),
        action,
        object_type,
        object_uuid,
        object_details: person_object,
        aux,
        session: wire::Session {
            uuid: identifier::upper(random.bits()),
            login_time: time::text(time.saturating_sub(random.below(4 * HOUR))),
            device_uuid: &actor.device_uuid,
            ip: &origin.address,
        },
        location: (!random.percent(6)).then(|| origin.place.location(false)),
        actor_type: (!random.percent(10)).then_some(actor.user_type()),
        actor_account_uuid: (!random.percent(10)).then_some(actor.account(&account.uuid)),
        account_uuid: (!random.percent(10)).then_some(&account.uuid),
    })
}

/// A person is the only object that is described, too.
fn person<'a>(details: &mut Option<wire::Details<'a>>, person: &'a Person) -> &'a String {
    *details = Some(person.details());
    &person.uuid
}

fn with_person<'a>(person: &'a Person, aux_info: Option<&'a str>) -> wire::Aux<'a> {
    wire::Aux {
        aux_id: None,
        aux_uuid: Some(&person.uuid),
        aux_details: Some(person.details()),
        aux_info,
    }
}
