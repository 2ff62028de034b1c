//! `guest`: verifies and measures libraries that this workbench did not make.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use bench_protocol::spec::{DEFAULT_MEMORY_LIMIT, SEED};
use bench_report::terminal::Screen;

use super::options::{PairChoice, seconds};
use super::outcome::{Outcome, print_json, say};
use super::progress::{Progress, Shown};
use crate::guest::report::{Plan, Report, examine};
use crate::guest::saved::{self, Findings};
use crate::guest::{Target, display, table};
use paired::stats::Delta;

/// Which guests, and what to ask of them.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  arena-bench guest target/release/libmy_guest.so\n  \
    arena-bench guest target/release/libmy_guest.so --save kept\n  \
    arena-bench guest target/release/libmy_guest.so --against kept\n\n\
    A guest exports the table that `bench_protocol::export_guest!` makes; see examples/my-guest.\n\
    A Fidius plugin's streams are measured by the `guest` verb of benches/peers, the same way."
)]
pub struct Config {
    /// Libraries to measure, one after another.
    #[arg(required = true, value_name = "CDYLIB")]
    guests: Vec<PathBuf>,
    /// Payload to ask for, of a guest that offers several.
    #[arg(long, default_value = "u64")]
    payload: String,
    /// Content bytes of an item to ask for.
    #[arg(long, default_value_t = 8)]
    bytes: u32,
    /// Seed of the contents to ask for.
    #[arg(long, default_value_t = SEED)]
    seed: u64,
    /// The stream to ask for, of a guest that gives its streams names.
    #[arg(long, value_name = "NAME")]
    stream: Option<String>,
    #[command(flatten)]
    common: Common,
}

/// How guests of any framework are measured.
#[derive(Debug, Clone, clap::Args)]
pub struct Common {
    /// Items of a stream to drain at most; endless streams are cut here.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    items: u64,
    /// Seconds to drain at most, and to spend on timing.
    #[arg(long, default_value_t = 2.0, value_parser = seconds, allow_negative_numbers = true)]
    seconds: f64,
    /// The largest buffer that the guest may demand, bytes.
    #[arg(long, default_value_t = DEFAULT_MEMORY_LIMIT)]
    memory_limit: u64,
    #[command(flatten)]
    pair: PairChoice,
    /// Keep the library, what it loads from its own folder, and its findings in this
    /// folder. A build that was kept there before is replaced; nothing else ever is.
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
    /// Let --save replace a kept build even by one that --against found worse.
    #[arg(long, requires = "save")]
    accept: bool,
    /// Compare with the build that --save has kept in this folder: paired, in
    /// the same processes, with a copy of this one for an A/A comparison. Exit
    /// status 1 when this one is slower, streams something else,
    /// or takes more instructions (by half a percent), retries or capacity. The time
    /// is of each build as it was linked: where the linker put its functions is part
    /// of the ratio.
    #[arg(long, value_name = "DIR")]
    against: Option<PathBuf>,
    /// The smallest change that matters, in percent.
    #[arg(long, default_value_t = 1.0, value_name = "PERCENT")]
    delta: f64,
    /// Do not count instructions (which needs valgrind).
    #[arg(long)]
    no_counts: bool,
    /// Print a JSON array, one element a guest.
    #[arg(long)]
    json: bool,
}

impl Common {
    /// The target for a guest's file.
    pub fn target(&self, library: &Path, request: serde_json::Value) -> Result<Target> {
        Ok(Target {
            library: library.to_owned(),
            host: self.pair.host()?,
            memory_limit: self.memory_limit,
            request,
        })
    }
}

/// Measures each guest.
///
/// # Errors
/// When a guest cannot be used, refuses what is asked of it, or a file cannot be
/// read or written. A guest that crashes or breaks the protocol is a finding.
pub fn run(config: &Config) -> Result<Outcome> {
    let request = table::Request {
        payload: config.payload.clone(),
        bytes: config.bytes,
        seed: config.seed,
        stream: config.stream.clone(),
    };
    let request = serde_json::to_value(request)?;
    let targets = config
        .guests
        .iter()
        .map(|guest| config.common.target(guest, request.clone()));
    measure(&config.common, &targets.collect::<Result<Vec<_>>>()?)
}

/// Measures each target and prints what was found.
pub fn measure(common: &Common, targets: &[Target]) -> Result<Outcome> {
    let plan = Plan {
        items: common.items,
        seconds: common.seconds,
        counts: !common.no_counts,
        delta: Delta::new(common.delta / 100.0).context("--delta")?,
    };
    ensure!(
        targets.len() == 1 || common.save.is_none() && common.against.is_none(),
        "--save and --against take one guest at a time; there are {}",
        targets.len()
    );
    // Before anything is measured that could not be kept.
    if let Some(folder) = &common.save {
        saved::check(folder)?;
    }
    let kept = common.against.as_deref().map(saved::read).transpose()?;
    let mut reports = Vec::new();
    for target in targets {
        let progress = Progress::new(&display::file_name(&target.library), 3);
        let examined = examine(target, &plan, &mut || progress.tick());
        drop(progress);
        let mut report = Report::new(target, examined);
        tell(&mut report);
        if let Some(kept) = &kept {
            compare(&mut report, kept, &plan)?;
            tell(&mut report);
        }
        if let Some(folder) = &common.save {
            report.keep(folder, common.accept)?;
        }
        tell(&mut report);
        reports.push(report);
    }
    if common.json {
        print_json(&reports)?;
    } else {
        say(display::text(&reports, kept.as_ref(), Screen::stdout()))?;
    }
    let refused = reports.iter().filter(|report| report.refused).count();
    if refused > 0 {
        bail!(
            "{refused} of {} guests could not be measured",
            targets.len()
        );
    }
    Ok(Outcome::of(reports.iter().any(Report::is_worse)))
}

/// Prints what a reader should know, once.
fn tell(report: &mut Report) {
    for notice in report.notices.drain(..) {
        notice!("arena-bench: {notice}");
    }
}

fn compare(report: &mut Report, kept: &Findings, plan: &Plan) -> Result<()> {
    // A first look, and the second that a suspicion asks for.
    let expected = Duration::from_secs_f64(2.0 * plan.seconds);
    let progress = Progress::of_time("the two builds, compared", expected);
    let mut processes = Shown::new(&progress)?;
    report.hold_against(kept, plan, &mut processes)
}
