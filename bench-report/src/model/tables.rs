//! The tables: what stands behind every chart, and what has no chart.

use super::channels;
use super::growth;
use super::index::{Index, Versus, counts, instructions, variant, words};
use super::packages::is_of_packages;
use super::types::{Cell, Row, Section, Table};
use crate::format;
use crate::growth::name;
use bench_record::wire::{Case, Comparison, Difference};
use paired::result::Method;

/// All tables that have a row.
pub fn tables(index: &Index) -> Vec<Table> {
    let all = [
        ratios(index),
        cases(index),
        steps(index),
        strategies(index),
        allocations(index),
        of_channels(index),
        self_check(index),
        other_comparisons(index),
        failures(index),
    ];
    all.into_iter()
        .filter(|table| !table.rows.is_empty())
        .collect()
}

/// What a row shows: each cell with the head of its column.
type Cells = Vec<(&'static str, Cell)>;

/// A table of rows with the same columns; one without rows is left out.
fn table(
    id: &'static str,
    section: Section,
    caption: &'static str,
    rows: impl Iterator<Item = (Row, Cells)>,
) -> Table {
    let mut columns = Vec::new();
    let rows = rows.map(|(row, cells)| {
        let (heads, cells): (Vec<_>, _) = cells.into_iter().unzip();
        columns = heads;
        Row { cells, ..row }
    });
    Table {
        id,
        section,
        caption,
        rows: rows.collect(),
        columns,
    }
}

/// A row, its cells aside.
fn row(index: &Index, id: &str) -> Row {
    Row {
        id: id.to_owned(),
        payload: index.payload(id).to_owned(),
        verdict: None,
        cells: Vec::new(),
    }
}

fn none() -> Cell {
    Cell::text("–")
}

fn difference(d: Option<&Difference>) -> Cell {
    d.map_or_else(none, |d| {
        Cell::estimate(d.estimate, d.low, d.high, format::signed_ns)
    })
}

/// The reason of a verdict, and what it could not exclude or rests on.
fn why(c: &Comparison) -> String {
    let open = crate::compare::not_excluded(c);
    let old = (c.method == Method::LayoutMedians).then(|| "old method".to_owned());
    let reason = (!c.why.is_empty()).then(|| c.why.clone());
    let parts: Vec<String> = open.into_iter().chain(reason).chain(old).collect();
    parts.join("; ")
}

/// A row of a table of comparisons: after `first`, the same columns in all of them.
fn comparison(index: &Index, c: &Comparison, hollow: bool, mut cells: Cells) -> (Row, Cells) {
    cells.extend([
        ("ratio", Cell::ratio(c, hollow)),
        ("difference per item", difference(c.difference_ns.as_ref())),
        ("verdict", Cell::verdict(c.verdict)),
        (
            "processes, layouts",
            Cell::text(format!("{}, {}", c.processes, c.layouts)),
        ),
        ("why", Cell::text(why(c))),
    ]);
    let row = Row {
        verdict: Some(c.verdict),
        ..row(index, &c.candidate)
    };
    (row, cells)
}

fn ratios(index: &Index) -> Table {
    let mut all: Vec<Versus> = index.arena_against_alloc();
    all.sort_by(|a, b| b.comparison.ratio.total_cmp(&a.comparison.ratio));
    let rows = all.iter().map(|v| {
        let size = Cell::bytes(Some(v.candidate.params.item_bytes));
        let item = Cell::text(variant(v.candidate));
        let cells = vec![("item", item), ("size", size)];
        comparison(index, v.comparison, v.is_unexplained(), cells)
    });
    let caption = "Arena against alloc: time per item, paired; losses first";
    table("ratios", Section::Ratio, caption, rows)
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
    let rows = cases.map(|case| {
        let (params, count) = (&case.params, format::significant);
        let verified = case.verified.as_ref().map(|v| v.items as f64);
        let ns = index.ns(case);
        let cells = vec![
            ("case", Cell::text(&case.id)),
            ("size", Cell::bytes(Some(params.item_bytes))),
            ("protocol", Cell::text(&params.protocol)),
            ("decode", Cell::text(&params.decode)),
            ("ns", ns.map_or_else(none, |ns| Cell::measured(ns, count))),
            ("instructions", Cell::optional(instructions(case), count)),
            ("items verified", Cell::optional(verified, count)),
        ];
        (row(index, &case.id), cells)
    });
    let caption = "Cost per item of every drain and lifecycle case";
    table("costs", Section::ItemSize, caption, rows)
}

fn steps(index: &Index) -> Table {
    let all = index.ladder().iter();
    let all = all.flat_map(|found| found.steps.iter().map(move |one| (found, one)));
    let rows = all.map(|(found, one)| {
        let name = match (one.pinned, one.unstable.is_empty()) {
            (true, true) => format!("{}, one core", one.step),
            (true, false) => format!("{}, one core (unstable)", one.step),
            (false, true) => one.step.clone(),
            (false, false) => format!("{} (unstable)", one.step),
        };
        let added = Cell::optional(one.step_instructions, format::significant);
        let cells = vec![
            ("item", Cell::text(&found.item)),
            ("step", Cell::text(name)),
            ("adds", Cell::text(&one.adds)),
            ("builds on", Cell::text(one.on.as_deref().unwrap_or("–"))),
            ("added time", difference(one.step_ns.as_ref())),
            ("whole", Cell::optional(one.ns_per_item, format::ns)),
            ("added instructions", added),
        ];
        (row(index, &one.id), cells)
    });
    let caption = "What each step adds per item to the step it builds on";
    table("steps", Section::Ladder, caption, rows)
}

fn strategies(index: &Index) -> Table {
    let plans = growth::plans(index.record).iter();
    let all = plans.flat_map(|plan| plan.cells.iter().map(move |cell| (plan, cell)));
    // Every combination of every switch would be most of the page.
    let shown = all.filter(|(_, cell)| {
        cell.plain || cell.instructions_per_item.is_some() || cell.ratio.is_some()
    });
    let rows = shown.map(|(plan, cell)| {
        let (count, bytes) = (format::significant, |count| Cell::bytes(Some(count)));
        let time = cell.ratio.as_ref().map_or_else(none, |r| {
            Cell::estimate(r.estimate, r.low, r.high, format::ratio)
        });
        let counted = Cell::optional(cell.instructions_per_item, count);
        let better = cell.dominated_by.as_deref().map_or("", name);
        let cells = vec![
            ("size plan", Cell::text(&plan.name)),
            ("grows", Cell::text(name(&cell.id))),
            ("time / exact fit", time),
            ("instructions", counted),
            ("retries", Cell::number(cell.retries as f64, count)),
            ("sized again", bytes(cell.retried_bytes)),
            ("zeroed", bytes(cell.zeroed_bytes)),
            ("moved", bytes(cell.moved_bytes)),
            ("peak", bytes(cell.peak_capacity)),
            ("at the end", bytes(cell.final_capacity)),
            ("mean held", bytes(cell.mean_held.round() as u64)),
            ("mean use", Cell::number(cell.mean_share, format::share)),
            ("dominated by", Cell::text(better)),
        ];
        let row = Row {
            payload: String::new(),
            ..row(index, &cell.id)
        };
        (row, cells)
    });
    let caption = "Ways to grow, by size plan";
    table("strategies", Section::Growth, caption, rows)
}

fn allocations(index: &Index) -> Table {
    let cases = by_size(index.family("drain")).into_iter();
    let rows = cases.filter_map(|case| {
        let c = counts(case)?;
        let count = |value| Cell::optional(value, format::significant);
        let cells = vec![
            ("item", Cell::text(words(case))),
            ("protocol", Cell::text(&case.params.protocol)),
            ("allocations", count(c.allocations_per_item)),
            ("bytes allocated", count(c.allocated_bytes_per_item)),
            ("boundary calls", count(c.boundary_calls_per_item)),
            ("instructions", count(c.instructions_per_item)),
            ("retries in the drain", count(c.retries.map(|n| n as f64))),
            ("buffer at its peak", Cell::bytes(c.peak_capacity)),
        ];
        Some((row(index, &case.id), cells))
    });
    let caption = "Exact counts per item, guest and host together";
    table("counts", Section::Allocation, caption, rows)
}

fn of_channels(index: &Index) -> Table {
    let rows = channels::rows(index).into_iter();
    let rows = rows.map(|(case, cells)| {
        let of_case = |c: &&Comparison| c.candidate == case.id;
        let verdict = index.record.comparisons.iter().find(of_case);
        let row = Row {
            verdict: verdict.map(|c| c.verdict),
            ..row(index, &case.id)
        };
        (row, cells)
    });
    let caption = "Cost per item of every channel and way";
    table("channels", Section::Channels, caption, rows)
}

fn self_check(index: &Index) -> Table {
    let checks = index.record.self_check.iter();
    let rows = checks
        .flat_map(|check| &check.comparisons)
        .map(|c| comparison(index, c, false, vec![("case", Cell::text(&c.candidate))]));
    let caption = match is_of_packages(index.record) {
        true => "Each case against itself in other link layouts",
        false => "The pair against a copy of itself",
    };
    table("copies", Section::SelfCheck, caption, rows)
}

/// Comparisons that are neither arena against alloc, nor of a channel, nor a step of the ladder.
fn other_comparisons(index: &Index) -> Table {
    let versus = index.arena_against_alloc();
    let is_shown = |c: &Comparison| versus.iter().any(|v| std::ptr::eq(v.comparison, c));
    let steps = || index.ladder().iter().flat_map(|one| &one.steps);
    let is_step = |c: &Comparison| steps().any(|step| step.id == c.candidate);
    let all = index.record.comparisons.iter();
    let of_channel = |c: &Comparison| channels::is_of_channel(&c.candidate);
    let further = all.filter(|c| !is_shown(c) && !is_step(c) && !of_channel(c));
    let rows = further.map(|c| {
        let candidate = ("candidate", Cell::text(&c.candidate));
        let baseline = ("baseline", Cell::text(&c.baseline));
        comparison(index, c, false, vec![candidate, baseline])
    });
    let caption = "Further paired comparisons";
    table("comparisons", Section::Cases, caption, rows)
}

fn failures(index: &Index) -> Table {
    let rows = index.record.failures.iter().map(|failure| {
        let (case, why) = (Cell::text(&failure.id), Cell::text(&failure.why));
        (row(index, &failure.id), vec![("case", case), ("why", why)])
    });
    let caption = "Cases that could not be measured";
    table("failures", Section::Cases, caption, rows)
}
