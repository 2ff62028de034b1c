//! The ladder as Markdown, which a terminal shows as well: the steps of a payload,
//! their sums beside wholes that were measured directly, and the sentence.

use comfy_table::{CellAlignment, Table, presets};

use bench_protocol::step::Step;

use super::display;
use bench_record::ladder::{Breakdown, Part, SetCheck, StepCost, SumCheck};
use bench_record::wire::Environment;

/// All payloads as a document, with where it was made and each set's A/A.
#[must_use]
pub fn document(found: &[Breakdown], environment: &Environment) -> String {
    let mut text = format!(
        "# Where the time of an item goes\n\n{}.\n",
        environment.provenance()
    );
    for one in found {
        text += &format!("\n## {}\n\n{}\n\n", one.item, steps(one));
        let notes = display::copies(one, environment).map(|lines| lines.join(" "));
        let sums = one.checks.iter().map(sum).chain(notes);
        text.extend(sums.map(|line| format!("- {line}\n")));
        text += &format!("\n{}\n", display::sentence(one));
    }
    let mut checks = found.iter().flat_map(|one| &one.self_checks).peekable();
    if checks.peek().is_some() {
        text += "\n## A/A of each set\n\n";
        text.extend(checks.map(|check| format!("- {}\n", same(check))));
    }
    text
}

/// One payload's steps, sums and sentence.
#[must_use]
pub fn payload(found: &Breakdown) -> String {
    let sums: String = found.checks.iter().map(|it| sum(it) + "\n").collect();
    format!(
        "{}\n{}\n{sums}{}",
        found.item,
        steps(found),
        display::sentence(found)
    )
}

/// What the A/A comparison of a set found.
#[must_use]
pub fn same(SetCheck { arm, check }: &SetCheck) -> String {
    let word = if check.trusted { "trusted" } else { "unstable" };
    let percent = |ratio: f64| 100.0 * (ratio - 1.0);
    let (low, high) = (percent(check.low), percent(check.high));
    format!("A/A of {arm}: {low:+.2}% to {high:+.2}%, {word}")
}

fn steps(found: &Breakdown) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header([
        "step",
        "adds",
        "ns/item",
        "step ns [interval]",
        "instr/item",
        "step instr",
        "of arena",
    ]);
    let arena = found
        .step(Step::Arena.name())
        .and_then(|arena| arena.ns_per_item);
    for step in &found.steps {
        table.add_row(row(step, arena));
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn row(step: &StepCost, arena: Option<f64>) -> [String; 7] {
    let dash = || "-".to_owned();
    let number = |value: Option<f64>| value.map_or_else(dash, display::ns);
    let step_ns = step.step_ns.as_ref();
    // A hop is another order of magnitude, and no share of the arena's time.
    let share = step_ns
        .zip(arena.filter(|_| step.part != Part::Hop))
        .map(|(cost, arena)| format!("{:.0}%", 100.0 * cost.estimate / arena));
    let pinned = if step.pinned { ", one core" } else { "" };
    let unstable = if step.unstable.is_empty() {
        ""
    } else {
        " (unstable)"
    };
    [
        format!("{}{pinned}", step.step),
        format!("{}{unstable}", step.adds),
        number(step.ns_per_item),
        step_ns.map_or_else(dash, display::difference),
        number(step.instructions_per_item),
        number(step.step_instructions),
        share.unwrap_or_else(dash),
    ]
}

/// A whole beside the sum of its steps.
fn sum(check: &SumCheck) -> String {
    let holds = if check.holds() { "within" } else { "outside" };
    format!(
        "{} to {}: the steps add up to {} ns, measured directly {} ns ({holds} its interval; {} ns unexplained)",
        check.from,
        check.to,
        display::ns(check.sum_ns),
        display::difference(&check.whole_ns),
        display::ns(check.gap_ns),
    )
}
