//! The table of a run: what each protocol costs per item, and the ratio.

use std::fmt::Write;

use comfy_table::{CellAlignment, Table, presets};

use bench_record::wire::{Comparison, Record};

/// The table, and below it what the run says of itself.
#[must_use]
pub fn of(record: &Record) -> String {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header([
        "case",
        "arena ns",
        "alloc ns",
        "arena / alloc",
        "interval",
        "verdict",
        "arena instr.",
        "alloc instr.",
        "arena allocs",
        "alloc allocs",
    ]);
    for column in (1..4).chain(6..10) {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for row in rows(record) {
        table.add_row(row);
    }
    let mut text = format!("{table}\n");
    match &record.self_check {
        Some(check) => {
            let trusted = if check.trusted {
                "trusted"
            } else {
                "NOT TRUSTED"
            };
            let _ = write!(
                text,
                "\nA/A {:.4} [{:.4}, {:.4}], wall clock {trusted}: {}",
                check.ratio, check.low, check.high, check.why
            );
        }
        None => text.push_str("\nNo A/A comparison: wall clock was not compared."),
    }
    text
}

/// A row for each case that ran by both protocols, in the record's order.
fn rows(record: &Record) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for arena in record
        .cases
        .iter()
        .filter(|case| case.params.protocol == "arena")
    {
        let alloc = record.case(&arena.id.replacen("/arena", "/alloc", 1));
        let Some(alloc) = alloc else { continue };
        let compared = record.comparison(&arena.id, &alloc.id);
        let wall = |side: fn(&Comparison) -> Option<f64>, case: &bench_record::wire::Case| {
            let alone = case.wall.as_ref().map(|wall| wall.ns_per_item);
            number(compared.and_then(side).or(alone), 2)
        };
        let count =
            |case: &bench_record::wire::Case,
             pick: fn(&bench_record::wire::Counts) -> Option<f64>,
             digits| number(case.counts.as_ref().and_then(pick), digits);
        rows.push(vec![
            arena.id.replacen("/arena", "", 1),
            wall(|found| found.candidate_ns, arena),
            wall(|found| found.baseline_ns, alloc),
            number(compared.map(|found| found.ratio), 4),
            compared.map_or_else(String::new, |found| {
                format!("[{:.4}, {:.4}]", found.low, found.high)
            }),
            compared.map_or_else(String::new, |found| found.verdict.name().to_owned()),
            count(arena, |counts| counts.instructions_per_item, 1),
            count(alloc, |counts| counts.instructions_per_item, 1),
            count(arena, |counts| counts.allocations_per_item, 2),
            count(alloc, |counts| counts.allocations_per_item, 2),
        ]);
    }
    rows
}

fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"))
}
