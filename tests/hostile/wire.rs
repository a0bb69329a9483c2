use std::time::Duration;

use super::Case;
use super::answer::{Answer, WITHOUT_END};
use super::case::Way;

/// How 1Password, or what stands before it, may say it, or never come to say it.
pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "events: a body without end",
            72,
            Way::Page,
            || Answer::status(200).chunks(&[b' '; 65_536], WITHOUT_END),
            "BadPage, Never: the answer of 127.0.0.1 is too large to be read",
        ),
        Case::new(
            "events: a body that trickles without end",
            8,
            Way::ImpatientPage,
            || {
                let answer = Answer::status(200).chunks(b" ", WITHOUT_END);
                answer.slowly(Duration::from_millis(20))
            },
            "Timeout, Backoff: 127.0.0.1 gave no whole answer within 1s",
        ),
        Case::new(
            "events: 401 with a body that trickles without end",
            8,
            Way::Page,
            || {
                let answer = Answer::status(401).chunks(b" ", WITHOUT_END);
                answer.slowly(Duration::from_millis(20))
            },
            "Unauthorized, Never: 127.0.0.1 answered 401",
        ),
        Case::new(
            "events: a head that trickles without end",
            8,
            Way::ImpatientPage,
            || {
                let answer = Answer::status(200).and(*b"x-a: b\r\n", WITHOUT_END);
                answer.slowly(Duration::from_millis(200))
            },
            "Timeout, Backoff: 127.0.0.1 gave no whole answer within 1s",
        ),
        Case::new(
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
        Case::new(
            "events: a header of 1 MB",
            8,
            Way::Page,
            || {
                let answer = Answer::status(200).and(*b"x-a: ", 1).and(*b"b", 1_000_000);
                answer.and(*b"\r\n", 1).body(&[(br#"{"cursor":"c"}"#, 1)])
            },
            "Network, Backoff",
        ),
        Case::new(
            "events: headers without end",
            8,
            Way::Page,
            || Answer::status(200).and(*b"x-a: b\r\n", WITHOUT_END),
            "Network, Backoff",
        ),
        Case::new(
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
        Case::new(
            "events: an extension of a chunk without end",
            8,
            Way::Page,
            || {
                let answer = Answer::status(200).header("transfer-encoding", "chunked");
                answer.and(*b"\r\n1;", 1).and(*b"x", WITHOUT_END)
            },
            "Network, Backoff",
        ),
        Case::new(
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
        Case::new(
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
        Case::new(
            "events: no HTTP",
            8,
            Way::Page,
            || Answer::raw(*b"\x00\xff\r\n\r\n"),
            "Network, Backoff",
        ),
    ]
}
