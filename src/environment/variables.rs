//! Environment variables that steer the allocator and the loader, and with them the
//! time of an item: `MALLOC_PERTURB_=1` alone moves a ratio by a fifth.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use bench_record::wire::VARIABLES;

/// How such variables begin: those of glibc's malloc, its loader, jemalloc, mimalloc,
/// tcmalloc, Scudo and hardened malloc. `GLIBC_TUNABLES` has a field of its own.
const PREFIXES: [&str; 9] = [
    "MALLOC_",
    "LD_",
    "JE_MALLOC_",
    "_RJEM_MALLOC_",
    "MIMALLOC_",
    "TCMALLOC_",
    "SCUDO_",
    "H_MALLOC_",
    "MESH_",
];

/// Where libraries are looked for: cargo sets it for what it runs. It is told, and
/// makes no two machines of one.
const LIBRARY_PATH: &str = "LD_LIBRARY_PATH";

/// What a record keeps of these variables.
pub(super) fn observed(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> BTreeMap<String, String> {
    let mut steering = Vec::new();
    let mut observed = BTreeMap::new();
    for (name, value) in variables {
        let (name, value) = (name.to_string_lossy(), value.to_string_lossy());
        if name == LIBRARY_PATH {
            observed.insert("library_path".to_owned(), public(&value));
        } else if PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
            steering.push(format!("{name}={}", public(&value)));
        }
    }
    steering.sort();
    if !steering.is_empty() {
        observed.insert(VARIABLES.to_owned(), steering.join(" "));
    }
    observed
}

/// A value without the machine's folders: of absolute paths, only the last component.
fn public(value: &str) -> String {
    value
        .split(':')
        .map(last_component)
        .collect::<Vec<_>>()
        .join(":")
}

/// The last component of an absolute path; anything else as it is.
pub(super) fn last_component(text: &str) -> String {
    let path = Path::new(text);
    match path.file_name() {
        Some(name) if path.is_absolute() => name.to_string_lossy().into_owned(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_of_allocator_and_loader_is_told_without_folders() {
        let found = observed(
            [
                ("PATH", "/usr/bin"),
                ("MALLOC_PERTURB_", "1"),
                ("LD_PRELOAD", "/opt/x/libjemalloc.so:libother.so"),
                ("MIMALLOC_PAGE_RESET", "0"),
                ("LD_LIBRARY_PATH", "/a/deps:/b/lib"),
                ("GLIBC_TUNABLES", "glibc.malloc.trim_threshold=1"),
            ]
            .into_iter()
            .map(|(name, value)| (name.into(), value.into())),
        );
        assert_eq!(
            found[VARIABLES],
            "LD_PRELOAD=libjemalloc.so:libother.so MALLOC_PERTURB_=1 MIMALLOC_PAGE_RESET=0"
        );
        assert_eq!(found["library_path"], "deps:lib");
        assert!(observed(std::iter::empty()).is_empty());
    }
}
