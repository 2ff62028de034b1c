//! A set on a terminal: every way to hand the item over, with its costs.

use bench_record::lab::{Arm, Set};

use super::find::{against, copy, floor, instructions, name};
use crate::format::{self, optional};
use crate::terminal::{Column, Screen, Table};

/// The set's arms: times against today's arena, counts, and the distance to the floors.
#[must_use]
pub fn set(set: &Set, screen: Screen) -> String {
    let mut table = Table::new([
        Column::text("protocol"),
        Column::number("time").drops(3),
        Column::number("time / arena"),
        Column::number("instructions"),
        Column::number("/ floor").drops(4),
        Column::number("/ copy").drops(5),
        Column::number("allocations").drops(1),
        Column::number("calls").drops(2),
        Column::number("first item").drops(6),
        Column::number("held").drops(7),
    ]);
    for arm in &set.arms {
        table.row(cells(set, arm).map(Into::into));
    }
    let title = format!(
        "{}: {} on the wire, decoded to {} values",
        set.name,
        format::bytes(set.wire_bytes),
        set.decode
    );
    let check = set.self_check.as_ref().filter(|check| !check.trusted);
    let doubt = check.map_or_else(String::new, |check| {
        screen.paragraph("", &format!("These times are unstable: {}.", check.why), 0) + "\n"
    });
    format!(
        "{}\n\n{}\n{doubt}",
        screen.paragraph("", &title, 0),
        table.show(screen)
    )
}

fn cells(set: &Set, arm: &Arm) -> [String; 10] {
    let is_arena = |it: &&Arm| it.way == "arena" && it.allocators == arm.allocators;
    let arena = set.arms.iter().find(is_arena);
    let ratio = against(set, arena, arm);
    [
        name(arm),
        optional(set.ns(arm), format::ns),
        optional(ratio, |it| format::compared(it, format::ratio)),
        optional(arm.instructions(), format::significant),
        optional(instructions(floor(set), arm), format::short_ratio),
        optional(instructions(copy(set), arm), format::short_ratio),
        optional(arm.counts.allocations_per_item, format::significant),
        optional(arm.counts.boundary_calls_per_item, format::significant),
        optional(arm.first_item_instructions, format::significant),
        optional(arm.held_bytes, format::bytes),
    ]
}
