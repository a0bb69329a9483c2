use super::company::Colleague;
use super::diary::Diary;
use crate::generator::HOUR;
use crate::generator::client::APPS;
use crate::generator::time::SECOND;

mod administration;

/// What is done, by how usual it is.
const ACTS: [(u64, Act); 5] = [
    (765, Act::Use),
    (115, Act::Fetch),
    (105, Act::SignIn),
    (8, Act::Administer),
    (7, Act::MindOneself),
];

#[derive(Debug, Clone, Copy)]
enum Act {
    /// Somebody uses an item.
    Use,
    /// A machine reads one.
    Fetch,
    SignIn,
    Administer,
    /// Somebody changes something of their own.
    MindOneself,
}

/// What people do with items, by how usual it is.
const ACTIONS: [(u64, &str); 9] = [
    (825, "fill"),
    (65, "secure-copy"),
    (35, "reveal"),
    (25, "enter-item-edit-mode"),
    (15, "server-update"),
    (12, "server-fetch"),
    (10, "server-create"),
    (10, "select-sso-provider"),
    (3, "share"),
];

const SUCCESSES: [(u64, &str); 3] = [(60, "credentials_ok"), (25, "mfa_ok"), (15, "federated")];

/// What goes wrong for people who may sign in.
const MISTAKES: [(u64, (&str, &str)); 5] = [
    (80, ("password_secret_bad", "credentials_failed")),
    (10, ("totp_bad", "mfa_failed")),
    (5, ("duo_timeout", "mfa_failed")),
    (3, ("sso_user_mismatch", "sso_failed")),
    (2, ("modern_version_old", "modern_version_failed")),
];

/// How many mistakes somebody makes before they are in.
const TRIES: [(u64, u64); 4] = [(965, 0), (28, 1), (5, 2), (2, 3)];

/// Lets a day pass with so many events. With the exceptions that every day has: accounts are recovered.
pub(crate) fn pass(diary: &mut Diary<'_>, count: usize, with_exceptions: bool) {
    if with_exceptions {
        administration::recover(diary);
    }
    while diary.len() < count {
        match diary.random.weighted(&ACTS) {
            Act::Use => usage(diary),
            Act::Fetch => fetch(diary),
            Act::SignIn => sign_in(diary),
            Act::Administer => administration::act(diary),
            Act::MindOneself => administration::mind_oneself(diary),
        }
    }
    diary.truncate(count);
}

/// Somebody of these who is at work, and when: people are seldom awake at night.
fn somebody<'a>(diary: &mut Diary<'_>, among: &'a [Colleague]) -> (u64, &'a Colleague) {
    loop {
        let at = diary.from + diary.random.below(diary.to - diary.from);
        let colleague = diary.random.pick(among);
        if colleague.is_at_work(&mut diary.random, at) {
            return (at, colleague);
        }
    }
}

fn usage(diary: &mut Diary<'_>) {
    let company = diary.company;
    let (at, colleague) = somebody(diary, &company.people);
    let item = diary.random.pick(company.items_of(colleague));
    let action = diary.random.weighted(&ACTIONS);
    let mut who = colleague.at(at);
    if action == "fill" && diary.random.percent(70) {
        // In the browser.
        who.app = &APPS[1];
    }
    if diary.random.percent(1) {
        // The app had been away: for an hour as likely as for a week.
        let hours = HOUR << diary.random.below(9);
        let delay = hours + diary.random.below(hours / 2);
        diary.late_usage(at - delay, at, who, action, item);
    } else {
        diary.usage(at, who, action, item);
    }
}

fn fetch(diary: &mut Diary<'_>) {
    let company = diary.company;
    let at = diary.from + diary.random.below(diary.to - diary.from);
    let machine = diary.random.pick(&company.machines);
    let item = diary.random.pick(company.items_of(machine));
    diary.usage(at, machine.at(at), "server-fetch", item);
}

/// Somebody signs in, if not at the first try.
fn sign_in(diary: &mut Diary<'_>) {
    let company = diary.company;
    let (mut at, colleague) = somebody(diary, &company.people);
    let who = colleague.at(at);
    for _ in 0..diary.random.weighted(&TRIES) {
        let mistake = diary.random.weighted(&MISTAKES);
        diary.sign_in(at, who, mistake);
        at += 4 * SECOND + diary.random.below(30 * SECOND);
    }
    let kind = diary.random.weighted(&SUCCESSES);
    diary.sign_in(at, who, (kind, "success"));
}
