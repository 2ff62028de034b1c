//! Numbers and commits as the gate words them.

use crate::wire::Environment;

/// Digits of a commit for people.
const SHORT_COMMIT: usize = 12;

/// A number with the digits that tell it from its neighbours, and no more.
pub fn number(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A record by its commit.
pub(super) fn commit(environment: &Environment) -> String {
    let commit = environment
        .commit
        .get(..SHORT_COMMIT.min(environment.commit.len()));
    match commit {
        Some(commit) if !commit.is_empty() => {
            format!(
                "{commit}{}",
                if environment.dirty {
                    " with changes"
                } else {
                    ""
                }
            )
        }
        _ => "no commit".to_owned(),
    }
}
