use std::collections::{HashMap, VecDeque};

use super::condition::{Condition, Limits};
use super::signal::{Signal, Signals};
use super::tally::{Span, Taken};
use super::{Case, Rule, RuleQuery};
use crate::Log;

#[cfg(test)]
mod tests;

/// Slides the window over the logs, for each group of each query.
pub(super) fn signals(rule: &Rule, logs: &[&Log]) -> Vec<Signal> {
    let mut signals = Signals::new(rule);
    let mut groups: HashMap<Vec<String>, Window> = HashMap::new();
    for log in logs {
        for (group, fields, taken) in takings(rule, log) {
            let window = groups
                .entry(group.clone())
                .or_insert_with(|| Window::new(rule));
            window.slide(log.millis(), taken);
            if let Some(case) = window.held() {
                signals.hold(case, log, fields, &group);
            }
        }
    }
    signals.raised()
}

/// What the queries take of a log, by the groups that it belongs to, and the fields that these are of.
fn takings<'a>(rule: &'a Rule, log: &Log) -> Vec<(Vec<String>, &'a [String], Taken)> {
    let mut takings: Vec<(Vec<String>, &[String], Taken)> = Vec::new();
    for (at, query) in rule.queries.iter().enumerate() {
        if !query.query.matches(log) {
            continue;
        }
        let (Some(group), Some(value)) = (query.group(log), query.value(log)) else {
            continue;
        };
        match takings.iter_mut().find(|(other, ..)| *other == group) {
            Some((.., taken)) => taken.push((at, value)),
            None => takings.push((group, &query.group_by, vec![(at, value)])),
        }
    }
    takings
}

/// A group's logs in the window, and what they amount to, kept up as logs come and go: a busy group may
/// have tens of thousands in it.
struct Window<'a> {
    rule: &'a Rule,
    /// What was taken of each log, and when it was.
    logs: VecDeque<(i64, Taken)>,
    whole: Span,
    /// One for each case that has a `THEN`.
    splits: Vec<Option<Split<'a>>>,
}

impl<'a> Window<'a> {
    fn new(rule: &'a Rule) -> Self {
        let splits = rule.cases.iter().map(|case| match &case.condition {
            Some(Condition::Then(first, second)) => Some(Split::new(&rule.queries, first, second)),
            _ => None,
        });
        Self {
            rule,
            logs: VecDeque::new(),
            whole: Span::new(&rule.queries),
            splits: splits.collect(),
        }
    }

    /// Takes a log in, and lets go of those that are too old by then.
    fn slide(&mut self, now: i64, taken: Taken) {
        self.whole.push(&taken);
        for split in self.splits.iter_mut().flatten() {
            split.after.push(&taken);
        }
        self.logs.push_back((now, taken));
        let oldest = now - self.rule.window;
        while self.logs.front().is_some_and(|(time, _)| *time < oldest)
            && let Some((_, taken)) = self.logs.pop_front()
        {
            self.whole.pop(&taken);
            for split in self.splits.iter_mut().flatten() {
                split.pop(&taken);
            }
        }
        for split in self.splits.iter_mut().flatten() {
            split.settle(&self.logs);
        }
    }

    /// The first case that holds.
    fn held(&self) -> Option<&'a Case> {
        let mut cases = self.rule.cases.iter().zip(&self.splits);
        let held = cases.find(|(case, split)| match (&case.condition, split) {
            (Some(Condition::Whole(limits)), _) => self.whole.passes(limits),
            (_, Some(split)) => split.holds(),
            _ => false,
        });
        held.map(|(case, _)| case)
    }
}

/// The window as a `THEN` divides it: after the first log up to which its first half holds, so that the most
/// is left to the second; the newest log is never before it.
struct Split<'a> {
    queries: &'a [RuleQuery],
    first: &'a Limits,
    second: &'a Limits,
    before: Span,
    after: Span,
    /// How many logs are before it.
    at: usize,
    /// Whether no log before it made anything less: then, as the oldest go, the place only moves on.
    only_grows: bool,
}

impl<'a> Split<'a> {
    fn new(queries: &'a [RuleQuery], first: &'a Limits, second: &'a Limits) -> Self {
        Self {
            queries,
            first,
            second,
            before: Span::new(queries),
            after: Span::new(queries),
            at: 0,
            only_grows: true,
        }
    }

    /// The window's oldest log leaves it.
    fn pop(&mut self, taken: &Taken) {
        if self.at == 0 {
            self.after.pop(taken);
            return;
        }
        self.before.pop(taken);
        self.at -= 1;
    }

    /// Finds the place, now that logs have come and gone.
    fn settle(&mut self, logs: &VecDeque<(i64, Taken)>) {
        if !self.only_grows {
            self.begin_anew(logs);
        }
        while !self.is_found() && self.at + 1 < logs.len() {
            let (_, taken) = &logs[self.at];
            self.only_grows &= !self.before.is_lessened_by(taken);
            self.after.pop(taken);
            self.before.push(taken);
            self.at += 1;
        }
    }

    fn begin_anew(&mut self, logs: &VecDeque<(i64, Taken)>) {
        self.before = Span::new(self.queries);
        self.after = Span::new(self.queries);
        for (_, taken) in logs {
            self.after.push(taken);
        }
        self.at = 0;
    }

    fn is_found(&self) -> bool {
        self.at > 0 && self.before.passes(self.first)
    }

    fn holds(&self) -> bool {
        self.is_found() && self.after.passes(self.second)
    }
}
