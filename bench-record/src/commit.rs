//! A commit as people read it: short, in one way everywhere.

use super::wire::Environment;

/// Digits of a hash that people are shown.
const DIGITS: usize = 12;

/// The first twelve digits of a commit's hash, which git takes as its name.
pub fn short_commit(commit: &str) -> String {
    commit.chars().take(DIGITS).collect()
}

impl Environment {
    /// The commit, short, and whether the sources had changes; `None` outside a
    /// repository.
    pub fn short_commit(&self) -> Option<String> {
        let changed = if self.dirty { " with changes" } else { "" };
        (!self.commit.is_empty()).then(|| short_commit(&self.commit) + changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_commit_says_whether_the_sources_had_changes() {
        let mut environment = Environment {
            commit: "0123456789abcdef".to_owned(),
            ..Environment::default()
        };
        let said = environment.short_commit();
        assert_eq!(said.as_deref(), Some("0123456789ab"));
        environment.dirty = true;
        let said = environment.short_commit();
        assert_eq!(said.as_deref(), Some("0123456789ab with changes"));
        assert_eq!(Environment::default().short_commit(), None);
        assert_eq!(short_commit("ab"), "ab");
    }
}
