use std::time::{Duration, SystemTime};

use onepassword_events::Timestamp;

use super::Case;
use super::answer::{Answer, WITHOUT_END};
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

/// What 1Password, or what stands before it, may answer.
pub(super) fn cases() -> Vec<Case> {
    let mut all = depth();
    all.extend(size());
    all.extend(texts());
    all.extend(keys());
    all.extend(wire());
    all.extend(counts());
    all
}

fn case(
    name: &'static str,
    most: u64,
    way: Way,
    answer: fn() -> Answer,
    expect: &'static str,
) -> Case {
    Case {
        name,
        expect,
        most,
        way,
        answer,
    }
}

fn depth() -> Vec<Case> {
    vec![
        case(
            "events: a body 100,000 deep",
            8,
            Way::Page,
            || Answer::status(200).body(&[(br#"{"a":"#, DEEP as u64)]),
            "BadPage, Never: the answer is no page of auditevents (line 1, column 500000",
        ),
        case(
            "events: a page with an unknown member 100,000 deep",
            8,
            Way::Page,
            || {
                let page = format!(r#"{{"items":[],"cursor":"c"{}}}"#, deep());
                Answer::status(200).body(&[(page.as_bytes(), 1)])
            },
            "a page of 0 events",
        ),
        case(
            "bridge: an event with a member 100,000 deep",
            8,
            Way::Bridge,
            || between(&deep()),
            "3 sent, 0 dead letters",
        ),
        case(
            "bridge: an event with a user 100,000 deep",
            8,
            Way::Bridge,
            || {
                let user = deep().replace("deep", "actor_details");
                between(&user)
            },
            "3 sent, 0 dead letters",
        ),
        case(
            "bridge: an event 100,000 deep, which the intake refuses",
            16,
            Way::StrictBridge,
            || between(&deep()),
            "2 sent, 1 dead letters (the intake refused the log (400)), 2 in the intake",
        ),
        case(
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
        case(
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
        case(
            "events: 100 MB, announced",
            8,
            Way::Page,
            || Answer::status(200).body(&[(b" ", 100_000_000)]),
            "BadPage, Never: the answer of 127.0.0.1 is too large to be read",
        ),
        case(
            "events: 100 MB, not announced",
            72,
            Way::Page,
            || Answer::status(200).chunks(&[b' '; 10_000], 10_000),
            "BadPage, Never: the answer of 127.0.0.1 is too large to be read",
        ),
        case(
            "events: a gzip bomb of 1 GiB",
            72,
            Way::Page,
            || Answer::status(200).bomb(1024),
            "BadPage, Never: the answer of 127.0.0.1 is too large to be read",
        ),
        case(
            "events: 503 with a gzip bomb of 1 GiB",
            8,
            Way::Page,
            || Answer::status(503).bomb(1024),
            "Server, Backoff: 127.0.0.1 answered 503",
        ),
        case(
            "events: 401 with 100 MB, not announced",
            8,
            Way::Page,
            || Answer::status(401).chunks(&[b' '; 10_000], 10_000),
            "Unauthorized, Never: 127.0.0.1 answered 401",
        ),
        case(
            "events: 400 with a list of a million numbers",
            8,
            Way::Page,
            || Answer::status(400).body(&[(br#"{"x":["#, 1), (b"0,", 1_000_000)]),
            "BadRequest, Never: 127.0.0.1 answered 400",
        ),
        case(
            "events: 10 MB of numbers as items",
            16,
            Way::Page,
            || Answer::page(r#"{"items":["#, "0,", 5_000_000, r#"0],"cursor":"c"}"#),
            "BadPage, Never: the page of auditevents holds 5000001 items",
        ),
        case(
            "events: a cursor of 1 MB",
            8,
            Way::Page,
            || Answer::page(r#"{"items":[],"cursor":""#, "c", 1_000_000, r#""}"#),
            "BadPage, Never: the cursor has 1000000 bytes",
        ),
        case(
            "bridge: a page of 1,000 events of 65 kB",
            96,
            Way::Bridge,
            || full(&Timestamp::from(SystemTime::now()).to_string()),
            "1000 sent, 0 dead letters",
        ),
        case(
            "bridge: the same, of last year",
            160,
            Way::Bridge,
            || full("2025-01-01T00:00:00Z"),
            "1000 sent, 0 dead letters",
        ),
        case(
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
        case(
            "bridge: a text of 900 kB",
            16,
            Way::StrictBridge,
            || between(&format!(r#","x":"{}""#, "x".repeat(900_000))),
            "3 sent, 0 dead letters, 3 in the intake",
        ),
        case(
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
        case(
            "bridge: a text of 1 MB",
            16,
            Way::StrictBridge,
            || between(&format!(r#","x":"{}""#, "x".repeat(1_000_000))),
            "2 sent, 1 dead letters (the log is too large for the intake",
        ),
        case(
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
        case(
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
        case(
            "events: headers that are no text",
            8,
            Way::Page,
            || {
                let answer = Answer::status(503).header("retry-after", b"\xff\xfe");
                answer.header("date", b"\xff").body(&[])
            },
            "Server, Backoff: 127.0.0.1 answered 503",
        ),
        case(
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
        case(
            "events: NaN in an event",
            8,
            Way::Page,
            || between(r#","a":NaN"#),
            "BadPage, Never: the answer is no page of auditevents",
        ),
        case(
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
        case(
            "bridge: an event of 10,000 keys",
            16,
            Way::StrictBridge,
            || between(&numbered(10_000)),
            "3 sent, 0 dead letters, 3 in the intake",
        ),
        case(
            "bridge: an event with the same key 10,000 times",
            16,
            Way::Bridge,
            || between(&r#","x":0"#.repeat(10_000)),
            "3 sent, 0 dead letters",
        ),
        case(
            "bridge: an event with 50,000 keys of ours, all the same",
            32,
            Way::Bridge,
            || between(&r#","evt":0"#.repeat(50_000)),
            "3 sent, 0 dead letters",
        ),
        case(
            "bridge: an event with 10,000 times",
            16,
            Way::Bridge,
            || between(&r#","timestamp":"2026-01-01T00:00:00Z""#.repeat(10_000)),
            "3 sent, 0 dead letters",
        ),
        case(
            "events: a page that says the same 10,000 times",
            8,
            Way::Page,
            || Answer::page(r#"{"cursor":"c","#, r#""x":0,"#, 10_000, r#""items":[]}"#),
            "a page of 0 events",
        ),
        case(
            "events: a page with its items twice",
            8,
            Way::Page,
            || Answer::page(r#"{"cursor":"c""#, r#","items":[]"#, 2, "}"),
            "BadPage, Never: the answer is no page of auditevents",
        ),
    ]
}

fn wire() -> Vec<Case> {
    vec![
        case(
            "events: a body without end",
            72,
            Way::Page,
            || Answer::status(200).chunks(&[b' '; 65_536], WITHOUT_END),
            "BadPage, Never: the answer of 127.0.0.1 is too large to be read",
        ),
        case(
            "events: a body that trickles without end",
            8,
            Way::ImpatientPage,
            || {
                let answer = Answer::status(200).chunks(b" ", WITHOUT_END);
                answer.slowly(Duration::from_millis(20))
            },
            "Timeout, Backoff: 127.0.0.1 gave no whole answer within 1s",
        ),
        case(
            "events: 401 with a body that trickles without end",
            8,
            Way::Page,
            || {
                let answer = Answer::status(401).chunks(b" ", WITHOUT_END);
                answer.slowly(Duration::from_millis(20))
            },
            "Unauthorized, Never: 127.0.0.1 answered 401",
        ),
        case(
            "events: a head that trickles without end",
            8,
            Way::ImpatientPage,
            || {
                let answer = Answer::status(200).and(*b"x-a: b\r\n", WITHOUT_END);
                answer.slowly(Duration::from_millis(200))
            },
            "Timeout, Backoff: 127.0.0.1 gave no whole answer within 1s",
        ),
        case(
            "events: 10,000 headers",
            8,
            Way::Page,
            || {
                Answer::status(200)
                    .and(*b"x-a: b\r\n", 10_000)
                    .body(&[(br#"{"cursor":"c"}"#, 1)])
            },
            "Network, Backoff",
        ),
        case(
            "events: a header of 1 MB",
            8,
            Way::Page,
            || {
                let answer = Answer::status(200).and(*b"x-a: ", 1).and(*b"b", 1_000_000);
                answer.and(*b"\r\n", 1).body(&[(br#"{"cursor":"c"}"#, 1)])
            },
            "Network, Backoff",
        ),
        case(
            "events: headers without end",
            8,
            Way::Page,
            || Answer::status(200).and(*b"x-a: b\r\n", WITHOUT_END),
            "Network, Backoff",
        ),
        case(
            "events: 102 again and again",
            8,
            Way::ImpatientPage,
            || {
                let answer =
                    Answer::default().and(*b"HTTP/1.1 102 Processing\r\n\r\n", WITHOUT_END);
                answer.slowly(Duration::from_millis(20))
            },
            "Timeout, Backoff",
        ),
        case(
            "events: an extension of a chunk without end",
            8,
            Way::Page,
            || {
                let answer = Answer::status(200).header("transfer-encoding", "chunked");
                answer.and(*b"\r\n1;", 1).and(*b"x", WITHOUT_END)
            },
            "Network, Backoff",
        ),
        case(
            "events: trailers without end",
            8,
            Way::Page,
            || {
                let answer = Answer::status(200).header("transfer-encoding", "chunked");
                answer
                    .and(*b"\r\n0\r\n", 1)
                    .and(*b"x-a: b\r\n", WITHOUT_END)
            },
            "Network, Backoff",
        ),
        case(
            "events: a gzip header without end",
            8,
            Way::ImpatientPage,
            || {
                let answer = Answer::status(200).header("content-encoding", "gzip");
                let name = answer.and(*b"\r\n\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\xff", 1);
                name.and([b'x'; 1024], WITHOUT_END)
                    .slowly(Duration::from_millis(1))
            },
            "Timeout, Backoff",
        ),
        case(
            "events: no HTTP",
            8,
            Way::Page,
            || Answer::raw(*b"\x00\xff\r\n\r\n"),
            "Network, Backoff",
        ),
    ]
}

fn counts() -> Vec<Case> {
    vec![
        case(
            "bridge: a page of 1,000 empty objects",
            8,
            Way::StrictBridge,
            || Answer::page(r#"{"items":["#, "{},", 999, r#"{}],"cursor":"c"}"#),
            "1000 sent, 0 dead letters, 1000 in the intake",
        ),
        case(
            "bridge: a page of 2,500 events",
            16,
            Way::Bridge,
            || Answer::items(&vec![event(""); 2_500]),
            "2500 sent, 0 dead letters",
        ),
        case(
            "bridge: a page of 10,000 empty objects",
            32,
            Way::Bridge,
            || Answer::page(r#"{"items":["#, "{},", 9_999, r#"{}],"cursor":"c"}"#),
            "10000 sent, 0 dead letters",
        ),
        case(
            "bridge: a page of 10,000 numbers",
            32,
            Way::Bridge,
            || Answer::page(r#"{"items":["#, "0,", 9_999, r#"0],"cursor":"c"}"#),
            "0 sent, 10000 dead letters (the event is not a JSON object)",
        ),
        case(
            "events: a page of 100,000 empty objects",
            8,
            Way::Page,
            || Answer::page(r#"{"items":["#, "{},", 99_999, r#"{}],"cursor":"c"}"#),
            "BadPage, Never: the page of auditevents holds 100000 items",
        ),
    ]
}
