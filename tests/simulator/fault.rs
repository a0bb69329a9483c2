use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::Response;

use super::dice::Dice;
use super::time::{Time, wall};

/// What a server, or the way to it, does instead of what it should.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// No connection.
    Unconnected,
    /// The work is done, and the answer never arrives.
    Lost,
    /// The answer takes this long, perhaps longer than the client waits.
    Slow(Duration),
    /// An answer of this status, perhaps with a wait.
    Status(u16, Wait),
    /// The work is done, and something in between answers with this status.
    DoneBut(u16),
    /// 200 and a page of HTML.
    Captive,
    /// 302.
    Redirect,
    /// The body breaks off or is none; the intake's stands behind its 202.
    Broken(Broken),
    /// The intake answers 413 to more entries than this.
    TooMany(usize),
}

/// How a server asks to be left alone.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wait {
    Unsaid,
    Seconds(u64),
    Date(u64),
    Garbage,
}

/// What is the matter with a page.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Broken {
    Cut,
    Empty,
    NoCursor,
    EmptyCursor,
    List,
    TooLarge,
}

/// Where a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Intake,
    Account(usize),
    Stream(usize),
}

/// A time in which a fault strikes now and then, or always.
#[derive(Clone, Debug)]
pub(crate) struct Spell {
    pub(crate) place: Place,
    pub(crate) fault: Fault,
    pub(crate) from: Duration,
    pub(crate) until: Duration,
    pub(crate) percent: u32,
}

impl Spell {
    /// A spell within `span`.
    pub(crate) fn draw(dice: &mut Dice, place: Place, span: Duration) -> Self {
        let from = dice.moment(span);
        let length = match dice.below(3) {
            0 => dice.seconds(1, 60),
            1 => dice.seconds(60, 600),
            _ => dice.moment(span),
        };
        Self {
            place,
            fault: if place == Place::Intake {
                intake(dice)
            } else {
                onepassword(dice)
            },
            from,
            until: (from + length).min(span),
            percent: dice.pick(&[10, 30, 60, 100]),
        }
    }

    /// Whether it strikes at one of these places now.
    pub(crate) fn strikes(&self, places: &[Place], time: Time, dice: &mut Dice) -> bool {
        let now = time.now();
        places.contains(&self.place)
            && (self.from..self.until).contains(&now)
            && dice.chance(self.percent)
    }
}

fn onepassword(dice: &mut Dice) -> Fault {
    match dice.below(12) {
        0 => Fault::Unconnected,
        1 => Fault::Lost,
        2 => slow(dice),
        3 | 4 => Fault::Status(dice.pick(&[408, 429, 500, 502, 503, 504]), Wait::draw(dice)),
        5 => Fault::Status(dice.pick(&[401, 403]), Wait::Unsaid),
        6 => Fault::Status(dice.pick(&[400, 404, 204, 418]), Wait::Unsaid),
        7 => Fault::Captive,
        8 => Fault::Redirect,
        _ => Fault::Broken(dice.pick(&[
            Broken::Cut,
            Broken::Empty,
            Broken::NoCursor,
            Broken::EmptyCursor,
            Broken::List,
            Broken::TooLarge,
        ])),
    }
}

fn intake(dice: &mut Dice) -> Fault {
    match dice.below(12) {
        0 => Fault::Unconnected,
        1 | 2 => Fault::Lost,
        3 => slow(dice),
        4 | 5 => Fault::Status(dice.pick(&[408, 429, 500, 502, 503, 504]), Wait::draw(dice)),
        6 => Fault::DoneBut(dice.pick(&[200, 408, 500, 502, 504])),
        7 => Fault::Status(dice.pick(&[401, 403, 403]), Wait::Unsaid),
        8 => Fault::Captive,
        9 => Fault::Redirect,
        10 => Fault::Broken(Broken::Cut),
        _ => Fault::TooMany(dice.pick(&[1, 1, 2, 3, 7])),
    }
}

fn slow(dice: &mut Dice) -> Fault {
    Fault::Slow(dice.millis(1_000, 50_000))
}

impl Wait {
    fn draw(dice: &mut Dice) -> Self {
        match dice.below(8) {
            0..=3 => Self::Unsaid,
            4 | 5 => Self::Seconds(dice.pick(&[0, 1, 5, 30, 120, 900, 86_400])),
            6 => Self::Date(dice.pick(&[0, 2, 60, 600])),
            _ => Self::Garbage,
        }
    }

    /// The header `Retry-After`, said at this time.
    pub(crate) fn header(self, time: Time) -> Option<String> {
        match self {
            Self::Unsaid => None,
            Self::Seconds(seconds) => Some(seconds.to_string()),
            Self::Date(seconds) => {
                let until = wall(time.now() + Duration::from_secs(seconds));
                Some(httpdate::fmt_http_date(until))
            }
            Self::Garbage => Some("soon".to_owned()),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unconnected => f.write_str("no connection"),
            Self::Lost => f.write_str("answer lost"),
            Self::Slow(_) => f.write_str("slow"),
            Self::Status(status, Wait::Unsaid) => write!(f, "{status}"),
            Self::Status(status, _) => write!(f, "{status} with Retry-After"),
            Self::DoneBut(status) => write!(f, "done, but {status}"),
            Self::Captive => f.write_str("200 HTML"),
            Self::Redirect => f.write_str("302"),
            Self::Broken(how) => write!(f, "body {how:?}"),
            Self::TooMany(_) => f.write_str("413"),
        }
    }
}

/// What a hotel's network says, with a clock of its own.
pub(crate) fn captive(time: Time) -> Response<Bytes> {
    let wrong = wall(time.now()) - Duration::from_secs(7 * 3600);
    let answer = Response::builder()
        .status(200)
        .header("date", httpdate::fmt_http_date(wrong))
        .header("content-type", "text/html");
    answer
        .body(Bytes::from_static(b"<html>Please sign in</html>"))
        .unwrap()
}

/// What takes secrets to where they don't belong, if it is followed.
pub(crate) fn redirect(time: Time) -> Response<Bytes> {
    let answer = Response::builder()
        .status(302)
        .header("date", time.date())
        .header("location", "https://elsewhere.example/");
    answer.body(Bytes::new()).unwrap()
}
