//! Everything that is read: never more than it may be, and never without end.
//!
//! A record, a file of limits or of sizes may be a pipe; a device such as `/dev/zero`
//! is refused at once.

use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

/// Largest record, bytes: a hundred times a full record with all its samples.
pub const RECORD: u64 = 256 << 20;
/// Largest file of limits or of findings, bytes.
pub const SETTINGS: u64 = 1 << 20;
/// Largest file of sizes, bytes: about ten million of them.
pub const SIZES: u64 = 64 << 20;
/// Most entries of a history.
pub const ENTRIES: usize = 100_000;

/// A file that cannot be used: which, and why.
#[derive(Debug, thiserror::Error)]
#[error("{}: {why}", path.display())]
pub struct FileError {
    path: PathBuf,
    why: String,
}

impl FileError {
    /// Why the file at `path` cannot be used.
    pub fn new(path: &Path, why: impl fmt::Display) -> Self {
        let (path, why) = (path.to_owned(), why.to_string());
        Self { path, why }
    }
}

/// Reads a file or a pipe of at most `most` bytes.
///
/// # Errors
/// [`ErrorKind::FileTooLarge`] beyond that, [`ErrorKind::InvalidInput`] for a folder
/// or a device, else whatever the file system says.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let kind = path.metadata()?;
    let refused = |what: &str| {
        let text = format!("it is {what}; expected a file");
        Err(io::Error::new(ErrorKind::InvalidInput, text))
    };
    if kind.is_dir() {
        return refused("a folder");
    }
    if kind.file_type().is_char_device() || kind.file_type().is_block_device() {
        return refused("a device");
    }
    let too_large = || {
        let text = format!("it is larger than {most} bytes, which is the most that is read");
        io::Error::new(ErrorKind::FileTooLarge, text)
    };
    if kind.is_file() && kind.len() > most {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(too_large());
    }
    Ok(bytes)
}

/// [`read`], for text.
///
/// # Errors
/// As [`read`], and [`ErrorKind::InvalidData`] for what is not UTF-8.
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    let text = String::from_utf8(read(path, most)?);
    text.map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is not UTF-8 text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_without_end_is_refused_at_once() {
        for device in ["/dev/zero", "/dev/null"] {
            let error = read(Path::new(device), 10).expect_err("refused");
            assert!(error.to_string().contains("a device"), "{error}");
        }
        assert!(read(Path::new("/"), 10).is_err());
    }

    #[test]
    fn a_file_is_read_up_to_the_limit_and_not_beyond() -> io::Result<()> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), "0123456789")?;
        assert_eq!(read_text(file.path(), 10)?, "0123456789");
        let error = read(file.path(), 9).expect_err("too large");
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
        Ok(())
    }

    #[test]
    fn a_pipe_without_end_is_read_up_to_the_limit() -> io::Result<()> {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("pipe");
        mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0)?;
        let writer = std::thread::spawn({
            let path = path.clone();
            move || {
                let mut file = std::fs::OpenOptions::new().write(true).open(path)?;
                io::copy(&mut io::repeat(b'1'), &mut file)
            }
        });
        let error = read(&path, 1 << 20).expect_err("without end");
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
        assert!(writer.join().expect("no panic").is_err(), "its reader left");
        Ok(())
    }
}
