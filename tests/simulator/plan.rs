use std::fmt;
use std::time::{Duration, SystemTime};

use datadog_logs::Compression;
use onepassword_events::Feed;

use super::crash::Death;
use super::dice::Dice;
use super::fault::{Fault, Place, Spell, Wait};
use super::item::{Item, Nature};
use super::time::{LocalClock, wall};

/// What every token begins with, and what it ends with: nothing else has either.
pub(crate) const TOKEN_MARKS: [&str; 2] = ["eyJhbGciOiJFUzI1NiIs", "T0KEN-M4RK"];

/// What every API key ends with, and nothing else has.
pub(crate) const KEY_MARK: &str = "K3Y-M4RK";

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// Everything that a seed decides beforehand. What happens at a request is drawn when it is made.
pub(crate) struct Plan {
    pub(crate) accounts: Vec<AccountPlan>,
    pub(crate) streams: Vec<StreamPlan>,
    pub(crate) key: Secret,
    /// What the clients begin with, and what the intake understands.
    pub(crate) compression: Compression,
    pub(crate) codec: Codec,
    pub(crate) poll_interval: Duration,
    pub(crate) clock: LocalClock,
    /// When the faults stop, and with them insertions and crashes.
    pub(crate) faults_end: Duration,
    pub(crate) spells: Vec<Spell>,
    pub(crate) deaths: Vec<Death>,
    /// Of a hundred writes or reads of the disk, how many fail.
    pub(crate) disk_failures: u32,
    /// After the faults, for a while, one stream or account alone is broken.
    pub(crate) siege: Option<Spell>,
    /// Whether the rest is carried by drains instead of a run.
    pub(crate) drains: bool,
}

pub(crate) struct AccountPlan {
    pub(crate) name: String,
    pub(crate) region: &'static str,
    pub(crate) token: Secret,
    pub(crate) start: Option<SystemTime>,
    pub(crate) streams: Vec<usize>,
}

pub(crate) struct StreamPlan {
    pub(crate) account: usize,
    pub(crate) feed: Feed,
    /// The most items that the server puts on a page.
    pub(crate) limit: usize,
    /// In the order of the feed.
    pub(crate) items: Vec<Item>,
}

/// A secret that may be exchanged: from `refused` on, the server takes the new one alone, and from
/// `exchanged` on, the new one is where it is read from.
pub(crate) struct Secret {
    pub(crate) old: String,
    pub(crate) new: String,
    pub(crate) refused: Duration,
    pub(crate) exchanged: Duration,
}

/// What an intake makes of compressed bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    /// It takes gzip and zstd.
    All,
    /// 415 to zstd.
    NoZstd,
    /// 400 to zstd.
    ZstdIsMalformed,
    /// 415 to everything compressed.
    None,
}

impl Plan {
    pub(crate) fn draw(seed: u64) -> Self {
        let mut dice = Dice::new(seed, "plan");
        let dice = &mut dice;
        let span = dice.pick(&[5 * MINUTE, 20 * MINUTE, HOUR, 3 * HOUR]);
        let mut accounts = Vec::new();
        let mut streams = Vec::new();
        for account in 0..dice.pick(&[1, 1, 2, 3]) {
            let plan = AccountPlan::draw(dice, account, span, streams.len());
            for (place, feed) in plan.1.into_iter().enumerate() {
                let stream = plan.0.streams[place];
                streams.push(StreamPlan::draw(dice, account, stream, feed, span));
            }
            accounts.push(plan.0);
        }
        let mut places = vec![Place::Intake; 3];
        places.extend((0..accounts.len()).map(Place::Account));
        places.extend((0..streams.len()).map(Place::Stream));
        let count = dice.pick(&[0, 2, 4, 8, 16]);
        let spells = (0..count).map(|_| {
            let place = dice.pick(&places);
            Spell::draw(dice, place, span)
        });
        let spells = spells.collect();
        let siege = (streams.len() > 1 && dice.chance(30)).then(|| Spell {
            place: dice.pick(&places[3..]),
            fault: dice.pick(&[
                Fault::Status(403, Wait::Unsaid),
                Fault::Status(400, Wait::Unsaid),
                Fault::Status(503, Wait::Unsaid),
                Fault::Slow(Duration::from_secs(50)),
                Fault::Captive,
            ]),
            from: span,
            until: span + HOUR + 30 * MINUTE,
            percent: 100,
        });
        let (old, new) = (api_key(dice), api_key(dice));
        Self {
            key: Secret::draw(dice, span, old, new),
            accounts,
            streams,
            compression: dice.pick(&[Compression::Gzip, Compression::Zstd, Compression::None]),
            codec: dice.pick(&[
                Codec::All,
                Codec::All,
                Codec::All,
                Codec::NoZstd,
                Codec::ZstdIsMalformed,
                Codec::None,
            ]),
            poll_interval: (siege.as_ref().map_or(span, |siege| siege.until) / 40)
                .max(Duration::from_secs(10)),
            clock: clock(dice, span),
            faults_end: span,
            spells,
            deaths: Death::draw(dice, span),
            disk_failures: dice.pick(&[0, 0, 2, 10, 30]),
            siege,
            drains: dice.chance(30),
        }
    }

    /// When everything has stopped that could keep a stream from going on.
    pub(crate) fn calm_from(&self) -> Duration {
        self.siege
            .as_ref()
            .map_or(self.faults_end, |siege| siege.until)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let events: usize = self.streams.iter().map(|stream| stream.items.len()).sum();
        write!(
            f,
            "{} accounts, {} streams, {events} events, faults until {:?}, disk {} %, {:?} and {:?}, \
             deaths {:?}, clock {:?}, spells {:?}, siege {:?}, drains {}",
            self.accounts.len(),
            self.streams.len(),
            self.faults_end,
            self.disk_failures,
            self.compression,
            self.codec,
            self.deaths,
            self.clock,
            self.spells,
            self.siege,
            self.drains,
        )
    }
}

impl AccountPlan {
    fn draw(
        dice: &mut Dice,
        number: usize,
        span: Duration,
        first_stream: usize,
    ) -> (Self, Vec<Feed>) {
        let mut feeds = Feed::ALL.to_vec();
        while feeds.len() > 1 && dice.chance(40) {
            let gone = dice.below(feeds.len());
            feeds.remove(gone);
        }
        let region = dice.pick(&["events.1password.com", "events.1password.eu"]);
        let account = dice.uuid();
        let mint = |subject: String| {
            op_dd_fakes::TokenClaims::default()
                .audience(region)
                .features(feeds.iter().map(|feed| feed.as_str()))
                .account(account.clone())
                .subject(subject)
                .mint()
                + TOKEN_MARKS[1]
        };
        let (old, new) = (mint(dice.uuid()), mint(dice.uuid()));
        let start = dice.chance(50).then(|| {
            let back = dice.seconds(0, 30 * 24 * 3600);
            wall(Duration::ZERO) - back
        });
        let plan = Self {
            name: format!("account{number}"),
            region,
            token: Secret::draw(dice, span, old, new),
            start,
            streams: (first_stream..first_stream + feeds.len()).collect(),
        };
        (plan, feeds)
    }
}

impl StreamPlan {
    fn draw(dice: &mut Dice, account: usize, stream: usize, feed: Feed, span: Duration) -> Self {
        let limit = dice.pick(&[1, 2, 3, 5, 8, 13, 20, 40]);
        let pages = match limit {
            1..=5 => dice.between(0, 24),
            6..=13 => dice.between(1, 8),
            _ => dice.between(1, 4),
        };
        let count = limit * usize::try_from(pages).unwrap_or(1);
        let backlog = dice.below(count + 1);
        let mut times: Vec<_> = (0..count)
            .map(|index| {
                if index < backlog {
                    Duration::ZERO
                } else {
                    dice.moment(span)
                }
            })
            .collect();
        times.sort();
        // No more of a page than a client takes for the event's own fault.
        let mut poison = if dice.chance(20) {
            dice.between(1, 8)
        } else {
            0
        };
        let mut huge = dice.chance(1);
        let mut items: Vec<Item> = Vec::new();
        for inserted in times {
            let next = (stream, items.len());
            if poison > 0 && dice.chance(10) {
                poison -= 1;
                items.push(Item::fresh(dice, next, inserted, Nature::Poison));
            } else if huge && dice.chance(20) {
                huge = false;
                items.push(Item::fresh(dice, next, inserted, Nature::Huge));
            } else {
                items.push(Item::draw(dice, next, feed, inserted));
            }
        }
        Self {
            account,
            feed,
            limit,
            items,
        }
    }
}

impl Secret {
    fn draw(dice: &mut Dice, span: Duration, old: String, new: String) -> Self {
        let refused = if dice.chance(20) {
            dice.moment(span)
        } else {
            Duration::MAX
        };
        let exchanged = refused.saturating_add(dice.seconds(0, 600)).min(span);
        Self {
            old,
            new,
            refused,
            exchanged: if refused == Duration::MAX {
                refused
            } else {
                exchanged.max(refused)
            },
        }
    }

    /// What whoever reads it now gets.
    pub(crate) fn kept(&self, now: Duration) -> &str {
        if now < self.exchanged {
            &self.old
        } else {
            &self.new
        }
    }

    /// What the server takes now.
    pub(crate) fn taken(&self, now: Duration) -> &str {
        if now < self.refused {
            &self.old
        } else {
            &self.new
        }
    }

    pub(crate) fn is(&self, text: &str) -> bool {
        text == self.old || text == self.new
    }
}

fn api_key(dice: &mut Dice) -> String {
    dice.word(24) + KEY_MARK
}

fn clock(dice: &mut Dice, span: Duration) -> LocalClock {
    let offset = |dice: &mut Dice| {
        let hours = i64::try_from(dice.between(0, 12)).unwrap_or(0) - 6;
        let seconds = i64::try_from(dice.between(0, 3600)).unwrap_or(0);
        dice.pick(&[0, 0, seconds - 1800, hours * 3600 + seconds])
    };
    let mut offsets = vec![(Duration::ZERO, offset(dice))];
    if dice.chance(20) {
        for _ in 0..dice.between(1, 3) {
            let when = dice.moment(span);
            offsets.push((when, offset(dice)));
        }
        offsets.sort();
    }
    LocalClock(offsets)
}
