use super::account::Account;
use super::client::SERVER_APPS;
use super::random::Random;
use super::{time, wire};

/// All that can be done with an item, by how usual it is.
const ACTIONS: [(u64, &str); 11] = [
    (420, "fill"),
    (190, "secure-copy"),
    (150, "reveal"),
    (110, "server-fetch"),
    (50, "enter-item-edit-mode"),
    (35, "server-update"),
    (20, "server-create"),
    (10, "select-sso-provider"),
    (6, "share"),
    (5, "other"),
    (4, "export"),
];

pub(crate) fn make(
    random: &mut Random,
    account: &Account,
    actions: &mut usize,
    uuid: String,
    time: u64,
) -> String {
    let person = random.favour(&account.people);
    let item = random.favour(&account.items);
    let origin = person.whereabouts(random);
    let action = if random.percent(2) {
        Random::deal(&ACTIONS, actions).1
    } else {
        random.weighted(&ACTIONS)
    };
    // The server-side actions are what command line, SDK and bridge do; sometimes a browser.
    let app = if action.starts_with("server-") && random.percent(80) {
        random.favour(&SERVER_APPS)
    } else {
        person.app
    };
    let versions = random.below(30) + 1;
    wire::text(&wire::Usage {
        uuid,
        timestamp: time::text(time),
        used_version: random.below(versions),
        vault_uuid: &item.vault_uuid,
        item_uuid: &item.uuid,
        user: person.user(&account.uuid, random.percent(85)),
        client: person.client(app, &origin.address),
        location: (!random.percent(6)).then(|| origin.place.location(false)),
        action,
        account_uuid: (!random.percent(10)).then_some(&account.uuid),
    })
}
