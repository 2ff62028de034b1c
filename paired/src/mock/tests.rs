//! What comparisons say of machines that misbehave in known ways.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use super::super::clock::Clock;
use super::super::job::{ArmJob, Job};
use super::super::process::ExecuteError;
use super::super::runner::{Arm, MeasureError, Runner, Settings};
use super::{Failure, Machine};
use crate::result::{Comparison, Draws, Method, Verdict};
use crate::stats::{Confidence, Delta};
use crate::worker::{ChildError, Said};

const SEEDS: std::ops::Range<u64> = 0..12;

/// Layouts of every build.
const LAYOUTS: u32 = 64;

fn settings(delta: f64) -> Settings {
    let delta = Delta::new(delta).expect("a share");
    let confidence = Confidence::new(0.99).expect("a share");
    Settings::new(delta, confidence, Duration::from_secs(4))
}

/// An arm of six nanoseconds an item, of a host library in many layouts.
fn arm(name: &str, build: &str) -> Arm {
    linked(name, build, LAYOUTS)
}

fn linked(name: &str, build: &str, layouts: u32) -> Arm {
    let file = |layout| PathBuf::from(format!("{build}/{layout}/host.so"));
    Arm::new(name, json!(6.0), vec![(0..layouts).map(file).collect()])
}

/// The same with this many nanoseconds an item.
fn taking(ns_per_item: f64, arm: Arm) -> Arm {
    Arm {
        workload: json!(ns_per_item),
        ..arm
    }
}

fn compare(
    machine: &mut Machine,
    seed: u64,
    settings: Settings,
    arms: &[Arm],
) -> Result<Comparison, MeasureError> {
    let clock = machine.clock.clone();
    let builder = Runner::builder(machine).clock(&clock).seed(!seed);
    let comparisons = builder
        .settings(settings)
        .build()
        .compare(arms, &[(0, 1)])?;
    Ok(comparisons.into_iter().next().expect("one was asked for"))
}

/// A/A on machines of several seeds.
fn self_comparisons(delta: f64, script: impl Fn(&mut Machine)) -> Vec<Comparison> {
    let a = arm("a", "build");
    let arms = [a.clone(), a.copied()];
    let compare = |seed| {
        let mut machine = Machine::new(seed);
        script(&mut machine);
        compare(&mut machine, seed, settings(delta), &arms).expect("nothing fails")
    };
    SEEDS.map(compare).collect()
}

/// Swings by 30% either way, in 0.7 s and in 11 ms.
fn drift(now: Duration) -> f64 {
    let seconds = now.as_secs_f64();
    1.0 + 0.2 * (seconds * 9.0).sin() + 0.1 * (seconds * 570.0).sin()
}

/// A number between 0 and 1 that belongs to the file.
fn chance(path: &Path) -> f64 {
    let hash = xxhash_rust::xxh3::xxh3_64(path.as_os_str().as_encoded_bytes());
    hash as f64 / u64::MAX as f64
}

/// A layout's effect on a build's code: a standard deviation of 15%, evenly spread.
fn strong(path: &Path) -> f64 {
    (0.15 * 12_f64.sqrt() * (chance(path) - 0.5)).exp()
}

/// The same for layouts that were made with the same seed: what did not change keeps its
/// neighbours, whatever the build. What is left differs by 0.5% at most.
fn strong_and_common(path: &Path) -> f64 {
    let layout = path.strip_prefix(path.iter().next().expect("a build"));
    strong(layout.expect("it begins so")) * (0.01 * (chance(path) - 0.5)).exp()
}

/// A comparison without its samples, for messages.
fn brief(found: &Comparison) -> String {
    let samples = Vec::new();
    let brief = Comparison {
        samples,
        ..found.clone()
    };
    format!("{brief:?}")
}

fn is_spoken(found: &Comparison) -> bool {
    matches!(found.verdict, Verdict::Slower | Verdict::Faster)
}

#[test]
fn a_copy_is_the_same_on_a_machine_whose_speed_drifts_by_thirty_percent() {
    for found in self_comparisons(0.0025, |machine| machine.speed = drift) {
        assert_eq!(found.verdict, Verdict::Same, "{}", brief(&found));
        assert!(found.low <= 1.0 && 1.0 <= found.high, "{}", brief(&found));
    }
}

#[test]
fn a_file_in_better_memory_by_chance_never_makes_a_verdict() {
    let good_now_and_then = |machine: &mut Machine| {
        machine.placement = |file| {
            let good = file.fresh.is_some_and(|chance| chance < 1.0 / 3.0);
            if good { 0.94 } else { 1.0 }
        };
    };
    for found in self_comparisons(0.01, good_now_and_then) {
        assert!(!is_spoken(&found), "{}", brief(&found));
    }
}

#[test]
fn layouts_that_differ_strongly_do_not_make_two_builds_differ() {
    // An unrelated function was added, and every layout is drawn anew: 15% of standard
    // deviation on either side.
    for seed in 0..60 {
        let mut machine = Machine::new(seed);
        machine.layout = strong;
        let arms = [
            arm("before", &format!("{seed}/a")),
            arm("after", &format!("{seed}/b")).drawn_in(1),
        ];
        let found = compare(&mut machine, seed, settings(0.01), &arms).expect("nothing fails");
        assert!(!is_spoken(&found), "{}", brief(&found));
        assert_eq!(
            (found.method, found.draws),
            (Method::ProcessDraws, Some(Draws::Independent))
        );
        // What it could not exclude, and what it would take, is said.
        let open = found
            .not_excluded()
            .expect("such layouts allow no equivalence");
        assert!(
            open.slower_percent > 1.0 || open.faster_percent < -1.0,
            "{}",
            brief(&found)
        );
        let needed = found.layouts_needed.expect("the interval is wide");
        assert!(needed > 500, "{needed}: {}", brief(&found));
    }
}

#[test]
fn two_percent_are_found_with_common_draws_however_much_layouts_differ() {
    for (work, wanted) in [(1.0, Verdict::Same), (1.02, Verdict::Slower)] {
        for seed in SEEDS {
            let mut machine = Machine::new(seed);
            machine.layout = strong_and_common;
            let slow = Arm {
                work,
                ..arm("after", "b")
            };
            let arms = [arm("before", "a"), slow];
            let found = compare(&mut machine, seed, settings(0.01), &arms).expect("nothing fails");
            assert_eq!(found.verdict, wanted, "{}", brief(&found));
            assert_eq!(found.draws, Some(Draws::Common));
            assert!((found.ratio - work).abs() < 0.004, "{}", brief(&found));
        }
    }
}

#[test]
fn builds_with_unequal_numbers_of_layouts_are_drawn_independently() {
    let mut machine = Machine::new(1);
    let arms = [arm("before", "a"), linked("after", "b", LAYOUTS / 2)];
    let found = compare(&mut machine, 1, settings(0.01), &arms).expect("nothing fails");
    assert_eq!(found.draws, Some(Draws::Independent));
    assert!(found.processes <= LAYOUTS / 2, "{}", brief(&found));
}

#[test]
fn one_bad_place_in_five_does_not_widen_what_is_found() {
    // A copy of a library in a bad place is 5% slower; the place is chance.
    for found in self_comparisons(0.005, |machine| {
        machine.placement = |file| {
            if file.fresh.is_some_and(|chance| chance < 0.2) {
                1.05
            } else {
                1.0
            }
        };
    }) {
        assert_eq!(found.verdict, Verdict::Same, "{}", brief(&found));
    }
}

#[test]
fn every_comparison_carries_the_self_comparison_of_its_copies() {
    for found in self_comparisons(0.01, |_| ()) {
        let copies = found.copies.expect("both copies are timed");
        assert!(copies.low <= 1.0 && 1.0 <= copies.high, "{}", brief(&found));
        assert!(copies.high / copies.low < 1.02, "{}", brief(&found));
        let both = |sample: &crate::result::PairedSample| sample.copies_ns.is_some();
        assert!(found.samples.iter().all(both));
    }
}

/// One in two copies of the candidate is half as slow again; the better copy mostly hides
/// it.
fn half_of_the_candidates_copies_are_slow(file: &super::File) -> f64 {
    match file.fresh {
        Some(chance) if file.copy >= 2 && chance < 0.5 => 1.5,
        _ => 1.0,
    }
}

#[test]
fn a_change_whose_size_depends_on_the_placement_is_marked() {
    let mut machine = Machine::new(1);
    machine.placement = half_of_the_candidates_copies_are_slow;
    let a = arm("a", "build");
    let arms = [a.clone(), taking(7.0, a.copied())];
    let found = compare(&mut machine, 1, settings(0.01), &arms).expect("nothing fails");
    let mean = found.mean_of_copies.expect("both copies are timed");
    assert!(mean > found.high, "{}", brief(&found));
    assert!(found.why.contains("its size depends"), "{}", found.why);
}

#[test]
fn a_change_that_only_some_placements_show_is_marked() {
    // By the better copies the candidate is faster, by the mean of both it is slower.
    let mut machine = Machine::new(1);
    machine.placement = half_of_the_candidates_copies_are_slow;
    let a = arm("a", "build");
    let arms = [a.clone(), taking(5.4, a.copied())];
    let found = compare(&mut machine, 1, settings(0.01), &arms).expect("nothing fails");
    let mean = found.mean_of_copies.expect("both copies are timed");
    assert!(mean > 1.0 && found.ratio < 1.0, "{}", brief(&found));
    assert!(
        found.why.contains("only in some placements"),
        "{}",
        found.why
    );
}

#[test]
fn several_comparisons_share_their_processes_and_each_is_confirmed() {
    let mut machine = Machine::new(4);
    let clock = machine.clock.clone();
    let builder = Runner::builder(&mut machine).clock(&clock).seed(4);
    let mut runner = builder.settings(settings(0.01)).build();
    let arms = [
        arm("slow", "build"),
        taking(4.0, arm("fast", "build")),
        arm("as slow", "build"),
    ];
    let found = runner.compare(&arms, &[(0, 1), (0, 2), (1, 2)]);
    let found = found.expect("nothing fails");
    let verdicts: Vec<Verdict> = found.iter().map(|found| found.verdict).collect();
    assert_eq!(verdicts, [Verdict::Faster, Verdict::Same, Verdict::Slower]);
    let used: usize = machine.jobs.iter().filter(|job| job.rounds == 9).count();
    assert!(
        used <= LAYOUTS as usize,
        "{used} processes for three comparisons"
    );
}

#[test]
fn injected_slowdowns_are_found_and_sized_while_the_speed_drifts() {
    for (work, delta) in [(1.005, 0.0025), (1.01, 0.0025), (1.03, 0.01)] {
        for seed in SEEDS {
            let mut machine = Machine::new(seed);
            machine.speed = drift;
            let a = arm("a", "build");
            let slow = Arm { work, ..a.copied() };
            let arms = [a, slow];
            let found = compare(&mut machine, seed, settings(delta), &arms);
            let found = found.expect("nothing fails");
            assert_eq!(found.verdict, Verdict::Slower, "{}", brief(&found));
            assert!(
                (found.ratio - work).abs() < 0.6 * delta,
                "{}",
                brief(&found)
            );
        }
    }
}

#[test]
fn a_faster_candidate_is_called_faster() {
    let mut machine = Machine::new(1);
    let arms = [arm("slow", "build"), taking(4.0, arm("fast", "build"))];
    let found = compare(&mut machine, 1, settings(0.01), &arms).expect("nothing fails");
    assert_eq!(found.verdict, Verdict::Faster);
    assert!((found.ratio - 2.0 / 3.0).abs() < 0.005, "{}", brief(&found));
    let difference = found.difference_ns.expect("a difference");
    assert!((difference.estimate + 2.0).abs() < 0.05, "{difference:?}");
    let sign = found.sign.expect("it is computed beside");
    assert!((sign.ratio - found.ratio).abs() < 0.005, "{sign:?}");
}

#[test]
fn a_large_change_is_spoken_on_a_machine_whose_copies_differ_by_several_percent() {
    for seed in SEEDS {
        let mut machine = Machine::new(seed);
        machine.process_noise = 0.15;
        let a = arm("a", "build");
        let arms = [a.clone(), taking(11.6, a.copied())];
        let found = compare(&mut machine, seed, settings(0.01), &arms).expect("nothing fails");
        let copies = found.copies.expect("both copies are timed");
        assert!(copies.high / copies.low > 1.02, "{}", brief(&found));
        assert_eq!(found.verdict, Verdict::Slower, "{}", brief(&found));
    }
}

#[test]
fn a_second_look_uses_layouts_that_the_first_did_not() {
    let mut machine = Machine::new(2);
    let arms = [arm("slow", "a"), taking(4.0, arm("fast", "a"))];
    let found = compare(&mut machine, 2, settings(0.01), &arms).expect("nothing fails");
    assert_eq!(found.verdict, Verdict::Faster);
    let measured = machine.jobs.iter().filter(|job| job.rounds == 9);
    let files: Vec<&PathBuf> = measured.map(|job| &job.arms[0].libraries[0]).collect();
    let different: HashSet<_> = files.iter().collect();
    assert_eq!(
        different.len(),
        files.len(),
        "each process has a layout of its own"
    );
    // The first look ended after a quarter; the second is what is reported.
    assert_eq!(files.len(), (LAYOUTS / 4 + found.processes) as usize);
    assert_eq!(
        (found.layouts, found.samples.len()),
        (found.processes, found.processes as usize)
    );
}

#[test]
fn a_suspicion_that_first_appears_when_no_layouts_are_left_is_inconclusive() {
    // The machine favours the baseline for the second half of the processes.
    let mut machine = Machine::new(3);
    machine.placement = |file| {
        if file.copy >= 2 && file.now > Duration::from_millis(230) {
            1.1
        } else {
            1.0
        }
    };
    machine.process_noise = 0.02;
    let settings = Settings {
        budget: Duration::from_secs(60),
        ..settings(0.0025)
    };
    let a = arm("a", "build");
    let arms = [a.clone(), a.copied()];
    let found = compare(&mut machine, 3, settings, &arms).expect("nothing fails");
    assert_eq!(
        (found.verdict, found.processes),
        (Verdict::Inconclusive, LAYOUTS),
        "{}",
        brief(&found)
    );
    assert!(
        found.why.contains("after all layouts were used"),
        "{}",
        found.why
    );
}

#[test]
fn with_one_layout_a_late_suspicion_is_looked_at_again() {
    let mut machine = Machine::new(5);
    let a = linked("a", "build", 1);
    let slow = Arm {
        work: 1.03,
        ..a.copied()
    };
    let found = compare(&mut machine, 5, settings(0.01), &[a, slow]).expect("nothing fails");
    assert_eq!(
        (found.verdict, found.layouts),
        (Verdict::Slower, 1),
        "{}",
        brief(&found)
    );
    assert_eq!(
        (found.draws, found.layouts_needed),
        (Some(Draws::Common), None)
    );
}

#[test]
fn too_few_layouts_for_an_interval_are_an_error_that_says_how_many() {
    let arms = [linked("a", "build", 5), linked("b", "build", 5)];
    let error = compare(&mut Machine::new(1), 1, settings(0.01), &arms).expect_err("too few");
    let text = error.to_string();
    assert!(
        matches!(
            error,
            MeasureError::TooFewLayouts {
                have: 5,
                need: 8,
                ..
            }
        ),
        "{text}"
    );
    assert!(text.contains("link 8 layouts or more"), "{text}");
}

#[test]
fn a_process_that_fails_ends_the_comparison_with_its_reason() {
    let arms = [arm("a", "build"), arm("b", "build")];
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
        let error = compare(&mut machine, 1, settings(0.01), &arms).expect_err("it fails");
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[test]
fn arms_that_cannot_be_opened_twice_are_compared_in_one_copy_and_it_is_said() {
    let arms = [arm("a", "build"), taking(6.6, arm("b", "build"))];
    fn unopened() -> ExecuteError {
        ExecuteError::NotOpened("static TLS block".to_owned())
    }
    let mut machine = Machine::new(1);
    machine.failure = |job| (job == 0).then(unopened);
    let found = compare(&mut machine, 1, settings(0.01), &arms).expect("once they can");
    let copies: HashSet<usize> = machine.jobs.iter().map(|job| job.arms.len()).collect();
    assert_eq!(
        (machine.jobs[0].arms.len(), machine.jobs[1].arms.len()),
        (4, 2)
    );
    assert_eq!(copies.len(), 2, "it stays with one copy");
    assert_eq!(found.verdict, Verdict::Slower, "{}", brief(&found));
    assert!(found.copies.is_none() && found.samples[0].copies_ns.is_none());
    assert!(
        found.why.contains("one copy of each build"),
        "{}",
        found.why
    );
    assert!(found.why.contains("static TLS block"), "{}", found.why);
    let mut machine = Machine::new(1);
    machine.failure = |_| Some(unopened());
    let error = compare(&mut machine, 1, settings(0.01), &arms).expect_err("it cannot");
    assert!(error.to_string().contains("static TLS block"), "{error}");
    assert_eq!(machine.jobs.len(), 2);
}

#[test]
fn drains_that_take_no_time_are_an_error_and_not_an_endless_search() {
    let nothing = taking(0.0, arm("nothing", "build"));
    let arms = [nothing.clone(), nothing];
    let error = compare(&mut Machine::new(1), 1, settings(0.01), &arms).expect_err("too fast");
    assert!(matches!(error, MeasureError::TooFast { .. }), "{error}");
}

#[test]
fn a_coarse_clock_gets_longer_rounds() {
    let mut machine = Machine::new(1);
    machine.clock_step_ns = 10_000;
    let a = arm("a", "build");
    let slow = Arm {
        work: 1.03,
        ..a.copied()
    };
    let found = compare(&mut machine, 1, settings(0.01), &[a, slow]).expect("nothing fails");
    // A hundred steps of 10 µs at 6 ns an item.
    assert!(found.items > 160_000, "{}", brief(&found));
    assert_eq!(found.verdict, Verdict::Slower, "{}", brief(&found));
}

#[test]
fn a_clock_that_is_too_coarse_for_any_round_makes_it_inconclusive_and_says_so() {
    let mut machine = Machine::new(1);
    machine.clock_step_ns = 1_000_000;
    let arms = [arm("a", "build"), taking(4.0, arm("b", "build"))];
    let found = compare(&mut machine, 1, settings(0.01), &arms).expect("nothing fails");
    assert_eq!(found.verdict, Verdict::Inconclusive, "{}", brief(&found));
    assert!(
        found.why.starts_with("the clock is too coarse"),
        "{}",
        found.why
    );
    // Whole streams cannot be made longer.
    let mut machine = Machine::new(1);
    machine.clock_step_ns = 1_000;
    let stream = |arm: Arm| Arm {
        items: Some(100),
        ..arm
    };
    let arms = arms.map(stream);
    let found = compare(&mut machine, 1, settings(0.01), &arms).expect("nothing fails");
    assert!(
        found.why.starts_with("the clock is too coarse"),
        "{}",
        found.why
    );
    assert!(
        found.baseline_ns.is_some_and(|ns| ns > 0.0),
        "never 0.00 ns"
    );
}

#[test]
fn the_budget_is_kept_on_the_machines_own_clock() {
    // So noisy that nothing is ever shown, and so both looks are spent.
    for (budget, most) in [(1_000, 1.4), (2_000, 2.4), (4_000, 4.6)] {
        let mut machine = Machine::new(7);
        machine.process_noise = 0.3;
        let settings = Settings {
            budget: Duration::from_millis(budget),
            most_processes: usize::MAX,
            ..settings(0.0025)
        };
        let arms = [linked("a", "build", 1), linked("b", "build", 1)];
        let found = compare(&mut machine, 7, settings, &arms).expect("nothing fails");
        let spent = machine.clock.now().as_secs_f64();
        assert_eq!(found.verdict, Verdict::Inconclusive);
        assert!(
            spent < most,
            "{spent} s of {budget} ms, {}",
            found.processes
        );
        assert!(
            spent > 0.7 * budget as f64 / 1e3,
            "{spent} s of {budget} ms"
        );
    }
}

#[test]
fn a_plain_answer_costs_a_fraction_of_the_budget() {
    let mut machine = Machine::new(3);
    let a = arm("a", "build");
    let arms = [a.clone(), a.copied()];
    compare(&mut machine, 3, settings(0.01), &arms).expect("nothing fails");
    assert!(machine.clock.now() < Duration::from_secs(1));
}

#[test]
fn the_child_sees_no_name_and_each_arm_equally_often_first() {
    let mut machine = Machine::new(5);
    machine.process_noise = 0.3;
    let arms = [
        linked("the-baseline", "one", 1),
        linked("the-candidate", "other", 1),
    ];
    compare(&mut machine, 5, settings(0.0025), &arms).expect("nothing fails");
    let jobs = &machine.jobs;
    let first = jobs
        .iter()
        .filter(|job| job.arms[0].libraries[0].starts_with("one"));
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
    assert!(
        jobs.iter().all(|job| files(job) == 4 && job.fresh_copies),
        "four arms"
    );
}

#[test]
fn an_arm_that_takes_its_items_together_drains_whole_units_and_is_compared_per_item() {
    let (a, b) = (arm("a", "build"), arm("b", "build").copied());
    let arms = [a, Arm { unit: 7_000, ..b }];
    let mut machine = Machine::new(3);
    let found = compare(&mut machine, 3, settings(0.01), &arms).expect("nothing fails");
    assert!((found.ratio - 1.0).abs() < 0.004, "{}", brief(&found));
    let drained: HashSet<u64> = machine
        .jobs
        .last()
        .expect("there were jobs")
        .arms
        .iter()
        .map(|arm| arm.items)
        .collect();
    let others = found.items;
    assert!(
        drained.contains(&others) && !others.is_multiple_of(7_000),
        "{drained:?}"
    );
    assert!(
        drained.contains(&others.next_multiple_of(7_000)),
        "{drained:?}"
    );
}
