use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use http::StatusCode;

use super::{Fault, FaultKind, FaultScript, Side};
use crate::Error;

/// The kinds, for whoever misspelt one.
const KINDS: &str = "a status from 300 to 599 (`429=2s` adds Retry-After), cut, reset, silent, lost, half, \
                     length=+7, drip=1s, slow=200ms, garbage, ok, and for events also empty, nocursor, emptycursor";

impl FromStr for Fault {
    type Err = Error;

    /// Reads `SIDE:KIND[=ARG][xN]`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let refused = |reason: String| Error::Fault {
            text: text.to_owned(),
            reason,
        };

        let (side, rest) = text
            .split_once(':')
            .ok_or_else(|| refused("it is written SIDE:KIND[=ARG][xN]".to_owned()))?;
        let side = match side {
            "events" => Side::Events,
            "intake" => Side::Intake,
            _ => {
                return Err(refused(format!(
                    "the side is `events` or `intake`, not `{side}`"
                )));
            }
        };
        let (rest, times) = match split_times(rest) {
            Some((rest, count)) => {
                let times = count
                    .parse()
                    .ok()
                    .filter(|times| *times > 0)
                    .ok_or_else(|| {
                        refused(format!(
                            "`x{count}` must repeat it at least once, and at most x{}",
                            u32::MAX
                        ))
                    })?;
                (rest, times)
            }
            None => (rest, 1),
        };
        let (kind, argument) = match rest.split_once('=') {
            Some((kind, argument)) => (kind, Some(argument)),
            None => (rest, None),
        };
        let duration = |argument| {
            parse_duration(argument).ok_or_else(|| {
                refused(format!(
                    "`{argument}` is no duration such as 200ms, 2s or 1m"
                ))
            })
        };
        let kind = match (kind, argument) {
            ("cut", None) => FaultKind::Cut,
            ("reset", None) => FaultKind::Reset,
            ("silent", None) => FaultKind::Silent,
            ("lost", None) => FaultKind::Lost,
            ("half", None) => FaultKind::Half,
            ("length", off) => {
                FaultKind::Length(parse_off(off.unwrap_or("+1")).ok_or_else(|| {
                    refused(
                        "it is so many bytes too long or too short: length=+7, length=-7"
                            .to_owned(),
                    )
                })?)
            }
            ("drip", pause) => FaultKind::Drip(duration(pause.unwrap_or("1s"))?),
            ("slow", Some(delay)) => FaultKind::Slow(duration(delay)?),
            ("slow", None) => return Err(refused("it needs a duration: slow=200ms".to_owned())),
            ("empty", None) => FaultKind::Empty,
            ("nocursor", None) => FaultKind::NoCursor,
            ("emptycursor", None) => FaultKind::EmptyCursor,
            ("garbage", None) => FaultKind::Garbage,
            ("ok", None) => FaultKind::Ok,
            (kind, wait) => match parse_status(kind) {
                Some(code) => FaultKind::Status {
                    code,
                    retry_after: wait.map(duration).transpose()?,
                },
                None => return Err(refused(format!("`{rest}` is none of the kinds: {KINDS}"))),
            },
        };
        Self::new(side, kind).map(|fault| fault.repeated(times))
    }
}

impl FromStr for FaultScript {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        text.split(|c: char| c == ',' || c.is_whitespace())
            .filter(|fault| !fault.is_empty())
            .map(str::parse)
            .collect()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.side, self.kind)?;
        match self.times {
            1 => Ok(()),
            times => write!(f, "x{times}"),
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Events => "events",
            Self::Intake => "intake",
        })
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status {
                code,
                retry_after: None,
            } => write!(f, "{}", code.as_u16()),
            Self::Status {
                code,
                retry_after: Some(wait),
            } => {
                write!(f, "{}=", code.as_u16())?;
                write_duration(f, *wait)
            }
            Self::Cut => f.write_str("cut"),
            Self::Reset => f.write_str("reset"),
            Self::Silent => f.write_str("silent"),
            Self::Lost => f.write_str("lost"),
            Self::Half => f.write_str("half"),
            Self::Length(off) => write!(f, "length={off:+}"),
            Self::Drip(pause) => {
                f.write_str("drip=")?;
                write_duration(f, *pause)
            }
            Self::Slow(delay) => {
                f.write_str("slow=")?;
                write_duration(f, *delay)
            }
            Self::Empty => f.write_str("empty"),
            Self::NoCursor => f.write_str("nocursor"),
            Self::EmptyCursor => f.write_str("emptycursor"),
            Self::Garbage => f.write_str("garbage"),
            Self::Ok => f.write_str("ok"),
        }
    }
}

/// Takes `xN` off the end, if there is one.
fn split_times(text: &str) -> Option<(&str, &str)> {
    let (rest, count) = text.rsplit_once('x')?;
    (!count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit())).then_some((rest, count))
}

fn parse_status(text: &str) -> Option<StatusCode> {
    let code = text
        .parse()
        .ok()
        .filter(|code| (300..=599).contains(code))?;
    StatusCode::from_u16(code).ok()
}

fn parse_duration(text: &str) -> Option<Duration> {
    let unit = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u32 = text[..unit].parse().ok()?;
    match &text[unit..] {
        "ms" => Some(Duration::from_millis(number.into())),
        "s" => Some(Duration::from_secs(number.into())),
        "m" => Some(Duration::from_secs(u64::from(number) * 60)),
        _ => None,
    }
}

/// A number of bytes with its sign; none is no fault.
fn parse_off(text: &str) -> Option<i32> {
    let off = text.parse().ok().filter(|off| *off != 0)?;
    text.starts_with(['+', '-']).then_some(off)
}

fn write_duration(f: &mut fmt::Formatter<'_>, duration: Duration) -> fmt::Result {
    match duration.subsec_nanos() {
        0 => write!(f, "{}s", duration.as_secs()),
        _ => write!(f, "{}ms", duration.as_millis()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Fault {
        text.parse().unwrap()
    }

    #[test]
    fn reads_what_it_writes() {
        for text in [
            "intake:403",
            "intake:429=2s",
            "intake:429=2sx3",
            "events:503=1500msx2",
            "events:cut",
            "intake:lostx2",
            "events:reset",
            "intake:silentx2",
            "intake:half",
            "events:length=+7",
            "intake:length=-7x2",
            "events:drip=20ms",
            "events:slow=200ms",
            "events:empty",
            "events:nocursor",
            "events:emptycursorx4",
            "intake:garbage",
            "events:ok",
        ] {
            assert_eq!(fault(text).to_string(), text);
        }
        assert_eq!(fault("intake:403x1"), fault("intake:403"));
        assert_eq!(fault("intake:dripx2"), fault("intake:drip=1sx2"));
        assert_eq!(fault("events:length"), fault("events:length=+1"));
        assert_eq!(
            fault("events:slow=1m").kind(),
            FaultKind::Slow(Duration::from_secs(60))
        );
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, hint) in [
            ("", "SIDE:KIND"),
            ("cut", "SIDE:KIND"),
            ("datadog:cut", "`events` or `intake`"),
            ("intake:cutt", "none of the kinds"),
            ("intake:cutt", "nocursor"),
            ("intake:200", "none of the kinds"),
            ("intake:600", "none of the kinds"),
            ("intake:cut=2s", "none of the kinds"),
            ("intake:slow", "slow=200ms"),
            ("intake:slow=2", "no duration"),
            ("intake:429=2h", "no duration"),
            ("intake:reset=2s", "none of the kinds"),
            ("intake:drip=2", "no duration"),
            ("intake:length=+0", "length=-7"),
            ("intake:length=7", "length=-7"),
            ("intake:length=2s", "length=-7"),
            ("intake:cutx0", "at least once"),
            ("intake:cutx99999999999", "at most"),
            ("intake:empty", "only a page of events"),
        ] {
            let error = text.parse::<Fault>().unwrap_err().to_string();
            assert!(error.contains(hint), "{text}: {error}");
        }
    }

    #[test]
    fn a_script_is_a_list() {
        let script: FaultScript = " events:cut,intake:500x2\n events:ok".parse().unwrap();
        assert_eq!(script.to_string(), "events:cut intake:500x2 events:ok");
        assert_eq!("".parse::<FaultScript>().unwrap(), FaultScript::default());
        assert!("events:cut events:cutt".parse::<FaultScript>().is_err());
    }
}
