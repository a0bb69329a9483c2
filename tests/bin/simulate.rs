//! Runs the simulator by hand.

#![expect(clippy::print_stdout, reason = "a program says what it found")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::bail;
use clap::Parser;
use op_dd_tests::simulator::{Figures, Property, Sabotage, simulate};

/// The bridge and both clients in a simulated world: many seeds, or one of them told line by line.
#[derive(Debug, Parser)]
struct Arguments {
    /// Runs this seed alone
    #[arg(long, value_name = "N", conflicts_with = "seeds")]
    seed: Option<u64>,

    /// Prints all that happens
    #[arg(long, requires = "seed")]
    trace: bool,

    /// Runs so many seeds
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,

    /// Begins with this one
    #[arg(long, value_name = "M", default_value_t = 0)]
    from: u64,

    /// Breaks something on purpose, or each thing in turn: `all`
    #[arg(long, value_name = "NAME")]
    sabotage: Option<String>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let seeds = arguments.from..arguments.from + arguments.seeds;
    let sabotage = match arguments.sabotage.as_deref() {
        Some("all") => return try_all(seeds),
        Some(name) => Some(name.parse().map_err(anyhow::Error::msg)?),
        None => None,
    };
    match arguments.seed {
        Some(seed) => tell(seed, arguments.trace, sabotage),
        None => run_all(seeds, sabotage),
    }
}

fn tell(seed: u64, trace: bool, sabotage: Option<Sabotage>) -> anyhow::Result<()> {
    let run = simulate(seed, sabotage);
    if trace {
        for line in &run.journal {
            println!("{line}");
        }
    }
    print!("{}", run.figures);
    if run.violations.is_empty() {
        return Ok(());
    }
    println!("{run}");
    bail!("{} properties don't hold", run.violations.len());
}

fn run_all(seeds: std::ops::Range<u64>, sabotage: Option<Sabotage>) -> anyhow::Result<()> {
    let began = Instant::now();
    let next = AtomicU64::new(seeds.start);
    let figures = Mutex::new(Figures::default());
    let failed = Mutex::new(Vec::new());
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return;
            }
            let run = simulate(seed, sabotage);
            if let Ok(mut figures) = figures.lock() {
                figures.add(&run.figures);
            }
            if !run.violations.is_empty() {
                println!("{run}\n");
                if let Ok(mut failed) = failed.lock() {
                    failed.push(seed);
                }
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    if let Ok(figures) = figures.lock() {
        print!("{figures}");
    }
    println!(
        "{:<24} {:>10.1}",
        "wall seconds",
        began.elapsed().as_secs_f64()
    );
    match failed.into_inner() {
        Ok(failed) if failed.is_empty() => {
            println!("all {} properties hold", Property::ALL.len());
            Ok(())
        }
        Ok(failed) => bail!("{} seeds failed: {failed:?}", failed.len()),
        Err(_) => bail!("a simulation broke off"),
    }
}

fn try_all(seeds: std::ops::Range<u64>) -> anyhow::Result<()> {
    let mut missed = 0;
    println!("{:<24} {:<20} first seed", "sabotage", "caught by");
    for sabotage in Sabotage::ALL {
        let property = sabotage.caught_by();
        let caught = seeds.clone().find(|seed| {
            let run = simulate(*seed, Some(sabotage));
            run.violations
                .iter()
                .any(|violation| violation.property == property)
        });
        match caught {
            Some(seed) => println!("{sabotage:<24} {property:<20} {seed}"),
            None => {
                missed += 1;
                println!("{sabotage:<24} {property:<20} not caught");
            }
        }
    }
    if missed > 0 {
        bail!("{missed} were not caught within these seeds: try more");
    }
    Ok(())
}
