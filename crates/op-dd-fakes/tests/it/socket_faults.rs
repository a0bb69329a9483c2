//! Faults that no HTTP library would commit, read off the socket byte by byte.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use op_dd_fakes::{Counts, Event, FakeDatadog, FakeEvents, FaultScript, Feed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::wire::{clock, event};

const FEED: Feed = Feed::AuditEvents;

/// Both fakes, the one with an event, the other with a mind to take logs.
struct Pair {
    events: FakeEvents,
    datadog: FakeDatadog,
}

/// One fake, and a request that it would answer with success.
#[derive(Clone, Copy)]
enum Asked {
    Events,
    Intake,
}

/// An answer as it came over the wire.
struct Answer {
    status: u16,
    announced: usize,
    body: String,
}

impl Pair {
    async fn new() -> Self {
        let event = Event::new(FEED, event(1, "2026-05-01T11:30:00Z")).unwrap();
        let events = FakeEvents::builder().clock(clock().0).events([event]);
        let datadog = FakeDatadog::builder().clock(clock().0);
        Self {
            events: events.start().await.unwrap(),
            datadog: datadog.start().await.unwrap(),
        }
    }

    fn script(&self, faults: &str) {
        let script: FaultScript = faults.parse().unwrap();
        self.events.script(script.clone());
        self.datadog.script(script);
    }

    fn address(&self, asked: Asked) -> SocketAddr {
        match asked {
            Asked::Events => self.events.address(),
            Asked::Intake => self.datadog.address(),
        }
    }

    fn counts(&self, asked: Asked) -> Counts {
        match asked {
            Asked::Events => self.events.counts(),
            Asked::Intake => self.datadog.counts(),
        }
    }

    /// A connection on which the request is.
    async fn ask(&self, asked: Asked) -> TcpStream {
        let mut stream = TcpStream::connect(self.address(asked)).await.unwrap();
        let (path, credential, body) = match asked {
            Asked::Events => (
                FEED.path(),
                format!("authorization: Bearer {}", self.events.token()),
                "{}",
            ),
            Asked::Intake => (
                "/api/v2/logs",
                format!("dd-api-key: {}", self.datadog.api_key()),
                "[{}]",
            ),
        };
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: fake\r\n{credential}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    /// All that comes until the connection ends.
    async fn answer(&self, asked: Asked) -> io::Result<Answer> {
        let mut text = String::new();
        self.ask(asked).await.read_to_string(&mut text).await?;
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let (status, headers) = head.split_once("\r\n").unwrap();
        let header = |name: &str| {
            let mut lines = headers.lines().filter_map(|line| line.split_once(": "));
            lines.find(|line| line.0 == name).unwrap().1.to_owned()
        };
        assert_eq!(header("content-type"), "application/json");
        assert_eq!(header("date"), "Fri, 01 May 2026 12:00:00 GMT");
        assert_eq!(header("connection"), "close");
        Ok(Answer {
            status: status.split(' ').nth(1).unwrap().parse().unwrap(),
            announced: header("content-length").parse().unwrap(),
            body: body.to_owned(),
        })
    }
}

const BOTH: [Asked; 2] = [Asked::Events, Asked::Intake];

#[tokio::test]
async fn a_reset_says_so_and_nothing_is_done() {
    let pair = Pair::new().await;
    for asked in BOTH {
        pair.script("events:reset intake:reset");
        let answer = pair.answer(asked).await.map(|answer| answer.status);
        assert_eq!(
            answer.map_err(|error| error.kind()),
            Err(io::ErrorKind::ConnectionReset)
        );
        assert_eq!(pair.counts(asked).unanswered(), 1);
    }
    assert_eq!(pair.datadog.intake().logs, 0);
}

#[tokio::test]
async fn silence_lasts_until_the_client_goes_and_nothing_is_done() {
    let pair = Pair::new().await;
    for asked in BOTH {
        pair.script("events:silent intake:silent");
        let mut stream = pair.ask(asked).await;
        let mut answer = Vec::new();
        // A closed connection would end at once, and a slow machine only makes the silence longer.
        let heard = timeout(Duration::from_millis(50), stream.read_to_end(&mut answer)).await;
        assert!(heard.is_err(), "{heard:?}");
        stream.shutdown().await.unwrap();
        stream.read_to_end(&mut answer).await.unwrap();
        assert_eq!(answer, b"");
        assert_eq!(pair.counts(asked).unanswered(), 1);
    }
    assert_eq!(pair.datadog.intake().logs, 0);
}

#[tokio::test]
async fn a_broken_answer_is_to_work_that_is_done() {
    let pair = Pair::new().await;
    for asked in BOTH {
        // In time, a drip is the proper answer.
        pair.script("events:drip=1ms intake:drip=1ms");
        let whole = pair.answer(asked).await.unwrap();
        let length = whole.body.len();
        assert_eq!(whole.announced, length);
        for (fault, announced, sent) in [
            ("half", length, length / 2),
            ("length", length + 1, length),
            ("length=+7", length + 7, length),
            ("length=-1", length - 1, length),
            ("length=-999999", 0, length),
        ] {
            pair.script(&format!("events:{fault} intake:{fault}"));
            let answer = pair.answer(asked).await.unwrap();
            assert_eq!(
                (answer.status, answer.announced, &*answer.body),
                (whole.status, announced, &whole.body[..sent]),
                "{fault}"
            );
        }
        let counts = pair.counts(asked);
        assert_eq!(counts.of_status(whole.status), counts.total());
    }
    assert_eq!(pair.datadog.intake().logs, 6);
}

#[tokio::test]
async fn a_drip_stops_with_its_fake() {
    let pair = Pair::new().await;
    pair.script("intake:drip=10m");
    let mut stream = pair.ask(Asked::Intake).await;
    assert_eq!(stream.read_u8().await.unwrap(), b'H');
    pair.datadog.stop().await;
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"");
}
