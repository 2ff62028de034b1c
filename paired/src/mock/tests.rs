//! What contests say of machines that misbehave in known ways.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::SmallRng;
use serde_json::json;

use super::super::clock::Clock;
use super::super::job::{ArmJob, Job};
use super::super::process::ExecuteError;
use super::super::runner::{Arm, MeasureError, Runner, Settings};
use super::{Failure, Machine};
use crate::result::{Comparison, Verdict};
use crate::stats::{Confidence, Delta};
use crate::worker::{ChildError, Said};

const SEEDS: std::ops::Range<u64> = 0..12;

fn settings(delta: f64) -> Settings {
    let delta = Delta::new(delta).expect("a share");
    let confidence = Confidence::new(0.99).expect("a share");
    Settings::new(delta, confidence, Duration::from_secs(2))
}

/// An arm of six nanoseconds an item on twelve layouts of a pair.
fn arm(name: &str, pair: &str) -> Arm {
    let layouts = |seeds: std::ops::Range<u32>| -> Vec<Vec<PathBuf>> {
        seeds
            .map(|seed| vec![PathBuf::from(format!("{pair}/{seed}/host.so"))])
            .collect()
    };
    Arm {
        name: name.to_owned(),
        workload: json!(6.0),
        layouts: layouts(0..12),
        reserve: layouts(12..24),
        copy: 0,
        work: 1.0,
        items: None,
    }
}

fn copy_of(arm: &Arm) -> Arm {
    arm.copied()
}

fn contest(
    machine: &mut Machine,
    seed: u64,
    settings: Settings,
    arms: &[Arm],
) -> Result<Comparison, MeasureError> {
    let clock = machine.clock.clone();
    let mut runner = Runner {
        execute: machine,
        clock: &clock,
        rng: SmallRng::seed_from_u64(!seed),
        settings,
    };
    let comparisons = runner.compare(arms, &[(0, 1)])?;
    Ok(comparisons.into_iter().next().expect("one was asked for"))
}

/// A/A on machines of several seeds.
fn self_comparisons(delta: f64, script: impl Fn(&mut Machine, &mut Settings)) -> Vec<Comparison> {
    let a = arm("a", "pair");
    let arms = [a.clone(), copy_of(&a)];
    let compare = |seed| {
        let (mut machine, mut settings) = (Machine::new(seed), settings(delta));
        script(&mut machine, &mut settings);
        contest(&mut machine, seed, settings, &arms).expect("nothing fails")
    };
    SEEDS.map(compare).collect()
}

/// Swings by 30% either way, in 0.7 s and in 11 ms.
fn drift(now: Duration) -> f64 {
    let seconds = now.as_secs_f64();
    1.0 + 0.2 * (seconds * 9.0).sin() + 0.1 * (seconds * 570.0).sin()
}

#[test]
fn a_copy_is_the_same_on_a_machine_whose_speed_drifts_by_thirty_percent() {
    let drifting = |machine: &mut Machine, _: &mut Settings| machine.speed = drift;
    for found in self_comparisons(0.0025, drifting) {
        assert_eq!(found.verdict, Verdict::Same, "{found:?}");
        assert!(found.low <= 1.0 && 1.0 <= found.high, "{found:?}");
    }
}

#[test]
fn memory_that_favours_a_file_for_a_while_never_makes_a_verdict() {
    // Two speeds of pages: the lasting file of one arm has the good ones for a
    // quarter of a minute; of copies made afresh, every third.
    let script = |machine: &mut Machine, settings: &mut Settings| {
        settings.fresh_copies = false;
        machine.placement = |file| {
            let good = match file.fresh {
                Some(chance) => chance < 1.0 / 3.0,
                None => file.copy == 1 && file.now < Duration::from_secs(15),
            };
            if good { 0.94 } else { 1.0 }
        };
    };
    let lasting = self_comparisons(0.01, script);
    for found in &lasting {
        assert!(!spoken(found), "{found:?}");
    }
    let caught = |found: &&Comparison| found.why.contains("in the first comparison");
    assert!(
        lasting.iter().filter(caught).count() > 0,
        "the first look was misled, the second was not: {lasting:?}"
    );
    for found in self_comparisons(0.01, |machine, settings| {
        script(machine, settings);
        settings.fresh_copies = true;
    }) {
        assert!(!spoken(&found), "{found:?}");
    }
}

fn spoken(found: &Comparison) -> bool {
    matches!(found.verdict, Verdict::Slower | Verdict::Faster)
}

#[test]
fn layouts_that_differ_do_not_make_two_builds_differ() {
    // One layout in five of each build is 5% slower, others in the one than in
    // the other: an unrelated function was added.
    let scattered = |path: &std::path::Path| {
        let hash = xxhash_rust::xxh3::xxh3_64(path.as_os_str().as_encoded_bytes());
        if hash.is_multiple_of(5) { 1.05 } else { 1.0 }
    };
    for seed in SEEDS {
        let mut machine = Machine::new(seed);
        machine.layout = scattered;
        let arms = [
            arm("before", &format!("{seed}/a")),
            arm("after", &format!("{seed}/b")),
        ];
        let found = contest(&mut machine, seed, settings(0.01), &arms).expect("nothing fails");
        assert!(!spoken(&found), "{found:?}");
        assert!((found.ratio - 1.0).abs() < 0.01, "{found:?}");
    }
}

#[test]
fn layouts_that_differ_alike_in_both_arms_are_the_same() {
    let alike = |machine: &mut Machine, _: &mut Settings| {
        machine.layout = |path| {
            if path.starts_with("pair/3") {
                1.06
            } else {
                1.0
            }
        };
    };
    for found in self_comparisons(0.0025, alike) {
        assert_eq!(found.verdict, Verdict::Same, "{found:?}");
    }
}

#[test]
fn one_bad_place_in_five_does_not_widen_what_is_found() {
    // A copy of a library that lies badly is 5% slower; where it lies is chance.
    for found in self_comparisons(0.0025, |machine, _| {
        machine.placement = |file| {
            if file.fresh.is_some_and(|chance| chance < 0.2) {
                1.05
            } else {
                1.0
            }
        };
    }) {
        assert_eq!(found.verdict, Verdict::Same, "{found:?}");
    }
}

#[test]
fn an_arm_with_itself_beside_it_changes_nothing_of_a_comparison() {
    let mut suspected = 0;
    for seed in SEEDS {
        let found = |pairs: &[(usize, usize)]| {
            let mut machine = Machine::new(seed);
            // Copies differ by far more than the better ones of two arms.
            machine.placement = |file| 1.0 + 0.2 * file.fresh.unwrap_or(0.0).powi(4);
            let clock = machine.clock.clone();
            let mut runner = Runner {
                execute: &mut machine,
                clock: &clock,
                rng: SmallRng::seed_from_u64(seed),
                settings: settings(0.0025),
            };
            let a = arm("a", "pair");
            let found = runner.compare(&[a.clone(), copy_of(&a)], pairs);
            found.expect("nothing fails")
        };
        let (alone, beside) = (found(&[(0, 1)]), found(&[(0, 1), (1, 1)]));
        suspected += usize::from(beside[1].why.contains("in the first comparison"));
        if !beside[0].why.contains("first comparison") {
            let shape = |found: &Comparison| (found.processes, found.ratio, found.low);
            assert_eq!(shape(&alone[0]), shape(&beside[0]), "{seed}");
        }
    }
    assert!(suspected > 0, "the copies look different now and then");
}

#[test]
fn an_arm_with_itself_is_a_comparison_of_its_copies() {
    let mut machine = Machine::new(4);
    let clock = machine.clock.clone();
    let mut runner = Runner {
        execute: &mut machine,
        clock: &clock,
        rng: SmallRng::seed_from_u64(4),
        settings: settings(0.01),
    };
    let fast = Arm {
        workload: json!(4.0),
        ..arm("fast", "pair")
    };
    let arms = [arm("slow", "pair"), fast];
    let found = runner.compare(&arms, &[(0, 1), (1, 1)]);
    let found = found.expect("nothing fails");
    let verdicts: Vec<Verdict> = found.iter().map(|found| found.verdict).collect();
    assert_eq!(verdicts, [Verdict::Faster, Verdict::Same]);
    assert_eq!(
        (found[1].baseline.as_str(), found[1].candidate.as_str()),
        ("fast", "fast")
    );
}

#[test]
fn injected_slowdowns_are_found_and_sized_while_the_speed_drifts() {
    for (work, delta) in [(1.005, 0.0025), (1.01, 0.0025), (1.03, 0.01)] {
        for seed in SEEDS {
            let mut machine = Machine::new(seed);
            machine.speed = drift;
            let a = arm("a", "pair");
            let slow = Arm {
                work,
                ..copy_of(&a)
            };
            let found =
                contest(&mut machine, seed, settings(delta), &[a, slow]).expect("nothing fails");
            assert_eq!(found.verdict, Verdict::Slower, "{found:?}");
            assert!((found.ratio - work).abs() < 0.6 * delta, "{found:?}");
        }
    }
}

#[test]
fn a_faster_candidate_is_called_faster() {
    let mut machine = Machine::new(1);
    let fast = Arm {
        workload: json!(4.0),
        ..arm("fast", "pair")
    };
    let arms = [arm("slow", "pair"), fast];
    let found = contest(&mut machine, 1, settings(0.01), &arms).expect("nothing fails");
    assert_eq!(found.verdict, Verdict::Faster);
    assert!((found.ratio - 2.0 / 3.0).abs() < 0.005, "{found:?}");
    let difference = found.difference_ns.expect("a difference");
    assert!((difference.estimate + 2.0).abs() < 0.05, "{difference:?}");
}

#[test]
fn a_process_that_fails_ends_the_contest_with_its_reason() {
    let arms = [arm("a", "pair"), arm("b", "pair")];
    let failures: [(Failure, &str); 3] = [
        (
            |job| (job == 0).then(|| ExecuteError::Failed("opening arm 1: no such file".into())),
            "opening arm 1: no such file",
        ),
        (
            |job| {
                (job == 5).then(|| {
                    let limit = Duration::from_secs(10);
                    let said = Said::from("deep in thought");
                    ChildError::TimedOut { limit, said }.into()
                })
            },
            "hung: killed after 10.0 s; it said: deep in thought",
        ),
        (
            |job| {
                (job == 15).then(|| {
                    let signal = "SIGSEGV".to_owned();
                    let said = Said::default();
                    ChildError::Signalled { signal, said }.into()
                })
            },
            "ended by SIGSEGV",
        ),
    ];
    for (failure, reason) in failures {
        let mut machine = Machine::new(1);
        machine.failure = failure;
        let error = contest(&mut machine, 1, settings(0.01), &arms).expect_err("it fails");
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[test]
fn drains_that_take_no_time_are_an_error_and_not_an_endless_search() {
    let nothing = Arm {
        workload: json!(0.0),
        ..arm("nothing", "pair")
    };
    let arms = [nothing.clone(), nothing];
    let error = contest(&mut Machine::new(1), 1, settings(0.01), &arms).expect_err("too fast");
    assert!(matches!(error, MeasureError::TooFast { .. }), "{error}");
}

#[test]
fn the_budget_is_kept_on_the_machines_own_clock() {
    // So noisy that nothing is ever shown, and so both looks are spent.
    for (budget, most) in [(500, 1.4), (2_000, 4.6), (10_000, 22.0)] {
        let mut machine = Machine::new(7);
        machine.process_noise = 0.3;
        let settings = Settings {
            budget: Duration::from_millis(budget),
            most_processes: usize::MAX,
            ..settings(0.0025)
        };
        let arms = [arm("a", "pair"), arm("b", "pair")];
        let found = contest(&mut machine, 7, settings, &arms).expect("nothing fails");
        let spent = machine.clock.now().as_secs_f64();
        assert_eq!(found.verdict, Verdict::Inconclusive);
        assert!(
            spent < most,
            "{spent} s of {budget} ms, {}",
            found.processes
        );
        assert!(
            spent > 1.4 * budget as f64 / 1e3,
            "{spent} s of {budget} ms"
        );
    }
}

#[test]
fn a_plain_answer_costs_a_fraction_of_the_budget() {
    let mut machine = Machine::new(3);
    let a = arm("a", "pair");
    let arms = [a.clone(), copy_of(&a)];
    contest(&mut machine, 3, settings(0.01), &arms).expect("nothing fails");
    assert!(machine.clock.now() < Duration::from_secs(1));
}

#[test]
fn the_child_sees_no_name_and_each_arm_equally_often_first() {
    let mut machine = Machine::new(5);
    machine.process_noise = 0.3;
    let arms = [arm("the-baseline", "pair"), arm("the-candidate", "other")];
    contest(&mut machine, 5, settings(0.0025), &arms).expect("nothing fails");
    let jobs = &machine.jobs;
    let first = jobs
        .iter()
        .filter(|job| job.arms[0].libraries[0].starts_with("pair"));
    let (first, all) = (first.count() as f64, jobs.len() as f64);
    // Four standard deviations of a fair coin.
    assert!(
        (first - all / 2.0).abs() < 2.0 * all.sqrt(),
        "{first} of {all}"
    );
    let text = serde_json::to_string(jobs).expect("plain data");
    assert!(!text.contains("the-baseline") && !text.contains("the-candidate"));
    let items = |job: &Job| job.arms[0].items;
    let shared = |job: &Job| job.arms.iter().all(|arm| arm.items == items(job));
    assert!(jobs.iter().all(shared), "one item count for all arms");
    // Both arms twice, each copy from files of its own.
    let files = |job: &Job| {
        let of = |arm: &ArmJob| (arm.libraries[0].clone(), arm.copy);
        job.arms.iter().map(of).collect::<HashSet<_>>().len()
    };
    assert!(jobs.iter().all(|job| files(job) == 4), "four arms");
}

#[test]
fn every_layout_is_measured_about_as_often_as_the_others() {
    let mut machine = Machine::new(9);
    machine.process_noise = 0.3;
    let a = arm("a", "pair");
    let arms = [a.clone(), copy_of(&a)];
    let found = contest(&mut machine, 9, settings(0.0025), &arms).expect("nothing fails");
    let mut times = [0_i32; 12];
    for sample in &found.samples {
        times[sample.layout as usize] += 1;
    }
    let (least, most) = (times.iter().min(), times.iter().max());
    let (least, most) = (least.expect("twelve"), most.expect("twelve"));
    // Each of the looks may leave one cycle unfinished.
    assert!(most - least <= 4, "{times:?}");
}
