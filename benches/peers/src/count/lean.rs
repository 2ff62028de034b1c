//! The executable that drains, as valgrind reads it quickest.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use tempfile::TempDir;

/// Has `strip` keep the names of the functions that valgrind is told.
const KEEP: [&str; 4] = [
    "--keep-symbol=*drain_counted*",
    "--keep-symbol=*drain_last*",
    "--keep-symbol=*dump_after*",
    "--keep-symbol=*one_arm_deeper*",
];
/// Has it take away what a stack is walked by.
const WITHOUT_FRAMES: [&str; 2] = [
    "--remove-section=.eh_frame",
    "--remove-section=.eh_frame_hdr",
];

/// An executable of this crate, for each tool of valgrind's: at every start it reads all names and
/// all that is there for debuggers, whether anybody asks for it or not.
#[derive(Debug)]
pub struct Executables {
    /// For a tool that follows calls by itself or asks for no stack.
    pub(super) without_frames: PathBuf,
    /// For one that walks stacks.
    pub(super) with_frames: PathBuf,
    /// Removed with it.
    _folder: Option<TempDir>,
}

impl Executables {
    /// Copies of an executable without what is there for debuggers and without names but those of
    /// the functions that are counted; without `strip`, as it is.
    ///
    /// # Errors
    /// When it cannot be copied.
    pub fn lean(executable: &Path) -> Result<Self> {
        let folder = TempDir::new()?;
        let copy = |name: &str, also: &[&str]| {
            let copy = folder.path().join(name);
            let stripped = Command::new("strip")
                .args(["--strip-all", "--wildcard"])
                .args(KEEP)
                .args(also)
                .arg("-o")
                .arg(&copy)
                .arg(executable)
                .output();
            if !stripped.is_ok_and(|output| output.status.success()) {
                fs::copy(executable, &copy)?;
            }
            anyhow::Ok(copy)
        };
        Ok(Self {
            without_frames: copy("without-frames", &WITHOUT_FRAMES)?,
            with_frames: copy("with-frames", &[])?,
            _folder: Some(folder),
        })
    }

    /// The executable as it is, with its line tables.
    pub fn whole(executable: &Path) -> Self {
        Self {
            without_frames: executable.to_owned(),
            with_frames: executable.to_owned(),
            _folder: None,
        }
    }
}
