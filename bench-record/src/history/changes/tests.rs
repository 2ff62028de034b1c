use super::*;
use crate::Count;
use crate::history::change::Evidence;
use crate::history::series::Builder;
use crate::history::series::Metric;
use crate::history::store::Entry;
use crate::synthetic::{Machine, Shift, Synthetic};
use crate::wire::{Failure, Method};

fn history(plan: &Synthetic) -> History {
    let mut series = Builder::default();
    let mut entries = Vec::new();
    for record in plan.records() {
        series.push(entries.len() as u32, &record, true);
        entries.push(Entry {
            path: format!("{}.json", entries.len()).into(),
            environment: record.environment,
            trusted: true,
            cases: record.cases.into_iter().map(|case| case.id).collect(),
            failures: record.failures,
        });
    }
    History {
        entries,
        series: series.finish(),
        damaged: Vec::new(),
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

#[test]
fn counts_that_drift_within_the_limit_are_no_change_and_what_creeps_out_of_it_is_one() {
    let mut plan = history(&Synthetic {
        commits: 40,
        ..hundred()
    });
    let instructions = Metric::Count(Count::Instructions);
    for series in plan
        .series
        .iter_mut()
        .filter(|it| it.metric == instructions)
    {
        for point in &mut series.points {
            point.value *= 1.0 + 0.0003 * f64::from(point.entry % 3);
        }
    }
    assert_eq!(plan.findings(&Options::default()).changes, []);
    let creeping = plan.series.iter_mut().find(|it| it.metric == instructions);
    let creeping = creeping.expect("it is counted");
    for point in &mut creeping.points {
        point.value = 100.0 + 0.1 * f64::from(point.entry);
    }
    let found = plan.findings(&Options::default());
    assert!(found.changes.iter().all(Change::is_regression));
    // 0.5% of 100 is five steps; the sixth is beyond.
    assert_eq!(found.changes.last().map(|it| it.entry), Some(6));
}

#[test]
fn a_shift_within_the_recorded_intervals_is_no_change() {
    let mut plan = history(&Synthetic {
        shifts: vec![SLOWER],
        ..hundred()
    });
    for series in plan.series.iter_mut().filter(|it| !it.metric.is_exact()) {
        for point in &mut series.points {
            (point.low, point.high) = (0.94 * point.value, 1.06 * point.value);
        }
    }
    assert_eq!(plan.findings(&Options::default()).changes, []);
}

#[test]
fn values_of_two_methods_are_never_compared_and_the_mark_is_said() {
    let mut plan = Vec::new();
    for mut record in (Synthetic {
        shifts: vec![SLOWER],
        ..hundred()
    })
    .records()
    {
        let new = plan.len() >= 60;
        for comparison in &mut record.comparisons {
            comparison.method = if new {
                Method::ProcessDraws
            } else {
                Method::LayoutMedians
            };
        }
        plan.push(record);
    }
    let mut series = Builder::default();
    let mut entries = history(&hundred()).entries;
    for (at, record) in plan.iter().enumerate() {
        series.push(at as u32, record, true);
    }
    entries.truncate(plan.len());
    let history = History {
        entries,
        series: series.finish(),
        damaged: Vec::new(),
    };
    let found = history.findings(&Options::default());
    assert_eq!(found.changes, []);
    assert_eq!(found.machine_shifts.len(), 1, "it is told apart");
    let gaps = found.gaps(&history).join("; ");
    assert!(gaps.contains("measured by two methods"), "{gaps}");
}

#[test]
fn a_case_that_vanished_or_failed_in_the_newest_commit_is_told() {
    let mut plan = history(&Synthetic {
        commits: 3,
        ..hundred()
    });
    assert_eq!(plan.findings(&Options::default()).missing, []);
    let gone = "drain/case-000/arena";
    plan.entries[2].cases.remove(gone);
    plan.entries[2].failures.push(Failure {
        id: "drain/case-001/alloc".to_owned(),
        why: "it hung".to_owned(),
    });
    let missing = plan.findings(&Options::default()).missing;
    let [vanished, failed] = &missing[..] else {
        panic!("two: {missing:?}")
    };
    assert_eq!((vanished.case.as_str(), &vanished.failure), (gone, &None));
    assert_eq!((vanished.entry, vanished.previous), (2, 1));
    assert_eq!(failed.failure.as_deref(), Some("it hung"));
}

#[test]
fn a_variable_of_the_allocator_is_no_commit_s_improvement() {
    let mut series = Builder::default();
    let whole = Synthetic {
        shifts: vec![Shift {
            time: 0.8,
            ..SLOWER
        }],
        ..hundred()
    };
    for (at, mut record) in whole.records().enumerate() {
        if at >= 60 {
            let perturb = (
                "allocator_and_loader".to_owned(),
                "MALLOC_PERTURB_=1".to_owned(),
            );
            record.environment.observed.extend([perturb]);
        }
        series.push(at as u32, &record, true);
    }
    let history = History {
        entries: history(&hundred()).entries,
        series: series.finish(),
        damaged: Vec::new(),
    };
    let found = history.findings(&Options::default());
    assert_eq!(found.changes, []);
    assert_eq!(found.machine_shifts.len(), 1);
}

#[test]
fn an_accepted_regression_is_shown_and_is_none() {
    let history = history(&Synthetic {
        shifts: vec![SLOWER, MORE_WORK],
        ..hundred()
    });
    let commit = &history.entries[70].environment.commit;
    let found = |commit: &str| {
        let text = format!(
            r#"{{"accepted": [
                {{"cases": "drain/case-001/arena", "metric": "time", "up_to": 6, "reason": "it checks"}},
                {{"cases": "*", "metric": "instructions", "up_to": 3, "reason": "more work", "commit": "{commit}"}}]}}"#
        );
        let file = std::path::Path::new("accepted.json");
        let options = Options {
            accepted: crate::accepted::Accepted::parse(file, text.as_bytes()).expect("a file"),
            ..Options::default()
        };
        let found = history.findings(&options).changes;
        found
            .iter()
            .map(|change| (change.is_regression(), change.accepted.is_some()))
            .collect::<Vec<_>>()
    };
    assert_eq!(found(commit), [(false, true), (false, true)]);
    // Accepted at another commit: this one is a regression, and comes first.
    let mut elsewhere = found("0123");
    elsewhere.sort_unstable();
    assert_eq!(elsewhere, [(false, true), (true, false)]);
}
