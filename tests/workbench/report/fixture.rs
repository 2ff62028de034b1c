//! A synthetic record with a known story, the same at every call: the arena wins on
//! small items, is the same at 16 KiB of `bytes`, and loses at 64 KiB.
//!
//! Shared by the unit tests of the report and by the black-box tests of its verb.

use bench_record::growth::{Advice, Cell, Growth, Plan, Ratio, Retry};
use bench_record::ladder::{Breakdown, Ladder, Part, SetCheck, StepCost, SumCheck};
use bench_record::wire::{
    Case, Comparison, Counts, Difference, Environment, PairedSample, Params, Record, SCHEMA,
    SelfCheck, Verdict, Verified,
};

const SIZES: [u64; 6] = [64, 256, 1024, 4096, 16_384, 65_536];
const SIZE_NAMES: [&str; 6] = ["64B", "256B", "1KiB", "4KiB", "16KiB", "64KiB"];
/// Ratio of arena / alloc at each of [`SIZES`].
const RATIOS: [f64; 6] = [0.55, 0.68, 0.84, 0.95, 1.001, 1.07];
const STEPS: [(&str, &str, f64, f64); 14] = [
    ("iterator", "", 1.1, 6.0),
    ("codec", "iterator", 14.4, 70.0),
    ("call", "iterator", 2.7, 10.0),
    ("value", "call", 3.2, 14.0),
    ("catch-unwind", "value", 3.3, 17.0),
    ("keep", "catch-unwind", 4.1, 20.0),
    ("size-pass", "keep", 5.8, 29.0),
    ("encode", "size-pass", 10.5, 48.0),
    ("arena", "encode", 17.4, 81.0),
    ("borrowed", "encode", 12.0, 60.0),
    ("second-call", "arena", 19.0, 86.0),
    ("alloc", "second-call", 39.8, 196.0),
    ("hop-4", "arena", 900.0, 0.0),
    ("hop-1024", "arena", 150.0, 0.0),
];
/// Strategy, retries of a thousand, held at the end, cost as a multiple of exact fit's.
const STRATEGIES: [(&str, u64, u64, f64); 5] = [
    ("exact", 41, 61_440, 1.0),
    ("doubling", 11, 65_536, 0.84),
    ("power-of-two", 11, 65_536, 0.85),
    ("one-and-a-half", 17, 77_824, 0.88),
    ("pages", 14, 61_440, 0.91),
];

/// A record in which the counts of the arena are scaled, so that two records differ.
pub fn record(commit: &str, scale: f64) -> Record {
    let mut story = Story {
        scale,
        cases: Vec::new(),
        comparisons: Vec::new(),
    };
    story.drains();
    let ladder = story.ladders();
    let growth = story.growth();
    story.cases.sort_by(|a, b| a.id.cmp(&b.id));
    story
        .comparisons
        .sort_by(|a, b| (&a.candidate, &a.baseline).cmp(&(&b.candidate, &b.baseline)));
    Record {
        ladder: Some(ladder),
        lab: None,
        schema: SCHEMA.to_owned(),
        environment: environment(commit),
        cases: story.cases,
        comparisons: story.comparisons,
        self_check: Some(SelfCheck {
            ratio: 1.0002,
            low: 0.9984,
            high: 1.0019,
            trusted: true,
            why: "the interval holds 1 and is narrower than the band".to_owned(),
            comparisons: ["u64", "bytes-4KiB"]
                .map(|item| {
                    let id = format!("drain/{item}/arena");
                    compare(&id, &id, 1.0003, 17.4)
                })
                .to_vec(),
        }),
        failures: Vec::new(),
        growth: Some(growth),
    }
}

fn environment(commit: &str) -> Environment {
    Environment {
        commit: commit.to_owned(),
        subject: "Encode into the host's buffer".to_owned(),
        rustc: "rustc 1.95.0".to_owned(),
        profile: "bench".to_owned(),
        cpu: "Example CPU @ 2.00GHz".to_owned(),
        cores: 2,
        kernel: "6.1.0".to_owned(),
        libc: "glibc 2.36".to_owned(),
        valgrind: "valgrind-3.19.0".to_owned(),
        tunables: "glibc.cpu.x86_rep_movsb_threshold=0x7fffffff".to_owned(),
        guest_sha256: "5e".repeat(32),
        host_sha256: "a7".repeat(32),
        started: "2026-01-02T03:04:05Z".to_owned(),
        finished: "2026-01-02T03:09:10Z".to_owned(),
        command: "arena-bench run --full".to_owned(),
        ..Environment::default()
    }
}

struct Story {
    scale: f64,
    cases: Vec<Case>,
    comparisons: Vec<Comparison>,
}

/// What is the same in every case unless said otherwise.
fn params(payload: &str, item_bytes: u64, protocol: &str) -> Params {
    let arena = protocol == "arena";
    Params {
        payload: payload.to_owned(),
        item_bytes,
        size_plan: "constant".to_owned(),
        protocol: protocol.to_owned(),
        decode: "owned".to_owned(),
        producer: "prepared".to_owned(),
        growth: if arena {
            "exact-fit".to_owned()
        } else {
            String::new()
        },
        regrow: if arena {
            "resize".to_owned()
        } else {
            String::new()
        },
        shrink: if arena {
            "never".to_owned()
        } else {
            String::new()
        },
        initial_capacity: if arena { 65_536 } else { 0 },
        items: 1000,
    }
}

impl Story {
    fn case(&mut self, id: &str, params: Params, instructions: f64, counts: Counts) {
        let items = params.items;
        let bytes = items * (params.item_bytes + 8);
        self.cases.push(Case {
            id: id.to_owned(),
            verified: Some(Verified {
                items,
                bytes,
                digest: "00c0ffee00c0ffee".to_owned(),
            }),
            counts: Some(Counts {
                instructions_per_item: Some(instructions),
                encoded_bytes: counts.encoded_bytes.or(Some(bytes)),
                ..counts
            }),
            params,
        });
    }

    /// Both protocols of one item, and the comparison between them.
    fn pair(&mut self, item: &str, payload: &str, size: u64, decode: &str, ns: f64, ratio: f64) {
        let suffix = if decode == "borrowed" {
            "/borrowed"
        } else {
            ""
        };
        let id = |protocol: &str| format!("drain/{item}/{protocol}{suffix}");
        let decoded = if decode == "borrowed" {
            0.0
        } else {
            f64::from(u8::from(payload != "u64"))
        };
        for (protocol, instructions, own) in [
            ("arena", ns * ratio * 4.7 * self.scale, 0.0),
            ("alloc", ns * 4.9, 1.0),
        ] {
            let params = Params {
                decode: decode.to_owned(),
                ..params(payload, size, protocol)
            };
            let counts = Counts {
                allocations_per_item: Some(own + decoded),
                allocated_bytes_per_item: Some((own + decoded) * (size + 8) as f64),
                boundary_calls_per_item: Some(1.0 + own),
                retries: Some(0),
                peak_capacity: (own == 0.0).then_some(65_536),
                final_capacity: (own == 0.0).then_some(65_536),
                ..Counts::default()
            };
            self.case(&id(protocol), params, instructions, counts);
        }
        self.comparisons
            .push(compare(&id("arena"), &id("alloc"), ratio, ns));
    }

    fn drains(&mut self) {
        self.pair("u64", "u64", 8, "owned", 39.8, 0.437);
        self.pair("record", "record", 60, "owned", 142.0, 0.79);
        for (payload, per_byte, gain) in [
            ("bytes", 0.62, 1.0),
            ("blob", 0.031, 0.93),
            ("f64s", 0.24, 0.97),
        ] {
            for ((size, name), ratio) in SIZES.into_iter().zip(SIZE_NAMES).zip(RATIOS) {
                let ns = 44.0 + per_byte * size as f64;
                let item = format!("{payload}-{name}");
                self.pair(&item, payload, size, "owned", ns, ratio * gain);
                if payload != "f64s" {
                    self.pair(
                        &item,
                        payload,
                        size,
                        "borrowed",
                        ns * 0.7,
                        ratio * gain * 0.9,
                    );
                }
            }
        }
    }

    /// Every step of three payloads: cases, comparisons of neighbours, and the section.
    fn ladders(&mut self) -> Ladder {
        let mut payloads = Vec::new();
        for (payload, size, factor) in [("u64", 8, 1.0), ("record", 60, 3.4), ("bytes", 4096, 60.0)]
        {
            let id = |step: &str| format!("ladder/{payload}/{step}");
            for (step, _, _, instructions) in STEPS {
                let protocol = match step {
                    "arena" | "borrowed" => "arena",
                    "alloc" => "alloc",
                    _ => "",
                };
                let params = params(payload, size, protocol);
                let counts = Counts::default();
                self.case(&id(step), params, instructions * factor, counts);
            }
            let of = |name: &str| STEPS.iter().find(|step| step.0 == name);
            let neighbours = STEPS.iter().map(|step| (step.1, step.0));
            let wholes = [("codec", "arena"), ("arena", "alloc")];
            for (below, above) in neighbours.chain(wholes) {
                if let Some((below, above)) = of(below).zip(of(above)) {
                    let (candidate, baseline) = (id(above.0), id(below.0));
                    let ratio = above.2 / below.2;
                    self.comparisons
                        .push(compare(&candidate, &baseline, ratio, below.2 * factor));
                }
            }
            payloads.push(breakdown(payload, size, factor, &self.comparisons));
        }
        Ladder { payloads }
    }

    /// Every strategy on three plans: cases, comparisons with alloc, and the section.
    fn growth(&mut self) -> Growth {
        let mut plans = Vec::new();
        for (name, cost) in [("bimodal", 96.0), ("heavy-tail", 131.0), ("spike", 61.0)] {
            let plan_params = |protocol: &str| Params {
                size_plan: name.to_owned(),
                ..params("blob", 65_536, protocol)
            };
            let alloc = format!("growth/{name}/alloc");
            self.case(&alloc, plan_params("alloc"), cost * 5.0, Counts::default());
            let mut cells = Vec::new();
            for (strategy, retries, held, relative) in STRATEGIES {
                for (initial, suffix) in [(64, ""), (4096, "/from-4KiB")] {
                    let id = format!("growth/{name}/arena/{strategy}{suffix}");
                    let params = Params {
                        growth: strategy.to_owned(),
                        initial_capacity: initial,
                        ..plan_params("arena")
                    };
                    let ratio = relative * if initial == 64 { 1.0 } else { 0.96 };
                    let ns = cost * ratio;
                    self.case(&id, params, ns * 4.6, Counts::default());
                    self.comparisons
                        .push(compare(&id, &alloc, ratio / 0.94, cost * 0.94));
                    let retries = retries - initial / 1024;
                    cells.push(cell(
                        id,
                        strategy,
                        initial,
                        retries,
                        held - initial,
                        ratio,
                        ns * 4.6,
                    ));
                }
            }
            let best = format!("growth/{name}/arena/doubling/from-4KiB");
            plans.push(Plan {
                name: name.to_owned(),
                parameters: "made up".to_owned(),
                items: 1000,
                bytes: 65_544_000,
                largest: 65_544,
                cells,
                advice: ["nothing is known", "the largest item is known"]
                    .map(|condition| Advice {
                        condition: condition.to_owned(),
                        id: best.clone(),
                        measure: "time".to_owned(),
                        reason: "0.806 times the time of exact fit [0.801, 0.811]".to_owned(),
                    })
                    .to_vec(),
            });
        }
        let retry = Retry {
            regrow: "resize".to_owned(),
            many: "growth/bimodal/arena/exact".to_owned(),
            few: "growth/bimodal/arena/doubling".to_owned(),
            retries: 30,
            bytes_worked: 4100.0,
            item_bytes: 2048.0,
            instructions: Some(412.0),
            ns: Some(Difference {
                estimate: 88.0,
                low: 84.1,
                high: 92.6,
            }),
        };
        Growth {
            plans,
            retry: vec![retry],
            ..Growth::default()
        }
    }
}

/// A payload's steps from the comparisons of neighbours.
fn breakdown(payload: &str, size: u64, factor: f64, comparisons: &[Comparison]) -> Breakdown {
    let id = |step: &str| format!("ladder/{payload}/{step}");
    let difference = |from: &str, to: &str| {
        let (from, to) = (id(from), id(to));
        let found = comparisons
            .iter()
            .find(|c| c.baseline == from && c.candidate == to)?;
        found.difference_ns.clone()
    };
    let step = |(name, below, ns, instructions): &(&str, &str, f64, f64)| StepCost {
        id: id(name),
        step: (*name).to_owned(),
        on: (!below.is_empty()).then(|| (*below).to_owned()),
        adds: format!("what {name} adds"),
        part: match *name {
            "iterator" => Part::Item,
            "codec" | "size-pass" | "encode" | "arena" | "borrowed" => Part::Codec,
            "second-call" | "alloc" => Part::Alloc,
            "hop-4" | "hop-1024" => Part::Hop,
            _ => Part::Boundary,
        },
        ns_per_item: Some(ns * factor),
        step_ns: difference(below, name),
        instructions_per_item: Some(instructions * factor),
        step_instructions: (STEPS.iter().find(|step| step.0 == *below))
            .map(|below| (instructions - below.3) * factor),
        ..StepCost::default()
    };
    let check = |(from, to): (&str, &str)| {
        let whole_ns = difference(from, to)?;
        Some(SumCheck {
            from: from.to_owned(),
            to: to.to_owned(),
            sum_ns: whole_ns.estimate,
            whole_ns,
            ..SumCheck::default()
        })
    };
    let arm = id("arena");
    let same = compare(&arm, &arm, 1.0003, 17.4);
    Breakdown {
        item: payload.to_owned(),
        bytes: size as u32,
        steps: STEPS.iter().map(step).collect(),
        checks: [("codec", "arena"), ("arena", "alloc")]
            .into_iter()
            .filter_map(check)
            .collect(),
        self_checks: vec![SetCheck {
            arm,
            check: SelfCheck {
                ratio: same.ratio,
                low: same.low,
                high: same.high,
                trusted: true,
                why: String::new(),
                comparisons: Vec::new(),
            },
        }],
        ..Breakdown::default()
    }
}

/// A cell of the matrix; only the cheapest and the one that holds least are not dominated.
fn cell(
    id: String,
    strategy: &str,
    initial_capacity: u64,
    retries: u64,
    held: u64,
    ratio: f64,
    instructions: f64,
) -> Cell {
    let on_the_front = initial_capacity == 4096 && ["doubling", "pages"].contains(&strategy);
    let better = id.replace(strategy, "doubling").replace("/from-4KiB", "") + "/from-4KiB";
    Cell {
        growth: strategy.to_owned(),
        initial_capacity,
        regrow: "resize".to_owned(),
        shrink: "never".to_owned(),
        plain: true,
        boundary_calls: 1001 + retries,
        retries,
        encoded_bytes: 65_544_000,
        retried_bytes: retries * 30_000,
        zeroed_bytes: held,
        moved_bytes: retries * 2_000,
        peak_capacity: held,
        final_capacity: held,
        mean_held: held as f64 * 0.8,
        mean_share: 0.41,
        instructions_per_item: Some(instructions),
        ratio: Some(Ratio {
            estimate: ratio,
            low: ratio * 0.994,
            high: ratio * 1.006,
        }),
        dominated_by: (!on_the_front).then_some(better),
        id,
        ..Cell::default()
    }
}

/// A comparison at a band of 1% whose interval is ±0.6% around the ratio.
fn compare(candidate: &str, baseline: &str, ratio: f64, baseline_ns: f64) -> Comparison {
    let (low, high) = (ratio * 0.994, ratio * 1.006);
    let verdict = match () {
        () if ratio > 1.01 && low > 1.0 => Verdict::Slower,
        () if ratio < 0.99 && high < 1.0 => Verdict::Faster,
        () if low > 0.99 && high < 1.01 => Verdict::Same,
        () => Verdict::Inconclusive,
    };
    let why = match verdict {
        Verdict::Inconclusive => "the interval is wider than the band and the budget is spent",
        _ => "",
    };
    let difference = |ratio: f64| (ratio - 1.0) * baseline_ns;
    Comparison {
        baseline: baseline.to_owned(),
        candidate: candidate.to_owned(),
        ratio,
        low,
        high,
        confidence: 0.999,
        verdict,
        why: why.to_owned(),
        delta: 0.01,
        baseline_ns: Some(baseline_ns),
        candidate_ns: Some(baseline_ns * ratio),
        difference_ns: Some(Difference {
            estimate: difference(ratio),
            low: difference(low),
            high: difference(high),
        }),
        processes: 40,
        layouts: 8,
        rounds: 15,
        items: 4096,
        samples: (0..40)
            .map(|process| {
                let wobble =
                    |period| 1.0 + f64::from(process % period) / 500.0 - f64::from(period) / 1000.0;
                let baseline_ns = baseline_ns * wobble(9);
                let ratio = ratio * wobble(7);
                PairedSample {
                    layout: process % 8,
                    log_ratio: ratio.ln(),
                    baseline_ns,
                    candidate_ns: baseline_ns * ratio,
                    copies_ns: None,
                }
            })
            .collect(),
        ..Comparison::default()
    }
}
