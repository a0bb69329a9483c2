//! `op-dd preview`: a dashboard over logs as a page.

use std::fs;
use std::io::{Write as _, stdout};
use std::path::Path;

use op_dd_content::preview::{Page, Signals};
use op_dd_content::{Content, Dashboard, WatchLists};

use crate::args::PreviewArgs;
use crate::config::Config;
use crate::content::content;
use crate::counted::counted;
use crate::exit::{Exit, Failure};
use crate::record::Record;

pub(crate) fn execute(args: &PreviewArgs) -> Result<Exit, Failure> {
    let kept = match &args.config {
        Some(path) => Config::read_for_content(path)?.content,
        None => Default::default(),
    };
    let content = content(args.dir.as_deref(), &kept)?;
    let record = Record::read(&args.logs)?;
    let lists = kept.watch_lists(&args.lists.watch);
    let page = page(&content, &args.dashboard, &record, &lists)?;
    record.complain();
    // Whoever reads may have gone.
    if args.out.as_os_str() == "-" {
        let _ = stdout().write_all(page.as_bytes());
        return Ok(Exit::Clean);
    }
    write(&args.out, &page)?;
    let logs = counted(record.logs.len(), "log");
    let _ = writeln!(stdout(), "{logs} drawn: open {}", args.out.display());
    Ok(Exit::Clean)
}

/// The page of a dashboard, which is called by its name or its title, over the logs.
pub(crate) fn page(
    content: &Content,
    name: &str,
    record: &Record,
    lists: &WatchLists,
) -> Result<String, Failure> {
    let dashboards = content
        .dashboards()
        .map_err(|error| Failure::configuration(error.to_string()))?;
    for asset in &dashboards {
        let dashboard = Dashboard::parse(asset.text());
        let is_titled = |dashboard: &Dashboard| dashboard.title() == name;
        if asset.name() != name && !dashboard.as_ref().is_ok_and(is_titled) {
            continue;
        }
        let dashboard = dashboard
            .map_err(|error| Failure::configuration(format!("{}: {error}", asset.file())))?;
        let signals = Signals::simulated(content, &record.logs, lists);
        return Ok(Page::new(&dashboard, &record.logs, &signals).html());
    }
    Err(Failure::configuration(format!(
        "no dashboard is called {name}: op-dd content list has the names"
    )))
}

/// Puts a page where it is wanted.
pub(crate) fn write(out: &Path, page: &str) -> Result<(), Failure> {
    fs::write(out, page).map_err(|error| {
        Failure::configuration(format!(
            "{} can't be written ({error}): choose another --out",
            out.display()
        ))
    })
}
