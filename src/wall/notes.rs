//! What a target of criterion notes for whoever started it: the case that it is at, and
//! that it came to its end. Code of a guest runs in it, so its exit status alone says
//! nothing: a guest may leave with status 0.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::thread::sleep;
use std::time::{Duration, Instant};

use paired::temporary::Temporary;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::case::Case;

/// Environment variable: the file for the notes. Without it, a target starts itself with
/// one and looks after what it started.
const NOTES: &str = "ARENA_BENCH_NOTES";
/// The note at the end.
const DONE: &str = "done";
/// How often a target with a time limit is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// The target's side.
#[derive(Debug)]
pub struct Notes(File);

impl Notes {
    /// Where this process is to take notes; `None` if nobody reads them.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn wanted() -> io::Result<Option<Self>> {
        let Some(path) = env::var_os(NOTES) else {
            return Ok(None);
        };
        // It ends with the process that reads the notes.
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
        let file = OpenOptions::new().append(true).open(path)?;
        Ok(Some(Self(file)))
    }

    /// From now on it is at this case.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn case(&mut self, case: &Case) -> io::Result<()> {
        writeln!(self.0, "{}", case.id())
    }

    /// It came to its end.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn done(&mut self) -> io::Result<()> {
        writeln!(self.0, "{DONE}")
    }
}

/// A target that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// Id of the case that it was at.
    pub case: Option<String>,
    /// How it ended.
    pub why: String,
    /// The same as an exit status, if it was one of a failure.
    pub code: Option<i32>,
}

/// What is done while a target runs.
pub struct Watch<'a> {
    /// A target that notes nothing new for so long is killed, with the processes of its group.
    pub limit: Duration,
    /// Called for each case that is done.
    pub done: &'a mut dyn FnMut(),
}

/// Starts a target and waits for it.
///
/// # Errors
/// When it cannot be started.
pub fn look_after(
    target: &mut Command,
    watch: Option<Watch<'_>>,
) -> io::Result<Result<(), Failed>> {
    let folder = Temporary::new(crate::PRODUCT, &env::temp_dir())?;
    let notes = folder.path().join("notes");
    File::create(&notes)?;
    target.env(NOTES, &notes);
    let limit = watch.as_ref().map(|watch| watch.limit);
    let status = match watch {
        None => Some(target.status()?),
        Some(watch) => wait(&mut target.process_group(0).spawn()?, &notes, watch)?,
    };
    let text = fs::read_to_string(&notes).unwrap_or_default();
    Ok(match (status, limit) {
        (Some(status), _) => outcome(status, &text),
        (None, limit) => Err(Failed {
            case: case_of(&text),
            why: format!(
                "hung: killed after {:.0} s without a sign of progress",
                limit.unwrap_or_default().as_secs_f64()
            ),
            code: None,
        }),
    })
}

/// Waits for a target; nothing if it was killed because its notes stayed as they were.
fn wait(target: &mut Child, notes: &Path, watch: Watch<'_>) -> io::Result<Option<ExitStatus>> {
    let length = || fs::metadata(notes).map_or(0, |found| found.len());
    // The first note begins the first case, each later one ends a case.
    let ended = || fs::read_to_string(notes).map_or(0, |text| text.lines().count().max(1) - 1);
    let (mut known, mut since, mut done) = (0, Instant::now(), 0);
    loop {
        let status = target.try_wait()?;
        if length() != known {
            (known, since) = (length(), Instant::now());
            let ended = ended();
            (done..ended).for_each(|_| (watch.done)());
            done = ended;
        }
        if status.is_some() {
            return Ok(status);
        }
        if since.elapsed() > watch.limit {
            let _ = kill_process_group(Pid::from_child(target), Signal::KILL);
            target.kill()?;
            target.wait()?;
            return Ok(None);
        }
        sleep(LOOK);
    }
}

/// The case that a target was at.
fn case_of(notes: &str) -> Option<String> {
    let last = notes.lines().next_back();
    last.filter(|&last| last != DONE).map(str::to_owned)
}

fn outcome(status: ExitStatus, notes: &str) -> Result<(), Failed> {
    let is_done = notes.lines().next_back() == Some(DONE);
    if status.success() && is_done {
        return Ok(());
    }
    let why = match status.success() {
        true => "the guest ended its process before the end (exit status: 0)".to_owned(),
        false => status.to_string(),
    };
    Err(Failed {
        case: case_of(notes),
        why,
        code: status.code().filter(|&code| code != 0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(script: &str) -> Result<(), Failed> {
        let mut command = Command::new("sh");
        look_after(command.args(["-c", script]), None).expect("it starts")
    }

    #[test]
    fn a_target_has_succeeded_only_if_it_came_to_its_end() {
        assert_eq!(
            target("echo a >>$ARENA_BENCH_NOTES; echo done >>$ARENA_BENCH_NOTES"),
            Ok(())
        );
        let left = target("echo a >>$ARENA_BENCH_NOTES; exit 0").expect_err("it left");
        assert_eq!((left.case.as_deref(), left.code), (Some("a"), None));
        assert!(left.why.contains("before the end"), "{}", left.why);
        let killed = target("echo b >>$ARENA_BENCH_NOTES; kill -SEGV $$").expect_err("killed");
        assert_eq!((killed.case.as_deref(), killed.code), (Some("b"), None));
        let late = target("echo done >>$ARENA_BENCH_NOTES; exit 2").expect_err("it failed");
        assert_eq!((late.case, late.code), (None, Some(2)));
    }

    #[test]
    fn a_case_is_done_when_the_next_one_or_the_end_is_noted() {
        let mut cases = 0;
        let watch = Watch {
            limit: crate::PROCESS_LIMIT,
            done: &mut || cases += 1,
        };
        let script = "for note in a b c done; do echo $note >>$ARENA_BENCH_NOTES; done";
        let outcome = look_after(Command::new("sh").args(["-c", script]), Some(watch));
        assert_eq!(outcome.expect("it starts"), Ok(()));
        assert_eq!(cases, 3);
    }
}
