//! How a record looks on disk: JSON that a person can read and `git diff` can
//! show, without a line for each of ten thousand samples.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

/// Digits that are kept of a number: beyond any timer, and every exact count
/// below ten milliards stays exact.
const SIGNIFICANT_DIGITS: usize = 10;

/// Depth to which every value has a line of its own: the record, its lists, and
/// a case's or a comparison's fields. What lies deeper stands on one line.
const LINES_TO_DEPTH: usize = 3;

/// `value` as JSON, ending in a newline; the same value gives the same bytes.
pub fn to_json<T: Serialize>(value: &T) -> serde_json::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Layout::default());
    value.serialize(&mut serializer)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// `value` rounded to the digits that are written.
pub fn rounded(value: f64) -> f64 {
    if !value.is_finite() {
        return value;
    }
    format!("{value:.*e}", SIGNIFICANT_DIGITS - 1)
        .parse()
        .expect("what was formatted as a number parses as one")
}

/// Pretty down to a depth, compact below it.
#[derive(Default)]
struct Layout {
    pretty: PrettyFormatter<'static>,
    compact: CompactFormatter,
    depth: usize,
}

/// Hands a call to the formatter that the depth asks for: the depth within, where the call
/// begins something (`+ 1`) or ends it (`- 1`).
macro_rules! by_depth {
    ($($name:ident($($arg:ident: $type:ty),*) $(+ $in:literal)? $(- $out:literal)?;)*) => {$(
        fn $name<W: ?Sized + Write>(&mut self, writer: &mut W $(, $arg: $type)*) -> io::Result<()> {
                        $(self.depth += $in;)?
            let in_lines = self.depth <= LINES_TO_DEPTH;
            $(self.depth -= $out;)?
            if in_lines {
                self.pretty.$name(writer $(, $arg)*)
            } else {
                self.compact.$name(writer $(, $arg)*)
            }
        }
    )*};
}

impl Formatter for Layout {
    by_depth! {
                begin_array() + 1;
        end_array() - 1;
        begin_object() + 1;
        end_object() - 1;
        begin_array_value(first: bool);
        end_array_value();
        begin_object_key(first: bool);
        end_object_key();
        begin_object_value();
        end_object_value();
    }

    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        self.compact.write_f64(writer, rounded(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_stay_what_they_are() {
        assert_eq!(rounded(1.0 / 3.0), 0.333_333_333_3);
        assert_eq!(rounded(327_680.125), 327_680.125);
        assert_eq!(rounded(0.0), 0.0);
        assert_eq!(rounded(rounded(2.0_f64.sqrt())), rounded(2.0_f64.sqrt()));
    }

    #[test]
    fn what_lies_deep_stands_on_one_line() -> serde_json::Result<()> {
        let value = serde_json::json!({"cases": [{"id": "a", "wall": {"samples": [1.0, 2.5]}}], "failures": []});
        let text = String::from_utf8(to_json(&value)?).expect("JSON is UTF-8");
        insta::assert_snapshot!(text, @r#"
        {
          "cases": [
            {
              "id": "a",
              "wall": {"samples":[1.0,2.5]}
            }
          ],
          "failures": []
        }
        "#);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text)?, value);
        Ok(())
    }
}
