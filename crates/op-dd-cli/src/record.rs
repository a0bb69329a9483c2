//! Logs that were kept in files.

use std::fs::File;
use std::io::{Write as _, stderr};
use std::path::{Path, PathBuf};

use op_dd_content::{Complaint, Log, LogFile, Reserved};

use crate::exit::Failure;

/// The logs of some files, and what is wrong with these.
#[derive(Default)]
pub(crate) struct Record {
    pub(crate) logs: Vec<Log>,
    /// A line for each complaint.
    complaints: Vec<String>,
}

impl Record {
    pub(crate) fn read(files: &[PathBuf]) -> Result<Self, Failure> {
        let mut record = Self::default();
        for path in files {
            record.add(path)?;
        }
        if record.logs.is_empty() {
            let files: Vec<String> = files
                .iter()
                .map(|file| file.display().to_string())
                .collect();
            let mut line = format!("no log in {}", files.join(", "));
            if let Some(complaint) = record.complaints.first() {
                line = format!("{line} ({complaint})");
            }
            return Err(Failure::configuration(line));
        }
        let is_ours = |log: &Log| log.reserved(Reserved::Source) == Some("1password");
        if !record.logs.iter().any(is_ours) {
            let none = "none of these logs has the source 1password: they have to be as op-dd sends them, or as \
                        Datadog's API answers a search for them";
            record.complaints.push(none.to_owned());
        }
        Ok(record)
    }

    fn add(&mut self, path: &Path) -> Result<(), Failure> {
        let name = path.display();
        let failure = |error| Failure::configuration(format!("{name} can't be read ({error})"));
        let file = File::open(path).map_err(failure)?;
        // What has no date of its own came when the file was last written to.
        let received = file
            .metadata()
            .and_then(|file| file.modified())
            .map_err(failure)?;
        let file = LogFile::read(file, received).map_err(failure)?;
        let named = file.complaints.iter();
        let named =
            named.map(|Complaint { line, cause, .. }| format!("{name}:{line}: left out: {cause}"));
        self.complaints.extend(named);
        let more = file.left_out - file.complaints.len();
        if more > 0 {
            self.complaints
                .push(format!("{name}: left out: {more} more that are no logs"));
        }
        self.logs.extend(file.logs);
        Ok(())
    }

    /// Says what was left out.
    pub(crate) fn complain(&self) {
        for complaint in &self.complaints {
            // Whoever reads may have gone.
            let _ = writeln!(stderr(), "{complaint}");
        }
    }
}
