//! The commits between a good one and a bad one.

use std::path::Path;

use anyhow::{Result, ensure};
use paired::visible::visible;
use serde::Serialize;

use crate::git;
use crate::workspace::Commit;

/// A commit of a range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    pub commit: String,
    /// The first line of its message.
    pub subject: String,
    /// Whether it is a merge: it stands for all that it brought in.
    pub merge: bool,
}

/// The commits after `good` up to `bad`, oldest first, along first parents.
///
/// # Errors
/// When there is none, as `bad` does not descend from `good`.
pub fn range(root: &Path, good: &Commit, bad: &Commit) -> Result<Vec<Listed>> {
    let (from, to) = (&good.reference, &bad.reference);
    ensure!(
        good.hash != bad.hash,
        "{from} and {to} are the same commit: there is nothing to search"
    );
    let ancestor = ["merge-base", "--is-ancestor", &good.hash, &bad.hash];
    ensure!(
        git::run(root, &ancestor).is_ok(),
        "{to} does not descend from {from}: no commit between them made the change; name a good \
         commit that the bad one descends from, such as `git merge-base {from} {to}` gives"
    );
    let commits = format!("{}..{}", good.hash, bad.hash);
    let format = "--format=%H %P%x00%s";
    let listed = git::run(
        root,
        &["log", "--first-parent", "--reverse", format, &commits, "--"],
    )?;
    Ok(listed.lines().filter_map(parse).collect())
}

fn parse(line: &str) -> Option<Listed> {
    let (hashes, subject) = line.split_once('\0')?;
    let mut hashes = hashes.split_ascii_whitespace();
    Some(Listed {
        commit: hashes.next()?.to_owned(),
        subject: visible(subject),
        merge: hashes.count() > 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merge_is_a_commit_with_two_parents() {
        let plain = parse("aa bb\0Say \u{1b}[2Jno").expect("a commit");
        assert_eq!((plain.commit.as_str(), plain.merge), ("aa", false));
        assert!(!plain.subject.contains('\u{1b}'));
        assert!(parse("aa bb cc\0Merge").expect("a commit").merge);
        assert_eq!(parse(""), None);
    }
}
