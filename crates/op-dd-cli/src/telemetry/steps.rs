use std::fmt;
use std::time::Duration;

use op_dd_bridge::Name;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::TypedMetric as _;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

/// How long steps take: from a twentieth of a second, for one that finds nothing new, to the ten minutes
/// that a delivery may take.
pub(super) struct Steps(Family<[(&'static str, String); 2], Histogram, fn() -> Histogram>);

const BUCKETS: [f64; 12] = [
    0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 600.0,
];

impl Steps {
    pub(super) fn add(&self, destination: &Name, went_well: bool, took: Duration) {
        let outcome = if went_well { "carried" } else { "failed" };
        let labels = [
            ("destination", destination.to_string()),
            ("outcome", outcome.to_owned()),
        ];
        self.0.get_or_create(&labels).observe(took.as_secs_f64());
    }

    pub(super) fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let steps = encoder.encode_descriptor(
            "op_dd_step_duration_seconds",
            "How long a step took, from the question for a page to the commit.",
            None,
            Histogram::TYPE,
        )?;
        self.0.encode(steps)
    }
}

impl Default for Steps {
    fn default() -> Self {
        Self(Family::new_with_constructor(|| Histogram::new(BUCKETS)))
    }
}
