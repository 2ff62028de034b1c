//! The commits between a good one and a bad one.

use std::path::Path;

use paired::visible::visible;
use serde::Serialize;

use crate::git::{self, GitError};
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

/// Two commits without a range between them.
#[derive(Debug, thiserror::Error)]
pub enum RangeError {
    #[error(transparent)]
    Git(#[from] GitError),
    #[error("{good} and {bad} are the same commit: there is nothing to search")]
    Same { good: String, bad: String },
    #[error(
        "{bad} does not descend from {good}: no commit between them made the change; name a good \
         commit that the bad one descends from, such as `git merge-base {good} {bad}` gives"
    )]
    NotAncestor { good: String, bad: String },
}

/// The commits after `good` up to `bad`, oldest first, along first parents.
pub fn range(root: &Path, good: &Commit, bad: &Commit) -> Result<Vec<Listed>, RangeError> {
    let ancestor = ["merge-base", "--is-ancestor", &good.hash, &bad.hash];
    let (same, commits) = (
        good.hash == bad.hash,
        format!("{}..{}", good.hash, bad.hash),
    );
    if same || git::run(root, &ancestor).is_err() {
        let (good, bad) = (good.reference.clone(), bad.reference.clone());
        return Err(match same {
            true => RangeError::Same { good, bad },
            false => RangeError::NotAncestor { good, bad },
        });
    }
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
