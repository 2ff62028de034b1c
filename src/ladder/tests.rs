//! The ladder as data, and on a scripted machine on which every step costs what a
//! table says.

use std::collections::BTreeMap;
use std::time::Duration;

use bench_protocol::payload::PayloadKind;
use bench_protocol::step::Step;

use super::breakdown::breakdown as broken_down;
use super::measure::ArmSet;
use super::run::{Found, settings};
use super::{LadderArm, Part, STEPS, path};
use crate::pair::{Layouts, PairFiles};
use crate::workload::Workload;
use bench_record::ladder::{Breakdown, SetCheck};
use bench_record::synthetic;
use bench_record::wire::{CAUTION, Comparison, Environment, SelfCheck};
use bench_report::ladder as shown;
use bench_report::ladder_plot;
use bench_report::plots::PlotError;
use bench_report::terminal::Screen;
use paired::clock::Clock;
use paired::job::{Job, Times};
use paired::process::{Execute, ExecuteError};
use paired::runner::Runner;
use paired::stats::Confidence;

const ITEM: (PayloadKind, u32) = (PayloadKind::Record, 256);

/// Nanoseconds per item of each arm.
fn cost(step: Step) -> f64 {
    match step {
        Step::Iterator => 2.0,
        Step::Codec => 90.0,
        Step::Call => 4.0,
        Step::Value => 5.0,
        Step::Guard => 5.0,
        Step::Keep => 6.0,
        Step::Size => 16.0,
        Step::Encode => 40.0,
        Step::Arena => 100.0,
        Step::Borrowed => 50.0,
        Step::SecondCall => 102.0,
        Step::Alloc => 130.0,
        Step::Hop4 => 3100.0,
        Step::Hop1024 => 300.0,
        Step::Writer => 80.0,
    }
}

/// Every arm as fast as its cost says; a copy of a hop that is not bound to one
/// core is slower, as if it had met another regime.
struct Machine;

impl Execute for Machine {
    fn execute(&mut self, job: &Job) -> Result<Times, ExecuteError> {
        let time = |arm: &paired::job::ArmJob| {
            let workload = serde_json::from_value(arm.workload.clone());
            let Ok(Workload::Ladder(LadderArm { step, pinned, .. })) = workload else {
                panic!("a workload of the ladder: {:?}", arm.workload);
            };
            let hop = matches!(step, Step::Hop4 | Step::Hop1024);
            let regime = if hop && !pinned && arm.copy > 0 {
                1.3
            } else {
                1.0
            };
            (1000.0 * cost(step) * regime * arm.items as f64) as u64
        };
        let row: Vec<u64> = job.arms.iter().map(time).collect();
        Ok(Times {
            rounds: vec![row; job.rounds as usize],
            clock_step_ns: 1,
        })
    }
}

/// A clock on which nothing takes time.
struct Still;

impl Clock for Still {
    fn now(&self) -> Duration {
        Duration::ZERO
    }
}

/// All comparisons of a ladder, and the A/A comparison of each set.
fn measured() -> (Vec<Comparison>, Vec<SelfCheck>) {
    let family = Confidence::new(0.99).unwrap();
    let mut settings = settings(&[ITEM], family, Duration::from_secs(1));
    settings.most_processes = 48;
    // The machine's table is in picoseconds, so that nothing is rounded.
    settings.drain = Duration::from_millis(400);
    let mut machine = Machine;
    let builder = Runner::builder(&mut machine).clock(&Still).seed(1);
    let mut runner = builder.settings(settings).build();
    let layouts = Layouts::single(PairFiles::in_folder("nowhere".as_ref()));
    let (mut comparisons, mut checks) = (Vec::new(), Vec::new());
    for set in ArmSet::all(ITEM.0, ITEM.1) {
        let outcome = set.run(&mut runner, &layouts).unwrap();
        comparisons.extend(outcome.comparisons);
        checks.push(outcome.self_check);
    }
    (comparisons, checks)
}

/// In nanoseconds, as the table has them.
fn breakdown(instructions: &BTreeMap<String, f64>) -> Breakdown {
    let (mut comparisons, _) = measured();
    for comparison in &mut comparisons {
        let ns = comparison.difference_ns.as_mut().unwrap();
        for value in [&mut ns.estimate, &mut ns.low, &mut ns.high] {
            *value /= 1000.0;
        }
        for value in [&mut comparison.baseline_ns, &mut comparison.candidate_ns] {
            *value = value.map(|ns| ns / 1000.0);
        }
    }
    let hop = "ladder/record-256B/hop-4".to_owned();
    let unstable = BTreeMap::from([(hop, "A/A says so".to_owned())]);
    broken_down(ITEM, &comparisons, instructions, &unstable)
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-6
}

#[test]
fn a_step_costs_what_its_arm_takes_more_than_the_one_below() {
    let found = breakdown(&BTreeMap::new());
    let step = |step: Step| {
        found
            .step(step.name())
            .unwrap()
            .step_ns
            .clone()
            .unwrap()
            .estimate
    };
    assert!(close(step(Step::Size), 10.0), "{}", step(Step::Size));
    assert!(close(step(Step::Borrowed), 10.0));
    assert!(close(step(Step::Alloc), 28.0));
    assert!(close(step(Step::Hop1024), 200.0));
    assert!(!found.step(Step::Guard.name()).unwrap().told_apart());
    assert_eq!(found.steps.len(), Step::ALL.len() + 2);
}

#[test]
fn the_sum_of_the_steps_is_held_against_the_whole() {
    let mut found = breakdown(&BTreeMap::new());
    for check in &found.checks {
        if check.from != Step::Codec.name() {
            assert!(check.holds() && close(check.gap_ns, 0.0), "{check:?}");
        }
    }
    // Against the same work in process: 4 ns of boundary explain 4 of 10.
    let floor = found.checks.pop().unwrap();
    assert_eq!((&*floor.from, &*floor.to), ("codec", "arena"));
    assert!(close(floor.sum_ns, 4.0) && close(floor.gap_ns, 6.0));
    assert!(!floor.holds());
}

#[test]
fn instructions_are_subtracted_like_times() {
    let id = |step| {
        let (payload, bytes) = ITEM;
        let pinned = false;
        LadderArm {
            payload,
            bytes,
            step,
            pinned,
        }
        .id()
    };
    let counted = [(Step::Keep, 70.0), (Step::Size, 95.0)];
    let found = breakdown(&counted.map(|(step, count)| (id(step), count)).into());
    assert_eq!(
        found.step(Step::Size.name()).unwrap().step_instructions,
        Some(25.0)
    );
    assert_eq!(
        found.step(Step::Keep.name()).unwrap().step_instructions,
        None
    );
}

#[test]
fn a_hop_between_two_regimes_is_called_unstable() {
    let (_, checks) = measured();
    let trusted: Vec<bool> = checks.iter().map(|check| check.trusted).collect();
    assert_eq!(trusted, [true, true, false]);
    assert!(checks[2].why.contains("A/A"), "{}", checks[2].why);
}

#[test]
fn the_sentence_says_where_the_time_goes() {
    insta::assert_snapshot!(shown::sentence(&breakdown(&BTreeMap::new())));
}

#[test]
fn the_waterfall_names_every_step_and_both_wholes() {
    let found = [breakdown(&BTreeMap::new())];
    let svg = svg(&found, &Environment::default());
    for stair in found[0].steps.iter().filter(|s| s.part != Part::Hop) {
        let beside = ["codec", "borrowed", "own-writer"].contains(&&*stair.step);
        let name = stair.adds.replace('\'', "&apos;");
        assert_eq!(svg.contains(&name), !beside, "{name}");
    }
    for text in ["= arena", "= alloc", "+60 ns", "in process: 90 ns"] {
        assert!(svg.contains(text), "{text}");
    }
    let nothing = ladder_plot(&[], &Environment::default());
    assert!(matches!(nothing, Err(PlotError::Nothing { .. })));
}

fn svg(found: &[Breakdown], here: &Environment) -> String {
    ladder_plot(found, here)
        .expect("every step was measured")
        .svg
}

/// A machine whose copies cost much more where buffers lie badly.
fn moody() -> Environment {
    let observed = [
        (CAUTION, "beware"),
        ("copy_of_4KiB", "43 to 1142 ns, the most somewhere"),
    ];
    let observed = observed.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Environment {
        observed: observed.into(),
        ..Environment::default()
    }
}

#[test]
fn large_items_are_marked_where_copies_cost_what_their_place_decides() {
    let small = breakdown(&BTreeMap::new());
    let large = Breakdown {
        bytes: 4096,
        ..small.clone()
    };
    let drawn = |one: &Breakdown, here: &Environment| {
        let svg = svg(std::slice::from_ref(one), here);
        let table = shown::document(std::slice::from_ref(one), here);
        let marked = [svg, table].map(|text| text.contains("takes 43 to 1142 ns"));
        assert_eq!(marked[0], marked[1]);
        marked[0]
    };
    assert!(drawn(&large, &moody()));
    assert!(!drawn(&small, &moody()));
    assert!(!drawn(&large, &Environment::default()));
}

#[test]
fn an_unstable_ladder_is_marked_in_rows_title_and_sentence() {
    let (comparisons, _) = measured();
    let set = &ArmSet::all(ITEM.0, ITEM.1)[0];
    let why = "A/A gives [-0.91%, +1.09%]".to_owned();
    let unstable = set.own().map(|arm| (arm.id(), why.clone())).collect();
    let found = broken_down(ITEM, &comparisons, &BTreeMap::new(), &unstable);
    let table = shown::payload(&found, Screen::file());
    let marked = table.lines().filter(|line| line.contains("(unstable)"));
    assert_eq!(marked.count(), Step::ALL.len() - 2, "{table}");
    let sentence = shown::sentence(&found);
    assert!(
        sentence.ends_with(&format!("These times are unstable: {why}.")),
        "{sentence}"
    );
    let svg = svg(&[found], &Environment::default());
    assert!(svg.contains("step by step (unstable"), "{svg}");
}

#[test]
fn hops_between_two_regimes_say_nothing_of_the_ladder() {
    for set in &ArmSet::all(ITEM.0, ITEM.1)[1..] {
        let steps: Vec<Step> = set.own().map(|arm| arm.step).collect();
        assert_eq!(steps, [Step::Hop4, Step::Hop1024]);
    }
}

#[test]
fn the_document_has_every_step_every_sum_and_each_a_a() {
    let (_, checks) = measured();
    let checks = checks.into_iter().enumerate();
    let checks = checks.map(|(at, check)| SetCheck {
        arm: format!("set {at}"),
        check,
    });
    let found = [Breakdown {
        self_checks: checks.collect(),
        ..breakdown(&BTreeMap::new())
    }];
    let text = shown::document(&found, &Environment::default());
    for stair in &found[0].steps {
        assert!(text.contains(&format!("| {}", stair.step)), "{text}");
    }
    let sums = text
        .lines()
        .filter(|line| line.contains("the steps add up to"));
    assert_eq!(sums.count(), found[0].checks.len());
    assert!(text.contains(&shown::sentence(&found[0])), "{text}");
    let lines = shown::a_a_of_all(&found[0].self_checks);
    assert_eq!(lines[0], "A/A of 2 arms: +0.00% to +0.00%, trusted");
    assert!(lines.len() == 2 && lines[1].contains("set 2"), "{lines:?}");
    for said in [
        "A/A of set 0: +0.00% to +0.00%, trusted",
        "set 2",
        "unstable",
    ] {
        assert!(text.contains(said), "{text}");
    }
}

#[test]
fn every_step_comes_after_the_one_it_builds_on() {
    for &step in Step::ALL {
        assert_eq!(STEPS.iter().filter(|known| known.step == step).count(), 1);
    }
    for (place, step) in STEPS.iter().enumerate() {
        let below = step
            .on
            .map(|on| STEPS.iter().position(|other| other.step == on));
        assert!(below.is_none_or(|below| below < Some(place)), "{step:?}");
    }
}

#[test]
fn the_way_to_a_protocol_leaves_out_other_branches() {
    let arena = path(Step::Iterator, Step::Arena);
    assert_eq!(arena.len(), 7);
    assert!(!arena.contains(&Step::Codec) && !arena.contains(&Step::Borrowed));
    assert_eq!(
        path(Step::Arena, Step::Alloc),
        [Step::SecondCall, Step::Alloc]
    );
    assert_eq!(path(Step::Codec, Step::Arena), []);
    assert_eq!(path(Step::Arena, Step::Arena), []);
}

#[test]
fn ids_name_payload_and_step() {
    let arm = LadderArm {
        payload: PayloadKind::Record,
        bytes: 256,
        step: Step::Call,
        pinned: false,
    };
    assert_eq!(arm.id(), "ladder/record-256B/call");
    let hop = LadderArm {
        step: Step::Hop4,
        pinned: true,
        ..arm
    };
    assert_eq!(hop.id(), "ladder/record-256B/hop-4-pinned");
    assert_eq!(hop.params(1).protocol, "");
}

#[test]
fn a_record_keeps_the_ladder_as_it_was_measured() {
    let (comparisons, checks) = measured();
    let arms = ArmSet::all(ITEM.0, ITEM.1);
    let copied = arms.iter().map(|set| set.arms[set.copy_of].id());
    let found = Found {
        comparisons,
        self_checks: copied
            .zip(checks)
            .map(|(arm, check)| SetCheck { arm, check })
            .collect(),
        measured: vec![ITEM],
        ..Found::default()
    };
    let environment = Environment {
        command: "arena-bench ladder".to_owned(),
        ..Environment::default()
    };
    let ladder = found.ladder(&environment);
    assert_eq!(ladder.payloads[0].self_checks.len(), 3);
    let mut record = synthetic::record(1);
    found.add_to(&mut record, ladder.clone());
    let file = tempfile::NamedTempFile::new().unwrap();
    bench_record::store::save(file.path(), &record).unwrap();
    let read = bench_record::store::load(file.path()).unwrap();
    let payload = &read.ladder.unwrap().payloads[0];
    assert_eq!(payload.command, "arena-bench ladder");
    assert_eq!(payload.steps.len(), ladder.payloads[0].steps.len());
    assert!(payload.step("arena").unwrap().ns_per_item.is_some());
    assert_eq!(payload.checks.len(), 4);
    assert_eq!(payload.self_checks[2].arm, "ladder/record-256B/hop-4");
}
