use std::path::Path;

use op_dd_bridge::Name;

use super::fault::Faults;
use crate::exit::{Exit, Failure};

/// An account that is left out for what is wrong with it in the file.
pub(crate) struct BadAccount {
    /// None, if what stands there can't be a name.
    pub(crate) name: Option<Name>,
    pub(crate) failure: Failure,
}

impl BadAccount {
    pub(super) fn new(name: Option<Name>, faults: &mut Faults, file: &Path, text: &str) -> Self {
        let failure = Failure::several(Exit::Configuration, faults.lines(file, text, false));
        Self { name, failure }
    }

    /// Says each of its faults, and what comes of them. The file is read but once.
    pub(super) fn log(&self) {
        let name = self.name.as_ref().map(|name| format!(" {name}"));
        let name = name.unwrap_or_default();
        for fault in self.failure.lines() {
            tracing::error!(
                "{fault}; the account{name} here is left out until that is mended and op-dd started again"
            );
        }
    }
}
