//! The campaign against the program: hostile guests, damaged records, kills at random
//! moments and odd environments. `scripts/torture` builds the program and starts this.
//!
//! A case is drawn from the seed, its part and its number alone, so that what was lost can
//! be repeated. Knows the program by its command line only.

#![forbid(unsafe_code)]

mod campaign;
mod case;
mod environments;
mod guests;
mod kills;
mod mutate;
mod records;
mod run;
mod setup;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;

use self::campaign::{Campaign, Part};
use self::setup::Setup;

/// Attacks the program for as long as it is given: hostile guests, damaged records, kills
/// at random moments, odd environments.
///
/// Exit status: 0 nothing was lost, 1 something was, 2 the campaign could not be made.
#[derive(Debug, Parser)]
#[command(name = "scripts/torture", max_term_width = 100)]
#[command(after_help = "Examples:\n  \
    scripts/torture\n  \
    scripts/torture --seconds 60 --seed 7\n  \
    scripts/torture --seed 7 --case records:1234     # what was lost there, again\n  \
    scripts/torture --output results/torture.md")]
struct Options {
    /// The executable to attack; the script gives it.
    #[arg(long, value_name = "FILE", hide = true)]
    program: PathBuf,
    /// Seconds for the whole campaign.
    #[arg(long, value_name = "N", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86400))]
    seconds: u64,
    /// Random seed; by default a fresh one, which is printed.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Only this case, as a loss names it; its scratch folder is kept.
    #[arg(long, value_name = "PART:N", value_parser = case)]
    case: Option<(Part, u64)>,
    /// Also write the counts to this file, as Markdown.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Add the message of every loss to this file [default: torture-losses.txt beside the
    /// program]
    #[arg(long, value_name = "FILE")]
    losses: Option<PathBuf>,
}

fn case(text: &str) -> Result<(Part, u64), String> {
    let found = text
        .split_once(':')
        .and_then(|(part, number)| Some((Part::named(part)?, number.parse().ok()?)));
    let names = Part::ALL.map(Part::name).join(", ");
    found.ok_or_else(|| format!("PART:N with a part of {names}, such as records:12"))
}

fn main() -> ExitCode {
    match attack(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("torture: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Makes the campaign; whether nothing was lost.
fn attack(options: &Options) -> Result<bool> {
    let seed = options
        .seed
        .unwrap_or_else(|| rand::random::<u64>() % 1_000_000);
    let losses = options.losses.clone();
    let losses = losses.unwrap_or_else(|| options.program.with_file_name("torture-losses.txt"));
    let campaign = Campaign {
        setup: Setup::new(&options.program)?,
        seed,
        losses,
    };
    if let Some((part, number)) = options.case {
        return Ok(campaign.repeat(part, number));
    }
    let found = campaign.run(Duration::from_secs(options.seconds));
    println!("{}", found.table());
    if let Some(path) = &options.output {
        std::fs::write(path, found.markdown()).with_context(|| path.display().to_string())?;
    }
    Ok(found.lost() == 0)
}
