use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = WHERE)]
pub(crate) struct ManArgs {
    /// Write a page for each command into this folder, instead of the first one to standard output
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

const WHERE: &str = "\
To read one, and to install all:

  op-dd man | man -l -
  op-dd man --dir /usr/local/share/man/man1";
