use clap::Subcommand;

#[derive(Debug, clap::Args)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    pub(crate) command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print a configuration with every setting explained, of which four lines are to be changed
    #[command(after_help = EXAMPLE)]
    Example,
    /// Print a JSON Schema of the configuration, for editors
    #[command(after_help = SCHEMA)]
    Schema,
}

const EXAMPLE: &str = "\
  op-dd config example > op-dd.toml";

const SCHEMA: &str = "\
Editors that complete and check TOML take it, such as VS Code with Even Better TOML, and taplo:

  op-dd config schema > op-dd.schema.json

and as the first line of op-dd.toml

  #:schema ./op-dd.schema.json";
