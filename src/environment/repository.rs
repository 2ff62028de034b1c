//! The address of the repository's web pages, which the dashboard links to.

use std::path::Path;

use crate::git;

/// The address: what CI says in `variable`s, or that of the remote `origin`. `None` where
/// neither is on the web.
pub(super) fn address(variable: &dyn Fn(&str) -> Option<String>, folder: &Path) -> Option<String> {
    let github = || {
        let (server, name) = (
            variable("GITHUB_SERVER_URL")?,
            variable("GITHUB_REPOSITORY")?,
        );
        web(&format!("{server}/{name}"))
    };
    let origin = || git::run(folder, &["config", "--get", "remote.origin.url"]).ok();
    github()
        .or_else(|| variable("CI_PROJECT_URL").as_deref().and_then(web))
        .or_else(|| origin().as_deref().and_then(web))
}

/// The web address of a remote, without user, password and port; `None` for a path.
fn web(remote: &str) -> Option<String> {
    let remote = remote.trim();
    let (scheme, rest) = match remote.split_once("://") {
        Some((scheme @ ("https" | "http"), rest)) => (scheme, rest.to_owned()),
        Some(("ssh" | "git", rest)) => ("https", rest.to_owned()),
        Some(_) => return None,
        // `git@host:owner/name`; a path may contain either sign, after a slash.
        None => {
            let (host, path) = remote.split_once('@')?.1.split_once(':')?;
            let is_path = remote.split('@').next()?.contains('/') || host.contains('/');
            (!is_path).then(|| ("https", format!("{host}/{path}")))?
        }
    };
    let (host, path) = rest.split_once('/')?;
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    // A port of the web server belongs to its address, one of ssh does not.
    let host = match remote.starts_with("http") {
        true => host,
        false => host.split(':').next()?,
    };
    let path = path.trim_matches('/').trim_end_matches(".git");
    (!host.is_empty() && !path.is_empty()).then(|| format!("{scheme}://{host}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remote_becomes_the_address_of_its_pages_without_user_and_password() {
        for remote in [
            "https://example.org/owner/name.git",
            "https://someone:secret@example.org/owner/name",
            "git@example.org:owner/name.git",
            "ssh://git@example.org:2222/owner/name.git\n",
            "git://example.org/owner/name/",
        ] {
            assert_eq!(
                web(remote).as_deref(),
                Some("https://example.org/owner/name"),
                "{remote}"
            );
        }
        assert_eq!(
            web("http://example.org:3000/owner/name").as_deref(),
            Some("http://example.org:3000/owner/name")
        );
    }

    #[test]
    fn a_folder_has_no_pages() {
        for remote in [
            "/srv/a@b:c/name",
            "a@b/c:name",
            "/srv/git/name",
            "../name",
            "file:///srv/git/name",
            "",
            "https://example.org",
        ] {
            assert_eq!(web(remote), None, "{remote}");
        }
    }

    #[test]
    fn ci_says_it_first() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let run = |arguments: &[&str]| git::run(folder.path(), arguments).expect("git works");
        run(&["init", "--quiet"]);
        run(&["remote", "add", "origin", "git@example.org:fork/name.git"]);
        let none = |_: &str| None;
        assert_eq!(
            address(&none, folder.path()).as_deref(),
            Some("https://example.org/fork/name")
        );
        let ci = |name: &str| match name {
            "GITHUB_SERVER_URL" => Some("https://example.com".to_owned()),
            "GITHUB_REPOSITORY" => Some("owner/name".to_owned()),
            _ => None,
        };
        assert_eq!(
            address(&ci, folder.path()).as_deref(),
            Some("https://example.com/owner/name")
        );
    }
}
