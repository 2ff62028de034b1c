//! What CI runs, where `cargo` and `gh` are stand-ins.

use std::fs;

use assert_cmd::Command;
use predicates::str::contains;

use super::{CARGO, machine, script};

/// What `ci-publish` finds in place of the program: `history add` adds an entry, and the first
/// time another job has pushed one of its own meanwhile.
const PUBLISHING: &str = r#"
case " $* " in
*" history add "*)
    for folder; do :; done
    mkdir -p "$folder" && echo mine > "$folder/mine.json"
    if [ ! -e "$OTHER" ]; then
        git clone --quiet "$(git remote get-url origin)" "$OTHER" 2>/dev/null
        cd "$OTHER" && git checkout --quiet --orphan bench-history
        mkdir records && echo other > records/other.json
        git add records && git -c user.name=o -c user.email=o@localhost commit --quiet -m other
        git push --quiet origin bench-history
    fi ;;
*" report "*) mkdir -p "$SITE" ;;
esac"#;

#[test]
fn two_jobs_that_publish_at_the_same_time_lose_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let git = |place: &str, arguments: &[&str]| {
        let output = std::process::Command::new("git")
            .current_dir(folder.path().join(place))
            .args(["-c", "user.name=me", "-c", "user.email=me@localhost"])
            .args(arguments)
            .output()
            .expect("git is installed");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("names are UTF-8")
    };
    for place in ["origin", "work/scripts", "work/target/release"] {
        fs::create_dir_all(folder.path().join(place)).expect("the folder is writable");
    }
    git("origin", &["init", "--quiet", "--bare"]);
    git("work", &["init", "--quiet"]);
    let origin = folder.path().join("origin").display().to_string();
    git("work", &["remote", "add", "origin", &origin]);
    git(
        "work",
        &["commit", "--quiet", "--allow-empty", "-m", "a commit"],
    );
    for name in ["scripts/ci-publish", "scripts/ci-measure", "scripts/build"] {
        fs::copy(script(name), folder.path().join("work").join(name)).expect("it is there");
    }
    let built = machine(&[CARGO, ("arena-bench", PUBLISHING)]);
    let program = folder.path().join("work/target/release/arena-bench");
    fs::copy(built.path().join("arena-bench"), program).expect("it can be copied");
    let path = std::env::var("PATH").expect("there is a path");

    Command::new("/bin/bash")
        .arg(folder.path().join("work/scripts/ci-publish"))
        .args(["bench-history", "site", "shard.json"])
        .env("PATH", format!("{}:{path}", built.path().display()))
        .env("OTHER", folder.path().join("other"))
        .env("SITE", folder.path().join("site"))
        .assert()
        .success()
        .stderr(contains("has moved on"));
    let kept = git("origin", &["ls-tree", "-r", "--name-only", "bench-history"]);
    assert_eq!(kept, "records/mine.json\nrecords/other.json\n");
}

/// `gh` where the pull request's head is `abc` and one comment of ours stands there, or none.
fn gh(comment: &str) -> String {
    format!(
        r#"
case "$*" in
*"pulls/7 "*) echo abc ;;
*"issues/7/comments --paginate"*) printf '{comment}' ;;
*) echo "$*" | sed 's/body=@.*/body/' >>"$LOG"
   for argument; do case $argument in body=@*) cat "${{argument#body=@}}" >>"$LOG" ;; esac; done ;;
esac"#
    )
}

/// What is asked of GitHub for a commit with this comment, and what the comment says.
fn posted(comment: &[u8], commit: &str, there: &str) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let place = |name: &str| folder.path().join(name);
    fs::write(place("comment.md"), comment).expect("the folder is writable");
    fs::write(place("number"), "7\n").expect("the folder is writable");
    let machine = machine(&[("gh", &gh(there))]);
    let path = std::env::var("PATH").expect("there is a path");
    Command::new(script("scripts/ci-comment"))
        .arg(folder.path())
        .args([commit, "owner/name"])
        .env("PATH", format!("{}:{path}", machine.path().display()))
        .env("LOG", place("log"))
        .assert()
        .success();
    fs::read_to_string(place("log")).unwrap_or_default()
}

#[test]
fn a_comment_is_posted_once_and_updated_from_then_on() {
    let first = posted(b"slower", "abc", "");
    assert!(
        first.starts_with("api --method POST repos/owner/name/issues/7/comments --field body"),
        "{first}"
    );
    assert!(first.contains("\n<!-- arena-bench -->\n"), "{first}");
    assert!(first.ends_with("slower"), "{first}");
    let second = posted(b"slower", "abc", "11\\n12\\n");
    let patch = "api --method PATCH repos/owner/name/issues/comments/11 --field body";
    assert!(second.starts_with(patch), "{second}");
}

#[test]
fn a_link_in_place_of_a_comment_is_not_followed() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let place = |name: &str| folder.path().join(name);
    fs::write(place("secret"), "a token").expect("the folder is writable");
    std::os::unix::fs::symlink(place("secret"), place("comment.md")).expect("links can be made");
    let said = Command::new(script("scripts/ci-comment"))
        .arg(folder.path())
        .arg("abc")
        .assert();
    said.code(2).stdout("").stderr(contains("is a link"));
}

#[test]
fn a_commit_that_is_not_the_pull_requests_head_is_not_spoken_of() {
    assert_eq!(posted(b"faster", "def", ""), "");
}

#[test]
fn a_comment_calls_nobody_loads_nothing_and_stays_within_its_length() {
    let said = posted(b"@team ![p](http://a) <IMG src=b>", "abc", "");
    assert!(
        said.contains("&#64;team &#33;[p](http://a) &lt;img src=b>"),
        "{said}"
    );
    // The cut falls into the middle of a character.
    let long = format!("x{}", "\u{e9}".repeat(40_000));
    let said = posted(long.as_bytes(), "abc", "");
    assert!(
        said.len() < 61_000 && said.contains("\u{e9}"),
        "{}",
        said.len()
    );
    let none = posted(b"", "abc", "");
    assert!(none.contains("No comparison could be made"), "{none}");
}
