use std::fs;
use std::io::{Write as _, stdout};

use op_dd_content::{Content, WatchLists};
use op_dd_fakes::{Generator, Scenario};

use super::scene::Scene;
use crate::args::DemoArgs;
use crate::exit::Failure;
use crate::preview;
use crate::record::Record;

/// How many logs of other services are invented: the dashboard looks for the same people there.
const OTHERS: usize = 300;

/// The overview over everything that the demonstration left in its folder.
pub(super) fn draw(args: &DemoArgs, scene: &Scene) -> Result<(), Failure> {
    let file = |name| args.out.join(name);
    let (others, page) = (file("others.ndjson"), file("preview.html"));
    let mut files = vec![file("logs.ndjson"), file("heartbeats.ndjson")];
    files.retain(|file| file.exists());
    let mut lines = String::new();
    // Of given pages nobody knows who else is in them.
    if args.pages.is_none() {
        let generator = Generator::new(args.seed, scene.anchor, args.events);
        let logs: String = generator.elsewhere(OTHERS).map(|log| log + "\n").collect();
        fs::write(&others, logs).map_err(|error| {
            Failure::configuration(format!(
                "{} can't be written ({error}): choose another --out",
                others.display()
            ))
        })?;
        lines = format!(
            "others   {} ({OTHERS} logs of other services, invented for the picture)\n",
            others.display()
        );
        files.push(others);
    }
    let record = Record::read(&files)?;
    // The lists are of the company that scenarios are about.
    let lists: WatchLists = match args.scenario {
        Some(_) => Scenario::WATCH_LISTS
            .map(|(name, values)| (name, values.iter().copied()))
            .into_iter()
            .collect(),
        None => WatchLists::default(),
    };
    let html = preview::page(&Content::bundled(), "1password-overview", &record, &lists)?;
    preview::write(&page, &html)?;
    // Whoever reads may have gone.
    let _ = writeln!(stdout().lock(), "{lines}preview  {}", page.display());
    Ok(())
}
