//! The order of functions: by a hash of a seed and the symbol's name, so that two
//! builds have what they share in the same order.

use std::fs;
use std::path::Path;

use object::{Object, ObjectSymbol, SymbolKind};
use sha2::{Digest, Sha256};

use super::error::{LayoutError, at};

/// The functions of a linked library, each name once; empty where it has no symbol
/// table that can be read.
pub(super) fn functions(library: &Path) -> Result<Vec<String>, LayoutError> {
    let bytes = fs::read(library).map_err(at(library))?;
    let Ok(file) = object::File::parse(&*bytes) else {
        return Ok(Vec::new());
    };
    let defined = |symbol: &object::Symbol<'_, '_>| {
        symbol.is_definition() && symbol.kind() == SymbolKind::Text
    };
    let mut names: Vec<String> = file
        .symbols()
        .filter(defined)
        .filter_map(|symbol| symbol.name().ok().map(str::to_owned))
        .filter(|name| !name.is_empty())
        .collect();
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

/// The names in the order of a seed, one a line.
pub(super) fn ordered(names: &[String], seed: u64) -> String {
    let mut keyed: Vec<([u8; 32], &str)> = names
        .iter()
        .map(|name| {
            let digest = Sha256::digest(format!("{seed} {}", stable(name)));
            (digest.into(), name.as_str())
        })
        .collect();
    keyed.sort_unstable();
    keyed.iter().map(|(_, name)| format!("{name}\n")).collect()
}

/// A symbol's name without what the compiler hashes into it, which another folder or
/// another version of a crate changes: the `17h…E` at the end of a legacy name, the
/// disambiguators of crates in a v0 name (`Cs…_`), the number that LLVM adds.
fn stable(name: &str) -> String {
    let name = name.split_once(".llvm.").map_or(name, |(name, _)| name);
    if name.starts_with("_R") {
        return without_disambiguators(name);
    }
    if let Some((start, hash)) = name.rsplit_once("17h") {
        let hexadecimal = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if hash.len() >= 17 && hash.as_bytes()[16] == b'E' && hexadecimal(&hash[..16]) {
            return format!("{start}{}", &hash[16..]);
        }
    }
    name.to_owned()
}

/// A v0 name (RFC 2603) whose crates have no disambiguator: `Cs<base 62>_` followed by
/// the length of the crate's name.
fn without_disambiguators(name: &str) -> String {
    let mut kept = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find("Cs") {
        let (before, after) = rest.split_at(at);
        kept.push_str(before);
        kept.push('C');
        let digits = after[2..]
            .bytes()
            .take_while(u8::is_ascii_alphanumeric)
            .count();
        let tail = &after[2 + digits..];
        let length = tail.strip_prefix('_').and_then(|tail| tail.bytes().next());
        if length.is_some_and(|byte| byte.is_ascii_digit()) {
            rest = &tail[1..];
        } else {
            rest = &after[1..];
        }
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_place_when_only_its_hash_changes() {
        let legacy = "_ZN5guest4next17h0123456789abcdefE";
        assert_eq!(stable(legacy), "_ZN5guest4nextE");
        assert_eq!(
            stable("_ZN5guest4next17h0123456789abcdefE.llvm.99"),
            "_ZN5guest4nextE"
        );
        assert_eq!(
            stable("_RNvCs1a2B3_5guest4next"),
            stable("_RNvCszZ9_5guest4next")
        );
        assert_eq!(
            stable("_RINvNtCs1a_4core3ptr4dropNtCs2b_5guest4ItemECs2b_5guest"),
            "_RINvNtC4core3ptr4dropNtC5guest4ItemEC5guest"
        );
        for name in ["free", "_ZN5guest17h0123E", "_RNvC5guestCs"] {
            assert_eq!(stable(name), name);
        }
    }

    #[test]
    fn what_two_builds_share_has_the_same_order_in_both() {
        let names = |from: u32| -> Vec<String> {
            let hash = 16 - from.to_string().len();
            let name = |n: u32| format!("_ZN1f{n}17h{from}{:0>hash$}E", n);
            (from..from + 40).map(name).collect()
        };
        let order = |from: u32, seed| -> Vec<String> {
            let text = ordered(&names(from), seed);
            let shared = |name: &String| (20..40).any(|n| name.starts_with(&format!("_ZN1f{n}E")));
            text.lines().map(stable).filter(shared).collect()
        };
        assert_eq!(order(0, 7).len(), 20);
        assert_eq!(order(0, 7), order(20, 7));
        assert_ne!(order(0, 7), order(0, 8));
    }
}
