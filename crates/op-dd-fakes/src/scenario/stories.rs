use super::Scenario;
use super::company::{Colleague, PRIVILEGED_GROUPS, PRIVILEGED_VAULTS};
use super::diary::{Diary, Object, Other, Presence};
use crate::generator::HOUR;
use crate::generator::account::Origin;
use crate::generator::client::{App, SERVER_APPS};
use crate::generator::place::{PLACES, Place};
use crate::generator::time::SECOND;

const MINUTE: u64 = 60 * SECOND;

const IN: (&str, &str) = ("credentials_ok", "success");
const MISTYPED: (&str, &str) = ("password_secret_bad", "credentials_failed");

/// None of 1Password's applications is called so.
const TOOL: App = App {
    name: "onepassword-dump",
    version: "0100000",
    ..SERVER_APPS[0]
};

/// Tells what a scenario is about.
pub(crate) fn happen(scenario: Scenario, diary: &mut Diary<'_>) {
    // Far enough from the end for all of it.
    let at = diary.to - 3 * HOUR + diary.random.below(HOUR);
    match scenario {
        Scenario::OrdinaryDay => {}
        Scenario::MfaDisabled => mfa_disabled(diary, at),
        Scenario::SsoChanged => sso_changed(diary, at),
        Scenario::FirewallRulesChanged => of_account(diary, at, &[("updatfw", "account")]),
        Scenario::SelfGrantGroup => self_grant_group(diary, at),
        Scenario::SelfGrantVault => self_grant_vault(diary, at),
        Scenario::PrivilegedVaultChanged => privileged_vault_changed(diary, at),
        Scenario::PrivilegedGroupChanged => privileged_group_changed(diary, at),
        Scenario::RecoveryBegun => recovery_begun(diary, at),
        Scenario::ItemsReadInBulk => items_read_in_bulk(diary, at),
        Scenario::BruteForceSucceeded => brute_force_succeeded(diary, at),
        Scenario::CredentialStuffing => credential_stuffing(diary, at),
        Scenario::SignInFromNewCountry => sign_in_from_new_country(diary, at),
        Scenario::UnusualClient => unusual_client(diary, at),
        Scenario::ServiceAccountCreated => service_account_created(diary, at),
        Scenario::InvitationOutsideProvisioning => invitation_outside_provisioning(diary, at),
        Scenario::DomainChanged => {
            of_account(
                diary,
                at,
                &[("vrfydmn", "account"), ("dvrfydmn", "account")],
            );
        }
    }
}

fn mfa_disabled(diary: &mut Diary<'_>, at: u64) {
    let member = member(diary);
    let own = Object::Person(&member.person);
    diary.change(at, member.at(at), ("disblmfa", "user"), own, Other::Nobody);
    of_account(diary, at + 20 * MINUTE, &[("disblmfa", "account")]);
}

fn sso_changed(diary: &mut Diary<'_>, at: u64) {
    of_account(diary, at, &[("chngpsso", "sso"), ("disblsso", "sso")]);
}

/// An administrator changes what is the account's.
fn of_account(diary: &mut Diary<'_>, at: u64, changes: &[(&str, &str)]) {
    let administrator = administrator(diary);
    let account = Object::Thing(&diary.company.uuid);
    for (at, change) in moments(at, 2 * MINUTE).zip(changes) {
        diary.change(at, administrator.at(at), *change, account, Other::Nobody);
    }
}

fn self_grant_group(diary: &mut Diary<'_>, at: u64) {
    let administrator = administrator(diary);
    let group: &String = diary.random.pick(diary.company.groups());
    let group = Object::Thing(group);
    for (at, (action, role)) in moments(at, MINUTE).zip([("join", "R"), ("role", "A")]) {
        let own = Other::Person(&administrator.person, Some(role));
        diary.change(at, administrator.at(at), (action, "gm"), group, own);
    }
}

fn self_grant_vault(diary: &mut Diary<'_>, at: u64) {
    let company = diary.company;
    let administrator = administrator(diary);
    let vault: &String = diary.random.pick(company.vaults());
    let own = Other::Person(&administrator.person, None);
    diary.change(
        at,
        administrator.at(at),
        ("grant", "uva"),
        Object::Thing(vault),
        own,
    );
    let in_vault = company
        .items()
        .iter()
        .filter(|item| item.vault_uuid == *vault);
    let actions = ["reveal", "secure-copy", "reveal"].into_iter().cycle();
    let uses = moments(at + 12 * MINUTE, 40 * SECOND).zip(in_vault.zip(actions));
    for (at, (item, action)) in uses.take(6) {
        diary.usage(at, administrator.at(at), action, item);
    }
}

fn privileged_vault_changed(diary: &mut Diary<'_>, at: u64) {
    let administrator = administrator(diary);
    let group = diary.random.pick(diary.company.groups());
    let [one, two] = [member(diary), member(diary)];
    let [first, second] = PRIVILEGED_VAULTS.map(Object::Thing);
    let changes = [
        (("grant", "uva"), first, Other::Person(&one.person, None)),
        (("grant", "gva"), second, Other::Group(group)),
        (("revoke", "uva"), first, Other::Person(&two.person, None)),
    ];
    for (at, (change, vault, whom)) in moments(at, 3 * MINUTE).zip(changes) {
        diary.change(at, administrator.at(at), change, vault, whom);
    }
}

fn privileged_group_changed(diary: &mut Diary<'_>, at: u64) {
    let administrator = administrator(diary);
    let [one, two] = [member(diary), member(diary)];
    let [owners, administrators] = PRIVILEGED_GROUPS.map(Object::Thing);
    let changes = [
        ("join", owners, one, "R"),
        ("role", administrators, one, "A"),
        ("leave", owners, two, "R"),
    ];
    for (at, (action, group, whom, role)) in moments(at, 3 * MINUTE).zip(changes) {
        let whom = Other::Person(&whom.person, Some(role));
        diary.change(at, administrator.at(at), (action, "gm"), group, whom);
    }
}

fn recovery_begun(diary: &mut Diary<'_>, at: u64) {
    let administrator = administrator(diary);
    for at in moments(at, 6 * MINUTE).take(4) {
        let whom = Object::Person(&member(diary).person);
        diary.change(
            at,
            administrator.at(at),
            ("beginr", "user"),
            whom,
            Other::Nobody,
        );
    }
}

fn items_read_in_bulk(diary: &mut Diary<'_>, at: u64) {
    let member = member(diary);
    let actions = ["reveal", "secure-copy", "secure-copy"].into_iter().cycle();
    let items = diary.company.items().iter().zip(actions).take(60);
    for (at, (item, action)) in moments(at, 13 * SECOND).zip(items) {
        diary.usage(at, member.at(at), action, item);
    }
}

fn brute_force_succeeded(diary: &mut Diary<'_>, at: u64) {
    let victim = member(diary);
    let origin = strange(victim.home(), 210);
    let who = victim.elsewhere(&origin);
    for (at, number) in moments(at, 35 * SECOND).zip(0..15) {
        diary.sign_in(at, who, if number < 14 { MISTYPED } else { IN });
    }
}

fn credential_stuffing(diary: &mut Diary<'_>, at: u64) {
    let company = diary.company;
    let origin = strange(&PLACES[0], 220);
    let compatriots = company.members().iter();
    // A country that is new for the one who is taken is another scenario.
    let compatriots = compatriots.filter(|member| member.home().iso_code == origin.place.iso_code);
    let victims: Vec<_> = compatriots.take(24).collect();
    let last = victims.last().map(|victim| (*victim, IN));
    let attempts = victims.iter().map(|victim| (*victim, MISTYPED));
    for (at, (victim, outcome)) in moments(at, 20 * SECOND).zip(attempts.chain(last)) {
        diary.sign_in(at, victim.elsewhere(&origin), outcome);
    }
}

fn sign_in_from_new_country(diary: &mut Diary<'_>, at: u64) {
    let member = member(diary);
    let home = member.home().iso_code;
    diary.sign_in(diary.from + HOUR, member.at(at), IN);
    if let Some(place) = PLACES.iter().find(|place| place.iso_code != home) {
        let origin = strange(place, 230);
        diary.sign_in(at, member.elsewhere(&origin), IN);
    }
}

fn unusual_client(diary: &mut Diary<'_>, at: u64) {
    let member = member(diary);
    let origin = strange(member.home(), 240);
    let who = Presence {
        app: &TOOL,
        ..member.elsewhere(&origin)
    };
    diary.sign_in(at, who, IN);
    let items = diary.company.items_of(member).iter().take(5);
    for (at, item) in moments(at + 3 * SECOND, 2 * SECOND).zip(items) {
        diary.usage(at, who, "server-fetch", item);
    }
}

fn service_account_created(diary: &mut Diary<'_>, at: u64) {
    let administrator = administrator(diary);
    for (at, object_type) in moments(at, 3 * SECOND).zip(["sa", "satoken"]) {
        let uuid = diary.uuid();
        let object = Object::Thing(&uuid);
        diary.change(
            at,
            administrator.at(at),
            ("create", object_type),
            object,
            Other::Nobody,
        );
    }
}

fn invitation_outside_provisioning(diary: &mut Diary<'_>, at: u64) {
    let administrator = administrator(diary);
    let newcomer = member(diary);
    let invitation = diary.uuid();
    let invitation = Object::Thing(&invitation);
    diary.change(
        at,
        administrator.at(at),
        ("create", "invite"),
        invitation,
        Other::Nobody,
    );
    let at = at + 25 * MINUTE;
    let person = Object::Person(&newcomer.person);
    diary.change(
        at,
        newcomer.at(at),
        ("activate", "user"),
        person,
        Other::Nobody,
    );
}

/// So long after each other.
fn moments(first: u64, pause: u64) -> impl Iterator<Item = u64> {
    (0..).map(move |number| first + number * pause)
}

fn administrator<'a>(diary: &mut Diary<'a>) -> &'a Colleague {
    diary.random.pick(diary.company.administrators())
}

fn member<'a>(diary: &mut Diary<'a>) -> &'a Colleague {
    diary.random.pick(diary.company.members())
}

/// An address that nobody has.
fn strange(place: &'static Place, host: u8) -> Origin {
    Origin {
        place,
        address: format!("192.0.2.{host}"),
    }
}

impl Colleague {
    /// Or somebody who says so.
    fn elsewhere<'a>(&'a self, origin: &'a Origin) -> Presence<'a> {
        Presence {
            origin,
            ..self.at(0)
        }
    }
}
