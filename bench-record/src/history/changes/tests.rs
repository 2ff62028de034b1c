use super::*;
use crate::Count;
use crate::history::series::Builder;
use crate::history::store::Entry;
use crate::synthetic::{Machine, Shift, Synthetic};

fn history(plan: &Synthetic) -> History {
    let mut series = Builder::default();
    let mut entries = Vec::new();
    for record in plan.records() {
        series.push(entries.len() as u32, &record, true);
        entries.push(Entry {
            path: format!("{}.json", entries.len()).into(),
            environment: record.environment,
            trusted: true,
        });
    }
    History {
        entries,
        series: series.finish(),
    }
}

fn findings(plan: &Synthetic) -> Findings {
    history(plan).findings(&Options::default())
}

/// A machine by name: slowness, factor on the ratio, added instructions.
fn machine(cpu: &str, slowness: f64, ratio: f64, instructions: f64) -> Machine {
    Machine {
        cpu: cpu.to_owned(),
        slowness,
        ratio,
        instructions,
    }
}

const SLOWER: Shift = Shift {
    commit: 60,
    pair: 1,
    time: 1.05,
    instructions: 0.0,
};
const MORE_WORK: Shift = Shift {
    commit: 70,
    pair: 0,
    time: 1.0,
    instructions: 2.0,
};

fn hundred() -> Synthetic {
    Synthetic {
        pairs: 3,
        commits: 100,
        ..Synthetic::default()
    }
}

#[test]
fn real_changes_are_found_at_their_commit_and_nothing_else_is() {
    let found = findings(&Synthetic {
        shifts: vec![SLOWER, MORE_WORK],
        ..hundred()
    });
    let [work, time] = found.changes.as_slice() else {
        panic!("two changes: {found:#?}");
    };
    assert_eq!((work.entry, work.previous), (70, 69));
    assert_eq!(work.metric, Metric::Count(Count::Instructions));
    assert_eq!((work.before, work.after), (70.0, 72.0));
    assert_eq!(work.evidence, Evidence::Exact);
    assert_eq!((time.entry, time.previous), (60, 59));
    assert_eq!(time.case, "drain/case-001/arena");
    assert_eq!(time.baseline.as_deref(), Some("drain/case-001/alloc"));
    let size = time.relative().expect("a ratio is never zero");
    assert!((size - 0.05).abs() < 0.002, "{size}");
    assert!(work.is_regression() && time.is_regression());
    assert!(size > time.threshold.expect("a long past"));
}

#[test]
fn a_faster_commit_is_a_change_and_no_regression() {
    let shift = Shift {
        time: 0.9,
        ..SLOWER
    };
    let found = findings(&Synthetic {
        shifts: vec![shift],
        ..hundred()
    });
    assert_eq!(found.changes.len(), 1);
    assert!(!found.changes[0].is_regression());
}

/// Half as fast, with another libc's counts, and with ratios of its own.
fn two_machines() -> [Machine; 2] {
    [machine("A", 1.0, 1.0, 0.0), machine("B", 2.0, 1.1, 11.0)]
}

/// A hundred runs of two machines: `is_b` says which run is of the second.
fn mixed(is_b: fn(usize) -> bool) -> Synthetic {
    let [a, b] = two_machines();
    let machines = (0..100).map(|run| if is_b(run) { b.clone() } else { a.clone() });
    Synthetic {
        machines: machines.collect(),
        ..hundred()
    }
}

#[test]
fn machines_that_take_turns_are_no_change_though_their_ratios_differ() {
    assert_eq!(findings(&mixed(|run| run % 2 == 1)), Findings::default());
}

#[test]
fn a_fleet_whose_mix_moves_is_no_change_though_its_ratios_differ() {
    // First one run of five is the second machine's, then four of five.
    let moving = mixed(|run| (run % 5 == 0) == (run < 50));
    assert_eq!(findings(&moving), Findings::default());
}

#[test]
fn a_change_of_machine_for_good_is_told_apart_from_changes() {
    let found = findings(&mixed(|run| run >= 50));
    assert_eq!(found.changes, []);
    let entries: Vec<_> = found.machine_shifts.iter().map(|c| c.entry).collect();
    assert_eq!(entries, [50; 3], "one of each pair");
}

#[test]
fn a_change_within_a_mixed_fleet_is_found_once_at_its_commit_and_size() {
    let found = findings(&Synthetic {
        shifts: vec![SLOWER],
        ..mixed(|run| (run % 5 == 0) == (run < 50))
    });
    let [change] = found.changes.as_slice() else {
        panic!("one change: {found:#?}");
    };
    assert_eq!((change.entry, change.previous), (60, 59));
    let size = change.relative().expect("a ratio is never zero");
    assert!((size - 0.05).abs() < 0.005, "{size}");
    assert_eq!(found.machine_shifts, []);
}

#[test]
fn an_outlier_that_a_machine_left_behind_long_ago_is_not_told() {
    let mut plan = history(&mixed(|run| run >= 30));
    plan.series.retain(|series| !series.metric.is_exact());
    for series in &mut plan.series {
        series.points[29].value *= 1.05;
    }
    let found = plan.findings(&Options::default());
    assert_eq!(found.changes, []);
}

#[test]
fn what_was_not_searched_is_said() {
    let gaps = |plan: &Synthetic| {
        let history = history(plan);
        history.findings(&Options::default()).gaps(&history)
    };
    assert_eq!(gaps(&hundred()), Vec::<String>::new());
    let short = gaps(&Synthetic {
        commits: 5,
        ..hundred()
    });
    assert!(
        short[0].starts_with("3 of 3 ratios have fewer than 6 runs"),
        "{short:?}"
    );
    let moved = gaps(&mixed(|run| run >= 50));
    assert!(
        moved[0].starts_with("3 shifts of a ratio came with"),
        "{moved:?}"
    );
}

#[test]
fn a_shift_that_comes_with_a_new_machine_is_told_apart() {
    let mut machines = vec![machine("A", 1.0, 1.0, 0.0); 60];
    machines.extend(vec![machine("B", 1.0, 1.0, 0.0); 40]);
    let found = findings(&Synthetic {
        machines,
        shifts: vec![SLOWER],
        ..hundred()
    });
    assert_eq!(found.changes, []);
    assert_eq!(found.machine_shifts.len(), 1);
}

#[test]
fn machines_that_take_turns_tell_of_a_change_once() {
    let found = findings(&Synthetic {
        machines: two_machines().to_vec(),
        shifts: vec![SLOWER, MORE_WORK],
        ..hundred()
    });
    let entries: Vec<_> = found
        .changes
        .iter()
        .map(|c| (c.entry, c.previous))
        .collect();
    assert_eq!(entries, [(70, 68), (60, 59)]);
}

#[test]
fn the_newest_runs_are_unconfirmed_until_there_are_three() {
    let evidence_after = |runs: usize| {
        let found = findings(&Synthetic {
            commits: 60 + runs,
            shifts: vec![SLOWER],
            ..hundred()
        });
        found.changes.first().map(|change| {
            assert_eq!(change.entry, 60);
            (change.evidence, change.is_regression())
        })
    };
    assert_eq!(evidence_after(0), None);
    assert_eq!(evidence_after(1), Some((Evidence::Unconfirmed, false)));
    assert_eq!(evidence_after(2), Some((Evidence::Unconfirmed, false)));
    let third = evidence_after(3).expect("found");
    assert!(matches!(third, (Evidence::Shift { .. }, true)));
}

#[test]
fn allocations_that_appear_have_no_relative_size() {
    let mut plan = history(&hundred());
    let series = plan
        .series
        .iter_mut()
        .find(|s| s.metric == Metric::Count(Count::Allocations))
        .expect("allocations are counted");
    for point in &mut series.points[40..] {
        point.value += 1.0;
    }
    series
        .points
        .iter_mut()
        .take(40)
        .for_each(|p| p.value = 0.0);
    let found = plan.findings(&Options::default());
    assert_eq!(found.changes.len(), 1);
    assert_eq!(found.changes[0].relative(), None);
    assert!(found.changes[0].is_regression());
}
