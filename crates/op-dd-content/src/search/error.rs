use thiserror::Error;

/// A text that is no query.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{problem}, at character {}", at + 1)]
pub struct SearchError {
    at: usize,
    problem: String,
}

impl SearchError {
    pub(super) fn new(at: usize, problem: impl Into<String>) -> Self {
        Self {
            at,
            problem: problem.into(),
        }
    }

    /// Where, in bytes from the query's start.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> &str {
        &self.problem
    }
}
