//! What lies around a guest or the program and is not as usual: what a library needs beside
//! it, folders from which nothing may be loaded, file systems without locks.

use std::fs;
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
