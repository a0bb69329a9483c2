//! The command line: a file for each command.

use clap::{Parser, Subcommand};

use crate::logging::LogFormat;

mod backfill;
mod check;
mod completions;
mod config;
mod content;
mod cursor;
mod demo;
mod man;
mod preview;
mod run;

pub(crate) use backfill::BackfillArgs;
pub(crate) use check::{ChecklistArgs, Form};
pub(crate) use completions::CompletionsArgs;
pub(crate) use config::{ConfigArgs, ConfigCommand};
pub(crate) use content::{
    CheckArgs, ContentArgs, ContentCommand, DiffArgs, InstallArgs, ListsArgs, SettingsArgs,
    TargetArgs, UninstallArgs,
};
pub(crate) use cursor::{
    CursorArgs, CursorCommand, Format, ImportCursorsArgs, ResetCursorArgs, SetCursorArgs,
    ShowCursorsArgs,
};
pub(crate) use demo::DemoArgs;
pub(crate) use man::ManArgs;
pub(crate) use preview::PreviewArgs;
pub(crate) use run::RunArgs;

/// Carries 1Password's audit trail into Datadog and loses nothing on the way.
#[derive(Debug, Parser)]
#[command(name = "op-dd", version, max_term_width = 100, after_help = FIRST_STEPS)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// How log lines look
    #[arg(long, value_name = "FORMAT", global = true, default_value = "auto")]
    pub(crate) log_format: LogFormat,
}

const FIRST_STEPS: &str = "\
Start with op-dd demo: it needs no account. A first configuration: op-dd config example.

Exit codes:
  0  clean                    5  a server could not be reached
  1  a defect of op-dd        6  the state folder can't be used
  2  usage or configuration   7  a checkpoint file can't be read
  3  1Password's token        8  the state folder is held by another process
  4  Datadog's key            9  partial: a stream was held, or there are new dead letters

Log lines go to standard error, in JSON unless that is a terminal; RUST_LOG chooses
them: RUST_LOG=info,op_dd=debug shows every page, too. If it ends otherwise than clean, the
last line says why, in plain text: op-dd: …";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Carry events from 1Password to Datadog
    Run(RunArgs),
    /// Look at both ends and everything between, and say what to do about what is wrong
    Check(ChecklistArgs),
    /// Print an example of the configuration, or its schema
    Config(ConfigArgs),
    /// Carry a stretch of history, beside what happens now
    Backfill(BackfillArgs),
    /// Say how far every stream has come, and put streams elsewhere
    Cursor(CursorArgs),
    /// Try it without any account: fakes of both ends on this machine, real HTTP between
    Demo(DemoArgs),
    /// Dashboards, detection rules, monitors and a log pipeline, as files
    Content(ContentArgs),
    /// Draw a dashboard over logs as an HTML page, without Datadog
    Preview(PreviewArgs),
    /// Print what makes a shell complete this command line
    Completions(CompletionsArgs),
    /// Print the man page, or write one for each command
    Man(ManArgs),
}
