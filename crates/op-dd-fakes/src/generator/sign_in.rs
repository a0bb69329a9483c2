use super::account::{Account, Origin};
use super::random::Random;
use super::{time, wire};
use crate::identifier;

/// The ways of signing in, by how usual they are.
const SUCCESSES: [(u64, &str); 3] = [(70, "credentials_ok"), (22, "mfa_ok"), (8, "federated")];

/// The ways of failing and their categories. The vendor lists both but pairs them nowhere; the pairs go by the names.
const FAILURES: [(&str, &str); 28] = [
    ("password_secret_bad", "credentials_failed"),
    ("mfa_missing", "mfa_failed"),
    ("totp_disabled", "mfa_failed"),
    ("totp_bad", "mfa_failed"),
    ("totp_timeout", "mfa_failed"),
    ("u2f_disabled", "mfa_failed"),
    ("u2f_bad", "mfa_failed"),
    ("u2f_timeout", "mfa_failed"),
    ("duo_disabled", "mfa_failed"),
    ("duo_bad", "mfa_failed"),
    ("duo_timeout", "mfa_failed"),
    ("duo_native_bad", "mfa_failed"),
    ("service_account_sso_denied", "sso_failed"),
    ("non_sso_user", "sso_failed"),
    ("sso_user_mismatch", "sso_failed"),
    ("platform_secret_disabled", "sso_failed"),
    ("platform_secret_bad", "sso_failed"),
    ("platform_secret_proxy", "sso_failed"),
    ("code_disabled", "mfa_failed"),
    ("code_bad", "mfa_failed"),
    ("code_timeout", "mfa_failed"),
    ("ip_blocked", FIREWALL),
    ("continent_blocked", FIREWALL),
    ("country_blocked", FIREWALL),
    ("anonymous_blocked", FIREWALL),
    ("all_blocked", FIREWALL),
    ("modern_version_missing", "modern_version_failed"),
    ("modern_version_old", "modern_version_failed"),
];

const FIREWALL: &str = "firewall_failed";

/// A firewall rule that only reports lets the attempt through.
const FIREWALL_REPORTED: &str = "firewall_reported_success";

pub(crate) fn make(
    random: &mut Random,
    account: &Account,
    failures: &mut usize,
    uuid: String,
    time: u64,
) -> String {
    let person = random.favour(&account.people);
    let origin = person.whereabouts(random);
    let (kind, category) = match random.below(100) {
        0..84 => (random.weighted(&SUCCESSES), "success"),
        // Mistyped, which happens to everybody.
        84..93 => FAILURES[0],
        _ => match *Random::deal(&FAILURES, failures) {
            (kind, FIREWALL) if random.percent(30) => (kind, FIREWALL_REPORTED),
            failure => failure,
        },
    };
    wire::text(&wire::SignIn {
        uuid,
        session_uuid: identifier::upper(random.bits()),
        timestamp: time::text(time),
        country: origin.place.iso_code,
        category,
        kind,
        details: blocked(kind, &origin).map(|value| wire::Reason { value }),
        target_user: person.user(&account.uuid, random.percent(85)),
        client: person.client(person.app, &origin.address),
        location: (!random.percent(6)).then(|| origin.place.location(true)),
        account_uuid: (!random.percent(10)).then_some(&account.uuid),
    })
}

/// What the firewall rule named.
fn blocked(kind: &str, origin: &Origin) -> Option<String> {
    match kind {
        "ip_blocked" => Some(origin.address.clone()),
        "continent_blocked" => Some(origin.place.continent.to_owned()),
        "country_blocked" => Some(origin.place.country.to_owned()),
        _ => None,
    }
}
