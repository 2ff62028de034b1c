//! The running executable as rustc's wrapper and as its linker, in a build that
//! [`super::compile`] started.
//!
//! As the wrapper it sees every `rustc` of the workspace and passes it on unchanged,
//! but for the one that makes the library: that one gets this executable as its linker,
//! under the file name of the configured linker, since rustc tells the kind of a linker
//! by its name. As the linker it calls the configured one with the same arguments and
//! captures the link.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use super::error::{LayoutError, at};
use super::files::make;
use super::link::{Compiled, Link};

/// Environment of cargo: the folder that takes the captured link.
pub(super) const FOLDER: &str = "PAIRED_LAYOUTS_FOLDER";
/// Environment of cargo: a wrapper of the user's own, which is called as well.
pub(super) const INNER: &str = "PAIRED_LAYOUTS_WRAPPER";
/// Environment of rustc: the linker that was configured.
const LINKER: &str = "PAIRED_LAYOUTS_LINKER";

/// What rustc calls where no linker is configured.
const DEFAULT: &str = "cc";

/// Does this process's work if a build of [`super::compile`] started it as rustc's
/// wrapper or as the linker; nothing else must run then. `main` calls it first thing.
#[must_use]
pub fn serve() -> Option<ExitCode> {
    let folder = PathBuf::from(std::env::var_os(FOLDER)?);
    let mut arguments = std::env::args_os().skip(1);
    if let Some(linker) = std::env::var_os(LINKER) {
        return Some(link(&folder, linker, arguments));
    }
    let rustc = arguments.next()?;
    Some(compile(&folder, &rustc, &arguments.collect::<Vec<_>>()))
}

fn compile(folder: &Path, rustc: &OsStr, arguments: &[OsString]) -> ExitCode {
    let mut command = match std::env::var_os(INNER) {
        Some(inner) => {
            let mut command = Command::new(inner);
            command.arg(rustc);
            command
        }
        None => Command::new(rustc),
    };
    command.args(arguments).env_remove(INNER);
    if makes_the_library(arguments) {
        let prepared = watch(folder, rustc, arguments, &mut command);
        if let Err(error) = prepared {
            return failed(error);
        }
    } else {
        command.env_remove(FOLDER);
    }
    let error = command.exec();
    failed(format!("cannot start {}: {error}", rustc.display()))
}

/// Makes the compiler use this executable as its linker.
fn watch(
    folder: &Path,
    rustc: &OsStr,
    arguments: &[OsString],
    command: &mut Command,
) -> Result<(), LayoutError> {
    let compiled = Compiled {
        compiler: version(rustc),
        flags: flags(arguments),
    };
    compiled.write(folder)?;
    let linker = codegen(arguments)
        .filter_map(|option| option.strip_prefix("linker=").map(str::to_owned))
        .last()
        .unwrap_or_else(|| DEFAULT.to_owned());
    let name = Path::new(&linker)
        .file_name()
        .unwrap_or(OsStr::new(DEFAULT));
    let stand_in = folder.join("linker").join(name);
    let us = std::env::current_exe().map_err(at(Path::new("the running executable")))?;
    point(&stand_in, &us)?;
    let mut option = OsString::from("linker=");
    option.push(&stand_in);
    command.arg("-C").arg(option).env(LINKER, linker);
    Ok(())
}

fn link(folder: &Path, linker: OsString, arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.collect();
    let status = Command::new(&linker)
        .args(&arguments)
        .env_remove(LINKER)
        .env_remove(FOLDER)
        .status();
    match status {
        Ok(status) if status.success() => {}
        Ok(status) => {
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            return ExitCode::from(code.unwrap_or(1));
        }
        Err(error) => {
            return failed(format!(
                "cannot start the linker {}: {error}",
                linker.display()
            ));
        }
    }
    match Link::capture(folder, linker, arguments.into_iter()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(error),
    }
}

fn failed(error: impl std::fmt::Display) -> ExitCode {
    // The compiler or cargo shows it; there is nobody else to tell.
    let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("{error}\n"));
    ExitCode::from(1)
}

/// Lets the link `path` point to `target`, at once.
pub(super) fn point(path: &Path, target: &Path) -> Result<(), LayoutError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    make(folder)?;
    let aside = tempfile::tempdir_in(folder).map_err(at(folder))?;
    let link = aside.path().join("link");
    symlink(target, &link).map_err(at(&link))?;
    fs::rename(&link, path).map_err(at(path))
}

/// Whether rustc is to make the library of the package that was asked for.
fn makes_the_library(arguments: &[OsString]) -> bool {
    let joined = arguments
        .iter()
        .any(|argument| argument == "--crate-type=cdylib");
    let apart = arguments
        .windows(2)
        .any(|two| two[0] == "--crate-type" && two[1] == "cdylib");
    std::env::var_os("CARGO_PRIMARY_PACKAGE").is_some() && (joined || apart)
}

/// The values of `-C` and `--codegen`.
fn codegen(arguments: &[OsString]) -> impl Iterator<Item = &str> {
    let texts = arguments.iter().map(|argument| argument.to_str());
    let before = std::iter::once(None).chain(arguments.iter().map(|argument| argument.to_str()));
    before.zip(texts).filter_map(|(before, text)| match text? {
        text if matches!(before, Some("-C" | "--codegen")) => Some(text),
        text => text
            .strip_prefix("--codegen=")
            .or_else(|| text.strip_prefix("-C").filter(|rest| !rest.is_empty())),
    })
}

/// The flags that may change the machine code.
fn flags(arguments: &[OsString]) -> Vec<String> {
    const NAMES_ONLY: [&str; 3] = ["metadata=", "extra-filename=", "incremental="];
    let code = codegen(arguments)
        .filter(|option| !NAMES_ONLY.iter().any(|name| option.starts_with(name)))
        .map(|option| format!("-C{option}"));
    let before = std::iter::once(None).chain(arguments.iter().map(|argument| argument.to_str()));
    let others = before.zip(arguments).filter_map(|(before, argument)| {
        let text = argument.to_str()?;
        match before {
            Some(option @ ("--cfg" | "--target" | "-Z")) => Some(format!("{option} {text}")),
            _ if text.starts_with("-Z") && text.len() > 2 => Some(text.to_owned()),
            _ => {
                let (option, value) = text.split_once('=')?;
                let named = matches!(option, "--cfg" | "--target");
                named.then(|| format!("{option} {value}"))
            }
        }
    });
    code.chain(others).collect()
}

fn version(rustc: &OsStr) -> String {
    let output = Command::new(rustc)
        .arg("--version")
        .env_remove(FOLDER)
        .output();
    let output = output.map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    fn arguments(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn codegen_options_are_found_in_every_spelling() {
        let line = "a.rs -C opt-level=3 -Clinker=clang --codegen=lto --codegen debuginfo=1 -C";
        let arguments = arguments(line);
        let found: Vec<&str> = codegen(&arguments).collect();
        assert_eq!(found, ["opt-level=3", "linker=clang", "lto", "debuginfo=1"]);
    }

    #[test]
    fn flags_are_those_that_may_change_the_code() {
        let line = "--crate-name a -C metadata=1 -C opt-level=0 --cfg fast -C extra-filename=-1 -L x \
             --cfg=small -Zthreads=2";
        let found = ["-Copt-level=0", "--cfg fast", "--cfg small", "-Zthreads=2"];
        assert_eq!(flags(&arguments(line)), found);
    }

    #[test]
    fn an_argument_is_bytes_not_text() {
        let odd = vec![
            OsStr::from_bytes(b"\xff").to_owned(),
            "-C".into(),
            "lto".into(),
        ];
        assert_eq!(codegen(&odd).collect::<Vec<_>>(), ["lto"]);
    }
}
