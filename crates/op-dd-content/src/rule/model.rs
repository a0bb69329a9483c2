//! The JSON of a rule.

use serde::Deserialize;

use super::condition::Condition;
use super::{Aggregate, Case, Rule, RuleError, RuleQuery, Severity};
use crate::search::Query;

#[derive(Deserialize)]
pub(super) struct Model {
    name: String,
    message: String,
    #[serde(default)]
    tags: Vec<String>,
    queries: Vec<QueryModel>,
    cases: Vec<CaseModel>,
    options: Options,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QueryModel {
    name: Option<String>,
    query: String,
    aggregation: Option<String>,
    #[serde(default)]
    group_by_fields: Vec<String>,
    #[serde(default)]
    distinct_fields: Vec<String>,
    metric: Option<String>,
    #[serde(default)]
    metrics: Vec<String>,
}

#[derive(Deserialize)]
struct CaseModel {
    #[serde(default)]
    name: String,
    status: Severity,
    condition: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Options {
    detection_method: Option<String>,
    /// Seconds, as all times here.
    #[serde(default)]
    evaluation_window: i64,
    #[serde(default)]
    keep_alive: i64,
    #[serde(default)]
    max_signal_duration: i64,
    #[serde(default)]
    new_value_options: NewValueOptions,
    #[serde(default)]
    impossible_travel_options: TravelOptions,
}

/// How a rule finds what is worth a signal.
#[derive(Clone, Debug)]
pub(super) enum Method {
    Threshold,
    NewValue(NewValueOptions),
    ImpossibleTravel(TravelOptions),
    Other,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct NewValueOptions {
    /// Days.
    pub(super) forget_after: i64,
    /// Days.
    pub(super) learning_duration: i64,
    pub(super) learning_method: LearningMethod,
    /// Values of a group that are learned before any is new.
    pub(super) learning_threshold: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum LearningMethod {
    #[default]
    Duration,
    Threshold,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct TravelOptions {
    pub(super) baseline_user_locations: bool,
}

impl Model {
    pub(super) fn into_rule(self) -> Result<Rule, RuleError> {
        let queries = self.queries.into_iter().enumerate();
        let queries = queries
            .map(|(at, query)| query.read(at))
            .collect::<Result<Vec<_>, _>>()?;
        let cases = self.cases.into_iter().enumerate();
        let cases = cases
            .map(|(at, case)| case.read(at, &queries))
            .collect::<Result<_, _>>()?;
        let Options {
            detection_method,
            evaluation_window,
            keep_alive,
            max_signal_duration,
            new_value_options,
            impossible_travel_options,
        } = self.options;
        let method = match detection_method.as_deref() {
            None | Some("threshold") => Method::Threshold,
            Some("new_value") => Method::NewValue(new_value_options),
            Some("impossible_travel") => Method::ImpossibleTravel(impossible_travel_options),
            Some(_) => Method::Other,
        };
        Ok(Rule {
            name: self.name,
            message: self.message,
            tags: self.tags,
            queries,
            cases,
            method,
            window: evaluation_window * 1000,
            keep_alive: keep_alive * 1000,
            longest: max_signal_duration * 1000,
        })
    }
}

impl QueryModel {
    fn read(self, at: usize) -> Result<RuleQuery, RuleError> {
        let wrong = |member: &str, problem: String, place| RuleError {
            pointer: format!("/queries/{at}/{member}"),
            problem,
            at: place,
        };
        let query = Query::parse(&self.query)
            .map_err(|error| wrong("query", error.problem().to_owned(), Some(error.at())))?;
        let metric = self.metric.into_iter().chain(self.metrics);
        let metrics: Vec<String> = metric.filter(|metric| !metric.is_empty()).collect();
        let one = || {
            metrics.first().cloned().ok_or_else(|| {
                let problem = "nothing says of which attribute: name it here".to_owned();
                wrong("metrics", problem, None)
            })
        };
        let aggregate = match self.aggregation.as_deref().unwrap_or("count") {
            "cardinality" if self.distinct_fields.is_empty() => {
                let problem = "nothing says of which attribute: name it here".to_owned();
                return Err(wrong("distinctFields", problem, None));
            }
            "cardinality" => Aggregate::Cardinality(self.distinct_fields),
            "sum" => Aggregate::Sum(one()?),
            "max" => Aggregate::Max(one()?),
            "new_value" => {
                one()?;
                Aggregate::Values(metrics)
            }
            "geo_data" => Aggregate::Values(vec![one()?]),
            "count" | "event_count" | "none" => Aggregate::Count,
            other => {
                let problem = format!("`{other}` is no aggregation");
                return Err(wrong("aggregation", problem, None));
            }
        };
        Ok(RuleQuery {
            // Those without a name are a, b, c …
            name: self
                .name
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| {
                    let letter = u8::try_from(at).unwrap_or(u8::MAX).saturating_add(b'a');
                    char::from(letter).to_string()
                }),
            query,
            group_by: self.group_by_fields,
            aggregate,
        })
    }
}

impl CaseModel {
    fn read(self, at: usize, queries: &[RuleQuery]) -> Result<Case, RuleError> {
        let names: Vec<&str> = queries.iter().map(|query| query.name.as_str()).collect();
        let condition = self
            .condition
            .filter(|condition| !condition.trim().is_empty());
        let condition = condition.map(|text| {
            Condition::parse(&text, &names).map_err(|(place, problem)| RuleError {
                pointer: format!("/cases/{at}/condition"),
                problem,
                at: Some(place),
            })
        });
        Ok(Case {
            name: self.name,
            severity: self.status,
            condition: condition.transpose()?,
        })
    }
}
