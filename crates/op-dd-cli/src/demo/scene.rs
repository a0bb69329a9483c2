use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use onepassword_events::Timestamp;
use serde::{Deserialize, Serialize};

use crate::args::DemoArgs;
use crate::exit::{Exit, Failure};

/// When a demonstration takes place, kept where its results are: a second run takes place at the same
/// time, so that the same events, at the same times, are behind the cursors that the first one kept.
pub(super) struct Scene {
    pub(super) anchor: SystemTime,
    path: PathBuf,
    kept: Kept,
    is_new: bool,
}

/// What was asked for the first time.
#[derive(PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    anchor: Timestamp,
    events: usize,
    seed: u64,
    pages: Option<String>,
    /// What was kept before there were any has none.
    #[serde(default)]
    scenario: Option<String>,
}

impl Scene {
    /// Goes on with the demonstration in the folder, or begins one there.
    pub(super) fn set(args: &DemoArgs) -> Result<Self, Failure> {
        let path = args.out.join("demo.json");
        let wanted = |anchor| Kept {
            anchor,
            events: args.events,
            seed: args.seed,
            pages: args.pages.as_deref().map(absolute),
            scenario: args.scenario.map(|scenario| scenario.to_string()),
        };
        let failure = |error: &dyn fmt::Display| {
            Failure::configuration(format!(
                "{} can't be read ({error}): choose another --out",
                path.display()
            ))
        };
        let (kept, is_new) = match fs::read(&path) {
            Ok(text) => {
                let kept: Kept = serde_json::from_slice(&text).map_err(|error| failure(&error))?;
                if kept != wanted(kept.anchor.clone()) {
                    return Err(Failure::configuration(format!(
                        "{} holds a demonstration of other events ({kept}): \
                         ask for the same ones, or choose another --out",
                        args.out.display()
                    )));
                }
                (kept, false)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                (wanted(SystemTime::now().into()), true)
            }
            Err(error) => return Err(failure(&error)),
        };
        Ok(Self {
            anchor: kept.anchor.to_system_time(),
            path,
            kept,
            is_new,
        })
    }

    /// Keeps it, once it is known that what was asked for can be shown, and the folder is ours.
    pub(super) fn keep(&self) -> Result<(), Failure> {
        if !self.is_new {
            return Ok(());
        }
        let text = serde_json::to_vec(&self.kept)
            .map_err(|error| Failure::new(Exit::Defect, error.to_string()))?;
        fs::write(&self.path, text).map_err(|error| {
            Failure::configuration(format!(
                "{} can't be written ({error}): choose another --out",
                self.path.display()
            ))
        })
    }
}

impl fmt::Display for Kept {
    /// The arguments that ask for the same.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(pages) = &self.pages {
            return write!(f, "--pages {pages}");
        }
        write!(f, "--events {} --seed {}", self.events, self.seed)?;
        match &self.scenario {
            Some(scenario) => write!(f, " --scenario {scenario}"),
            None => Ok(()),
        }
    }
}

fn absolute(path: &Path) -> String {
    let absolute = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    absolute.display().to_string()
}
