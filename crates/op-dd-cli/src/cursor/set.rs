use std::io::{Write as _, stdout};
use std::path::Path;

use onepassword_events::{Position, Reset};
use op_dd_bridge::{Place, StreamId};

use super::change::Change;
use super::meaning::Beginning;
use crate::args::SetCursorArgs;
use crate::exit::{Exit, Failure};

pub(super) async fn execute(folder: &Path, args: &SetCursorArgs) -> Result<Exit, Failure> {
    let stream = StreamId {
        account: args.account.clone(),
        feed: args.feed,
        destination: args.destination.clone(),
    };
    let (position, meaning) = match (&args.place.after, &args.place.start) {
        (Some(cursor), _) => (
            Position::After(cursor.clone()),
            "reading goes on behind this cursor".to_owned(),
        ),
        (None, Some(start)) => {
            let beginning = Beginning::of(start)?;
            (
                Reset::new(beginning.timestamp()).into(),
                beginning.meaning(),
            )
        }
        (None, None) => return Err(Failure::configuration("give --after or --start")),
    };
    let change = Change::of(folder)?;
    let place = Place {
        position,
        last_page: None,
    };
    let streams = vec![(stream, Some(place))];
    change.put(streams, "cursor set", &args.why.reason).await?;
    let _ = writeln!(stdout(), "{meaning}");
    Ok(Exit::Clean)
}
