#![expect(
    clippy::unwrap_used,
    reason = "a case that can't be set up should fail whoever asks for it"
)]

use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use datadog_logs::{ApiKey, Compression, LogEntry, LogSink as _, Site};
use onepassword_events::{AccessToken, Cursor, EventSource as _, Feed, Position};
use op_dd_bridge::{Account, Bridge, MemoryStore, Name};
use op_dd_fakes::{FakeDatadog, TokenClaims};
use serde::{Deserialize, Serialize};

use super::answer::Answer;
use super::{events, intake, memory, server, wire};

/// Longer than anything takes that comes to an end, on a slow machine, too.
const PATIENCE: Duration = Duration::from_secs(120);

const KEY: &str = "key";

/// Something hostile, and what is to come of it.
#[derive(Debug)]
pub struct Case {
    /// What is sent.
    pub name: &'static str,
    /// What must stand in what is said about it.
    pub expect: &'static str,
    /// The most memory that it may take, in MiB.
    pub most: u64,
    pub(super) way: Way,
    pub(super) answer: fn() -> Answer,
}

/// Whom the hostile server meets.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    /// The client of the Events API.
    Page,
    /// The same, which waits a second for an answer.
    ImpatientPage,
    /// The client of the intake, with two logs.
    Logs,
    /// The same, which waits a second for an answer.
    ImpatientLogs,
    /// The client of the intake, which asks whether its key is valid.
    Key,
    /// A bridge to an intake that takes anything.
    Bridge,
    /// A bridge to an intake that reads what it is sent, and refuses what is nested as deep as no JSON
    /// of any use.
    StrictBridge,
}

/// What came of a case.
#[derive(Debug, Serialize, Deserialize)]
pub struct Finding {
    /// What is said about it: an error with its first cause, or what was read or sent.
    pub said: String,
    /// The most memory that it took beyond what the process had before, in bytes; none where the
    /// system doesn't say.
    pub peak: Option<u64>,
}

impl Case {
    pub(super) fn new(
        name: &'static str,
        most: u64,
        way: Way,
        answer: fn() -> Answer,
        expect: &'static str,
    ) -> Self {
        Self {
            name,
            expect,
            most,
            way,
            answer,
        }
    }

    /// All cases.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all = events::cases();
        all.extend(wire::cases());
        all.extend(intake::cases());
        all
    }

    /// Measures the case in a process of its own: `program` is the one that this package makes.
    ///
    /// # Panics
    ///
    /// If the process comes to no good end.
    #[must_use]
    pub fn measure(&self, program: &Path) -> Finding {
        let done = Command::new(program).arg(self.name).output().unwrap();
        let errors = String::from_utf8_lossy(&done.stderr);
        assert!(
            done.status.success(),
            "{}: {} {errors}",
            self.name,
            done.status
        );
        serde_json::from_slice(&done.stdout).unwrap()
    }

    /// What comes of the case, in this process.
    ///
    /// # Panics
    ///
    /// If it can't be set up.
    #[must_use]
    pub fn meet(&self) -> Finding {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let url = server::serve((self.answer)()).unwrap();
        runtime.block_on(self.way.meet(&url))
    }
}

impl Way {
    async fn meet(self, url: &str) -> Finding {
        match self {
            Self::Page => page(&events_client(url, PATIENCE)).await,
            Self::ImpatientPage => page(&events_client(url, Duration::from_secs(1))).await,
            Self::Logs => logs(&logs_client(url, KEY, PATIENCE)).await,
            Self::ImpatientLogs => logs(&logs_client(url, KEY, Duration::from_secs(1))).await,
            Self::Key => key(&logs_client(url, KEY, PATIENCE)).await,
            Self::Bridge => {
                let accepts = Answer::status(202).body(&[(b"{}", 1)]);
                let intake = server::serve(accepts).unwrap();
                bridge(url, logs_client(&intake, KEY, PATIENCE)).await
            }
            Self::StrictBridge => {
                let intake = FakeDatadog::builder()
                    .refuse_if(|log| log.contains("[[[["))
                    .start()
                    .await
                    .unwrap();
                let client = logs_client(intake.url(), intake.api_key(), PATIENCE);
                let mut finding = bridge(url, client).await;
                let logs = intake.logs().len();
                finding.said.push_str(&format!(", {logs} in the intake"));
                finding
            }
        }
    }
}

fn events_client(url: &str, timeout: Duration) -> onepassword_events::Client {
    let token = AccessToken::new(TokenClaims::default().mint()).unwrap();
    onepassword_events::Client::builder(token)
        .url(url.parse().unwrap())
        .timeout(timeout)
        .build()
        .unwrap()
}

fn logs_client(url: &str, key: &str, timeout: Duration) -> datadog_logs::Client {
    datadog_logs::Client::builder(ApiKey::new(key).unwrap())
        .site(Site::parse(url).unwrap())
        .compression(Compression::Zstd)
        .timeout(timeout)
        .build()
        .unwrap()
}

async fn page(client: &onepassword_events::Client) -> Finding {
    let position = Position::After(Cursor::new("here").unwrap());
    let before = memory::peak();
    let page = client.page(Feed::AuditEvents, &position).await;
    let said = match &page {
        Ok(page) => format!("a page of {} events", page.events().len()),
        Err(error) => format!("{:?}, {:?}: {}", error.kind(), error.retry(), told(error)),
    };
    Finding::since(before, said)
}

async fn logs(client: &datadog_logs::Client) -> Finding {
    let entries = [LogEntry::new("one"), LogEntry::new("two")];
    let before = memory::peak();
    let said = match client.send(&entries).await {
        Ok(receipt) => format!(
            "{} accepted, {} refused",
            receipt.accepted,
            receipt.refused.len()
        ),
        Err(error) => format!("{:?}, {:?}: {}", error.kind(), error.retry(), told(&error)),
    };
    Finding::since(before, said)
}

async fn key(client: &datadog_logs::Client) -> Finding {
    let before = memory::peak();
    let said = match client.validate().await {
        Ok(_) => "the key is valid".to_owned(),
        Err(error) => format!("{:?}, {:?}: {}", error.kind(), error.retry(), told(&error)),
    };
    Finding::since(before, said)
}

async fn bridge(events: &str, intake: datadog_logs::Client) -> Finding {
    let source = events_client(events, PATIENCE);
    let account = Account::new(Name::DEFAULT, Arc::new(source));
    let account = account.feeds([Feed::AuditEvents]).unwrap();
    let store = Arc::new(MemoryStore::default());
    let bridge = Bridge::builder(Arc::new(intake), store.clone(), store.clone()).account(account);
    let bridge = bridge.build().unwrap();
    let stream = bridge.streams().next().unwrap().clone();
    let before = memory::peak();
    let said = match bridge.step(&stream).await.unwrap() {
        Ok(report) => {
            let letters = store.letters(&stream);
            let why = letters
                .first()
                .map(|letter| format!(" ({})", letter.reason));
            let why = why.unwrap_or_default();
            format!("{} sent, {} dead letters{why}", report.sent, letters.len())
        }
        Err(error) => told(&error),
    };
    Finding::since(before, said)
}

impl Finding {
    fn since(before: Option<u64>, said: String) -> Self {
        let peak = memory::peak().zip(before);
        Self {
            said,
            peak: peak.map(|(after, before)| after - before),
        }
    }
}

/// An error and what lies at the bottom of it, as the program says it.
fn told(error: &dyn Error) -> String {
    let mut bottom = error;
    while let Some(cause) = bottom.source() {
        bottom = cause;
    }
    let (line, cause) = (error.to_string(), bottom.to_string());
    if line.contains(&cause) {
        line
    } else {
        format!("{line} ({cause})")
    }
}
