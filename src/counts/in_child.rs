//! Callgrind around a child of this program that drains on its command.

use std::path::Path;

use paired::worker::{ChildError, Launch};

use super::run::TUNABLES;
use super::valgrind;

/// What callgrind counts of a child: what a harness times.
const DRAINS: [&str; 2] = [
    "--toggle-collect=*bench_host::functions::Opened::run*",
    "--toggle-collect=*bench_host::pair::Session::drain*",
];

/// A child that runs under valgrind, with these options of it.
pub fn under(mut launch: Launch, options: &[&str]) -> Launch {
    let valgrind = ["valgrind", valgrind::WITHOUT_INLINED];
    launch.wrapper = valgrind.iter().chain(options).map(Into::into).collect();
    launch
        .environment
        .push(("GLIBC_TUNABLES".into(), TUNABLES.into()));
    // valgrind's own memory is several times that of the child.
    launch.memory = None;
    launch
}

/// A child that runs under callgrind, which leaves its profile in a file.
pub fn callgrind(launch: Launch, profile: &Path) -> Launch {
    let profile = format!("--callgrind-out-file={}", profile.display());
    let options = ["--tool=callgrind", &profile];
    under(launch, &[&options[..], &DRAINS].concat())
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
