//! Environments that nobody expects: closed outputs, full and read-only disks, limits, odd
//! paths, locales and git variables. The program ends as it should, its input stays, and
//! where nothing is odd any more it works.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::process::Command;

use rand::RngExt;

use crate::case::{Case, Verdict};

/// What is odd.
#[derive(Debug, Clone)]
enum Odd {
    /// Redirections of the shell.
    Streams(&'static str),
    /// A limit of the shell: option and value.
    Limit(char, u64),
    /// A variable.
    Variable(&'static str, OsString),
    /// A variable that is missing.
    Missing(&'static str),
    /// The folder `small`, from which it is started, is a file system with these options.
    Mounted(&'static str),
    /// It is started from such a folder.
    Folder(OsString),
    /// The temporary folder cannot hold libraries that are to be loaded.
    NoExec,
}

/// Redirections; the last ones lose what is written to stdout.
const STREAMS: &[&str] = &[
    ">&-",
    "2>&-",
    ">&- 2>&-",
    "<&- >&- 2>&-",
    "2>/dev/full",
    ">/dev/full",
    ">/dev/full 2>/dev/full",
];

const VERBS: &[&[&str]] = &[
    &["list", "--json"],
    &["verify", "--filter", "^drain/u64/(arena|alloc)$", "--json"],
    &["report", "record.json", "--out", "page"],
    &["export", "record.json", "--format", "csv"],
    &["export", "record.json", "--format", "bmf", "-o", "out"],
    &["gate", "record.json", "--baseline", "record.json"],
    &["history", "add", "record.json", "--to", "h"],
    &[
        "run",
        "--filter",
        "^drain/u64/(arena|alloc)$",
        "--skip",
        "paired,criterion,counts",
        "--output",
        "run.json",
    ],
    &["guest", "--no-counts", "--items", "50", "--seconds", "0.02"],
];

/// A verb in an odd environment.
pub fn case(case: &mut Case<'_>) -> Verdict {
    let odd = draw(case);
    let words = *case.one(VERBS);
    fs::create_dir(case.path("small")).map_err(|error| error.to_string())?;
    // Absolute, so that it can be read from any folder.
    let record = case.path("record.json");
    fs::copy(&case.setup.record, &record).map_err(|error| error.to_string())?;
    let before = fs::read(&record).map_err(|error| error.to_string())?;
    let mut arguments: Vec<OsString> = words
        .iter()
        .map(|&word| match word {
            "record.json" => record.clone().into(),
            word => word.into(),
        })
        .collect();
    if words[0] == "guest" {
        arguments.push(case.setup.guest.clone().into());
    }
    if ["verify", "run", "guest"].contains(&words[0]) {
        arguments.extend(["--pair".into(), case.setup.pair.clone().into()]);
    }
    let mut command = oddly(case, &odd, &arguments)?;
    let outcome = case.run(&mut command)?;
    let lost = |what: &str| Err(outcome.lost(&format!("{what}, with {odd:?}")));
    let speaks = match &odd {
        Odd::Streams(streams) => !streams.contains('2'),
        // The limit is for what it says as well.
        Odd::Limit('f', _) => false,
        _ => true,
    };
    // Without memory or files the system's loader or Rust's allocator ends a process, and
    // says so.
    let is_starved = matches!(odd, Odd::Limit('v' | 'n', _))
        && [
            "memory allocation of",
            "error while loading",
            "annot fork",
            "failed to map",
        ]
        .iter()
        .any(|said| outcome.stderr.contains(said));
    if !is_starved {
        let ended = if speaks {
            outcome.decent()
        } else {
            outcome.ended_decently()
        };
        ended.or_else(|why| lost(&why))?;
    }
    let to_stdout = words[0] == "export" && !words.contains(&"-o") || words[0] == "list";
    let is_full = matches!(&odd, Odd::Streams(streams) if streams.starts_with(">/dev/full"));
    if is_full && to_stdout && outcome.code() == Some(0) {
        return lost("what it was asked for is lost, and its status is 0");
    }
    if fs::read(&record).ok().as_ref() != Some(&before) {
        return lost("its input was changed");
    }
    case.succeeds(arguments)
        .map(drop)
        .map_err(|why| format!("after {odd:?}: {why}"))
}

fn draw(case: &mut Case<'_>) -> Odd {
    let text = |text: &[u8]| OsString::from_vec(text.to_vec());
    let kinds = if case.setup.mounts { 8 } else { 6 };
    match case.rng.random_range(0..kinds) {
        0 => Odd::Streams(case.one::<&str>(STREAMS)),
        1 => {
            let limits = [
                ('f', case.rng.random_range(0..16)),
                ('n', case.rng.random_range(3..24)),
                ('v', case.rng.random_range(20_000..400_000)),
                ('s', 1024),
                ('c', 0),
            ];
            let (option, value) = *case.one(&limits);
            Odd::Limit(option, value)
        }
        2 => {
            let folders: [OsString; 7] = [
                "/no/such/folder".into(),
                "/proc".into(),
                "/dev/null".into(),
                "".into(),
                "relative".into(),
                text(b"/tmp/\xff\xfe"),
                "x".repeat(5000).into(),
            ];
            Odd::Variable("TMPDIR", case.one(&folders).clone())
        }
        3 => {
            let values: [(&str, OsString); 16] = [
                ("LC_ALL", "tr_TR.UTF-8".into()),
                ("LANG", text(b"\xff")),
                ("TZ", "Nowhere/At/All".into()),
                ("COLUMNS", "0".into()),
                ("COLUMNS", "99999999999999999999".into()),
                ("TERM", "dumb".into()),
                ("RUST_BACKTRACE", "full".into()),
                ("HOME", "/no/such/home".into()),
                ("PATH", "".into()),
                ("XDG_CACHE_HOME", text(b"/no/\xff")),
                ("GIT_DIR", "/no/such/repository".into()),
                ("GIT_WORK_TREE", "/proc".into()),
                ("GIT_INDEX_FILE", text(b"\xff")),
                ("GIT_CONFIG_COUNT", "no number".into()),
                ("GLIBC_TUNABLES", "nonsense".into()),
                ("CARGO_TARGET_DIR", text(b"\xff")),
            ];
            let (name, value) = case.one(&values).clone();
            Odd::Variable(name, value)
        }
        4 => Odd::Missing(case.one::<&str>(&["PATH", "HOME", "TMPDIR", "LANG"])),
        5 => {
            let folders = [
                text(b"b\xff"),
                "with 'quotes' and \n lines".into(),
                "-rf".into(),
                "x".repeat(200).into(),
                "gone".into(),
            ];
            Odd::Folder(case.one(&folders).clone())
        }
        6 => {
            Odd::Mounted(case.one::<&str>(&["size=8k", "size=64k", "ro", "nr_inodes=2", "noexec"]))
        }
        _ => Odd::NoExec,
    }
}

/// The program's start in such an environment.
fn oddly(case: &Case<'_>, odd: &Odd, arguments: &[OsString]) -> Result<Command, String> {
    let shell = |script: &str| {
        let mut command = case.command("sh");
        command.args(["-c", script, "sh"]);
        command
    };
    let mounted = |folder: &OsStr, options: &str, rest: &str| {
        let mut command = case.command("unshare");
        let script = format!("mount -t tmpfs -o {options} none \"$1\" && {rest} exec \"$@\"");
        command.args(["-rm", "sh", "-c", &script, "sh"]).arg(folder);
        command
    };
    let mut command = match odd {
        Odd::Streams(streams) => shell(&format!("exec \"$@\" {streams}")),
        Odd::Limit(option, value) => shell(&format!("ulimit -{option} {value}; exec \"$@\"")),
        Odd::Variable(name, value) => {
            let mut command = case.command(&case.setup.program);
            command.env(name, value);
            command
        }
        Odd::Missing(name) => {
            let mut command = case.command(&case.setup.program);
            command.env_remove(name);
            command
        }
        Odd::Mounted(options) => mounted(
            case.path("small").as_os_str(),
            options,
            "cd \"$1\" && shift &&",
        ),
        Odd::NoExec => mounted(case.path("tmp").as_os_str(), "noexec", "shift &&"),
        Odd::Folder(name) => {
            let folder: PathBuf = case.folder.join(name);
            fs::create_dir(&folder).map_err(|error| error.to_string())?;
            let gone = if name == "gone" {
                "rmdir \"$PWD\";"
            } else {
                ""
            };
            let mut command = shell(&format!("cd -- \"$1\"; shift; {gone} exec \"$@\""));
            command.arg(folder);
            command
        }
    };
    if !matches!(odd, Odd::Variable(..) | Odd::Missing(_)) {
        command.arg(&case.setup.program);
    }
    command.args(arguments);
    Ok(command)
}
