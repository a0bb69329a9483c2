use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::time::SystemTime;

use super::figures::Figures;
use super::item::{Item, Nature};
use super::journal::Journal;
use super::plan::{Plan, StreamPlan};
use super::property::{Property, Violation};
use super::time::Time;

/// What has become of every item, as nobody in the simulation but the simulation knows; and what should
/// not have happened.
pub(crate) struct Ledger {
    pub(crate) time: Time,
    pub(crate) journal: Journal,
    streams: Vec<Mutex<Account>>,
    violations: Mutex<Vec<Violation>>,
    figures: Mutex<Figures>,
}

/// The account that is kept of a stream.
#[derive(Default)]
struct Account {
    /// What the first committed place says that the stream begins with.
    start: Option<SystemTime>,
    fates: Vec<Fate>,
    /// The items before this are behind the stored cursor.
    committed: usize,
    /// The last item that arrived for the first time.
    last_new: Option<usize>,
    duplicates: usize,
    /// How many may arrive twice, for what has gone wrong.
    excused: usize,
}

#[derive(Clone, Copy, Default)]
struct Fate {
    accepted: usize,
    kept: usize,
    letters: usize,
}

impl Ledger {
    pub(crate) fn new(time: Time, journal: Journal, plan: &Plan) -> Self {
        let streams = plan.streams.iter().map(|stream| {
            Mutex::new(Account {
                fates: vec![Fate::default(); stream.items.len()],
                ..Account::default()
            })
        });
        Self {
            time,
            journal,
            streams: streams.collect(),
            violations: Mutex::default(),
            figures: Mutex::default(),
        }
    }

    /// Takes note that a property doesn't hold. The first time of each counts.
    pub(crate) fn violated(&self, property: Property, what: String) {
        let mut violations = self.violations.lock().unwrap();
        if violations.iter().all(|known| known.property != property) {
            self.journal
                .note(format_args!("VIOLATED {property}: {what}"));
            violations.push(Violation { property, what });
        }
    }

    pub(crate) fn take_violations(&self) -> Vec<Violation> {
        std::mem::take(&mut self.violations.lock().unwrap())
    }

    pub(crate) fn count(&self, count: impl FnOnce(&mut Figures)) {
        count(&mut self.figures.lock().unwrap());
    }

    pub(crate) fn figures(&self) -> Figures {
        self.figures.lock().unwrap().clone()
    }

    /// The intake has said 202 to an item's log, and has kept it or not.
    pub(crate) fn accepted(&self, stream: usize, index: usize, kept: bool) {
        let mut account = self.streams[stream].lock().unwrap();
        let fate = &mut account.fates[index];
        fate.accepted += 1;
        fate.kept += usize::from(kept);
        if fate.accepted > 1 {
            account.duplicates += 1;
            self.count(|figures| figures.duplicates += 1);
            if account.duplicates > account.excused {
                let (duplicates, excused) = (account.duplicates, account.excused);
                let what = format!(
                    "{stream}-{index} arrived again: {duplicates} of stream {stream}, \
                     and {excused} may"
                );
                self.violated(Property::DuplicatesBounded, what);
            }
            return;
        }
        if account.last_new.is_some_and(|last| last > index) {
            let what = format!("{stream}-{index} arrived after {:?}", account.last_new);
            self.violated(Property::OrderKept, what);
        }
        account.last_new = Some(index);
    }

    /// The answer to so many accepted logs was lost: they may come again.
    pub(crate) fn answer_lost(&self, stream: usize, logs: usize) {
        self.streams[stream].lock().unwrap().excused += logs;
    }

    /// The process has died: what was accepted behind the cursor may come again.
    pub(crate) fn crashed(&self) {
        for account in &self.streams {
            let mut account = account.lock().unwrap();
            let behind = &account.fates[account.committed..];
            account.excused += behind.iter().filter(|fate| fate.accepted > 0).count();
        }
    }

    /// Letters have got onto the disk.
    pub(crate) fn kept(&self, stream: usize, plan: &StreamPlan, letters: &[String]) {
        let mut account = self.streams[stream].lock().unwrap();
        let mut now: HashMap<usize, usize> = HashMap::new();
        for raw in letters {
            // Items that are alike take turns.
            let alike = plan
                .items
                .iter()
                .enumerate()
                .filter(|(_, item)| item.raw == *raw);
            let index = alike
                .map(|(index, _)| index)
                .min_by_key(|index| (account.fates[*index].letters, *index));
            let Some(index) = index else {
                let what = format!("a dead letter is of no event: {raw:.200}");
                self.violated(Property::NothingLost, what);
                continue;
            };
            account.fates[index].letters += 1;
            self.count(|figures| figures.letters += 1);
            *now.entry(index).or_default() += 1;
            let unique = plan.items[index].nature != Nature::NotObject;
            if unique && (now[&index] > 1 || index < account.committed) {
                let what = format!("{stream}-{index} is a dead letter again");
                self.violated(Property::DuplicatesBounded, what);
            }
            if plan.items[index].nature == Nature::Plain {
                let what = format!("{stream}-{index} is a dead letter and need not be");
                self.violated(Property::NothingLost, what);
            }
        }
    }

    /// The stream begins here.
    pub(crate) fn begun(&self, stream: usize, start: SystemTime) {
        let mut account = self.streams[stream].lock().unwrap();
        if account.start.is_some_and(|known| known != start) {
            let what = format!("stream {stream} begins anew at another time");
            self.violated(Property::ProtocolKept, what);
        }
        account.start.get_or_insert(start);
    }

    /// Where the stream begins, if that has been said.
    pub(crate) fn start(&self, stream: usize) -> Option<SystemTime> {
        self.streams[stream].lock().unwrap().start
    }

    /// The stored cursor stands before this item.
    pub(crate) fn committed(&self, stream: usize, plan: &StreamPlan, index: usize) {
        let mut account = self.streams[stream].lock().unwrap();
        if index < account.committed {
            let what = format!(
                "stream {stream} went back from {} to {index}",
                account.committed
            );
            self.violated(Property::CursorNeverAhead, what);
            return;
        }
        for place in account.committed..index {
            if account.is_lost(&plan.items[place], place) {
                let what = format!(
                    "stream {stream} is committed up to {index}, and {stream}-{place} was \
                     neither kept nor is it a dead letter"
                );
                self.violated(Property::CursorNeverAhead, what);
                break;
            }
        }
        account.committed = index;
    }

    pub(crate) fn committed_at(&self, stream: usize) -> usize {
        self.streams[stream].lock().unwrap().committed
    }

    /// The first item of a stream that was inserted by now, or until a time before, and that the cursor
    /// has not passed.
    pub(crate) fn left(
        &self,
        stream: usize,
        plan: &StreamPlan,
        inserted: std::time::Duration,
    ) -> Option<usize> {
        let account = self.streams[stream].lock().unwrap();
        let items = plan.items.iter().enumerate().skip(account.committed);
        let mut items = items.take_while(|(_, item)| item.inserted <= inserted);
        items
            .find(|(_, item)| account.expects(item))
            .map(|(index, _)| index)
    }

    /// All that was lost of a stream.
    pub(crate) fn lost(&self, stream: usize, plan: &StreamPlan) -> Vec<String> {
        let account = self.streams[stream].lock().unwrap();
        let items = plan.items.iter().enumerate();
        let lost = items.filter(|(index, item)| account.is_lost(item, *index));
        lost.map(|(index, item)| {
            let fate = account.fates[index];
            let raw: String = item.raw.chars().take(300).collect();
            format!("{stream}-{index} (accepted {} times): {raw}", fate.accepted)
        })
        .collect()
    }

    /// How many letters there are of each text.
    pub(crate) fn letters(&self, stream: usize, plan: &StreamPlan) -> BTreeMap<String, usize> {
        let account = self.streams[stream].lock().unwrap();
        let mut letters = BTreeMap::new();
        for (item, fate) in plan.items.iter().zip(&account.fates) {
            if fate.letters > 0 {
                *letters.entry(item.raw.clone()).or_default() += fate.letters;
            }
        }
        letters
    }
}

impl Account {
    fn expects(&self, item: &Item) -> bool {
        self.start.is_none_or(|start| item.time >= start)
    }

    fn is_lost(&self, item: &Item, index: usize) -> bool {
        let Fate { kept, letters, .. } = self.fates[index];
        self.expects(item) && kept == 0 && letters == 0
    }
}
