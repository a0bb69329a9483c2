//! `op-dd preview`: a dashboard over logs as a page.

use std::fs::{self, File};
use std::io::{self, BufReader, Write, stdout};
use std::path::{Path, PathBuf};

use op_dd_content::preview::{Page, Signals};
use op_dd_content::{Content, Dashboard, Log, LogFile};

use crate::args::PreviewArgs;
use crate::content::content;
use crate::exit::{Exit, Failure};

pub(crate) fn execute(args: &PreviewArgs) -> Result<Exit, Failure> {
    let content = content(args.dir.as_deref())?;
    let record = Record::read(&args.logs)?;
    draw(&content, &args.dashboard, &record, &args.out)?;
    // Whoever reads may have gone.
    let _ = record.tell(&mut stdout().lock(), &args.out);
    Ok(Exit::Clean)
}

/// Writes the page of a dashboard over the logs.
pub(crate) fn draw(
    content: &Content,
    name: &str,
    record: &Record,
    out: &Path,
) -> Result<(), Failure> {
    let fault = |error: &dyn std::fmt::Display| Failure::configuration(error.to_string());
    let dashboards = content.dashboards().map_err(|error| fault(&error))?;
    let mut named = dashboards
        .iter()
        .filter(|dashboard| dashboard.name() == name);
    let dashboard = named.next().ok_or_else(|| {
        Failure::configuration(format!(
            "no dashboard is called {name}: op-dd content list has the names"
        ))
    })?;
    let file = dashboard.file();
    let dashboard =
        Dashboard::parse(dashboard.text()).map_err(|error| fault(&format!("{file}: {error}")))?;
    let signals = Signals::simulated(content, &record.logs);
    let html = Page::new(&dashboard, &record.logs, &signals).html();
    fs::write(out, html).map_err(|error| {
        Failure::configuration(format!(
            "{} can't be written ({error}): choose another --out",
            out.display()
        ))
    })
}

/// The logs of some files, and what is wrong with these.
#[derive(Default)]
pub(crate) struct Record {
    logs: Vec<Log>,
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
        let file = LogFile::read(BufReader::new(file), received).map_err(failure)?;
        let named = file.complaints.iter();
        self.complaints
            .extend(named.map(|complaint| format!("{name}, {complaint}")));
        let more = file.left_out - file.complaints.len();
        if more > 0 {
            self.complaints
                .push(format!("{name}: {more} more lines are no logs"));
        }
        self.logs.extend(file.logs);
        Ok(())
    }

    /// What was drawn, and what was left out.
    fn tell(&self, to: &mut impl Write, out: &Path) -> io::Result<()> {
        for complaint in &self.complaints {
            writeln!(to, "left out: {complaint}")?;
        }
        writeln!(to, "{} logs drawn: open {}", self.logs.len(), out.display())
    }
}
