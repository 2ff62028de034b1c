//! Callgrind around a child of this program that drains on its command.

use std::ffi::OsString;
use std::path::Path;

use paired::worker::{ChildError, Launch};

use super::run::TUNABLES;
use super::valgrind;

/// Callgrind's options for a child: of what a harness times, with the profile in this file.
pub fn callgrind(profile: &Path) -> [String; 4] {
    [
        "--tool=callgrind".to_owned(),
        format!("--callgrind-out-file={}", profile.display()),
        "--toggle-collect=*bench_host::functions::Opened::run*".to_owned(),
        "--toggle-collect=*bench_host::pair::Session::drain*".to_owned(),
    ]
}

/// A child that runs under valgrind, with these options of it.
pub fn under<const N: usize>(mut launch: Launch, options: [impl Into<OsString>; N]) -> Launch {
    let valgrind = ["valgrind", valgrind::WITHOUT_INLINED].map(Into::into);
    launch.wrapper = valgrind
        .into_iter()
        .chain(options.map(Into::into))
        .collect();
    launch
        .environment
        .push(("GLIBC_TUNABLES".into(), TUNABLES.into()));
    // valgrind's own memory is several times that of the child.
    launch.memory = None;
    launch
}

/// The instructions that callgrind said it collected; nothing where those are none.
pub fn collected(said: &str) -> Option<u64> {
    let mut numbers = said
        .lines()
        .filter_map(|line| line.split_once("Collected :"));
    let (_, number) = numbers.next_back()?;
    number.trim().parse().ok().filter(|&counted| counted > 0)
}

/// The cause, where a child ended because valgrind does not know an instruction.
pub fn unknown_instruction(error: &ChildError) -> Option<&'static str> {
    match error {
        ChildError::Signalled { said, .. } => valgrind::unknown_instruction(&said.text()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_callgrind_collected_is_the_last_number_and_never_none_at_all() {
        let said = "==7== Collected : 5\n==8== \n==8== Collected : 1234\n==8== ";
        assert_eq!(collected(said), Some(1234));
        assert_eq!(collected("==8== Collected : 0"), None);
        assert_eq!(collected("==8== Command: a"), None);
    }
}
