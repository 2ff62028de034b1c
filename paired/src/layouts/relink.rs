//! Repeats a captured link, once for each seed, and keeps what it made.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::sync::{LazyLock, Mutex};
use std::thread;
use std::time::SystemTime;

use object::Object;
use serde::{Deserialize, Serialize};

use super::error::{LayoutError, at};
use super::files::{make, write_whole};
use super::link::Link;
use super::order;

/// Bytes that the layouts of one package may take in the cache. Layouts of the running
/// process are never removed, even beyond this.
pub const CACHE_BYTES: u64 = 1 << 30;

/// Links that run at the same time.
const AT_ONCE: usize = 2;
/// What the options are, beside the layouts that they made.
const ABILITY: &str = "ability.json";
/// Characters of a linker's words that are shown.
const SHOWN: usize = 600;

/// What a linker can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Ability {
    /// Why it cannot pad at random; nothing where it can.
    unpadded: Option<String>,
}

/// What came of it.
pub(super) enum Made {
    /// A file for each seed.
    Layouts {
        /// The files, in the order of the seeds.
        files: Vec<PathBuf>,
        /// Why they have no random padding.
        unpadded: Option<String>,
    },
    /// The linker cannot: why.
    Single(String),
}

/// A link that was repeated, or what the linker said when it refused; an error where a file
/// could not be written, or the linker not started.
type Repeated = Result<Result<(), String>, LayoutError>;

/// Files that this process was given: they stay.
static IN_USE: LazyLock<Mutex<HashSet<PathBuf>>> = LazyLock::new(Mutex::default);

/// Links what is missing; see [`super::Objects::link`].
pub(super) fn relink(
    link: &Link,
    package: &Path,
    plain: &Path,
    seeds: &[u64],
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Made, LayoutError> {
    let all = package.join("layouts");
    let folder = all.join(link.key());
    make(&folder)?;
    let job = Job::new(link, &folder, plain)?;
    let files: Vec<PathBuf> = seeds.iter().map(|&seed| job.file(seed)).collect();
    let mut missing: Vec<u64> = seeds.to_vec();
    missing.sort_unstable();
    missing.dedup();
    missing.retain(|&seed| !is_whole(&job.file(seed)));
    let there = |missing: usize| seeds.len() - missing.min(seeds.len());
    progress(there(missing.len()), seeds.len());
    let known = fs::read(folder.join(ABILITY)).ok();
    let known = known.and_then(|json| serde_json::from_slice(&json).ok());
    let ability = match known {
        Some(ability) => ability,
        None => match job.probe(seeds[0])? {
            Ok(ability) => {
                missing.retain(|&seed| seed != seeds[0]);
                ability
            }
            Err(why) => return Ok(Made::Single(why)),
        },
    };
    job.make_all(&missing, &ability, &mut |left| {
        progress(there(left), seeds.len());
    })?;
    let now = SystemTime::now();
    for file in &files {
        // The time of its last use decides what is removed first; without it, nothing
        // is lost but that.
        let _ = fs::File::options()
            .append(true)
            .open(file)
            .and_then(|file| file.set_modified(now));
    }
    let mut in_use = IN_USE.lock().expect("no holder panics");
    in_use.extend(files.iter().cloned());
    evict(&all, CACHE_BYTES, &in_use)?;
    Ok(Made::Layouts {
        files,
        unpadded: ability.unpadded,
    })
}

/// A link that is to be repeated.
struct Job<'a> {
    link: Link,
    folder: &'a Path,
    plain: &'a Path,
    functions: Vec<String>,
}

impl<'a> Job<'a> {
    fn new(link: &Link, folder: &'a Path, plain: &'a Path) -> Result<Self, LayoutError> {
        let mut job = Self {
            link: link.unstripped(),
            folder,
            plain,
            functions: order::functions(plain)?,
        };
        if job.functions.is_empty() {
            // A profile that strips symbols: they are in the same link without that.
            let unstripped = folder.join("unstripped.partial");
            // Where it is refused, the probe says what is wrong.
            if job.run(&[], &unstripped)?.is_ok() {
                job.functions = order::functions(&unstripped)?;
            }
            let _ = fs::remove_file(&unstripped);
        }
        Ok(job)
    }

    fn file(&self, seed: u64) -> PathBuf {
        self.folder
            .join(format!("{seed}{}", std::env::consts::DLL_SUFFIX))
    }

    /// Makes the layout of one seed, and finds out what the linker can do; or why it
    /// can do nothing, in its own words.
    fn probe(&self, seed: u64) -> Result<Result<Ability, String>, LayoutError> {
        let program = self.program();
        if self.functions.is_empty() {
            let name = self.plain.display();
            return Ok(Err(format!("{name} has no symbols to order by")));
        }
        let refused = self.layout(seed, true)?.err();
        if refused.is_some()
            && let Err(words) = self.layout(seed, false)?
        {
            return self.cannot(&words).map(Err);
        }
        let ability = Ability {
            unpadded: refused.map(|words| format!("{program}: {words}")),
        };
        let json = serde_json::to_vec(&ability).expect("texts make JSON");
        write_whole(&self.folder.join(ABILITY), &json)?;
        Ok(Ok(ability))
    }

    /// What a refusal means: that the linker lacks the options, if the usual link still
    /// works; else that something else is wrong.
    fn cannot(&self, words: &str) -> Result<String, LayoutError> {
        let usual = self.folder.join("usual.partial");
        let repeated = self.run(&[], &usual);
        let _ = fs::remove_file(&usual);
        match repeated? {
            Ok(()) => Ok(format!("{}: {words}", self.program())),
            Err(words) => Err(self.failed(words)),
        }
    }

    fn make_all(
        &self,
        seeds: &[u64],
        ability: &Ability,
        left: &mut dyn FnMut(usize),
    ) -> Result<(), LayoutError> {
        if seeds.is_empty() {
            return Ok(());
        }
        self.room_for(seeds.len())?;
        let queue = Mutex::new(seeds.iter());
        let next = || queue.lock().expect("no holder panics").next().copied();
        let stop = || while next().is_some() {};
        let (sender, results) = mpsc::channel();
        thread::scope(|scope| {
            for _ in 0..AT_ONCE {
                let sender = sender.clone();
                scope.spawn(move || {
                    while let Some(seed) = next() {
                        let made = self.layout(seed, ability.unpadded.is_none());
                        // The receiver is there until all senders are gone.
                        let _ = sender.send(made);
                    }
                });
            }
            drop(sender);
            let mut outcome = Ok(());
            for (done, result) in results.iter().enumerate() {
                let made = result.and_then(|made| made.map_err(|words| self.failed(words)));
                if made.is_err() {
                    stop();
                    outcome = made;
                }
                left(seeds.len() - done - 1);
            }
            outcome
        })
    }

    /// Links one layout: aside first, so that half a file is never taken for one.
    fn layout(&self, seed: u64, padded: bool) -> Repeated {
        let path = |kind: &str| self.folder.join(format!("{seed}.{kind}.partial"));
        let (order, output) = (path("order"), path("library"));
        let list = order::ordered(&self.functions, seed);
        fs::write(&order, list).map_err(at(&order))?;
        let mut options = vec![
            format!("--symbol-ordering-file={}", order.display()),
            "--no-warn-symbol-ordering".to_owned(),
            "--strip-all".to_owned(),
        ];
        options.extend(padded.then(|| format!("--randomize-section-padding={seed}")));
        let made = self.run(&options, &output);
        let _ = fs::remove_file(&order);
        match made {
            Ok(Ok(())) => fs::rename(&output, self.file(seed)).map_err(at(&output))?,
            _ => {
                let _ = fs::remove_file(&output);
            }
        }
        made
    }

    fn run(&self, options: &[String], output: &Path) -> Repeated {
        let link = &self.link;
        let mut command = Command::new(&link.program);
        command
            .args(&link.arguments)
            .args(
                options
                    .iter()
                    .flat_map(|option| link.option(option.clone())),
            )
            .arg("-o")
            .arg(output)
            // The linker's words are looked at and shown.
            .env("LC_ALL", "C")
            .env("PATH", &link.path)
            .stdin(Stdio::null());
        // A checkout that is gone by now needs no folder: its files were copied.
        command.current_dir(if link.folder.is_dir() {
            &link.folder
        } else {
            self.folder
        });
        let done = command.output();
        let done = done.map_err(|source| LayoutError::Io {
            path: link.program.clone().into(),
            source,
        })?;
        if done.status.success() {
            return Ok(Ok(()));
        }
        let words = String::from_utf8_lossy(&done.stderr);
        if words.contains("No space left on device") || words.contains("Disk quota exceeded") {
            return Err(self.no_space(1));
        }
        let words = words.trim();
        Ok(Err(match words {
            "" => format!("it failed without a word ({})", done.status),
            words => words.chars().take(SHOWN).collect(),
        }))
    }

    fn program(&self) -> String {
        self.link.program.display().to_string()
    }

    fn failed(&self, output: String) -> LayoutError {
        LayoutError::Link {
            program: self.program(),
            output,
        }
    }

    /// An error where the disk has no room for so many more layouts.
    fn room_for(&self, layouts: usize) -> Result<(), LayoutError> {
        let error = self.no_space(layouts);
        match error {
            LayoutError::NoSpace { needed, free, .. } if free < needed => Err(error),
            _ => Ok(()),
        }
    }

    fn no_space(&self, layouts: usize) -> LayoutError {
        let one = fs::metadata(self.plain).map_or(0, |found| found.len());
        LayoutError::NoSpace {
            path: self.folder.to_owned(),
            needed: one * layouts as u64,
            free: free(self.folder),
        }
    }
}

/// Bytes that are free in a folder's file system; as many as can be where it does not
/// tell.
fn free(folder: &Path) -> u64 {
    #[cfg(target_os = "linux")]
    if let Ok(system) = rustix::fs::statvfs(folder) {
        return system.f_bavail.saturating_mul(system.f_frsize);
    }
    let _ = folder;
    u64::MAX
}

/// Whether a file is a library as a linker left it: what is cut off has no sections.
fn is_whole(path: &Path) -> bool {
    fs::read(path).is_ok_and(|bytes| {
        object::File::parse(&*bytes).is_ok_and(|file| file.sections().next().is_some())
    })
}

/// Removes the layouts that were not used for the longest time, beyond so many bytes.
pub(super) fn evict(all: &Path, bound: u64, in_use: &HashSet<PathBuf>) -> Result<(), LayoutError> {
    let mut layouts = Vec::new();
    for folder in fs::read_dir(all).map_err(at(all))? {
        let folder = folder.map_err(at(all))?.path();
        for entry in fs::read_dir(&folder).map_err(at(&folder))? {
            let entry = entry.map_err(at(&folder))?;
            let path = entry.path();
            let found = entry.metadata().map_err(at(&path))?;
            let time = found.modified().map_err(at(&path))?;
            layouts.push((time, found.len(), path));
        }
    }
    let mut total: u64 = layouts.iter().map(|(_, bytes, _)| bytes).sum();
    layouts.sort_unstable();
    for (_, bytes, path) in layouts {
        if total <= bound {
            break;
        }
        if !in_use.contains(&path) {
            fs::remove_file(&path).map_err(at(&path))?;
            total -= bytes;
        }
    }
    Ok(())
}
