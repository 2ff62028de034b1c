//! Code of somebody else: packages in repositories outside this one, compared, recorded and
//! judged. Times decide nothing here: what must be found is found by exact counts.

mod bad;
mod init;
mod repository;

use self::repository::Repository;
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

use crate::counts::can_count;

/// Counts alone, so that nothing depends on the speed of the machine.
const COUNTS: [&str; 5] = ["--counts-only", "--layouts", "2", "--seed", "1"];

#[test]
fn an_unrelated_function_is_no_regression_and_one_more_allocation_is() {
    if !can_count() {
        return;
    }
    let repository = Repository::new("functions", "");
    repository.functions(&[("sum", "|n| (0..n).map(black_box).sum::<u64>()")]);
    repository.commit("one function");
    repository.functions(&[
        ("sum", "|n| (0..n).map(black_box).sum::<u64>()"),
        (
            "other",
            "|n| (0..n).map(black_box).fold(1, u64::wrapping_mul)",
        ),
    ]);
    repository.commit("an unrelated one");
    let compare = ["compare", "--package", "functions", "--against", "HEAD~1"];
    let same = repository.arena_bench(&compare).args(COUNTS).assert();
    same.success()
        .stdout(contains("functions/sum"))
        .stderr(contains("functions/other is new since HEAD~1"));

    repository.functions(&[(
        "sum",
        "|n| (0..n).map(|k| *black_box(Box::new(k))).sum::<u64>()",
    )]);
    let comment = repository.path("comment.md");
    let worse = repository
        .arena_bench(&["compare", "--package", "functions", "--against", "HEAD"])
        .args(COUNTS)
        .args(["--explain", "--json", "--markdown"])
        .arg(&comment)
        .assert()
        .code(1)
        .stderr(contains("functions/other is gone"));
    let json: Value = serde_json::from_slice(&worse.get_output().stdout).expect("JSON");
    let row = &json["rows"][0];
    assert_eq!(row["id"], "functions/sum");
    assert_eq!(row["baseline_counts"]["allocations_per_item"], 0.0);
    assert_eq!(row["candidate_counts"]["allocations_per_item"], 1.0);
    let explained = &row["explanation"];
    let functions = explained["functions"].as_array().expect("a list");
    let allocates = |function: &Value| {
        function["name"]
            .as_str()
            .is_some_and(|it| it.contains("alloc"))
    };
    assert!(functions.iter().any(allocates), "{explained:#}");
    assert!(explained["page_faults"].is_array(), "{explained:#}");
    let comment = std::fs::read_to_string(comment).expect("it was written");
    assert!(comment.contains("functions/sum"), "{comment}");
}

#[test]
fn a_package_in_a_subdirectory_is_compared_with_its_base_and_not_with_itself() {
    if !can_count() {
        return;
    }
    let repository = Repository::new("functions", "packages/a folder/it");
    repository.functions(&[("sum", "|n| (0..n).map(black_box).sum::<u64>()")]);
    repository.commit("fast");
    repository.functions(&[(
        "sum",
        "|n| (0..n).map(|k| black_box(black_box(k) / black_box(3))).sum::<u64>()",
    )]);
    repository.commit("slow");
    let compare = ["compare", "--package", "functions", "--against", "master~1"];
    repository
        .arena_bench(&compare)
        .args(COUNTS)
        .assert()
        .code(1)
        .stdout(contains("instructions"));
}

#[test]
fn named_streams_of_a_guest_are_cases_that_a_record_a_history_and_a_page_hold() {
    if !can_count() {
        return;
    }
    let repository = Repository::new("streams", "");
    repository.guest("bench_protocol::export_guest!(squares, cubes);");
    repository.commit("two streams");
    repository.write("bench.toml", "[[subject]]\npackage = \"streams\"\n");
    let record = repository.path("record.json");
    repository
        .arena_bench(&["run", "--layouts", "2", "--skip", "paired", "--output"])
        .arg(&record)
        .assert()
        .success()
        .stdout(contains("streams/squares").and(contains("streams/cubes")));
    let text = std::fs::read_to_string(&record).expect("it was written");
    let found: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(found["cases"][0]["verified"]["items"], 1000);
    assert_eq!(found["environment"]["subject"], "two streams");
    assert_eq!(found["cases"][0]["counts"]["retries"], 0);
    let (history, site) = (repository.path("history"), repository.path("site"));
    repository
        .arena_bench(&["history", "add"])
        .arg(&record)
        .arg("--to")
        .arg(&history)
        .assert()
        .success();
    repository
        .arena_bench(&["report", "--history"])
        .arg(&history)
        .arg("--out")
        .arg(&site)
        .assert()
        .success();
    let page = std::fs::read_to_string(site.join("index.html")).expect("a dashboard");
    assert!(page.contains("streams/cubes"));
    repository
        .arena_bench(&["gate"])
        .arg(&record)
        .arg("--baseline")
        .arg(&record)
        .assert()
        .success();
    repository
        .arena_bench(&["export", "--format", "csv"])
        .arg(&record)
        .assert()
        .success()
        .stdout(contains("streams/squares"));
    repository
        .arena_bench(&["report"])
        .arg(&record)
        .arg("--out")
        .arg(repository.path("page"))
        .assert()
        .success();
}
