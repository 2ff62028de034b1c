//! One case: its draws, its scratch folder, and the program started in it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use crate::run::{self, Kill, MARKER, Outcome};
use crate::setup::Setup;

/// Time for one start, at most; a guest that hangs is given up after some seconds.
const LIMIT: Duration = Duration::from_secs(100);

/// What a case came to; the error is what was lost.
pub type Verdict = Result<(), String>;

/// A case.
#[derive(Debug)]
pub struct Case<'a> {
    /// What all cases share.
    pub setup: &'a Setup,
    /// Chance, from the case's own seed.
    pub rng: SmallRng,
    /// Its scratch folder; the program runs in it.
    pub folder: PathBuf,
    marker: String,
}

impl<'a> Case<'a> {
    /// A case in a folder of its own.
    pub fn new(setup: &'a Setup, seed: u64, marker: String, folder: &Path) -> Self {
        Self {
            setup,
            rng: SmallRng::seed_from_u64(seed),
            folder: folder.to_owned(),
            marker,
        }
    }

    /// A file or folder of the case.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// One of some.
    pub fn one<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.rng.random_range(0..of.len())]
    }

    /// The program with its arguments, in the case's folder and with temporary files there.
    pub fn program<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = self.command(&self.setup.program);
        command.args(arguments);
        command
    }

    /// Any other command like that.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let temporary = self.path("tmp");
        let _ = fs::create_dir_all(&temporary);
        let mut command = Command::new(program);
        command
            .current_dir(&self.folder)
            .env(MARKER, &self.marker)
            .env("TMPDIR", temporary)
            .env_remove("RUST_BACKTRACE");
        command
    }

    /// Starts a command, and sees that nothing of it runs on.
    ///
    /// # Errors
    /// When it cannot be started, or something runs on.
    pub fn run(&self, command: &mut Command) -> Result<Outcome, String> {
        self.started(command, None)
    }

    /// The same, and ends it by a signal if it has not ended before.
    ///
    /// # Errors
    /// As for [`Self::run`].
    pub fn kill(&self, command: &mut Command, kill: Kill) -> Result<Outcome, String> {
        self.started(command, Some(kill))
    }

    fn started(&self, command: &mut Command, kill: Option<Kill>) -> Result<Outcome, String> {
        let outcome = run::run(command, &self.folder, LIMIT, kill);
        let outcome = outcome.map_err(|error| format!("torture cannot start it: {error}"))?;
        run::nothing_runs_on(&self.marker).map_err(|left| outcome.lost(&left))?;
        Ok(outcome)
    }

    /// Starts the program and sees that it ends as it should.
    ///
    /// # Errors
    /// What was wrong.
    pub fn decent<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Outcome, String> {
        let outcome = self.run(&mut self.program(arguments))?;
        outcome.decent()?;
        Ok(outcome)
    }

    /// The same, where nothing may be wrong at all.
    ///
    /// # Errors
    /// What was wrong.
    pub fn succeeds<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Outcome, String> {
        let outcome = self.decent(arguments)?;
        match outcome.code() {
            Some(0) => Ok(outcome),
            _ => Err(outcome.lost("failed where nothing was wrong")),
        }
    }
}
