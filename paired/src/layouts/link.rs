//! A captured link: the linker's command line with copies of the files that it names,
//! and what compiled them. Knows neither cargo nor layouts.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::{LayoutError, at};
use super::files::{make, write_whole};
use crate::digest::{hex, sha256};

const COMPILED: &str = "compiled.json";
const COMMAND: &str = "link";
const INPUTS: &str = "inputs";

/// The compiler and its flags.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compiled {
    /// `rustc --version`.
    pub compiler: String,
    /// Flags that may change the machine code, in the compiler's order: those of the
    /// profile, of `RUSTFLAGS` and of cargo's configuration.
    pub flags: Vec<String>,
}

impl Compiled {
    pub(super) fn write(&self, folder: &Path) -> Result<(), LayoutError> {
        let json = serde_json::to_vec(self).expect("texts make JSON");
        write_whole(&folder.join(COMPILED), &json)
    }
}

/// A link that can be repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    /// The linker, or the compiler driver that calls it.
    pub(super) program: OsString,
    /// The folder in which it ran.
    pub(super) folder: PathBuf,
    /// The search path that rustc gave it.
    pub(super) path: OsString,
    /// Its arguments, without the output.
    pub(super) arguments: Vec<OsString>,
}

impl Link {
    /// Captures a link that has just succeeded: copies what rustc is about to delete,
    /// and writes the command line to `folder`.
    pub(super) fn capture(
        folder: &Path,
        program: OsString,
        arguments: impl Iterator<Item = OsString>,
    ) -> Result<(), LayoutError> {
        let inputs = folder.join(INPUTS);
        make(&inputs)?;
        let here = std::env::current_dir().map_err(at(Path::new(".")))?;
        let mut kept = Vec::new();
        let mut arguments = arguments.peekable();
        while let Some(argument) = arguments.next() {
            if argument == "-o" {
                arguments.next();
                continue;
            }
            // A folder of rustc's that is about to go, another one at every link.
            let of_rustc = |next: &OsString| Path::new(next).ends_with("raw-dylibs");
            if argument == "-L" && arguments.peek().is_some_and(of_rustc) {
                arguments.next();
                continue;
            }
            let Some((option, path)) = input(&here, &argument) else {
                kept.push(argument);
                continue;
            };
            let mut argument = option.to_owned();
            argument.push(if of_toolchain(&path) {
                path.into_os_string()
            } else {
                copy(&path, &inputs)?.into_os_string()
            });
            kept.push(argument);
        }
        let link = Self {
            program: absolute(&here, program),
            folder: here,
            path: std::env::var_os("PATH").unwrap_or_default(),
            arguments: kept,
        };
        link.write(folder)?;
        link.remove_others(&inputs)
    }

    fn write(&self, folder: &Path) -> Result<(), LayoutError> {
        let head = [&self.program, self.folder.as_os_str(), &self.path].map(OsStr::as_bytes);
        let arguments = self.arguments.iter().map(|argument| argument.as_bytes());
        let parts: Vec<&[u8]> = head.into_iter().chain(arguments).collect();
        write_whole(&folder.join(COMMAND), &parts.join(&0))
    }

    /// The link that was captured in `folder`; nothing where there is none, or where
    /// one of its files is gone.
    pub(super) fn read(folder: &Path) -> Result<Option<(Self, Compiled)>, LayoutError> {
        let (Ok(command), Ok(compiled)) = (
            fs::read(folder.join(COMMAND)),
            fs::read(folder.join(COMPILED)),
        ) else {
            return Ok(None);
        };
        let Ok(compiled) = serde_json::from_slice(&compiled) else {
            return Ok(None);
        };
        let mut parts = command
            .split(|&byte| byte == 0)
            .map(|part| OsString::from_vec(part.to_vec()));
        let (Some(program), Some(ran_in), Some(path)) = (parts.next(), parts.next(), parts.next())
        else {
            return Ok(None);
        };
        let link = Self {
            program,
            folder: ran_in.into(),
            path,
            arguments: parts.collect(),
        };
        let inputs = folder.join(INPUTS);
        let whole = link.inputs(&inputs).all(|path| path.is_file());
        Ok(whole.then_some((link, compiled)))
    }

    /// The files of this link that are in the folder of inputs.
    fn inputs<'a>(&'a self, inputs: &'a Path) -> impl Iterator<Item = PathBuf> + 'a {
        let within = |argument: &'a OsString| {
            let (bytes, folder) = (argument.as_bytes(), inputs.as_os_str().as_bytes());
            let start = bytes
                .windows(folder.len())
                .position(|window| window == folder)?;
            Some(PathBuf::from(OsStr::from_bytes(&bytes[start..])))
        };
        self.arguments.iter().filter_map(within)
    }

    /// Removes copies that an earlier link left.
    fn remove_others(&self, inputs: &Path) -> Result<(), LayoutError> {
        let ours: Vec<PathBuf> = self.inputs(inputs).collect();
        for entry in fs::read_dir(inputs).map_err(at(inputs))? {
            let path = entry.map_err(at(inputs))?.path();
            if !ours.contains(&path) {
                fs::remove_file(&path).map_err(at(&path))?;
            }
        }
        Ok(())
    }

    /// Changes whenever the objects or the command line change. The copies carry their
    /// digest in their name; of the toolchain's files, size and time stand for it.
    pub(super) fn key(&self) -> String {
        let mut digest = Sha256::new();
        for argument in std::iter::once(&self.program).chain(&self.arguments) {
            digest.update(argument.as_bytes());
            let file = Path::new(argument);
            if let (true, Ok(found)) = (of_toolchain(file), fs::metadata(file)) {
                let time = found.modified().ok();
                let time = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
                digest.update(format!("{} {time:?}", found.len()));
            }
            digest.update([0]);
        }
        hex(&digest.finalize()[..12])
    }

    /// An option for the linker itself, as its driver takes it. rustc passes options
    /// through `-Wl,` where the linker is a driver, and as they are where it is not.
    pub(super) fn option(&self, option: String) -> Vec<OsString> {
        let driver = self
            .arguments
            .iter()
            .any(|argument| argument.as_bytes().starts_with(b"-Wl,"));
        // By `-Xlinker`, since a path in `-Wl,` may contain a comma.
        let through = driver.then(|| OsString::from("-Xlinker"));
        through.into_iter().chain([option.into()]).collect()
    }

    /// The arguments without those that strip symbols.
    pub(super) fn unstripped(&self) -> Self {
        const STRIP: [&str; 6] = [
            "-s",
            "-S",
            "--strip-all",
            "--strip-debug",
            "-Wl,--strip-all",
            "-Wl,--strip-debug",
        ];
        let kept = self.arguments.iter();
        let kept = kept.filter(|argument| !STRIP.iter().any(|strip| *argument == strip));
        Self {
            arguments: kept.cloned().collect(),
            ..self.clone()
        }
    }
}

/// The option and the file of an argument that names a file: all of it, or what
/// follows an equals sign (`-Wl,--version-script=FILE`).
fn input<'a>(here: &Path, argument: &'a OsStr) -> Option<(&'a OsStr, PathBuf)> {
    let whole = here.join(argument);
    if whole.is_file() {
        return Some((OsStr::new(""), whole));
    }
    let bytes = argument.as_bytes();
    let start = bytes.iter().position(|&byte| byte == b'=')? + 1;
    let (option, path) = bytes.split_at(start);
    let path = here.join(OsStr::from_bytes(path));
    let named = bytes.starts_with(b"-") && !path.as_os_str().is_empty() && path.is_file();
    named.then(|| (OsStr::from_bytes(option), path))
}

/// Whether a file is the toolchain's own: such files stay where they are.
fn of_toolchain(path: &Path) -> bool {
    path.components()
        .any(|component| component.as_os_str() == "rustlib")
}

fn copy(path: &Path, inputs: &Path) -> Result<PathBuf, LayoutError> {
    let bytes = fs::read(path).map_err(at(path))?;
    let mut name = OsString::from(&sha256(&bytes)[..24]);
    name.push("-");
    name.push(path.file_name().unwrap_or_default());
    let copy = inputs.join(name);
    if !fs::metadata(&copy).is_ok_and(|there| there.len() == bytes.len() as u64) {
        write_whole(&copy, &bytes)?;
    }
    Ok(copy)
}

/// A program that is named by a path stays the same one in another folder.
fn absolute(here: &Path, program: OsString) -> OsString {
    if program.as_bytes().contains(&b'/') {
        return here.join(program).into_os_string();
    }
    program
}
