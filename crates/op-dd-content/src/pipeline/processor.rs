use serde::Deserialize;
use serde_json::Value;

use super::{Filter, Pipeline};
use crate::Log;
use crate::log::plain;
use crate::search::{Query, SearchError};

/// One step of a pipeline.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(super) enum Processor {
    Pipeline(Pipeline),
    AttributeRemapper(AttributeRemapper),
    #[serde(rename = "category-processor")]
    Categories(Categories),
    #[serde(rename = "lookup-processor")]
    Lookup(Lookup),
    DateRemapper(Remapper),
    StatusRemapper(Remapper),
    GeoIpParser(GeoIp),
}

/// A query, understood when it is read.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Ask(Query);

#[derive(Clone, Debug, Deserialize)]
pub(super) struct AttributeRemapper {
    #[serde(default)]
    is_enabled: bool,
    sources: Vec<String>,
    target: String,
    #[serde(default)]
    preserve_source: bool,
    #[serde(default)]
    override_on_conflict: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Categories {
    #[serde(default)]
    is_enabled: bool,
    categories: Vec<Category>,
    target: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Category {
    filter: Filter,
    name: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Lookup {
    #[serde(default)]
    is_enabled: bool,
    source: String,
    target: String,
    /// Pairs, each with a comma between.
    lookup_table: Vec<String>,
    default_lookup: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Remapper {
    #[serde(default)]
    is_enabled: bool,
    sources: Vec<String>,
}

/// Not run: only Datadog knows where an address is.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct GeoIp {}

impl Processor {
    pub(super) fn run(&self, log: &mut Log) {
        match self {
            Self::Pipeline(pipeline) => pipeline.run(log),
            Self::AttributeRemapper(remapper) => remapper.run(log),
            Self::Categories(categories) => categories.run(log),
            Self::Lookup(lookup) => lookup.run(log),
            Self::DateRemapper(date) => {
                if let Some(value) = date.first(log) {
                    log.set_time(&value);
                }
            }
            Self::StatusRemapper(status) => {
                if let Some(value) = status.first(log) {
                    log.set_status(plain(&value).to_lowercase());
                }
            }
            Self::GeoIpParser(GeoIp {}) => {}
        }
    }
}

impl Ask {
    pub(super) fn matches(&self, log: &Log) -> bool {
        self.0.matches(log)
    }
}

impl TryFrom<String> for Ask {
    type Error = SearchError;

    fn try_from(text: String) -> Result<Self, SearchError> {
        Query::parse(&text).map(Self)
    }
}

impl AttributeRemapper {
    fn run(&self, log: &mut Log) {
        for source in self.sources.iter().filter(|_| self.is_enabled) {
            let Some(value) = log.get(source).cloned() else {
                continue;
            };
            if !self.preserve_source {
                log.remove(source);
            }
            let value = match log.get(&self.target) {
                Some(there) if !self.override_on_conflict => both(there, value),
                _ => value,
            };
            log.set(&self.target, value);
        }
    }
}

/// What a target becomes that has a value already: Datadog keeps the two.
fn both(there: &Value, another: Value) -> Value {
    match there {
        same if *same == another => another,
        Value::Array(list) => list.iter().cloned().chain([another]).collect(),
        one => [one.clone(), another].into_iter().collect(),
    }
}

impl Categories {
    fn run(&self, log: &mut Log) {
        let mut categories = self.categories.iter().filter(|_| self.is_enabled);
        if let Some(category) = categories.find(|category| category.filter.query.matches(log)) {
            log.set(&self.target, Value::from(category.name.as_str()));
        }
    }
}

impl Lookup {
    fn run(&self, log: &mut Log) {
        let Some(source) = log.get(&self.source).map(plain) else {
            return;
        };
        let pairs = self
            .lookup_table
            .iter()
            .filter_map(|row| row.split_once(','));
        let found = pairs
            .filter(|(key, _)| *key == source)
            .map(|(_, value)| value.trim())
            .next()
            .or(self.default_lookup.as_deref());
        if let Some(value) = found.filter(|_| self.is_enabled) {
            log.set(&self.target, Value::from(value));
        }
    }
}

impl Remapper {
    fn first(&self, log: &Log) -> Option<Value> {
        let mut sources = self.sources.iter().filter(|_| self.is_enabled);
        sources.find_map(|source| log.get(source)).cloned()
    }
}
