use std::time::{Duration, SystemTime};

use onepassword_events::Feed;

use super::dice::Dice;
use super::time::wall;

/// Something that a feed gives.
#[derive(Debug)]
pub(crate) struct Item {
    /// Its exact text.
    pub(crate) raw: String,
    /// What it is made of, if it is an object.
    pub(crate) members: Vec<Member>,
    /// When it happened, which a reset filters by.
    pub(crate) time: SystemTime,
    /// When it gets into its feed.
    pub(crate) inserted: Duration,
    pub(crate) nature: Nature,
}

/// A key, decoded, and its value as it is written.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) key: String,
    pub(crate) value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nature {
    /// The intake takes it.
    Plain,
    /// The intake answers 400 to whatever it is in.
    Poison,
    /// Its log is over a million bytes.
    Huge,
    /// It is no JSON object.
    NotObject,
}

/// The key that tells the simulation which item a log is of: `<stream>-<index>`.
pub(crate) const MARK: &str = "sim";

/// Keys that must make way.
const TAKEN: [&str; 18] = [
    "message",
    "status",
    "host",
    "hostname",
    "service",
    "ddtags",
    "ddsource",
    "date",
    "level",
    "evt",
    "usr.id",
    "network",
    "onepassword",
    "@timestamp",
    "Timestamp",
    "eventTime",
    "syslog",
    "severity",
];

/// Values of every type, as odd as JSON has them.
const ODD: [&str; 18] = [
    "null",
    "true",
    "-0",
    "1.50e3",
    "12345678901234567890123",
    "1e400",
    "\"\"",
    "\"ключ 🔑 Ünïcode\"",
    r#""\ud83d\ude00 \u0000 \"quoted\" \\ \/""#,
    r#""half a pair: \ud800""#,
    "[]",
    "{}",
    r#"[1, [2, [3, {"a" : null}]]]"#,
    r#"{"timestamp":"1999-01-01T00:00:00Z","sim":"nested"}"#,
    r#"{"a":1,"a":2}"#,
    r#""{\"message\":\"not me\"}""#,
    "0",
    "\"2020-01-01T00:00:00Z\"",
];

/// Texts of items that are no objects. Those that are alike are told apart by their number alone.
const NOT_OBJECTS: [&str; 6] = [
    "null",
    "true",
    "7",
    "\"text\"",
    "[]",
    r#"[{"uuid":"X"}, 1.0]"#,
];

impl Item {
    /// The item at `index` of a stream, inserted at this time.
    pub(crate) fn draw(
        dice: &mut Dice,
        (stream, index): (usize, usize),
        feed: Feed,
        inserted: Duration,
    ) -> Self {
        if dice.chance(2) {
            return Self {
                raw: dice.pick(&NOT_OBJECTS).to_owned(),
                members: Vec::new(),
                time: wall(inserted),
                inserted,
                nature: Nature::NotObject,
            };
        }
        let time = happened(dice, inserted);
        let mut members = vec![Member::new("uuid", text(&dice.uuid()))];
        members.extend(timestamp(dice, time));
        body(dice, feed, &mut members);
        members.push(Member::new(MARK, text(&format!("{stream}-{index}"))));
        if dice.chance(15) {
            oddities(dice, &mut members);
        }
        Self::of(dice, members, time, inserted, Nature::Plain)
    }

    /// A plain event that happened when it was inserted.
    pub(crate) fn fresh(
        dice: &mut Dice,
        (stream, index): (usize, usize),
        inserted: Duration,
        nature: Nature,
    ) -> Self {
        let time = wall(inserted);
        let mut members = vec![
            Member::new("uuid", text(&dice.uuid())),
            Member::new("timestamp", text(&stamp(time))),
            Member::new(MARK, text(&format!("{stream}-{index}"))),
        ];
        match nature {
            Nature::Poison => members.push(Member::new("poison", "true".to_owned())),
            Nature::Huge => members.push(Member::new("blob", text(&"x".repeat(1_000_100)))),
            Nature::Plain | Nature::NotObject => {}
        }
        Self::of(dice, members, time, inserted, nature)
    }

    fn of(
        dice: &mut Dice,
        members: Vec<Member>,
        time: SystemTime,
        inserted: Duration,
        nature: Nature,
    ) -> Self {
        let colon = dice.pick(&[":", ":", " : "]);
        let comma = dice.pick(&[",", ",", ", ", ",\n  "]);
        let mut raw = "{".to_owned();
        for (index, Member { key, value }) in members.iter().enumerate() {
            if index > 0 {
                raw.push_str(comma);
            }
            raw.push_str(&spell(dice, key));
            raw.push_str(colon);
            raw.push_str(value);
        }
        raw.push('}');
        Self {
            raw,
            members,
            time,
            inserted,
            nature,
        }
    }

    /// The value of a key as it is written; the last, if there are more.
    pub(crate) fn value(&self, key: &str) -> Option<&str> {
        let found = self.members.iter().rev().find(|member| member.key == key);
        found.map(|member| member.value.as_str())
    }
}

impl Member {
    fn new(key: &str, value: String) -> Self {
        Self {
            key: key.to_owned(),
            value,
        }
    }

    /// Whether the log has another use for its key.
    pub(crate) fn makes_way(&self) -> bool {
        const MORE: [&str; 3] = ["usr", "published_date", "_timestamp"];
        TAKEN.contains(&self.key.as_str()) || MORE.contains(&self.key.as_str())
    }
}

/// When something happened that gets into its feed at this time: a moment ago, or hours, or weeks.
fn happened(dice: &mut Dice, inserted: Duration) -> SystemTime {
    const HOUR: u64 = 3600;
    let now = wall(inserted);
    match dice.below(20) {
        0 => now - dice.seconds(17 * HOUR, 19 * HOUR),
        1 => now - dice.seconds(18 * HOUR, 30 * 24 * HOUR),
        2 => now + dice.seconds(0, 3 * HOUR),
        3..=8 => now - dice.millis(0, 16 * HOUR * 1000),
        _ => now - dice.millis(0, 60_000),
    }
}

fn stamp(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time).unwrap().to_string()
}

/// Mostly as it should be.
fn timestamp(dice: &mut Dice, time: SystemTime) -> Option<Member> {
    let value = match dice.below(60) {
        0 => return None,
        1 => "null".to_owned(),
        2 => "1781524800000".to_owned(),
        3 => text("yesterday"),
        4 => text(""),
        5 => text(&stamp(time).replace('Z', "+00:00")),
        6 => text(&stamp(time).replace('T', "\\u0054")),
        7 => "{\"seconds\":1}".to_owned(),
        _ => text(&stamp(time)),
    };
    Some(Member::new("timestamp", value))
}

fn body(dice: &mut Dice, feed: Feed, members: &mut Vec<Member>) {
    let mut add = |key: &str, value: &str| members.push(Member::new(key, value.to_owned()));
    let user = r#"{"uuid":"4HCGRGYCTRQFBMGVEGTABYDU2V","name":"Jo","email":"jo@example.com"}"#;
    let client = r#"{"app_name":"1Password","ip_address":"192.0.2.7","platform_version":"x"}"#;
    match feed {
        Feed::SignInAttempts => {
            add(
                "category",
                dice.pick(&["\"success\"", "\"credentials_failed\"", "\"new_one\""]),
            );
            add("type", "\"credentials_ok\"");
            add("country", dice.pick(&["\"DE\"", "\"Germany\"", "null"]));
            add("target_user", user);
            add("client", client);
            add("details", "null");
        }
        Feed::ItemUsages => {
            add("used_version", "7");
            add("vault_uuid", "\"VGPYNXU56WYSYYPBXPRYOQ5XYZ\"");
            add("item_uuid", "\"KYZNJPNSIZKSYSYYPBXPRYOQ5\"");
            add("user", user);
            add("client", client);
            add(
                "action",
                dice.pick(&["\"fill\"", "\"export\"", "\"reveal\""]),
            );
        }
        _ => {
            add("actor_uuid", "\"4HCGRGYCTRQFBMGVEGTABYDU2V\"");
            add(
                "action",
                dice.pick(&["\"join\"", "\"grant\"", "\"delete\""]),
            );
            add(
                "object_type",
                dice.pick(&["\"uva\"", "\"gm\"", "\"vault\""]),
            );
            add("object_uuid", "\"VGPYNXU56WYSYYPBXPRYOQ5XYZ\"");
            add("aux_uuid", "\"4HCGRGYCTRQFBMGVEGTABYDU2V\"");
            add("session", r#"{"uuid":"X","ip":"2001:db8::7"}"#);
        }
    }
}

fn oddities(dice: &mut Dice, members: &mut Vec<Member>) {
    for member in members.iter_mut() {
        let own = ["uuid", "timestamp", MARK].contains(&member.key.as_str());
        if !own && dice.chance(15) {
            member.value = dice.pick(&ODD).to_owned();
        }
    }
    if dice.chance(40) {
        let key = dice.pick(&["new_field", "", "ключ", "a.b", "evtx", "Date", "_id"]);
        members.push(Member::new(key, dice.pick(&ODD).to_owned()));
    }
    if dice.chance(40) {
        let place = dice.below(members.len());
        let key = dice.pick(&TAKEN);
        members.insert(place, Member::new(key, dice.pick(&ODD).to_owned()));
    }
    if dice.chance(10) {
        members.retain(|member| member.key != "uuid");
    }
    if dice.chance(10) {
        let earlier = Member::new("timestamp", text("2001-01-01T00:00:00Z"));
        members.insert(0, earlier);
    }
}

/// A key as it is written, now and then with an escape that it could do without.
fn spell(dice: &mut Dice, key: &str) -> String {
    let first = key.chars().next().filter(char::is_ascii);
    match first {
        Some(first) if dice.chance(2) => {
            format!("\"\\u{:04x}{}\"", u32::from(first), &key[1..])
        }
        _ => text(key),
    }
}

/// In quotes. Nothing here needs more.
fn text(text: &str) -> String {
    format!("\"{text}\"")
}
