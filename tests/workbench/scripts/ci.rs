//! What CI runs, where `cargo` and `gh` are stand-ins.

use std::fs;

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::contains;

use super::{CARGO, machine, script};

/// What `ci-publish` finds in place of the program: `history add` adds an entry, and where
/// the file OTHER is named and not there, another job has pushed one of its own meanwhile.
const PUBLISHING: &str = r#"
case " $* " in
*" history add "*)
    for folder; do :; done
    mkdir -p "$folder" && echo mine > "$folder/mine.json"
    if [ -n "${OTHER:-}" ] && [ ! -e "$OTHER" ]; then
        git clone --quiet "$(git remote get-url origin)" "$OTHER" 2>/dev/null
        cd "$OTHER" && git checkout --quiet --orphan bench-history
        mkdir records && echo other > records/other.json
        git add records && git -c user.name=o -c user.email=o@localhost commit --quiet -m other
        git push --quiet origin bench-history
    fi ;;
*" merge "*) echo merged ;;
*" report "*) for site; do :; done; mkdir -p "$site" && ls "$3" > "$site/entries" ;;
esac"#;

/// A clone with the scripts, its origin, and a program that publishes.
struct Publishing {
    folder: tempfile::TempDir,
    programs: tempfile::TempDir,
}

impl Publishing {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let programs = machine(&[CARGO, ("arena-bench", PUBLISHING)]);
        let publishing = Self { folder, programs };
        for place in ["origin", "work/scripts", "work/target/release"] {
            fs::create_dir_all(publishing.path(place)).expect("the folder is writable");
        }
        publishing.git("origin", &["init", "--quiet", "--bare"]);
        publishing.git("work", &["init", "--quiet", "--initial-branch=main"]);
        let origin = publishing.path("origin").display().to_string();
        publishing.git("work", &["remote", "add", "origin", &origin]);
        fs::write(publishing.path("work/file"), "mine").expect("the folder is writable");
        publishing.git("work", &["add", "file"]);
        publishing.git("work", &["commit", "--quiet", "-m", "a commit"]);
        for name in ["ci-publish", "ci-measure", "ci-record", "build"] {
            let name = format!("scripts/{name}");
            let to = publishing.path("work").join(&name);
            fs::copy(script(&name), to).expect("it is there");
        }
        let program = publishing.path("work/target/release/arena-bench");
        let built = publishing.programs.path().join("arena-bench");
        fs::copy(built, program).expect("it can be copied");
        publishing
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn git(&self, place: &str, arguments: &[&str]) -> String {
        let output = std::process::Command::new("git")
            .current_dir(self.path(place))
            .args(["-c", "user.name=me", "-c", "user.email=me@localhost"])
            .args(arguments)
            .output()
            .expect("git is installed");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("names are UTF-8")
    }

    fn script(&self, name: &str, arguments: &[&str]) -> Command {
        let path = std::env::var("PATH").expect("there is a path");
        let mut command = Command::new("/bin/bash");
        command
            .arg(self.path("work/scripts").join(name))
            .args(arguments)
            .env("PATH", format!("{}:{path}", self.programs.path().display()));
        command
    }

    fn publish(&self) -> Command {
        let site = self.path("site").display().to_string();
        self.script(
            "ci-publish",
            &["bench-history", &site, "one.json", "two.json"],
        )
    }

    fn published(&self) -> String {
        self.git(
            "origin",
            &["ls-tree", "-r", "--name-only", "bench-history", "records"],
        )
    }
}

#[test]
fn two_jobs_that_publish_at_the_same_time_lose_nothing() {
    let publishing = Publishing::new();
    let mut publish = publishing.publish();
    publish
        .env("OTHER", publishing.path("other"))
        .assert()
        .success()
        .stderr(contains("has moved on"));
    assert_eq!(
        publishing.published(),
        "records/mine.json\nrecords/other.json\n"
    );
    let entries = fs::read_to_string(publishing.path("site/entries")).expect("it was rendered");
    assert_eq!(entries, "mine.json\nother.json\n");
}

#[test]
fn a_record_is_published_once_however_often_its_job_runs() {
    let publishing = Publishing::new();
    publishing.publish().assert().success();
    let first = publishing.git("origin", &["rev-parse", "bench-history"]);
    publishing
        .publish()
        .assert()
        .success()
        .stderr(contains("is on bench-history already"));
    assert_eq!(
        publishing.git("origin", &["rev-parse", "bench-history"]),
        first
    );
    let attributes = publishing.git("origin", &["show", "bench-history:.gitattributes"]);
    assert_eq!(attributes, "* -text\n");
}

#[test]
fn publishing_changes_no_branch_index_or_file_of_the_clone_whatever_its_settings() {
    let publishing = Publishing::new();
    let hook = publishing.path("work/.git/hooks/pre-commit");
    fs::create_dir_all(hook.parent().expect("a folder")).expect("it can be made");
    for name in [
        "pre-commit",
        "pre-push",
        "post-checkout",
        "reference-transaction",
    ] {
        let hook = hook.with_file_name(name);
        fs::write(&hook, "#!/bin/sh\nexit 3\n").expect("it can be written");
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&hook, executable).expect("it is ours");
    }
    publishing.git(
        "work",
        &["-c", "core.hooksPath=/dev/null", "branch", "bench-history"],
    );
    for (name, value) in [
        ("commit.gpgSign", "true"),
        ("core.autocrlf", "true"),
        ("push.gpgSign", "true"),
    ] {
        publishing.git("work", &["config", name, value]);
    }
    fs::write(publishing.path("work/staged"), "mine").expect("the folder is writable");
    publishing.git("work", &["add", "staged"]);
    let state = || {
        let branches = publishing.git("work", &["for-each-ref", "refs/heads"]);
        branches + &publishing.git("work", &["status", "--porcelain"])
    };
    let before = state();
    let git_dir = publishing.path("work/.git");
    publishing
        .publish()
        .env("GIT_DIR", &git_dir)
        .env("GIT_INDEX_FILE", git_dir.join("index"))
        .assert()
        .success();
    assert_eq!(state(), before);
    assert_eq!(publishing.published(), "records/mine.json\n");
}

#[test]
fn an_origin_that_cannot_be_reached_costs_nothing() {
    let publishing = Publishing::new();
    publishing.git("work", &["branch", "bench-history"]);
    publishing.git(
        "work",
        &["remote", "set-url", "origin", "/no/such/repository"],
    );
    let said = publishing.publish().assert().code(2);
    said.stderr(contains("origin cannot be reached: nothing was published"));
    publishing.git("work", &["rev-parse", "bench-history"]);
}

#[test]
fn a_push_that_is_refused_shows_the_words_of_git() {
    let publishing = Publishing::new();
    let hook = publishing.path("origin/hooks/pre-receive");
    fs::create_dir_all(hook.parent().expect("a folder")).expect("it can be made");
    fs::write(&hook, "#!/bin/sh\necho 'you may not' >&2\nexit 1\n").expect("it can be written");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&hook, executable).expect("it is ours");
    let said = publishing.publish().assert().code(2);
    said.stderr(contains("you may not").and(contains("attempt").not()));
}

#[test]
fn the_site_can_be_rendered_from_the_branch_as_it_is_now() {
    let publishing = Publishing::new();
    publishing.publish().assert().success();
    let (site, program) = (
        publishing.path("again"),
        publishing.path("work/target/release/arena-bench"),
    );
    let before = publishing.git("origin", &["rev-parse", "bench-history"]);
    let (site, program) = (site.display().to_string(), program.display().to_string());
    let mut render = publishing.script("ci-publish", &["--site", "bench-history", &site, &program]);
    render.assert().success();
    let entries = fs::read_to_string(publishing.path("again/entries")).expect("it was rendered");
    assert_eq!(entries, "mine.json\n");
    assert_eq!(
        publishing.git("origin", &["rev-parse", "bench-history"]),
        before
    );
}

#[test]
fn a_whole_record_and_the_shards_of_one_are_recorded() {
    let publishing = Publishing::new();
    let whole = publishing.path("whole.json");
    fs::write(&whole, "{\n  \"cases\": []\n}\n").expect("the folder is writable");
    let (whole, history) = (whole.display().to_string(), publishing.path("history"));
    let (history, site) = (history.display().to_string(), publishing.path("site"));
    let site = site.display().to_string();
    publishing
        .script("ci-record", &[&history, &site, &whole])
        .assert()
        .success()
        .stdout("");
    let record = publishing.path("work/target/ci/record.json");
    assert_eq!(
        fs::read_to_string(&record).expect("it was taken"),
        "{\n  \"cases\": []\n}\n"
    );
    fs::write(&whole, "{\n  \"shard\": \"1/1\"\n}\n").expect("the folder is writable");
    let merged = publishing
        .script("ci-record", &[&history, &site, &whole])
        .assert();
    merged.success().stdout(contains("merged"));
}

#[test]
fn what_cannot_be_done_is_status_2_in_every_script() {
    let broken = machine(&[("cargo", "exit 101"), ("valgrind", "exit 0")]);
    let path = std::env::var("PATH").expect("there is a path");
    let path = format!("{}:{path}", broken.path().display());
    for (name, arguments) in [
        ("build", &[][..]),
        ("ci-gate", &[]),
        ("ci-compare", &["HEAD"]),
        ("ci-record", &["history", "site"]),
        ("ci-measure", &["target/ci/no-record.json"]),
        ("ci-publish", &["bench-history", "site"]),
    ] {
        let mut command = Command::new(script(&format!("scripts/{name}")));
        command.args(arguments).env("PATH", &path);
        command.assert().code(2).stderr(contains("does not build"));
    }
    for name in ["ci-compare", "ci-record", "ci-measure", "ci-publish"] {
        let mut command = Command::new(script(&format!("scripts/{name}")));
        command
            .assert()
            .code(2)
            .stderr(contains(format!("ci-{}", &name[3..])));
    }
    let mut compare = Command::new(script("scripts/ci-compare"));
    compare
        .arg("no-such-commit")
        .assert()
        .code(2)
        .stderr(contains("names no commit"));
}

#[test]
fn the_action_installs_the_program_that_was_asked_for() {
    let machine = machine(&[(
        "cargo",
        r#"echo "$@"; [ "$1" != install ] || exit "${FAILS:-0}""#,
    )]);
    let path = std::env::var("PATH").expect("there is a path");
    let path = format!("{}:{path}", machine.path().display());
    let install = |program: &str, fails: &str| {
        let mut command = Command::new(script("scripts/ci-install"));
        command.args([program, "at"]).env("FAILS", fails);
        command.env("PATH", &path).assert()
    };
    let ours = install("arena-bench", "0").success();
    ours.stdout(contains("--root at").and(contains("benches").not()));
    let framework = "benches/peers --no-default-features --root at";
    install("peers", "0").success().stdout(contains(framework));
    install("peers", "101").code(2);
    install("fidius", "0").code(2).stderr(contains("neither"));
}

#[test]
fn the_gate_does_not_pass_without_valgrind() {
    let mut gate = Command::new("/bin/bash");
    gate.arg(script("scripts/ci-gate"));
    let programs = machine(&[CARGO]);
    for name in ["dirname", "git", "sed", "head"] {
        let found = std::process::Command::new("sh")
            .args(["-c", &format!("command -v {name}")])
            .output();
        let found = String::from_utf8(found.expect("there is a shell").stdout).expect("a path");
        std::os::unix::fs::symlink(found.trim(), programs.path().join(name)).expect("linked");
    }
    let said = gate.env("PATH", programs.path()).assert().code(2);
    said.stderr(contains("valgrind is not installed"));
}

/// What `ci-gate` finds in place of the program: counts of the baseline cannot be compared,
/// and what it is asked to compare with instead is written down.
const GATING: &str = r#"
case $1 in
gate) exit 2 ;;
compare) echo "$3" >compared ;;
esac"#;

#[test]
fn where_the_baselines_commit_was_squashed_the_one_that_brought_it_is_counted() {
    let publishing = Publishing::new();
    let to = publishing.path("work/scripts/ci-gate");
    fs::copy(script("scripts/ci-gate"), to).expect("it is there");
    let stand_in = machine(&[CARGO, ("arena-bench", GATING), ("valgrind", "")]);
    let program = publishing.path("work/target/release/arena-bench");
    fs::copy(stand_in.path().join("arena-bench"), program).expect("it can be copied");
    let accept = |commit: &str| {
        let baseline = publishing.path("work/results/baseline.json");
        fs::create_dir_all(baseline.parent().expect("a folder")).expect("it can be made");
        fs::write(&baseline, format!("{{\n  \"commit\": \"{commit}\"\n}}\n")).expect("written");
        publishing.git("work", &["add", "results"]);
        publishing.git("work", &["commit", "--quiet", "-m", "Accept"]);
        publishing
            .git("work", &["rev-parse", "HEAD"])
            .trim()
            .to_owned()
    };
    let compared = || {
        let path = std::env::var("PATH").expect("there is a path");
        publishing
            .script("ci-gate", &[])
            .env("PATH", format!("{}:{path}", stand_in.path().display()))
            .assert()
            .success();
        let text = fs::read_to_string(publishing.path("work/compared"));
        text.expect("it compared").trim().to_owned()
    };
    let brought = accept(&"d".repeat(40));
    let later = ["commit", "--quiet", "--allow-empty", "-m", "Later"];
    publishing.git("work", &later);
    assert_eq!(compared(), brought);
    // A commit that is there is counted itself.
    accept(&brought);
    assert_eq!(compared(), brought);
}

#[test]
fn a_change_of_the_contract_is_said_and_not_compared() {
    let publishing = Publishing::new();
    let to = publishing.path("work/scripts/ci-compare");
    fs::copy(script("scripts/ci-compare"), to).expect("it is there");
    let message = "A third status\n\nContract-Change: the guest may answer WAIT\n";
    publishing.git(
        "work",
        &["commit", "--quiet", "--allow-empty", "-m", message],
    );
    let output = publishing.path("compared").display().to_string();
    let said = publishing
        .script("ci-compare", &["HEAD~1", &output])
        .assert()
        .success();
    said.stdout(contains("the guest may answer WAIT").and(contains("Nothing was compared")));
    assert!(publishing.path("compared/comment.md").exists());
    // Without the trailer it is compared.
    publishing.git(
        "work",
        &["commit", "--quiet", "--allow-empty", "-m", "Another"],
    );
    let elsewhere = publishing.path("elsewhere").display().to_string();
    publishing
        .script("ci-compare", &["HEAD~1", &elsewhere])
        .assert()
        .failure();
    assert!(publishing.path("elsewhere/compare.json").exists());
}

/// `gh` where the pull request's head is `abc` and one comment of ours stands there, or none.
fn gh(comment: &str) -> String {
    format!(
        r#"
case "$*" in
*"pulls/7 "*) echo abc ;;
*graphql*) echo 'our-bot[bot]' ;;
*"issues/7/comments --paginate"*) case "$*" in *'"our-bot"'*) printf '{comment}' ;; esac ;;
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

#[test]
fn a_comment_has_what_the_gate_found() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let place = |name: &str| folder.path().join(name);
    fs::write(place("comment.md"), "nothing changed\n").expect("the folder is writable");
    fs::write(place("gate.md"), "1 regression: @u64\n").expect("the folder is writable");
    let said = Command::new(script("scripts/ci-comment"))
        .arg(folder.path())
        .arg("abc")
        .assert();
    said.success()
        .stdout(contains("nothing changed\n\n1 regression: &#64;u64"));
}

/// Status and output of `ci-alert` where `history changes` ends so, and what gh was asked.
fn alert(changes: i32, arguments: &[&str], open: &str) -> (Option<i32>, String, String) {
    let program = format!("echo drain/u64/arena; exit {changes}");
    let gh =
        format!("echo \"$*\" >>\"$LOG\"; case \"$*\" in *\"issue list\"*) printf '{open}' ;; esac");
    let machine = machine(&[
        (
            "git",
            "case $1 in archive) tar -c --files-from /dev/null ;; esac",
        ),
        ("program", &program),
        ("gh", &gh),
    ]);
    let path = std::env::var("PATH").expect("there is a path");
    let log = machine.path().join("log");
    let output = Command::new(script("scripts/ci-alert"))
        .arg("bench-history")
        .arg(machine.path().join("program"))
        .args(arguments)
        .env("PATH", format!("{}:{path}", machine.path().display()))
        .env("LOG", &log)
        .env_remove("GITHUB_STEP_SUMMARY")
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let asked = fs::read_to_string(log).unwrap_or_default();
    (output.status.code(), said, asked)
}

#[test]
fn a_regression_on_the_main_branch_fails_the_job_or_opens_one_issue() {
    let (code, said, asked) = alert(0, &[], "");
    assert_eq!((code, asked.as_str()), (Some(0), ""), "{said}");
    let (code, said, _) = alert(1, &[], "");
    assert_eq!(code, Some(1));
    let heading = "## Performance regression on the main branch";
    assert!(
        said.contains(heading) && said.contains("drain/u64/arena"),
        "{said}"
    );
    let (code, _, asked) = alert(1, &["owner/name"], "");
    assert_eq!(code, Some(0));
    assert!(asked.contains("issue create --repo owner/name"), "{asked}");
    let (_, _, asked) = alert(1, &["owner/name"], "12");
    assert!(
        asked.contains("issue comment 12") && !asked.contains("create"),
        "{asked}"
    );
    assert_eq!(alert(2, &[], "").0, Some(2), "it could not be told");
}
