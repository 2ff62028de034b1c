//! The verb `report`, as its users run it.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use bench_record::{store, wire};
use predicates::str::contains;

pub mod fixture;
pub mod history;

/// A fresh place for one test.
fn place() -> tempfile::TempDir {
    tempfile::tempdir().expect("the system has a place for temporary files")
}

fn save(folder: &Path, name: &str, record: &wire::Record) -> PathBuf {
    let path = folder.join(name);
    store::save(&path, record).expect("the fixture is a valid record");
    path
}

fn report(records: &[&Path], out: &Path) -> assert_cmd::assert::Assert {
    Command::cargo_bin("arena-bench")
        .expect("the binary is built with the tests")
        .arg("report")
        .args(records)
        .arg("--out")
        .arg(out)
        .assert()
}

#[test]
fn a_report_is_one_small_page_with_plots_and_a_summary() {
    let dir = place();
    let record = save(dir.path(), "run.json", &fixture::record("c0ffee", 1.0));
    let out = dir.path().join("out");
    report(&[&record], &out)
        .success()
        .stdout(contains("index.html"));
    let page = std::fs::read_to_string(out.join("index.html")).expect("the page");
    assert!(page.len() < 1 << 20, "{} bytes", page.len());
    for address in ["src=\"", "href=\"http", "url(http", "@import", "<link"] {
        assert!(
            !page.contains(address),
            "the page must ask for nothing: {address}"
        );
    }
    for name in [
        "summary.md",
        "ratios.svg",
        "ratios.png",
        "item-size-wall.png",
    ] {
        assert!(out.join(name).is_file(), "{name}");
    }
}

#[test]
fn the_page_of_the_recorded_full_run_is_small() {
    let dir = place();
    let record = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/full.json");
    let out = dir.path().join("out");
    report(&[&record], &out).success();
    let page = std::fs::metadata(out.join("index.html")).expect("the page");
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
}

#[test]
fn no_two_parts_of_a_page_share_an_id() {
    let dir = place();
    let [one, two] = ["one", "two"].map(|name| {
        let record = fixture::record("c0ffee", 1.0);
        save(dir.path(), &format!("{name}.json"), &record)
    });
    let out = dir.path().join("out");
    report(&[&one, &two], &out).success();
    let page = std::fs::read_to_string(out.join("index.html")).expect("the page");
    let body = page
        .split("<script")
        .next()
        .expect("what stands before the scripts");
    let ids: Vec<_> = body
        .split(" id=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    let mut distinct = ids.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert!(ids.len() > 50, "{ids:?}");
    assert_eq!(distinct.len(), ids.len());
}

#[test]
fn a_report_is_the_same_to_the_byte_when_made_again() {
    let dir = place();
    let record = save(dir.path(), "run.json", &fixture::record("c0ffee", 1.0));
    let page = |out: &str| {
        report(&[&record], &dir.path().join(out)).success();
        std::fs::read(dir.path().join(out).join("index.html")).expect("the page")
    };
    assert!(page("one") == page("two"));
}

#[test]
fn nothing_a_record_holds_becomes_markup() {
    let dir = place();
    let attack = "</script><img src=x onerror=alert(1)>\u{2028}'\"";
    let mut record = fixture::record("c0ffee", 1.0);
    record.environment.subject = attack.to_owned();
    record.environment.command = format!("arena-bench run {attack}");
    record
        .environment
        .observed
        .insert(attack.to_owned(), attack.to_owned());
    for case in &mut record.cases {
        case.id.push_str(attack);
        case.params.payload.push_str(attack);
        case.params.size_plan.push_str(attack);
    }
    for comparison in &mut record.comparisons {
        comparison.candidate.push_str(attack);
        comparison.baseline.push_str(attack);
        comparison.why = attack.to_owned();
    }
    let record = save(dir.path(), "run.json", &record);
    let out = dir.path().join("out");
    report(&[&record], &out).success();
    for name in ["index.html", "summary.md", "ratios.svg"] {
        let text = std::fs::read_to_string(out.join(name)).expect("a file of the report");
        assert!(!text.contains("<img"), "{name}");
    }
    let (from, out) = (dir.path().join("history"), dir.path().join("dashboard"));
    let file = dir.path().join("run.json");
    bench_record::history::add(&file, &from).expect("the first of its history");
    dashboard(&from, &out).success();
    let text = std::fs::read_to_string(out.join("index.html")).expect("the page");
    assert!(
        !text.contains("<img") && text.contains("&lt;img"),
        "the dashboard"
    );
}

#[test]
fn a_folder_that_this_tool_did_not_make_is_left_alone() {
    let dir = place();
    let record = save(dir.path(), "run.json", &fixture::record("c0ffee", 1.0));
    let out = dir.path().join("out");
    std::fs::create_dir(&out).expect("writable");
    std::fs::write(out.join("index.html"), "my own page").expect("writable");
    report(&[&record], &out).code(2).stderr(contains("--out"));
    let page = std::fs::read_to_string(out.join("index.html")).expect("still there");
    assert_eq!(page, "my own page");
}

#[test]
fn a_record_that_is_none_is_an_error_that_names_it() {
    let dir = place();
    let good = save(dir.path(), "good.json", &fixture::record("c0ffee", 1.0));
    let text = std::fs::read_to_string(&good).expect("just written");
    let bad = [
        ("empty.json", String::new()),
        ("truncated.json", text[..text.len() / 2].to_owned()),
        ("future.json", text.replace("record/1", "record/99")),
        (
            "negative.json",
            text.replacen("\"ns_per_item\":", "\"ns_per_item\":-", 1),
        ),
        ("absurd.json", {
            let mut value: serde_json::Value = serde_json::from_str(&text).expect("a record");
            let cell = &mut value["growth"]["plans"][0]["cells"][0];
            cell["instructions_per_item"] = 1e308.into();
            value.to_string()
        }),
    ];
    for (name, content) in bad {
        let path = dir.path().join(name);
        std::fs::write(&path, content).expect("writable");
        let out = dir.path().join("out");
        report(&[&good, &path], &out).code(2).stderr(contains(name));
        assert!(!out.exists(), "{name}: nothing is written");
    }
}

fn dashboard(history: &Path, out: &Path) -> assert_cmd::assert::Assert {
    Command::cargo_bin("arena-bench")
        .expect("the binary is built with the tests")
        .args(["report", "--history"])
        .arg(history)
        .arg("--out")
        .arg(out)
        .assert()
}

#[test]
fn a_dashboard_shows_every_case_and_names_what_changed() {
    let dir = place();
    let (from, out) = (dir.path().join("history"), dir.path().join("out"));
    history::write(&history::plan(3, 24), &from);
    dashboard(&from, &out).success();
    let page = std::fs::read_to_string(out.join("index.html")).expect("the page");
    assert_eq!(
        page.matches("<figure class=\"small\"").count(),
        3 + 6,
        "ratios and counts"
    );
    let changes = page
        .split("id=\"all-changes\"")
        .nth(1)
        .expect("a list of changes");
    let changes = changes.split("</table>").next().expect("its end");
    let rows: Vec<_> = changes.split("<tr ").skip(1).collect();
    assert!(
        rows.iter()
            .any(|row| row.contains("case-001/arena") && row.contains("70 → 73"))
    );
    assert!(
        rows[0].contains("case-001"),
        "regressions first: {}",
        rows[0]
    );
    assert!(rows.last().is_some_and(|row| row.contains("case-002")));
    assert!(!page.contains("<img"), "subjects are text");
}

#[test]
fn a_dashboard_takes_the_options_of_the_search_for_changes() {
    let dir = place();
    let (from, out) = (dir.path().join("history"), dir.path().join("out"));
    history::write(&history::plan(3, 24), &from);
    let search = |magnitude: &str| {
        let made = Command::cargo_bin("arena-bench")
            .expect("the binary is built with the tests")
            .args(["report", "--magnitude", magnitude, "--history"])
            .arg(&from)
            .arg("--out")
            .arg(&out)
            .assert();
        made.success();
        std::fs::read_to_string(out.join("index.html")).expect("the page")
    };
    assert!(search("0.01").contains("lasting shift"));
    assert!(!search("0.5").contains("lasting shift"));

    let record = save(dir.path(), "run.json", &fixture::record("c0ffee", 1.0));
    Command::cargo_bin("arena-bench")
        .expect("the binary is built with the tests")
        .arg("report")
        .arg(&record)
        .args(["--window", "20"])
        .assert()
        .code(2)
        .stderr(contains("cannot be used with '--window <RUNS>'"));
}

#[test]
fn a_history_with_a_foreign_file_in_it_is_refused() {
    let dir = place();
    let (from, out) = (dir.path().join("history"), dir.path().join("out"));
    history::write(&history::plan(3, 2), &from);
    std::fs::write(from.join("notes.txt"), "mine").expect("writable");
    dashboard(&from, &out).code(2).stderr(contains("notes.txt"));
    assert!(!out.exists());
}

/// Says what the project promises: size and time of a dashboard of 200 cases over 1,000
/// commits.
#[test]
#[ignore = "a thousand records; run with --release -- --ignored --nocapture"]
fn a_dashboard_of_a_thousand_commits_is_quick_and_small() {
    let dir = place();
    let keep = std::env::var_os("DASHBOARD_DIR").map(PathBuf::from);
    let base = keep.as_deref().unwrap_or(dir.path());
    let (from, out) = (base.join("history"), base.join("out"));
    history::write(&history::plan(100, 1_000), &from);
    let start = std::time::Instant::now();
    dashboard(&from, &out).success();
    let took = start.elapsed();
    let size = std::fs::metadata(out.join("index.html"))
        .expect("the page")
        .len();
    println!("{:.2} s, {:.2} MB", took.as_secs_f64(), size as f64 / 1e6);
    assert!(took.as_secs() < 10 && size < 15_000_000);
}
