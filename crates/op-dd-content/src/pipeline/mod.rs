use serde::Deserialize;
use thiserror::Error;

use crate::Log;

mod processor;
mod samples;

use processor::Processor;

/// A log pipeline that has been understood, and can be run on a log.
///
/// The processors that are run are those that need nothing of Datadog's but the log: remappers of
/// attributes, of the date and of the status, categories, lookups and pipelines within. Where an address
/// is comes from a database that only Datadog has: that processor does nothing here. It is ours,
/// written after Datadog's documentation and held against tests that Datadog publishes: it isn't Datadog's.
#[derive(Clone, Debug, Deserialize)]
pub struct Pipeline {
    name: String,
    /// A missing one means no, as it does to the API.
    #[serde(default)]
    is_enabled: bool,
    filter: Filter,
    processors: Vec<Processor>,
}

#[derive(Clone, Debug, Deserialize)]
struct Filter {
    query: processor::Ask,
}

/// A text that is no pipeline, or asks for a processor that can't be run here.
#[derive(Debug, Error)]
#[error("not a pipeline that can be run here: {0}")]
pub struct PipelineError(String);

impl Pipeline {
    /// Reads the JSON of a pipeline.
    ///
    /// # Errors
    ///
    /// If it isn't one, or has a processor that isn't run here.
    pub fn parse(text: &str) -> Result<Self, PipelineError> {
        serde_json::from_str(text).map_err(|error| PipelineError(error.to_string()))
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Sends a log through it. A log that it isn't for stays as it is.
    pub fn run(&self, log: &mut Log) {
        // The filter looks at the log as it comes in, not at what its own processors make of it.
        if self.is_enabled && self.filter.query.matches(log) {
            for processor in &self.processors {
                processor.run(log);
            }
        }
    }
}
