//! `arena-bench noise` as its users see it.

use assert_cmd::Command;
use predicates::str::contains;

fn noise(args: &[&str]) -> assert_cmd::assert::Assert {
    Command::cargo_bin("arena-bench")
        .expect("the binary is built")
        .arg("noise")
        .args(args)
        .assert()
}

#[test]
fn the_report_has_every_part() {
    let report = noise(&["--json", "--budget", "1"]);
    let output = report.get_output();
    // A loaded machine may well fail its own test; it must say so in the report.
    let status = output.status.code();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let false_verdicts = report["paired"]["false_verdicts"]
        .as_u64()
        .expect("a number");
    assert_eq!(status, Some(i32::from(false_verdicts > 0)));
    assert!(report["timer"]["resolution_ns"].as_f64().expect("a number") >= 1.0);
    for part in ["sequential", "paired"] {
        let band = &report[part];
        let end = |name: &str| band[name].as_f64().expect("a number");
        assert!(end("low_percent") <= end("high_percent"), "{band}");
        assert!(end("seconds") > 0.0, "{band}");
    }
    let budgets = report["detectable"].as_array().expect("a list");
    let budgets: Vec<f64> = budgets
        .iter()
        .filter_map(|found| found["budget_s"].as_f64())
        .collect();
    assert_eq!(budgets, [0.5, 2.0, 10.0]);
    assert!(report["environment"]["cores"].as_u64().expect("a number") >= 1);
}

#[test]
fn without_a_pair_there_is_no_report() {
    let nowhere = tempfile::tempdir().expect("a temporary folder");
    let folder = nowhere.path().display().to_string();
    noise(&["--pair", &folder])
        .code(2)
        .stderr(contains("--pair"));
}
