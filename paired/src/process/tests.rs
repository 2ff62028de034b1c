//! What the executor makes of processes that misbehave.

use std::path::Path;

use serde_json::json;

use super::super::draw::Draw;
use super::super::job::ArmJob;
use super::*;

/// Processes that run a shell script.
fn script(folder: &Path, body: &str, limit: Duration) -> Processes {
    let path = folder.join("child.sh");
    // Written by another process: a file that this one holds open for writing
    // while a test beside it forks cannot be executed.
    let written = Command::new("sh")
        .args([
            "-c",
            r#"printf '#!/bin/sh\n%s\n' "$1" > "$2" && chmod +x "$2""#,
            "sh",
            body,
        ])
        .arg(&path)
        .status()
        .expect("there is a shell");
    assert!(written.success());
    Processes {
        executable: path,
        limit,
        lasting: Copies::new().expect("a temporary folder"),
    }
}

fn job(library: &Path, fresh_copies: bool) -> Job {
    let arm = |copy| ArmJob {
        libraries: vec![library.to_owned()],
        copy,
        workload: json!(null),
        items: 1,
    };
    Job {
        arms: vec![arm(0), arm(1)],
        warmup: 0,
        rounds: 1,
        fresh_copies,
        draw: Draw::default(),
    }
}

fn run(body: &str, limit: Duration) -> Result<Times, ExecuteError> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let library = folder.path().join("library.so");
    fs::write(&library, "a library").expect("written");
    script(folder.path(), body, limit).execute(&job(&library, false))
}

const PATIENT: Duration = Duration::from_secs(60);

#[test]
fn the_answer_of_a_process_is_its_times() {
    let times = run(
        r#"cat > /dev/null; echo '{"Times":{"rounds":[[1,2],[3,4]],"clock_step_ns":1}}'"#,
        PATIENT,
    );
    assert_eq!(times.expect("it answers").rounds, [[1, 2], [3, 4]]);
}

#[test]
fn a_process_that_hangs_is_killed_and_its_stderr_shown() {
    let hung = run("echo waiting >&2; exec sleep 600", Duration::from_secs(3));
    let error = hung.expect_err("it hangs");
    assert!(matches!(error, ExecuteError::TimedOut { .. }), "{error}");
    assert!(error.to_string().contains("waiting"), "{error}");
    let answered = r#"cat > /dev/null; echo '{"Times":{"rounds":[[1,2]],"clock_step_ns":1}}'; exec sleep 600 >&- 2>&-"#;
    let error = run(answered, Duration::from_secs(3)).expect_err("it hangs at its end");
    assert!(matches!(error, ExecuteError::TimedOut { .. }), "{error}");
}

#[test]
fn a_process_that_crashes_is_told_by_its_signal_and_its_stderr() {
    let error = run("echo oops >&2; kill -SEGV $$", PATIENT).expect_err("it crashes");
    let text = error.to_string();
    assert!(
        text.contains("signal: 11") && text.contains("oops"),
        "{text}"
    );
    let error = run("cat > /dev/null; echo nonsense; exit 3", PATIENT).expect_err("no answer");
    assert!(error.to_string().contains("exit status: 3"), "{error}");
}

#[test]
fn a_process_that_says_why_it_cannot_is_quoted() {
    let error = run(
        r#"cat > /dev/null; echo '{"Failed":"no such stream"}'; exit 1"#,
        PATIENT,
    );
    assert_eq!(error.expect_err("it refuses").to_string(), "no such stream");
}

#[test]
fn an_executable_that_is_not_there_is_an_error() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut processes = script(folder.path(), "", PATIENT);
    processes.executable = folder.path().join("missing");
    let library = folder.path().join("child.sh");
    let error = processes.execute(&job(&library, false));
    assert!(
        error
            .expect_err("it is missing")
            .to_string()
            .contains("starting")
    );
}

#[test]
fn arms_that_ask_for_another_copy_get_another_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let library = folder.path().join("library.so");
    fs::write(&library, "a library").expect("written");
    let seen = folder.path().join("job.json");
    let body = format!(
        r#"cat >> '{}'; echo '{{"Times":{{"rounds":[[1,1]],"clock_step_ns":1}}}}'"#,
        seen.display()
    );
    let mut processes = script(folder.path(), &body, PATIENT);
    for fresh in [false, false, true] {
        processes
            .execute(&job(&library, fresh))
            .expect("it answers");
    }
    let text = fs::read_to_string(&seen).expect("jobs came");
    let jobs: Vec<Job> = serde_json::Deserializer::from_str(&text)
        .into_iter()
        .map(|job| job.expect("a job"))
        .collect();
    let file = |job: usize, arm: usize| &jobs[job].arms[arm].libraries[0];
    assert_eq!(file(0, 0), &library, "a first copy is the file itself");
    assert_ne!(file(0, 1), &library);
    assert_eq!(file(0, 1), file(1, 1), "a second copy lasts");
    assert_ne!(file(2, 0), file(2, 1));
    assert!(
        file(2, 0) != &library && file(2, 1) != file(1, 1),
        "fresh ones do not"
    );
}

#[test]
fn a_process_that_never_reads_its_job_is_killed_as_well() {
    let large = Job {
        arms: vec![job(Path::new("library.so"), false).arms[0].clone(); 4_000],
        ..job(Path::new("library.so"), false)
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut hangs = script(folder.path(), "exec sleep 600", Duration::from_secs(3));
    let error = hangs.execute(&large).expect_err("it hangs");
    assert!(matches!(error, ExecuteError::TimedOut { .. }), "{error}");
}

#[test]
fn folders_of_processes_that_are_gone_are_removed_and_no_others() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let own = format!("{PREFIX}{}-x", std::process::id());
    // Beyond the largest number that a process can have.
    let gone = format!("{PREFIX}4194305-x");
    let names = [own.as_str(), gone.as_str(), "arena-bench-notes", "other"];
    for name in names {
        fs::create_dir(folder.path().join(name)).expect("it can be made");
    }
    sweep(folder.path());
    let left: Vec<bool> = names.map(|name| folder.path().join(name).exists()).into();
    assert_eq!(left, [true, false, true, true]);
}
