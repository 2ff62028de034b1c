use super::*;
use crate::synthetic;
use crate::wire::{Failure, SelfCheck, VARIABLES, Verdict};

const ARENA: &str = "drain/case-000/arena";
const ALLOC: &str = "drain/case-000/alloc";

/// A change of one thing.
type Edit<T> = fn(&mut T);

fn judged(change: impl FnOnce(&mut Record, &mut Record)) -> Judgement {
    let (mut baseline, mut record) = (synthetic::record(2), synthetic::record(2));
    change(&mut baseline, &mut record);
    judge(&baseline, &record, &Limits::default(), &Accepted::default()).expect("comparable")
}

fn counts<'r>(record: &'r mut Record, id: &str) -> &'r mut Counts {
    let case = record.cases.iter_mut().find(|case| case.id == id);
    case.and_then(|case| case.counts.as_mut()).expect("counted")
}

/// Judges with one accepted regression.
fn judged_with(entry: &str, change: impl FnOnce(&mut Record)) -> Judgement {
    let (baseline, mut record) = (synthetic::record(2), synthetic::record(2));
    change(&mut record);
    let text = format!(r#"{{"accepted": [{entry}]}}"#);
    let file = std::path::Path::new("accepted.json");
    let accepted = Accepted::parse(file, text.as_bytes()).expect("a file");
    judge(&baseline, &record, &Limits::default(), &accepted).expect("comparable")
}

/// Moves the first ratio, its interval with it.
fn scale(record: &mut Record, factor: f64) {
    let comparison = &mut record.comparisons[0];
    assert_eq!(comparison.candidate, ARENA);
    comparison.ratio *= factor;
    comparison.low *= factor;
    comparison.high *= factor;
}

#[test]
fn a_record_passes_its_own_baseline() {
    let verdict = judged(|baseline, _| *baseline = baseline_of(baseline));
    assert_eq!((verdict.cases, verdict.ratios), (4, 2));
    assert!(
        verdict.changes.is_empty() && verdict.notices.is_empty(),
        "{verdict:?}"
    );
}

#[test]
fn instructions_may_rise_by_half_a_percent_and_the_rest_not_at_all() {
    let allowed = judged(|_, record| {
        *counts(record, ARENA) = Counts {
            instructions_per_item: Some(70.0 * 1.0049),
            ..counts(record, ARENA).clone()
        };
    });
    assert!(!allowed.regressed());
    assert_eq!(allowed.changes.len(), 1, "a change is shown all the same");
    let rises: [(&str, Edit<Counts>); 4] = [
        ("instructions_per_item", |counts| {
            counts.instructions_per_item = Some(70.4)
        }),
        ("allocations_per_item", |counts| {
            counts.allocations_per_item = Some(0.001)
        }),
        ("boundary_calls_per_item", |counts| {
            counts.boundary_calls_per_item = Some(1.001)
        }),
        ("retries", |counts| counts.retries = Some(1)),
    ];
    for (what, rise) in rises {
        let verdict = judged(|_, record| rise(counts(record, ARENA)));
        let [change] = &verdict.changes[..] else {
            panic!("{what}: {verdict:?}")
        };
        assert_eq!(
            (change.what.name(), change.regression),
            (what, true),
            "{change:?}"
        );
    }
}

#[test]
fn fewer_instructions_are_a_change_and_no_regression() {
    let verdict = judged(|_, record| counts(record, ARENA).instructions_per_item = Some(60.0));
    assert!(!verdict.regressed());
    assert_eq!(verdict.changes.len(), 1);
}

#[test]
fn what_is_missing_or_failed_is_a_regression_and_what_is_new_a_notice() {
    let missing = judged(|_, record| record.cases.retain(|case| case.id != ALLOC));
    assert!(missing.regressed());
    assert_eq!(
        (missing.changes[0].case.as_str(), missing.changes[0].what),
        (ALLOC, What::Case)
    );
    let uncounted = judged(|_, record| counts(record, ARENA).instructions_per_item = None);
    assert!(
        uncounted.changes[0].why.contains("not any more"),
        "{uncounted:?}"
    );
    let failed = judged(|_, record| {
        record.failures.push(Failure {
            id: ARENA.to_owned(),
            why: "it hung".to_owned(),
        });
    });
    assert!(failed.changes[0].why.contains("it hung"), "{failed:?}");
    let compared = judged(|_, record| {
        record.comparisons.remove(0);
    });
    assert_eq!(
        (compared.changes[0].what, compared.regressed()),
        (What::Ratio, true)
    );
    let new = judged(|baseline, _| baseline.cases.retain(|case| case.id != ALLOC));
    assert!(
        !new.regressed() && new.notices[0].contains(ALLOC),
        "{new:?}"
    );
}

#[test]
fn ratios_differ_when_their_intervals_are_apart_by_more_than_delta() {
    // Each interval reaches 0.2% to either side and δ is 1%.
    for (factor, regressed, changes) in [
        (1.005, false, 0),
        (1.013, false, 0),
        (1.015, true, 1),
        (0.98, false, 1),
    ] {
        let verdict = judged(|_, record| scale(record, factor));
        let found = (verdict.regressed(), verdict.changes.len());
        assert_eq!(found, (regressed, changes), "{factor}: {verdict:?}");
    }
}

#[test]
fn a_verdict_that_turned_round_is_a_regression_however_close() {
    let verdict = judged(|baseline, record| {
        for (record, low, ratio, high, word) in [
            (baseline, 0.985, 0.989, 0.999, Verdict::Faster),
            (record, 1.001, 1.011, 1.015, Verdict::Slower),
        ] {
            let comparison = &mut record.comparisons[0];
            (comparison.low, comparison.ratio, comparison.high) = (low, ratio, high);
            comparison.verdict = word;
        }
    });
    assert!(verdict.regressed(), "{verdict:?}");
    assert!(
        verdict.changes[0].why.contains("turned round"),
        "{verdict:?}"
    );
}

#[test]
fn counts_and_clock_that_contradict_each_other_are_pointed_out() {
    let verdict = judged(|_, record| {
        counts(record, ARENA).instructions_per_item = Some(60.0);
        scale(record, 1.1);
    });
    let ratio = &verdict.changes[0];
    assert!(ratio.why.contains("fewer instructions"), "{ratio:?}");
    let verdict = judged(|_, record| {
        counts(record, ARENA).instructions_per_item = Some(80.0);
        scale(record, 0.9);
    });
    let ratio = verdict
        .changes
        .iter()
        .find(|change| change.what == What::Ratio);
    assert!(ratio.expect("it moved").why.contains("more instructions"));
}

#[test]
fn wall_clock_of_another_machine_or_an_untrusted_run_is_not_judged() {
    let doubts: [(&str, Edit<Record>); 6] = [
        ("MALLOC_PERTURB_=1", |record| {
            let variables = (VARIABLES.to_owned(), "MALLOC_PERTURB_=1".to_owned());
            record.environment.observed.extend([variables]);
        }),
        ("glibc.malloc", |record| {
            let tunables = "glibc.malloc.trim_threshold=1".to_owned();
            let tunables = ("tunables_of_wall_clock".to_owned(), tunables);
            record.environment.observed.extend([tunables]);
        }),
        ("cpu", |record| {
            record.environment.cpu = "Another".to_owned();
        }),
        ("it shook", |record| {
            let check = record.self_check.as_mut().expect("it has one");
            *check = SelfCheck {
                trusted: false,
                why: "it shook".to_owned(),
                ..check.clone()
            };
        }),
        ("no A/A", |record| record.self_check = None),
        ("compares nothing", |record| record.comparisons.clear()),
    ];
    for (reason, doubt) in doubts {
        let verdict = judged(|baseline, record| {
            for record in [baseline, &mut *record] {
                let routines = ("copy_routines".to_owned(), "avx2".to_owned());
                record.environment.observed.extend([routines]);
            }
            scale(record, 1.5);
            doubt(record);
        });
        assert!(!verdict.regressed(), "{reason}: {verdict:?}");
        assert!(verdict.notices[0].contains(reason), "{reason}: {verdict:?}");
    }
}

#[test]
fn counts_taken_under_differing_conditions_are_refused_by_name() {
    let differences: [(&str, Edit<Record>); 8] = [
        ("rustc", |record| {
            record.environment.rustc = "rustc 1.0.0".to_owned()
        }),
        ("flags", |record| {
            record.environment.flags = "-C opt-level=1".to_owned()
        }),
        ("libc", |record| {
            record.environment.libc = "glibc 2.40".to_owned()
        }),
        ("allocators", |record| {
            record.environment.allocators = "guest mimalloc, host system".to_owned()
        }),
        ("valgrind", |record| {
            record.environment.valgrind = String::new()
        }),
        ("tunables", |record| {
            record.environment.tunables = "x=1".to_owned()
        }),
        ("cpu", |record| {
            record.environment.cpu = "Another".to_owned()
        }),
        ("copy_routines", |record| {
            let routines = ("copy_routines".to_owned(), "ssse3".to_owned());
            record.environment.observed.extend([routines]);
        }),
    ];
    for (field, differ) in differences {
        let (mut baseline, mut record) = (synthetic::record(1), synthetic::record(1));
        if field == "copy_routines" {
            let routines = ("copy_routines".to_owned(), "avx2".to_owned());
            baseline.environment.observed.extend([routines]);
        }
        differ(&mut record);
        let refused =
            judge(&baseline, &record, &Limits::default(), &Accepted::default()).expect_err(field);
        let text = refused.to_string();
        assert!(text.contains(&format!("{field}: ")), "{text}");
        assert!(text.contains("compare --against"), "{text}");
    }
}

#[test]
fn a_baseline_keeps_what_the_gate_reads_and_drops_what_flickers() {
    let (one, mut other) = (synthetic::record(2), synthetic::record(2));
    for comparison in &mut other.comparisons {
        comparison.baseline_ns = comparison.baseline_ns.map(|ns| 1.03 * ns);
    }
    other.comparisons[0].samples.clear();
    assert_eq!(baseline_of(&one), baseline_of(&other));
    let kept = baseline_of(&one);
    assert_eq!(kept.cases[0].counts, one.cases[0].counts);
    assert_eq!(kept.comparisons[0].high, one.comparisons[0].high);
}

#[test]
fn a_ratio_that_is_not_shown_to_be_the_same_is_inconclusive_and_says_what_it_left_open() {
    // Intervals of 0.2% to either side: 0.4% together, with a shift of 0.3%.
    let settled = judged(|_, record| scale(record, 1.003));
    assert_eq!((settled.same, settled.inconclusive.len()), (2, 0));
    let open = judged(|_, record| scale(record, 1.008));
    assert_eq!((open.same, open.ratios), (1, 2));
    let [row] = &open.inconclusive[..] else {
        panic!("{open:?}")
    };
    assert_eq!(
        (row.case.as_str(), row.baseline_case.as_str()),
        (ARENA, ALLOC)
    );
    assert!((row.most - 0.012).abs() < 0.0003, "{row:?}");
    assert!(row.least == 0.0 && open.changes.is_empty() && !open.regressed());
}

#[test]
fn counts_that_the_record_has_nowhere_cannot_be_judged() {
    let (baseline, mut record) = (synthetic::record(2), synthetic::record(2));
    for case in &mut record.cases {
        case.counts.as_mut().expect("counted").instructions_per_item = None;
    }
    let refused = judge(&baseline, &record, &Limits::default(), &Accepted::default())
        .expect_err("not counted");
    assert_eq!(refused, GateError::Uncounted(Count::Instructions));
    assert!(refused.to_string().contains("valgrind"), "{refused}");
}

#[test]
fn an_accepted_rise_alarms_nobody_and_one_beyond_it_does() {
    let entry = r#"{"cases": "drain/case-*/arena", "metric": "instructions", "up_to": 3, "reason": "it checks more"}"#;
    for (rise, alarms) in [(1.02, false), (1.04, true)] {
        let verdict = judged_with(entry, |record| {
            counts(record, ARENA).instructions_per_item = Some(70.0 * rise);
        });
        let [change] = &verdict.changes[..] else {
            panic!("{rise}: {verdict:?}")
        };
        assert!(change.regression, "worse than its limit all the same");
        assert_eq!((change.alarms(), verdict.regressed()), (alarms, alarms));
        let said = change.accepted.as_ref().unwrap_or(&change.why);
        let words = if alarms {
            "more than was accepted"
        } else {
            "it checks more"
        };
        assert!(said.contains(words), "{said}");
        assert!(verdict.notices.is_empty(), "{:?}", verdict.notices);
    }
    // Of another case or another count it says nothing.
    let verdict = judged_with(entry, |record| {
        let alloc = counts(record, ALLOC);
        alloc.instructions_per_item = alloc.instructions_per_item.map(|it| 1.1 * it);
        counts(record, ARENA).retries = Some(1);
    });
    assert_eq!(verdict.changes.iter().filter(|it| it.alarms()).count(), 2);
}

#[test]
fn an_accepted_ratio_alarms_nobody() {
    let entry = r#"{"cases": "drain/case-000/arena", "metric": "time", "up_to": 60, "reason": "it copies"}"#;
    let verdict = judged_with(entry, |record| scale(record, 1.5));
    assert!(!verdict.regressed(), "{verdict:?}");
    let accepted = verdict.changes.iter().filter(|it| it.accepted.is_some());
    assert_eq!(accepted.count(), 1);
}

#[test]
fn an_entry_that_nothing_needs_any_more_is_told_once() {
    let entry = r#"{"cases": "drain/*", "metric": "instructions", "up_to": 3, "reason": "x"}"#;
    let verdict = judged_with(entry, |_| ());
    let [notice] = &verdict.notices[..] else {
        panic!("{:?}", verdict.notices)
    };
    assert!(notice.contains("instructions of drain/*"), "{notice}");
    // Retries of none of its cases were judged.
    let entry = r#"{"cases": "other/*", "metric": "retries", "up_to": 3, "reason": "x"}"#;
    assert!(judged_with(entry, |_| ()).notices.is_empty());
}
