//! The ladder as tables: the steps of a payload and their sums next to wholes that were
//! measured directly, for a terminal and as a Markdown document.

use bench_record::ladder::{Breakdown, Part, SetCheck, StepCost, SumCheck};
use bench_record::wire::Environment;

use super::sentence::sentence;
use super::shares::{copies, difference, ns, step};
use crate::format::{self, optional};
use crate::markdown;
use crate::terminal::{Column, Screen, Table};

/// All payloads as a Markdown document, with where it was made and each set's A/A.
pub fn document(found: &[Breakdown], environment: &Environment) -> String {
    let mut text = format!(
        "# Where the time of an item goes\n\n{}.\n",
        environment.provenance()
    );
    let heads = HEADS.map(|(head, right)| (head, right));
    for one in found {
        let said = sentence(one);
        let table = markdown::table(&heads, rows(one).map(Vec::from));
        text += &format!("\n## {}\n\n{said}\n\n{table}\n", one.item);
        let notes = copies(one, environment).map(|lines| lines.join(" "));
        let sums = one.checks.iter().map(sum).chain(notes);
        text.extend(sums.map(|line| format!("- {line}\n")));
    }
    let mut checks = found.iter().flat_map(|one| &one.self_checks).peekable();
    if checks.peek().is_some() {
        text += "\n## A/A of each set\n\n";
        text.extend(checks.map(|check| format!("- {}\n", a_a(check))));
    }
    text
}

/// One payload's sentence, steps and sums on a terminal.
pub fn payload(found: &Breakdown, screen: Screen) -> String {
    let mut table = Table::new([
        Column::text("step"),
        Column::number("cost"),
        Column::number("of arena"),
        Column::number("whole").drops(2),
        Column::number("instructions").drops(1),
        Column::number("whole instr.").drops(3),
        Column::text("adds").breaking(),
    ]);
    for [
        step,
        adds,
        whole,
        cost,
        whole_instructions,
        instructions,
        share,
    ] in rows(found)
    {
        let cells = [
            step,
            cost,
            share,
            whole,
            instructions,
            whole_instructions,
            adds,
        ];
        table.row(cells.map(Into::into));
    }
    let lines = found.checks.iter().map(sum);
    let lines = lines.map(|line| screen.paragraph("-", &line, 2) + "\n");
    format!(
        "{}\n\n{}\n\n{}",
        screen.paragraph("", &sentence(found), 0),
        table.show(screen),
        lines.collect::<String>()
    )
}

/// What the A/A comparison of a set found.
fn a_a(set: &SetCheck) -> String {
    let check = &set.check;
    let word = if check.trusted { "trusted" } else { "unstable" };
    let (low, high) = (
        format::signed_percent(check.low),
        format::signed_percent(check.high),
    );
    format!("A/A of {}: {low} to {high}, {word}", set.arm)
}

/// What the A/A comparisons found: a line for all that are trusted, one for each other.
pub fn a_a_of_all(sets: &[SetCheck]) -> Vec<String> {
    let (trusted, unstable): (Vec<_>, Vec<_>) = sets.iter().partition(|set| set.check.trusted);
    let low = trusted.iter().map(|set| set.check.low);
    let high = trusted.iter().map(|set| set.check.high);
    let ends = low.reduce(f64::min).zip(high.reduce(f64::max));
    let all = ends.map(|(low, high)| {
        let arms = format::plural(trusted.len(), "arm");
        let (low, high) = (format::signed_percent(low), format::signed_percent(high));
        format!("A/A of {arms}: {low} to {high}, trusted")
    });
    all.into_iter()
        .chain(unstable.into_iter().map(a_a))
        .collect()
}

const HEADS: [(&str, bool); 7] = [
    ("step", false),
    ("adds", false),
    ("whole", true),
    ("cost of the step", true),
    ("whole instructions", true),
    ("instructions", true),
    ("of arena", true),
];

fn rows(found: &Breakdown) -> impl Iterator<Item = [String; 7]> {
    let arena = ns(found, step::ARENA);
    found.steps.iter().map(move |one| row(one, arena))
}

fn row(one: &StepCost, arena: Option<f64>) -> [String; 7] {
    let cost = one.step_ns.as_ref();
    // A hop is another order of magnitude, and no share of the arena's time.
    let share = cost
        .zip(arena.filter(|_| one.part != Part::Hop))
        .map(|(cost, arena)| cost.estimate / arena);
    let pinned = if one.pinned { ", one core" } else { "" };
    let unstable = match one.unstable.is_empty() {
        true => "",
        false => " (unstable)",
    };
    [
        format!("{}{pinned}", one.step),
        format!("{}{unstable}", one.adds),
        optional(one.ns_per_item, format::ns),
        optional(cost, difference),
        optional(one.instructions_per_item, format::significant),
        optional(one.step_instructions, format::significant),
        optional(share, format::share),
    ]
}

/// A whole and the sum of its steps.
fn sum(check: &SumCheck) -> String {
    let holds = if check.holds() { "inside" } else { "outside" };
    format!(
        "{} to {}: the steps add up to {}; measured directly: {}. The sum is {holds} that \
         interval, {} unexplained.",
        check.from,
        check.to,
        format::ns(check.sum_ns),
        difference(&check.whole_ns),
        format::ns(check.gap_ns),
    )
}
