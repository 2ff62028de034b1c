//! What a child writes to stdout or stderr: read so that it never blocks, kept within a
//! bound, shown without control characters.

use std::collections::VecDeque;
use std::io::{self, Read};

use crate::visible::visible_bytes;

/// Bytes kept of the beginning, and as many of the end.
const KEPT: usize = 64 << 10;
/// Bytes of each that an error shows.
const SHOWN: usize = 1 << 10;
/// Bytes read before other events get their turn.
const TURN: usize = 1 << 20;

/// A pipe and what has come out of it.
#[derive(Debug)]
pub struct Capture<R> {
    /// None once the other side closed it.
    pub pipe: Option<R>,
    said: Said,
}

/// The beginning and the end of what a child wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    /// Bytes between the two that were dropped.
    dropped: u64,
}

impl<R: Read> Capture<R> {
    /// Captures a pipe that does not block.
    pub fn new(pipe: R) -> Self {
        Self {
            pipe: Some(pipe),
            said: Said::default(),
        }
    }

    /// Takes what there is, up to a bound: a child that writes without end must not keep
    /// the reader here.
    pub fn drain(&mut self) {
        let mut chunk = [0; 1 << 16];
        let mut taken = 0;
        while let Some(pipe) = self.pipe.as_mut().filter(|_| taken < TURN) {
            match pipe.read(&mut chunk) {
                Ok(0) => self.pipe = None,
                Ok(length) => {
                    self.said.push(&chunk[..length]);
                    taken += length;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => self.pipe = None,
            }
        }
    }

    /// What has come so far.
    pub fn take(&mut self) -> Said {
        std::mem::take(&mut self.said)
    }
}

impl Said {
    fn push(&mut self, bytes: &[u8]) {
        let room = KEPT - self.head.len();
        let (first, rest) = bytes.split_at(room.min(bytes.len()));
        self.head.extend_from_slice(first);
        self.tail.extend(rest);
        let surplus = self.tail.len().saturating_sub(KEPT);
        self.tail.drain(..surplus);
        self.dropped += surplus as u64;
    }

    /// All that was kept, as text; for a tool whose output is read.
    #[must_use]
    pub fn text(&self) -> String {
        let bytes: Vec<u8> = self.head.iter().chain(&self.tail).copied().collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl From<&str> for Said {
    fn from(text: &str) -> Self {
        let mut said = Self::default();
        said.push(text.as_bytes());
        said
    }
}

/// For an error: nothing, or "; it said: …" with every control character visible.
impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kept: Vec<u8> = self.head.iter().chain(&self.tail).copied().collect();
        let kept = kept.trim_ascii();
        if kept.is_empty() {
            return Ok(());
        }
        let total = kept.len() as u64 + self.dropped;
        if total <= 2 * SHOWN as u64 {
            return write!(f, "; it said: {}", visible_bytes(kept));
        }
        let (head, tail) = (&kept[..SHOWN], &kept[kept.len() - SHOWN..]);
        write!(
            f,
            "; it said: {} … ({} bytes left out) … {}",
            visible_bytes(head),
            total - 2 * SHOWN as u64,
            visible_bytes(tail)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_costs_no_more_than_its_head_and_tail() {
        let mut capture = Capture::new(io::repeat(b'x'));
        for _ in 0..8 {
            capture.drain();
        }
        let said = capture.take();
        assert_eq!(said.head.len(), KEPT);
        assert_eq!(said.tail.len(), KEPT);
        assert_eq!(said.dropped, (8 * TURN - 2 * KEPT) as u64);
        assert!(said.to_string().len() < 3 * SHOWN, "{said}");
    }

    #[test]
    fn the_beginning_and_the_end_are_shown() {
        let mut said = Said::default();
        said.push(b"first ");
        said.push(&vec![b'-'; 300 << 10]);
        said.push(b" last");
        let text = said.to_string();
        assert!(text.starts_with("; it said: first"), "{text}");
        assert!(text.ends_with(" last"), "{text}");
    }

    #[test]
    fn nothing_said_is_nothing_shown() {
        assert_eq!(Said::default().to_string(), "");
        let mut said = Said::default();
        said.push(b"\x1b[2Joh\n");
        assert_eq!(said.to_string(), r"; it said: \u{1b}[2Joh");
    }
}
