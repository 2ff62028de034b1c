//! The tables: what stands behind every chart, and what has no chart.

use super::growth;
use super::index::{Index, Versus, counts, instructions, variant, words};
use super::types::{Cell, Row, Section, Table};
use crate::format;
use crate::growth::name;
use bench_record::wire::{Case, Comparison};
use paired::result::Method;

/// All tables that have a row.
pub fn tables(index: &Index) -> Vec<Table> {
    let all = [
        ratios(index),
        cases(index),
        steps(index),
        strategies(index),
        allocations(index),
        self_check(index),
        other_comparisons(index),
        failures(index),
    ];
    all.into_iter()
        .filter(|table| !table.rows.is_empty())
        .collect()
}

fn row(case: &Case, cells: Vec<Cell>) -> Row {
    Row {
        id: case.id.clone(),
        payload: case.params.payload.clone(),
        verdict: None,
        cells,
    }
}

/// Nanoseconds per item with the band, by [`Index::ns`].
fn ns_cell(index: &Index, case: &Case) -> Cell {
    index.ns(case).map_or_else(
        || Cell::text("–"),
        |ns| Cell::measured(ns, format::significant),
    )
}

/// The cells that every table of comparisons ends with.
fn comparison_cells(c: &Comparison) -> Vec<Cell> {
    let difference = c.difference_ns.as_ref().map_or_else(
        || Cell::text("–"),
        |d| Cell::estimate(d.estimate, d.low, d.high, format::signed_ns),
    );
    vec![
        Cell::ratio(c),
        difference,
        Cell::verdict(c.verdict),
        Cell::text(format!("{}, {}", c.processes, c.layouts)),
        Cell::text(why(c)),
    ]
}

/// The reason of a verdict, and what it could not exclude or rests on.
fn why(c: &Comparison) -> String {
    let open = crate::compare::not_excluded(c);
    let old = (c.method == Method::LayoutMedians).then(|| "old method".to_owned());
    let reason = (!c.why.is_empty()).then(|| c.why.clone());
    let parts: Vec<String> = open.into_iter().chain(reason).chain(old).collect();
    parts.join("; ")
}

fn comparison_row(index: &Index, c: &Comparison, first: Vec<Cell>) -> Row {
    Row {
        id: c.candidate.clone(),
        payload: index.payload(&c.candidate).to_owned(),
        verdict: Some(c.verdict),
        cells: first.into_iter().chain(comparison_cells(c)).collect(),
    }
}

fn ratios(index: &Index) -> Table {
    let mut all: Vec<Versus> = index.arena_against_alloc();
    all.sort_by(|a, b| b.comparison.ratio.total_cmp(&a.comparison.ratio));
    Table {
        id: "ratios",
        section: Section::Ratio,
        caption: "Arena against alloc: time per item, paired; losses first",
        columns: vec![
            "item",
            "size",
            "ratio",
            "difference per item",
            "verdict",
            "processes, layouts",
            "why",
        ],
        rows: all
            .iter()
            .map(|v| {
                let size = Cell::bytes(Some(v.candidate.params.item_bytes));
                let first = vec![Cell::text(variant(v.candidate)), size];
                comparison_row(index, v.comparison, first)
            })
            .collect(),
    }
}

/// By payload and variant, then size, arena before alloc.
fn by_size<'a>(cases: impl Iterator<Item = &'a Case>) -> Vec<&'a Case> {
    let mut cases: Vec<_> = cases.collect();
    cases.sort_by_cached_key(|case| {
        let p = &case.params;
        (
            variant(case),
            p.item_bytes,
            p.protocol != "arena",
            case.id.clone(),
        )
    });
    cases
}

fn cases(index: &Index) -> Table {
    let cases = ["drain", "lifecycle"]
        .into_iter()
        .flat_map(|family| by_size(index.family(family)));
    Table {
        id: "costs",
        section: Section::ItemSize,
        caption: "Cost per item of every drain and lifecycle case",
        columns: vec![
            "case",
            "size",
            "protocol",
            "decode",
            "ns",
            "instructions",
            "items verified",
        ],
        rows: cases
            .map(|case| {
                let verified = case.verified.as_ref().map(|v| v.items as f64);
                row(
                    case,
                    vec![
                        Cell::text(&case.id),
                        Cell::bytes(Some(case.params.item_bytes)),
                        Cell::text(&case.params.protocol),
                        Cell::text(&case.params.decode),
                        ns_cell(index, case),
                        Cell::optional(instructions(case), format::significant),
                        Cell::optional(verified, format::significant),
                    ],
                )
            })
            .collect(),
    }
}

fn steps(index: &Index) -> Table {
    let rows = index.ladder().iter().flat_map(|found| {
        found.steps.iter().map(|one| {
            let name = match (one.pinned, one.unstable.is_empty()) {
                (true, true) => format!("{}, one core", one.step),
                (true, false) => format!("{}, one core (unstable)", one.step),
                (false, true) => one.step.clone(),
                (false, false) => format!("{} (unstable)", one.step),
            };
            let cost = one.step_ns.as_ref().map_or_else(
                || Cell::text("–"),
                |d| Cell::estimate(d.estimate, d.low, d.high, format::signed_ns),
            );
            Row {
                id: one.id.clone(),
                payload: index.payload(&one.id).to_owned(),
                verdict: None,
                cells: vec![
                    Cell::text(&found.item),
                    Cell::text(name),
                    Cell::text(&one.adds),
                    Cell::text(one.on.as_deref().unwrap_or("–")),
                    cost,
                    Cell::optional(one.ns_per_item, format::ns),
                    Cell::optional(one.step_instructions, format::significant),
                ],
            }
        })
    });
    Table {
        id: "steps",
        section: Section::Ladder,
        caption: "What each step adds per item to the step it builds on",
        columns: vec![
            "item",
            "step",
            "adds",
            "builds on",
            "added time",
            "whole",
            "added instructions",
        ],
        rows: rows.collect(),
    }
}

fn strategies(index: &Index) -> Table {
    let plans = growth::plans(index.record).iter();
    let rows = plans
        .flat_map(|plan| plan.cells.iter().map(move |cell| (plan, cell)))
        // Every combination of every switch would be most of the page.
        .filter(|(_, cell)| {
            cell.plain || cell.instructions_per_item.is_some() || cell.ratio.is_some()
        })
        .map(|(plan, cell)| {
            let whole = |count: u64| Cell::number(count as f64, format::significant);
            let bytes = |count: u64| Cell::bytes(Some(count));
            let time = cell.ratio.as_ref().map_or_else(
                || Cell::text("–"),
                |r| Cell::estimate(r.estimate, r.low, r.high, format::ratio),
            );
            let better = cell.dominated_by.as_deref().map_or("", name);
            Row {
                id: cell.id.clone(),
                payload: String::new(),
                verdict: None,
                cells: vec![
                    Cell::text(&plan.name),
                    Cell::text(name(&cell.id)),
                    time,
                    Cell::optional(cell.instructions_per_item, format::significant),
                    whole(cell.retries),
                    bytes(cell.retried_bytes),
                    bytes(cell.zeroed_bytes),
                    bytes(cell.moved_bytes),
                    bytes(cell.peak_capacity),
                    bytes(cell.final_capacity),
                    bytes(cell.mean_held.round() as u64),
                    Cell::number(cell.mean_share, format::share),
                    Cell::text(better),
                ],
            }
        });
    Table {
        id: "strategies",
        section: Section::Growth,
        caption: "Ways to grow, by size plan",
        columns: vec![
            "size plan",
            "grows",
            "time / exact fit",
            "instructions",
            "retries",
            "sized again",
            "zeroed",
            "moved",
            "peak",
            "at the end",
            "mean held",
            "mean use",
            "dominated by",
        ],
        rows: rows.collect(),
    }
}

fn allocations(index: &Index) -> Table {
    let rows = by_size(index.family("drain"))
        .into_iter()
        .filter_map(|case| Some((case, counts(case)?)))
        .map(|(case, c)| {
            row(
                case,
                vec![
                    Cell::text(words(case)),
                    Cell::text(&case.params.protocol),
                    Cell::optional(c.allocations_per_item, format::significant),
                    Cell::optional(c.allocated_bytes_per_item, format::significant),
                    Cell::optional(c.boundary_calls_per_item, format::significant),
                    Cell::optional(c.instructions_per_item, format::significant),
                    Cell::optional(c.retries.map(|n| n as f64), format::significant),
                    Cell::bytes(c.peak_capacity),
                ],
            )
        });
    Table {
        id: "counts",
        section: Section::Allocation,
        caption: "Exact counts per item, guest and host together",
        columns: vec![
            "item",
            "protocol",
            "allocations",
            "bytes allocated",
            "boundary calls",
            "instructions",
            "retries in the drain",
            "buffer at its peak",
        ],
        rows: rows.collect(),
    }
}

fn self_check(index: &Index) -> Table {
    let comparisons = index
        .record
        .self_check
        .iter()
        .flat_map(|check| &check.comparisons);
    Table {
        id: "copies",
        section: Section::SelfCheck,
        caption: "The pair against a copy of itself",
        columns: vec![
            "case",
            "ratio",
            "difference per item",
            "verdict",
            "processes, layouts",
            "why",
        ],
        rows: comparisons
            .map(|c| comparison_row(index, c, vec![Cell::text(&c.candidate)]))
            .collect(),
    }
}

/// Comparisons that are neither arena against alloc nor a step of the ladder.
fn other_comparisons(index: &Index) -> Table {
    let versus = index.arena_against_alloc();
    let shown: Vec<(&str, &str)> = versus
        .iter()
        .map(|v| {
            let c = v.comparison;
            (c.candidate.as_str(), c.baseline.as_str())
        })
        .collect();
    let is_step = |id: &str| {
        index
            .ladder()
            .iter()
            .any(|one| one.steps.iter().any(|s| s.id == id))
    };
    let rows = index
        .record
        .comparisons
        .iter()
        .filter(|c| !shown.contains(&(c.candidate.as_str(), c.baseline.as_str())))
        .filter(|c| !is_step(&c.candidate));
    Table {
        id: "comparisons",
        section: Section::Cases,
        caption: "Further paired comparisons",
        columns: vec![
            "candidate",
            "baseline",
            "ratio",
            "difference per item",
            "verdict",
            "processes, layouts",
            "why",
        ],
        rows: rows
            .map(|c| {
                let first = vec![Cell::text(&c.candidate), Cell::text(&c.baseline)];
                comparison_row(index, c, first)
            })
            .collect(),
    }
}

fn failures(index: &Index) -> Table {
    let rows = index.record.failures.iter().map(|failure| Row {
        id: failure.id.clone(),
        payload: index.payload(&failure.id).to_owned(),
        verdict: None,
        cells: vec![Cell::text(&failure.id), Cell::text(&failure.why)],
    });
    Table {
        id: "failures",
        section: Section::Cases,
        caption: "Cases that could not be measured",
        columns: vec!["case", "why"],
        rows: rows.collect(),
    }
}
