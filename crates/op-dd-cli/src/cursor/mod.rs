//! `op-dd cursor`: how far the streams have come, and how to put them elsewhere.

use crate::args::{CursorArgs, CursorCommand};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::state;

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
    let folder = state::folder(args.config.as_deref(), args.state.as_deref())?;
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
