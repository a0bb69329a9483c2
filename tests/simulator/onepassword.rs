use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use onepassword_events::{Transport, TransportError, TransportErrorKind};
use tokio::time::sleep;

use super::cursors::Place;
use super::dice::Dice;
use super::fault;
use super::fault::{Broken, Fault};
use super::members::Members;
use super::plan::KEY_MARK;
use super::property::Property;
use super::temper::{Attempt, Temper};
use super::world::World;

/// The Events API as one account sees it, without sockets.
pub(crate) struct OnePassword {
    world: Arc<World>,
    account: usize,
    dice: Mutex<Dice>,
    requests: Mutex<VecDeque<Duration>>,
    pub(crate) temper: Temper,
}

/// A request that the server understands.
struct Question {
    stream: usize,
    /// The cursor, or the time that a reading begins with.
    asked: String,
    place: Place,
}

impl OnePassword {
    pub(crate) fn new(world: Arc<World>, account: usize, seed: u64) -> Self {
        Self {
            temper: Temper::new("1Password", world.plan.streams.len()),
            world,
            account,
            dice: Mutex::new(Dice::new(seed, &format!("account {account}"))),
            requests: Mutex::default(),
        }
    }

    /// A request has come: counts it, and reads it. What no client should ever send is a violation.
    fn arrive(&self, request: &Request<Bytes>) -> Result<Question, &'static str> {
        self.count_request();
        let world = &self.world;
        let account = &world.plan.accounts[self.account];
        if World::shows(request, request.body(), KEY_MARK) {
            let what = "the API key was sent to 1Password".to_owned();
            world.ledger.violated(Property::NoSecretLeaks, what);
        }
        let header = |name| {
            request
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let bearer = header("authorization").and_then(|text| text.strip_prefix("Bearer "));
        if !bearer.is_some_and(|token| account.token.is(token)) {
            return Err("another token than the account's");
        }
        if request.method() != http::Method::POST
            || request.uri().scheme_str() != Some("https")
            || request.uri().host() != Some(account.region)
        {
            return Err("another method or server");
        }
        if header("content-type") != Some("application/json") {
            return Err("no JSON");
        }
        let feed = request.uri().path().strip_prefix("/api/v2/");
        let mut streams = account.streams.iter();
        let stream =
            streams.find(|stream| Some(world.plan.streams[**stream].feed.as_str()) == feed);
        let stream = *stream.ok_or("a feed that the token has not")?;
        let body = str::from_utf8(request.body()).ok().and_then(Members::read);
        let body = body.ok_or("no JSON object")?;
        let mut keys: Vec<_> = body.keys().collect();
        keys.sort_unstable();
        match keys[..] {
            ["cursor"] => {
                let asked = body.text("cursor").ok_or("a cursor that is no text")?;
                let place = world
                    .cursors
                    .place(&asked)
                    .ok_or("a cursor that nobody gave")?;
                if place.stream != stream {
                    return Err("another feed's cursor");
                }
                Ok(Question {
                    stream,
                    asked,
                    place,
                })
            }
            ["limit", "start_time"] => {
                let limit = body.get("limit").and_then(|limit| limit.parse().ok());
                limit
                    .filter(|limit: &u32| (1..=1000).contains(limit))
                    .ok_or("a wrong limit")?;
                let asked = body.text("start_time").ok_or("no time")?;
                let start: jiff::Timestamp = asked.parse().map_err(|_| "no time")?;
                let place = Place {
                    stream,
                    index: 0,
                    page: None,
                    start: start.into(),
                    hollow: 0,
                    echoes: 0,
                };
                Ok(Question {
                    stream,
                    asked: format!("{stream} {asked}"),
                    place,
                })
            }
            _ => Err("neither a cursor alone nor a whole reset"),
        }
    }

    fn count_request(&self) {
        let now = self.world.ledger.time.now();
        let mut requests = self.requests.lock().unwrap();
        requests.push_back(now);
        for (most, span) in [(600, 60), (30_000, 3600)] {
            let before = requests.len().checked_sub(most + 1);
            if before.is_some_and(|first| now - requests[first] < Duration::from_secs(span)) {
                let what = format!("{} sent over {most} requests in {span} s", self.account);
                self.world.ledger.violated(Property::RateKept, what);
            }
        }
    }

    fn fault(&self, stream: usize) -> Option<Fault> {
        use super::fault::Place::{Account, Stream};
        let places = [Account(self.account), Stream(stream)];
        self.world.strike(&places, &mut self.dice.lock().unwrap())
    }

    /// The page at a place.
    fn page(&self, question: &Question) -> String {
        let Question {
            stream,
            asked,
            place,
        } = question;
        let world = &self.world;
        let plan = &world.plan.streams[*stream];
        let now = world.ledger.time.now();
        let faults = now < world.plan.faults_end;
        let visible = plan.items.partition_point(|item| item.inserted <= now);
        let wanted = |index: &usize| plan.items[*index].time >= place.start;
        let note = |what: String| world.ledger.journal.note(what);

        if place.hollow > 0 {
            note(format!("1P {stream}@{} nothing, but more", place.index));
            let cursor = world.cursors.alias(place.clone(), place.hollow - 1);
            return self.body(&cursor, true, &[]);
        }
        if faults && world.cursors.take_echo(asked) {
            let again = place.page.filter(|_| self.dice.lock().unwrap().chance(60));
            let again: Vec<_> = match again {
                Some(page) => (page..place.index).filter(wanted).collect(),
                None => Vec::new(),
            };
            note(format!("1P {stream}@{} again: {again:?}", place.index));
            let more = self.dice.lock().unwrap().chance(50);
            return self.body(asked, more, &self.texts(*stream, &again));
        }
        let page: Vec<usize> = (place.index..visible)
            .filter(wanted)
            .take(plan.limit)
            .collect();
        let Some(last) = page.last() else {
            // Nothing new. Some servers give a new cursor all the same.
            let another = faults && self.dice.lock().unwrap().chance(5);
            let end = Place {
                index: visible,
                page: None,
                ..place.clone()
            };
            let cursor = if another || asked.contains(' ') {
                world.cursors.alias(end, 0)
            } else {
                asked.clone()
            };
            note(format!("1P {stream}@{} nothing", place.index));
            return self.body(&cursor, false, &[]);
        };
        let end = Place {
            index: last + 1,
            page: Some(place.index),
            ..place.clone()
        };
        let more = (end.index..visible).any(|index| wanted(&index));
        note(format!(
            "1P {stream}@{} {}..={last} of {visible}",
            place.index, page[0]
        ));
        let cursor = world.cursors.give(asked, end, faults);
        self.body(&cursor, more, &self.texts(*stream, &page))
    }

    fn texts(&self, stream: usize, items: &[usize]) -> Vec<&str> {
        let plan = &self.world.plan.streams[stream];
        items
            .iter()
            .map(|index| plan.items[*index].raw.as_str())
            .collect()
    }

    fn body(&self, cursor: &str, more: bool, items: &[&str]) -> String {
        let dice = &mut *self.dice.lock().unwrap();
        let cursor = if dice.chance(20) {
            cursor.replace('/', "\\/")
        } else {
            cursor.to_owned()
        };
        let items = items.join(dice.pick(&[",", " , ", ",\n"]));
        match dice.below(8) {
            0 => format!(
                r#" {{"items":[ {items} ],"new":[{{}}],"has_more":{more},"cursor":"{cursor}"}}"#
            ),
            1 if items.is_empty() => {
                format!(r#"{{"cursor":"{cursor}","has_more":{more},"items":null}}"#)
            }
            2 if items.is_empty() && !more => format!(r#"{{"cursor":"{cursor}"}}"#),
            _ => format!(r#"{{"cursor":"{cursor}","has_more":{more},"items":[{items}]}}"#),
        }
    }

    fn answer(&self, status: u16, body: impl Into<Bytes>) -> Response<Bytes> {
        let answer = Response::builder()
            .status(status)
            .header("date", self.world.ledger.time.date())
            .header("content-type", "application/json");
        answer.body(body.into()).unwrap()
    }

    /// The answer that comes of a fault; the page, if the fault is none after all.
    fn spoilt(
        &self,
        question: &Question,
        token: &str,
        fault: Option<&Fault>,
    ) -> Result<Response<Bytes>, TransportError> {
        let time = self.world.ledger.time;
        let page = || {
            self.world.ledger.count(|figures| figures.pages += 1);
            self.page(question)
        };
        let refuse = |kind| Err(TransportError::new(kind, "simulated"));
        match fault {
            None | Some(Fault::Slow(_)) => Ok(self.answer(200, page())),
            Some(Fault::Unconnected | Fault::TooMany(_)) => refuse(TransportErrorKind::Connect),
            Some(Fault::Lost) => {
                page();
                refuse(TransportErrorKind::Network)
            }
            Some(Fault::Status(status, wait)) => {
                // Servers have been known to say too much, in one form or another.
                let said = match self.dice.lock().unwrap().below(4) {
                    0 => format!(r#"{{"Error":{{"Message":"no, {token}"}}}}"#),
                    1 => format!(r#"{{"status":{status},"message":"no: {token:.60}..."}}"#),
                    2 => format!("no: ...{}", &token[token.len() - 60..]),
                    _ => r#"{"Error":{"Message":"no"}}"#.to_owned(),
                };
                let mut answer = self.answer(*status, said);
                if let Some(wait) = wait.header(time) {
                    answer
                        .headers_mut()
                        .insert("retry-after", wait.parse().unwrap());
                }
                Ok(answer)
            }
            Some(Fault::DoneBut(status)) => {
                page();
                Ok(self.answer(*status, ""))
            }
            Some(Fault::Captive) => Ok(fault::captive(time)),
            Some(Fault::Redirect) => Ok(fault::redirect(time)),
            Some(Fault::Broken(how)) => {
                let mut body = page();
                match how {
                    Broken::Cut => body = body.chars().take(body.chars().count() / 2).collect(),
                    Broken::Empty => body.clear(),
                    Broken::NoCursor => body = body.replace("\"cursor\"", "\"cursors\""),
                    Broken::EmptyCursor => {
                        r#"{"cursor":"","has_more":true,"items":[]}"#.clone_into(&mut body);
                    }
                    Broken::List => body = format!("[{body}]"),
                    Broken::TooLarge => return refuse(TransportErrorKind::TooLarge),
                }
                Ok(self.answer(200, body))
            }
        }
    }
}

#[async_trait]
impl Transport for OnePassword {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let question = match self.arrive(&request) {
            Ok(question) => question,
            Err(what) => {
                let what = format!("{what}: {} {}", request.uri(), World::veil(request.body()));
                self.world.ledger.violated(Property::ProtocolKept, what);
                return Ok(self.answer(400, ""));
            }
        };
        let attempt = Attempt::begin(&self.temper, &self.world, question.stream);
        let latency = self.dice.lock().unwrap().millis(5, 300);
        let fault = self.fault(question.stream);
        let latency = match &fault {
            Some(Fault::Slow(by)) => *by,
            _ => latency,
        };
        sleep(latency).await;
        let time = self.world.ledger.time;
        let bearer = request.headers()["authorization"].to_str().unwrap();
        let token = bearer.trim_start_matches("Bearer ");
        let account = &self.world.plan.accounts[self.account];
        let taken = token == account.token.taken(time.now());
        let fault = match fault {
            None | Some(Fault::Slow(_)) if !taken => {
                self.world
                    .ledger
                    .count(|figures| figures.fault("old token"));
                Some(Fault::Status(401, fault::Wait::Unsaid))
            }
            other => other,
        };
        let answer = self.spoilt(&question, token, fault.as_ref());
        if let Some(fault) = &fault {
            let stream = question.stream;
            self.world
                .ledger
                .journal
                .note(format_args!("1P {stream} {fault}"));
        }
        let well = answer
            .as_ref()
            .is_ok_and(|answer| answer.status() == StatusCode::OK)
            && matches!(fault, None | Some(Fault::Slow(_)));
        attempt.end(well);
        answer
    }
}
