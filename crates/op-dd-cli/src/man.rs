use std::io::{Write as _, stdout};
use std::path::Path;
use std::{fs, io};

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;

use crate::args::{Args, ManArgs};
use crate::exit::{Exit, Failure};

/// Prints the man page, or writes one for each command into a folder.
pub(crate) fn execute(args: &ManArgs) -> Result<Exit, Failure> {
    let mut command = Args::command().disable_help_subcommand(true);
    command.build();
    let Some(folder) = &args.dir else {
        let page = page(&man(&command))
            .map_err(|error| Failure::new(Exit::Defect, format!("no page: {error}")))?;
        // Whoever reads may have gone.
        let _ = stdout().lock().write_all(page.as_bytes());
        return Ok(Exit::Clean);
    };
    write(&command, folder).map_err(|error| {
        let folder = folder.display();
        Failure::configuration(format!(
            "{folder} can't be written to ({error}): give --dir a folder that is there"
        ))
    })?;
    Ok(Exit::Clean)
}

fn write(command: &Command, folder: &Path) -> io::Result<()> {
    let man = man(command);
    fs::write(folder.join(man.get_filename()), page(&man)?)?;
    for command in command.get_subcommands().filter(|c| !c.is_hide_set()) {
        write(command, folder)?;
    }
    Ok(())
}

fn man(command: &Command) -> Man {
    Man::new(command.clone()).source(concat!("op-dd ", env!("CARGO_PKG_VERSION")))
}

/// The page, in which what is indented in a help text is left as it stands, as examples and tables are.
fn page(man: &Man) -> io::Result<String> {
    let mut text = Vec::new();
    man.render(&mut text)?;
    let mut page = String::new();
    let mut as_it_stands = false;
    for line in String::from_utf8_lossy(&text).lines() {
        if line.starts_with("  ") != as_it_stands {
            as_it_stands = !as_it_stands;
            page += if as_it_stands { ".nf\n" } else { ".fi\n" };
        }
        page += match line {
            ".SH EXTRA" => ".SH NOTES",
            line => line,
        };
        page.push('\n');
    }
    Ok(page)
}
