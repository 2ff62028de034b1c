//! An answer that comes over a child's line piece by piece.

use std::io::{self, Read};
use std::os::unix::net::UnixStream;

use super::frame;

/// An answer as far as it has come.
#[derive(Debug, Default)]
pub(super) struct Answer {
    bytes: Vec<u8>,
}

impl Answer {
    /// Takes what there is; whether more may come.
    pub(super) fn read(&mut self, line: &mut UnixStream) -> bool {
        let mut chunk = [0; 1 << 16];
        // No more than one message and a little: the rest is nobody's.
        while self.bytes.len() <= frame::LARGEST + frame::PREFIX {
            match line.read(&mut chunk) {
                Ok(0) => return false,
                Ok(length) => self.bytes.extend_from_slice(&chunk[..length]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return again(&error),
            }
        }
        true
    }

    /// Why there is no child, if its keeper says so.
    pub(super) fn not_started(&self) -> Option<io::Error> {
        frame::why_not_started(&self.bytes)
    }

    pub(super) fn complete(&mut self) -> Result<Option<Vec<u8>>, String> {
        let Some((prefix, rest)) = self.bytes.split_first_chunk() else {
            return Ok(None);
        };
        let length = frame::length(*prefix)?;
        if rest.len() > length {
            return Err("there is more on the line than one answer".to_owned());
        }
        Ok((rest.len() == length).then(|| rest.to_vec()))
    }
}

/// Whether reading or writing may go on later.
pub(super) fn again(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}
