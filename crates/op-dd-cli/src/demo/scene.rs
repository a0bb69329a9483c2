use std::fs;
use std::path::Path;
use std::time::SystemTime;

use onepassword_events::Timestamp;
use serde::{Deserialize, Serialize};

use crate::args::DemoArgs;
use crate::exit::Failure;

/// When a demonstration takes place, kept where its results are: a second run takes place at the same
/// time, so that the same events, at the same times, are behind the cursors that the first one kept.
pub(super) struct Scene {
    pub(super) anchor: SystemTime,
}

/// What was asked for the first time.
#[derive(PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    anchor: Timestamp,
    events: usize,
    seed: u64,
    pages: Option<String>,
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
        };
        let failure = |error: &dyn std::fmt::Display| {
            Failure::configuration(format!("{}: {error}", path.display()))
        };
        let kept = match fs::read(&path) {
            Ok(text) => {
                let kept: Kept = serde_json::from_slice(&text).map_err(|error| failure(&error))?;
                if kept != wanted(kept.anchor.clone()) {
                    return Err(Failure::configuration(format!(
                        "{} holds a demonstration of other events: \
                         ask for the same ones, or choose another --out",
                        args.out.display()
                    )));
                }
                kept
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let kept = wanted(SystemTime::now().into());
                let text = serde_json::to_vec(&kept).map_err(|error| failure(&error))?;
                fs::create_dir_all(&args.out)
                    .and_then(|()| fs::write(&path, text))
                    .map_err(|error| failure(&error))?;
                kept
            }
            Err(error) => return Err(failure(&error)),
        };
        Ok(Self {
            anchor: kept.anchor.to_system_time(),
        })
    }
}

fn absolute(path: &Path) -> String {
    let absolute = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    absolute.display().to_string()
}
