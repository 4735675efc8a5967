//! What edgefit costs on emulated cores, in instructions and bytes: `cargo xtask bench board`.
//!
//! Builds the images of `firmware/bench` for each core, runs them under `qemu-system-arm -icount shift=0`, where time
//! counts instructions, and compares with `shared/benches/board.csv`.

mod chart;
mod jobs;
mod machine;
mod report;
mod table;

use std::{error::Error, path::PathBuf, process::ExitCode};

use clap::Parser;

use jobs::Work;
use machine::{MACHINES, Machine};
use table::Table;

/// Measure what edgefit costs on emulated cores
#[derive(Debug, Parser)]
struct Cli {
    /// Write the figures, the chart and the tables of the documentation instead of comparing
    #[arg(long)]
    update: bool,
    /// The IMDB reviews; without them a synthetic corpus stands in
    #[arg(long, default_value = jobs::ARCHIVE)]
    data: PathBuf,
    /// Only these boards
    #[arg(long, value_delimiter = ',', value_name = "BOARD")]
    boards: Vec<String>,
    /// What cargo tells every bench
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether all figures are as good as those kept.
fn run(cli: &Cli) -> Result<bool, Box<dyn Error>> {
    let work = Work::prepare(&cli.data)?;
    eprintln!("documents: {}", work.source);
    let wanted = |machine: &&Machine| cli.boards.is_empty() || cli.boards.iter().any(|name| name == machine.board);
    let machines: Vec<&Machine> = MACHINES.iter().filter(wanted).collect();
    if machines.is_empty() {
        let known: Vec<&str> = MACHINES.iter().map(|machine| machine.board).collect();
        return Err(format!("no such board: {}; known are {}", cli.boards.join(", "), known.join(", ")).into());
    }
    let mut table = Table::default();
    for machine in machines {
        for kernel in machine::KERNELS {
            eprintln!("{} ({}), kernel {kernel}", machine.board, machine.core);
            table.extend(machine, kernel, machine::measure(machine, kernel, &work)?);
        }
    }
    print!("{}", report::markdown(&table));
    if cli.update {
        if !(work.is_real && cli.boards.is_empty()) {
            return Err(
                "figures are kept of all boards and the real reviews alone; leave --boards out, name --data".into()
            );
        }
        report::write(&table)?;
        return Ok(true);
    }
    let kept = Table::read(&report::csv())?;
    let findings = table.compare(&kept, work.is_real);
    for finding in &findings {
        println!("{finding}");
    }
    Ok(!findings.iter().any(table::Finding::fails))
}
