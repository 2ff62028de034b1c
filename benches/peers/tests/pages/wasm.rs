//! Which of Fidius' backends is faster, by the record.

use bench_protocol::payload::PayloadKind;
use bench_record::wire::{Comparison, Record, Verdict};
use peers::page;
use peers::parts::ByArm;
use peers::peer::{Arm, Peer};

use super::{case, compared, per_item, record};

#[test]
fn which_backend_is_faster_is_said_by_the_comparisons_alone() {
    let mut record = record();
    let page = |record: &Record| page::markdown(record, &ByArm::new(), &[]);
    assert!(page(&record).contains("no times of the wasm backend"));
    let wasm = Arm::new(Peer::FidiusWasm, PayloadKind::U64, 8);
    let cdylib = wasm.by(Peer::Fidius).owned();
    for (arm, instructions) in [(wasm, 5000.0), (cdylib, 3000.0)] {
        record
            .cases
            .push(case(&arm.id(), per_item(instructions, 4.0, 64.0)));
    }
    // Still without times.
    assert!(page(&record).contains("no times of the wasm backend"));
    record.comparisons.push(Comparison {
        verdict: Verdict::Slower,
        ..compared(&cdylib.id(), &wasm.id(), 2.0)
    });
    let found = page(&record);
    assert!(
        found.contains("Yes: of 1 comparisons, wasm is slower in 1"),
        "{found}"
    );
    let row = "| u64 of 8 B | 2.000 [1.800, 2.200] | slower | – | – | 3000, 5000 | 4.00, 4.00 | \
               64.0, 64.0 | – |";
    assert!(found.contains(row), "{found}");
    record.comparisons[0].verdict = Verdict::Inconclusive;
    assert!(page(&record).contains("As far as is known, yes: of 1"));
    record.comparisons[0].verdict = Verdict::Faster;
    let found = page(&record);
    assert!(
        found.contains("No: of 1 comparisons") && found.contains("It is faster for peers/u64"),
        "{found}"
    );
}
