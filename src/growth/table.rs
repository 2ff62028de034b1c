//! Growth as a person reads it: a table for each plan with what to use, the price of
//! a retry, and where the numbers were made. Judges nothing.

use bench_protocol::spec::Protocol;
use comfy_table::{CellAlignment, Table, presets};

use crate::case::ByteSize;
use bench_record::growth::{Cell, Growth, Plan};
use bench_record::wire::Environment;

/// The whole of it. `counted` is where the instructions were counted; `all` shows
/// every cell, not only those that say something.
#[must_use]
pub fn text(growth: &Growth, counted: Option<&Environment>, all: bool) -> String {
    let mut text = String::new();
    let mut line = |line: &str| {
        text.push_str(line);
        text.push('\n');
    };
    let cells = || growth.plans.iter().flat_map(|plan| &plan.cells);
    let times = growth.environment.as_ref();
    let times = times.filter(|_| cells().any(|cell| cell.ratio.is_some()));
    let counts = counted.filter(|_| cells().any(|cell| cell.instructions_per_item.is_some()));
    for (what, environment) in [("times", times), ("instructions", counts)] {
        if let Some(environment) = environment {
            line(&format!("{what}: {}", environment.provenance()));
        }
    }
    if times.or(counts).is_some() {
        line("");
    }
    for plan in &growth.plans {
        line(&format!(
            "{}: {}; {} items, {} bytes on the wire, the largest {}",
            plan.name, plan.parameters, plan.items, plan.bytes, plan.largest
        ));
        line(&format!("{}\n", cells_of(growth, plan, all)));
        // What asks for more is shown where it brings something.
        let mut advices = plan.advice.clone();
        advices.dedup_by(|wider, narrower| wider.id == narrower.id);
        for advice in &advices {
            line(&format!(
                "  where {}: {}\n    {}",
                advice.condition,
                short(plan, &advice.id),
                advice.reason
            ));
        }
        line("");
    }
    if !growth.retry.is_empty() {
        line(&format!(
            "one retry, as the slope between exact fit and presized on a ramp\n{}",
            retries(growth)
        ));
    }
    text
}

/// The id of a cell within its plan.
fn short<'a>(plan: &Plan, id: &'a str) -> &'a str {
    let prefix = format!("growth/{}/{}/", plan.name, Protocol::Arena.name());
    id.strip_prefix(prefix.as_str()).unwrap_or(id)
}

fn table(columns: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(columns.to_vec());
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn cells_of(growth: &Growth, plan: &Plan, all: bool) -> Table {
    let instructions = plan
        .cells
        .iter()
        .any(|cell| cell.instructions_per_item.is_some());
    let time = plan.cells.iter().any(|cell| cell.ratio.is_some());
    let against = |cell: &Cell, baseline: &str| {
        growth
            .comparisons
            .iter()
            .find(|it| it.candidate == cell.id && it.baseline.ends_with(baseline))
    };
    let alloc = plan
        .cells
        .iter()
        .any(|cell| against(cell, "/alloc").is_some());
    let mut columns = vec![
        "grows",
        "retries",
        "sized again",
        "zeroed",
        "moved",
        "allocated",
        "peak",
        "final",
        "held",
        "used",
    ];
    if instructions {
        columns.push("instr/item");
    }
    if time {
        columns.push("time / exact");
    }
    if alloc {
        columns.push("time / alloc");
    }
    let mut table = table(&columns);
    let advised = |cell: &Cell| plan.advice.iter().any(|advice| advice.id == cell.id);
    for cell in &plan.cells {
        if !(all || cell.plain || advised(cell) || cell.ratio.is_some()) {
            continue;
        }
        let name = short(plan, &cell.id);
        let mut row = vec![
            if cell.dominated_by.is_some() {
                format!("({name})")
            } else {
                name.to_owned()
            },
            cell.retries.to_string(),
            cell.retried_bytes.to_string(),
            cell.zeroed_bytes.to_string(),
            cell.moved_bytes.to_string(),
            cell.allocated_bytes.to_string(),
            cell.peak_capacity.to_string(),
            cell.final_capacity.to_string(),
            format!("{:.0}", cell.mean_held),
            format!("{:.1}%", 100.0 * cell.mean_share),
        ];
        if instructions {
            row.push(optional(cell.instructions_per_item, |count| {
                format!("{count:.1}")
            }));
        }
        if time {
            row.push(optional(cell.ratio.as_ref(), |ratio| {
                let verdict = against(cell, "/arena/exact").map_or("", |it| it.verdict.name());
                format!(
                    "{:.3} [{:.3}, {:.3}] {verdict}",
                    ratio.estimate, ratio.low, ratio.high
                )
            }));
        }
        if alloc {
            row.push(optional(against(cell, "/alloc"), |found| {
                format!(
                    "{:.3} [{:.3}, {:.3}] {}",
                    found.ratio,
                    found.low,
                    found.high,
                    found.verdict.name()
                )
            }));
        }
        table.add_row(row);
    }
    table
}

fn retries(growth: &Growth) -> Table {
    let mut table = table(&[
        "regrows",
        "retries",
        "item",
        "zeroed, moved",
        "instructions",
        "ns",
    ]);
    for retry in &growth.retry {
        table.add_row(vec![
            retry.regrow.clone(),
            retry.retries.to_string(),
            ByteSize(retry.item_bytes as u64).to_string(),
            format!("{:.0}", retry.bytes_worked),
            optional(retry.instructions, |count| format!("{count:.1}")),
            optional(retry.ns.as_ref(), |ns| {
                format!("{:.1} [{:.1}, {:.1}]", ns.estimate, ns.low, ns.high)
            }),
        ]);
    }
    table
}

/// A value, or a dash where it was not measured.
fn optional<T>(value: Option<T>, show: impl Fn(T) -> String) -> String {
    value.map_or_else(|| "-".to_owned(), show)
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
        let cell = Cell {
            id: "growth/ramp/arena/exact".to_owned(),
            plain: true,
            instructions_per_item: instructions,
            ratio,
            ..Cell::default()
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
        let both = text(
            &growth(Some(70.0), Some(Ratio::default())),
            Some(&run),
            false,
        );
        let start = both.lines().take(4).collect::<Vec<_>>();
        assert!(start[0].starts_with("times: commit"), "{both}");
        assert!(
            start[0].ends_with("; `arena-bench growth --time`"),
            "{both}"
        );
        assert!(start[1].starts_with("instructions: commit"), "{both}");
        assert!(start[1].ends_with("; `arena-bench run`"), "{both}");
        assert!(start[3].starts_with("ramp: "), "{both}");
        let neither = text(&growth(None, None), Some(&run), false);
        assert!(neither.starts_with("ramp: "), "{neither}");
    }
}
