//! What a person, a terminal or a script gets to read, whatever the library, the path or the
//! output is.

use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{GUEST, PROGRAM, file, program, said};

#[test]
fn what_a_library_says_of_itself_cannot_steer_the_terminal() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let record = folder.path().join("record.json");
    let record = record.to_str().expect("text");
    // Its text goes on into whatever follows it in memory, escape sequences as well.
    let skip = ["--skip", "criterion,counts", "--output", record];
    let run = [&["run", "--filter", "^drain/u64/arena$"][..], &skip].concat();
    let Some(output) = program("table-text-long", &run) else {
        return;
    };
    assert!(said(&output).contains("were not built together"));
    assert!(!output.stderr.contains(&0x1b), "{}", said(&output));
}

#[test]
fn the_loaders_own_reason_is_told() {
    if GUEST.is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let library = folder.path().join("undefined.so");
    let source = folder.path().join("undefined.c");
    let text =
        "extern int nowhere(void); void *bench_guest_api(void) { return (void *)(long)nowhere(); }";
    fs::write(&source, text).expect("written");
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-w", "-o"])
        .arg(&library)
        .arg(&source)
        .status();
    assert!(compiled.expect("there is one").success());
    let output = Command::new(PROGRAM)
        .arg("guest")
        .arg(&library)
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("undefined symbol: nowhere"),
        "{}",
        said(&output)
    );
}

#[test]
fn what_is_no_file_is_refused_at_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pipe = folder.path().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("there is mkfifo").success());
    for (path, words) in [
        (pipe.as_path(), "a pipe, not a file"),
        (folder.path(), "a folder, not a file"),
        (Path::new("/dev/zero"), "a device, not a file"),
        (Path::new("/no/such/guest.so"), "No such file"),
    ] {
        let output = Command::new(PROGRAM)
            .arg("guest")
            .arg(path)
            .output()
            .expect("it starts");
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(words), "{}", said(&output));
    }
}

#[test]
fn a_path_that_is_not_text_is_a_path() {
    let Some(pair) = GUEST.as_ref() else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let odd = folder
        .path()
        .join(std::ffi::OsString::from_vec(b"b\xff.so".to_vec()));
    fs::copy(pair.path().join(file("bench_guest")), &odd).expect("copied");
    let output = Command::new(PROGRAM)
        .arg("guest")
        .arg(&odd)
        .args([
            "--no-counts",
            "--items",
            "50",
            "--seconds",
            "0.05",
            "--save",
        ])
        .arg(
            folder
                .path()
                .join(std::ffi::OsString::from_vec(b"kept\xfe".to_vec())),
        )
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[test]
fn a_closed_pipe_changes_no_exit_status() {
    let Some(pair) = GUEST.as_ref() else {
        return;
    };
    let closed = || {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        Stdio::from(writer)
    };
    let verify = ["verify", "--json", "--filter", "^drain/u64/arena$"];
    for (arguments, expected) in [(&verify[..], 1), (&["list"], 0), (&["list", "--json"], 0)] {
        let mut command = Command::new(PROGRAM);
        command.env("HOSTILE", "exit-0").args(arguments);
        if arguments[0] == "verify" {
            command.arg("--pair").arg(pair.path());
        }
        let status = command
            .stdout(closed())
            .stderr(closed())
            .status()
            .expect("it starts");
        assert_eq!(status.code(), Some(expected), "{arguments:?}");
    }
}

#[test]
fn a_limit_of_the_file_s_size_is_an_error_of_the_output_and_leaves_the_earlier_one() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let record = concat!(env!("CARGO_MANIFEST_DIR"), "/results/baseline.json");
    fs::write(folder.path().join("out.csv"), "earlier").expect("written");
    let script = r#"ulimit -f 1; exec "$0" export "$1" --format csv -o out.csv 2>/dev/null"#;
    let status = Command::new("sh")
        .current_dir(folder.path())
        .args(["-c", script, PROGRAM, record])
        .status()
        .expect("there is a shell");
    assert_eq!(status.code(), Some(2), "{status}");
    let left = fs::read_to_string(folder.path().join("out.csv"));
    assert_eq!(left.expect("it stays"), "earlier");
}
