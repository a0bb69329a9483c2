//! What a widget's JSON asks for.

use std::cmp::Ordering;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Refusal;

/// One request of a widget.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Request {
    pub(super) queries: Vec<Query>,
    pub(super) formulas: Vec<FormulaText>,
    pub(super) sort: Option<Sort>,
    pub(super) conditional_formats: Vec<ConditionalFormat>,
    pub(super) display_type: Option<String>,
    pub(super) style: Style,
    /// Of a list.
    pub(super) query: Option<Stream>,
    pub(super) columns: Vec<ColumnName>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Style {
    pub(super) palette: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Query {
    pub(super) name: String,
    pub(super) data_source: String,
    #[serde(default)]
    pub(super) search: Search,
    #[serde(default)]
    pub(super) group_by: Vec<Facet>,
    pub(super) compute: Compute,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Search {
    pub(super) query: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Facet {
    pub(super) facet: String,
    limit: Option<usize>,
    #[serde(default)]
    pub(super) sort: FacetSort,
    pub(super) should_exclude_missing: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FacetSort {
    pub(super) aggregation: Option<String>,
    pub(super) metric: Option<String>,
    pub(super) order: Order,
}

#[derive(Debug, Deserialize)]
pub(super) struct Compute {
    pub(super) aggregation: String,
    pub(super) metric: Option<String>,
    /// Milliseconds.
    pub(super) interval: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct FormulaText {
    pub(super) formula: String,
    pub(super) alias: Option<String>,
    pub(super) limit: Option<FormulaLimit>,
    pub(super) number_format: Option<NumberFormat>,
    #[serde(default)]
    pub(super) conditional_formats: Vec<ConditionalFormat>,
}

#[derive(Debug, Deserialize)]
pub(super) struct FormulaLimit {
    pub(super) count: Option<usize>,
    #[serde(default)]
    pub(super) order: Order,
}

#[derive(Debug, Deserialize)]
pub(super) struct NumberFormat {
    pub(super) unit: Option<Unit>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Unit {
    pub(super) label: Option<String>,
    pub(super) unit_name: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Sort {
    pub(super) count: Option<usize>,
    #[serde(default)]
    pub(super) order_by: Vec<OrderBy>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum OrderBy {
    Formula {
        index: usize,
        #[serde(default)]
        order: Order,
    },
    Group {
        name: String,
        #[serde(default)]
        order: Order,
    },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Order {
    Asc,
    #[default]
    Desc,
}

#[derive(Debug, Deserialize)]
pub(super) struct ConditionalFormat {
    pub(super) comparator: String,
    pub(super) value: f64,
    pub(super) palette: String,
    pub(super) custom_bg_color: Option<String>,
    pub(super) custom_fg_color: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Stream {
    pub(super) data_source: String,
    #[serde(default)]
    pub(super) query_string: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct ColumnName {
    pub(super) field: String,
}

impl Request {
    /// The requests of a widget's definition.
    pub(super) fn all(definition: &Map<String, Value>) -> Result<Vec<Self>, Refusal> {
        let requests = definition.get("requests").cloned().unwrap_or_default();
        let mut requests: Vec<Self> = serde_json::from_value(requests)
            .map_err(|error| Refusal(format!("its requests: {error}")))?;
        for request in &mut requests {
            request.complete();
        }
        Ok(requests)
    }

    /// The only request that most types of widgets have.
    pub(super) fn first(definition: &Map<String, Value>) -> Result<Self, Refusal> {
        let mut requests = Self::all(definition)?.into_iter();
        requests
            .next()
            .ok_or_else(|| Refusal("it has no request".to_owned()))
    }

    /// Without formulas, each query is one.
    fn complete(&mut self) {
        if self.formulas.is_empty() {
            let queries = self.queries.iter();
            let formulas = queries.map(|query| FormulaText {
                formula: query.name.clone(),
                ..FormulaText::default()
            });
            self.formulas = formulas.collect();
        }
    }

    /// What a formula is called if nobody has named it: a query by what it computes, anything else as it is written.
    fn describe(&self, formula: &str) -> String {
        let query = self.queries.iter().find(|query| query.name == formula);
        query
            .map_or(formula, |query| &query.compute.aggregation)
            .to_owned()
    }
}

impl Order {
    /// Two things that are in this order upwards, in the order that is asked for.
    pub(super) fn of(self, upwards: Ordering) -> Ordering {
        match self {
            Self::Asc => upwards,
            Self::Desc => upwards.reverse(),
        }
    }
}

impl FormulaText {
    /// What it is called.
    pub(super) fn name(&self, request: &Request) -> String {
        self.alias
            .clone()
            .unwrap_or_else(|| request.describe(&self.formula))
    }
}

impl Facet {
    /// How many of its values are shown.
    pub(super) fn limit(&self) -> usize {
        self.limit.unwrap_or(10)
    }

    /// Whether logs without it are left out.
    pub(super) fn excludes_missing(&self) -> bool {
        self.should_exclude_missing.unwrap_or(true)
    }
}
