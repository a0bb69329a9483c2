//! What Datadog refuses, each with its place in its file.

use op_dd_content::install::{ApiError, ApiErrorKind, Step};

use super::say;
use crate::exit::Failure;

/// Says that a file is refused and why. Any other error ends the program.
pub(super) fn tell(step: &Step<'_>, error: &ApiError) -> Result<(), Failure> {
    if !matches!(error.kind(), ApiErrorKind::Refused(_)) {
        return Err(super::connection::failure(error));
    }
    say(|to| {
        writeln!(to, "refused {} {}", step.kind(), step.name())?;
        let complaints = step.complaints(error);
        for complaint in &complaints {
            writeln!(to, "  {complaint}")?;
        }
        if complaints.is_empty() {
            writeln!(to, "  {error}")?;
        }
        Ok(())
    })?;
    Ok(())
}
