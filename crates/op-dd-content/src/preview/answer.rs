use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use super::Refusal;
use super::aggregate::Aggregate;
use super::evidence::{Evidence, Source, is_invented};
use super::formula::Formula;
use super::grouping::groups;
use super::request::{Order, OrderBy, Query, Request};
use super::steps::Steps;
use crate::Log;

/// What a request gives: a row for each group, in the order that it asks for, and in it for each formula a value for
/// each step of time.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) rows: Vec<Row>,
    /// What the rows are grouped by.
    pub(super) facets: Vec<String>,
    pub(super) steps: Steps,
    pub(super) taken: Taken,
    /// Groups that were left away for the request's own limit.
    pub(super) more: usize,
}

/// A group and its values.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) key: Vec<String>,
    /// By formula, then by step of time.
    pub(super) values: Vec<Vec<Option<f64>>>,
}

/// The logs that queries take.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) logs: usize,
    /// Whether signals are asked for, which are our own.
    pub(super) simulated: bool,
    /// Whether some of the logs were made up for the picture.
    pub(super) invented: bool,
    /// Why there is nothing to see, if there isn't.
    pub(super) reason: Option<String>,
}

impl Answer {
    /// One value for each group and formula.
    pub(super) fn scalar(request: &Request, evidence: &mut Evidence<'_>) -> Result<Self, Refusal> {
        let steps = Steps::one(evidence.span.first, evidence.span.last);
        Self::new(request, evidence, steps)
    }

    /// Values over time.
    pub(super) fn series(request: &Request, evidence: &mut Evidence<'_>) -> Result<Self, Refusal> {
        let intervals = request
            .queries
            .iter()
            .filter_map(|query| query.compute.interval);
        let steps = Steps::over(evidence.span.first, evidence.span.last, intervals.max());
        Self::new(request, evidence, steps)
    }

    fn new(request: &Request, evidence: &mut Evidence<'_>, steps: Steps) -> Result<Self, Refusal> {
        let formulas = formulas(request)?;
        let mut taken = Taken::default();
        let mut tables = HashMap::new();
        let mut keys: Vec<Vec<String>> = Vec::new();
        for query in &request.queries {
            let table = Table::new(query, evidence, steps, &mut taken)?;
            keys.extend(table.order.iter().cloned());
            tables.insert(query.name.as_str(), table);
        }
        let grouped = keys.iter().any(|key| !key.is_empty());
        let mut seen = HashSet::new();
        // A total beside groups is a value for each of them, and no group.
        keys.retain(|key| (!grouped || !key.is_empty()) && seen.insert(key.clone()));

        let rows = keys.into_iter().map(|key| {
            let values = formulas.iter().map(|formula| {
                let steps = 0..steps.count;
                steps
                    .map(|step| formula.value(&|name| tables.get(name)?.value(&key, step)))
                    .collect()
            });
            Row {
                values: values.collect(),
                key,
            }
        });
        let facets = request.queries.iter().map(|query| &query.group_by);
        let facets = facets.max_by_key(|facets| facets.len());
        let mut answer = Self {
            rows: rows.collect(),
            facets: facets
                .into_iter()
                .flatten()
                .map(|facet| facet.facet.clone())
                .collect(),
            steps,
            taken,
            more: 0,
        };
        answer.rows.retain(Row::is_there);
        answer.sort(request);
        answer.limit(request);
        Ok(answer)
    }

    /// What the rows are grouped by, if that is one thing.
    pub(super) fn facet(&self) -> Option<&str> {
        match &self.facets[..] {
            [facet] => Some(facet),
            _ => None,
        }
    }

    /// As the request says, the greatest first if it says nothing; groups that are equal, by name.
    fn sort(&mut self, request: &Request) {
        let limit = request
            .formulas
            .first()
            .and_then(|formula| formula.limit.as_ref());
        let usual = [OrderBy::Formula {
            index: 0,
            order: limit.map_or(Order::Desc, |limit| limit.order),
        }];
        let rules = match &request.sort {
            Some(sort) if !sort.order_by.is_empty() => &sort.order_by[..],
            _ => &usual,
        };
        let facets = &self.facets;
        self.rows.sort_by(|one, other| {
            let orders = rules.iter().map(|rule| match rule {
                OrderBy::Formula { index, order } => {
                    order.of(one.total(*index).total_cmp(&other.total(*index)))
                }
                OrderBy::Group { name, order } => {
                    let place = facets.iter().position(|facet| facet == name);
                    order.of(place.map_or(Ordering::Equal, |place| {
                        one.key.get(place).cmp(&other.key.get(place))
                    }))
                }
            });
            let order = orders.fold(Ordering::Equal, Ordering::then);
            order.then_with(|| one.key.cmp(&other.key))
        });
    }

    fn limit(&mut self, request: &Request) {
        let sort = request.sort.as_ref().and_then(|sort| sort.count);
        let formula = request
            .formulas
            .first()
            .and_then(|formula| formula.limit.as_ref()?.count);
        if let Some(limit) = sort.or(formula)
            && self.rows.len() > limit
        {
            self.more = self.rows.len() - limit;
            self.rows.truncate(limit);
        }
    }
}

impl Row {
    /// The value of a formula, where there is one step of time.
    pub(super) fn value(&self, formula: usize) -> Option<f64> {
        self.values.get(formula)?.first().copied().flatten()
    }

    /// The sum of a formula's values over time.
    pub(super) fn total(&self, formula: usize) -> f64 {
        let values = self.values.get(formula).into_iter().flatten();
        values.copied().flatten().sum()
    }

    /// What the group is called.
    pub(super) fn name(&self) -> String {
        self.key.join(" · ")
    }

    fn is_there(&self) -> bool {
        self.values.iter().flatten().any(Option::is_some)
    }
}

/// The values of one query.
struct Table {
    /// The groups in their order.
    order: Vec<Vec<String>>,
    values: HashMap<Vec<String>, Vec<Option<f64>>>,
    of_none: Option<f64>,
}

impl Table {
    fn new(
        query: &Query,
        evidence: &mut Evidence<'_>,
        steps: Steps,
        taken: &mut Taken,
    ) -> Result<Self, Refusal> {
        let source = Source::named(&query.data_source)?;
        let text = evidence.filled(&query.search.query);
        let index = evidence.index(source);
        let rows = index
            .search(&text)
            .map_err(|error| Refusal(format!("the query `{text}`: {error}")))?;
        let compute = &query.compute;
        let aggregate = Aggregate::new(&compute.aggregation, compute.metric.as_deref(), index)?;
        let groups = groups(index, &rows, &query.group_by)?;
        // A group that isn't here has no logs, unless it is one of those that were left away.
        let of_none = if groups.cut { None } else { aggregate.of(&[]) };
        let mut table = Self {
            order: Vec::new(),
            values: HashMap::new(),
            of_none,
        };
        for (key, rows) in groups.groups {
            let values = if steps.count == 1 {
                vec![aggregate.of(&rows)]
            } else {
                let mut parts = vec![Vec::new(); steps.count];
                for row in rows {
                    parts[steps.of(index.logs()[row].millis())].push(row);
                }
                parts.iter().map(|part| aggregate.of(part)).collect()
            };
            table.order.push(key.clone());
            table.values.insert(key, values);
        }
        taken.note(source, index.logs(), &rows);
        let nothing = table.values.values().flatten().all(Option::is_none);
        let reason = if rows.is_empty() {
            Some(none_matches(source, &text))
        } else if nothing {
            let mut facets: Vec<&str> = query.group_by.iter().map(|by| by.facet.as_str()).collect();
            facets.extend(table.values.keys().next().and(compute.metric.as_deref()));
            let (thing, facets) = (source.thing(), facets.join(" and "));
            Some(match rows.len() {
                1 => format!("The one {thing} that matches `{text}` lacks {facets}."),
                rows => format!("None of the {rows} {thing}s that match `{text}` has {facets}."),
            })
        } else {
            None
        };
        taken.reason = taken.reason.take().or(reason);
        Ok(table)
    }

    fn value(&self, key: &[String], step: usize) -> Option<f64> {
        let values = self.values.get(key).or_else(|| self.values.get(&[][..]));
        values.map_or(self.of_none, |values| values[step])
    }
}

impl Taken {
    pub(super) fn note(&mut self, source: Source, logs: &[&Log], rows: &[usize]) {
        self.logs += rows.len();
        self.simulated |= source == Source::Signals;
        self.invented |= rows.iter().any(|row| is_invented(logs[*row]));
    }

    pub(super) fn add(&mut self, other: Self) {
        self.logs += other.logs;
        self.simulated |= other.simulated;
        self.invented |= other.invented;
        self.reason = self.reason.take().or(other.reason);
    }
}

/// Why there is nothing to see, if no log matches.
pub(super) fn none_matches(source: Source, query: &str) -> String {
    let thing = source.thing();
    if query.is_empty() {
        format!("There is no {thing}.")
    } else {
        let words: Vec<&str> = query.split_whitespace().collect();
        format!("No {thing} matches `{}`.", words.join(" "))
    }
}

/// What is asked of the queries.
fn formulas(request: &Request) -> Result<Vec<Formula>, Refusal> {
    let known = |name: &str| request.queries.iter().any(|query| query.name == name);
    if request.queries.is_empty() {
        return Err(Refusal("it has no `queries`".to_owned()));
    }
    let formulas = request.formulas.iter().map(|text| {
        let formula = Formula::parse(&text.formula).map_err(|error| Refusal(error.to_string()))?;
        let unknown = formula.queries().into_iter().find(|name| !known(name));
        match unknown {
            Some(name) => Err(Refusal(format!(
                "the formula `{}` speaks of {name}, and no query is called so",
                text.formula
            ))),
            None => Ok(formula),
        }
    });
    formulas.collect()
}

#[cfg(test)]
mod tests;
