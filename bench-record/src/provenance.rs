//! Where a measurement was made, in one line for people.

use std::fmt::Write;

use super::wire::Environment;

impl Environment {
    /// Of which commit, with what, where, when and by what command.
    pub fn provenance(&self) -> String {
        let commit = self.short_commit();
        let commit = commit.as_deref().unwrap_or("unknown");
        let mut text = format!(
            "commit {commit}, {}, {} with {} cores, {}, begun {}",
            self.rustc, self.cpu, self.cores, self.libc, self.started
        );
        // What the shell had set; the counts are always taken under the same.
        if let Some(tunables) = self.observed.get("tunables_of_wall_clock") {
            let _ = write!(text, ", GLIBC_TUNABLES={tunables}");
        }
        let _ = write!(text, "; `{}`", self.command);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_of_what_where_when_and_how() {
        let mut environment = Environment {
            commit: "0123456789abcdef".to_owned(),
            dirty: true,
            rustc: "rustc 1.95.0".to_owned(),
            cpu: "Synthetic 1".to_owned(),
            cores: 2,
            libc: "glibc 2.36".to_owned(),
            started: "2024-05-01T12:00:00Z".to_owned(),
            command: "arena-bench run".to_owned(),
            ..Environment::default()
        };
        assert_eq!(
            environment.provenance(),
            "commit 0123456789ab with changes, rustc 1.95.0, Synthetic 1 with 2 cores, \
             glibc 2.36, begun 2024-05-01T12:00:00Z; `arena-bench run`"
        );
        let tunables = ("tunables_of_wall_clock".to_owned(), "x=1".to_owned());
        environment.observed.extend([tunables]);
        let said = environment.provenance();
        assert!(said.contains("Z, GLIBC_TUNABLES=x=1; `"), "{said}");
    }
}
