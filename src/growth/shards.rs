//! The sections of a run's shards as that of the whole run. A shard knows the costs
//! of its own cases alone, so fronts, advice and prices are made anew.

use anyhow::{Result, anyhow};
use bench_protocol::counts::HostCounts;
use bench_protocol::spec::{self, BufferConfig, Regrow, Shrink};

use super::advice::Measure;
use super::matrix;
use super::section::{Timed, assembled, same_pair, telling};
use bench_record::growth::{Advice, Cell, Growth, Plan};
use bench_record::wire::{Comparison, Record};

/// Joins the sections of shards; `record` has the cases of all of them.
///
/// # Errors
/// When a cell is of another version of this workbench.
pub fn joined(shards: &[&Growth], record: &Record) -> Result<Growth> {
    let mut comparisons: Vec<Comparison> = Vec::new();
    for made in shards.iter().flat_map(|shard| &shard.comparisons) {
        if !comparisons.iter().any(|known| same_pair(known, made)) {
            comparisons.push(made.clone());
        }
    }
    let timed = Timed {
        comparisons,
        environment: shards.iter().find_map(|shard| shard.environment.clone()),
    };
    let plans = united(shards)?;
    let mut joined = telling(assembled(plans, Some(record), Some(timed)));
    for plan in &mut joined.plans {
        let of_shards = shards.iter().flat_map(|shard| &shard.plans);
        let same = of_shards.filter(|it| it.name == plan.name);
        keep_advice_by_counters(plan, &same.collect::<Vec<_>>());
    }
    Ok(joined)
}

/// Every plan of the shards with every cell, in the order of the matrix.
fn united(shards: &[&Growth]) -> Result<Vec<(Plan, Vec<matrix::Cell>)>> {
    let mut plans: Vec<(Plan, Vec<matrix::Cell>)> = Vec::new();
    for plan in shards.iter().flat_map(|shard| &shard.plans) {
        let known = plans.iter().position(|(known, _)| known.name == plan.name);
        let at = known.unwrap_or_else(|| {
            let head = Plan {
                cells: Vec::new(),
                advice: Vec::new(),
                ..plan.clone()
            };
            plans.push((head, Vec::new()));
            plans.len() - 1
        });
        let cells = &mut plans[at].1;
        for cell in &plan.cells {
            if !cells.iter().any(|known| known.id == cell.id) {
                cells.push(counted(cell, plan.items)?);
            }
        }
    }
    for (plan, cells) in &mut plans {
        cells.sort_by_key(|cell| place(&cell.buffer, plan.largest));
    }
    Ok(plans)
}

/// By the counters each shard has compared all cells, of which it kept a few: its
/// advice stands, where nothing better came of the others' costs.
fn keep_advice_by_counters(plan: &mut Plan, shards: &[&Plan]) {
    let by_counters = |advice: &&mut Advice| advice.measure == Measure::Counters.name();
    for advice in plan.advice.iter_mut().filter(by_counters) {
        let mut known = shards.iter().flat_map(|plan| &plan.advice);
        if let Some(known) = known.find(|known| known.condition == advice.condition) {
            advice.clone_from(known);
        }
    }
}

/// Where a buffer stands in the matrix of a stream: as [`Stream::buffers`] has it.
fn place(buffer: &BufferConfig, largest: u64) -> impl Ord + use<> {
    let initial = buffer.initial_capacity;
    (
        buffer.growth,
        (u64::from(initial) == largest, initial),
        buffer.regrow,
        buffer.shrink,
    )
}

/// A cell as it was counted, from a record.
fn counted(cell: &Cell, items: u64) -> Result<matrix::Cell> {
    let id = &cell.id;
    let unknown = || anyhow!("{id}: a way to grow that this version does not know");
    let initial_capacity = u32::try_from(cell.initial_capacity).map_err(|_| unknown())?;
    let (growth, regrow, shrink) = switches(cell).ok_or_else(unknown)?;
    let name = cell.id.split_once("/arena/").map(|(_, name)| name);
    Ok(matrix::Cell {
        id: cell.id.clone(),
        name: name.ok_or_else(unknown)?.to_owned(),
        buffer: BufferConfig {
            growth,
            growth_param: cell.growth_param,
            regrow,
            shrink,
            shrink_param: cell.shrink_param,
            initial_capacity,
            ..BufferConfig::default()
        },
        needs_maximum: cell.needs_maximum,
        counts: HostCounts {
            items,
            calls: cell.boundary_calls,
            retries: cell.retries,
            retried_bytes: cell.retried_bytes,
            bytes: cell.encoded_bytes,
            zeroed: cell.zeroed_bytes,
            moved: cell.moved_bytes,
            allocated: cell.allocated_bytes,
            shrinks: cell.shrinks,
            peak_capacity: cell.peak_capacity,
            capacity: cell.final_capacity,
            // Whole numbers below 2^53, so nothing is lost.
            held_sum: (cell.mean_held * items as f64).round() as u64,
            share_sum: cell.mean_share * items as f64,
            ..HostCounts::default()
        },
        instructions_per_item: None,
        ratio: None,
    })
}

/// The switches of a cell by their names; `None` where one is unknown.
fn switches(cell: &Cell) -> Option<(spec::Growth, Regrow, Shrink)> {
    let growth = spec::Growth::ALL.iter().find(|it| it.name() == cell.growth);
    let regrow = Regrow::ALL.iter().find(|it| it.name() == cell.regrow);
    let shrink = Shrink::ALL.iter().find(|it| it.name() == cell.shrink);
    Some((*growth?, *regrow?, *shrink?))
}

#[cfg(test)]
mod tests {
    use super::super::section::section;
    use super::super::section::tests::{cases, matrices, record, streams};
    use super::*;
    use crate::case::{catalog, plans};
    use crate::growth::matrix::Stream;
    use crate::run::shard;
    use bench_protocol::size_plan::SizePlan;
    use bench_record::merge::merge;
    use bench_record::synthetic;
    use bench_record::wire::Case;
    use bench_record::wire::Counts;
    use std::path::PathBuf;

    #[test]
    fn the_sections_of_shards_make_that_of_the_whole_run() {
        let streams = streams();
        let catalog: Vec<_> = streams
            .iter()
            .flat_map(|stream| catalog::growths_of(stream.plan().clone()))
            .collect();
        let all = record(cases(&streams));
        let part = |k| {
            let mine = shard(catalog.clone(), k, 3);
            let mut part = all.clone();
            let is_mine = |case: &Case| mine.iter().any(|it| it.id() == case.id);
            part.cases.retain(is_mine);
            telling(section(&streams, matrices(&streams), Some(&part), None))
        };
        let parts = [part(2), part(1), part(3)];
        let whole = telling(section(&streams, matrices(&streams), Some(&all), None));
        assert_ne!(parts[0], whole);
        let joined = joined(&parts.iter().collect::<Vec<_>>(), &all).unwrap();
        assert!(joined == whole, "{joined:#?}");
    }

    #[test]
    fn shards_that_counted_nothing_keep_the_advice_by_the_counters() {
        let streams = streams();
        let nothing = record(Vec::new());
        let whole = telling(section(&streams, matrices(&streams), Some(&nothing), None));
        let joined = joined(&[&whole, &whole], &nothing).unwrap();
        assert!(joined == whole, "{joined:#?}");
    }

    #[test]
    fn a_cell_of_another_version_is_named() {
        let streams = streams();
        let all = record(cases(&streams));
        let mut part = section(&streams, matrices(&streams), Some(&all), None);
        part.plans[0].cells[3].growth = "fibonacci".to_owned();
        let id = part.plans[0].cells[3].id.clone();
        let unknown = joined(&[&part], &all).unwrap_err().to_string();
        assert!(unknown.starts_with(&id), "{unknown}");
    }

    #[test]
    fn growth_knows_the_costs_of_the_cases_of_all_shards() {
        let stream = Stream::new(SizePlan::Uniform { from: 16, to: 900 }, 1 << 20).expect("small");
        let buffer = |&growth: &spec::Growth| plans::buffer(growth, stream.wire_max());
        let buffers: Vec<_> = spec::Growth::ALL.iter().map(buffer).collect();
        let mut shards: Vec<(PathBuf, Record)> = (1..=2)
            .map(|number| {
                let mut part = synthetic::record(5);
                part.environment.shard = Some(format!("{number}/2"));
                let mine = |id: &str| {
                    id.chars().filter_map(|c| c.to_digit(10)).sum::<u32>() % 2 == number - 1
                };
                part.cases.retain(|case| mine(&case.id));
                part.comparisons.retain(|found| mine(&found.candidate));
                (PathBuf::from(format!("{number}.json")), part)
            })
            .collect();
        for (at, (_, part)) in shards.iter_mut().enumerate() {
            for (place, buffer) in buffers
                .iter()
                .enumerate()
                .filter(|(place, _)| place % 2 == at)
            {
                let mut case = part.cases[0].clone();
                case.id = stream.id(buffer);
                case.counts = Some(Counts {
                    instructions_per_item: Some(500.0 - place as f64),
                    ..Counts::default()
                });
                part.cases.push(case);
            }
            let cells = stream.replay(&buffers).expect("no item is above a limit");
            let streams = std::slice::from_ref(&stream);
            part.growth = Some(section(streams, vec![cells], Some(part), None));
        }
        let growth = merge(shards, &|parts, whole| {
            joined(parts, whole).map_err(|error| error.to_string())
        })
        .expect("merged")
        .growth
        .expect("has growth");
        let plan = &growth.plans[0];
        let counted = plan.cells.iter().map(|cell| cell.instructions_per_item);
        let expected = (0..buffers.len()).map(|place| Some(500.0 - place as f64));
        assert!(counted.eq(expected), "{:?}", plan.cells);
        assert!(plan.advice.iter().all(|it| it.measure == "instructions"));
    }
}
