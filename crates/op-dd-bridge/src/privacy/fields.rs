use std::fmt;

use onepassword_events::Feed;
use strsim::jaro_winkler;

/// A place in an event, and which of the values there are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) path: String,
    pub(super) meant: Meant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meant {
    All,
    /// Texts with an email address in them.
    Emails,
    /// Texts with an IP address in them.
    Addresses,
    /// All, if the event may be about a user.
    Users,
}

impl Field {
    pub(super) fn always(path: &str) -> Self {
        Self::some(path, Meant::All)
    }

    fn some(path: &str, meant: Meant) -> Self {
        Self {
            path: path.to_owned(),
            meant,
        }
    }
}

/// The fields that a name stands for; none if it is of a field that nobody knows, and like no other.
pub(super) fn named(feed: Feed, name: &str) -> Result<Option<Vec<Field>>, PrivacyError> {
    let refuse = |why| {
        let name = name.to_owned();
        Err(PrivacyError { feed, name, why })
    };
    if NEEDED.contains(&name) {
        return refuse(Why::Needed);
    }
    if let Some(fields) = alias(feed, name) {
        return Ok(Some(fields));
    }
    let known = known(feed);
    if known.iter().any(|path| path == name) {
        return Ok(Some(vec![Field::always(name)]));
    }
    match nearest(name, known) {
        Some(right) => refuse(Why::Misspelt(right)),
        None if name.split('.').any(str::is_empty) => refuse(Why::NoPath),
        None if FEEDS
            .iter()
            .any(|&feed| self::known(feed).iter().any(|path| path == name)) =>
        {
            refuse(Why::Elsewhere)
        }
        None => Ok(None),
    }
}

/// Where the IP addresses of a feed stand.
pub(super) fn addresses(feed: Feed) -> Vec<Field> {
    let mut fields = match feed {
        Feed::SignInAttempts => vec![
            Field::always("client.ip_address"),
            Field::some("details", Meant::Addresses),
        ],
        Feed::AuditEvents => vec![Field::always("session.ip")],
        _ => vec![Field::always("client.ip_address")],
    };
    fields.push(Field::always("network.client.ip"));
    fields
}

const FEEDS: [Feed; 3] = [Feed::SignInAttempts, Feed::ItemUsages, Feed::AuditEvents];

/// What tells an event from its repeats, and when it was.
const NEEDED: [&str; 2] = ["uuid", "timestamp"];

/// What fields are called in Datadog.
const ALIASES: [&str; 5] = [
    "usr.email",
    "usr.name",
    "usr.id",
    "network.client.ip",
    "network.client.geoip",
];

fn alias(feed: Feed, name: &str) -> Option<Vec<Field>> {
    let of_people = |member: &str| {
        let people = people(feed).iter();
        people
            .map(|person| Field::always(&format!("{person}.{member}")))
            .collect::<Vec<_>>()
    };
    let mut fields = match name {
        "usr.email" => {
            let mut fields = of_people("email");
            fields.extend(match feed {
                Feed::SignInAttempts => Some(Field::some("details", Meant::Emails)),
                Feed::AuditEvents => Some(Field::some("aux_info", Meant::Emails)),
                _ => None,
            });
            fields
        }
        "usr.name" => of_people("name"),
        "usr.id" => {
            let mut fields = of_people("uuid");
            if feed == Feed::AuditEvents {
                fields.extend(["actor_uuid", "aux_uuid"].map(Field::always));
                fields.push(Field::some("object_uuid", Meant::Users));
            }
            fields
        }
        "network.client.ip" => return Some(addresses(feed)),
        "network.client.geoip" => {
            let mut fields = vec![Field::always("location")];
            if feed == Feed::SignInAttempts {
                // What a rule of the firewall keeps out: a country, a continent, or an address.
                fields.extend(["country", "details"].map(Field::always));
            }
            fields
        }
        _ => return None,
    };
    fields.push(Field::always(name));
    Some(fields)
}

fn people(feed: Feed) -> &'static [&'static str] {
    match feed {
        Feed::SignInAttempts => &["target_user"],
        Feed::ItemUsages => &["user"],
        _ => &["actor_details", "object_details", "aux_details"],
    }
}

/// All paths in the events of a feed, as they are documented.
fn known(feed: Feed) -> Vec<String> {
    const PERSON: &[&str] = &["uuid", "name", "email", "user_type", "user_account_uuid"];
    const CLIENT: &[&str] = &[
        "app_name",
        "app_version",
        "platform_name",
        "platform_version",
        "os_name",
        "os_version",
        "ip_address",
    ];
    const SESSION: &[&str] = &["uuid", "login_time", "device_uuid", "ip"];
    const LOCATION: &[&str] = &["country", "region", "city", "latitude", "longitude"];

    let (values, objects): (&[&str], &[(&str, &[&str])]) = match feed {
        Feed::SignInAttempts => (
            &[
                "session_uuid",
                "country",
                "category",
                "type",
                "account_uuid",
            ],
            &[("details", &["value"]), ("client", CLIENT)],
        ),
        Feed::ItemUsages => (
            &[
                "used_version",
                "vault_uuid",
                "item_uuid",
                "action",
                "account_uuid",
            ],
            &[("client", CLIENT)],
        ),
        _ => (
            &[
                "actor_uuid",
                "actor_type",
                "actor_account_uuid",
                "account_uuid",
                "action",
                "object_type",
                "object_uuid",
                "aux_id",
                "aux_uuid",
                "aux_info",
            ],
            &[("session", SESSION)],
        ),
    };
    let people = people(feed).iter().map(|person| (*person, PERSON));
    let objects = objects.iter().copied().chain(people);
    let objects = objects.chain([("location", LOCATION)]);
    let below = objects.flat_map(|(object, members)| {
        let members = members
            .iter()
            .map(move |member| format!("{object}.{member}"));
        [object.to_owned()].into_iter().chain(members)
    });
    let values = values.iter().map(|&value| value.to_owned());
    values.chain(below).collect()
}

/// The name that was meant: one that is spelled nearly so, above its last dot and below it. A name without
/// what is above it may leave that out.
fn nearest(name: &str, known: Vec<String>) -> Option<String> {
    const NEAR: f64 = 0.87;
    let name = name.to_lowercase();
    let likeness = |right: &str| match (name.rsplit_once('.'), right.rsplit_once('.')) {
        (Some((above, last)), Some((right_above, right_last))) => {
            jaro_winkler(above, right_above).min(jaro_winkler(last, right_last))
        }
        (None, Some((_, right_last))) => jaro_winkler(&name, right_last),
        (None, None) => jaro_winkler(&name, right),
        (Some(_), None) => 0.0,
    };
    let aliases = ALIASES
        .iter()
        .map(|&right| (jaro_winkler(&name, right), right.to_owned()));
    let known = known.into_iter().map(|right| (likeness(&right), right));
    let near = aliases
        .chain(known)
        .filter(|(likeness, _)| *likeness >= NEAR);
    let best = near.max_by(|(a, right_a), (b, right_b)| {
        let whole = |right: &str| jaro_winkler(&name, right);
        a.total_cmp(b)
            .then_with(|| whole(right_a).total_cmp(&whole(right_b)))
    });
    best.map(|(_, right)| right)
}

/// A field can't be dropped or hashed: which, of which feed, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivacyError {
    feed: Feed,
    name: String,
    why: Why,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Why {
    Misspelt(String),
    Elsewhere,
    Needed,
    NoPath,
}

impl fmt::Display for PrivacyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { feed, name, why } = self;
        match why {
            Why::Misspelt(right) => write!(
                f,
                "events of {feed} have no field {name:?}: did you mean {right:?}?"
            ),
            Why::Elsewhere => write!(
                f,
                "events of {feed} have no field {name:?}, only those of other feeds have: name it there, \
                 or what it is called in Datadog, such as \"network.client.ip\""
            ),
            Why::Needed => write!(
                f,
                "the field {name:?} of {feed} has to stay: it tells events apart or dates them, \
                 and is about nobody"
            ),
            Why::NoPath => write!(
                f,
                "{name:?} of {feed} is no field: write a path such as \"client.ip_address\", or \
                 \"usr.email\""
            ),
        }
    }
}

impl std::error::Error for PrivacyError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_names_are_refused_with_the_right_one() {
        let found: Vec<_> = [
            (Feed::SignInAttempts, "target_user.emial"),
            (Feed::SignInAttempts, "user.email"),
            (Feed::ItemUsages, "email"),
            (Feed::AuditEvents, "actor_detail.name"),
            (Feed::AuditEvents, "Location"),
            (Feed::AuditEvents, "usr.mail"),
            (Feed::AuditEvents, "network.client.ip_address"),
        ]
        .into_iter()
        .map(|(feed, name)| match named(feed, name) {
            Err(PrivacyError {
                why: Why::Misspelt(right),
                ..
            }) => right,
            other => panic!("{name}: {other:?}"),
        })
        .collect();
        assert_eq!(
            found,
            [
                "target_user.email",
                "usr.email",
                "user.email",
                "actor_details.name",
                "location",
                "usr.email",
                "network.client.ip",
            ]
        );
        for (feed, name) in [
            (Feed::AuditEvents, "client.app_version"),
            (Feed::ItemUsages, "target_user.name"),
        ] {
            let error = named(feed, name).unwrap_err().to_string();
            assert!(error.contains("only those of other feeds"), "{error}");
        }
    }

    #[test]
    fn a_field_to_come_is_taken_and_one_that_is_needed_is_not() {
        for name in [
            "risk.verdict",
            "device.name",
            "risk.country",
            "team.uuid",
            "user.phone",
            "location.postcode",
        ] {
            assert_eq!(named(Feed::ItemUsages, name), Ok(None), "{name}");
        }
        assert_eq!(named(Feed::AuditEvents, "session.city"), Ok(None));
        for name in ["uuid", "timestamp"] {
            assert!(
                named(Feed::ItemUsages, name)
                    .unwrap_err()
                    .to_string()
                    .contains("has to stay")
            );
        }
        for name in ["", ".", "risk..verdict"] {
            assert!(named(Feed::ItemUsages, name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn every_known_path_is_taken_as_it_is() {
        for feed in FEEDS {
            for path in known(feed) {
                assert_eq!(named(feed, &path), Ok(Some(vec![Field::always(&path)])));
            }
            for name in ALIASES {
                assert!(named(feed, name).unwrap().unwrap().len() > 1, "{name}");
            }
        }
    }
}
