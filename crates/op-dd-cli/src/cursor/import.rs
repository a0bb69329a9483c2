use std::io::{Write as _, stdout};
use std::path::Path;

use op_dd_bridge::{Place, StreamState};

use super::change::Change;
use super::document::Document;
use crate::args::ImportCursorsArgs;
use crate::counted::counted;
use crate::exit::{Exit, Failure};

pub(super) async fn execute(folder: &Path, args: &ImportCursorsArgs) -> Result<Exit, Failure> {
    let document = Document::read(&args.file)?;
    let change = Change::of_new(folder)?;
    let mut moves = Vec::new();
    let mut differ = Vec::new();
    for entry in &document.streams {
        let place = entry.place();
        match change.state(&entry.stream) {
            Some(state) if stands_at(state, &place) => continue,
            Some(state) if !matches!(state.checkpoint, Ok(None)) => {
                differ.push(entry.stream.to_string());
            }
            _ => {}
        }
        moves.push((entry.stream.clone(), Some(place)));
    }
    if !differ.is_empty() && !args.replace {
        return Err(Failure::configuration(format!(
            "nothing was imported, since these are there and stand elsewhere: {}; \
             look at them with op-dd cursor show, and give --replace if they are to go",
            differ.join(", ")
        )));
    }
    let put = counted(moves.len(), "cursor");
    let stood = document.streams.len() - moves.len();
    if !moves.is_empty() {
        change.put(moves, "cursor import", &args.why.reason).await?;
    }
    let _ = writeln!(stdout(), "{put} put back; {stood} stood there already");
    Ok(Exit::Clean)
}

fn stands_at(state: &StreamState, place: &Place) -> bool {
    let kept = state.checkpoint.as_ref().ok().and_then(Option::as_ref);
    kept.is_some_and(|kept| kept.checkpoint.place.as_ref() == Some(place))
}
