//! Executables without line tables: valgrind reads those at every start, which takes longer
//! than to count a small case.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Writes a copy of an executable that has the names of its functions and no line tables;
/// whether it is there. Where there is no `strip`, it is not.
pub fn copy(executable: &Path, to: &Path) -> bool {
    let mut strip = Command::new("strip");
    strip.args(["--strip-debug", "-o"]).arg(to).arg(executable);
    let stripped = strip.stdin(Stdio::null()).output();
    stripped.is_ok_and(|output| output.status.success()) && to.is_file()
}

/// The copy beside an executable, made if it is older; the executable itself where no copy can
/// be made.
pub(super) fn beside(executable: PathBuf) -> PathBuf {
    let copied = executable.with_extension("stripped");
    if is_newer(&copied, &executable) {
        return copied;
    }
    // Whole at once: another process may count with it.
    let mut partial: OsString = copied.clone().into();
    partial.push(format!(".{}", std::process::id()));
    let partial = PathBuf::from(partial);
    if copy(&executable, &partial) && fs::rename(&partial, &copied).is_ok() {
        return copied;
    }
    let _ = fs::remove_file(&partial);
    executable
}

fn is_newer(file: &Path, than: &Path) -> bool {
    let time = |path| fs::metadata(path).and_then(|found| found.modified()).ok();
    time(file).is_some_and(|copied| time(than).is_some_and(|original| copied >= original))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_is_smaller_runs_and_is_made_again_for_a_newer_executable() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let executable = folder.path().join("tests");
        let own = std::env::current_exe().expect("a test has a file");
        fs::copy(own, &executable).expect("copied");
        let copied = beside(executable.clone());
        assert_ne!(
            copied, executable,
            "binutils is installed with every linker"
        );
        let length = |path: &Path| fs::metadata(path).expect("it is there").len();
        assert!(length(&copied) < length(&executable));
        let listed = Command::new(&copied).arg("--list").output();
        assert!(listed.expect("it starts").status.success());

        fs::write(&copied, "older").expect("written");
        assert_eq!(length(&beside(executable.clone())), 5, "it was newer");
        let later = std::time::SystemTime::now() + std::time::Duration::from_secs(60);
        let file = fs::File::options().append(true).open(&executable);
        file.and_then(|file| file.set_modified(later)).expect("set");
        assert!(length(&beside(executable)) > 5);
    }

    #[test]
    fn what_cannot_be_stripped_is_counted_as_it_is() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let script = folder.path().join("script");
        fs::write(&script, "#!/bin/sh\n").expect("written");
        assert_eq!(beside(script.clone()), script);
        let left = fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(left, 1);
    }
}
