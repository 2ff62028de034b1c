//! What criterion's targets share: settings, units, and how cases form groups.

use std::env;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use arena_bench::case::Case;
use arena_bench::harness;
use arena_bench::verify;
use arena_bench::wall::{Label, Notes, Selected, look_after};
use bench_host::pair::Pair;
use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{AxisScale, BenchmarkGroup, Criterion, PlotConfiguration, Throughput};

/// How a case is timed. The slowest item takes about 10 ms, so that samples of one item fit into
/// the measurement.
struct Lengths {
    warm_up_ms: u64,
    measurement_ms: u64,
    samples: usize,
}

const USUAL: Lengths = Lengths {
    warm_up_ms: 300,
    measurement_ms: 1000,
    samples: 50,
};
/// Of the quick set, and of the main job, whose figures are those of the paired runner.
const SHORT: Lengths = Lengths {
    warm_up_ms: 100,
    measurement_ms: 300,
    samples: 20,
};
/// Resamples of criterion's bootstrap: a tenth of its default takes a tenth of the time, and moves
/// the ends of a 95% interval by 1% of its width.
const RESAMPLES: usize = 10_000;

/// Criterion with this workbench's settings; flags on the command line take precedence.
fn criterion(times: Option<[u64; 2]>, cases: &[Case]) -> Criterion<PerItem> {
    let lengths = if harness::is_quick() { SHORT } else { USUAL };
    let usual = [lengths.warm_up_ms, lengths.measurement_ms];
    let [warm_up, measurement] = times.unwrap_or(usual);
    let criterion = Criterion::default()
        .sample_size(lengths.samples)
        .nresamples(RESAMPLES)
        .warm_up_time(Duration::from_millis(warm_up))
        .measurement_time(Duration::from_millis(measurement))
        .with_measurement(PerItem)
        .configure_from_args();
    match selected(cases) {
        Selected::Labels(pattern) => criterion.with_filter(pattern),
        Selected::AsCriterion | Selected::Nothing(_) => criterion,
    }
}

/// What this target's arguments mean.
fn selected(cases: &[Case]) -> Selected {
    let words = env::args_os().skip(1);
    let words: Vec<String> = words.map(|it| it.to_string_lossy().into_owned()).collect();
    Selected::of(&words, cases)
}

/// Times one case in its group.
pub trait Bench: Fn(&mut BenchmarkGroup<'_, PerItem>, &Pair, &Case, &Label) {}
impl<F: Fn(&mut BenchmarkGroup<'_, PerItem>, &Pair, &Case, &Label)> Bench for F {}

/// Runs a target: verifies each case and passes it to `bench`, group by group. That is done in
/// a child, since a guest may crash or leave; the exit status is 1 then, and 2 if the target
/// cannot do its work.
///
/// `times` replaces the default milliseconds to warm up and to measure.
pub fn run(times: Option<[u64; 2]>, all: Vec<Case>, bench: impl Bench) -> ExitCode {
    match Notes::wanted() {
        Ok(Some(notes)) => time(times, all, bench, notes),
        Ok(None) => {
            if let Selected::Nothing(filter) = selected(&all) {
                eprintln!(
                    "nothing is timed here, as no case of this target has {filter:?} in its name"
                );
                return ExitCode::SUCCESS;
            }
            look_after_itself();
        }
        Err(error) => fail(&error),
    }
    ExitCode::SUCCESS
}

/// Starts this target as a child, with the same arguments; ends with its failure.
fn look_after_itself() {
    let executable = env::current_exe().unwrap_or_else(|error| fail(&error));
    let mut target = Command::new(executable);
    target.args(env::args_os().skip(1));
    let outcome = look_after(&mut target, None).unwrap_or_else(|error| fail(&error));
    if let Err(failed) = outcome {
        let case = failed.case.as_deref().unwrap_or("the target");
        eprintln!("arena-bench: {case} failed: {}", failed.why);
        std::process::exit(failed.code.unwrap_or(1));
    }
}

fn time(times: Option<[u64; 2]>, all: Vec<Case>, bench: impl Bench, mut notes: Notes) {
    let ready = harness::cases(all).and_then(|cases| Ok((cases, harness::pair()?)));
    let (mut cases, pair) = ready.unwrap_or_else(|error| fail(&*error));
    // Criterion draws one chart per group, so the cases of a group must be adjacent.
    cases.sort_by_cached_key(|case| Label::of(case).group);
    let mut criterion = criterion(times, &cases);
    for cases in cases.chunk_by(|a, b| Label::of(a).group == Label::of(b).group) {
        let mut group = criterion.benchmark_group(Label::of(&cases[0]).group);
        group.plot_config(PlotConfiguration::default().summary_scale(AxisScale::Logarithmic));
        for case in cases {
            notes.case(case).unwrap_or_else(|error| fail(&error));
            // A wrong result must not be timed.
            if let Err(error) = verify::verify(&pair, case) {
                fail(&error);
            }
            bench(&mut group, &pair, case, &Label::of(case));
        }
        group.finish();
    }
    criterion.final_summary();
    notes.done().unwrap_or_else(|error| fail(&error));
}

/// Ends a target that cannot do its work.
pub fn fail(error: &dyn std::error::Error) -> ! {
    eprintln!("arena-bench: {error}");
    std::process::exit(2);
}

/// Wall-clock time where an iteration is one item. It reports a throughput in bytes in items as
/// well. (Criterion's own way to report both would use the number of items, which is always 1, as
/// the x axis.)
#[derive(Debug)]
pub struct PerItem;

impl Measurement for PerItem {
    type Intermediate = Instant;
    type Value = Duration;

    fn start(&self) -> Instant {
        WallTime.start()
    }
    fn end(&self, start: Instant) -> Duration {
        WallTime.end(start)
    }
    fn add(&self, a: &Duration, b: &Duration) -> Duration {
        WallTime.add(a, b)
    }
    fn zero(&self) -> Duration {
        WallTime.zero()
    }
    fn to_f64(&self, value: &Duration) -> f64 {
        WallTime.to_f64(value)
    }
    fn formatter(&self) -> &dyn ValueFormatter {
        &PerItem
    }
}

impl ValueFormatter for PerItem {
    fn format_throughput(&self, bytes: &Throughput, ns: f64) -> String {
        let time = WallTime.formatter();
        let bytes = time.format_throughput(bytes, ns);
        let items = time.format_throughput(&Throughput::Elements(1), ns);
        format!("{bytes} ({})", items.trim_start())
    }
    fn scale_values(&self, typical: f64, values: &mut [f64]) -> &'static str {
        WallTime.formatter().scale_values(typical, values)
    }
    fn scale_throughputs(
        &self,
        typical: f64,
        throughput: &Throughput,
        values: &mut [f64],
    ) -> &'static str {
        WallTime
            .formatter()
            .scale_throughputs(typical, throughput, values)
    }
    fn scale_for_machines(&self, values: &mut [f64]) -> &'static str {
        WallTime.formatter().scale_for_machines(values)
    }
}
