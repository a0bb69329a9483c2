use std::time::SystemTime;

use onepassword_events::Timestamp;

use super::Case;
use super::answer::Answer;
use super::case::Way;

const DEEP: usize = 100_000;

/// An event that happened just now, of these members besides its time.
fn event(members: &str) -> String {
    let now = Timestamp::from(SystemTime::now());
    format!(r#"{{"uuid":"A","timestamp":"{now}"{members}}}"#)
}

/// One ordinary event, one with these members, and another ordinary one.
fn between(members: &str) -> Answer {
    Answer::items(&[event(""), event(members), event("")])
}

/// A page of a thousand events of 65 kB, which is nearly as much as is read.
fn full(timestamp: &str) -> Answer {
    let item = format!(
        r#"{{"timestamp":"{timestamp}","x":"{}"}}"#,
        "x".repeat(65_000)
    );
    let after = format!(r#"{item}],"cursor":"c"}}"#);
    Answer::page(r#"{"items":["#, &format!("{item},"), 999, &after)
}

fn deep() -> String {
    format!(r#","deep":{}{}"#, "[".repeat(DEEP), "]".repeat(DEEP))
}

/// What 1Password, or what stands before it, may say.
pub(super) fn cases() -> Vec<Case> {
    let mut all = depth();
    all.extend(size());
    all.extend(texts());
    all.extend(keys());
    all.extend(counts());
    all
}

fn depth() -> Vec<Case> {
    vec![
        Case::new(
            "events: a body 100,000 deep",
            8,
            Way::Page,
            || Answer::status(200).body(&[(br#"{"a":"#, DEEP as u64)]),
            "BadPage, Never: the answer is no page of auditevents (line 1, column 500000",
        ),
        Case::new(
            "events: a page with an unknown member 100,000 deep",
            8,
            Way::Page,
            || {
                let page = format!(r#"{{"items":[],"cursor":"c"{}}}"#, deep());
                Answer::status(200).body(&[(page.as_bytes(), 1)])
            },
            "a page of 0 events",
        ),
        Case::new(
            "bridge: an event with a member 100,000 deep",
            8,
            Way::Bridge,
            || between(&deep()),
            "3 sent, 0 dead letters",
        ),
        Case::new(
            "bridge: an event with a user 100,000 deep",
            8,
            Way::Bridge,
            || {
                let user = deep().replace("deep", "actor_details");
                between(&user)
            },
            "3 sent, 0 dead letters",
        ),
        Case::new(
            "bridge: an event 100,000 deep, which the intake refuses",
            16,
            Way::StrictBridge,
            || between(&deep()),
            "2 sent, 1 dead letters (the intake refused the log (400)), 2 in the intake",
        ),
        Case::new(
            "bridge: a late event 100,000 deep, with a key of ours 100,000 deep",
            8,
            Way::Bridge,
            || {
                let ours = deep().replace("deep", "evt");
                let members = format!(r#","timestamp":"2025-01-01T00:00:00Z"{ours}{}"#, deep());
                between(&members)
            },
            "3 sent, 0 dead letters",
        ),
        Case::new(
            "events: 400 with a message 100,000 deep",
            8,
            Way::Page,
            || Answer::status(400).body(&[(br#"{"message":"#, DEEP as u64)]),
            "BadRequest, Never: 127.0.0.1 answered 400 to",
        ),
    ]
}

fn size() -> Vec<Case> {
    vec![
        Case::new(
            "events: 100 MB, announced",
            8,
            Way::Page,
            || Answer::status(200).body(&[(b" ", 100_000_000)]),
            "BadPage, Never: the answer of 127.0.0.1 is too large to be read",
        ),
        Case::new(
            "events: 100 MB, not announced",
            72,
            Way::Page,
            || Answer::status(200).chunks(&[b' '; 10_000], 10_000),
            "BadPage, Never: the answer of 127.0.0.1 is too large to be read",
        ),
        Case::new(
            "events: a gzip bomb of 1 GiB",
            72,
            Way::Page,
            || Answer::status(200).bomb(1024),
            "BadPage, Never: the answer of 127.0.0.1 is too large to be read",
        ),
        Case::new(
            "events: 503 with a gzip bomb of 1 GiB",
            8,
            Way::Page,
            || Answer::status(503).bomb(1024),
            "Server, Backoff: 127.0.0.1 answered 503",
        ),
        Case::new(
            "events: 401 with 100 MB, not announced",
            8,
            Way::Page,
            || Answer::status(401).chunks(&[b' '; 10_000], 10_000),
            "Unauthorized, Never: 127.0.0.1 answered 401",
        ),
        Case::new(
            "events: 400 with a list of a million numbers",
            8,
            Way::Page,
            || Answer::status(400).body(&[(br#"{"x":["#, 1), (b"0,", 1_000_000)]),
            "BadRequest, Never: 127.0.0.1 answered 400",
        ),
        Case::new(
            "events: 10 MB of numbers as items",
            16,
            Way::Page,
            || Answer::page(r#"{"items":["#, "0,", 5_000_000, r#"0],"cursor":"c"}"#),
            "BadPage, Never: the page of auditevents holds 5000001 items",
        ),
        Case::new(
            "events: a cursor of 1 MB",
            8,
            Way::Page,
            || Answer::page(r#"{"items":[],"cursor":""#, "c", 1_000_000, r#""}"#),
            "BadPage, Never: the cursor has 1000000 bytes",
        ),
        Case::new(
            "bridge: a page of 1,000 events of 65 kB",
            96,
            Way::Bridge,
            || full(&Timestamp::from(SystemTime::now()).to_string()),
            "1000 sent, 0 dead letters",
        ),
        Case::new(
            "bridge: the same, of last year",
            160,
            Way::Bridge,
            || full("2025-01-01T00:00:00Z"),
            "1000 sent, 0 dead letters",
        ),
        Case::new(
            "bridge: an event of 20 MB",
            96,
            Way::Bridge,
            || {
                let before = event(r#","x":""#);
                let before = before.strip_suffix('}').unwrap_or_default();
                Answer::page(
                    &format!(r#"{{"items":[{before}"#),
                    "x",
                    20_000_000,
                    r#""}],"cursor":"c"}"#,
                )
            },
            "0 sent, 1 dead letters (the log is too large for the intake",
        ),
    ]
}

fn texts() -> Vec<Case> {
    vec![
        Case::new(
            "bridge: a text of 900 kB",
            16,
            Way::StrictBridge,
            || between(&format!(r#","x":"{}""#, "x".repeat(900_000))),
            "3 sent, 0 dead letters, 3 in the intake",
        ),
        Case::new(
            "bridge: a name of 450 kB, which is in the log twice",
            16,
            Way::StrictBridge,
            || {
                between(&format!(
                    r#","actor_details":{{"name":"{}"}}"#,
                    "x".repeat(450_000)
                ))
            },
            "3 sent, 0 dead letters, 3 in the intake",
        ),
        Case::new(
            "bridge: a text of 1 MB",
            16,
            Way::StrictBridge,
            || between(&format!(r#","x":"{}""#, "x".repeat(1_000_000))),
            "2 sent, 1 dead letters (the log is too large for the intake",
        ),
        Case::new(
            "bridge: an event with bytes that are no UTF-8",
            8,
            Way::StrictBridge,
            || {
                let (before, after) = (event(""), event(""));
                let odd: &[u8] = b"{\"x\":\"\xff\xc3\"}";
                Answer::items(&[before.as_bytes(), odd, after.as_bytes()])
            },
            "3 sent, 0 dead letters, 3 in the intake",
        ),
        Case::new(
            "events: a text of 20 MB that is no UTF-8",
            96,
            Way::Page,
            || {
                Answer::status(200).body(&[
                    (br#"{"cursor":"c","items":[{"x":""#, 1),
                    (b"\xff", 20_000_000),
                    (br#""}]}"#, 1),
                ])
            },
            "a page of 1 events",
        ),
        Case::new(
            "events: headers that are no text",
            8,
            Way::Page,
            || {
                let answer = Answer::status(503).header("retry-after", b"\xff\xfe");
                answer.header("date", b"\xff").body(&[])
            },
            "Server, Backoff: 127.0.0.1 answered 503",
        ),
        Case::new(
            "bridge: numbers beyond all numbers, to an intake that takes anything",
            8,
            Way::Bridge,
            || {
                let digits = "9".repeat(400);
                between(&format!(
                    r#","a":1e999,"b":-0,"c":{digits},"d":-1E-999999999999"#
                ))
            },
            "3 sent, 0 dead letters",
        ),
        Case::new(
            "events: NaN in an event",
            8,
            Way::Page,
            || between(r#","a":NaN"#),
            "BadPage, Never: the answer is no page of auditevents",
        ),
        Case::new(
            "events: Infinity in an event",
            8,
            Way::Page,
            || between(r#","a":-Infinity"#),
            "BadPage, Never: the answer is no page of auditevents",
        ),
    ]
}

fn keys() -> Vec<Case> {
    fn numbered(count: usize) -> String {
        (0..count).map(|n| format!(r#","k{n}":{n}"#)).collect()
    }
    vec![
        Case::new(
            "bridge: an event of 10,000 keys",
            16,
            Way::StrictBridge,
            || between(&numbered(10_000)),
            "3 sent, 0 dead letters, 3 in the intake",
        ),
        Case::new(
            "bridge: an event with the same key 10,000 times",
            16,
            Way::Bridge,
            || between(&r#","x":0"#.repeat(10_000)),
            "3 sent, 0 dead letters",
        ),
        Case::new(
            "bridge: an event with 50,000 keys of ours, all the same",
            32,
            Way::Bridge,
            || between(&r#","evt":0"#.repeat(50_000)),
            "3 sent, 0 dead letters",
        ),
        Case::new(
            "bridge: an event with 10,000 times",
            16,
            Way::Bridge,
            || between(&r#","timestamp":"2026-01-01T00:00:00Z""#.repeat(10_000)),
            "3 sent, 0 dead letters",
        ),
        Case::new(
            "events: a page that says the same 10,000 times",
            8,
            Way::Page,
            || Answer::page(r#"{"cursor":"c","#, r#""x":0,"#, 10_000, r#""items":[]}"#),
            "a page of 0 events",
        ),
        Case::new(
            "events: a page with its items twice",
            8,
            Way::Page,
            || Answer::page(r#"{"cursor":"c""#, r#","items":[]"#, 2, "}"),
            "BadPage, Never: the answer is no page of auditevents",
        ),
    ]
}

fn counts() -> Vec<Case> {
    vec![
        Case::new(
            "bridge: a page of 1,000 empty objects",
            8,
            Way::StrictBridge,
            || Answer::page(r#"{"items":["#, "{},", 999, r#"{}],"cursor":"c"}"#),
            "1000 sent, 0 dead letters, 1000 in the intake",
        ),
        Case::new(
            "bridge: a page of 2,500 events",
            16,
            Way::Bridge,
            || Answer::items(&vec![event(""); 2_500]),
            "2500 sent, 0 dead letters",
        ),
        Case::new(
            "bridge: a page of 10,000 empty objects",
            32,
            Way::Bridge,
            || Answer::page(r#"{"items":["#, "{},", 9_999, r#"{}],"cursor":"c"}"#),
            "10000 sent, 0 dead letters",
        ),
        Case::new(
            "bridge: a page of 10,000 numbers",
            32,
            Way::Bridge,
            || Answer::page(r#"{"items":["#, "0,", 9_999, r#"0],"cursor":"c"}"#),
            "0 sent, 10000 dead letters (the event is not a JSON object)",
        ),
        Case::new(
            "events: a page of 100,000 empty objects",
            8,
            Way::Page,
            || Answer::page(r#"{"items":["#, "{},", 99_999, r#"{}],"cursor":"c"}"#),
            "BadPage, Never: the page of auditevents holds 100000 items",
        ),
    ]
}
