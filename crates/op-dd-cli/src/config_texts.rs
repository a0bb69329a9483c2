use std::io::{Write as _, stdout};

use crate::args::{ConfigArgs, ConfigCommand};
use crate::config::{EXAMPLE, schema};
use crate::exit::{Exit, Failure};

/// Prints a text that belongs to the configuration.
pub(crate) fn print(args: &ConfigArgs) -> Result<Exit, Failure> {
    let text = match args.command {
        ConfigCommand::Example => EXAMPLE.to_owned(),
        ConfigCommand::Schema => format!("{}\n", schema()),
    };
    // Whoever wanted to read it may be gone.
    let _ = stdout().write_all(text.as_bytes());
    Ok(Exit::Clean)
}
