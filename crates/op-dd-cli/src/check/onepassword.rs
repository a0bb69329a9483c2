//! One account of 1Password's: its token, and what its server says to it.

use std::sync::Arc;
use std::time::SystemTime;

use datadog_logs::Tags;
use onepassword_events::{
    Claims, Client, Error, ErrorKind, EventSource as _, Feed, Page, Position, Reset,
};
use op_dd_bridge::{Context, Mapper, Name, StateFolder, StepError, StreamId};

use super::clock::Reading;
use super::finding::{Check, Finding, Subject, cause, parted};
use super::machine::OFFLINE;
use super::way::Way;
use crate::exit::{Exit, Failure};
use crate::expiry::{Expiry, until};
use crate::remedy;

/// An account of the configuration, ready to be checked.
pub(super) struct Account {
    pub(super) name: Name,
    /// None, if its token takes a connection to be read, and none is to be made.
    pub(super) reader: Option<Result<Reader, Failure>>,
}

/// What an account is read with.
pub(super) struct Reader {
    pub(super) client: Client,
    pub(super) feeds: Vec<Feed>,
    /// Where a stream begins that has no cursor.
    pub(super) start: SystemTime,
}

/// What all accounts are checked with.
pub(super) struct Surroundings {
    pub(super) state: Option<StateFolder>,
    pub(super) mapper: Arc<dyn Mapper>,
    pub(super) way: Way,
    pub(super) offline: bool,
}

impl Account {
    /// Everything about it, and what its server's clock says.
    pub(super) async fn check(&self, around: &Surroundings) -> (Vec<Finding>, Option<Reading>) {
        let token = self.begin("token");
        let reader = match &self.reader {
            Some(Ok(reader)) => reader,
            Some(Err(failure)) => {
                // Whose trouble it is stands before it already.
                let line = failure.to_string();
                let line = line.trim_start_matches(&format!("account {}: ", self.name));
                return (
                    vec![token.failed(&Failure::new(failure.exit(), line))],
                    None,
                );
            }
            None => return (vec![token.skipped(OFFLINE)], None),
        };
        let claims = reader.client.token().claims().clone();
        let mut findings = vec![
            token.ok(said_by(&claims, &reader.feeds)),
            self.expiry(&claims),
        ];
        if around.offline {
            findings.push(self.begin("introspection").skipped(OFFLINE));
            let feeds = reader.feeds.iter();
            findings.extend(feeds.map(|feed| self.begin_feed(*feed).skipped(OFFLINE)));
            return (findings, None);
        }
        let (introspection, reading) = self.introspection(reader, around).await;
        let refused = introspection.outcome.exit().is_some();
        findings.push(introspection);
        for feed in &reader.feeds {
            let check = self.begin_feed(*feed);
            findings.push(if refused {
                check.skipped("the server has to take the token first")
            } else {
                self.page(check, reader, *feed, around).await
            });
        }
        (findings, reading)
    }

    fn expiry(&self, claims: &Claims) -> Finding {
        let check = self.begin("expiry");
        let now = SystemTime::now();
        let Some(end) = claims.expires_at() else {
            return check.ok("the token never expires");
        };
        let when = until(end, now);
        let remedy = "issue a new token in 1Password, and put it where the old one is";
        match Expiry::of(Some(end), now) {
            Expiry::Distant => check.ok(format!("the token expires {when}")),
            Expiry::Over => check.fail(Exit::Token, format!("the token expired {when}"), remedy),
            Expiry::Month | Expiry::Week | Expiry::Day => {
                check.warn(format!("the token expires {when}"), remedy)
            }
        }
    }

    /// Whether the server takes the token, which account answers, and what it may read there.
    async fn introspection(
        &self,
        reader: &Reader,
        around: &Surroundings,
    ) -> (Finding, Option<Reading>) {
        let check = self.begin("introspection");
        let asked = SystemTime::now();
        let introspection = match reader.client.introspect().await {
            Ok(introspection) => introspection,
            Err(error) => return (failed(check, &error, &reader.client, around), None),
        };
        let host = reader.client.endpoint().host();
        let reading = introspection
            .server_time()
            .map(|time| Reading::new(host, time, asked));
        let allowed = introspection.feeds();
        let lacking: Vec<_> = reader
            .feeds
            .iter()
            .filter(|feed| !allowed.contains(feed))
            .map(|feed| feed.as_str())
            .collect();
        if !lacking.is_empty() {
            let lacking = lacking.join(", ");
            let finding = check.fail(
                Exit::Token,
                format!("{host} doesn't let the token read {lacking}, whatever the token says"),
                "issue a new token in 1Password that allows it, or leave it out of the account's feeds",
            );
            return (finding, reading);
        }
        let uuid = introspection.account_uuid.as_deref();
        let token = reader.client.token();
        let finding = match (uuid, token.claims().account_uuid()) {
            (Some(answers), Some(issued)) if answers != issued => check.warn(
                format!(
                    "{host} answers as account {answers}, and the token was issued in {issued}"
                ),
                "look whose token it is: it may be another account's than the name says",
            ),
            (Some(answers), _) => check.ok(format!("{host} answers as account {answers}")),
            (None, _) => check.ok(format!(
                "{host} takes the token, and doesn't say which account it is"
            )),
        };
        (finding, reading)
    }

    /// Reads the page that a run would begin with, and maps it. Nothing is sent, and no cursor moves.
    async fn page(
        &self,
        check: Check,
        reader: &Reader,
        feed: Feed,
        around: &Surroundings,
    ) -> Finding {
        let position = match self.position(reader, feed, around) {
            Ok(position) => position,
            Err(why) => return check.skipped(why),
        };
        let page = match reader.client.page(feed, &position).await {
            Ok(page) => page,
            Err(error) => {
                let mut finding = failed(check, &error, &reader.client, around);
                let remedy = remedy::of_step(&self.stream(feed), &StepError::Source(error));
                finding.add_to_remedy(remedy.as_deref());
                return finding;
            }
        };
        let from = match position {
            Position::Reset(reset) => format!("from {} on", seconds(reset.start.to_system_time())),
            Position::After(_) => "behind the cursor".to_owned(),
        };
        let now = page.server_time().unwrap_or_else(SystemTime::now);
        let context = Context::new(
            self.name.clone(),
            feed,
            reader.client.host(),
            &Tags::default(),
            now,
        );
        match context {
            Ok(context) => check.ok(format!(
                "{from}: {}",
                mapped(&page, &*around.mapper, &context)
            )),
            Err(error) => check.failed(&Failure::configuration(error.to_string())),
        }
    }

    /// Where a run would begin.
    fn position(
        &self,
        reader: &Reader,
        feed: Feed,
        around: &Surroundings,
    ) -> Result<Position, &'static str> {
        let stream = self.stream(feed);
        let mut streams = around.state.iter().flat_map(|state| &state.streams);
        let kept = streams
            .find(|state| state.stream == stream)
            .map(|state| &state.checkpoint);
        match kept {
            Some(Err(_)) => Err("its checkpoint can't be read"),
            Some(Ok(Some(kept))) => Ok(kept.checkpoint.place.as_ref().map_or_else(
                || Reset::new(reader.start.into()).into(),
                |place| place.position.clone(),
            )),
            _ => Ok(Reset::new(reader.start.into()).into()),
        }
    }

    fn stream(&self, feed: Feed) -> StreamId {
        StreamId {
            account: self.name.clone(),
            feed,
            destination: Name::DATADOG,
        }
    }

    fn begin(&self, name: &'static str) -> Check {
        Check::begin(name, Subject::Account(self.name.clone()))
    }

    fn begin_feed(&self, feed: Feed) -> Check {
        Check::begin("page", Subject::Feed(self.name.clone(), feed))
    }
}

/// How many events a page has, and what becomes of them.
fn mapped(page: &Page, mapper: &dyn Mapper, context: &Context) -> String {
    let (mut late, mut unreadable, mut newest) = (0, 0, None);
    for event in page.events() {
        if !event.is_object() {
            unreadable += 1;
            continue;
        }
        let mapped = mapper.map(event, context);
        late += usize::from(mapped.late);
        newest = newest.max(mapped.event_time);
    }
    let mut text = crate::counted::counted(page.events().len(), "event");
    if page.has_more() {
        text.push_str(" and more");
    }
    if let Some(newest) = newest {
        text.push_str(&format!(", the newest of {}", seconds(newest)));
    }
    for (count, what) in [
        (late, "dated anew"),
        (unreadable, "no JSON objects, so dead letters"),
    ] {
        if count > 0 {
            text.push_str(&format!(", {count} {what}"));
        }
    }
    text
}

/// A time, without what is below a second.
fn seconds(time: SystemTime) -> String {
    let time = jiff::Timestamp::try_from(time).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn said_by(claims: &Claims, feeds: &[Feed]) -> String {
    let names: Vec<_> = feeds.iter().map(|feed| feed.as_str()).collect();
    let host = claims.host().unwrap_or("no server");
    format!("for {host}, to read {}", names.join(", "))
}

fn failed(check: Check, error: &Error, client: &Client, around: &Surroundings) -> Finding {
    let kind = error.kind();
    let (mut detail, mut remedy) = parted(&error.to_string());
    match kind {
        ErrorKind::Certificate => {
            detail = format!("{} shows a certificate that is not trusted", client.host());
            remedy = Way::CERTIFICATE.to_owned();
        }
        ErrorKind::Connect => {
            remedy = around
                .way
                .remedy(client.endpoint().url(), "url or region of the account");
        }
        _ => {}
    }
    // What is wrong with a page is said with a piece of it.
    let exit = Exit::from(kind);
    if exit == Exit::Unreachable {
        detail.push_str(&cause(&error));
    }
    check.fail(exit, detail, remedy)
}
