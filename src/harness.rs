//! The targets of `cargo bench` as programs: how they are built and found, and
//! what they are told through the environment.
//!
//! It knows cargo, and neither criterion nor valgrind.

use std::env;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail};
use bench_host::pair::Pair;

use crate::case::{Case, catalog};
use crate::git;
use crate::pair::PairFiles;
use crate::workspace;

/// Environment variable: `quick` or `full`, the set of cases. Without it, all.
pub const SET: &str = "ARENA_BENCH_SET";
/// Environment variable: exact case ids, separated by commas. It outranks
/// [`SET`].
pub const CASES: &str = "ARENA_BENCH_CASES";
/// Environment variable: the folder of the pair; by default the one that lies
/// beside the target.
pub const PAIR: &str = "ARENA_BENCH_PAIR";

/// The profile that a bench target is built with, and its pair with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Optimised: what measurements are made of.
    Release,
    /// Not optimised: for tests of the harness itself.
    Debug,
}

impl Profile {
    /// The verb of cargo that builds with it.
    fn verb(self) -> &'static str {
        match self {
            Self::Release => "bench",
            Self::Debug => "test",
        }
    }
}

/// The cases that the environment asks for, out of those of a target.
pub fn cases(all: Vec<Case>) -> Result<Vec<Case>> {
    let text = |name| env::var(name).ok().filter(|text| !text.is_empty());
    choose(all, text(SET).as_deref(), text(CASES).as_deref())
}

fn choose(all: Vec<Case>, set: Option<&str>, ids: Option<&str>) -> Result<Vec<Case>> {
    if let Some(ids) = ids {
        let ids: Vec<&str> = ids.split(',').map(str::trim).collect();
        let known = catalog::all();
        let unknown = |id: &&&str| !known.iter().any(|case| case.id() == **id);
        if let Some(id) = ids.iter().find(unknown) {
            bail!("{CASES}: there is no case {id:?}; `arena-bench list` shows them");
        }
        let wanted = |case: &Case| ids.contains(&case.id().as_str());
        return Ok(all.into_iter().filter(wanted).collect());
    }
    match set {
        None | Some("full") => Ok(all),
        Some("quick") => Ok(all.into_iter().filter(catalog::is_quick).collect()),
        Some(value) => bail!("{SET}={value:?}: expected `quick` or `full`"),
    }
}

/// Whether the environment asks for the quick set, and so for short timings.
pub fn is_quick() -> bool {
    env::var(SET).is_ok_and(|set| set == "quick")
}

/// What [`CASES`] must hold for these cases.
pub fn ids(cases: &[Case]) -> String {
    let ids: Vec<String> = cases.iter().map(Case::id).collect();
    ids.join(",")
}

/// Loads the pair that the environment names, or the one beside this executable.
pub fn pair() -> Result<Pair> {
    let folder = env::var_os(PAIR).map(PathBuf::from);
    Ok(PairFiles::find(folder.as_deref())?.load()?)
}

/// Cargo, as the one that runs this process or the one of the path.
fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// The command that builds a target of this workbench, whatever project the current
/// folder belongs to.
fn command(root: &Path, target: &str, profile: Profile) -> Command {
    let mut command = Command::new(cargo());
    command.current_dir(root);
    command.args([profile.verb(), "--no-run", "--quiet", "--bench", target]);
    command.arg("--manifest-path").arg(root.join("Cargo.toml"));
    command.arg("--message-format=json-render-diagnostics");
    if let Some(relative) = env::var_os("CARGO_TARGET_DIR")
        && let Ok(absolute) = std::path::absolute(relative)
    {
        command.env("CARGO_TARGET_DIR", absolute);
    }
    // The pair's build scripts ask git, of the checkout that they are in.
    for name in git::local_variables() {
        command.env_remove(name);
    }
    command
}

/// Builds a target of `benches/` and its pair; where its executable lies. What
/// the compiler says goes to stderr.
pub fn build(target: &str, profile: Profile) -> Result<PathBuf> {
    let verb = profile.verb();
    let mut command = command(&workspace::root()?, target, profile);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| start_error(Path::new(command.get_program()), &error))?;
    let stdout = child.stdout.take().expect("stdout is piped above");
    // Read to the end, or cargo waits for ever on a full pipe.
    let built = BufReader::new(stdout)
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| executable(&line, target))
        .last();
    let success = child.wait().is_ok_and(|status| status.success());
    built.filter(|_| success).with_context(|| {
        let hint = match target {
            "instructions" => " (it needs the feature `counts`, which is on by default)",
            _ => "",
        };
        format!(
            "`cargo {verb} --no-run --bench {target}` failed; run it in the checkout to see why{hint}"
        )
    })
}

pub(crate) fn start_error(program: &Path, error: &std::io::Error) -> anyhow::Error {
    anyhow!("cannot run {}: {error}", program.display())
}

/// The executable that a line of cargo's messages says it made of `target`.
fn executable(line: &str, target: &str) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(line).ok()?;
    let made = message["reason"] == "compiler-artifact"
        && message["target"]["name"] == target
        && message["target"]["kind"][0] == "bench";
    made.then(|| message["executable"].as_str().map(PathBuf::from))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(set: Option<&str>, ids: Option<&str>) -> Result<Vec<String>> {
        let cases = choose(catalog::drains(), set, ids)?;
        Ok(cases.iter().map(Case::id).collect())
    }

    #[test]
    fn exact_ids_outrank_the_set() {
        let ids = chosen(
            Some("quick"),
            Some("drain/u64/alloc, lifecycle/u64/arena/cancel"),
        );
        assert_eq!(ids.unwrap(), ["drain/u64/alloc"]);
        let quick = chosen(Some("quick"), None).unwrap();
        assert!(quick.len() < chosen(Some("full"), None).unwrap().len());
    }

    #[test]
    fn an_unknown_id_or_set_is_refused_by_name() {
        let id = chosen(None, Some("drain/u65/alloc")).unwrap_err();
        assert!(id.to_string().contains("drain/u65/alloc"), "{id}");
        let set = chosen(Some("fast"), None).unwrap_err();
        assert!(set.to_string().contains("fast"), "{set}");
    }

    #[test]
    fn a_target_is_built_of_this_workbench_wherever_the_command_runs() {
        let root = Path::new("/some/checkout");
        let command = command(root, "instructions", Profile::Release);
        assert_eq!(command.get_current_dir(), Some(root));
        let arguments: Vec<_> = command.get_args().collect();
        let manifest = ["--manifest-path", "/some/checkout/Cargo.toml"];
        assert!(
            arguments.windows(2).any(|two| two == manifest),
            "{arguments:?}"
        );
        let removed = |name: &str| command.get_envs().any(|set| set == (name.as_ref(), None));
        assert!(removed("GIT_DIR") && removed("GIT_INDEX_FILE"));
    }

    #[test]
    fn the_executable_is_read_from_cargos_messages() {
        let line = r#"{"reason":"compiler-artifact","target":{"kind":["bench"],"name":"item_size"},"executable":"/t/item_size-1"}"#;
        assert_eq!(executable(line, "item_size"), Some("/t/item_size-1".into()));
        assert_eq!(executable(line, "lifecycle"), None);
        assert_eq!(executable("no json", "item_size"), None);
    }
}
