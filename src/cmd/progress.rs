//! One status line on a terminal, with the time left; elsewhere a line now and then.

use std::cell::Cell;
use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use paired::job::{Job, Times};
use paired::process::{Execute, ExecuteError, Processes};

use crate::PROCESS_LIMIT;

/// Time between two lines where there is no terminal.
const SILENCE: Duration = Duration::from_secs(30);
/// Work that is shorter shows no bar.
const PATIENCE: Duration = Duration::from_secs(2);

/// The least part of the work that says how long the rest takes: the first steps also start
/// what does the work.
const TELLING: f64 = 0.1;

/// The progress of one piece of work; it is gone when dropped.
///
/// It is drawn between measurements only, by [`Progress::tick`]: printing while a
/// measurement runs would cost it a percent.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    /// When the last line was said where there is no terminal, since the beginning.
    said: Cell<Duration>,
}

impl Progress {
    /// Work of `steps` steps, described by `what`.
    pub fn new(what: &str, steps: u64) -> Self {
        Self::with_template("{msg}, {pos} of {len}, {eta} left", what, steps)
    }

    /// Work that takes about so long, of steps that are not counted.
    pub fn of_time(what: &str, expected: Duration) -> Self {
        let milliseconds = expected.as_millis() as u64;
        Self::with_template("{msg}, {eta} left", what, milliseconds)
    }

    fn with_template(template: &str, what: &str, length: u64) -> Self {
        let style = ProgressStyle::with_template(template).expect("the templates are constant");
        let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::hidden())
            .with_style(style)
            .with_message(what.to_owned());
        Self {
            bar,
            said: Cell::default(),
        }
    }

    /// One step is done.
    pub fn tick(&self) {
        self.bar.inc(1);
        self.show();
    }

    /// Time has passed; work that takes longer than expected stays at its end.
    fn pass(&self) {
        let milliseconds = self.bar.elapsed().as_millis() as u64;
        let end = self.bar.length().unwrap_or(milliseconds);
        self.bar.set_position(milliseconds.min(end));
        self.show();
    }

    /// What is being done now.
    pub fn say(&self, what: &str) {
        self.bar.set_message(what.to_owned());
    }

    /// Says something else, on lines of its own.
    pub fn aside(&self, say: impl FnOnce()) {
        self.bar.suspend(say);
    }

    fn show(&self) {
        if !io::stderr().is_terminal() {
            self.say_now_and_then();
        } else if self.bar.is_hidden() && self.bar.elapsed() > PATIENCE {
            self.bar
                .set_draw_target(ProgressDrawTarget::stderr_with_hz(2));
        }
    }

    fn say_now_and_then(&self) {
        let elapsed = self.bar.elapsed();
        if elapsed.saturating_sub(self.said.get()) >= SILENCE {
            self.said.set(elapsed);
            notice!("arena-bench: {}", self.status());
        }
    }

    /// What is being done and how long it still takes: `2 of 4: ladder, 40 seconds left`.
    fn status(&self) -> String {
        let (done, all) = (self.bar.position(), self.bar.length().unwrap_or(0));
        // In proportion to what is done: the bar's own estimate needs it to be drawn.
        let part = done as f64 / all.max(1) as f64;
        let left = match part < TELLING {
            true => String::new(),
            false => {
                let left = self.bar.elapsed().mul_f64(1.0 / part - 1.0);
                format!(", {} left", HumanDuration(left))
            }
        };
        format!("{}{left}", self.bar.message())
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// An executor that shows after each of its processes how far the time is.
pub struct Shown<'a, E> {
    pub execute: E,
    pub progress: &'a Progress,
}

impl<'a> Shown<'a, Processes> {
    /// Shows this program's measuring processes.
    pub fn new(progress: &'a Progress) -> Result<Self, ExecuteError> {
        let execute = Processes::new(crate::PRODUCT, PROCESS_LIMIT)?;
        Ok(Self { execute, progress })
    }
}

impl<E: Execute> Execute for Shown<'_, E> {
    fn execute(&mut self, job: &Job) -> Result<Times, ExecuteError> {
        let rows = self.execute.execute(job);
        self.progress.pass();
        rows
    }
}

#[cfg(test)]
mod tests {
    use std::thread::sleep;

    use super::*;
    use paired::draw::Draw;

    /// Takes a while, and knows no job.
    struct Slow;

    impl Execute for Slow {
        fn execute(&mut self, _: &Job) -> Result<Times, ExecuteError> {
            sleep(Duration::from_millis(5));
            Ok(Times {
                rounds: vec![vec![7]],
                clock_step_ns: 1,
            })
        }
    }

    fn job() -> Job {
        Job {
            arms: Vec::new(),
            warmup: 0,
            rounds: 1,
            fresh_copies: false,
            draw: Draw::new(&mut rand::rng(), 1),
        }
    }

    #[test]
    fn each_process_moves_the_bar_by_its_time_and_changes_nothing_of_what_it_measured() {
        let progress = Progress::of_time("", Duration::from_secs(3600));
        let (execute, progress) = (Slow, &progress);
        let mut shown = Shown { execute, progress };
        assert_eq!(
            shown.execute(&job()).expect("it knows no failure").rounds,
            [[7]]
        );
        let first = progress.bar.position();
        assert!(first >= 5, "{first} ms");
        assert!(shown.execute(&job()).is_ok() && progress.bar.position() >= first + 5);
    }

    #[test]
    fn a_status_says_what_is_done_and_how_long_it_still_takes() {
        let progress = Progress::new("2 of 4: ladder", 40);
        for done in [0, 3] {
            progress.bar.set_position(done);
            assert_eq!(progress.status(), "2 of 4: ladder");
        }
        progress.bar.set_position(40);
        assert_eq!(progress.status(), "2 of 4: ladder, 0 seconds left");
    }

    #[test]
    fn work_that_takes_longer_than_expected_stays_at_its_end() {
        let progress = Progress::of_time("", Duration::from_millis(1));
        sleep(Duration::from_millis(5));
        progress.pass();
        assert_eq!(progress.bar.position(), 1);
    }
}
