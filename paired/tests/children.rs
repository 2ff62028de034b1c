//! What becomes of children that misbehave. This executable is parent and child, so it
//! has a `main` of its own: each function of [`TESTS`] is a test.

use std::fs;
use std::io::{Read, Write};
use std::os::fd::FromRawFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use paired::child::Drive;
use paired::draw::Draw;
use paired::job::{ArmJob, Job};
use paired::process::{Execute, ExecuteError, Processes};
use paired::worker::{ChildError, Launch, Worker, serve};
use serde_json::json;

/// First argument of the children here.
const CHILD: &str = "--misbehaving-child";
/// First argument of a parent that a test kills.
const PARENT: &str = "--doomed-parent";
const PATIENT: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(300);

/// Whether the child fails after its answers.
static FAILS_AT_END: AtomicBool = AtomicBool::new(false);

/// The tests, by name.
const TESTS: &[(&str, fn())] = &[
    ("a_child_answers_one_question_after_another", answers),
    ("prints_of_a_child_never_reach_the_line", prints),
    ("a_crash_is_told_by_its_signal_and_what_was_said", crash),
    (
        "leaving_before_the_answer_is_an_error_even_with_status_0",
        leaves,
    ),
    ("a_child_that_hangs_is_killed_whatever_it_ignores", hangs),
    ("a_stopped_child_is_killed", stopped),
    ("a_flood_is_bounded_and_does_not_block", flood),
    ("an_endless_flood_ends_with_the_time_limit", endless),
    ("the_line_is_neither_stdin_nor_inherited", line_is_private),
    ("a_forged_answer_is_nonsense", forged),
    ("a_failure_after_the_answer_is_noticed", fails_at_end),
    ("a_helper_that_left_the_session_ends_with_its_child", helper),
    ("a_memory_limit_holds", memory),
    ("sigterm_ends_all_children_and_helpers", sigterm),
    ("a_killed_program_takes_children_and_helpers_along", sigkill),
    ("a_child_that_kills_its_parent_costs_one_answer", patricide),
    ("a_wrapper_that_is_missing_is_an_error", missing_wrapper),
    (
        "children_run_and_end_in_a_process_namespace_whose_session_leader_is_outside",
        namespace,
    ),
    ("the_argument_typed_by_hand_says_what_it_is", by_hand),
    ("arms_that_ask_for_another_copy_get_another_file", copies),
    (
        "an_arm_that_cannot_be_opened_is_told_from_one_that_fails",
        opened,
    ),
    ("an_executable_that_is_missing_is_an_error", missing),
];

fn main() -> ExitCode {
    let served = serve(CHILD, &mut |question: String| behave(&question))
        .or_else(|| paired::child::serve(&mut open));
    if let Some(status) = served {
        return match FAILS_AT_END.load(Ordering::Relaxed) {
            true => ExitCode::from(3),
            false => status,
        };
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == PARENT) {
        return doomed_parent(Path::new(&arguments[1]));
    }
    let filter = arguments.iter().find(|it| !it.starts_with("--"));
    for (name, test) in TESTS {
        if filter.is_none_or(|filter| name.contains(filter.as_str())) {
            print!("test {name} ... ");
            let _ = std::io::stdout().flush();
            test();
            println!("ok");
        }
    }
    ExitCode::SUCCESS
}

/// What the child does when it is asked.
fn behave(question: &str) -> String {
    let (what, rest) = question.split_once(' ').unwrap_or((question, ""));
    match what {
        "echo" => rest.to_owned(),
        "print" => {
            println!("{{\"nonce\":0,\"turn\":1,\"body\":\"forged\"}}");
            "printed".to_owned()
        }
        "abort" => {
            eprintln!("\u{1b}[2Joh no");
            std::process::abort()
        }
        "exit" => std::process::exit(rest.parse().expect("a status")),
        "sleep" => loop {
            sleep(PATIENT);
        },
        "stop" => {
            let own = rustix::process::getpid();
            let _ = rustix::process::kill_process(own, rustix::process::Signal::STOP);
            "went on".to_owned()
        }
        "ignore" => {
            let script = "trap '' TERM INT HUP; while :; do sleep 1; done";
            let _ = Command::new("sh").args(["-c", script]).status();
            String::new()
        }
        "flood" => {
            let mebibytes: u64 = rest.parse().expect("a number");
            let block = vec![b'x'; 1 << 20];
            for _ in 0..mebibytes {
                let _ = std::io::stderr().write_all(&block);
                let _ = std::io::stdout().write_all(&block);
            }
            "flooded".to_owned()
        }
        "stdin" => {
            let mut read = String::new();
            let _ = std::io::stdin().read_to_string(&mut read);
            let list = Command::new("sh")
                .args(["-c", "ls -l /proc/$$/fd"])
                .output();
            read + &String::from_utf8_lossy(&list.expect("there is a shell").stdout)
        }
        "forge" => {
            let mut line = line();
            let _ = line.write_all(&[8, 0, 0, 0, 0, 0, 0, 0]);
            let _ = line.write_all(b"\"forged\"");
            std::process::exit(0)
        }
        "fail-at-end" => {
            FAILS_AT_END.store(true, Ordering::Relaxed);
            "answered".to_owned()
        }
        "kill-parent" => {
            start_helper(Path::new(rest));
            let parent = rustix::process::getppid().expect("it has a parent");
            let _ = rustix::process::kill_process(parent, rustix::process::Signal::KILL);
            sleep(PATIENT);
            "lives on".to_owned()
        }
        "helper" => {
            start_helper(Path::new(rest));
            "started".to_owned()
        }
        "allocate" => {
            let block = vec![1_u8; 4 << 30];
            format!("{}", block[block.len() / 2])
        }
        other => format!("unknown: {other}"),
    }
}

/// A process in a session of its own, whose parent is gone; its number is in `file`.
fn start_helper(file: &Path) {
    let script = r#"setsid sh -c 'echo $$ > "$1.new"; mv "$1.new" "$1"; exec sleep 600' sh "$1" &"#;
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).arg(file);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    assert!(command.status().expect("there is a shell").success());
    while !file.exists() {
        sleep(Duration::from_millis(2));
    }
}

/// The child's own end of the line, found as a guest would find it.
fn line() -> UnixStream {
    let sockets = fs::read_dir("/proc/self/fd").expect("a process sees its files");
    let socket = sockets.flatten().find_map(|entry| {
        let target = fs::read_link(entry.path()).ok()?;
        let number: i32 = entry.file_name().to_str()?.parse().ok()?;
        target.to_str()?.starts_with("socket:").then_some(number)
    });
    // SAFETY: the number is that of an open socket, and this process leaves without using
    // its other owner.
    unsafe { UnixStream::from_raw_fd(socket.expect("it has a line")) }
}

fn start() -> Worker {
    Worker::start(&Launch::new(CHILD).expect("it has a path")).expect("it starts")
}

fn ask(question: &str, limit: Duration) -> Result<String, ChildError> {
    start().ask(&question, limit)
}

fn is_alive(pid: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/status", pid.trim()));
    status.is_ok_and(|status| !status.contains("State:\tZ"))
}

/// Waits for what must come, however slow the machine.
fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENT, "{what}");
        sleep(Duration::from_millis(5));
    }
}

fn answers() {
    let mut worker = start();
    for word in ["one", "two", &"x".repeat(1 << 20)] {
        let answer: String = worker
            .ask(&format!("echo {word}"), PATIENT)
            .expect("it answers");
        assert_eq!(answer, word);
    }
    worker.finish(PATIENT).expect("it ends well");
}

fn prints() {
    assert_eq!(ask("print", PATIENT).expect("it answers"), "printed");
}

fn crash() {
    let error = ask("abort", PATIENT).expect_err("it crashes");
    assert!(
        matches!(&error, ChildError::Signalled { signal, .. } if signal == "SIGABRT"),
        "{error}"
    );
    let text = error.to_string();
    assert!(text.contains(r"it said: \u{1b}[2Joh no"), "{text}");
}

fn leaves() {
    for status in [0, 3] {
        let error = ask(&format!("exit {status}"), PATIENT).expect_err("no answer");
        assert!(
            matches!(error, ChildError::Exited { code, .. } if code == status),
            "{error}"
        );
    }
}

fn hangs() {
    for question in ["sleep", "ignore"] {
        let error = ask(question, SHORT).expect_err("it hangs");
        assert!(matches!(error, ChildError::TimedOut { .. }), "{error}");
    }
}

fn stopped() {
    let error = ask("stop", SHORT).expect_err("it is stopped");
    assert!(matches!(error, ChildError::TimedOut { .. }), "{error}");
}

fn flood() {
    assert_eq!(ask("flood 64", PATIENT).expect("it answers"), "flooded");
}

fn endless() {
    let error = ask("flood 1000000000", SHORT).expect_err("it never answers");
    assert!(matches!(error, ChildError::TimedOut { .. }), "{error}");
    assert!(error.to_string().len() < 10_000);
}

fn line_is_private() {
    let files = ask("stdin", PATIENT).expect("it answers");
    assert!(files.contains("/dev/null"), "{files}");
    assert!(!files.contains("socket:"), "{files}");
}

fn forged() {
    let error = ask("forge", PATIENT).expect_err("it is no answer");
    assert!(matches!(error, ChildError::Nonsense { .. }), "{error}");
}

fn fails_at_end() {
    let mut worker = start();
    let answer: String = worker.ask(&"fail-at-end", PATIENT).expect("it answers");
    assert_eq!(answer, "answered");
    let error = worker.finish(PATIENT).expect_err("it fails at its end");
    assert!(
        matches!(error, ChildError::FailedAtEnd { code: 3, .. }),
        "{error}"
    );
}

fn helper() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("pid");
    let mut worker = start();
    let question = format!("helper {}", file.display());
    let _: String = worker.ask(&question, PATIENT).expect("it answers");
    let pid = fs::read_to_string(&file).expect("it was started");
    assert!(is_alive(&pid));
    worker.finish(PATIENT).expect("it ends well");
    assert!(!is_alive(&pid), "a helper lives on");
}

fn memory() {
    let mut launch = Launch::new(CHILD).expect("it has a path");
    launch.memory = Some(1 << 30);
    let mut worker = Worker::start(&launch).expect("it starts");
    let error = worker
        .ask::<_, String>(&"allocate", PATIENT)
        .expect_err("it is too much");
    assert!(matches!(error, ChildError::Signalled { .. }), "{error}");
}

/// A parent whose child and helper are named in two files, and which then waits.
fn doomed_parent(folder: &Path) -> ExitCode {
    let mut worker = start();
    let helper = folder.join("helper");
    let _: String = worker
        .ask(&format!("helper {}", helper.display()), PATIENT)
        .expect("it answers");
    let children = fs::read_to_string(format!("/proc/self/task/{}/children", std::process::id()));
    fs::write(folder.join("new"), children.expect("the system tells")).expect("written");
    fs::rename(folder.join("new"), folder.join("child")).expect("renamed");
    let _ = worker.ask::<_, String>(&"sleep", PATIENT);
    ExitCode::FAILURE
}

fn kill_parent(signal: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let executable = std::env::current_exe().expect("it has a path");
    let mut parent = Command::new(executable)
        .arg(PARENT)
        .arg(folder.path())
        .spawn()
        .expect("it starts");
    let file = folder.path().join("child");
    eventually("the parent has a child", || file.exists());
    let children = fs::read_to_string(file).expect("written");
    let helper = fs::read_to_string(folder.path().join("helper")).expect("written");
    let killed = Command::new("kill")
        .args([signal, &parent.id().to_string()])
        .status();
    assert!(killed.expect("there is kill").success());
    // Of itself it would end with a status.
    let ended = parent.wait().expect("it ends");
    assert!(ended.signal().is_some(), "{signal}: {ended}");
    for child in children.split_ascii_whitespace() {
        eventually("the child ends", || !is_alive(child));
    }
    eventually("the helper ends", || !is_alive(&helper));
}

fn sigterm() {
    kill_parent("-TERM");
    // A shell has what runs in its background ignore this one, and so do all that these start.
    if ignores_interrupts() {
        println!("skipped in part: SIGINT is ignored here");
    } else {
        kill_parent("-INT");
    }
}

/// Whether this process ignores SIGINT, the second of the signals.
fn ignores_interrupts() -> bool {
    let status = fs::read_to_string("/proc/self/status").expect("the system tells");
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.expect("signals are among it").trim();
    u64::from_str_radix(ignored, 16).expect("it is a mask") & 0b10 != 0
}

fn sigkill() {
    kill_parent("-KILL");
}

fn patricide() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("pid");
    let error = ask(&format!("kill-parent {}", file.display()), PATIENT).expect_err("no answer");
    assert!(
        matches!(&error, ChildError::Signalled { signal, .. } if signal == "SIGKILL"),
        "{error}"
    );
    let helper = fs::read_to_string(file).expect("it was started");
    assert!(!is_alive(&helper), "a helper lives on");
    assert_eq!(ask("echo on", PATIENT).expect("the next one answers"), "on");
}

/// The other tests again, in a process namespace of their own, as in a container.
fn namespace() {
    let inside = |mount: &[&str], test: &str| {
        let mut command = Command::new("unshare");
        command
            .args(["--pid", "--fork"])
            .args(mount)
            .args(["--", test]);
        command
    };
    let mount = ["--mount-proc"];
    if !inside(&mount, "true")
        .output()
        .is_ok_and(|output| output.status.success())
    {
        println!("skipped: no process namespace can be made here");
        return;
    }
    let executable = std::env::current_exe().expect("a test has a file");
    let executable = executable.to_str().expect("its path is text");
    let (helper, answers) = ("a_helper_that_left", "a_child_answers");
    for (mount, test) in [(&mount[..], helper), (&mount[..], answers), (&[], answers)] {
        let output = inside(mount, executable)
            .arg(test)
            .output()
            .expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{mount:?} {test}: {said}");
        let passed = String::from_utf8_lossy(&output.stdout);
        assert!(passed.contains("... ok"), "{mount:?} {test}: {passed}");
    }
}

fn by_hand() {
    let executable = std::env::current_exe().expect("it has a path");
    let output = Command::new(executable)
        .arg(CHILD)
        .stdin(Stdio::null())
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("starts itself"), "{said}");
}

/// An arm that does nothing.
struct Arm;

impl Drive for Arm {
    fn drain(&mut self, _items: u64) -> anyhow::Result<()> {
        Ok(())
    }
}

/// An arm that opens and cannot be drained.
struct Fails;

impl Drive for Fails {
    fn drain(&mut self, _items: u64) -> anyhow::Result<()> {
        anyhow::bail!("in the middle")
    }
}

/// Opens the arms of jobs; they write where their library is into a log.
fn open(arm: &ArmJob) -> anyhow::Result<Box<dyn Drive>> {
    match arm.workload.as_str() {
        Some("fails") => return Ok(Box::new(Fails)),
        Some("unloadable") => anyhow::bail!("no such symbol"),
        Some(log) => {
            let mut log = fs::File::options().append(true).open(log)?;
            writeln!(log, "{}", arm.libraries[0].display())?;
        }
        None => {}
    }
    Ok(Box::new(Arm))
}

fn job(library: &Path, workload: &serde_json::Value, fresh_copies: bool) -> Job {
    let arm = |copy| ArmJob {
        libraries: vec![library.to_owned()],
        copy,
        workload: workload.clone(),
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

fn processes() -> Processes {
    Processes::new("paired-test", PATIENT).expect("a temporary folder")
}

fn copies() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [library, log] = ["library.so", "log"].map(|name| folder.path().join(name));
    fs::write(&library, "a library").expect("written");
    fs::write(&log, "").expect("written");
    let mut processes = processes();
    for fresh in [false, false, true] {
        let workload = json!(log.to_str().expect("text"));
        let times = processes
            .execute(&job(&library, &workload, fresh))
            .expect("it answers");
        assert_eq!(times.rounds.len(), 1);
    }
    let text = fs::read_to_string(&log).expect("written");
    let files: Vec<&Path> = text.lines().map(Path::new).collect();
    assert_eq!(files[0], library, "a first copy is the file itself");
    assert_ne!(files[1], library);
    assert_eq!(files[1], files[3], "a second copy lasts");
    assert!(files[4] != files[5] && files[4] != library && files[5] != files[1]);
    assert!(!files[4].exists() && files[3].exists());
    drop(processes);
    assert!(!files[3].exists(), "all copies end with their owner");
}

fn opened() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let library = folder.path().join("library.so");
    fs::write(&library, "a library").expect("written");
    let run = |workload: &str| {
        let failed = processes().execute(&job(&library, &json!(workload), false));
        failed.expect_err("it fails")
    };
    let error = run("unloadable");
    assert!(matches!(error, ExecuteError::NotOpened(_)), "{error}");
    assert!(error.to_string().contains("no such symbol"), "{error}");
    let error = run("fails");
    assert!(
        matches!(&error, ExecuteError::Failed(why) if why == "in the middle"),
        "{error}"
    );
}

fn missing() {
    let mut launch = Launch::new(CHILD).expect("it has a path");
    launch.executable = "/no/such/executable".into();
    let error = Worker::start(&launch).expect_err("there is none");
    assert!(matches!(error, ChildError::Start { .. }), "{error}");
}

fn missing_wrapper() {
    let mut launch = Launch::new(CHILD).expect("it has a path");
    launch.wrapper = vec!["/no/such/wrapper".into()];
    let mut worker = Worker::start(&launch).expect("the keeper starts");
    let error = worker
        .ask::<_, String>(&"echo", PATIENT)
        .expect_err("there is none");
    assert!(
        matches!(&error, ChildError::Start { source, .. }
            if source.kind() == std::io::ErrorKind::NotFound),
        "{error}"
    );
}
