use serde::Deserialize;
use serde::de::Error;

/// Reads a JSON object into a struct. serde alone would take an array of the fields for one as well.
pub(crate) fn read<'de, T: Deserialize<'de>>(json: &'de [u8]) -> serde_json::Result<T> {
    if json.trim_ascii_start().starts_with(b"{") {
        serde_json::from_slice(json)
    } else {
        Err(Error::custom("it is no JSON object"))
    }
}
