//! What lies around a guest or the program and is not as usual: what a library needs beside
//! it, folders from which nothing may be loaded, file systems without locks.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::{PROGRAM, compile, library, said};

/// `guest`, in a folder, in a mode.
fn guest(folder: &Path, mode: &str, arguments: &[&str]) -> Output {
    Command::new(PROGRAM)
        .current_dir(folder)
        .env("HOSTILE", mode)
        .args(["guest", "--no-counts", "--json"])
        .args(["--items", "200", "--seconds", "0.05", "--delta", "90"])
        .args(arguments)
        .output()
        .expect("it starts")
}

fn succeeds(output: &Output) {
    assert_eq!(output.status.code(), Some(0), "{}", said(output));
}

#[test]
fn what_a_library_loads_from_its_own_folder_is_kept_with_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let built = folder.path().join("built");
    fs::create_dir(&built).expect("made");
    let source = folder.path().join("depended.c");
    fs::write(&source, "int depended(void) { return 1; }").expect("written");
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .arg(built.join("libdepended.so"))
        .arg(&source)
        .status();
    if compiled.is_err() {
        println!("skipped: no C compiler");
        return;
    }
    let here = built.display().to_string();
    let options = ["-DDEPENDS", "-L", &here, "-ldepended", "-Wl,-rpath,$ORIGIN"];
    assert!(compile(&built.join("guest.so"), &options));
    succeeds(&guest(
        folder.path(),
        "",
        &["built/guest.so", "--save", "kept"],
    ));
    assert!(folder.path().join("kept/libdepended.so").exists());
    // Both builds are loaded from copies, each with what it depends on.
    let against = ["built/guest.so", "--against", "kept"];
    let compared = guest(folder.path(), "", &against);
    succeeds(&compared);
    let reports: Value = serde_json::from_slice(&compared.stdout).expect("JSON");
    assert!(reports[0]["comparison"]["ratio"].is_number(), "{reports}");
    fs::remove_dir_all(&built).expect("removed");
    succeeds(&guest(folder.path(), "", &["kept/guest.so"]));
    fs::write(folder.path().join("kept/libdepended.so"), "another").expect("written");
    let swapped = guest(folder.path(), "", &["kept/guest.so", "--against", "kept"]);
    assert_eq!(swapped.status.code(), Some(2));
}

#[test]
fn a_worse_build_replaces_the_kept_one_only_where_it_is_accepted() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    if !compile(&folder.path().join("guest.so"), &[]) {
        return;
    }
    let save = ["guest.so", "--save", "kept"];
    succeeds(&guest(folder.path(), "well-behaved", &save));
    let kept = || {
        let text = fs::read(folder.path().join("kept/guest.json")).expect("kept");
        let kept: Value = serde_json::from_slice(&text).expect("JSON");
        kept["findings"]["verified"]["items"].clone()
    };
    let again = [&save[..], &["--against", "kept"]].concat();
    let worse = guest(folder.path(), "short", &again);
    assert_eq!(worse.status.code(), Some(1), "{}", said(&worse));
    assert!(said(&worse).contains("--accept"), "{}", said(&worse));
    assert_eq!(kept(), 200);
    let accepted = guest(
        folder.path(),
        "short",
        &[&again[..], &["--accept"]].concat(),
    );
    assert_eq!(accepted.status.code(), Some(1), "{}", said(&accepted));
    assert_eq!(kept(), 3);
}

#[test]
fn folders_from_which_nothing_may_be_loaded_are_no_finding() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let temporary = folder.path().join("temporary");
    fs::create_dir(&temporary).expect("made");
    if !compile(&folder.path().join("guest.so"), &[]) {
        return;
    }
    let mount = "mount -t tmpfs -o noexec none \"$1\" && \
                 mount -t tmpfs -o noexec none /dev/shm && shift && exec \"$@\"";
    let without = |program: &str, arguments: &[&str]| {
        Command::new("unshare")
            .current_dir(folder.path())
            .env("TMPDIR", &temporary)
            .args(["-rm", "sh", "-c", mount, "sh"])
            .arg(&temporary)
            .arg(program)
            .args(arguments)
            .output()
    };
    if !without("true", &[]).is_ok_and(|output| output.status.success()) {
        println!("skipped: nothing can be mounted here");
        return;
    }
    succeeds(&guest(folder.path(), "", &["guest.so", "--save", "kept"]));
    let arguments = ["guest", "guest.so", "--against", "kept", "--no-counts"];
    let short = ["--items", "200", "--seconds", "0.05"];
    let output = without(PROGRAM, &[&arguments[..], &short].concat()).expect("it starts");
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(
        said(&output).contains("failed to map segment"),
        "the loader's own reason: {}",
        said(&output)
    );
}

#[test]
fn an_instruction_that_valgrind_does_not_know_is_named_as_the_cause() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    if !compile(&folder.path().join("guest.so"), &[]) {
        return;
    }
    let flags = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    if !flags.contains("avx512f") || Command::new("valgrind").arg("--version").output().is_err() {
        println!("skipped: no AVX-512 here, or no valgrind");
        return;
    }
    let output = Command::new(PROGRAM)
        .current_dir(folder.path())
        .env("HOSTILE", "avx-512")
        .args(["guest", "guest.so", "--items", "200", "--seconds", "0.05"])
        .output()
        .expect("it starts");
    succeeds(&output);
    let said = said(&output);
    assert!(
        said.contains("not counted: valgrind does not know"),
        "{said}"
    );
    assert!(said.lines().count() < 10, "{said}");
}

#[test]
fn what_cannot_be_read_is_refused_before_anything_is_measured() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let record = concat!(env!("CARGO_MANIFEST_DIR"), "/results/baseline.json");
    let gate = ["gate", record, "--baseline", record, "--limits"];
    let compare = ["compare", "--self", "--quick", "--limits"];
    for (arguments, file, words) in [
        (&gate[..], "/dev/zero", "a device"),
        (&["growth", "--sizes"], "/dev/zero", "a device"),
        (&["export", "--format", "csv"], "/dev/zero", "a device"),
        (&compare, "/no/such/limits", "No such file"),
    ] {
        let output = Command::new(PROGRAM)
            .current_dir(folder.path())
            .args(arguments)
            .arg(file)
            .output()
            .expect("it starts");
        let said = said(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(
            said.contains(file) && said.contains(words),
            "{arguments:?}: {said}"
        );
    }
}

#[test]
fn paths_that_are_not_text_are_paths_for_every_verb() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let odd = |name: &[u8]| {
        folder
            .path()
            .join(OsString::from_vec([name, b"\xff"].concat()))
    };
    let record = odd(b"record");
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/results/baseline.json");
    fs::copy(kept, &record).expect("copied");
    let sizes = odd(b"sizes");
    fs::write(&sizes, "10\n2000\n").expect("written");
    let pair = odd(b"pair");
    fs::create_dir(&pair).expect("made");
    for name in ["bench_guest", "bench_host"] {
        fs::copy(library(name), pair.join(super::file(name))).expect("copied");
    }
    let [out, page, history] = [odd(b"out"), odd(b"page"), odd(b"history")];
    let filter: [OsString; 2] = ["--filter".into(), "^drain/u64/(arena|alloc)$".into()];
    let text = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
    let with = |start: &[&str], path: &Path, more: &[&str], other: &Path| {
        let mut words = text(start);
        words.push(path.into());
        words.extend(text(more));
        words.push(other.into());
        words
    };
    let verbs = [
        with(&["export"], &record, &["--format", "csv", "-o"], &out),
        with(&["report"], &record, &["--out"], &page),
        with(&["history", "add"], &record, &["--to"], &history),
        with(&["gate"], &record, &["--baseline"], &record),
        with(&["growth", "--sizes"], &sizes, &["--pair"], &pair),
        [
            with(&["verify", "--pair"], &pair, &[], Path::new("--json")),
            filter.to_vec(),
        ]
        .concat(),
        [
            with(&["run", "--pair"], &pair, &["--output"], &odd(b"run")),
            text(&["--skip", "paired,criterion,counts"]),
            filter.to_vec(),
        ]
        .concat(),
    ];
    for arguments in verbs {
        let output = Command::new(PROGRAM)
            .current_dir(folder.path())
            .args(&arguments)
            .output()
            .expect("it starts");
        assert_eq!(
            output.status.code(),
            Some(0),
            "{arguments:?}: {}",
            said(&output)
        );
    }
}

#[test]
fn a_file_system_without_locks_is_written_to_all_the_same() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let source = folder.path().join("no-locks.c");
    let text = "#include <errno.h>\nint flock(int file, int how) { errno = ENOLCK; return -1; }";
    fs::write(&source, text).expect("written");
    let locks = folder.path().join("no-locks.so");
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-w", "-o"])
        .args([&locks, &source])
        .status();
    if compiled.is_err() {
        println!("skipped: no C compiler");
        return;
    }
    let pair = library("bench_guest");
    let pair = pair
        .parent()
        .expect("it has a folder")
        .to_str()
        .expect("text");
    let filter = "^drain/u64/(arena|alloc)$";
    let run = [
        "run", "--filter", filter, "--pair", pair, "--output", "run.json",
    ];
    let skip = ["--skip", "paired,criterion,counts"];
    let add = ["history", "add", "run.json", "--to", "history"];
    let report = ["report", "run.json", "--out", "page"];
    let run = [&run[..], &skip].concat();
    for arguments in [&run[..], &run, &add, &report, &report] {
        let output = Command::new(PROGRAM)
            .current_dir(folder.path())
            .env("LD_PRELOAD", &locks)
            .args(arguments)
            .output()
            .expect("it starts");
        succeeds(&output);
    }
    let names = |folder: &Path| {
        let entries = fs::read_dir(folder).expect("a folder").flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
        names.sort();
        names
    };
    let expected = ["history", "no-locks.c", "no-locks.so", "page", "run.json"];
    assert_eq!(names(folder.path()), expected);
    assert_eq!(names(&folder.path().join("history")).len(), 1);
}

/// Keeps a guest with so many bytes of static memory a thread, and holds it against itself.
fn against_itself(bytes_of_thread: u32) -> Option<Output> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let guest = folder.path().join("guest.so");
    if !compile(&guest, &[&format!("-DTLS={bytes_of_thread}")]) {
        return None;
    }
    let run = |arguments: [&str; 2]| {
        Command::new(PROGRAM)
            .current_dir(folder.path())
            .args(["guest", "guest.so", "--no-counts", "--json"])
            .args(["--items", "200", "--seconds", "0.05", "--delta", "90"])
            .args(arguments)
            .output()
            .expect("it starts")
    };
    let kept = run(["--save", "kept"]);
    assert_eq!(kept.status.code(), Some(0), "{}", said(&kept));
    Some(run(["--against", "kept"]))
}

#[test]
fn a_guest_that_cannot_be_loaded_twice_is_compared_in_one_copy_and_one_that_cannot_at_all_is_no_finding()
 {
    // glibc keeps about 1.6 KiB: four copies do not fit, two do.
    let Some(few) = against_itself(700) else {
        return;
    };
    assert_eq!(few.status.code(), Some(0), "{}", said(&few));
    let reports: Value = serde_json::from_slice(&few.stdout).expect("JSON");
    let why = reports[0]["comparison"]["why"].as_str().unwrap_or_default();
    assert!(why.contains("one copy of each build"), "{reports}");
    assert!(why.contains("static TLS"), "{reports}");
    // Not even one of each.
    let none = against_itself(1000).expect("it compiled above");
    assert_eq!(none.status.code(), Some(2), "{}", said(&none));
    assert!(said(&none).contains("static TLS"), "{}", said(&none));
}
