//! What a record must hold true beyond its types, whoever wrote it.
//!
//! A hand edit, a bug or a bad disk shall be told where it is, and not end as a
//! strange point on a chart. Says nothing of files.

use std::collections::BTreeSet;
use std::fmt::Display;

use super::growth::{Cell, Growth, Plan, Retry};
use super::wire::{Case, Comparison, Difference, Environment, Record};

/// Longest id of a case, bytes.
const MAX_ID_BYTES: usize = 512;
/// Slowest item believed, nanoseconds: a thousand seconds.
const MAX_NS: f64 = 1e12;
/// Largest count per item believed.
const MAX_COUNT: f64 = 1e15;
/// Largest ratio of two times believed; its inverse is the smallest.
const MAX_RATIO: f64 = 1e6;

/// Most shards that a run may be split into.
pub const MAX_SHARDS: u32 = 1000;

/// The first thing that is wrong with a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, as a path of field names: `cases[drain/u64/arena].wall.low`.
    pub field: String,
    /// What was found and what was expected.
    pub problem: String,
}

/// Checks everything that [`super::store::load`] promises.
///
/// # Errors
/// The first [`Fault`].
pub fn validate(record: &Record) -> Result<(), Fault> {
    environment(&record.environment)?;
    let mut ids = BTreeSet::new();
    for (index, case) in record.cases.iter().enumerate() {
        id(&format!("cases[{index}].id"), &case.id)?;
        if !ids.insert(&case.id) {
            return fault(format!("cases[{index}].id"), twice(&case.id));
        }
        self::case(&format!("cases[{}]", case.id), case)?;
    }
    comparisons("comparisons", &record.comparisons)?;
    if let Some(check) = &record.self_check {
        ratio("self_check", check.low, check.ratio, check.high)?;
        for (index, comparison) in check.comparisons.iter().enumerate() {
            self::comparison(&format!("self_check.comparisons[{index}]"), comparison)?;
        }
    }
    record.growth.as_ref().map_or(Ok(()), growth)
}

/// `K/N` of a shard, with 1 ≤ K ≤ N ≤ [`MAX_SHARDS`].
#[must_use]
pub fn parse_shard(text: &str) -> Option<(u32, u32)> {
    let (k, n) = text.split_once('/')?;
    let (k, n) = (k.parse().ok()?, n.parse().ok()?);
    (n <= MAX_SHARDS && (1..=n).contains(&k)).then_some((k, n))
}

fn environment(env: &Environment) -> Result<(), Fault> {
    let commit = &env.commit;
    let is_hash = (4..=64).contains(&commit.len()) && commit.bytes().all(|b| b.is_ascii_hexdigit());
    if !commit.is_empty() && !is_hash {
        return fault(
            "environment.commit",
            format!("{commit:?} is no commit hash; expected 4 to 64 hexadecimal digits or nothing"),
        );
    }
    for (field, time) in [
        ("environment.started", &env.started),
        ("environment.finished", &env.finished),
        ("environment.committed", &env.committed),
    ] {
        let is_time = |text: &str| {
            let time = text.parse::<jiff::Timestamp>();
            time.is_ok_and(|time| time >= jiff::Timestamp::UNIX_EPOCH)
        };
        if !time.is_empty() && !is_time(time) {
            return fault(
                field,
                format!("{time:?} is no time; expected RFC 3339, such as 2024-05-01T12:00:00Z"),
            );
        }
    }
    match &env.shard {
        Some(shard) if parse_shard(shard).is_none() => fault(
            "environment.shard",
            format!("{shard:?} is no shard; expected K/N with 1 ≤ K ≤ N ≤ {MAX_SHARDS}"),
        ),
        _ => Ok(()),
    }
}

fn case(at: &str, case: &Case) -> Result<(), Fault> {
    if let Some(wall) = &case.wall {
        let at = format!("{at}.wall");
        within(&at, "ns_per_item", wall.ns_per_item, 0.0, MAX_NS)?;
        within(&at, "low", wall.low, 0.0, MAX_NS)?;
        within(&at, "high", wall.high, 0.0, MAX_NS)?;
        ordered(&at, wall.low, "ns_per_item", wall.ns_per_item, wall.high)?;
        within(&at, "confidence", wall.confidence, 0.0, 1.0)?;
        for (index, sample) in wall.samples.iter().enumerate() {
            within(&at, &format!("samples[{index}]"), *sample, 0.0, MAX_NS)?;
        }
    }
    if let Some(counts) = &case.counts {
        for (name, value) in counts.named() {
            if let Some(value) = value {
                within(&format!("{at}.counts"), name, value, 0.0, MAX_COUNT)?;
            }
        }
        if let Some(share) = counts.mean_share {
            within(&format!("{at}.counts"), "mean_share", share, 0.0, 1.0)?;
        }
    }
    Ok(())
}

/// A list in which a pair occurs once.
fn comparisons(list: &str, comparisons: &[Comparison]) -> Result<(), Fault> {
    let mut pairs = BTreeSet::new();
    for (index, comparison) in comparisons.iter().enumerate() {
        let at = format!("{list}[{index}]");
        self::comparison(&at, comparison)?;
        if !pairs.insert((&comparison.candidate, &comparison.baseline)) {
            let pair = format!("{} against {}", comparison.candidate, comparison.baseline);
            return fault(at, twice(&pair));
        }
    }
    Ok(())
}

fn comparison(at: &str, comparison: &Comparison) -> Result<(), Fault> {
    id(&format!("{at}.candidate"), &comparison.candidate)?;
    id(&format!("{at}.baseline"), &comparison.baseline)?;
    ratio(at, comparison.low, comparison.ratio, comparison.high)?;
    within(at, "confidence", comparison.confidence, 0.0, 1.0)?;
    within(at, "delta", comparison.delta, 0.0, 1.0)?;
    if let Some(difference) = &comparison.difference_ns {
        self::difference(&format!("{at}.difference_ns"), difference)?;
    }
    for (index, sample) in comparison.samples.iter().enumerate() {
        let at = format!("{at}.samples[{index}]");
        let limit = MAX_RATIO.ln();
        within(&at, "log_ratio", sample.log_ratio, -limit, limit)?;
        within(&at, "baseline_ns", sample.baseline_ns, 0.0, MAX_NS)?;
        within(&at, "candidate_ns", sample.candidate_ns, 0.0, MAX_NS)?;
    }
    Ok(())
}

fn difference(at: &str, difference: &Difference) -> Result<(), Fault> {
    let (low, estimate, high) = (difference.low, difference.estimate, difference.high);
    for (name, value) in [("estimate", estimate), ("low", low), ("high", high)] {
        within(at, name, value, -MAX_NS, MAX_NS)?;
    }
    ordered(at, low, "estimate", estimate, high)
}

fn growth(growth: &Growth) -> Result<(), Fault> {
    for (index, plan) in growth.plans.iter().enumerate() {
        self::plan(&format!("growth.plans[{index}]"), plan)?;
    }
    for (index, retry) in growth.retry.iter().enumerate() {
        self::retry(&format!("growth.retry[{index}]"), retry)?;
    }
    comparisons("growth.comparisons", &growth.comparisons)
}

fn plan(at: &str, plan: &Plan) -> Result<(), Fault> {
    for (name, count) in [
        ("items", plan.items),
        ("bytes", plan.bytes),
        ("largest", plan.largest),
    ] {
        whole(at, name, count)?;
    }
    let mut ids = BTreeSet::new();
    for (index, cell) in plan.cells.iter().enumerate() {
        let field = format!("{at}.cells[{index}].id");
        id(&field, &cell.id)?;
        if !ids.insert(&cell.id) {
            return fault(field, twice(&cell.id));
        }
        self::cell(&format!("{at}.cells[{}]", cell.id), cell)?;
    }
    for (index, advice) in plan.advice.iter().enumerate() {
        id(&format!("{at}.advice[{index}].id"), &advice.id)?;
    }
    Ok(())
}

fn cell(at: &str, cell: &Cell) -> Result<(), Fault> {
    for (name, count) in [
        ("growth_param", cell.growth_param),
        ("initial_capacity", cell.initial_capacity),
        ("shrink_param", cell.shrink_param),
        ("boundary_calls", cell.boundary_calls),
        ("retries", cell.retries),
        ("encoded_bytes", cell.encoded_bytes),
        ("retried_bytes", cell.retried_bytes),
        ("zeroed_bytes", cell.zeroed_bytes),
        ("moved_bytes", cell.moved_bytes),
        ("allocated_bytes", cell.allocated_bytes),
        ("shrinks", cell.shrinks),
        ("peak_capacity", cell.peak_capacity),
        ("final_capacity", cell.final_capacity),
    ] {
        whole(at, name, count)?;
    }
    within(at, "mean_held", cell.mean_held, 0.0, MAX_COUNT)?;
    within(at, "mean_share", cell.mean_share, 0.0, 1.0)?;
    if let Some(count) = cell.instructions_per_item {
        within(at, "instructions_per_item", count, 0.0, MAX_COUNT)?;
    }
    if let Some(ratio) = &cell.ratio {
        let at = format!("{at}.ratio");
        self::ratio(&at, ratio.low, ratio.estimate, ratio.high)?;
    }
    match &cell.dominated_by {
        Some(better) => id(&format!("{at}.dominated_by"), better),
        None => Ok(()),
    }
}

/// A price is a slope, so it may come out below nothing.
fn retry(at: &str, retry: &Retry) -> Result<(), Fault> {
    id(&format!("{at}.many"), &retry.many)?;
    id(&format!("{at}.few"), &retry.few)?;
    whole(at, "retries", retry.retries)?;
    within(
        at,
        "bytes_worked",
        retry.bytes_worked,
        -MAX_COUNT,
        MAX_COUNT,
    )?;
    within(at, "item_bytes", retry.item_bytes, 0.0, MAX_COUNT)?;
    if let Some(count) = retry.instructions {
        within(at, "instructions", count, -MAX_COUNT, MAX_COUNT)?;
    }
    match &retry.ns {
        Some(ns) => difference(&format!("{at}.ns"), ns),
        None => Ok(()),
    }
}

fn ratio(at: &str, low: f64, estimate: f64, high: f64) -> Result<(), Fault> {
    within(at, "ratio", estimate, 1.0 / MAX_RATIO, MAX_RATIO)?;
    within(at, "low", low, 0.0, MAX_RATIO)?;
    within(at, "high", high, 0.0, MAX_RATIO)?;
    ordered(at, low, "ratio", estimate, high)
}

fn id(field: &str, id: &str) -> Result<(), Fault> {
    if id.is_empty() || id.len() > MAX_ID_BYTES || id.chars().any(char::is_control) {
        return fault(
            field,
            format!(
                "{id:?} is no case id; expected 1 to {MAX_ID_BYTES} bytes without control characters"
            ),
        );
    }
    Ok(())
}

fn whole(at: &str, name: &str, count: u64) -> Result<(), Fault> {
    within(at, name, count as f64, 0.0, MAX_COUNT)
}

/// Refuses NaN as well: it lies in no range.
fn within(at: &str, name: &str, value: f64, low: f64, high: f64) -> Result<(), Fault> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    fault(
        format!("{at}.{name}"),
        format!("{value} is out of range; expected {low} to {high}"),
    )
}

fn ordered(at: &str, low: f64, name: &str, estimate: f64, high: f64) -> Result<(), Fault> {
    if low <= estimate && estimate <= high {
        return Ok(());
    }
    fault(
        at,
        format!("low {low}, {name} {estimate}, high {high}: expected low ≤ {name} ≤ high"),
    )
}

fn twice(what: &str) -> String {
    format!("{what:?} occurs twice; expected once")
}

fn fault<T>(field: impl Display, problem: String) -> Result<T, Fault> {
    Err(Fault {
        field: field.to_string(),
        problem,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::growth::{Advice, Ratio};
    use crate::synthetic;
    use crate::wire::Counts;

    /// A valid record with a cell, a price and a comparison of growth.
    fn grown() -> Record {
        let mut record = synthetic::record(1);
        let id = |way: &str| format!("growth/ramp/arena/{way}");
        let cell = |way: &str| Cell {
            id: id(way),
            retries: 3,
            mean_held: 64.0,
            mean_share: 0.5,
            instructions_per_item: Some(70.0),
            ratio: Some(Ratio {
                estimate: 1.0,
                low: 0.9,
                high: 1.1,
            }),
            dominated_by: Some(id("exact")),
            ..Cell::default()
        };
        record.growth = Some(Growth {
            environment: None,
            plans: vec![Plan {
                cells: vec![cell("exact"), cell("doubling")],
                advice: vec![Advice {
                    id: id("exact"),
                    ..Advice::default()
                }],
                ..Plan::default()
            }],
            retry: vec![Retry {
                many: id("exact"),
                few: id("doubling"),
                instructions: Some(-1.0),
                ns: Some(Difference {
                    estimate: -0.5,
                    low: -1.0,
                    high: 0.5,
                }),
                ..Retry::default()
            }],
            comparisons: record.comparisons.clone(),
        });
        record
    }

    #[test]
    fn growth_that_may_be_believed_is_taken() {
        assert_eq!(validate(&grown()), Ok(()));
    }

    #[test]
    fn nonsense_anywhere_in_growth_is_refused_by_its_field() {
        type Spoil = fn(&mut Growth);
        let first = "growth.plans[0].cells[growth/ramp/arena/exact]";
        let cases: [(&str, Spoil); 13] = [
            ("growth.plans[0].bytes", |g| g.plans[0].bytes = u64::MAX),
            ("growth.plans[0].advice[0].id", |g| {
                g.plans[0].advice[0].id.clear();
            }),
            ("growth.plans[0].cells[1].id", |g| {
                g.plans[0].cells[1].id = g.plans[0].cells[0].id.clone();
            }),
            (".retries", |g| g.plans[0].cells[0].retries = u64::MAX),
            (".mean_held", |g| g.plans[0].cells[0].mean_held = -1.0),
            (".mean_share", |g| g.plans[0].cells[0].mean_share = 1.5),
            (".instructions_per_item", |g| {
                g.plans[0].cells[0].instructions_per_item = Some(1e308);
            }),
            (".ratio", |g| {
                g.plans[0].cells[0].ratio = Some(Ratio {
                    estimate: 1.0,
                    low: 1.2,
                    high: 1.1,
                });
            }),
            (".dominated_by", |g| {
                g.plans[0].cells[0].dominated_by = Some("\u{1b}[2J".to_owned());
            }),
            ("growth.retry[0].many", |g| g.retry[0].many.clear()),
            ("growth.retry[0].bytes_worked", |g| {
                g.retry[0].bytes_worked = f64::INFINITY;
            }),
            ("growth.retry[0].ns", |g| {
                g.retry[0].ns = Some(Difference {
                    estimate: 2.0,
                    low: 3.0,
                    high: 4.0,
                });
            }),
            ("growth.comparisons[1]", |g| {
                g.comparisons.push(g.comparisons[0].clone());
            }),
        ];
        for (field, spoil) in cases {
            let mut record = grown();
            spoil(record.growth.as_mut().expect("it was just put in"));
            let fault = validate(&record).expect_err(field);
            let expected = match field.strip_prefix('.') {
                Some(_) => format!("{first}{field}"),
                None => field.to_owned(),
            };
            assert_eq!(fault.field, expected, "{}", fault.problem);
        }
    }

    #[test]
    fn every_count_of_a_case_is_looked_at() {
        for spoil in [
            |counts: &mut Counts| counts.mean_held = Some(-1.0),
            |counts: &mut Counts| counts.retried_bytes = Some(u64::MAX),
            |counts: &mut Counts| counts.buffer_bytes = Some(u64::MAX),
        ] {
            let mut record = synthetic::record(1);
            let counts = record.cases[0].counts.as_mut();
            spoil(counts.expect("a made-up case is counted"));
            assert!(validate(&record).is_err());
        }
    }
}
