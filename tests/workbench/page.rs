//! The report's pages in a real browser: makes the pages and hands them to the tests in
//! `tests/page/`. Where node or a browser is absent this says how to get them, and passes;
//! with `CI=true` it fails instead.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use bench_record::synthetic::Synthetic;
use bench_record::{store, wire};

use crate::report::{fixture, history};

/// Markup that would tell if it ran.
const HOSTILE: &str =
    "</script><script>hit=1</script><img src=x onerror=\"hit=1\">\u{2028}'`${hit=1}";
/// The same as the name of a file, in which no slash may stand.
const HOSTILE_NAME: &str = "<img src=x onerror='hit=1'>";

/// The first of these programs that is on the PATH.
fn find(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    names
        .iter()
        .flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)))
        .find(|program| program.is_file())
}

fn report(records: &[(&str, wire::Record)], out: &Path) {
    let folder = tempfile::tempdir().expect("the system has a place for temporary files");
    let paths: Vec<_> = records
        .iter()
        .map(|(name, record)| {
            let path = folder.path().join(format!("{name}.json"));
            store::save(&path, record).expect("the fixture is a valid record");
            path
        })
        .collect();
    assert_cmd::Command::cargo_bin("arena-bench")
        .expect("the binary is built with the tests")
        .arg("report")
        .args(paths)
        .arg("--out")
        .arg(out)
        .assert()
        .success();
}

fn dashboard(plan: &Synthetic, out: &Path) {
    let folder = tempfile::tempdir().expect("the system has a place for temporary files");
    let from = folder.path().join("history");
    history::write(plan, &from);
    assert_cmd::Command::cargo_bin("arena-bench")
        .expect("the binary is built with the tests")
        .args(["report", "--repository", "https://example.org/arena.git"])
        .arg("--history")
        .arg(from)
        .arg("--out")
        .arg(out)
        .assert()
        .success();
}

fn hostile() -> wire::Record {
    let mut record = fixture::record("c0ffee", 1.0);
    record.environment.subject = HOSTILE.to_owned();
    record.environment.cpu = HOSTILE.to_owned();
    record.environment.command = HOSTILE.to_owned();
    let spoil = |id: &mut String| {
        id.push('/');
        id.push_str(HOSTILE);
    };
    let growth = record.growth.iter_mut().flat_map(|g| &mut g.plans);
    for plan in growth {
        plan.name.push_str(HOSTILE);
        plan.cells.iter_mut().for_each(|cell| {
            spoil(&mut cell.id);
            cell.dominated_by.iter_mut().for_each(spoil);
        });
        plan.advice.iter_mut().for_each(|a| {
            spoil(&mut a.id);
            a.reason = HOSTILE.to_owned();
        });
    }
    for case in &mut record.cases {
        spoil(&mut case.id);
        case.params.payload.push_str(HOSTILE);
        case.params.size_plan.push_str(HOSTILE);
        case.params.growth.push_str(HOSTILE);
    }
    for comparison in &mut record.comparisons {
        spoil(&mut comparison.candidate);
        spoil(&mut comparison.baseline);
        comparison.why = HOSTILE.to_owned();
    }
    record
}

/// Without timed growth: times come from the paired comparisons alone.
fn untimed() -> wire::Record {
    let mut record = fixture::record("c0ffee", 1.0);
    // Too few for an interval.
    let comparisons = record.comparisons.iter_mut();
    comparisons.for_each(|comparison| comparison.samples.truncate(4));
    let plans = record.growth.iter_mut().flat_map(|g| &mut g.plans);
    for cell in plans.flat_map(|plan| &mut plan.cells) {
        cell.ratio = None;
    }
    record
}

/// Every kind of section with few rows in it: checking a page's accessibility takes its
/// time for each.
fn small(commit: &str) -> wire::Record {
    let mut record = fixture::record(commit, 1.0);
    let kept = |id: &str| {
        ["bytes", "ladder/u64", "heavy-tail"]
            .iter()
            .any(|part| id.contains(part))
    };
    let kept = |id: &str| kept(id) && !id.contains("ladder/bytes");
    record.cases.retain(|case| kept(&case.id));
    record.comparisons.retain(|c| kept(&c.candidate));
    record
}

#[test]
fn the_pages_work_in_a_real_browser() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page");
    let node = find(&["node"]);
    let browser = std::env::var_os("CHROMIUM")
        .map(PathBuf::from)
        .or_else(|| find(&["chromium", "chromium-browser", "google-chrome"]));
    let (Some(node), Some(browser), true) =
        (node, browser, tests.join("node_modules/axe-core").is_dir())
    else {
        let how = "the page's browser tests need node, Chromium (Debian: apt-get install nodejs npm \
                   chromium) and `npm ci --prefix tests/page`; CHROMIUM names a browser elsewhere";
        assert!(std::env::var_os("CI").is_none(), "{how}");
        // Past the capture of passing tests: a skipped test must be seen.
        writeln!(std::io::stderr(), "SKIPPED: {how}").expect("stderr can be written");
        return;
    };
    let pages = tempfile::tempdir().expect("the system has a place for temporary files");
    let mut elsewhere = fixture::record("beef", 1.1);
    elsewhere.environment.cpu = "Another CPU".to_owned();
    elsewhere
        .cases
        .retain(|case| !case.id.starts_with("growth/spike/"));
    let records = [
        ("elsewhere", elsewhere),
        ("before", fixture::record("c0ffee", 1.0)),
        ("after", fixture::record("decade", 1.03)),
    ];
    report(&records, &pages.path().join("report"));
    let two = [("one", small("c0ffee")), ("two", small("decade"))];
    report(&two, &pages.path().join("small"));
    let two = [(HOSTILE_NAME, hostile()), ("hostile", hostile())];
    report(&two, &pages.path().join("hostile"));
    report(&[("untimed", untimed())], &pages.path().join("untimed"));
    dashboard(&history::plan(4, 60), &pages.path().join("dashboard"));
    let status = Command::new(node)
        .args(["--test", "--test-reporter=spec"])
        .current_dir(&tests)
        .env("PAGES", pages.path())
        .env("BROWSER", browser)
        .status()
        .expect("node can be started");
    assert!(
        status.success(),
        "the browser tests failed: their output is above"
    );
}
