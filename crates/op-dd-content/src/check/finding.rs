use std::fmt;
use std::path::Path;

use crate::Place;

/// Something about a file that its author has to know.
///
/// It prints as a line that editors find the place by:
/// `rules/export.json:14:22: no attribute is called @evt.names: did you mean @evt.name?`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// Whether it has to be mended.
    pub level: Level,
    /// The file, as [`Asset::file`](crate::Asset::file) or [`Samples::file`](crate::Samples::file) has it.
    pub file: String,
    /// Where in the file, if it is anywhere.
    pub place: Option<Place>,
    /// The same as a JSON pointer.
    pub pointer: String,
    /// What there is to know, and mostly what to do.
    pub problem: String,
}

/// Whether a finding has to be mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Level {
    /// Datadog would refuse it, or it would show or detect something else than it should.
    Fault,
    /// It may be as it should be: only its author can tell.
    Notice,
}

impl Finding {
    /// What isn't content and may have been meant to be.
    pub(super) fn passed_over(path: &Path) -> Self {
        Self {
            level: Level::Notice,
            file: path.display().to_string(),
            place: None,
            pointer: String::new(),
            problem: "passed over: content is *.json in dashboards, widgets, rules, monitors or pipelines, \
                      samples are called as their rule or pipeline"
                .to_owned(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(place) = self.place {
            write!(f, ":{place}")?;
        }
        let level = match self.level {
            Level::Fault => "",
            Level::Notice => "notice: ",
        };
        write!(f, ": {level}{}", self.problem)
    }
}
