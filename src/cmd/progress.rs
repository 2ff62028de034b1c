//! A progress bar on a terminal, with the time left; nothing elsewhere.

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::paired::job::Job;
use crate::paired::process::{Execute, ExecuteError};

/// Work that is shorter shows no bar.
const PATIENCE: Duration = Duration::from_secs(2);

/// The progress of one piece of work; it is gone when dropped.
///
/// It is drawn between measurements only, by [`Progress::tick`]: printing while a
/// measurement runs would cost it a percent.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Work of `steps` steps, described by `what`.
    pub fn new(what: &str, steps: u64) -> Self {
        Self::with_template("{msg:40!} {wide_bar} {pos}/{len}, {eta} left", what, steps)
    }

    /// Work that takes about so long, of steps that are not counted.
    pub fn of_time(what: &str, expected: Duration) -> Self {
        let milliseconds = expected.as_millis() as u64;
        Self::with_template("{msg:40!} {wide_bar} {eta} left", what, milliseconds)
    }

    fn with_template(template: &str, what: &str, length: u64) -> Self {
        let style = ProgressStyle::with_template(template).expect("the templates are constant");
        let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::hidden())
            .with_style(style)
            .with_message(what.to_owned());
        Self { bar }
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

    fn show(&self) {
        if self.bar.is_hidden() && self.bar.elapsed() > PATIENCE && io::stderr().is_terminal() {
            self.bar
                .set_draw_target(ProgressDrawTarget::stderr_with_hz(2));
        }
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

impl<E: Execute> Execute for Shown<'_, E> {
    fn execute(&mut self, job: &Job) -> Result<Vec<Vec<u64>>, ExecuteError> {
        let rows = self.execute.execute(job);
        self.progress.pass();
        rows
    }
}
