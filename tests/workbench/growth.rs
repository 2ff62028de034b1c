//! Every way to grow keeps the contract on every plan, and its counters are
//! those of the guest and of the replay.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use arena_bench::case::catalog::SHRINKS;
use arena_bench::case::plans;
use arena_bench::growth::matrix::{Cell, GrowthError, Stream};
use arena_bench::growth::replay;
use arena_bench::pair::PairFiles;
use arena_bench::verify::VerifyError;
use assert_cmd::Command;
use bench_host::channels::OpenError;
use bench_host::error::StreamError;
use bench_host::pair::Pair;
use bench_protocol::counts::HostCounts;
use bench_protocol::size_plan::SizePlan;
use bench_protocol::spec::{BufferConfig, Growth, Regrow};
use bench_record::growth::Growth as Section;
use bench_record::{store, synthetic};
use predicates::str::{contains, is_empty};
use proptest::prelude::*;
use tempfile::TempDir;

const LIMIT: u64 = 16 << 20;

static PAIR: LazyLock<Pair> = LazyLock::new(|| {
    let files = PairFiles::find(None).expect("cargo builds the pair with the tests");
    files.load().expect("the pair is sound")
});

fn stream(plan: SizePlan) -> Stream {
    Stream::new(plan, LIMIT).expect("the plan is below the limit")
}

/// Draining holds every stream against the generator, and every counter of the
/// host against the guest's.
fn drain(stream: &Stream, buffers: &[BufferConfig]) -> Vec<Cell> {
    stream
        .drain(&PAIR, buffers)
        .unwrap_or_else(|error| panic!("{error:#?}"))
}

#[test]
fn every_strategy_keeps_the_contract_on_every_standard_plan() {
    for plan in plans::standard() {
        let stream = stream(plan);
        // The other switches take turns: the whole matrix is the program's own.
        let all = stream.buffers(Regrow::ALL);
        let buffers: Vec<BufferConfig> = Growth::ALL
            .iter()
            .enumerate()
            .map(|(turn, &growth)| {
                let mut of_growth = all.iter().filter(|buffer| buffer.growth == growth);
                *of_growth.nth(turn * 5).expect("45 buffers a strategy")
            })
            .collect();
        let cells = drain(&stream, &buffers);
        for cell in &cells {
            assert!(cell.counts.retries <= cell.counts.items, "{}", cell.id);
            assert!((0.0..=1.0).contains(&cell.mean_share()), "{}", cell.id);
            assert!(
                cell.counts.capacity <= cell.counts.peak_capacity,
                "{}",
                cell.id
            );
        }
        for (cell, replayed) in cells.iter().zip(stream.replay(&buffers).unwrap()) {
            let digest = cell.counts.digest;
            let replayed = HostCounts {
                digest,
                ..replayed.counts
            };
            assert_eq!(replayed, cell.counts, "{}", cell.id);
        }
    }
}

#[test]
fn a_first_buffer_of_the_largest_item_never_retries() {
    let stream = stream(SizePlan::Uniform { from: 16, to: 900 });
    let cells = stream.replay(&stream.buffers(&[Regrow::Resize])).unwrap();
    let from_max = |cell: &&Cell| u64::from(cell.buffer.initial_capacity) == stream.wire_max();
    assert_eq!(
        cells.iter().filter(from_max).count(),
        Growth::ALL.len() * SHRINKS.len()
    );
    assert!(
        cells
            .iter()
            .filter(from_max)
            .all(|cell| cell.counts.retries == 0)
    );
}

#[test]
fn a_ramp_costs_exact_fit_a_retry_for_every_item_and_presized_one_in_all() {
    let stream = stream(SizePlan::Ramp {
        from: 64,
        to: 163,
        every: 1,
    });
    let retries = |growth| {
        let buffers = [plans::buffer(growth, stream.wire_max())];
        drain(&stream, &buffers)[0].counts.retries
    };
    assert_eq!(retries(Growth::Exact), 100);
    assert_eq!(retries(Growth::Presized), 1);
    // 64, then 128 and 256 bytes.
    assert_eq!(retries(Growth::Doubling), 2);
}

#[test]
fn a_cap_below_the_largest_item_is_a_typed_error() {
    let stream = stream(SizePlan::Constant { bytes: 1000 });
    let capped = BufferConfig {
        growth_param: 500,
        ..plans::buffer(Growth::Capped, 500)
    };
    let above = StreamError::AboveLimit {
        demanded: 1008,
        limit: 500,
    };
    let refused = stream.drain(&PAIR, &[capped]).unwrap_err();
    assert!(
        matches!(&refused, GrowthError::Verify(VerifyError::Stream { source: OpenError::Stream(source), .. }) if *source == above),
        "{refused:?}"
    );
    let refused = stream.replay(&[capped]).unwrap_err();
    assert!(
        matches!(&refused, GrowthError::Replay { source, .. } if *source == above),
        "{refused:?}"
    );
}

#[test]
fn a_plan_above_the_memory_limit_is_refused_before_anything_runs() {
    let refused = Stream::new(SizePlan::Constant { bytes: 1000 }, 1007).unwrap_err();
    assert!(
        matches!(
            refused,
            GrowthError::AboveLimit {
                wire_max: 1008,
                limit: 1007,
                ..
            }
        ),
        "{refused:?}"
    );
    assert!(Stream::new(SizePlan::Constant { bytes: 1000 }, 1008).is_ok());
}

fn any_plan() -> impl Strategy<Value = SizePlan> {
    let size = 0..3000_u32;
    prop_oneof![
        prop::collection::vec(size.clone(), 1..120).prop_map(|sizes| SizePlan::Recorded { sizes }),
        // A few sizes in long runs: where buffers shrink.
        prop::collection::vec((size, 1..150_usize), 1..6).prop_map(|runs| {
            let runs = runs.into_iter().map(|(size, count)| vec![size; count]);
            SizePlan::Recorded {
                sizes: runs.flatten().collect(),
            }
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn on_random_plans_pair_guest_and_replay_count_alike(
        plan in any_plan(),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 3),
        patience in 1..40_u64,
        limit_is_tight: bool,
    ) {
        let largest = Stream::new(plan.clone(), LIMIT).unwrap().wire_max();
        let limit = if limit_is_tight { largest } else { LIMIT };
        let stream = Stream::new(plan, limit).unwrap();
        let all = stream.buffers(Regrow::ALL);
        let buffers: Vec<BufferConfig> = picks
            .iter()
            .map(|pick| BufferConfig { shrink_param: patience, ..*pick.get(&all) })
            .collect();
        let cells = stream.replay(&buffers).unwrap();
        for cell in &cells {
            prop_assert!(cell.counts.retries <= stream.items());
            prop_assert!(cell.counts.peak_capacity <= limit.max(8), "{}", cell.id);
        }
        let mut drain = |stream: &Stream, buffers: &[BufferConfig]| stream.drain(&PAIR, buffers);
        let checked = replay::checked(&mut drain, &stream, &cells.iter().collect::<Vec<_>>());
        prop_assert!(checked.is_ok(), "{:#?}", checked);
    }
}

/// Folder of the pair that was built with the tests.
fn pair_folder() -> PathBuf {
    let files = PairFiles::find(None).expect("cargo builds the pair with the tests");
    files
        .guest
        .parent()
        .expect("a file lies in a folder")
        .to_owned()
}

fn program() -> Command {
    Command::cargo_bin("arena-bench").expect("cargo builds the program")
}

fn sizes(folder: &TempDir, text: &str) -> PathBuf {
    let file = folder.path().join("sizes.txt");
    fs::write(&file, text).expect("the folder can be written to");
    file
}

#[test]
fn recorded_sizes_become_a_table_with_advice() {
    let folder = TempDir::new().unwrap();
    let mut text = "100\n".repeat(300);
    text.push_str("50000\n");
    text.push_str(&"100\n".repeat(700));
    let file = sizes(&folder, &text);
    let plot = folder.path().join("growth.svg");
    let run = program()
        .args(["growth", "--sizes"])
        .arg(&file)
        .arg("--plot")
        .arg(&plot)
        .assert()
        .success();
    let shown = String::from_utf8(run.get_output().stdout.clone()).unwrap();
    insta::assert_snapshot!(shown);
    assert!(fs::read_to_string(plot).unwrap().starts_with("<svg"));
}

#[test]
fn the_json_holds_every_cell_with_an_advice_and_its_reason() {
    let folder = TempDir::new().unwrap();
    let file = sizes(&folder, "10\n2000\n30\n");
    let run = program()
        .args(["growth", "--json", "--sizes"])
        .arg(&file)
        .assert()
        .success();
    let section: Section = serde_json::from_slice(&run.get_output().stdout).unwrap();
    let plan = &section.plans[0];
    assert_eq!(
        (plan.items, plan.largest, plan.cells.len()),
        (3, 2008, 8 * 5 * 9)
    );
    for advice in &plan.advice {
        let cell = plan.cells.iter().find(|cell| cell.id == advice.id).unwrap();
        assert_eq!(advice.measure, "counters");
        let count = format!("{} retries in 3 items", cell.retries);
        assert!(advice.reason.starts_with(&count), "{}", advice.reason);
    }
}

#[test]
fn bad_sizes_and_limits_end_with_status_2_and_say_what_was_expected() {
    let folder = TempDir::new().unwrap();
    let good = sizes(&folder, "10\n2000\n");
    program()
        .args(["growth", "--memory-limit", "2007", "--sizes"])
        .arg(&good)
        .assert()
        .code(2)
        .stdout(is_empty())
        .stderr(contains(
            "needs 2008 bytes on the wire, the memory limit is 2007",
        ));
    let bad = sizes(&folder, "10\nten\n");
    program()
        .args(["growth", "--sizes"])
        .arg(&bad)
        .assert()
        .code(2)
        .stdout(is_empty())
        .stderr(contains(
            "sizes.txt:2: found \"ten\", expected one size in bytes",
        ));
    program()
        .args(["growth", "--plan", "rampart"])
        .assert()
        .code(2)
        .stderr(contains("expected one of constant, ramp"));
}

#[test]
fn a_record_of_another_pair_or_machine_is_refused_before_anything_is_timed() {
    let folder = TempDir::new().unwrap();
    let record = folder.path().join("record.json");
    store::save(&record, &synthetic::record(1)).unwrap();
    let before = fs::read(&record).unwrap();
    for options in [&["--record"][..], &["--time", "--into"]] {
        program()
            .arg("growth")
            .args(options)
            .arg(&record)
            .arg("--pair")
            .arg(pair_folder())
            .assert()
            .code(2)
            .stdout(is_empty())
            .stderr(contains("the record is not of this pair and machine"))
            .stderr(contains(*options.last().unwrap()));
    }
    assert_eq!(fs::read(&record).unwrap(), before);
}

#[test]
fn a_record_of_this_pair_and_machine_is_taken() {
    let folder = TempDir::new().unwrap();
    let record = folder.path().join("record.json");
    let run = [
        "run",
        "--filter",
        "^drain/u64/",
        "--skip",
        "paired,criterion,counts",
    ];
    program()
        .args(run)
        .arg("--output")
        .arg(&record)
        .arg("--pair")
        .arg(pair_folder())
        .assert()
        .success();
    // Also under other tunables, as the main job times growth: its part of the record says
    // which.
    for tunables in ["", "glibc.cpu.x86_rep_movsb_threshold=0x7fffffff"] {
        program()
            .args(["growth", "--plan", "slow-ramp", "--record"])
            .arg(&record)
            .arg("--pair")
            .arg(pair_folder())
            .env("GLIBC_TUNABLES", tunables)
            .assert()
            .success()
            .stdout(contains("slow-ramp: 64B to 319B"))
            .stderr(contains("ways to grow, counted and verified in"));
    }
}

#[test]
fn sizes_of_ones_own_take_nothing_from_a_record_and_go_into_none() {
    let folder = TempDir::new().unwrap();
    let file = sizes(&folder, "10\n");
    for options in [&["--record", "r.json"][..], &["--time", "--into", "r.json"]] {
        program()
            .args(["growth", "--sizes"])
            .arg(&file)
            .args(options)
            .assert()
            .code(2)
            .stderr(contains("cannot be used with"));
    }
    // What was not timed is nothing to add.
    program()
        .args(["growth", "--into", "r.json"])
        .assert()
        .code(2)
        .stderr(contains("--time"));
}
