use super::somebody;
use crate::generator::time::SECOND;
use crate::scenario::company::Colleague;
use crate::scenario::diary::{Diary, Object, Other};

const MINUTE: u64 = 60 * SECOND;

/// What administrators, and the SCIM bridge in their stead, do.
#[derive(Debug, Clone, Copy)]
enum Act {
    Hire,
    Dismiss,
    Join,
    Leave,
    Grant,
    Revoke,
    GrantGroup,
    MakeVault,
    View,
}

const ACTS: [(u64, Act); 9] = [
    (10, Act::Hire),
    (4, Act::Dismiss),
    (22, Act::Join),
    (6, Act::Leave),
    (25, Act::Grant),
    (8, Act::Revoke),
    (8, Act::GrantGroup),
    (8, Act::MakeVault),
    (8, Act::View),
];

/// What people change of their own.
const OWN: [(u64, (&str, &str)); 9] = [
    (30, ("create", "device")),
    (10, ("delete", "device")),
    (8, ("enblmfa", "user")),
    (8, ("updatmfa", "user")),
    (10, ("changemp", "user")),
    (4, ("changenm", "user")),
    (4, ("trvlaway", "user")),
    (4, ("trvlback", "user")),
    (12, ("share", "item")),
];

pub(crate) fn act(diary: &mut Diary<'_>) {
    let company = diary.company;
    let (at, administrator) = somebody(diary, company.administrators());
    let member = &diary.random.pick(company.members()).person;
    let vault = diary.random.pick(company.vaults());
    let group = diary.random.pick(company.groups());
    let who = administrator.at(at);
    let by_bridge = company.provisioning.at(at);
    let whom = Other::Person(member, None);
    match diary.random.weighted(&ACTS) {
        Act::Hire => hire(diary, at),
        Act::Dismiss => {
            diary.change(
                at,
                by_bridge,
                ("suspend", "user"),
                Object::Person(member),
                Other::Nobody,
            );
        }
        Act::Join => {
            // A few manage the group.
            let role = *diary.random.pick(&["R", "R", "R", "A"]);
            let whom = Other::Person(member, Some(role));
            diary.change(at, by_bridge, ("join", "gm"), Object::Thing(group), whom);
        }
        Act::Leave => diary.change(at, who, ("leave", "gm"), Object::Thing(group), whom),
        Act::Grant => {
            let action = *diary.random.pick(&["grant", "grant", "update"]);
            diary.change(at, who, (action, "uva"), Object::Thing(vault), whom);
        }
        Act::Revoke => diary.change(at, who, ("revoke", "uva"), Object::Thing(vault), whom),
        Act::GrantGroup => {
            let group = Other::Group(group);
            diary.change(at, who, ("grant", "gva"), Object::Thing(vault), group);
        }
        Act::MakeVault => {
            let action = *diary.random.pick(&["create", "update"]);
            diary.change(
                at,
                who,
                (action, "vault"),
                Object::Thing(vault),
                Other::Nobody,
            );
        }
        Act::View => {
            let report = diary.uuid();
            diary.change(
                at,
                who,
                ("view", "report"),
                Object::Thing(&report),
                Other::Nobody,
            );
        }
    }
}

/// Some have forgotten their passwords; no administrator has to do with more than one of them.
pub(crate) fn recover(diary: &mut Diary<'_>) {
    let company = diary.company;
    for administrator in company.administrators() {
        if diary.random.percent(30) {
            let (at, administrator) = somebody(diary, std::slice::from_ref(administrator));
            let who = administrator.at(at);
            let forgetful = Object::Person(&diary.random.pick(company.members()).person);
            diary.change(at, who, ("beginr", "user"), forgetful, Other::Nobody);
            let at = at + 20 * MINUTE;
            diary.change(at, who, ("completr", "user"), forgetful, Other::Nobody);
        }
    }
}

/// Somebody changes something of their own.
pub(crate) fn mind_oneself(diary: &mut Diary<'_>) {
    let company = diary.company;
    let (at, colleague) = somebody(diary, &company.people);
    let change = diary.random.weighted(&OWN);
    let item = diary.random.pick(company.items_of(colleague));
    let (object, other) = match change.1 {
        "device" => device(colleague),
        "item" => (Object::Thing(&item.uuid), Other::Nobody),
        _ => (Object::Person(&colleague.person), Other::Nobody),
    };
    diary.change(at, colleague.at(at), change, object, other);
}

/// The SCIM bridge invites somebody, who comes in.
fn hire(diary: &mut Diary<'_>, at: u64) {
    let company = diary.company;
    let newcomer = diary.random.pick(company.members());
    let by_bridge = company.provisioning.at(at);
    let invitation = diary.uuid();
    let person = Object::Person(&newcomer.person);
    let invitation = Object::Thing(&invitation);
    diary.change(
        at,
        by_bridge,
        ("create", "invite"),
        invitation,
        Other::Nobody,
    );
    diary.change(
        at + SECOND,
        by_bridge,
        ("provsn", "user"),
        person,
        Other::Nobody,
    );
    let at = at + 5 * MINUTE + diary.random.below(30 * MINUTE);
    let (object, other) = device(newcomer);
    diary.change(at, newcomer.at(at), ("create", "device"), object, other);
    diary.change(
        at + 2 * SECOND,
        newcomer.at(at),
        ("activate", "user"),
        person,
        Other::Nobody,
    );
}

fn device(colleague: &Colleague) -> (Object<'_>, Other<'_>) {
    let person = &colleague.person;
    (
        Object::Thing(&person.device_uuid),
        Other::Person(person, None),
    )
}
