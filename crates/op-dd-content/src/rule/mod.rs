use serde_json::Value;
use thiserror::Error;

use crate::Log;
use crate::search::Query;

mod condition;
mod model;
mod new_value;
mod samples;
mod signal;
mod tally;
mod threshold;
mod travel;
mod watch;

use condition::Condition;
use model::{Method, Model};
pub use signal::{Severity, Signal};
pub use watch::WatchLists;

/// A detection rule that has been understood, and can be tried on logs.
///
/// It says which logs a rule takes, and whether its conditions are reached in them. It is ours, not
/// Datadog's: when Datadog looks, how it learns and which signals it merges differs in detail.
///
/// ```
/// use op_dd_content::{Log, Rule, Severity};
///
/// let rule = Rule::parse(r#"{"name": "Export", "message": "", "tags": [], "isEnabled": true,
///     "queries": [{"query": "@evt.name:export", "groupByFields": ["@usr.email"]}],
///     "cases": [{"name": "", "status": "high", "condition": "a > 0"}],
///     "options": {"detectionMethod": "threshold", "evaluationWindow": 300,
///         "keepAlive": 300, "maxSignalDuration": 3600}}"#)?;
/// let log = Log::sent(r#"{"evt":{"name":"export"},"usr":{"email":"ada@example.com"},
///     "timestamp":"2026-05-01T12:00:00Z"}"#)?;
/// let signals = rule.signals(&[log]);
/// assert_eq!(signals[0].severity, Severity::High);
/// assert_eq!(signals[0].group, [("@usr.email".to_owned(), "ada@example.com".to_owned())]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rule {
    name: String,
    message: String,
    tags: Vec<String>,
    queries: Vec<RuleQuery>,
    cases: Vec<Case>,
    method: Method,
    /// Milliseconds, as all times here.
    window: i64,
    keep_alive: i64,
    longest: i64,
}

/// What a rule counts.
#[derive(Clone, Debug)]
pub struct RuleQuery {
    name: String,
    query: Query,
    group_by: Vec<String>,
    aggregate: Aggregate,
}

#[derive(Clone, Debug)]
enum Aggregate {
    Count,
    /// Of the combinations of these.
    Cardinality(Vec<String>),
    Sum(String),
    Max(String),
    /// What new values are looked for in.
    Values(Vec<String>),
}

#[derive(Clone, Debug)]
struct Case {
    name: String,
    severity: Severity,
    condition: Option<Condition>,
}

/// What is wrong with a rule, and where.
///
/// It prints with what it is about: `query 2: a parenthesis isn't closed, at character 19`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}{problem}{}", self.part(), self.character())]
pub struct RuleError {
    /// The place in the file, as a JSON pointer.
    pub pointer: String,
    /// What is wrong there.
    pub problem: String,
    /// Where in the text that is at that place, in bytes, if it is a query or a condition.
    pub at: Option<usize>,
}

impl RuleError {
    /// The query or the case that it is about, as the beginning of a sentence.
    fn part(&self) -> String {
        let mut tokens = self.pointer.split('/').skip(1);
        let part = match tokens.next() {
            Some("queries") => "query",
            Some("cases") => "case",
            _ => return String::new(),
        };
        let number = tokens.next().and_then(|at| at.parse::<usize>().ok());
        number.map_or_else(String::new, |at| format!("{part} {}: ", at + 1))
    }

    fn character(&self) -> String {
        self.at
            .map_or_else(String::new, |at| format!(", at character {}", at + 1))
    }
}

impl Rule {
    /// Reads the JSON of a rule, in the form of the API.
    ///
    /// # Errors
    ///
    /// If it isn't one: a member is missing, a query or a condition can't be understood, or a condition
    /// names a query that there isn't.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let model: Model = serde_json::from_str(text).map_err(|error| RuleError {
            pointer: String::new(),
            problem: error.to_string(),
            at: None,
        })?;
        model.into_rule()
    }

    /// The same, of JSON that has been parsed.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn from_json(json: &Value) -> Result<Self, RuleError> {
        Self::parse(&json.to_string())
    }

    /// Its name, which signals bear.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What a signal tells a person, in Markdown.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The tags, such as `source:1password`.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        &self.tags
    }

    /// What it counts.
    #[must_use]
    pub fn queries(&self) -> &[RuleQuery] {
        &self.queries
    }

    /// How serious the gravest of its cases is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        let severities = self.cases.iter().map(|case| case.severity);
        severities.max().unwrap_or(Severity::Info)
    }

    /// Whether its method is one that is tried here: threshold, new value and impossible travel are;
    /// how Datadog finds anomalies isn't published.
    #[must_use]
    pub fn is_evaluated(&self) -> bool {
        !matches!(self.method, Method::Other)
    }

    /// The cases that are never reached, each with an earlier one that holds whenever it does.
    pub(crate) fn unreached_cases(&self) -> Vec<(usize, usize)> {
        let conditions = || {
            let cases = self.cases.iter().enumerate();
            cases.filter_map(|(at, case)| Some((at, case.condition.as_ref()?)))
        };
        let unreached = conditions().filter_map(|(at, condition)| {
            let mut earlier = conditions().take_while(|(earlier, _)| *earlier < at);
            let (earlier, _) = earlier.find(|(_, earlier)| condition.implies(earlier))?;
            Some((at, earlier))
        });
        unreached.collect()
    }

    /// What it raises over these logs, in the order of their dates. Nothing, if its method isn't one that
    /// is tried here.
    #[must_use]
    pub fn signals(&self, logs: &[Log]) -> Vec<Signal> {
        let mut sorted: Vec<&Log> = logs.iter().collect();
        sorted.sort_by_key(|log| log.millis());
        self.signals_of(&sorted)
    }

    /// The same, of logs that are in the order of their dates already.
    pub(crate) fn signals_of(&self, logs: &[&Log]) -> Vec<Signal> {
        match &self.method {
            Method::Threshold => threshold::signals(self, logs),
            Method::NewValue(options) => new_value::signals(self, options, logs),
            Method::ImpossibleTravel(options) => travel::signals(self, options, logs),
            Method::Other => Vec::new(),
        }
    }
}

impl RuleQuery {
    /// What conditions call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The logs that it takes.
    #[must_use]
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// The fields whose values are counted apart.
    #[must_use]
    pub fn group_by(&self) -> &[String] {
        &self.group_by
    }

    /// The other fields that it reads: those that are counted, added up or new.
    #[must_use]
    pub fn fields(&self) -> Vec<&str> {
        match &self.aggregate {
            Aggregate::Count => Vec::new(),
            Aggregate::Cardinality(fields) | Aggregate::Values(fields) => {
                fields.iter().map(String::as_str).collect()
            }
            Aggregate::Sum(field) | Aggregate::Max(field) => vec![field],
        }
    }

    /// The group that a log belongs to; none if it lacks a field that is grouped by.
    fn group(&self, log: &Log) -> Option<Vec<String>> {
        self.group_by.iter().map(|field| log.text(field)).collect()
    }
}
