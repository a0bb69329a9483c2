use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Pipeline, PipelineError};
use crate::log::pruned;
use crate::{Log, Reserved, Samples, Trial};

/// The file beside a pipeline: logs as they are sent, and what has to become of them, in the manner of
/// the tests that stand beside the pipelines that Datadog publishes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tests {
    tests: Vec<Test>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Test {
    title: String,
    sample: Map<String, Value>,
    result: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// All attributes.
    custom: Map<String, Value>,
    status: Option<String>,
    /// Milliseconds since 1970.
    timestamp: Option<i64>,
}

impl Pipeline {
    /// Sends each sample through, and compares what comes out with what the sample says.
    ///
    /// # Errors
    ///
    /// If the file of the samples isn't one, or a sample isn't a log.
    pub fn try_samples(&self, samples: &Samples) -> Result<Vec<Trial>, PipelineError> {
        let tests: Tests = serde_json::from_str(samples.text())
            .map_err(|error| PipelineError(format!("{}: {error}", samples.file())))?;
        let tests = tests.tests.into_iter().enumerate();
        tests.map(|(at, test)| self.trial(at, test)).collect()
    }

    fn trial(&self, at: usize, test: Test) -> Result<Trial, PipelineError> {
        let Test {
            title,
            sample,
            result,
        } = test;
        let mut log = Log::from_attributes(sample)
            .map_err(|error| PipelineError(format!("{title}: {error}")))?;
        self.run(&mut log);

        let mut differences = Vec::new();
        let mut compare = |what: &str, got: Value, expected: Value| {
            if got != expected {
                differences.push(format!("{what} is {got}, not {expected}"));
            }
        };
        compare(
            "custom",
            pruned(log.attributes()).into(),
            pruned(&result.custom).into(),
        );
        if let Some(status) = result.status {
            let got = log.reserved(Reserved::Status);
            compare("status", got.into(), status.into());
        }
        if let Some(timestamp) = result.timestamp {
            compare("timestamp", log.millis().into(), timestamp.into());
        }
        Ok(Trial {
            title,
            pointer: format!("/tests/{at}"),
            differences,
        })
    }
}
