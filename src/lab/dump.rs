//! Reads what callgrind writes: its profiles, one for each drain.

use std::fs;
use std::path::{Path, PathBuf};

/// What one drain took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Totals {
    /// Instructions.
    pub(super) instructions: u64,
    /// Calls of functions that allocate.
    pub(super) allocations: u64,
}

/// Functions that allocate: of the C library, of mimalloc and of jemalloc.
const ALLOCATES: [&str; 14] = [
    "malloc",
    "calloc",
    "realloc",
    "posix_memalign",
    "aligned_alloc",
    "memalign",
    "mi_malloc",
    "mi_malloc_aligned",
    "mi_zalloc_aligned",
    "mi_realloc_aligned",
    "_rjem_malloc",
    "_rjem_mallocx",
    "_rjem_calloc",
    "_rjem_realloc",
];

/// The profiles in `folder`, oldest first; their files are removed.
///
/// # Errors
/// In words, when one cannot be read.
pub(super) fn take(folder: &Path) -> Result<Vec<Totals>, String> {
    let mut found: Vec<(u64, PathBuf)> = fs::read_dir(folder)
        .map_err(|error| error.to_string())?
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let number = entry.path().extension()?.to_str()?.parse().ok()?;
            Some((number, entry.path()))
        })
        .collect();
    found.sort_unstable();
    found
        .into_iter()
        .map(|(_, path)| {
            let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
            fs::remove_file(&path).map_err(|error| error.to_string())?;
            parse(&text).ok_or_else(|| format!("{}: no totals", path.display()))
        })
        .collect()
}

fn parse(text: &str) -> Option<Totals> {
    let mut totals = Totals::default();
    let mut known = false;
    // Names stand once, as `(7) malloc`; later, the number alone.
    let mut allocates = std::collections::BTreeSet::new();
    let mut called = false;
    for line in text.lines() {
        let named = ["fn=", "cfn="]
            .iter()
            .find_map(|start| line.strip_prefix(start));
        if let Some(name) = named {
            let (number, name) = name.split_once(' ').unwrap_or((name, ""));
            if ALLOCATES.contains(&name) {
                allocates.insert(number);
            }
            called = line.starts_with('c') && allocates.contains(number);
        } else if let Some(calls) = line.strip_prefix("calls=") {
            if called {
                totals.allocations += calls.split(' ').next()?.parse::<u64>().ok()?;
            }
        } else if let Some(sum) = line.strip_prefix("totals: ") {
            totals.instructions = sum.split(' ').next()?.parse().ok()?;
            known = true;
        }
    }
    known.then_some(totals)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = "\
events: Ir
fn=(1) bench_host::pair::Session::drain
0 30
cfn=(2) drain
calls=1 0
0 70

fn=(2)
0 20
cfn=(3) malloc
calls=3 0
0 30
cfn=(4) free
calls=3 0
0 10
cfn=(3)
calls=2 0
0 10

totals: 100
";

    #[test]
    fn instructions_are_the_total_and_allocations_the_calls_of_whatever_allocates() {
        let expected = Totals {
            instructions: 100,
            allocations: 5,
        };
        assert_eq!(parse(PROFILE), Some(expected));
        assert_eq!(parse("events: Ir\n"), None);
    }

    #[test]
    fn profiles_are_taken_in_the_order_of_their_numbers_and_once() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (number, sum) in [(2, 7), (10, 9), (1, 5)] {
            let path = folder.path().join(format!("out.{number}"));
            fs::write(path, format!("totals: {sum}\n")).expect("written");
        }
        fs::write(folder.path().join("out"), "").expect("written");
        let taken = take(folder.path()).expect("read");
        let sums: Vec<u64> = taken.iter().map(|it| it.instructions).collect();
        assert_eq!(sums, [5, 7, 9]);
        assert_eq!(take(folder.path()), Ok(Vec::new()));
    }
}
