//! A progress bar on a terminal, with the time left; nothing elsewhere.

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

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
        let style = ProgressStyle::with_template("{msg:40!} {wide_bar} {pos}/{len}, {eta} left");
        let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::hidden())
            .with_style(style.expect("the template is constant"))
            .with_message(what.to_owned());
        Self { bar }
    }

    /// One step is done.
    pub fn tick(&self) {
        self.bar.inc(1);
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
