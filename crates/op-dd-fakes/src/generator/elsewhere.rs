use serde_json::json;

use super::account::Account;
use super::random::Random;
use super::{RECENT, time};

/// What the same people do in another service.
struct Service {
    /// Datadog's name for where its logs are from.
    source: &'static str,
    name: &'static str,
    /// What is done there, how usual it is, and in words.
    actions: &'static [(u64, (&'static str, &'static str))],
}

const SERVICES: [(u64, &Service); 3] = [(6, &OKTA), (3, &GITHUB), (2, &AWS)];

static OKTA: Service = Service {
    source: "okta",
    name: "okta",
    actions: &[
        (40, ("user.session.start", "signed in to Okta")),
        (30, ("user.authentication.sso", "opened an app")),
        (
            20,
            ("user.authentication.auth_via_mfa", "gave a second factor"),
        ),
        (3, ("user.account.update_password", "changed a password")),
    ],
};

static GITHUB: Service = Service {
    source: "github",
    name: "github",
    actions: &[
        (50, ("git.clone", "cloned a repository")),
        (20, ("git.push", "pushed to a repository")),
        (4, ("repo.create", "created a repository")),
        (2, ("org.add_member", "added a member")),
    ],
};

static AWS: Service = Service {
    source: "cloudtrail",
    name: "signin.amazonaws.com",
    actions: &[
        (30, ("ConsoleLogin", "signed in to the AWS console")),
        (30, ("AssumeRole", "took a role")),
        (10, ("GetSecretValue", "read a secret")),
    ],
};

/// The tag by which these logs are known to be made up.
const TAG: &str = "invented:op-dd";

/// One log, as an intake takes it.
pub(crate) fn make(random: &mut Random, account: &Account, anchor: u64) -> String {
    let service = random.weighted(&SERVICES);
    let (action, words) = random.weighted(service.actions);
    let person = random.favour(&account.people);
    let origin = person.whereabouts(random);
    let failed = random.percent(6);
    let at = anchor.saturating_sub(random.below(RECENT));
    let name = &person.name;
    let log = json!({
        "ddsource": service.source,
        "ddtags": TAG,
        "service": service.name,
        "status": if failed { "warn" } else { "info" },
        "timestamp": time::text(at),
        "message": if failed { format!("{name} failed: {action}") } else { format!("{name} {words}") },
        "evt": {"name": action, "outcome": if failed { "failure" } else { "success" }},
        "usr": {"name": name, "email": person.email},
        "network": {"client": {
            "ip": origin.address,
            "geoip": {"country": {"name": origin.place.country, "iso_code": origin.place.iso_code}},
        }},
    });
    log.to_string()
}
