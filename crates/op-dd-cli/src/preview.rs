//! `op-dd preview`: a dashboard over logs as a page.

use std::fs;
use std::io::{Write as _, stdout};
use std::path::Path;

use op_dd_content::preview::{Page, Signals};
use op_dd_content::{Content, Dashboard};

use crate::args::PreviewArgs;
use crate::content::content;
use crate::exit::{Exit, Failure};
use crate::record::Record;

pub(crate) fn execute(args: &PreviewArgs) -> Result<Exit, Failure> {
    let content = content(args.dir.as_deref())?;
    let record = Record::read(&args.logs)?;
    draw(&content, &args.dashboard, &record, &args.out)?;
    record.complain();
    let (logs, out) = (record.logs.len(), args.out.display());
    // Whoever reads may have gone.
    let _ = writeln!(stdout(), "{logs} logs drawn: open {out}");
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
