//! Where, when and from what a run was made, as a record keeps it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The machine, the toolchain and the pair under test.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Environment {
    /// Full commit hash of the pair, or empty outside a repository.
    pub commit: String,
    /// Subject line of that commit; text, never markup.
    pub subject: String,
    /// Who wrote that commit, as git names the author; empty where it is not known.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub author: String,
    /// Branch of the checkout, or empty where it was on none: a history follows one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub branch: String,
    /// Whether the checkout had uncommitted changes.
    pub dirty: bool,
    /// `rustc --version` of the pair.
    pub rustc: String,
    pub profile: String,
    pub flags: String,
    /// The allocators of guest and host, or empty where both are the system's.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub allocators: String,
    pub cpu: String,
    pub cores: u32,
    pub kernel: String,
    pub libc: String,
    /// `valgrind --version`, or empty when there is none.
    pub valgrind: String,
    /// `GLIBC_TUNABLES` under which counts were taken.
    pub tunables: String,
    /// SHA-256 of the guest cdylib, hexadecimal.
    pub guest_sha256: String,
    /// SHA-256 of the host cdylib, hexadecimal.
    pub host_sha256: String,
    /// Start of the run, RFC 3339.
    pub started: String,
    /// End of the run, RFC 3339.
    pub finished: String,
    /// When the commit was made (committer date, RFC 3339), or empty: it orders
    /// a history, also where an old commit is measured late.
    pub committed: String,
    /// `K/N` where the record holds one shard of a run, K from 1 to N.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
    /// The command line that made the record.
    pub command: String,
    /// What else was observed: load, steal time, frequency; free-form.
    pub observed: BTreeMap<String, String>,
}

/// Key in [`Environment::observed`] of the address of the repository's web pages.
pub const REPOSITORY: &str = "repository";

/// Key in [`Environment::observed`] of what a reader of the ratios should know first.
pub const CAUTION: &str = "caution";

/// Key in [`Environment::observed`] of the variables that steer the allocator and the
/// loader, such as `MALLOC_PERTURB_=1`.
pub const VARIABLES: &str = "allocator_and_loader";

/// Key in [`Environment::observed`] of the copy routines that the C library chose.
pub const COPY_ROUTINES: &str = "copy_routines";
