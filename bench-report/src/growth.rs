//! Growth as a person reads it on a terminal: a table for each plan with what to use, the
//! price of a retry, and where the numbers were made. Judges nothing.

use bench_record::growth::{Cell as Grown, Growth, Plan};
use bench_record::wire::{Comparison, Environment};

use crate::format::{self, count, optional};
use crate::terminal::{Cell, Column, Screen, Table};
use crate::tone::Tone;

/// The whole of it. `counted` is where the instructions were counted; `all` shows every
/// cell, not only those that say something.
pub fn text(growth: &Growth, counted: Option<&Environment>, all: bool, screen: Screen) -> String {
    let cells = || growth.plans.iter().flat_map(|plan| &plan.cells);
    let times = growth.environment.as_ref();
    let times = times.filter(|_| cells().any(|cell| cell.ratio.is_some()));
    let counts = counted.filter(|_| cells().any(|cell| cell.instructions_per_item.is_some()));
    let mut parts = Vec::new();
    for (what, environment) in [("times: ", times), ("instructions: ", counts)] {
        if let Some(environment) = environment {
            parts.push(screen.paragraph(what, &environment.provenance(), what.len()));
        }
    }
    parts.extend(
        growth
            .plans
            .iter()
            .map(|plan| of_plan(growth, plan, all, screen)),
    );
    if !growth.retry.is_empty() {
        parts.push(format!(
            "one retry, as the slope between exact fit and presized on a ramp\n{}",
            retries(growth, screen)
        ));
    }
    parts.join("\n\n") + "\n"
}

fn of_plan(growth: &Growth, plan: &Plan, all: bool, screen: Screen) -> String {
    let title = format!(
        "{}: {}; {}, {} on the wire, the largest {}",
        plan.name,
        plan.parameters,
        format::plural(plan.items as usize, "item"),
        format::bytes(plan.bytes),
        format::bytes(plan.largest)
    );
    let mut lines = vec![
        screen.paragraph("", &title, 0),
        cells_of(growth, plan, all).show(screen),
        String::new(),
    ];
    // What asks for more is shown where it brings something.
    let mut advices = plan.advice.clone();
    advices.dedup_by(|wider, narrower| wider.id == narrower.id);
    for advice in &advices {
        let way = name(&advice.id);
        let told = format!("where {}: use {way}: {}", advice.condition, advice.reason);
        lines.push(screen.paragraph("  ", &told, 2));
    }
    lines.join("\n")
}

/// The part of an id that tells the cells of one plan apart: `doubling/from-4KiB`.
pub(crate) fn name(id: &str) -> &str {
    id.split_once("/arena/").map_or(id, |(_, name)| name)
}

/// A way to grow in words.
pub(crate) fn in_words(name: &str) -> String {
    let (strategy, rest) = name.split_once('/').unwrap_or((name, ""));
    let strategy = match strategy {
        "exact" => "exact fit".to_owned(),
        other => other.replace('-', " "),
    };
    match rest {
        "" => strategy,
        rest => {
            let rest: Vec<String> = rest.split('/').map(detail).collect();
            format!("{strategy} ({})", rest.join(", "))
        }
    }
}

/// What a part of a buffer's name says beside its strategy.
fn detail(part: &str) -> String {
    let number = |prefix| part.strip_prefix(prefix);
    if let Some(count) = number("after-small-") {
        format!("shrinks after {count} small items")
    } else if let Some(count) = number("decay-") {
        format!("shrinks to a mark that halves every {count} items")
    } else if let Some(bytes) = number("from-") {
        match bytes {
            "max" => "begins with the largest item's size".to_owned(),
            bytes => format!("begins with {bytes}"),
        }
    } else {
        match part {
            "fresh" => "a new buffer each time".to_owned(),
            "uninit" => "a new buffer that nobody zeroes".to_owned(),
            other => other.to_owned(),
        }
    }
}

fn cells_of(growth: &Growth, plan: &Plan, all: bool) -> Table {
    let against = |cell: &Grown, baseline: &str| {
        let mut known = growth.comparisons.iter();
        known.find(|it| it.candidate == cell.id && it.baseline.ends_with(baseline))
    };
    let mut table = Table::new([
        Column::text("grows").breaking(),
        Column::text("judged"),
        Column::number("time / exact fit"),
        Column::number("time / alloc").drops(5),
        Column::number("instructions").drops(4),
        Column::number("retries"),
        Column::number("sized again").drops(9),
        Column::number("zeroed").drops(7),
        Column::number("moved").drops(8),
        Column::number("allocated").drops(10),
        Column::number("peak").drops(6),
        Column::number("final").drops(3),
        Column::number("mean held"),
        Column::number("used").drops(2),
    ]);
    let advised = |cell: &Grown| plan.advice.iter().any(|advice| advice.id == cell.id);
    let shown = |cell: &&Grown| all || cell.plain || advised(cell) || cell.ratio.is_some();
    for cell in plan.cells.iter().filter(shown) {
        let (judged, tone) = match (advised(cell), &cell.dominated_by) {
            (true, _) => ("advised", Tone::For),
            (false, Some(_)) => ("dominated", Tone::Missing),
            (false, None) => ("", Tone::Plain),
        };
        let time = cell.ratio.as_ref();
        let alloc = |it: &Comparison| format::compared(it, format::ratio);
        let empty = String::new;
        table.row([
            name(&cell.id).into(),
            Cell::toned(judged, tone),
            time.map_or_else(empty, |r| {
                format::estimate(r.estimate, r.low, r.high, format::ratio)
            })
            .into(),
            against(cell, "/alloc").map_or_else(empty, alloc).into(),
            cell.instructions_per_item
                .map_or_else(empty, format::significant)
                .into(),
            count(cell.retries).into(),
            format::bytes(cell.retried_bytes).into(),
            format::bytes(cell.zeroed_bytes).into(),
            format::bytes(cell.moved_bytes).into(),
            format::bytes(cell.allocated_bytes).into(),
            format::bytes(cell.peak_capacity).into(),
            format::bytes(cell.final_capacity).into(),
            format::bytes(cell.mean_held.round() as u64).into(),
            format::share(cell.mean_share).into(),
        ]);
    }
    table
}

fn retries(growth: &Growth, screen: Screen) -> String {
    let mut table = Table::new([
        Column::text("regrows"),
        Column::number("one retry"),
        Column::number("instructions"),
        Column::number("retries").drops(2),
        Column::number("item"),
        Column::number("zeroed, moved").drops(1),
    ]);
    for retry in &growth.retry {
        table.row([
            retry.regrow.clone().into(),
            optional(retry.ns.as_ref(), |ns| {
                format::estimate(ns.estimate, ns.low, ns.high, format::ns)
            })
            .into(),
            optional(retry.instructions, format::significant).into(),
            count(retry.retries).into(),
            format::bytes(retry.item_bytes as u64).into(),
            format::bytes(retry.bytes_worked.round() as u64).into(),
        ]);
    }
    table.show(screen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_record::growth::Ratio;

    fn environment(command: &str) -> Environment {
        Environment {
            command: command.to_owned(),
            ..Environment::default()
        }
    }

    fn growth(instructions: Option<f64>, ratio: Option<Ratio>) -> Growth {
        let cell = Grown {
            id: "growth/ramp/arena/exact".to_owned(),
            plain: true,
            instructions_per_item: instructions,
            ratio,
            ..Grown::default()
        };
        let plan = Plan {
            name: "ramp".to_owned(),
            cells: vec![cell],
            ..Plan::default()
        };
        Growth {
            plans: vec![plan],
            environment: Some(environment("arena-bench growth --time")),
            ..Growth::default()
        }
    }

    #[test]
    fn what_was_measured_says_where_and_what_was_only_counted_by_us_does_not() {
        let run = environment("arena-bench run");
        let told = |growth: &Growth| text(growth, Some(&run), false, Screen::file());
        let both = told(&growth(Some(70.0), Some(Ratio::default())));
        let start = both.lines().filter(|line| !line.is_empty()).take(3);
        let start: Vec<_> = start.collect();
        assert!(start[0].starts_with("times: commit"), "{both}");
        assert!(
            start[0].ends_with("; `arena-bench growth --time`"),
            "{both}"
        );
        assert!(start[1].starts_with("instructions: commit"), "{both}");
        assert!(start[1].ends_with("; `arena-bench run`"), "{both}");
        assert!(start[2].starts_with("ramp: "), "{both}");
        let neither = told(&growth(None, None));
        assert!(neither.starts_with("ramp: "), "{neither}");
    }

    #[test]
    fn a_way_to_grow_is_told_in_words() {
        let told = [
            ("exact", "exact fit"),
            ("power-of-two", "power of two"),
            (
                "exact/after-small-64",
                "exact fit (shrinks after 64 small items)",
            ),
            (
                "doubling/fresh/decay-64/from-4KiB",
                "doubling (a new buffer each time, shrinks to a mark that halves every 64 items, \
                 begins with 4KiB)",
            ),
            (
                "presized/from-max",
                "presized (begins with the largest item's size)",
            ),
        ];
        for (name, words) in told {
            assert_eq!(in_words(name), words);
        }
    }
}
