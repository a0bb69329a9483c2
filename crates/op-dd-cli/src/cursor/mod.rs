//! `op-dd cursor`: how far the streams have come, and how to put them elsewhere.

use std::path::PathBuf;

use crate::args::{CursorArgs, CursorCommand};
use crate::config::Config;
use crate::exit::{Exit, Failure};

mod age;
mod change;
mod document;
mod export;
mod faults;
mod import;
mod json;
mod meaning;
mod reset;
mod set;
mod show;
mod table;

pub(crate) use change::Change;

pub(crate) async fn execute(args: &CursorArgs) -> Result<Exit, Failure> {
    let folder = folder(args)?;
    match &args.command {
        CursorCommand::Show(which) => show::execute(&folder, which),
        CursorCommand::Export => export::execute(&folder),
        CursorCommand::Import(args) => import::execute(&folder, args).await,
        CursorCommand::Set(args) => set::execute(&folder, args).await,
        CursorCommand::Reset(which) => {
            let config = args.config.as_deref().map(Config::read_for_content);
            reset::execute(&folder, which, config.transpose()?.as_ref()).await
        }
    }
}

/// Where the state is. A configuration that is broken keeps nobody from looking where he says.
fn folder(args: &CursorArgs) -> Result<PathBuf, Failure> {
    let state = args.state.as_deref();
    let config = match &args.config {
        Some(path) if state.is_none() => Config::read_for_content(path)?,
        _ => Config::default(),
    };
    config.state_folder(state)
}
