use std::collections::HashSet;
use std::rc::Rc;

use super::Refusal;
use super::index::{Column, Index};

/// What is computed of the logs of a group.
#[derive(Debug)]
pub(super) enum Aggregate {
    Count,
    Cardinality(Rc<Column>),
    Of(Statistic, Rc<Column>),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Statistic {
    Sum,
    Average,
    Least,
    Greatest,
    /// Below which this share of the values is, in percent.
    Percentile(u8),
}

impl Aggregate {
    pub(super) fn new(
        aggregation: &str,
        metric: Option<&str>,
        index: &mut Index<'_>,
    ) -> Result<Self, Refusal> {
        let statistic = match aggregation {
            "count" => return Ok(Self::Count),
            "cardinality" => None,
            "sum" => Some(Statistic::Sum),
            "avg" => Some(Statistic::Average),
            "min" => Some(Statistic::Least),
            "max" => Some(Statistic::Greatest),
            "median" => Some(Statistic::Percentile(50)),
            other => match other.strip_prefix("pc").map(str::parse) {
                Some(Ok(percent @ 1..=99)) => Some(Statistic::Percentile(percent)),
                _ => return Err(Refusal(format!("the aggregation `{other}` isn't known"))),
            },
        };
        let metric = metric.filter(|metric| !metric.is_empty());
        let metric = metric.ok_or_else(|| {
            Refusal(format!(
                "nothing says of which attribute it is the `{aggregation}`"
            ))
        })?;
        let column = index.column(metric);
        Ok(match statistic {
            None => Self::Cardinality(column),
            Some(statistic) => Self::Of(statistic, column),
        })
    }

    /// Of no logs at all, a count is zero, and anything else has no value.
    pub(super) fn of(&self, rows: &[usize]) -> Option<f64> {
        match self {
            Self::Count => Some(rows.len() as f64),
            Self::Cardinality(column) => {
                let values = rows.iter().flat_map(|row| column.values(*row));
                Some(values.collect::<HashSet<_>>().len() as f64)
            }
            Self::Of(statistic, column) => {
                let numbers = rows.iter().filter_map(|row| column.number(*row)).collect();
                statistic.of(numbers)
            }
        }
    }
}

impl Statistic {
    fn of(self, mut numbers: Vec<f64>) -> Option<f64> {
        if numbers.is_empty() {
            return None;
        }
        let count = numbers.len();
        Some(match self {
            Self::Sum => numbers.iter().sum(),
            Self::Average => numbers.iter().sum::<f64>() / count as f64,
            Self::Least => numbers.into_iter().fold(f64::INFINITY, f64::min),
            Self::Greatest => numbers.into_iter().fold(f64::NEG_INFINITY, f64::max),
            Self::Percentile(percent) => {
                numbers.sort_by(f64::total_cmp);
                let rank = (count * usize::from(percent)).div_ceil(100);
                numbers[rank.max(1) - 1]
            }
        })
    }
}
