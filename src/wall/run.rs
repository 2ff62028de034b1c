//! A run of criterion's targets as child processes.

use std::fs;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use bench_record::wire::Failure;
use paired::visible::visible;

use super::notes::{Failed, Watch, look_after};
use crate::case::{Case, Group};
use crate::harness::{self, Profile};
use crate::printing::last_lines;

/// What a target may take between two cases for each case that it was asked for: a case takes
/// a second in short settings, and criterion's summary comes after the last one.
const PER_CASE: Duration = Duration::from_secs(2);

/// What a run of criterion is asked for.
#[derive(Debug, Clone)]
pub struct Options {
    /// Folder of the pair; without one, the pair that cargo builds.
    pub pair: Option<PathBuf>,
    /// Criterion's folder: its results and HTML reports.
    pub folder: PathBuf,
}

/// Times `cases` with the targets of `cargo bench` in short settings; `done` hears of
/// each case that is done. A case that ends its target is among the failures by its
/// id, and the next ones are still timed.
pub fn bench(cases: &[Case], options: &Options, done: &mut dyn FnMut()) -> Result<Vec<Failure>> {
    let target_of = |case: &Case| match case.group {
        Group::Drain => "item_size",
        Group::Lifecycle(_) => "lifecycle",
        Group::Growth => "growth",
        // Timed in pairs alone.
        Group::Channel(..) => "",
    };
    let mut failures = Vec::new();
    for target in ["item_size", "lifecycle", "growth"] {
        let of_target = |case: &&Case| target_of(case) == target;
        let cases: Vec<Case> = cases.iter().filter(of_target).cloned().collect();
        if !cases.is_empty() {
            let executable = harness::build(target, Profile::Release)?;
            let limit = crate::PROCESS_LIMIT + PER_CASE * cases.len() as u32;
            failures.extend(time(&executable, target, cases, limit, options, done)?);
        }
    }
    Ok(failures)
}

/// Times cases with a target, and again without those that ended it or made no progress
/// within `limit`.
fn time(
    executable: &Path,
    target: &str,
    mut cases: Vec<Case>,
    limit: Duration,
    options: &Options,
    done: &mut dyn FnMut(),
) -> Result<Vec<Failure>> {
    let mut failures = Vec::new();
    while !cases.is_empty() {
        let watch = Watch { limit, done };
        let Err(failed) = start(executable, &cases, options, watch)? else {
            break;
        };
        let why = format!("criterion's target {target} failed: {}", failed.why);
        let guilty = failed
            .case
            .filter(|id| cases.iter().any(|it| it.id() == *id));
        let Some(id) = guilty else {
            let id = "criterion".to_owned();
            failures.push(Failure { id, why });
            break;
        };
        cases.retain(|case| case.id() != id);
        failures.push(Failure { id, why });
    }
    Ok(failures)
}

fn start(
    executable: &Path,
    cases: &[Case],
    options: &Options,
    watch: Watch<'_>,
) -> Result<Result<(), Failed>> {
    let folder = || {
        let folder = options.folder.display();
        format!("{folder}: criterion's results cannot be kept there")
    };
    fs::create_dir_all(&options.folder).with_context(folder)?;
    let mut words = tempfile::tempfile().with_context(folder)?;
    let mut command = Command::new(executable);
    command
        .args(["--bench", "--quiet"])
        .env("CRITERION_HOME", &options.folder)
        .env(harness::CASES, harness::ids(cases))
        .env(harness::SET, "quick")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(words.try_clone().with_context(folder)?);
    if let Some(pair) = &options.pair {
        command.env(harness::PAIR, pair);
    }
    let outcome = look_after(&mut command, Some(watch));
    let outcome = outcome.map_err(|error| harness::start_error(executable, &error))?;
    Ok(outcome.map_err(|failed| Failed {
        why: format!("{}{}", failed.why, last_words(&mut words)),
        ..failed
    }))
}

/// What a target said last; nothing if it said nothing.
fn last_words(words: &mut fs::File) -> String {
    let mut text = Vec::new();
    // Without its words, its status still stands.
    let _ = words.rewind().and_then(|()| words.read_to_end(&mut text));
    let text = String::from_utf8_lossy(&text);
    match last_lines(&text, 3).as_str() {
        "" => String::new(),
        last => format!(": {}", visible(last)),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::case::catalog;

    /// Times three cases with a shell script that gets their ids, in lines, as `$ids`.
    fn failures(script: &str) -> Vec<Failure> {
        failures_within(script, crate::PROCESS_LIMIT)
    }

    fn failures_within(script: &str, limit: Duration) -> Vec<Failure> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let target = folder.path().join("target");
        let text = format!(
            "#!/bin/sh\nids=$(echo \"$ARENA_BENCH_CASES\" | tr , '\\n')\n\
             note() {{ echo \"$1\" >>\"$ARENA_BENCH_NOTES\"; }}\n{script}\n"
        );
        fs::write(&target, text).expect("written");
        fs::set_permissions(&target, fs::Permissions::from_mode(0o755)).expect("allowed");
        let options = Options {
            pair: None,
            folder: folder.path().join("criterion"),
        };
        let cases = catalog::drains().into_iter().take(3).collect();
        time(&target, "item_size", cases, limit, &options, &mut || ()).expect("it starts")
    }

    #[test]
    fn a_case_that_hangs_is_named_and_the_others_are_timed() {
        let hanging = catalog::drains()[1].id();
        let script = format!(
            "for id in $ids; do note $id; case $id in {hanging}) sleep 1000 & wait;; esac; done; note done"
        );
        let failed = failures_within(&script, Duration::from_secs(5));
        let [one] = &failed[..] else {
            panic!("one case failed: {failed:?}");
        };
        assert_eq!(one.id, hanging);
        assert!(
            one.why.contains("target item_size failed: hung"),
            "{}",
            one.why
        );
    }

    #[test]
    fn a_target_that_hangs_before_its_first_case_is_named() {
        let failed = failures_within("sleep 1000", Duration::from_millis(200));
        let [one] = &failed[..] else {
            panic!("it failed once: {failed:?}");
        };
        assert_eq!(one.id, "criterion");
        assert!(one.why.contains("item_size failed: hung"), "{}", one.why);
    }

    #[test]
    fn a_case_that_ends_its_target_is_named_and_the_others_are_timed() {
        let ids: Vec<String> = catalog::drains().iter().take(3).map(Case::id).collect();
        let script = format!(
            "for id in $ids; do note $id; case $id in {}) echo 'oh \x1b no' >&2; exit 0;; esac; done; note done",
            ids[1]
        );
        let failed = failures(&script);
        let [one] = &failed[..] else {
            panic!("one case failed: {failed:?}");
        };
        assert_eq!(one.id, ids[1]);
        assert!(one.why.contains("before the end"), "{}", one.why);
        assert!(
            one.why.contains("oh") && !one.why.contains('\x1b'),
            "{}",
            one.why
        );
    }

    #[test]
    fn every_case_that_fails_is_named_and_what_is_of_no_case_is_criterion_s() {
        let failed = failures("set -- $ids; note $1; exit 2");
        assert_eq!(failed.len(), 3, "{failed:?}");
        let failed = failures("echo one >&2; echo two >&2; exit 2");
        assert_eq!((failed.len(), failed[0].id.as_str()), (1, "criterion"));
        assert!(failed[0].why.ends_with("one; two"), "{failed:?}");
        assert!(failures("note done").is_empty());
    }
}
