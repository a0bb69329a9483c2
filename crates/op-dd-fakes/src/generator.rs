use std::time::{Duration, SystemTime};

use crate::generator::account::Account;
use crate::generator::random::Random;
use crate::{Event, Feed, identifier};

pub(crate) mod account;
mod audit;
pub(crate) mod client;
mod elsewhere;
mod names;
pub(crate) mod place;
pub(crate) mod random;
mod sign_in;
pub(crate) mod time;
mod usage;
pub(crate) mod wire;

pub(crate) const HOUR: u64 = 3_600_000_000_000;
const DAY: u64 = 24 * HOUR;

/// How far back the history goes, an hour short of 30 days: whoever begins 30 days before about the same present gets
/// all of it.
const HISTORY: u64 = 30 * DAY - HOUR;

/// How far back most of it lies: within the 18 hours that Datadog takes, with room for a run that lasts a while.
const RECENT: u64 = 17 * HOUR;

/// One event in so many lies between the two.
const OLD_SHARE: usize = 16;

/// Of 100 events, how many are of which feed.
const SHARES: [(u64, Feed); 3] = [
    (35, Feed::SignInAttempts),
    (45, Feed::ItemUsages),
    (20, Feed::AuditEvents),
];

/// Events of one invented account, realistic in shape, in the order in which an Events API would have got them.
///
/// The same seed, anchor and number give the same bytes, on every machine. The random numbers are `SplitMix64`
/// (Steele, Lea and Flood, 2014): a counter and three multiplications, so that no version of another crate can change
/// them; not for anything that has to be hard to guess.
///
/// What is in it:
///
/// - about 35 % sign-in attempts, 45 % item usages and 20 % audit events, with the fields of version 2 in the order of
///   the published samples; from about 3,000 events on every type, category, action and kind of object that the
///   reference lists;
/// - a population of people, vaults, items and groups, a few of them busy, most of them not; people have a home and
///   a device, and travel now and then; addresses are from the ranges reserved for documentation (RFC 5737, RFC 3849),
///   names end in `example.com`;
/// - times to the nanosecond, without trailing zeros: most in the 17 hours before the anchor, one in sixteen in the 30
///   days before, none after; each feed in order, but for some 3 % of the item usages, which happened between an hour
///   and 30 days before they were inserted;
/// - `details: null`, and now and then no `location`, no `aux_*`, none of the fields of version 2.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use op_dd_fakes::Generator;
///
/// let anchor = SystemTime::UNIX_EPOCH + Duration::from_secs(1_777_636_800);
/// let events: Vec<_> = Generator::new(7, anchor, 1_000).collect();
/// assert_eq!(events, Generator::new(7, anchor, 1_000).collect::<Vec<_>>());
/// ```
#[derive(Debug, Clone)]
pub struct Generator {
    random: Random,
    account: Account,
    decks: Decks,
    /// Keeps the identifiers of one seed apart from those of another.
    salt: u64,
    /// Nanoseconds since 1970.
    anchor: u64,
    made: usize,
    count: usize,
}

/// Where the dealing of rare kinds is: chance alone would leave some out.
#[derive(Debug, Clone, Default)]
struct Decks {
    failures: usize,
    actions: usize,
    changes: usize,
}

impl Generator {
    /// `count` events, over the 30 days before `anchor`.
    pub fn new(seed: u64, anchor: SystemTime, count: usize) -> Self {
        let mut random = Random::new(seed);
        let account = Account::new(&mut random);
        let salt = random.next();
        let anchor = time::nanoseconds(anchor);
        Self {
            random,
            account,
            decks: Decks::default(),
            salt,
            anchor,
            made: 0,
            count,
        }
    }

    /// The UUID of the account that all of it happens in.
    pub fn account_uuid(&self) -> &str {
        &self.account.uuid
    }

    /// Logs of other services in which the same people are seen, at the same addresses, over the 17 hours before the
    /// anchor: for pictures of what 1Password's trail is looked at together with. No Events API has them; they are in
    /// the form that Datadog's intake takes, with the tag `invented:op-dd`. The events stay as they are.
    pub fn elsewhere(&self, count: usize) -> impl Iterator<Item = String> {
        let mut random = Random::new(Random::mix(self.salt));
        (0..count).map(move |_| elsewhere::make(&mut random, &self.account, self.anchor))
    }

    /// When the event after `made` others is inserted: evenly, but for a chance within its share of the time.
    fn insertion(&mut self) -> u64 {
        let old = self.count / OLD_SHARE;
        let (past, length, place, of) = if self.made < old {
            (HISTORY, HISTORY - RECENT, self.made, old)
        } else {
            (RECENT, RECENT, self.made - old, self.count - old)
        };
        let share = length / of as u64;
        self.anchor.saturating_sub(past) + share * place as u64 + self.random.below(share)
    }

    /// Distinct within a run: the number of the event is in it, behind a mixing that no two numbers share.
    fn uuid(&mut self) -> String {
        let low = Random::mix(self.salt.wrapping_add(self.made as u64));
        identifier::upper(u128::from(self.random.next()) << 64 | u128::from(low))
    }
}

impl Iterator for Generator {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        if self.made == self.count {
            return None;
        }
        let inserted = self.insertion();
        let uuid = self.uuid();
        let earliest = self.anchor.saturating_sub(HISTORY);

        let Self {
            random,
            account,
            decks,
            ..
        } = self;
        let feed = random.weighted(&SHARES);
        let happened = match feed {
            Feed::ItemUsages => time::before_sync(random, inserted),
            Feed::SignInAttempts | Feed::AuditEvents => inserted,
        };
        let time = time::rounded(random, happened).max(earliest);
        let json = match feed {
            Feed::SignInAttempts => sign_in::make(random, account, &mut decks.failures, uuid, time),
            Feed::ItemUsages => usage::make(random, account, &mut decks.actions, uuid, time),
            Feed::AuditEvents => audit::make(random, account, &mut decks.changes, uuid, time),
        };
        self.made += 1;
        let time = SystemTime::UNIX_EPOCH + Duration::from_nanos(time);
        Some(Event {
            feed,
            time,
            json: json.into_boxed_str(),
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.count - self.made;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Generator {}

#[cfg(test)]
mod tests;
