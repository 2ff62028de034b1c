//! Whether valgrind is there, and how it would get there.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Has valgrind read no names of inlined functions: nobody uses them here, and with them its
/// start takes a second or more.
pub const WITHOUT_INLINED: &str = "--read-inline-info=no";

/// Package managers and the command by which each installs valgrind.
const MANAGERS: [(&str, &str); 6] = [
    ("apt-get", "apt-get install -y valgrind"),
    ("dnf", "dnf install -y valgrind"),
    ("pacman", "pacman -S --noconfirm valgrind"),
    ("zypper", "zypper install -y valgrind"),
    ("apk", "apk add valgrind"),
    ("brew", "brew install valgrind"),
];

/// There is no valgrind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("valgrind is not installed, so instructions and allocations are not counted; {remedy}")]
pub struct NoValgrind {
    pub remedy: String,
}

/// `valgrind --version`.
///
/// # Errors
/// When it cannot be run: with the command that installs it.
pub fn version() -> Result<String, NoValgrind> {
    let said = Command::new("valgrind")
        .arg("--version")
        .stdin(Stdio::null())
        .output();
    match said {
        Ok(output) if output.status.success() => {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        }
        _ => Err(NoValgrind {
            remedy: remedy(&env::var_os("PATH").unwrap_or_default()),
        }),
    }
}

/// How to install valgrind with the programs of `path`.
fn remedy(path: &OsStr) -> String {
    let has = |program: &str| env::split_paths(path).any(|folder| is_program(&folder, program));
    let Some((manager, command)) = MANAGERS.iter().find(|(manager, _)| has(manager)) else {
        return "install it with the system's package manager (package `valgrind`)".to_owned();
    };
    // Homebrew refuses to run as root.
    let sudo = if *manager != "brew" && has("sudo") {
        "sudo "
    } else {
        ""
    };
    format!("install it with `{sudo}{command}`")
}

fn is_program(folder: &Path, name: &str) -> bool {
    fs::metadata(folder.join(name)).is_ok_and(|it| it.is_file())
}

/// The cause, where valgrind says that it met an instruction which it does not know.
pub fn unknown_instruction(said: &str) -> Option<&'static str> {
    let is_unknown = ["unhandled instruction", "Unrecognised instruction"]
        .iter()
        .any(|words| said.contains(words));
    is_unknown.then_some(
        "valgrind does not know an instruction of this build (AVX-512, often): to count it, \
         build it for an older processor, with RUSTFLAGS=\"-C target-cpu=x86-64-v3\" for example",
    )
}

/// Whether this very process runs under valgrind, which its children then do as well.
pub fn is_around() -> bool {
    std::env::var_os("LD_PRELOAD")
        .is_some_and(|preload| preload.to_string_lossy().contains("vgpreload"))
}

/// Whether the system lets a program run without address randomisation, which
/// unprivileged containers forbid. Where there is no `setarch`, nobody tries.
pub fn can_fix_addresses() -> bool {
    Command::new("setarch")
        .args([env::consts::ARCH, "-R", "true"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_or(true, |status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_that_valgrind_does_not_know_is_the_cause_of_a_count_that_failed() {
        let said = "vex amd64->IR: unhandled instruction bytes: 0x62 0xF1 0x7D 0x48\n\
                    ==1== valgrind: Unrecognised instruction at address 0x401136.";
        let cause = unknown_instruction(said).expect("it is said");
        assert!(cause.contains("target-cpu"), "{cause}");
        assert_eq!(unknown_instruction("Illegal opcode at address 0x1"), None);
    }

    #[test]
    fn the_remedy_names_the_command_of_the_system_at_hand() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().as_os_str();
        assert!(remedy(path).contains("package manager"));
        fs::write(folder.path().join("dnf"), "").unwrap();
        assert_eq!(remedy(path), "install it with `dnf install -y valgrind`");
        fs::write(folder.path().join("sudo"), "").unwrap();
        assert_eq!(
            remedy(path),
            "install it with `sudo dnf install -y valgrind`"
        );
    }
}
