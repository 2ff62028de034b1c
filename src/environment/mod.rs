//! The environment of a run: which commit, which toolchain, which machine, and
//! what the machine did meanwhile.
//!
//! `commit` and `repository` ask git, `machine` reads what stays the same on one machine,
//! `conditions` what changes by the minute; `copies` times the C library's copy
//! routine, which ratios may depend on. What cannot be found out is left
//! empty: a run is never refused for it. Nothing here measures a pair.

mod commit;
mod conditions;
mod copies;
mod machine;
mod quota;
mod repository;
mod variables;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bench_protocol::build_info::BuildInfo;
use jiff::{Timestamp, Unit};
use paired::digest::sha256;

pub use bench_record::wire::COPY_ROUTINES;
pub use conditions::Conditions;
use copies::Copies;

use crate::allocator::Allocators;
use crate::counts::TUNABLES;
use crate::pair::PairFiles;
use crate::pair_process::Builds;
use crate::subject::Subject;
use crate::subject::packages::Packages;
use crate::workspace;
use bench_record::wire::{CAUTION, Environment, REPOSITORY, SelfCheck};

/// Watches the machine during a run.
#[derive(Debug, Clone)]
pub struct Watch {
    started: Timestamp,
    before: Conditions,
}

/// An environment, and what a person should know about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// As it goes into the record.
    pub environment: Environment,
    /// What is missing or does not fit together, in words.
    pub notices: Vec<String>,
}

impl Watch {
    pub fn start() -> Self {
        Self {
            started: now(),
            before: Conditions::now(),
        }
    }

    /// The environment of a run of the pair in `files` that ends now.
    ///
    /// The checkout is that of the sources, see [`workspace::root`].
    pub fn finish(&self, files: &PairFiles, builds: &Builds) -> Observed {
        let mut notices = Vec::new();
        let build = &builds.host;
        // Each library may have an allocator of its own.
        let guest = BuildInfo {
            allocator: build.allocator.clone(),
            ..builds.guest.clone()
        };
        if guest != *build {
            notices.push(format!(
                "guest and host were not built together: {} and {build}",
                builds.guest
            ));
        }
        let digests = files.sha256().unwrap_or_else(|error| {
            notices.push(format!("the pair cannot be read for its digest: {error}"));
            Default::default()
        });
        let root = workspace::root().unwrap_or_else(|_| PathBuf::from("."));
        self.observe(&root, builds, digests, notices)
    }

    /// The environment of a run of packages that ends now. The checkout is that of the folder
    /// here, the host is this program.
    ///
    /// # Errors
    /// When a library cannot be read.
    pub fn finish_packages(&self, packages: &Packages) -> io::Result<Environment> {
        let here = Path::new(".");
        let mut libraries = Vec::new();
        for package in packages.iter() {
            libraries.extend(fs::read(package.library())?);
        }
        let compiled = packages.compiled();
        let build = BuildInfo {
            commit: commit::head(here),
            rustc: compiled.compiler.clone(),
            profile: String::new(),
            flags: compiled.flags.join(" "),
            allocator: String::new(),
        };
        let builds = Builds {
            guest: build.clone(),
            host: build,
        };
        // The host is part of this program, of which the version says enough.
        let digests = [sha256(&libraries), String::new()];
        let mut observed = self.observe(here, &builds, digests, Vec::new());
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let facts = &mut observed.environment.observed;
        facts.insert("arena_bench".to_owned(), version);
        for notice in observed.notices {
            notice!("arena-bench: {notice}");
        }
        Ok(observed.environment)
    }

    fn observe(
        &self,
        root: &Path,
        builds: &Builds,
        [guest_sha256, host_sha256]: [String; 2],
        mut notices: Vec<String>,
    ) -> Observed {
        let build = &builds.host;
        let (checkout, notice) = commit::look_up(root, &build.commit);
        notices.extend(notice);
        let after = Conditions::now();
        let mut observed: BTreeMap<String, String> = machine::observed();
        observed.extend(after.observed_since(&self.before));
        let copies = Copies::measure();
        observed.insert("copy_of_4KiB".to_owned(), copies.words());
        if let Some(notice) = copies.notice() {
            observed.insert(CAUTION.to_owned(), notice.clone());
            notices.push(notice);
        }
        observed.extend(variables::observed(std::env::vars_os()));
        let variable = |name: &str| std::env::var(name).ok();
        if let Some(address) = repository::address(&variable, root) {
            observed.insert(REPOSITORY.to_owned(), address);
        }
        if let Ok(tunables) = std::env::var("GLIBC_TUNABLES") {
            observed.insert("tunables_of_wall_clock".to_owned(), tunables);
        }
        let environment = Environment {
            branch: branch(&variable, checkout.branch),
            rustc: build.rustc.clone(),
            profile: build.profile.clone(),
            flags: build.flags.clone(),
            allocators: Allocators::of(builds).to_string(),
            cpu: machine::cpu(),
            cores: machine::cores(),
            kernel: machine::kernel(),
            libc: machine::libc(),
            valgrind: machine::valgrind(),
            tunables: TUNABLES.to_owned(),
            guest_sha256,
            host_sha256,
            started: self.started.to_string(),
            finished: now().to_string(),
            command: command(std::env::args_os()),
            observed,
            ..checkout
        };
        Observed {
            environment,
            notices,
        }
    }

    /// What the machine did since the start that makes wall clock doubtful, in
    /// words; nothing where the system does not tell.
    pub fn likely_causes(&self) -> Vec<String> {
        Conditions::now().likely_causes_since(&self.before, machine::cores())
    }

    /// Adds the likely causes to a self-check that failed.
    pub fn explain(&self, check: &mut SelfCheck) {
        let causes = self.likely_causes();
        if !check.trusted && !causes.is_empty() {
            check.why = format!("{}; likely because {}", check.why, causes.join(" and "));
        }
    }
}

/// The branch of a run: CI checks a commit out without one, and says in `variable`s
/// which it is.
fn branch(variable: &dyn Fn(&str) -> Option<String>, checked_out: String) -> String {
    // Of a pull request the second names the merge, such as `7/merge`.
    ["GITHUB_HEAD_REF", "GITHUB_REF_NAME", "CI_COMMIT_BRANCH"]
        .into_iter()
        .filter(|_| checked_out.is_empty())
        .filter_map(variable)
        .find(|name| !name.is_empty())
        .unwrap_or(checked_out)
}

/// Now, in whole seconds.
fn now() -> Timestamp {
    let now = Timestamp::now();
    now.round(Unit::Second).unwrap_or(now)
}

/// A command line as it may be published: of absolute paths, the executable's
/// above all, only the last component.
fn command(arguments: impl Iterator<Item = OsString>) -> String {
    let public = |argument: OsString| {
        let argument = argument.to_string_lossy().into_owned();
        let (option, value) = match argument.split_once('=') {
            Some((option, value)) if option.starts_with('-') => (format!("{option}="), value),
            _ => (String::new(), argument.as_str()),
        };
        option + &variables::last_component(value)
    };
    let mut words: Vec<String> = arguments.map(public).collect();
    if let Some(executable) = words.first_mut() {
        let name = Path::new(executable.as_str()).file_name();
        *executable = name.unwrap_or_default().to_string_lossy().into_owned();
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_published_without_the_machines_paths() {
        let said = |words: &[&str]| command(words.iter().map(|word| (*word).into()));
        assert_eq!(
            said(&[
                "target/release/arena-bench",
                "run",
                "--filter",
                "^drain/u64"
            ]),
            "arena-bench run --filter ^drain/u64"
        );
        assert_eq!(
            said(&[
                "/opt/x/arena-bench",
                "run",
                "--pair=/srv/ci/pair",
                "/srv/out.json"
            ]),
            "arena-bench run --pair=pair out.json"
        );
        assert_eq!(said(&[]), "");
    }

    #[test]
    fn a_branch_is_the_one_checked_out_or_the_one_that_ci_names() {
        let named = |known: &'static [(&str, &str)]| {
            move |name: &str| {
                let found = known.iter().find(|(variable, _)| *variable == name);
                found.map(|(_, value)| (*value).to_owned())
            }
        };
        let pull = named(&[
            ("GITHUB_HEAD_REF", "feature"),
            ("GITHUB_REF_NAME", "7/merge"),
        ]);
        assert_eq!(branch(&pull, String::new()), "feature");
        assert_eq!(branch(&pull, "main".to_owned()), "main");
        let push = named(&[("GITHUB_HEAD_REF", ""), ("GITHUB_REF_NAME", "main")]);
        assert_eq!(branch(&push, String::new()), "main");
        assert_eq!(branch(&named(&[]), String::new()), "");
    }

    #[test]
    fn a_run_s_environment_makes_a_valid_record() {
        let Ok(files) = PairFiles::find(None) else {
            panic!("cargo builds the pair with the tests");
        };
        let pair = files.load().expect("the pair of this build");
        let builds = Builds {
            guest: pair.guest.build,
            host: pair.host.build,
        };
        let Observed { environment, .. } = Watch::start().finish(&files, &builds);
        assert_eq!(environment.guest_sha256.len(), 64);
        assert!(environment.started <= environment.finished);
        let mut record = bench_record::synthetic::record(1);
        record.environment = environment;
        bench_record::validate::validate(&record).expect("believable");
    }
}
