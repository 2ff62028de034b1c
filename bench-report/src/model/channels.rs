//! The channels beside the server stream: what an item costs by each way, and what a way is worth
//! against the framework's.

use bench_record::wire::Case;
use bench_record::{CHANNELS, CaseId};

use super::index::{Index, counts, instructions};
use super::types::Cell;
use crate::format;

/// A case of a channel: its cells, each with the head of its column.
pub(super) type Cells = Vec<(&'static str, Cell)>;

/// Whether the id is one of a channel's case.
pub(super) fn is_of_channel(id: &str) -> bool {
    CHANNELS.contains(&CaseId::of(id).family)
}

/// The cases of all channels with their cells: by channel, item and then in the order of their
/// costs, the way that others are compared with first.
pub(super) fn rows<'a>(index: &Index<'a>) -> Vec<(&'a Case, Cells)> {
    let mut rows = Vec::new();
    for channel in CHANNELS {
        let mut cases: Vec<&Case> = index.family(channel).collect();
        cases.sort_by_cached_key(|case| {
            let p = &case.params;
            let is_candidate = index
                .comparisons(channel)
                .any(|v| v.candidate.id == case.id);
            (
                p.size_plan != "constant",
                p.item_bytes,
                p.payload.clone(),
                is_candidate,
                case.id.clone(),
            )
        });
        rows.extend(
            cases
                .into_iter()
                .map(|case| (case, cells(index, channel, case))),
        );
    }
    rows
}

fn cells(index: &Index, channel: &'static str, case: &Case) -> Cells {
    let id = CaseId::of(&case.id);
    let count = format::significant;
    let found = counts(case);
    let compared = index
        .comparisons(channel)
        .find(|v| v.candidate.id == case.id);
    let or_none = |cell: Option<Cell>| cell.unwrap_or_else(|| Cell::text("–"));
    let against = compared.map(|v| CaseId::of(&v.baseline.id).arm.unwrap_or_default());
    let ratio = compared.map(|v| Cell::ratio(v.comparison, false));
    let verdict = compared.map(|v| Cell::verdict(v.comparison.verdict));
    let ns = index.ns(case).map(|ns| Cell::measured(ns, count));
    let zeroed = found.and_then(|c| {
        let items = case.verified.as_ref().map(|it| it.items);
        Some(c.zeroed_bytes? / items.filter(|items| *items > 0)?)
    });
    let allocations = found.and_then(|c| c.allocations_per_item);
    let calls = found.and_then(|c| c.boundary_calls_per_item);
    let held = found.and_then(|c| c.final_capacity);
    vec![
        ("channel", Cell::text(channel)),
        ("item", Cell::text(id.item.unwrap_or_default())),
        ("way", Cell::text(&case.params.protocol)),
        ("ns", or_none(ns)),
        ("against", or_none(against.map(Cell::text))),
        ("ratio", or_none(ratio)),
        ("verdict", or_none(verdict)),
        ("instructions", Cell::optional(instructions(case), count)),
        ("allocations", Cell::optional(allocations, count)),
        ("boundary calls", Cell::optional(calls, count)),
        ("zeroed", Cell::bytes(zeroed)),
        ("held at the end", Cell::bytes(held)),
    ]
}
