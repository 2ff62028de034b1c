//! Growth as it goes into a record: cells in memory become cells on disk, with
//! what dominates them and what to use.

use bench_protocol::spec::{BufferConfig, DEFAULT_MEMORY_LIMIT, Regrow};

use super::advice::{self, Measure};
use super::matrix::{self, Drain, GrowthError, Stream};
use super::paired;
use super::retry;
use crate::case::plans;
use bench_record::CaseId;
use bench_record::growth::{Advice, Cell, Growth, Plan, Ratio};
use bench_record::wire::{Comparison, Environment, Record};

/// What may be asked of a host, and which cells then may be chosen.
type Condition = (&'static str, fn(&matrix::Cell) -> bool);

/// The conditions that advice is given under, each wider than the last.
const CONDITIONS: [Condition; 3] = [
    ("nothing is known", advice::asks_nothing),
    ("the largest item is known", |cell| {
        cell.buffer.regrow != Regrow::Uninit
    }),
    (
        "the largest item is known and buffers stay unzeroed",
        |_| true,
    ),
];

/// The plan on which exact fit retries for every item.
const RAMP: &str = "ramp";

/// Comparisons that were made for growth, and where.
#[derive(Debug, Clone)]
pub struct Timed {
    /// Each way to grow against exact fit, and against alloc.
    pub comparisons: Vec<Comparison>,
    /// Where, when and by what command they were made.
    pub environment: Option<Environment>,
}

impl Timed {
    /// Those that a record keeps of the plans of `streams`; `None` of none.
    fn of(record: &Record, streams: &[Stream]) -> Option<Self> {
        let growth = record.growth.as_ref()?;
        let of_plan = |comparison: &&Comparison| {
            let plan = CaseId::of(&comparison.candidate).item;
            let mut names = streams.iter().map(|stream| stream.plan().name());
            names.any(|name| plan == Some(name))
        };
        let comparisons: Vec<_> = growth.comparisons.iter().filter(of_plan).cloned().collect();
        (!comparisons.is_empty()).then(|| Self {
            comparisons,
            environment: growth.environment.clone(),
        })
    }
}

/// The section of all standard plans for a record: drained now, with the
/// record's own counts and comparisons, and only the cells that say something.
///
/// # Errors
/// When a stream is not what it must be.
///
/// # Panics
/// If a standard plan is above the standard memory limit.
pub fn standard(drain: &mut Drain<'_>, record: &Record) -> Result<Growth, GrowthError> {
    let streams: Vec<Stream> = plans::standard()
        .into_iter()
        .map(|plan| Stream::new(plan, DEFAULT_MEMORY_LIMIT))
        .collect::<Result<_, _>>()?;
    let all = |stream: &Stream| drain(stream, &stream.buffers(Regrow::ALL));
    let matrices = streams.iter().map(all).collect::<Result<_, _>>()?;
    Ok(telling(section(&streams, matrices, Some(record), None)))
}

/// The cells of each stream with their costs: instructions and comparisons of a
/// record, and comparisons made for these streams. Where none are given, those that
/// the record keeps.
pub fn section(
    streams: &[Stream],
    matrices: Vec<Vec<matrix::Cell>>,
    record: Option<&Record>,
    timed: Option<Timed>,
) -> Growth {
    let timed = timed.or_else(|| Timed::of(record?, streams));
    let plans = streams.iter().zip(matrices);
    let plans = plans.map(|(stream, cells)| (head(stream, &cells), cells));
    assembled(plans.collect(), record, timed)
}

/// The section with only the cells that say something, as a record keeps it.
pub(super) fn telling(mut growth: Growth) -> Growth {
    let retry = &growth.retry;
    for plan in &mut growth.plans {
        let advice = &plan.advice;
        plan.cells.retain(|cell| {
            let measured = cell.ratio.is_some() || cell.instructions_per_item.is_some();
            let advised = advice.iter().any(|advice| advice.id == cell.id);
            let priced = retry
                .iter()
                .any(|it| [&it.many, &it.few].contains(&&cell.id));
            cell.plain || measured || advised || priced || cell.dominated_by.is_none()
        });
    }
    growth
}

/// Puts a section into a record. Its comparisons stand in place of those that the
/// record has of the same cases: a question has one answer there.
pub fn add_to(record: &mut Record, growth: Growth) {
    let again = |known: &Comparison| growth.comparisons.iter().any(|it| same_pair(it, known));
    record.comparisons.retain(|known| !again(known));
    record.growth = Some(telling(growth));
}

pub(super) fn same_pair(a: &Comparison, b: &Comparison) -> bool {
    (&a.candidate, &a.baseline) == (&b.candidate, &b.baseline)
}

/// Plans with their counted cells as a section: costs, fronts, advice and prices.
pub(super) fn assembled(
    mut plans: Vec<(Plan, Vec<matrix::Cell>)>,
    record: Option<&Record>,
    timed: Option<Timed>,
) -> Growth {
    let timed = timed.map(|timed| (timed.comparisons, timed.environment));
    let (comparisons, environment) = timed.unwrap_or_default();
    let earlier = record.map_or(&[][..], |record| &record.comparisons);
    let known = [&comparisons[..], earlier].concat();
    for cell in plans.iter_mut().flat_map(|(_, cells)| cells) {
        let case = record.and_then(|record| record.case(&cell.id));
        let counts = case.and_then(|case| case.counts.as_ref());
        cell.instructions_per_item = counts.and_then(|counts| counts.instructions_per_item);
    }
    for (_, cells) in &mut plans {
        paired::attach(cells, &known);
    }
    let ramp = plans.iter().filter(|(plan, _)| plan.name == RAMP);
    let prices = ramp.flat_map(|(_, cells)| retry::prices(cells, &known));
    Growth {
        retry: prices.collect(),
        plans: plans
            .into_iter()
            .map(|(head, cells)| judged(head, &cells))
            .collect(),
        comparisons,
        environment,
    }
}

/// A strategy as such: nothing else differs from Fidius' stream pump.
pub fn is_plain(buffer: &BufferConfig) -> bool {
    let usual = BufferConfig::default();
    buffer.initial_capacity == usual.initial_capacity
        && buffer.regrow == usual.regrow
        && buffer.shrink == usual.shrink
}

/// The section of one plan, by the counters alone.
pub fn plan(stream: &Stream, cells: &[matrix::Cell]) -> Plan {
    judged(head(stream, cells), cells)
}

/// What a plan is, without its cells.
fn head(stream: &Stream, cells: &[matrix::Cell]) -> Plan {
    Plan {
        name: stream.plan().name().to_owned(),
        parameters: plans::describe(stream.plan()),
        items: stream.items(),
        bytes: cells.first().map_or(0, |cell| cell.counts.bytes),
        largest: stream.wire_max(),
        ..Plan::default()
    }
}

/// A plan with its cells: what dominates them, and what to use.
fn judged(head: Plan, cells: &[matrix::Cell]) -> Plan {
    let all: Vec<&matrix::Cell> = cells.iter().collect();
    let measure = Measure::of(&all);
    let by_counters = advice::dominators(&all, Measure::Counters);
    let by_measure = advice::dominators(&all, measure);
    let dominated_by = |at: usize| {
        let by = if measure.has(all[at]) {
            by_measure[at]
        } else {
            by_counters[at]
        };
        by.map(|by| all[by].id.clone())
    };
    let advise = |(condition, may): &Condition| {
        let advice = advice::choose(cells, may)?;
        Some(Advice {
            condition: (*condition).to_owned(),
            id: cells[advice.chosen].id.clone(),
            measure: advice.measure.name().to_owned(),
            reason: advice.reason,
        })
    };
    Plan {
        cells: (0..cells.len())
            .map(|at| Cell {
                dominated_by: dominated_by(at),
                ..Cell::from(&cells[at])
            })
            .collect(),
        advice: CONDITIONS.iter().filter_map(advise).collect(),
        ..head
    }
}

impl From<&matrix::Cell> for Cell {
    fn from(cell: &matrix::Cell) -> Self {
        let (buffer, counts) = (&cell.buffer, &cell.counts);
        Self {
            id: cell.id.clone(),
            growth: buffer.growth.name().to_owned(),
            growth_param: buffer.growth_param,
            initial_capacity: u64::from(buffer.initial_capacity),
            regrow: buffer.regrow.name().to_owned(),
            shrink: buffer.shrink.name().to_owned(),
            shrink_param: buffer.shrink_param,
            needs_maximum: cell.needs_maximum,
            plain: is_plain(buffer),
            boundary_calls: counts.calls,
            retries: counts.retries,
            encoded_bytes: counts.bytes,
            retried_bytes: counts.retried_bytes,
            zeroed_bytes: counts.zeroed,
            moved_bytes: counts.moved,
            allocated_bytes: counts.allocated,
            shrinks: counts.shrinks,
            peak_capacity: counts.peak_capacity,
            final_capacity: counts.capacity,
            mean_held: cell.mean_held(),
            mean_share: cell.mean_share(),
            instructions_per_item: cell.instructions_per_item,
            ratio: cell.ratio.map(|ratio| Ratio {
                estimate: ratio.estimate,
                low: ratio.low,
                high: ratio.high,
            }),
            dominated_by: None,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::case::catalog;
    use bench_protocol::size_plan::SizePlan;
    use bench_record::synthetic;
    use bench_record::wire::{Case, Counts, Difference, Verdict};

    /// Two streams of a power of two of items: means are exact.
    pub(in crate::growth) fn streams() -> Vec<Stream> {
        let plans = [
            SizePlan::Ramp {
                from: 64,
                to: 163,
                every: 1,
            },
            SizePlan::Uniform { from: 16, to: 900 },
        ];
        let stream = |plan| Stream::new(plan, 1 << 20).unwrap();
        plans.map(stream).into()
    }

    pub(in crate::growth) fn matrices(streams: &[Stream]) -> Vec<Vec<matrix::Cell>> {
        let replayed = |stream: &Stream| stream.replay(&stream.buffers(Regrow::ALL)).unwrap();
        streams.iter().map(replayed).collect()
    }

    /// The cases of the streams, each with made-up instructions.
    pub(in crate::growth) fn cases(streams: &[Stream]) -> Vec<Case> {
        let cases = streams
            .iter()
            .flat_map(|stream| catalog::growths_of(stream.plan().clone()));
        let counted = |(at, case): (usize, crate::case::Case)| Case {
            id: case.id(),
            params: case.params(4096),
            verified: None,
            counts: Some(Counts {
                instructions_per_item: Some(500.0 + (7 * at % 11) as f64),
                ..Counts::default()
            }),
        };
        cases.enumerate().map(counted).collect()
    }

    pub(in crate::growth) fn record(cases: Vec<Case>) -> Record {
        Record {
            cases,
            comparisons: Vec::new(),
            ..synthetic::record(1)
        }
    }

    /// A candidate that takes nine tenths of its baseline's time.
    fn comparison(candidate: &str, baseline: &str) -> Comparison {
        Comparison {
            candidate: candidate.to_owned(),
            baseline: baseline.to_owned(),
            ratio: 0.9,
            low: 0.88,
            high: 0.92,
            verdict: Verdict::Faster,
            difference_ns: Some(Difference {
                estimate: -10.0,
                low: -12.0,
                high: -8.0,
            }),
            ..synthetic::record(1).comparisons[0].clone()
        }
    }

    #[test]
    fn a_timed_section_gives_a_record_its_ratios_prices_and_provenance() {
        let streams = streams();
        let mut record = record(cases(&streams));
        let [exact, presized, alloc] = [
            "growth/ramp/arena/exact",
            "growth/ramp/arena/presized",
            "growth/ramp/alloc",
        ];
        // What the run itself measured of the same two gives way.
        record.comparisons = vec![comparison(exact, alloc), comparison("a", "b")];
        let timed = Timed {
            comparisons: vec![comparison(presized, exact), comparison(exact, alloc)],
            environment: Some(Environment {
                command: "arena-bench growth --time".to_owned(),
                ..record.environment.clone()
            }),
        };
        let made = section(&streams, matrices(&streams), Some(&record), Some(timed));
        add_to(&mut record, made);
        let left: Vec<&str> = record.comparisons.iter().map(|c| &*c.candidate).collect();
        assert_eq!(left, ["a"]);
        let growth = record.growth.clone().unwrap();
        assert!(!growth.comparisons[0].samples.is_empty());
        let environment = growth.environment.as_ref().unwrap();
        assert_eq!(environment.command, "arena-bench growth --time");
        // 10 ns an item less, of 4096 items, for 99 retries.
        let ns = growth.retry[0].ns.as_ref().unwrap();
        assert!((ns.estimate - 10.0 * 4096.0 / 99.0).abs() < 1e-6, "{ns:?}");
        let cell = growth.plans[0].cells.iter().find(|it| it.id == presized);
        assert_eq!(cell.unwrap().ratio.as_ref().unwrap().estimate, 0.9);
        // Whoever asks the record later is answered the same.
        let again = section(&streams, matrices(&streams), Some(&record), None);
        assert_eq!(telling(again), growth);
    }
}
