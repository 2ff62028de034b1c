use super::*;
use crate::growth::{Advice, Cell, Growth, Plan, Ratio, Retry};
use crate::ladder::{Breakdown, Ladder, SetCheck, StepCost, SumCheck};
use crate::synthetic;
use crate::wire::{Counts, Difference, Params};

/// A valid record with a cell, a price and a comparison of growth.
fn grown() -> Record {
    let mut record = synthetic::record(1);
    let id = |way: &str| format!("growth/ramp/arena/{way}");
    let cell = |way: &str| Cell {
        id: id(way),
        retries: 3,
        mean_held: 64.0,
        mean_share: 0.5,
        instructions_per_item: Some(70.0),
        ratio: Some(Ratio {
            estimate: 1.0,
            low: 0.9,
            high: 1.1,
        }),
        dominated_by: Some(id("exact")),
        ..Cell::default()
    };
    record.growth = Some(Growth {
        environment: None,
        plans: vec![Plan {
            cells: vec![cell("exact"), cell("doubling")],
            advice: vec![Advice {
                id: id("exact"),
                ..Advice::default()
            }],
            ..Plan::default()
        }],
        retry: vec![Retry {
            many: id("exact"),
            few: id("doubling"),
            instructions: Some(-1.0),
            ns: Some(Difference {
                estimate: -0.5,
                low: -1.0,
                high: 0.5,
            }),
            ..Retry::default()
        }],
        comparisons: record.comparisons.clone(),
    });
    record
}

#[test]
fn growth_that_may_be_believed_is_taken() {
    assert_eq!(validate(&grown()), Ok(()));
}

#[test]
fn nonsense_anywhere_in_growth_is_refused_by_its_field() {
    type Spoil = fn(&mut Growth);
    let first = "growth.plans[0].cells[growth/ramp/arena/exact]";
    let cases: [(&str, Spoil); 13] = [
        ("growth.plans[0].bytes", |g| g.plans[0].bytes = u64::MAX),
        ("growth.plans[0].advice[0].id", |g| {
            g.plans[0].advice[0].id.clear();
        }),
        ("growth.plans[0].cells[1].id", |g| {
            g.plans[0].cells[1].id = g.plans[0].cells[0].id.clone();
        }),
        (".retries", |g| g.plans[0].cells[0].retries = u64::MAX),
        (".mean_held", |g| g.plans[0].cells[0].mean_held = -1.0),
        (".mean_share", |g| g.plans[0].cells[0].mean_share = 1.5),
        (".instructions_per_item", |g| {
            g.plans[0].cells[0].instructions_per_item = Some(1e308);
        }),
        (".ratio", |g| {
            g.plans[0].cells[0].ratio = Some(Ratio {
                estimate: 1.0,
                low: 1.2,
                high: 1.1,
            });
        }),
        (".dominated_by", |g| {
            g.plans[0].cells[0].dominated_by = Some("\u{1b}[2J".to_owned());
        }),
        ("growth.retry[0].many", |g| g.retry[0].many.clear()),
        ("growth.retry[0].bytes_worked", |g| {
            g.retry[0].bytes_worked = f64::INFINITY;
        }),
        ("growth.retry[0].ns", |g| {
            g.retry[0].ns = Some(Difference {
                estimate: 2.0,
                low: 3.0,
                high: 4.0,
            });
        }),
        ("growth.comparisons[1]", |g| {
            g.comparisons.push(g.comparisons[0].clone());
        }),
    ];
    for (field, spoil) in cases {
        let mut record = grown();
        spoil(record.growth.as_mut().expect("it was just put in"));
        let fault = validate(&record).expect_err(field);
        let expected = match field.strip_prefix('.') {
            Some(_) => format!("{first}{field}"),
            None => field.to_owned(),
        };
        assert_eq!(fault.field, expected, "{}", fault.problem);
    }
}

#[test]
fn every_count_of_a_case_is_looked_at() {
    for spoil in [
        |counts: &mut Counts| counts.mean_held = Some(-1.0),
        |counts: &mut Counts| counts.retried_bytes = Some(u64::MAX),
        |counts: &mut Counts| counts.buffer_bytes = Some(u64::MAX),
    ] {
        let mut record = synthetic::record(1);
        let counts = record.cases[0].counts.as_mut();
        spoil(counts.expect("a made-up case is counted"));
        assert!(validate(&record).is_err());
    }
}

/// A valid record with one payload's ladder.
fn laddered() -> Record {
    let mut record = synthetic::record(1);
    let step = |name: &str, on: Option<&str>| StepCost {
        id: format!("ladder/u64/{name}"),
        step: name.to_owned(),
        on: on.map(str::to_owned),
        ns_per_item: Some(2.0),
        step_ns: Some(Difference::default()),
        step_instructions: Some(-1.0),
        ..StepCost::default()
    };
    let check = record.self_check.clone().expect("a made-up record has one");
    record.ladder = Some(Ladder {
        payloads: vec![Breakdown {
            item: "u64".to_owned(),
            steps: vec![step("iterator", None), step("arena", Some("iterator"))],
            checks: vec![SumCheck::default()],
            self_checks: vec![SetCheck {
                arm: "ladder/u64/arena".to_owned(),
                check,
            }],
            ..Breakdown::default()
        }],
    });
    record
}

#[test]
fn nonsense_anywhere_in_the_ladder_is_refused_by_its_field() {
    assert_eq!(validate(&laddered()), Ok(()));
    type Spoil = fn(&mut Breakdown);
    let cases: [(&str, Spoil); 8] = [
        ("item", |p| p.item = "u64\u{1b}[2J".to_owned()),
        ("steps[1].id", |p| p.steps[1].id.clear()),
        ("steps[1].adds", |p| p.steps[1].adds = "a\nb".to_owned()),
        ("steps[0].ns_per_item", |p| {
            p.steps[0].ns_per_item = Some(f64::MAX);
        }),
        ("steps[0].step_instructions", |p| {
            p.steps[0].step_instructions = Some(f64::NAN);
        }),
        ("checks[0].gap_ns", |p| p.checks[0].gap_ns = f64::MAX),
        ("self_checks[0].arm", |p| p.self_checks[0].arm.clear()),
        ("self_checks[0].check", |p| {
            p.self_checks[0].check.low = 2.0;
        }),
    ];
    for (field, spoil) in cases {
        let mut record = laddered();
        spoil(&mut record.ladder.as_mut().expect("just put in").payloads[0]);
        let fault = validate(&record).expect_err(field);
        let expected = format!("ladder.payloads[0].{field}");
        assert_eq!(fault.field, expected, "{}", fault.problem);
    }
    let mut twice = laddered();
    let payloads = &mut twice.ladder.as_mut().expect("just put in").payloads;
    payloads.push(payloads[0].clone());
    assert!(validate(&twice).is_err());
}

#[test]
fn names_with_control_characters_are_refused_wherever_they_stand() {
    let mut record = synthetic::record(1);
    record.cases[0].params = Params {
        size_plan: "ramp\u{7}".to_owned(),
        ..Params::default()
    };
    let fault = validate(&record).expect_err("a bell is not part of a name");
    assert!(fault.field.ends_with("params.size_plan"), "{fault:?}");
    let mut record = grown();
    record.growth.as_mut().expect("just put in").plans[0].name = "\u{0}".to_owned();
    let fault = validate(&record).expect_err("a zero byte is not part of a name");
    assert_eq!(fault.field, "growth.plans[0].name");
}

#[test]
fn every_number_of_a_comparison_is_looked_at() {
    for spoil in [
        |c: &mut crate::wire::Comparison| c.baseline_ns = Some(1.797e308),
        |c: &mut crate::wire::Comparison| c.candidate_ns = Some(-1.0),
    ] {
        let mut record = synthetic::record(1);
        spoil(&mut record.comparisons[0]);
        assert!(validate(&record).is_err());
    }
}

#[test]
fn a_laboratory_has_each_set_and_arm_once_and_believable_numbers() {
    use crate::lab::{Arm, Lab, Set};
    let arm = |id: &str| Arm {
        id: id.to_owned(),
        ..Arm::default()
    };
    let set = |name: &str, id: &str| Set {
        name: name.to_owned(),
        arms: vec![arm(id)],
        ..Set::default()
    };
    let refused = |sets: Vec<Set>| {
        let mut record = crate::synthetic::record(1);
        record.lab = Some(Lab {
            sets,
            ..Lab::default()
        });
        validate(&record).err().map(|fault| fault.field)
    };
    assert_eq!(refused(vec![set("u64", "lab/u64/arena")]), None);
    let twice = vec![set("u64", "a"), set("u64", "b")];
    assert_eq!(refused(twice), Some("lab.sets[1].name".to_owned()));
    let twice = vec![set("u64", "a"), set("blob-64B", "a")];
    assert_eq!(refused(twice), Some("lab.sets[1].arms".to_owned()));
    let mut wrong = set("u64", "a");
    wrong.arms[0].counts.instructions_per_item = Some(f64::NAN);
    let field = "lab.sets[0].arms[0].counts.instructions_per_item";
    assert_eq!(refused(vec![wrong]), Some(field.to_owned()));
    let mut wrong = set("u64", "a");
    wrong.arms[0].first_item_instructions = Some(-1.0);
    let field = "lab.sets[0].arms[0].first_item_instructions";
    assert_eq!(refused(vec![wrong]), Some(field.to_owned()));
    let mut record = crate::synthetic::record(1);
    record.lab = Some(Lab {
        sets: vec![set("u64", "a")],
        allocators: vec![set("allocators/u64", "a")],
        ..Lab::default()
    });
    assert!(validate(&record).is_ok(), "both begin with today's arena");
}
