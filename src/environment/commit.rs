//! The commit that a pair was built from, as far as git knows it.

use std::path::Path;

use crate::git;

/// A commit as a record names it; whatever git does not tell is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Checkout {
    pub(super) commit: String,
    pub(super) subject: String,
    pub(super) author: String,
    /// Branch that is checked out, where that is the commit; empty on none.
    pub(super) branch: String,
    /// Committer date, RFC 3339.
    pub(super) committed: String,
    /// Whether tracked files differ from the commit. Files that git does not
    /// track do not count, nor do those in `results`: a run leaves its own behind.
    pub(super) dirty: bool,
    /// What a person should know.
    pub(super) notice: Option<String>,
}

/// The commit that is checked out in a folder's repository; empty where there is none.
pub(super) fn head(folder: &Path) -> String {
    git(folder, &["rev-parse", "HEAD"]).unwrap_or_default()
}

/// Looks up the commit that is stamped into a pair, in the repository of `folder`.
pub(super) fn look_up(folder: &Path, stamped: &str) -> Checkout {
    // A build outside a repository stamps zeros.
    if stamped.bytes().all(|byte| byte == b'0') {
        return Checkout {
            notice: Some(
                "what was measured was built outside a git repository: no commit".to_owned(),
            ),
            ..Checkout::default()
        };
    }
    let mut checkout = Checkout {
        commit: stamped.to_owned(),
        ..Checkout::default()
    };
    let Some(shown) = git(
        folder,
        &["show", "--no-patch", "--format=%cI%n%an%n%s", stamped],
    ) else {
        checkout.notice = Some(format!(
            "git does not know the pair's commit {stamped} here: its subject and date are unknown, \
             and so is whether the checkout had uncommitted changes"
        ));
        return checkout;
    };
    let mut lines = shown.splitn(3, '\n').map(str::to_owned);
    checkout.committed = lines.next().unwrap_or_default();
    checkout.author = lines.next().unwrap_or_default();
    checkout.subject = lines.next().unwrap_or_default();
    let head = head(folder);
    if head != stamped {
        checkout.notice = Some(format!(
            "the pair was built from {stamped}, the checkout is at {head}: \
             whether there were uncommitted changes is unknown"
        ));
        return checkout;
    }
    checkout.branch =
        git(folder, &["symbolic-ref", "--quiet", "--short", "HEAD"]).unwrap_or_default();
    let tracked = ["status", "--porcelain", "--untracked-files=no", "--"];
    // Of this project: a monorepo has others.
    let ours = [".", ":(exclude)results"];
    let changes = git(folder, &[&tracked[..], &ours].concat());
    checkout.dirty = changes.is_some_and(|changes| !changes.is_empty());
    if checkout.dirty {
        checkout.notice = Some("the checkout has uncommitted changes: marked dirty".to_owned());
    }
    checkout
}

/// What git says; `None` when there is no git or it refuses.
fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    git::run(folder, arguments).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// Writes a file and commits it; the commit's hash.
    fn commit(folder: &Path, file: &str, message: &str) -> String {
        let run = |arguments: &[&str]| git(folder, arguments).expect("git works");
        let path = folder.join(file);
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("made");
        fs::write(path, "one").expect("written");
        run(&["add", file]);
        let (name, email) = ("user.name=A", "user.email=a@example.org");
        run(&["-c", name, "-c", email, "commit", "--quiet", "-m", message]);
        run(&["rev-parse", "HEAD"])
    }

    fn repository() -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        git(folder.path(), &["init", "--quiet"]).expect("git works");
        let head = commit(folder.path(), "file", "The subject\n\nThe body");
        (folder, head)
    }

    #[test]
    fn a_commit_has_its_subject_author_and_date() {
        let (folder, head) = repository();
        let found = look_up(folder.path(), &head);
        assert_eq!(
            (found.commit, found.author.as_str(), found.subject.as_str()),
            (head, "A", "The subject")
        );
        assert!(found.committed.parse::<jiff::Timestamp>().is_ok());
        assert_eq!((found.dirty, found.notice), (false, None));
    }

    #[test]
    fn a_user_s_wish_to_see_signatures_is_no_part_of_the_subject() {
        let (folder, head) = repository();
        let run = |arguments: &[&str]| git(folder.path(), arguments).expect("git works");
        let commit = run(&["cat-file", "commit", &head]);
        let signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n A\n -----END PGP SIGNATURE-----";
        let signed = commit.replacen("\n\n", &format!("\n{signature}\n\n"), 1);
        fs::write(folder.path().join("signed"), signed + "\n").expect("written");
        let signed = run(&["hash-object", "-t", "commit", "-w", "signed"]);
        run(&["reset", "--quiet", "--hard", &signed]);
        run(&["config", "log.showSignature", "true"]);
        run(&["config", "gpg.program", "/bin/echo"]);
        let found = look_up(folder.path(), &signed);
        assert_eq!(
            (found.subject.as_str(), found.dirty),
            ("The subject", false)
        );
        assert!(found.committed.parse::<jiff::Timestamp>().is_ok());
    }

    #[test]
    fn a_changed_file_makes_a_checkout_dirty_and_a_new_one_does_not() {
        let (folder, head) = repository();
        fs::write(folder.path().join("result"), "new").expect("written");
        assert!(!look_up(folder.path(), &head).dirty);
        fs::write(folder.path().join("file"), "two").expect("written");
        let found = look_up(folder.path(), &head);
        assert!(found.dirty && found.notice.is_some());
    }

    #[test]
    fn a_changed_result_leaves_a_checkout_clean() {
        let (folder, _) = repository();
        let head = commit(folder.path(), "results/full.json", "A result");
        let result = folder.path().join("results/full.json");
        fs::write(&result, "two").expect("written");
        assert!(!look_up(folder.path(), &head).dirty);
    }

    #[test]
    fn a_change_elsewhere_in_a_monorepo_leaves_a_checkout_clean() {
        let (folder, _) = repository();
        let head = commit(folder.path(), "tools/bench/file", "A project");
        let project = folder.path().join("tools/bench");
        fs::write(folder.path().join("file"), "two").expect("written");
        assert!(!look_up(&project, &head).dirty);
        fs::write(project.join("file"), "two").expect("written");
        assert!(look_up(&project, &head).dirty);
    }

    #[test]
    fn without_a_repository_or_with_another_only_the_hash_is_known() {
        let elsewhere = tempfile::tempdir().expect("a temporary folder");
        let stamped = "a".repeat(40);
        let (repository, _) = repository();
        for folder in [elsewhere.path(), repository.path()] {
            let found = look_up(folder, &stamped);
            assert_eq!(found.commit, stamped);
            assert!(found.notice.is_some() && found.subject.is_empty());
        }
        let none = look_up(elsewhere.path(), &"0".repeat(40));
        assert!(none.commit.is_empty() && none.notice.is_some());
    }
}
