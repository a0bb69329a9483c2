use std::io::Read as _;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use datadog_logs::{Transport, TransportError, TransportErrorKind};
use flate2::read::GzDecoder;
use http::{Request, Response, StatusCode};
use serde_json::value::RawValue;
use tokio::time::sleep;

use super::dice::Dice;
use super::fault::{self, Broken, Fault, Place};
use super::item::Nature;
use super::log;
use super::members::Members;
use super::plan::{Codec, TOKEN_MARKS};
use super::property::Property;
use super::temper::{Attempt, Temper};
use super::world::World;

/// Datadog's logs intake, without sockets.
pub(crate) struct Intake {
    world: Arc<World>,
    dice: Mutex<Dice>,
    pub(crate) temper: Temper,
}

/// Logs that have come in one body.
struct Parcel<'a> {
    intake: &'a Intake,
    texts: Vec<String>,
    /// The item that each log is of; none if it holds no event.
    marks: Vec<Option<(usize, usize)>>,
    encoding: String,
    /// The logs are in, and nobody has been told.
    untold: usize,
    open: bool,
}

/// The intake's limits.
const MOST_LOGS: usize = 1_000;
const MOST_BYTES: usize = 5_000_000;
const MOST_BYTES_A_LOG: usize = 1_000_000;

impl Intake {
    pub(crate) fn new(world: Arc<World>, seed: u64) -> Self {
        Self {
            temper: Temper::new("the intake", world.plan.streams.len()),
            world,
            dice: Mutex::new(Dice::new(seed, "intake")),
        }
    }

    /// A request has come: reads it. What no client should ever send is a violation.
    fn arrive(&self, request: &Request<Bytes>) -> Result<Parcel<'_>, &'static str> {
        let world = &self.world;
        world.ledger.count(|figures| figures.posts += 1);
        let header = |name| {
            request
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        if !header("dd-api-key").is_some_and(|key| world.plan.key.is(key)) {
            return Err("another key");
        }
        if request.method() != http::Method::POST
            || request.uri() != "https://http-intake.logs.datadoghq.eu/api/v2/logs"
        {
            return Err("another method or address");
        }
        if header("content-type") != Some("application/json") {
            return Err("no JSON");
        }
        let encoding = header("content-encoding").unwrap_or("identity");
        let body = unpack(encoding, request.body()).ok_or("a body that can't be unpacked")?;
        if TOKEN_MARKS
            .iter()
            .any(|mark| World::shows(request, &body, mark))
        {
            let what = "a token was sent to the intake".to_owned();
            world.ledger.violated(Property::NoSecretLeaks, what);
        }
        if body.len() > MOST_BYTES {
            return Err("more than 5 MB");
        }
        let Ok(logs) = serde_json::from_slice::<Vec<&RawValue>>(&body) else {
            let what = "a body that is no list of logs".to_owned();
            world.ledger.violated(Property::LogIsWellFormed, what);
            return Err("no list");
        };
        if logs.len() > MOST_LOGS || logs.is_empty() {
            return Err("over 1,000 logs, or none");
        }
        if logs.iter().any(|log| log.get().len() > MOST_BYTES_A_LOG) {
            return Err("a log of over 1 MB");
        }
        let texts: Vec<_> = logs.iter().map(|log| log.get().to_owned()).collect();
        let marks = texts
            .iter()
            .map(|text| log::mark(&Members::read(text)?))
            .collect();
        Ok(Parcel {
            intake: self,
            texts,
            marks,
            encoding: encoding.to_owned(),
            untold: 0,
            open: true,
        })
    }

    fn answer(&self, status: u16, said: &str) -> Response<Bytes> {
        let answer = Response::builder()
            .status(status)
            .header("date", self.world.ledger.time.date())
            .header("content-type", "application/json");
        answer.body(Bytes::from(said.to_owned())).unwrap()
    }

    /// The answer that comes of a fault.
    fn spoilt(
        &self,
        parcel: &mut Parcel<'_>,
        fault: Option<&Fault>,
    ) -> Result<Response<Bytes>, TransportError> {
        let time = self.world.ledger.time;
        let refuse = |kind| TransportError::new(kind, "simulated");
        let key = &self.world.plan.key.new;
        match fault {
            None | Some(Fault::Slow(_) | Fault::TooMany(_)) => {
                let status = parcel.open(fault);
                parcel.told(status);
                Ok(self.answer(status, "{}"))
            }
            Some(Fault::Broken(Broken::Cut)) => {
                let status = parcel.open(fault);
                parcel.told(status);
                let status = StatusCode::from_u16(status).unwrap();
                Err(refuse(TransportErrorKind::Network).with_status(status))
            }
            Some(Fault::Lost | Fault::Broken(_)) => {
                parcel.open(fault);
                Err(refuse(TransportErrorKind::Network))
            }
            Some(Fault::DoneBut(status)) => {
                parcel.open(fault);
                Ok(self.answer(*status, "{}"))
            }
            Some(Fault::Unconnected) => {
                parcel.open = false;
                Err(refuse(TransportErrorKind::Connect))
            }
            Some(Fault::Status(status, wait)) => {
                parcel.open = false;
                let said = format!(r#"{{"errors":["no, {key}"]}}"#);
                let mut answer = self.answer(*status, &said);
                if let Some(wait) = wait.header(time) {
                    answer
                        .headers_mut()
                        .insert("retry-after", wait.parse().unwrap());
                }
                Ok(answer)
            }
            Some(Fault::Captive) => {
                parcel.open = false;
                Ok(fault::captive(time))
            }
            Some(Fault::Redirect) => {
                parcel.open = false;
                Ok(fault::redirect(time))
            }
        }
    }
}

impl Parcel<'_> {
    /// The stream that its logs are of.
    fn stream(&self) -> Option<usize> {
        self.marks
            .iter()
            .flatten()
            .map(|(stream, _)| *stream)
            .next()
    }

    /// Does with the logs what is to be done, once: the status says what.
    fn open(&mut self, fault: Option<&Fault>) -> u16 {
        self.open = false;
        let world = &self.intake.world;
        let status = self.judge(fault);
        let stream = self.stream();
        let whose = stream.map_or("-".to_owned(), |stream| stream.to_string());
        let logs = self.texts.len();
        world
            .ledger
            .journal
            .note(format_args!("DD {whose} {logs} logs: {status}"));
        if status != 202 {
            return status;
        }
        let now = world.ledger.time.wall();
        for (text, mark) in self.texts.iter().zip(&self.marks) {
            let log = Members::read(text).unwrap_or_default();
            let Some((stream, index)) = *mark else {
                world.ledger.count(|figures| figures.envelopes += 1);
                continue;
            };
            let plan = &world.plan.streams[stream];
            let account = &world.plan.accounts[plan.account];
            let whence = (account.name.as_str(), plan.feed, account.region);
            if let Some(fault) = log::fault(&log, &plan.items[index], whence) {
                let what = format!("{stream}-{index}: {fault}: {text:.2000}");
                world.ledger.violated(Property::LogIsWellFormed, what);
            }
            let kept = log::is_open(&log, now);
            if !kept {
                let date = log.get("timestamp").unwrap_or("nothing");
                world
                    .ledger
                    .journal
                    .note(format_args!("DD drops {stream}-{index}, dated {date}"));
                world
                    .ledger
                    .count(|figures| figures.fault("dropped for its date"));
            }
            world.ledger.accepted(stream, index, kept);
        }
        self.untold = logs;
        202
    }

    fn judge(&self, fault: Option<&Fault>) -> u16 {
        let plan = &self.intake.world.plan;
        match (plan.codec, self.encoding.as_str()) {
            (Codec::None, "gzip" | "zstd") | (Codec::NoZstd, "zstd") => return 415,
            (Codec::ZstdIsMalformed, "zstd") => return 400,
            _ => {}
        }
        if matches!(fault, Some(Fault::TooMany(most)) if self.texts.len() > *most) {
            return 413;
        }
        let poison = |(stream, index): &(usize, usize)| {
            plan.streams[*stream].items[*index].nature == Nature::Poison
        };
        if self.marks.iter().flatten().any(poison) {
            400
        } else {
            202
        }
    }

    /// The answer goes out with this status.
    fn told(&mut self, status: u16) {
        if status == 202 {
            self.untold = 0;
        }
    }
}

impl Drop for Parcel<'_> {
    /// Nobody waits for an answer any more: the logs may get in all the same.
    fn drop(&mut self) {
        if self.open && self.intake.dice.lock().unwrap().chance(50) {
            self.open(None);
        }
        if let Some(stream) = self.stream() {
            self.intake.world.ledger.answer_lost(stream, self.untold);
        }
    }
}

#[async_trait]
impl Transport for Intake {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let mut parcel = match self.arrive(&request) {
            Ok(parcel) => parcel,
            Err(what) => {
                let what = format!("{what}: {}", request.uri());
                self.world.ledger.violated(Property::ProtocolKept, what);
                return Ok(self.answer(400, ""));
            }
        };
        let Some(stream) = parcel.stream() else {
            let latency = self.dice.lock().unwrap().millis(5, 300);
            sleep(latency).await;
            return self.spoilt(&mut parcel, None);
        };
        let attempt = Attempt::begin(&self.temper, &self.world, stream);
        let mut fault = self
            .world
            .strike(&[Place::Intake], &mut self.dice.lock().unwrap());
        let (before, after) = {
            let mut dice = self.dice.lock().unwrap();
            let after = match &fault {
                Some(Fault::Slow(by)) => *by,
                _ => dice.millis(0, 200),
            };
            (dice.millis(1, 300), after)
        };
        sleep(before).await;
        let time = self.world.ledger.time;
        let key = request.headers()["dd-api-key"].to_str().unwrap();
        if key != self.world.plan.key.taken(time.now())
            && matches!(fault, None | Some(Fault::Slow(_)))
        {
            self.world.ledger.count(|figures| figures.fault("old key"));
            fault = Some(Fault::Status(403, fault::Wait::Unsaid));
        }
        let slow = matches!(fault, Some(Fault::Slow(_)));
        if slow && self.dice.lock().unwrap().chance(50) {
            // The work is done, and the answer takes its time.
            let status = parcel.open(None);
            sleep(after).await;
            parcel.told(status);
            attempt.end(matches!(status, 202 | 400 | 413 | 415));
            return Ok(self.answer(status, "{}"));
        }
        sleep(after).await;
        let answer = self.spoilt(&mut parcel, fault.as_ref());
        if let Some(fault) = &fault {
            self.world
                .ledger
                .journal
                .note(format_args!("DD {stream} {fault}"));
        }
        let well = match &answer {
            Ok(answer) => matches!(answer.status().as_u16(), 202 | 400 | 413 | 415),
            Err(error) => error.status().is_some(),
        };
        attempt.end(well);
        answer
    }
}

fn unpack(encoding: &str, body: &Bytes) -> Option<Bytes> {
    let mut unpacked = Vec::new();
    match encoding {
        "identity" => return Some(body.clone()),
        "gzip" => GzDecoder::new(&body[..]).read_to_end(&mut unpacked).ok()?,
        "zstd" => return zstd::decode_all(&body[..]).ok().map(Bytes::from),
        _ => return None,
    };
    Some(unpacked.into())
}
