//! One marked log, all the way: sent, found again, and what Datadog's own pipeline does to its like.

use std::time::{Duration, Instant, SystemTime};

use datadog_logs::{Client as Intake, LogEntry, LogSink as _, Status, Tags};
use op_dd_content::install::{ApiError, ApiErrorKind, Client as Api, DatadogsPipeline};
use serde_json::json;
use tokio::time::sleep;
use url::Url;

use super::datadog;
use super::finding::{Check, Finding, Subject, parted};
use super::way::Way;
use crate::content::connection;
use crate::exit::{Exit, Failure};

/// What the log is known by.
const SERVICE: &str = "op-dd-check";

/// How far back it is looked for: it was sent a moment ago, whatever this machine's clock says.
const LOOK_BACK: Duration = Duration::from_secs(900);

/// The waits between searches, of which Datadog allows 300 an hour.
const WAITS: [u64; 4] = [1, 2, 4, 5];

/// Both ways to Datadog, and how long the log may take.
pub(super) struct EndToEnd<'a> {
    pub(super) intake: Intake,
    pub(super) intake_url: Url,
    pub(super) api: Result<Api, Failure>,
    pub(super) tags: Tags,
    pub(super) way: &'a Way,
    pub(super) patience: Duration,
}

impl EndToEnd<'_> {
    pub(super) async fn check(&self) -> Vec<Finding> {
        let api = match &self.api {
            Ok(api) => api,
            Err(failure) => {
                return vec![
                    begin("application-key").failed(failure),
                    begin("log-sent").skipped("it could not be found again"),
                ];
            }
        };
        let until = Instant::now() + self.patience;
        let id = id();
        let (sent, is_sent) = self.send(&id).await;
        let mut findings = vec![sent];
        let found = begin("log-found");
        findings.push(if is_sent {
            find(found, api, &id, until, self.patience).await
        } else {
            found.skipped("there is no log to find")
        });
        findings.push(pipeline(api, until).await);
        findings
    }

    async fn send(&self, id: &str) -> (Finding, bool) {
        let check = begin("log-sent");
        let log = LogEntry::new(
            "op-dd check --end-to-end: a log to be found again, of nothing that happened",
        )
        .source("1password")
        .service(SERVICE)
        .status(Status::Info)
        .tags(self.tags.clone())
        .attribute("op_dd", &json!({ "check": id }));
        let log = match log {
            Ok(log) => log,
            Err(error) => {
                return (
                    check.fail(Exit::Defect, error.to_string(), "report it"),
                    false,
                );
            }
        };
        match self.intake.send(&[log]).await {
            Ok(receipt) if receipt.accepted == 1 => {
                let detail = format!("accepted; service:{SERVICE} @op_dd.check:{id}");
                (check.ok(detail), true)
            }
            Ok(_) => {
                let finding = check.fail(
                    Exit::Partial,
                    "the intake refuses the log, though it takes the key",
                    "look at tags of [datadog], and at what stands between here and Datadog",
                );
                (finding, false)
            }
            Err(error) => {
                let finding = datadog::failed(check, &error, &self.intake_url, self.way);
                (finding, false)
            }
        }
    }
}

/// Searches for the log until it is found, or the time is up.
async fn find(check: Check, api: &Api, id: &str, until: Instant, patience: Duration) -> Finding {
    let begun = Instant::now();
    // By what needs no facet; the mark is looked for here.
    let query = format!("source:1password service:{SERVICE}");
    let mut waits = waits();
    loop {
        let logs = match api.logs(&query, LOOK_BACK).await {
            Ok(logs) => logs,
            Err(error) => return failed(check, &error),
        };
        if logs.iter().any(|log| log.values("op_dd.check") == [id]) {
            let took = begun.elapsed().as_secs_f64();
            return check.ok(format!("found by a search after {took:.1} s"));
        }
        if !waited(&mut waits, until).await {
            return check.fail(
                Exit::Partial,
                format!("Datadog has accepted the log, and no search finds it within {} s", patience.as_secs()),
                "in Logs, Configuration, Indexes, see that an index takes source:1password in, that no exclusion \
                 filter or daily quota keeps it out, and that it keeps logs for a while; see that key and \
                 application key are of one organisation and site; or give it more time by --patience",
            );
        }
    }
}

/// What Datadog's own pipeline sets. It comes by itself within a minute of the first log.
async fn pipeline(api: &Api, until: Instant) -> Finding {
    let check = begin("datadogs-pipeline");
    let mut waits = waits();
    loop {
        match api.datadogs_pipeline().await {
            Ok(Some(pipeline)) => return check.ok(told(&pipeline)),
            Ok(None) if waited(&mut waits, until).await => {}
            Ok(None) => {
                return check.warn(
                    "Datadog's own pipeline for 1Password is not there; op-dd sets the attributes that dashboards \
                     and rules need by itself",
                    "it installs itself within a minute of the first log: check again later; or install ours: op-dd \
                     content install --only pipeline",
                );
            }
            Err(error) => return failed(check, &error),
        }
    }
}

fn told(pipeline: &DatadogsPipeline) -> String {
    let DatadogsPipeline {
        sets,
        replaces,
        may_set_more,
        ..
    } = pipeline;
    let sets = match (&sets[..], may_set_more) {
        ([], false) => return "it is there, and sets no attribute".to_owned(),
        ([], true) => "what it sets is in its parsers, which can't be told".to_owned(),
        (sets, false) => format!("it sets {}", sets.join(", ")),
        (sets, true) => format!(
            "it sets {}, and maybe more, by parsers that can't be told",
            sets.join(", ")
        ),
    };
    match (&replaces[..], may_set_more) {
        ([], false) => format!("{sets}; what a log has already stays"),
        ([], true) => sets,
        (replaces, _) => format!(
            "{sets}; of these it replaces what a log has already: {}",
            replaces.join(", ")
        ),
    }
}

fn begin(name: &'static str) -> Check {
    Check::begin(name, Subject::Datadog)
}

fn failed(check: Check, error: &ApiError) -> Finding {
    let failure = connection::failure(error);
    if let ApiErrorKind::Permission(permission) = error.kind() {
        let (detail, _) = parted(&failure.to_string());
        return check.fail(
            failure.exit(),
            detail,
            format!(
                "give the application key the permission {permission}; if it has it, see that it is whole, not \
                 revoked, and of the same organisation as the API key"
            ),
        );
    }
    check.failed(&failure)
}

fn waits() -> impl Iterator<Item = Duration> {
    let [first @ .., last] = WAITS;
    let waits = first.into_iter().chain(std::iter::repeat(last));
    waits.map(Duration::from_secs)
}

/// Waits for the next look, unless the time would be up by then.
async fn waited(waits: &mut impl Iterator<Item = Duration>, until: Instant) -> bool {
    let wait = waits.next().unwrap_or_default();
    let goes_on = Instant::now() + wait <= until;
    if goes_on {
        sleep(wait).await;
    }
    goes_on
}

/// What no other check's log has.
fn id() -> String {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    format!("{:x}-{:x}", since.as_nanos(), std::process::id())
}
