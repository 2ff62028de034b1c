//! Whether the framework's cdylib backend is at least as fast as its wasm backend.

use std::fmt::{self, Write};

use bench_record::wire::{Comparison, Counts, Record, Verdict};

use crate::peer::{Arm, Peer};
use crate::releases;
use crate::row::{arms, counts, items, number, ratio, tally, verdict};

/// Both backends with the same items.
fn backends(record: &Record, arm: &Arm, suffix: &str) -> Option<[String; 2]> {
    let cdylib = arm.by(Peer::Fidius).owned();
    let ids = [*arm, cdylib].map(|arm| format!("{}{suffix}", arm.id()));
    record.case(&arm.id()).is_some().then_some(ids)
}

fn time<'a>(record: &'a Record, arm: &Arm, suffix: &str) -> Option<&'a Comparison> {
    let [wasm, cdylib] = backends(record, arm, suffix)?;
    record.comparison(&wasm, &cdylib)
}

/// The answer, and what it rests on.
pub fn write(record: &Record, page: &mut String) -> fmt::Result {
    writeln!(
        page,
        "## Is the cdylib backend at least as fast as the wasm backend?\n"
    )?;
    let found: Vec<&Comparison> = arms(Peer::FidiusWasm)
        .flat_map(|arm| ["", "/unpinned"].map(|suffix| time(record, &arm, suffix)))
        .flatten()
        .collect();
    writeln!(page, "{}\n", answer(&found))?;
    if arms(Peer::FidiusWasm).all(|arm| record.case(&arm.id()).is_none()) {
        return Ok(());
    }
    writeln!(
        page,
        "Both by `call_streaming` and `from_value`, with a producer that allocates each item, as \
         items that are lent cannot leave a component. The component runs in wasmtime {}, the \
         release that Fidius takes. It is written by hand in WAT \
         (`benches/peers/wasm-guest/fidius.wat`), not compiled by rustc: it copies each item as a \
         compiled one does, but allocates by moving a pointer, so that a compiled one is no \
         faster in that. The last column has the same items out of a core module in the same \
         wasmtime, encoded by bincode, pulled and decoded without the framework.\n",
        releases::of("wasmtime")
    )?;
    writeln!(
        page,
        "| items | wasm / cdylib, one core | wasm is | wasm / cdylib, two cores | wasm is | instructions: cdylib, wasm | allocations: cdylib, wasm | heap bytes: cdylib, wasm | instructions: core module |"
    )?;
    writeln!(page, "|---|--:|---|--:|---|--:|--:|--:|--:|")?;
    for arm in arms(Peer::FidiusWasm) {
        let cdylib = arm.by(Peer::Fidius).owned();
        let count = |arm: &Arm, of: fn(&Counts) -> Option<f64>| {
            number(counts(record, &arm.id()).and_then(of))
        };
        let both = |of| [&cdylib, &arm].map(|arm| count(arm, of)).join(", ");
        let instructions: fn(&Counts) -> Option<f64> = |counts| counts.instructions_per_item;
        let judged = |found| verdict(found, ["slower", "the same", "faster"]);
        let [one, two] = ["", "/unpinned"].map(|suffix| time(record, &arm, suffix));
        writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            items(&arm),
            ratio(one),
            judged(one),
            ratio(two),
            judged(two),
            both(instructions),
            both(|counts| counts.allocations_per_item),
            both(|counts| counts.allocated_bytes_per_item),
            count(&arm.by(Peer::Wasm), instructions)
        )?;
    }
    writeln!(
        page,
        "\n`call_streaming` reads an item of a component by `Func::call`: a tree of wasmtime's \
         `Val`, one for every byte of a `list<u8>`, of which a tree of `Value` is made and then \
         the user's type. `call_raw` asks for the function by its types instead and gets a list \
         in one copy; the stream's `next` could do so for `list<u8>`. Bytes by `serde_bytes` \
         cross the cdylib as one `Value::Bytes`, a component as one value for each byte.\n"
    )
}

/// The criterion, by the comparisons.
fn answer(found: &[&Comparison]) -> String {
    if found.is_empty() {
        return "Not known: this record has no times of the wasm backend. Run `scripts/bench \
                --peers` anew."
            .to_owned();
    }
    let [slower, faster, same, open] = tally(found);
    let answer = match (faster, open) {
        (0, 0) => "Yes",
        (0, _) => "As far as is known, yes",
        _ => "No",
    };
    let lost: Vec<&str> = found
        .iter()
        .filter(|found| found.verdict == Verdict::Faster)
        .map(|found| found.candidate.as_str())
        .collect();
    let lost = match lost.is_empty() {
        true => String::new(),
        false => format!(" It is faster for {}.", lost.join(", ")),
    };
    format!(
        "{answer}: of {} comparisons, wasm is slower in {slower}, the same in {same} and faster in \
         {faster}; {open} are inconclusive.{lost}",
        found.len()
    )
}
