//! What a library offers to be measured: functions of `paired_bench::bench!`, and streams of a
//! framework. A framework says which streams a library has, and loads what has them. [`Own`] is
//! this project's; other programs bring one that knows more.
//!
//! [`Framework::list`] and [`Framework::load`] run code of the library: they are for
//! [`child`](super::child)ren only.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use bench_host::functions::{Functions, Opened};
use bench_host::{loader, streams};
use bench_protocol::api::GUEST_SYMBOL;
use bench_protocol::spec::DEFAULT_MEMORY_LIMIT;
use paired::child::Drive;
use paired::job::ArmJob;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::guest::{Endless, Guest, Target, table};

/// The name of the only stream of a guest that gives it none.
const STREAM: &str = "stream";

/// A case of a library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Case {
    /// A benchmark function.
    Function(String),
    /// A stream.
    Stream {
        name: String,
        /// Which one it is, in words of its framework.
        request: Value,
    },
}

impl Case {
    /// A stream; `request` is plain data of its framework's.
    pub fn stream(name: &str, request: impl Serialize) -> Self {
        Self::Stream {
            name: name.to_owned(),
            request: serde_json::to_value(request).expect("a request is plain data"),
        }
    }

    /// Its name within the library.
    pub fn name(&self) -> &str {
        match self {
            Self::Function(name) | Self::Stream { name, .. } => name,
        }
    }

    /// Opens it as an arm of the paired runner.
    pub fn drive(&self, arm: &ArmJob, framework: &dyn Framework) -> Result<Box<dyn Drive>> {
        let [library] = arm.libraries.as_slice() else {
            anyhow::bail!("one library, not {}", arm.libraries.len());
        };
        Ok(match self {
            Self::Function(name) => Box::new(Running(Functions::load(library)?.open(name)?)),
            Self::Stream { request, .. } => {
                Box::new(Endless::new(framework.load(&target(library, request))?))
            }
        })
    }
}

/// The guest that a stream is of.
pub(super) fn target(library: &Path, request: &Value) -> Target {
    Target {
        library: library.to_owned(),
        host: None,
        memory_limit: DEFAULT_MEMORY_LIMIT,
        request: request.clone(),
    }
}

/// A function as an arm: an item is a unit of work.
struct Running(Opened);

impl Drive for Running {
    fn drain(&mut self, items: u64) -> Result<()> {
        Ok(self.0.run(items)?)
    }
}

/// How the streams of a package are called, where a library does not tell.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Calling {
    /// Arguments of a stream, a list, by the name of its case.
    pub args: BTreeMap<String, Value>,
    /// The source that declares the streams, where one was named.
    #[serde(default, with = "paired::paths::option")]
    pub interface: Option<PathBuf>,
    /// Folders of sources that may declare them.
    #[serde(with = "paired::paths::list")]
    pub sources: Vec<PathBuf>,
}

impl Calling {
    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.args.is_empty() && self.interface.is_none()
    }

    /// This, and `other` where this says nothing.
    #[must_use]
    pub fn or(mut self, other: Self) -> Self {
        self.interface = self.interface.or(other.interface);
        for (stream, args) in other.args {
            self.args.entry(stream).or_insert(args);
        }
        self
    }

    /// The same for another checkout, in which the workspace in `from` is in `to`: a source of
    /// the repository is that checkout's own, or is looked for where that has none.
    #[must_use]
    pub fn in_checkout(&self, from: &Path, to: &Path) -> Self {
        let full = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        // A workspace may be in a folder of its repository: it has the same names in both.
        let (mut from, mut to) = (full(from), to.to_owned());
        while from.file_name().is_some() && from.file_name() == to.file_name() {
            from.pop();
            to.pop();
        }
        let own = |file: &PathBuf| match full(file).strip_prefix(&from) {
            Ok(below) => Some(to.join(below)).filter(|file| file.is_file()),
            Err(_) => Some(file.clone()),
        };
        Self {
            interface: self.interface.as_ref().and_then(own),
            ..self.clone()
        }
    }
}

/// Something that a library has and that is not measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undriven {
    pub name: String,
    /// Its kind, and the reason.
    pub why: String,
}

/// What is in a library.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    pub cases: Vec<Case>,
    pub undriven: Vec<Undriven>,
    /// Whether it says that it is a debug build.
    pub debug: bool,
}

/// Finds and loads the streams of libraries.
pub trait Framework {
    /// What is in a library.
    fn list(&self, library: &Path, calling: &Calling) -> Result<Listed>;

    /// Loads what has the stream of a target's request.
    fn load(&self, target: &Target) -> Result<Box<dyn Guest>>;
}

/// This project's: the functions of `paired_bench::bench!`, and the streams of
/// `bench_protocol::export_guest!`.
#[derive(Debug, Clone, Copy)]
pub struct Own;

impl Framework for Own {
    fn list(&self, library: &Path, _: &Calling) -> Result<Listed> {
        let (_, exported) = loader::exports(library)?;
        let exports = |symbol: &str| exported.iter().any(|name| name == symbol);
        let mut found = Listed::default();
        if exports(paired_bench::SYMBOL) {
            let functions = Functions::load(library)?;
            found.debug |= functions.is_debug();
            let names = functions.names().iter().cloned();
            found.cases.extend(names.map(Case::Function));
        }
        if exports(GUEST_SYMBOL) {
            found.debug |= loader::guest(library)?.build.profile == "dev";
            let request = |stream| table::Request {
                stream,
                ..table::Request::default()
            };
            let named = streams::streams(library)?;
            if named.is_empty() {
                found.cases.push(Case::stream(STREAM, request(None)));
            }
            let stream = |name: String| Case::stream(&name.clone(), request(Some(name)));
            found.cases.extend(named.into_iter().map(stream));
        }
        Ok(found)
    }

    fn load(&self, target: &Target) -> Result<Box<dyn Guest>> {
        table::load(target)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_source_of_the_repository_is_that_of_the_checkout_and_others_stay() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (here, base) = (folder.path().join("here"), folder.path().join("base"));
        for file in [
            here.join("a.rs"),
            here.join("its/b.rs"),
            here.join("new.rs"),
            base.join("a.rs"),
            base.join("its/b.rs"),
        ] {
            fs::create_dir_all(paired::paths::folder(&file)).expect("made");
            fs::write(file, "").expect("written");
        }
        let moved = |file: PathBuf| {
            let interface = Some(file);
            let calling = Calling {
                interface,
                ..Calling::default()
            };
            let workspace = |checkout: &Path| checkout.join("its");
            calling
                .in_checkout(&workspace(&here), &workspace(&base))
                .interface
        };
        assert_eq!(moved(here.join("a.rs")), Some(base.join("a.rs")));
        assert_eq!(moved(here.join("its/b.rs")), Some(base.join("its/b.rs")));
        assert_eq!(moved(here.join("new.rs")), None);
        let elsewhere = folder.path().join("b.rs");
        assert_eq!(moved(elsewhere.clone()), Some(elsewhere));
    }

    #[test]
    fn what_a_command_line_says_comes_before_the_settings() {
        let args = |stream: &str, value: u8| {
            let args = BTreeMap::from([(stream.to_owned(), Value::from(value))]);
            Calling {
                args,
                ..Calling::default()
            }
        };
        assert_eq!(args("a", 1).or(args("a", 2)), args("a", 1));
        let both = args("a", 1).or(args("b", 2));
        assert_eq!((&both.args["a"], &both.args["b"]), (&1.into(), &2.into()));
        assert!(Calling::default().is_empty() && !both.is_empty());
    }
}
