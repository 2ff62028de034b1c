//! Whether the framework's cdylib backend is at least as fast as its wasm backend.

use bench_record::wire::{Comparison, Record, Verdict};

use crate::peer::{Arm, Peer};
use crate::releases;
use crate::row::{
    ALLOCATIONS, HEAP_BYTES, INSTRUCTIONS, Measure, arms, counted, items, judged, number, ratio,
    table, tally,
};

/// The same items by the other backend.
fn cdylib(arm: &Arm) -> Arm {
    arm.by(Peer::Fidius).owned()
}

/// Both backends with the same items, on one core and on two.
fn times<'a>(record: &'a Record, arm: &Arm) -> [Option<&'a Comparison>; 2] {
    ["", "/unpinned"].map(|suffix| {
        let [wasm, cdylib] = [*arm, cdylib(arm)].map(|arm| format!("{}{suffix}", arm.id()));
        record.case(&arm.id())?;
        record.comparison(&wasm, &cdylib)
    })
}

/// The answer, and what it rests on.
pub fn section(record: &Record) -> String {
    let found: Vec<&Comparison> = arms(Peer::FidiusWasm)
        .flat_map(|arm| times(record, &arm))
        .flatten()
        .collect();
    let answer = format!(
        "## Is the cdylib backend at least as fast as the wasm backend?\n\n{}\n\n",
        answer(&found)
    );
    if arms(Peer::FidiusWasm).all(|arm| record.case(&arm.id()).is_none()) {
        return answer;
    }
    let rows = arms(Peer::FidiusWasm).map(|arm| {
        let count = |arm: &Arm, of: Measure| number(counted(record, &arm.id(), of));
        let both = |of| [&cdylib(&arm), &arm].map(|arm| count(arm, of)).join(", ");
        let [one, two] = times(record, &arm);
        [
            items(&arm),
            ratio(one),
            judged(one),
            ratio(two),
            judged(two),
            both(INSTRUCTIONS),
            both(ALLOCATIONS),
            both(HEAP_BYTES),
            count(&arm.by(Peer::Wasm), INSTRUCTIONS),
        ]
    });
    let table = table(
        "| items | wasm / cdylib, one core | wasm is | wasm / cdylib, two cores | wasm is | instructions: cdylib, wasm | allocations: cdylib, wasm | heap bytes: cdylib, wasm | instructions: core module |\n\
         |---|--:|---|--:|---|--:|--:|--:|--:|",
        rows,
    );
    format!(
        "{answer}Both by `call_streaming` and `from_value`, with a producer that allocates each item, as \
         items that are lent cannot leave a component. The component runs in wasmtime {}, the \
         release that Fidius takes. It is written by hand in WAT \
         (`benches/peers/wasm-guest/fidius.wat`), not compiled by rustc: it copies each item as a \
         compiled one does, but allocates by moving a pointer, so that a compiled one is no \
         faster in that. The last column has the same items out of a core module in the same \
         wasmtime, encoded by bincode, pulled and decoded without the framework.\n\n\
         {table}\
         `call_streaming` reads an item of a component by `Func::call`: a tree of wasmtime's \
         `Val`, one for every byte of a `list<u8>`, of which a tree of `Value` is made and then \
         the user's type. `call_raw` asks for the function by its types instead and gets a list \
         in one copy; the stream's `next` could do so for `list<u8>`. Bytes by `serde_bytes` \
         cross the cdylib as one `Value::Bytes`, a component as one value for each byte.\n\n",
        releases::of("wasmtime")
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
