//! How far our model and the real plugin are apart, and why.

use bench_protocol::payload::PayloadKind;
use bench_record::wire::{Comparison, Record, Verdict};
use peers::channels::{self, Channel, Way};
use peers::page;
use peers::parts::ByArm;
use peers::peer::{Arm, Peer};

use super::{case, channel, compared, per_item, record};

#[test]
fn the_plugins_time_is_called_the_same_only_by_its_verdict() {
    let mut record = record();
    let arena = Arm::new(Peer::Arena, PayloadKind::U64, 8);
    let plugin = arena.by(Peer::FidiusRaw).id();
    record.comparisons.push(Comparison {
        verdict: Verdict::Inconclusive,
        low: 0.99,
        high: 1.021,
        ..compared(&arena.id(), &plugin, 1.0)
    });
    let page = |record: &Record| page::markdown(record, &ByArm::new(), &[]);
    let open = "| 1.000 [0.990, 1.021] | inconclusive: regressions up to +2.1% and speed-ups up \
                to -1.0% not excluded |";
    let found = page(&record);
    assert!(found.contains(open), "{found}");
    assert!(found.contains("the same in 0 (within ±1%), slower in 0, faster in 0; 1 are"));
    record.comparisons[0].verdict = Verdict::Same;
    let found = page(&record);
    assert!(found.contains("| 1.000 [0.990, 1.021] | the same |"));
    assert!(found.contains("the same in 1 (within ±1%)"), "{found}");
}

#[test]
fn arms_that_are_not_at_par_are_explained_crate_by_crate() {
    let ours = Arm::new(Peer::Arena, PayloadKind::U64, 8);
    let parts = |bincode, own| {
        let parts = [("bincode", bincode), ("core", 3.0), ("guest", own)];
        parts.map(|(part, count)| (part.to_owned(), count)).into()
    };
    let by_arm = ByArm::from([
        (ours.id(), parts(60.0, 31.0)),
        (ours.by(Peer::FidiusRaw).id(), parts(60.2, 20.0)),
    ]);
    // At par by the record's counts, whatever the parts are of.
    let found = page::markdown(&record(), &by_arm, &[]);
    assert!(!found.contains("### Why u64"), "{found}");
    let mut record = record();
    let theirs = ours.by(Peer::FidiusRaw).id();
    let apart = record.cases.iter_mut().find(|it| it.id == theirs);
    apart.expect("it is in the record").counts = case(&theirs, per_item(70.0, 0.0, 0.0)).counts;
    let page = page::markdown(&record, &by_arm, &[]);
    assert!(
        page.contains("### Why u64 of 8 B (owned) are apart"),
        "{page}"
    );
    assert!(page.contains("| guest | 31.0 | 20.0 | -11.0 |"), "{page}");
    assert!(page.contains("| all | 94.0 | 83.2 | -10.8 |"), "{page}");
    assert!(!page.contains("| core |") && !page.contains("| bincode |"));
    assert!(!page::markdown(&record, &ByArm::new(), &[]).contains("### Why u64"));
}

#[test]
fn a_channel_of_the_pair_is_beside_the_plugins_and_explained_where_it_is_not_at_par() {
    let mut record = record();
    let ours = channels::Arm::new(Channel::Client, Way::Pair, channels::SIZES[0]);
    channel(&mut record.cases, ours, 80.0, 2.0);
    let theirs = ours.counterpart();
    let parts = |own| [("guest".to_owned(), own)].into();
    let by_arm = ByArm::from([(ours.id(), parts(80.0)), (theirs.id(), parts(100.0))]);
    let found = page::markdown(&record, &by_arm, &[]);
    for row in [
        "| client stream | u64 of 8 B | 80.0 | 100 | +25.0% (outside) | 2.00, 0.00 | – | – |",
        "| bidirectional | u64 of 8 B | 100 | 100 | +0.0% | 0.00, 0.00 | – | – |",
        "### Why u64 of 8 B (client stream) are apart",
        "| guest | 80.0 | 100.0 | +20.0 |",
    ] {
        assert!(found.contains(row), "{row}: {found}");
    }
    // A record from before the comparison says so.
    record.cases.retain(|case| !case.id.ends_with("-pair"));
    let found = page::markdown(&record, &ByArm::new(), &[]);
    assert!(found.contains("made before the channels of the pair were compared"));
    assert!(!found.contains("| client stream | u64"));
}
