//! Where an arm's instructions go: by the crate of their source, from callgrind and the
//! line tables, inlined code included.
//!
//! The result is written to a file next to the record. The page explains with it why two
//! arms differ.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::beside;
use crate::count::{self, Subject};

/// Instructions per item by crate; libc by what it does.
pub type Parts = BTreeMap<String, f64>;

/// The parts of some arms, by their ids.
pub type ByArm = BTreeMap<String, Parts>;

/// The parts of the arms of a record.
pub const FILE: beside::Kind = beside::Kind {
    extension: "parts.json",
    content: "the parts of arms",
};

/// Counts the instructions of an arm by crate: the slope between the drains that its count is
/// the slope of, so that the parts add up to it. Its executable and libraries have their line
/// tables still.
///
/// # Errors
/// When valgrind is missing or fails.
pub fn of(subject: &Subject<'_>) -> Result<Parts> {
    let options = ["--compress-strings=no", "--compress-pos=no"];
    let count::Drains { few, many, more } = subject.drains(&options)?;
    let [few, many] = [few, many].map(|profile| sum(&profile));
    let slope = |part: &String| {
        let count = |parts: &BTreeMap<String, u64>| parts.get(part).copied().unwrap_or(0) as f64;
        (count(&many) - count(&few)) / more as f64
    };
    Ok(many
        .keys()
        .map(|part| (part.clone(), slope(part)))
        .collect())
}

/// Sums a profile's own costs by part. Its format: a line of `key=value` says
/// where what follows is from, a line of two numbers is a source line and its
/// cost; the one after `calls=` is what the callee took, which is no cost here.
fn sum(profile: &str) -> BTreeMap<String, u64> {
    let (mut object, mut function, mut file) = ("", "", "");
    let mut inclusive = false;
    let mut parts = BTreeMap::new();
    for line in profile.lines() {
        if let Some((key, value)) = line.split_once('=') {
            match key {
                "ob" => object = value,
                "fn" => function = value,
                "fl" | "fi" | "fe" => file = value,
                "calls" => inclusive = true,
                _ => {}
            }
        } else if line.starts_with(|first: char| first.is_ascii_digit()) {
            let cost = line.split(' ').nth(1).and_then(|cost| cost.parse().ok());
            if !std::mem::take(&mut inclusive) {
                let part = part(object, function, file);
                *parts.entry(part).or_insert(0) += cost.unwrap_or(0_u64);
            }
        }
    }
    parts
}

/// The name of the part that a source line belongs to.
fn part(object: &str, function: &str, file: &str) -> String {
    let folders: Vec<&str> = file.split('/').collect();
    // The folder above `src` is the crate's; a registry's bears its version.
    let crate_of = folders
        .windows(2)
        .rev()
        .find(|pair| pair[1] == "src" && pair[0] != "registry")
        .map(|pair| pair[0]);
    if let Some(name) = crate_of {
        return without_version(name).replace('-', "_");
    }
    let object = object.rsplit('/').next().unwrap_or_default();
    if !object.starts_with("libc.") && !object.starts_with("libc-") {
        // What the compiler merged from several lines has none: then the function says it.
        return crate_in(function).unwrap_or_else(|| format!("{object}, no source"));
    }
    let does = |names: &[&str]| names.iter().any(|name| function.contains(name));
    if does(&["memcpy", "memmove"]) {
        "libc: memcpy".to_owned()
    } else if does(&["malloc", "free", "realloc", "calloc"]) {
        "libc: allocator".to_owned()
    } else {
        "libc: other".to_owned()
    }
}

/// `bincode` of `<bincode::de::Deserializer<R,O> as ..>::next`.
fn crate_in(function: &str) -> Option<String> {
    let path = function.trim_start_matches(['<', '&', '*']);
    let path = path.strip_prefix("mut ").unwrap_or(path);
    let (name, _) = path.split_once("::")?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    (!name.is_empty() && name.chars().all(plain)).then(|| name.to_owned())
}

/// `bincode` of `bincode-1.3.3`.
fn without_version(folder: &str) -> &str {
    match folder.rsplit_once('-') {
        Some((name, version)) if version.starts_with(|c: char| c.is_ascii_digit()) => name,
        _ => folder,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_summed_by_crate_and_calls_are_not_counted_twice() {
        let profile = "\
            version: 1\nevents: Ir\n\n\
            ob=/x/libguest.so\nfl=/home/a/guest/src/arena.rs\nfn=next\n10 5\n\
            fi=/r/registry/src/index-1/bincode-1.3.3/src/ser/mod.rs\n7 30\n\
            cob=/lib/libc.so.6\ncfn=memcpy\ncalls=2 0\n7 400\n\
            fe=/home/a/guest/src/arena.rs\n11 2\n\
            fi=/home/a/my-plugin/src/lib.rs\n3 4\n\
            fi=???\nfn=my_plugin::next\n0 6\nfn=<&mut bincode::de::Reader<R> as T>::read\n0 2\n\
            fn=<&mut I as Iterator>::next\n0 8\n\
            fi=/rustc/abc/library/core/src/slice/mod.rs\n3 1\n\n\
            ob=/lib/libc.so.6\nfl=???\nfn=__memcpy_avx_unaligned\n0 400\n\
            fn=_int_malloc\n0 9\n";
        let expected = [
            ("bincode", 32),
            ("core", 1),
            ("guest", 7),
            ("libc: allocator", 9),
            ("libc: memcpy", 400),
            ("libguest.so, no source", 8),
            ("my_plugin", 10),
        ];
        let expected = expected.map(|(part, cost)| (part.to_owned(), cost));
        assert_eq!(sum(profile), expected.into());
    }
}
