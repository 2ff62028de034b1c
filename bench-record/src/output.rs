//! Everything that is written, for every verb: files that are either whole or absent.
//!
//! A reader never sees half a file, and a writer that dies leaves the old one as it
//! was. A symbolic link is followed to its target; a device, a pipe and whatever
//! `/dev/stdout` is are written to and stay what they are; a folder, a disk and a
//! socket are refused. Knows nothing of what the bytes mean.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use paired::paths::folder;
use paired::temporary::{self, Temporary};
use rustix::fs::{AtFlags, CWD, FallocateFlags, Mode, OFlags, RenameFlags};

/// Links that are followed before a path is called a circle, as the kernel does.
const MOST_LINKS: usize = 40;
/// Space that [`check`] asks for: a full record with all samples takes less.
const ROOM: u64 = 16 << 20;
/// What folders for files that are not in their place yet are called by.
pub const ASIDE: &str = ".arena-bench";
/// Names that are tried for what could not be written where it was wanted.
const MOST_NAMES: u32 = 1000;

/// Where bytes go.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// A file, which may exist; the path has no link at its end.
    File(PathBuf),
    /// What is written to as it is: a device, a pipe, an open file's `/proc` entry.
    Stream(PathBuf),
}

/// Writes `bytes` to `path`. A file there is replaced as a whole.
///
/// # Errors
/// Whatever the file system says; a file at `path` is then as it was before.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match place(path)? {
        Place::Stream(path) => OpenOptions::new().append(true).open(path)?.write_all(bytes),
        Place::File(path) => replace_file(&path, bytes),
    }
}

/// Writes `bytes` to `path`, which must not exist.
///
/// # Errors
/// [`ErrorKind::AlreadyExists`] where `path` exists, also when another process won
/// the race; else whatever the file system says.
pub fn create_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match Staged::new(folder(path), bytes)? {
        Staged::Nameless(file) => link(&file, path)?,
        Staged::Named(aside, _) => put_new(&aside.file(), path)?,
    }
    sync(folder(path))
}

/// Whether [`replace`] will be able to write to `path`, as far as can be told
/// before there is anything to write: what stands there may be written to, its
/// folder too, and the disk has room.
pub fn check(path: &Path) -> io::Result<()> {
    match place(path)? {
        Place::Stream(path) => {
            rustix::fs::access(&path, rustix::fs::Access::WRITE_OK)?;
            Ok(())
        }
        Place::File(path) => {
            if path.exists() {
                rustix::fs::access(&path, rustix::fs::Access::WRITE_OK)?;
            }
            has_room(&Staged::new(folder(&path), &[])?)
        }
    }
}

/// The file that [`replace`] would put in place for `path`; `None` where it would
/// write to a device or a pipe.
pub fn file_of(path: &Path) -> io::Result<Option<PathBuf>> {
    Ok(match place(path)? {
        Place::File(path) => Some(path),
        Place::Stream(_) => None,
    })
}

/// What was measured could not be written where it was wanted.
#[derive(Debug, thiserror::Error)]
pub enum Misplaced {
    #[error(
        "cannot write {}: {why}; what was measured is kept in {}", path.display(), kept.display()
    )]
    Kept {
        path: PathBuf,
        why: String,
        kept: PathBuf,
    },
    #[error("cannot write {}: {why}; neither its folder nor {} takes it", path.display(), temp.display())]
    Lost {
        path: PathBuf,
        why: String,
        temp: PathBuf,
    },
}

/// [`replace`], for what must not be lost: where `path` cannot be written, the bytes
/// go into a new file beside it, or else into the folder for temporary files.
///
/// # Errors
/// [`Misplaced`], which says where the bytes are.
pub fn keep(path: &Path, bytes: &[u8]) -> Result<(), Misplaced> {
    match replace(path, bytes) {
        Ok(()) => Ok(()),
        Err(error) => Err(keep_elsewhere(path, bytes, error.to_string())),
    }
}

/// Keeps bytes that may not stand at `path`, for the reason `why`, in a new file
/// beside it or in the folder for temporary files.
pub fn keep_elsewhere(path: &Path, bytes: &[u8], why: String) -> Misplaced {
    let name = path.file_name().unwrap_or(OsStr::new("output"));
    let temp = std::env::temp_dir();
    for folder in [folder(path), &temp] {
        for number in 0..MOST_NAMES {
            let mut kept = name.to_owned();
            kept.push(format!(".kept-{number}"));
            let kept = folder.join(kept);
            match create_new(&kept, bytes) {
                Ok(()) => {
                    let path = path.to_owned();
                    return Misplaced::Kept { path, why, kept };
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(_) => break,
            }
        }
    }
    let path = path.to_owned();
    Misplaced::Lost { path, why, temp }
}

/// A file of this tool's own beside `path`: hidden, with a name that no other
/// program gives a file, such as `.run.json.arena-bench.lock`.
pub fn beside(path: &Path, what: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".arena-bench.");
    name.push(what);
    path.with_file_name(name)
}

/// What stands at the end of a path's links.
fn place(path: &Path) -> io::Result<Place> {
    let refused = |what: &str| Err(io::Error::new(ErrorKind::InvalidInput, what.to_owned()));
    match fs::metadata(path) {
        Ok(it) if it.is_dir() => {
            return refused("it is a folder; expected the name of a file");
        }
        Ok(it) if it.file_type().is_block_device() => {
            return refused("it is a disk; expected the name of a file");
        }
        Ok(it) if it.file_type().is_socket() => {
            return refused("it is a socket; expected the name of a file");
        }
        Ok(it) if !it.is_file() => return Ok(Place::Stream(path.to_owned())),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    if path.file_name().is_none() || path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return refused("expected the name of a file");
    }
    let mut end = path.to_owned();
    for _ in 0..MOST_LINKS {
        // An open file by its descriptor, as /dev/stdout is: whoever opened it looks
        // at that very file.
        if end.starts_with("/proc") || end.starts_with("/dev/fd") {
            return Ok(Place::Stream(path.to_owned()));
        }
        match fs::read_link(&end) {
            Ok(target) => end = folder(&end).join(target),
            Err(error)
                if [ErrorKind::InvalidInput, ErrorKind::NotFound].contains(&error.kind()) =>
            {
                return Ok(Place::File(end));
            }
            Err(error) => return Err(error),
        }
    }
    refused("its symbolic links lead in a circle")
}

/// Bytes on the disk that no reader sees yet.
enum Staged {
    /// Without a name: gone by itself when this process dies.
    Nameless(File),
    /// In a folder of ours, where the file system knows no nameless files: it goes with
    /// the folder, or the next writer removes both.
    Named(Aside, File),
}

/// A temporary folder beside a file, for what has a name before it is in its place.
struct Aside(Temporary);

impl Aside {
    fn new(folder: &Path) -> io::Result<Self> {
        sweep(folder);
        Temporary::new(ASIDE, folder).map(Self)
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("file")
    }
}

/// Removes what writers that were killed have left in a folder.
pub fn sweep(folder: &Path) {
    temporary::sweep(ASIDE, folder);
}

impl Staged {
    fn new(folder: &Path, bytes: &[u8]) -> io::Result<Self> {
        let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
        // For everyone whom the user's umask admits.
        let staged = match rustix::fs::openat(CWD, folder, flags, Mode::from_raw_mode(0o666)) {
            Ok(file) => Self::Nameless(file.into()),
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::ISDIR) => Self::named(folder)?,
            Err(error) => return Err(error.into()),
        };
        let mut file = staged.file();
        file.write_all(bytes)?;
        file.sync_all()?;
        Ok(staged)
    }

    fn named(folder: &Path) -> io::Result<Self> {
        let aside = Aside::new(folder)?;
        let file = File::create_new(aside.file())?;
        Ok(Self::Named(aside, file))
    }

    fn file(&self) -> &File {
        match self {
            Self::Nameless(file) | Self::Named(_, file) => file,
        }
    }
}

fn has_room(staged: &Staged) -> io::Result<()> {
    match rustix::fs::fallocate(staged.file(), FallocateFlags::empty(), 0, ROOM) {
        Err(error @ (rustix::io::Errno::NOSPC | rustix::io::Errno::DQUOT)) => Err(error.into()),
        // Not every file system can say.
        _ => Ok(()),
    }
}

fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match Staged::new(folder(path), bytes)? {
        Staged::Named(aside, _) => fs::rename(aside.file(), path)?,
        Staged::Nameless(file) => match link(&file, path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                // Only a rename replaces, and only what has a name can be renamed.
                let aside = Aside::new(folder(path))?;
                link(&file, &aside.file())?;
                fs::rename(aside.file(), path)?;
            }
            other => other?,
        },
    }
    sync(folder(path))
}

/// Puts a file at a path that must not exist.
fn put_new(file: &Path, path: &Path) -> io::Result<()> {
    match rustix::fs::renameat_with(CWD, file, CWD, path, RenameFlags::NOREPLACE) {
        // Not every file system can.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => fs::hard_link(file, path),
        other => Ok(other?),
    }
}

fn link(file: &File, path: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    // The way that needs no privilege (open(2), O_TMPFILE).
    let own = format!("/proc/self/fd/{}", file.as_raw_fd());
    rustix::fs::linkat(CWD, own, CWD, path, AtFlags::SYMLINK_FOLLOW)?;
    Ok(())
}

/// Makes a name survive a power cut.
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let name = |item: io::Result<fs::DirEntry>| item.map(|it| it.file_name());
        let names = fs::read_dir(folder).expect("a folder").map(name);
        let mut names: Vec<_> = names
            .map(|name| name.expect("readable").to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn create_new_never_replaces_and_leaves_nothing_else() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("a");
        create_new(&path, b"first")?;
        let again = create_new(&path, b"second").map_err(|e| e.kind());
        assert_eq!(again, Err(ErrorKind::AlreadyExists));
        assert_eq!(fs::read(&path)?, b"first");
        replace(&path, b"third")?;
        assert_eq!(fs::read(&path)?, b"third");
        assert_eq!(names(dir.path()), ["a"]);
        Ok(())
    }

    #[test]
    fn where_nameless_files_do_not_exist_the_result_is_the_same() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("a");
        let staged = Staged::named(dir.path())?;
        staged.file().write_all(b"x")?;
        let Staged::Named(aside, _) = staged else {
            panic!("it has a name");
        };
        assert!(names(dir.path())[0].starts_with(".arena-bench-"));
        put_new(&aside.file(), &path)?;
        drop(aside);
        assert_eq!(names(dir.path()), ["a"]);
        let second = Staged::named(dir.path())?;
        let Staged::Named(aside, _) = second else {
            panic!("it has a name");
        };
        let again = put_new(&aside.file(), &path).map_err(|error| error.kind());
        assert_eq!(again, Err(ErrorKind::AlreadyExists));
        assert_eq!(fs::read(&path)?, b"x");
        Ok(())
    }

    #[test]
    fn what_a_killed_writer_left_goes_with_the_next_one_and_nothing_else_does() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("run.json");
        replace(&path, b"first")?;
        // As after a kill: the lock is free, the folder is there.
        let left = Aside::new(dir.path())?;
        fs::write(left.file(), "half")?;
        let gone = left.0.path().to_owned();
        left.0.forsake();
        let living = Aside::new(dir.path())?;
        assert!(!gone.exists(), "swept by the next one");
        let left = Aside::new(dir.path())?;
        let gone = left.0.path().to_owned();
        left.0.forsake();
        for theirs in [".arena-bench-notes", ".arena-bench-1.tmp"] {
            fs::create_dir(dir.path().join(theirs))?;
        }
        replace(&path, b"second")?;
        assert!(!gone.exists() && living.0.path().exists());
        drop(living);
        let expected = [".arena-bench-1.tmp", ".arena-bench-notes", "run.json"];
        assert_eq!(names(dir.path()), expected);
        Ok(())
    }

    #[test]
    fn a_symbolic_link_is_followed_to_its_target_even_if_that_is_missing() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        fs::create_dir(dir.path().join("real"))?;
        let link = dir.path().join("link.json");
        symlink("real/run.json", &link)?;
        for text in ["one", "two"] {
            replace(&link, text.as_bytes())?;
            assert!(link.symlink_metadata()?.is_symlink());
            assert_eq!(fs::read_to_string(dir.path().join("real/run.json"))?, text);
        }
        symlink("round", dir.path().join("round"))?;
        assert!(replace(&dir.path().join("round"), b"").is_err());
        Ok(())
    }

    #[test]
    fn a_pipe_is_written_to_and_stays_a_pipe() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("pipe");
        rustix::fs::mknodat(CWD, &path, rustix::fs::FileType::Fifo, Mode::RWXU, 0)?;
        check(&path)?;
        let reader = std::thread::spawn({
            let path = path.clone();
            move || fs::read(path)
        });
        replace(&path, b"through")?;
        assert_eq!(reader.join().expect("no panic")?, b"through");
        assert!(path.metadata()?.file_type().is_fifo());
        assert_eq!(file_of(&path)?, None);
        replace(Path::new("/dev/null"), b"gone")?;
        Ok(())
    }

    #[test]
    fn a_folder_and_a_socket_are_refused() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let socket = dir.path().join("socket");
        let _listener = UnixListener::bind(&socket).expect("bound");
        for (path, what) in [(dir.path(), "a folder"), (socket.as_path(), "a socket")] {
            for result in [check(path), replace(path, b"x")] {
                let error = result.expect_err(what).to_string();
                assert!(error.contains(what), "{error}");
            }
        }
        assert!(check(Path::new("/")).is_err() && check(Path::new("no-such/")).is_err());
    }

    #[test]
    fn a_check_leaves_everything_as_it_is() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("run.json");
        check(&path)?;
        assert!(names(dir.path()).is_empty());
        assert!(check(&dir.path().join("new/run.json")).is_err());
        fs::write(&path, "mine")?;
        check(&path)?;
        assert_eq!(fs::read_to_string(&path)?, "mine");
        assert!(check(&path.join("below")).is_err());
        Ok(())
    }

    #[test]
    fn a_file_is_for_whom_the_umask_admits() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        let (ours, theirs) = (dir.path().join("ours"), dir.path().join("theirs"));
        replace(&ours, b"")?;
        fs::write(&theirs, "")?;
        let mode = |path: &Path| path.metadata().map(|it| it.permissions().mode());
        assert_eq!(mode(&ours)?, mode(&theirs)?);
        Ok(())
    }

    #[test]
    fn what_cannot_be_written_where_it_was_wanted_is_kept_and_named() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("run.json");
        fs::create_dir(&path)?;
        for number in 0..2 {
            let Err(Misplaced::Kept { kept, .. }) = keep(&path, b"measured") else {
                panic!("a folder cannot be replaced, and its folder can be written to");
            };
            assert_eq!(kept, dir.path().join(format!("run.json.kept-{number}")));
            assert_eq!(fs::read(kept)?, b"measured");
        }
        let gone = dir.path().join("gone/run.json");
        let Err(Misplaced::Kept { kept, .. }) = keep(&gone, b"measured") else {
            panic!("the folder for temporary files can be written to");
        };
        assert!(kept.starts_with(std::env::temp_dir()));
        fs::remove_file(kept)
    }

    #[test]
    fn our_own_files_have_names_that_nobody_else_gives() {
        let lock = beside(Path::new("results/Cargo.json"), "lock");
        assert_eq!(lock, Path::new("results/.Cargo.json.arena-bench.lock"));
    }
}
