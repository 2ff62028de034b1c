//! All that this program prints. A closed pipe (`… | head`, `… | true`) changes neither the
//! exit status nor what is done; any other failure of stdout is an error.

use std::fmt::{Arguments, Display};
use std::io::{self, Write};

use paired::visible::visible;

/// Prints a line for people to stderr; who does not read it misses it. What the words quote
/// of files and guests cannot steer the terminal.
macro_rules! notice {
    ($($text:tt)*) => {
        $crate::printing::to_stderr(format_args!($($text)*))
    };
}

pub(crate) fn to_stderr(text: Arguments<'_>) {
    let _ = writeln!(io::stderr().lock(), "{}", shown(&text.to_string()));
}

/// The text, of which only the ends of lines do what they do.
fn shown(text: &str) -> String {
    text.split('\n').map(visible).collect::<Vec<_>>().join("\n")
}

pub(crate) fn to_stdout(line: impl Display) -> io::Result<()> {
    unless_the_reader_left(writeln!(io::stdout().lock(), "{line}"))
}

/// Prints a value as JSON to stdout.
pub(crate) fn json(value: &impl serde::Serialize) -> io::Result<()> {
    let mut stdout = io::BufWriter::new(io::stdout().lock());
    let written = serde_json::to_writer_pretty(&mut stdout, value).map_err(io::Error::from);
    let written = written.and_then(|()| writeln!(stdout));
    unless_the_reader_left(written.and_then(|()| stdout.flush()))
}

/// So many of the last lines in which something stands, on one.
pub(crate) fn last_lines(text: &str, most: usize) -> String {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let mut last: Vec<&str> = lines.rev().take(most).collect();
    last.reverse();
    last.join("; ")
}

fn unless_the_reader_left(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_people_cannot_steer_the_terminal_and_keep_their_lines() {
        assert_eq!(shown("a \x1b[2J\r\nb"), "a \\u{1b}[2J\\r\nb");
    }

    #[test]
    fn a_reader_that_left_is_no_error_and_a_full_disk_is() {
        let failed = |kind: io::ErrorKind| unless_the_reader_left(Err(kind.into()));
        assert!(failed(io::ErrorKind::BrokenPipe).is_ok());
        assert!(failed(io::ErrorKind::StorageFull).is_err());
    }
}
