//! What stays the same on one machine: CPU, kernel, C library, tools.

use bench_record::wire::COPY_ROUTINES;
use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};

use crate::counts::valgrind;

/// The levels of the CPU that valgrind presents to a program, highest first. It
/// shows no AVX-512 and one fixed set of caches (`VEX/priv/guest_amd64_helpers.c`),
/// so the level is all that is left of the machine's own CPU.
const LEVELS: [&str; 4] = ["avx2", "avx", "ssse3", "sse2"];

/// Flags by which glibc picks its copy routines outside valgrind
/// (`sysdeps/x86_64/multiarch/ifunc-memmove.h`).
const COPY_FLAGS: [&str; 7] = [
    "ssse3", "avx", "avx2", "avx512f", "avx512vl", "erms", "fsrm",
];

/// CPU model name; on CPUs without one, implementer and part.
pub(super) fn cpu() -> String {
    model(&cpuinfo())
}

/// Logical cores that this process may use.
pub(super) fn cores() -> u32 {
    std::thread::available_parallelism().map_or(0, |cores| cores.get() as u32)
}

pub(super) fn kernel() -> String {
    read("/proc/sys/kernel/osrelease")
}

/// C library and its version: `glibc 2.36`.
pub(super) fn libc() -> String {
    said("getconf", &["GNU_LIBC_VERSION"])
}

/// `valgrind --version`, or nothing.
pub(super) fn valgrind() -> String {
    valgrind::version().unwrap_or_default()
}

/// What else tells machines apart.
pub(super) fn observed() -> BTreeMap<String, String> {
    let cpuinfo = cpuinfo();
    let flags = field(&cpuinfo, "flags").unwrap_or_default();
    let has = |wanted: &&str| flags.split(' ').any(|flag| flag == *wanted);
    let listed: Vec<&str> = COPY_FLAGS.into_iter().filter(has).collect();
    let level = LEVELS.into_iter().find(has).unwrap_or("");
    let virtual_machine = if has(&"hypervisor") { "yes" } else { "" };
    let clock = read("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    let facts = [
        (COPY_ROUTINES, level.to_owned()),
        ("copy_flags", listed.join(" ")),
        ("virtual_machine", virtual_machine.to_owned()),
        ("clock_source", clock),
    ];
    facts
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn cpuinfo() -> String {
    fs::read_to_string("/proc/cpuinfo").unwrap_or_default()
}

fn model(cpuinfo: &str) -> String {
    let arm = || {
        let (by, part) = (
            field(cpuinfo, "CPU implementer")?,
            field(cpuinfo, "CPU part")?,
        );
        Some(format!("implementer {by}, part {part}"))
    };
    let model = field(cpuinfo, "model name").map(str::to_owned);
    model.or_else(arm).unwrap_or_default()
}

/// The value of the first line `name : value`.
pub(super) fn field<'a>(cpuinfo: &'a str, name: &str) -> Option<&'a str> {
    let value = |line: &'a str| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim())
    };
    cpuinfo.lines().find_map(value)
}

fn read(path: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.trim().to_owned()
}

/// The first line that a program prints; nothing when it is missing or fails.
fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output();
    match output {
        Ok(output) if output.status.success() => {
            let text = String::from_utf8_lossy(&output.stdout);
            text.lines().next().unwrap_or_default().trim().to_owned()
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_the_name_or_the_part() {
        let x86 = "processor\t: 0\nmodel\t\t: 17\nmodel name\t: Some CPU @ 2 GHz\n";
        assert_eq!(model(x86), "Some CPU @ 2 GHz");
        let arm = "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n";
        assert_eq!(model(arm), "implementer 0x41, part 0xd0c");
        assert_eq!(model(""), "");
    }

    #[test]
    fn a_program_that_is_missing_or_fails_says_nothing() {
        assert_eq!(said("no-such-program-anywhere", &[]), "");
        assert_eq!(said("sh", &["-c", "echo partly; exit 1"]), "");
        assert_eq!(said("sh", &["-c", "echo one; echo two"]), "one");
    }
}
