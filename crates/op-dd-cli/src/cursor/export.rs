use std::io::{Write as _, stdout};
use std::path::Path;

use op_dd_bridge::StateFolder;

use super::document::Document;
use super::faults;
use crate::exit::{Exit, Failure};

pub(super) fn execute(folder: &Path) -> Result<Exit, Failure> {
    let folder = StateFolder::read(folder)?;
    let document = serde_json::to_string_pretty(&Document::of(&folder))
        .map_err(|error| Failure::new(Exit::Defect, error.to_string()))?;
    // A copy that isn't whole is none.
    writeln!(stdout(), "{document}").map_err(|error| {
        Failure::configuration(format!("the cursors can't be written out: {error}"))
    })?;
    faults::outcome(&folder, folder.streams.iter())
}
