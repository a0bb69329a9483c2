use std::time::Duration;

use super::Case;
use super::answer::{Answer, WITHOUT_END};
use super::case::Way;

const DEEP: u64 = 100_000;

/// What Datadog, or what stands before it, may answer.
pub(super) fn cases() -> Vec<Case> {
    let case = |name, way, answer, expect| Case::new(name, 8, way, answer, expect);
    vec![
        case(
            "intake: 202 with a body 100,000 deep",
            Way::Logs,
            || Answer::status(202).body(&[(b"[", DEEP)]),
            "2 accepted",
        ),
        case(
            "intake: 202 with a body of 100 MB",
            Way::Logs,
            || Answer::status(202).body(&[(b" ", 100_000_000)]),
            "2 accepted",
        ),
        case(
            "intake: 202 with a body without end",
            Way::Logs,
            || Answer::status(202).chunks(&[b' '; 4096], WITHOUT_END),
            "2 accepted",
        ),
        case(
            "intake: 202 with a body that trickles without end",
            Way::Logs,
            || {
                let answer = Answer::status(202).chunks(b" ", WITHOUT_END);
                answer.slowly(Duration::from_millis(20))
            },
            "2 accepted",
        ),
        case(
            "intake: 202 with a gzip bomb",
            Way::Logs,
            || Answer::status(202).bomb(1024),
            "2 accepted",
        ),
        case(
            "intake: 503 with a gzip bomb",
            Way::Logs,
            || Answer::status(503).bomb(1024),
            "Server, Backoff",
        ),
        case(
            "intake: 400 to everything, with 100 MB",
            Way::Logs,
            || Answer::status(400).body(&[(b" ", 100_000_000)]),
            "0 accepted, 2 refused",
        ),
        case(
            "intake: 202 with 10,000 headers",
            Way::Logs,
            || Answer::status(202).and(*b"x-a: b\r\n", 10_000).body(&[]),
            "Network, Backoff",
        ),
        case(
            "intake: 202 with a header of 1 MB",
            Way::Logs,
            || {
                Answer::status(202)
                    .and(*b"x-a: ", 1)
                    .and(*b"b", 1_000_000)
                    .and(*b"\r\n", 1)
                    .body(&[])
            },
            "Network, Backoff",
        ),
        case(
            "intake: headers without end",
            Way::Logs,
            || Answer::status(202).and(*b"x-a: b\r\n", WITHOUT_END),
            "Network, Backoff",
        ),
        case(
            "intake: 102 again and again",
            Way::ImpatientLogs,
            || {
                let answer =
                    Answer::default().and(*b"HTTP/1.1 102 Processing\r\n\r\n", WITHOUT_END);
                answer.slowly(Duration::from_millis(20))
            },
            "Timeout, Backoff",
        ),
        case(
            "intake: a head that trickles without end",
            Way::ImpatientLogs,
            || {
                let answer = Answer::status(202).and(*b"x-a: b\r\n", WITHOUT_END);
                answer.slowly(Duration::from_millis(200))
            },
            "Timeout, Backoff",
        ),
        case(
            "intake: headers that are no text",
            Way::Logs,
            || {
                let answer = Answer::status(429).header("retry-after", b"\xff\xfe");
                answer.header("date", b"\xff").body(&[])
            },
            "RateLimited, Backoff",
        ),
        case(
            "intake: Retry-After of 400 digits",
            Way::Logs,
            || {
                Answer::status(429)
                    .header("retry-after", "9".repeat(400))
                    .body(&[])
            },
            "RateLimited, After(3600s)",
        ),
        case(
            "intake: no HTTP",
            Way::Logs,
            || Answer::raw(*b"\x00\xff\r\n\r\n"),
            "Network, Backoff",
        ),
        case(
            "key check: 200 with a body 50,000 deep",
            Way::Key,
            || Answer::status(200).body(&[(br#"{"valid":[["#, 1), (b"[", 50_000)]),
            "does not answer as Datadog does (status 200)",
        ),
        case(
            "key check: 200 with 100 MB",
            Way::Key,
            || {
                Answer::status(200).body(&[
                    (br#"{"valid":true"#, 1),
                    (b" ", 100_000_000),
                    (b"}", 1),
                ])
            },
            "does not answer as Datadog does (status 200)",
        ),
    ]
}
