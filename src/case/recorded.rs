//! Recorded sizes: a text file with one size a line, as a user's own stream had
//! them.

use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use bench_record::input;

/// Bytes that the wire puts before an item's content: its length.
pub const WIRE_PREFIX: u32 = 8;
/// The largest content that an item on the wire may have, bytes: its length with
/// the prefix is 32-bit.
pub const MAX_CONTENT: u32 = u32::MAX - WIRE_PREFIX;

/// Reads the sizes of a file: content bytes, one a line.
pub fn read(file: &Path) -> Result<Vec<u32>> {
    let text = input::read_text(file, input::SIZES)
        .with_context(|| format!("{}: cannot read the sizes", file.display()))?;
    parse(file, &text)
}

/// The sizes in `text`; errors call it `file`.
pub fn parse(file: &Path, text: &str) -> Result<Vec<u32>> {
    let expected = format!("size in bytes, a whole number from 0 to {MAX_CONTENT}");
    let file = file.display();
    let lines = text.lines().enumerate().map(|(index, line)| {
        let wrong = |found| {
            anyhow!(
                "{file}:{}: found {found}, expected one {expected}",
                index + 1
            )
        };
        size(line.trim()).map_err(wrong)
    });
    let sizes: Vec<u32> = lines.collect::<Result<_>>()?;
    ensure!(
        !sizes.is_empty(),
        "{file}:1: found nothing, expected at least one line with a {expected}"
    );
    Ok(sizes)
}

/// The size in a line, or what stands there instead.
fn size(line: &str) -> Result<u32, String> {
    if line.is_empty() {
        return Err("an empty line".to_owned());
    }
    if let Ok(size) = line.parse::<u32>()
        && size <= MAX_CONTENT
    {
        return Ok(size);
    }
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    Err(match line.strip_prefix('-') {
        Some(rest) if digits(rest) => format!("the negative number {line}"),
        _ if digits(line) => format!("{line}, which is beyond the wire's 32-bit length"),
        // A line may be a whole file without line ends.
        _ => format!("{:?}", line.chars().take(40).collect::<String>()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        parse(Path::new("sizes.txt"), text).unwrap_err().to_string()
    }

    #[test]
    fn sizes_stand_one_a_line() {
        let sizes = parse(Path::new("sizes.txt"), "0\n17\r\n 4294967287 \n").unwrap();
        assert_eq!(sizes, [0, 17, MAX_CONTENT]);
    }

    #[test]
    fn what_is_no_size_is_named_with_its_line_and_what_was_expected() {
        for (text, start) in [
            ("1\n-5\n", "sizes.txt:2: found the negative number -5, "),
            ("1\n2\nlarge\n", "sizes.txt:3: found \"large\", "),
            ("1\n\n3\n", "sizes.txt:2: found an empty line, "),
            (
                "4294967288\n",
                "sizes.txt:1: found 4294967288, which is beyond the wire's 32-bit length, ",
            ),
            (
                "99999999999999999999999\n",
                "sizes.txt:1: found 99999999999999999999999, which is beyond",
            ),
            ("1.5\n", "sizes.txt:1: found \"1.5\", "),
            ("", "sizes.txt:1: found nothing, "),
        ] {
            let said = refused(text);
            assert!(said.starts_with(start), "{said}");
            assert!(
                said.contains("expected") && said.contains("from 0 to 4294967287"),
                "{said}"
            );
        }
    }

    #[test]
    fn a_device_without_end_is_refused_at_once() {
        let error = read(Path::new("/dev/zero")).unwrap_err();
        let why = error.root_cause().to_string();
        assert!(why.contains("a device"), "{why}");
    }

    #[test]
    fn a_missing_file_is_named() {
        let said = read(Path::new("no/such/sizes")).unwrap_err().to_string();
        assert!(said.starts_with("no/such/sizes: cannot read"), "{said}");
    }
}
