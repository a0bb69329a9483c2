use std::fmt;

use onepassword_events::Feed;

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
    /// All, if the event is about a user.
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
    let names = ALIASES.iter().map(|&name| name.to_owned()).chain(known);
    match nearest(name, names) {
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
            Field::some("details.value", Meant::Addresses),
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
                Feed::SignInAttempts => Some(Field::some("details.value", Meant::Emails)),
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
            fields.extend((feed == Feed::SignInAttempts).then(|| Field::always("country")));
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

/// The name that was meant: one that ends alike, or else is spelled nearly so.
fn nearest(name: &str, names: impl Iterator<Item = String>) -> Option<String> {
    const NEAR: f64 = 0.87;
    let last = |name: &str| name.rsplit('.').next().map(str::to_lowercase);
    let likeness = |right: &str| {
        let alike = f64::from(u8::from(last(name) == last(right)));
        strsim::jaro_winkler(&name.to_lowercase(), right) + alike
    };
    let best = names.map(|right| (likeness(&right), right));
    let (likeness, right) = best.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    (likeness >= NEAR).then_some(right)
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
            (Feed::ItemUsages, "target_user.name"),
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
                "user.name",
                "actor_details.name",
                "location",
                "usr.email",
                "network.client.ip",
            ]
        );
        let error = named(Feed::AuditEvents, "client.app_version").unwrap_err();
        assert!(
            error.to_string().contains("only those of other feeds"),
            "{error}"
        );
    }

    #[test]
    fn a_field_to_come_is_taken_and_one_that_is_needed_is_not() {
        assert_eq!(named(Feed::ItemUsages, "risk.verdict"), Ok(None));
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
