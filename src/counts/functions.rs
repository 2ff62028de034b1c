//! Instructions by function, as callgrind's profiles tell.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use paired::visible::visible;

use super::summary::{files_below, is_of};

/// Instructions of each function itself, without those that it calls.
pub type Functions = BTreeMap<String, u64>;

/// The functions of a part of the profile below a folder of iai-callgrind's.
///
/// # Errors
/// In words, when there is none or one cannot be read.
pub fn read(folder: &Path, part: u64) -> Result<Functions, String> {
    let mut found = Functions::new();
    let files = files_below(folder).into_iter();
    for path in files.filter(|path| is_profile(path, part)) {
        let text =
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        for (name, instructions) in parse(&text) {
            *found.entry(name).or_default() += instructions;
        }
    }
    match found.is_empty() {
        true => Err(format!("callgrind left no profile of part {part}")),
        false => Ok(found),
    }
}

/// Whether a file is callgrind's of a part: `callgrind.instructions.p2.out`.
fn is_profile(path: &Path, part: u64) -> bool {
    let end = format!(".p{part}.out");
    is_of(path, "callgrind.") && path.to_str().is_some_and(|path| path.ends_with(&end))
}

/// The functions of a profile. The format is that of callgrind_annotate's input
/// (callgrind-format in valgrind's manual).
pub fn parse(text: &str) -> Functions {
    let mut found = Functions::new();
    // A name stands once, as `(7) malloc`; later, the number alone.
    let mut names: HashMap<&str, String> = HashMap::new();
    let (mut function, mut positions, mut is_call) = (None, 1, false);
    for line in text.lines() {
        if let Some(columns) = line.strip_prefix("positions: ") {
            positions = columns.split_ascii_whitespace().count();
        } else if let Some(name) = line.strip_prefix("fn=") {
            function = Some(resolve(&mut names, name));
        } else if let Some(name) = line.strip_prefix("cfn=") {
            resolve(&mut names, name);
        } else if line.starts_with("calls=") {
            // The next line has what the called function took: it is counted there.
            is_call = true;
        } else if line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first)) {
            let instructions = line.split_ascii_whitespace().nth(positions);
            let instructions: Option<u64> = instructions.and_then(|it| it.parse().ok());
            if let (false, Some(name), Some(more)) = (is_call, &function, instructions) {
                *found.entry(name.clone()).or_default() += more;
            }
            is_call = false;
        }
    }
    found
}

fn resolve<'t>(names: &mut HashMap<&'t str, String>, text: &'t str) -> String {
    let (number, name) = text.split_once(' ').unwrap_or((text, ""));
    let digits = number.strip_prefix('(').and_then(|it| it.strip_suffix(')'));
    if !digits.is_some_and(|it| it.bytes().all(|byte| byte.is_ascii_digit())) {
        // Names may also stand as they are.
        return shown(text);
    }
    if name.is_empty() {
        return names.get(number).cloned().unwrap_or_default();
    }
    names.insert(number, shown(name));
    shown(name)
}

/// A symbol as its source names it: demangled, without the compiler's hash and marks, so that
/// it is the same in two builds.
fn shown(symbol: &str) -> String {
    // A recursion's level, and a copy that the compiler made.
    let symbol = symbol.split('\'').next().unwrap_or(symbol);
    let name = match rustc_demangle::try_demangle(symbol) {
        Ok(name) => format!("{name:#}"),
        Err(_) => without_hash(symbol).to_owned(),
    };
    visible(&name)
}

/// Without `::h` and sixteen hexadecimal digits, which valgrind leaves.
fn without_hash(name: &str) -> &str {
    match name.rsplit_once("::h") {
        Some((start, hash)) if hash.len() == 16 && hash.chars().all(|c| c.is_ascii_hexdigit()) => {
            start
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = "\
version: 1
positions: line
events: Ir

ob=(1) /pair/libbench_guest.so
fl=(1) alloc.rs
fn=(1) bench_guest::alloc::next::h0123456789abcdef
10 30
+2 12
cfn=(2) malloc
calls=3 0
* 300
fi=(2) boxed.rs
-1 8

fn=(2)
0 270
+1 30
fn=(3) _ZN5alloc3vec4push17h0123456789abcdefE
0 7
fn=(1)
10 1

totals: 358
";

    #[test]
    fn each_function_has_what_it_runs_itself_by_its_own_name() {
        let expected = [
            ("alloc::vec::push", 7),
            ("bench_guest::alloc::next", 51),
            ("malloc", 300),
        ];
        let found = parse(PROFILE);
        let found: Vec<(&str, u64)> = found
            .iter()
            .map(|(name, &it)| (name.as_str(), it))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn names_may_stand_without_numbers() {
        let text = "positions: line\nfn=(below main)\n0 3\ncfn=<a::B as c::D>::e\ncalls=1 0\n0 9\n\n\
                    fn=<a::B as c::D>::e\n0 9\nfn=(below main)\n1 1\n";
        let found = parse(text);
        assert_eq!(found.get("(below main)"), Some(&4));
        assert_eq!(found.get("<a::B as c::D>::e"), Some(&9));
    }

    #[test]
    fn a_profile_may_have_the_instructions_address_as_well() {
        let text = "positions: instr line\nevents: Ir\nfn=(1) a\n0x10 3 40\n+1 * 2\n";
        assert_eq!(parse(text).get("a"), Some(&42));
    }

    #[test]
    fn the_profiles_of_one_part_are_added_up() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let below = folder.path().join("a/instructions");
        fs::create_dir_all(&below).expect("made");
        for name in [
            "callgrind.instructions.p1.out",
            "callgrind.instructions.t2.p1.out",
        ] {
            fs::write(below.join(name), PROFILE).expect("written");
        }
        fs::write(below.join("callgrind.instructions.p2.out"), PROFILE).expect("written");
        fs::write(below.join("callgrind.instructions.p1.log"), "fn=no").expect("written");
        let found = read(folder.path(), 1).expect("found");
        assert_eq!(found.get("malloc"), Some(&600));
        let missing = read(folder.path(), 3).expect_err("there is none");
        assert!(missing.contains("part 3"), "{missing}");
    }

    #[test]
    fn a_name_is_the_same_in_two_builds() {
        assert_eq!(shown("a::b::h0123456789abcdef'2"), "a::b");
        assert_eq!(shown("_RNvC1a1b"), "a::b");
        assert_eq!(shown("<a::B as c::D>::e"), "<a::B as c::D>::e");
        assert_eq!(shown("a::hash"), "a::hash");
    }
}
