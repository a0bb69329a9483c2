//! What a rule's queries amount to over logs that follow one another.

use std::collections::HashMap;
use std::rc::Rc;

use super::condition::Limits;
use super::{Aggregate, RuleQuery};
use crate::Log;

/// What the queries take of one log: which query, and what.
pub(super) type Taken = Vec<(usize, Value)>;

pub(super) enum Value {
    One,
    Text(Rc<str>),
    Number(f64),
}

/// Logs that follow one another. The newest come in, the oldest go out, and at each time it is known what
/// the queries amount to over those that are in it, without a look at them.
pub(super) struct Span(Vec<Tally>);

/// What one query amounts to.
enum Tally {
    Count(usize),
    /// Each text, and how often it is there.
    Cardinality(HashMap<Rc<str>, usize>),
    Sum(Fold),
    Max(Fold),
}

/// Numbers in a queue, folded into one. What leaves isn't taken off again: so no rounding adds up, and what
/// isn't finite leaves nothing behind.
struct Fold {
    fold: fn(f64, f64) -> f64,
    /// What nothing is folded into.
    nothing: f64,
    /// The older half, the newest first: each folded with those of it that are newer.
    old: Vec<f64>,
    /// The newer half.
    new: Vec<f64>,
    new_folded: f64,
}

impl RuleQuery {
    /// What a log adds; none if it lacks the attribute that is counted.
    pub(super) fn value(&self, log: &Log) -> Option<Value> {
        match &self.aggregate {
            Aggregate::Count | Aggregate::Values(_) => Some(Value::One),
            Aggregate::Cardinality(fields) => {
                let texts: Option<Vec<String>> =
                    fields.iter().map(|field| log.text(field)).collect();
                Some(Value::Text(texts?.join("\u{0}").into()))
            }
            Aggregate::Sum(field) | Aggregate::Max(field) => {
                log.text(field)?.parse().ok().map(Value::Number)
            }
        }
    }
}

impl Span {
    pub(super) fn new(queries: &[RuleQuery]) -> Self {
        let tallies = queries.iter().map(|query| match query.aggregate {
            Aggregate::Count | Aggregate::Values(_) => Tally::Count(0),
            Aggregate::Cardinality(_) => Tally::Cardinality(HashMap::new()),
            Aggregate::Sum(_) => Tally::Sum(Fold::new(|one, other| one + other, 0.0)),
            Aggregate::Max(_) => Tally::Max(Fold::new(f64::max, f64::NEG_INFINITY)),
        });
        Self(tallies.collect())
    }

    /// The next log comes in.
    pub(super) fn push(&mut self, taken: &Taken) {
        for (query, value) in taken {
            self.0[*query].push(value);
        }
    }

    /// The oldest log, of which this was taken, goes out.
    pub(super) fn pop(&mut self, taken: &Taken) {
        for (query, value) in taken {
            self.0[*query].pop(value);
        }
    }

    pub(super) fn passes(&self, limits: &Limits) -> bool {
        limits.hold(&|query: usize| self.0[query].figure())
    }

    /// Whether a log may make a figure less when it comes in, or more when it goes out.
    pub(super) fn is_lessened_by(&self, taken: &Taken) -> bool {
        taken.iter().any(|(query, value)| {
            let is_sum = matches!(self.0[*query], Tally::Sum(_));
            is_sum && matches!(value, Value::Number(number) if number.is_nan() || *number < 0.0)
        })
    }
}

impl Tally {
    fn push(&mut self, value: &Value) {
        match (self, value) {
            (Self::Count(count), _) => *count += 1,
            (Self::Cardinality(texts), Value::Text(text)) => {
                *texts.entry(Rc::clone(text)).or_default() += 1;
            }
            (Self::Sum(fold) | Self::Max(fold), Value::Number(number)) => fold.push(*number),
            _ => {}
        }
    }

    fn pop(&mut self, value: &Value) {
        match (self, value) {
            (Self::Count(count), _) => *count -= 1,
            (Self::Cardinality(texts), Value::Text(text)) => match texts.get_mut(text) {
                Some(count) if *count > 1 => *count -= 1,
                _ => {
                    texts.remove(text);
                }
            },
            (Self::Sum(fold) | Self::Max(fold), Value::Number(_)) => fold.pop(),
            _ => {}
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "nobody counts that far")]
    fn figure(&self) -> f64 {
        match self {
            Self::Count(count) => *count as f64,
            Self::Cardinality(texts) => texts.len() as f64,
            Self::Sum(fold) | Self::Max(fold) => fold.folded(),
        }
    }
}

impl Fold {
    fn new(fold: fn(f64, f64) -> f64, nothing: f64) -> Self {
        Self {
            fold,
            nothing,
            old: Vec::new(),
            new: Vec::new(),
            new_folded: nothing,
        }
    }

    fn push(&mut self, number: f64) {
        self.new.push(number);
        self.new_folded = (self.fold)(self.new_folded, number);
    }

    fn pop(&mut self) {
        if self.old.is_empty() {
            let mut folded = self.nothing;
            while let Some(number) = self.new.pop() {
                folded = (self.fold)(number, folded);
                self.old.push(folded);
            }
            self.new_folded = self.nothing;
        }
        self.old.pop();
    }

    fn folded(&self) -> f64 {
        let old = self.old.last().copied().unwrap_or(self.nothing);
        (self.fold)(old, self.new_folded)
    }
}
