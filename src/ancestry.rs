//! Which commit of a history is an ancestor of which, where the repository here has
//! them: two commits of one second, or one that was rebased, are not in the order of
//! their times.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;

use crate::git;
use bench_record::history::{Ancestry, History};

/// The places of a history's commits in the repository of `folder`; `None` where
/// there is none, or it has none of them.
pub(crate) fn of(history: &History, folder: &Path) -> Option<Ancestry> {
    let commits: BTreeSet<&str> = history
        .entries
        .iter()
        .map(|entry| entry.environment.commit.as_str())
        .collect();
    let asked: Vec<&str> = commits.iter().copied().collect();
    let format = "--batch-check=%(objectname) %(objecttype)";
    let known = said(folder, &["cat-file", format], &asked)?;
    let known: Vec<&str> = known
        .lines()
        .filter_map(|line| line.strip_suffix(" commit"))
        .collect();
    if known.is_empty() {
        return None;
    }
    let listed = said(
        folder,
        &["rev-list", "--topo-order", "--reverse", "--stdin"],
        &known,
    )?;
    let ours = listed.lines().filter(|line| commits.contains(line));
    Some(
        ours.enumerate()
            .map(|(at, commit)| (commit.to_owned(), at))
            .collect(),
    )
}

/// What git answers to lines on its standard input.
fn said(folder: &Path, arguments: &[&str], lines: &[&str]) -> Option<String> {
    // A file, not a pipe: git may answer before it has read everything.
    let mut input: File = tempfile::tempfile().ok()?;
    input.write_all(lines.join("\n").as_bytes()).ok()?;
    input.write_all(b"\n").ok()?;
    input.rewind().ok()?;
    let output = git::command(folder)
        .args(arguments)
        .stdin(input)
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_record::history;
    use bench_record::synthetic::Synthetic;

    #[test]
    fn commits_of_one_second_are_in_the_order_of_their_ancestry() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let git = |arguments: &[&str]| {
            let identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
            let mut command = git::command(dir.path());
            let output = command.args(identity).args(arguments).output();
            let output = output.expect("git runs");
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout)
                .expect("text")
                .trim()
                .to_owned()
        };
        git(&["init", "--quiet"]);
        let commit = |message: &str| {
            git(&["commit", "--quiet", "--allow-empty", "-m", message]);
            git(&["rev-parse", "HEAD"])
        };
        let commits = [commit("parent"), commit("child")];
        let folder = dir.path().join("history");
        let plan = Synthetic {
            commits: 3,
            ..Synthetic::default()
        };
        // The child is measured first, and both were made in one second.
        for (at, commit) in [Some(&commits[1]), Some(&commits[0]), None]
            .iter()
            .enumerate()
        {
            let mut record = plan.record(at);
            if let Some(commit) = commit {
                record.environment.commit = (*commit).clone();
            }
            let file = dir.path().join("record.json");
            bench_record::store::save(&file, &record).expect("saved");
            history::add(&file, &folder).expect("added");
        }
        let history = history::load(&folder).expect("loaded");
        let ancestry = of(&history, dir.path()).expect("the repository has two of them");
        assert_eq!(ancestry.len(), 2);
        assert!(ancestry[&commits[0]] < ancestry[&commits[1]]);
        let elsewhere = tempfile::tempdir().expect("a temporary folder");
        assert_eq!(of(&history, elsewhere.path()), None);
    }
}
