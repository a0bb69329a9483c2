use serde::Deserialize;

use super::text;

/// Where an address was thought to be at the time of the event.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Location {
    /// A country's name or its two-letter code: both occur.
    #[serde(default, deserialize_with = "text")]
    pub country: Option<String>,
    /// A region, state or province.
    #[serde(default, deserialize_with = "text")]
    pub region: Option<String>,
    /// A city.
    #[serde(default, deserialize_with = "text")]
    pub city: Option<String>,
    /// Degrees north. (The examples in 1Password's documentation have it the other way round.)
    #[serde(default)]
    pub latitude: Option<f64>,
    /// Degrees east.
    #[serde(default)]
    pub longitude: Option<f64>,
}
