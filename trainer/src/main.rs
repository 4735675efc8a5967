//! The `trainer` program.

use std::{io::Write, process::ExitCode};

use clap::Parser;
use edgefit_trainer::{
    cli::Cli,
    commands,
    terminal::{printable, say},
};

fn main() -> ExitCode {
    match commands::run(&Cli::parse()) {
        Ok(outcome) => {
            // A reader that has gone away, such as `head`, is no failure of ours.
            let _ = std::io::stdout().write_all(printable(&outcome.text).as_bytes());
            ExitCode::from(u8::from(outcome.failed))
        }
        Err(error) => {
            say(format_args!("error: {error}"));
            ExitCode::from(error.exit_code())
        }
    }
}
