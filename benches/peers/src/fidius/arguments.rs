//! A method's arguments, from what a person types to the bytes that the plugin
//! decodes.
//!
//! The wire does not describe itself, so a number has to say how wide it is. It
//! is a `u64`, an `i64` where negative and an `f64` with a point, unless an
//! object names another type: `{"u32": 5}`.

use serde_json::Value;

/// Why arguments cannot be encoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArgumentsError {
    /// The text is no JSON.
    #[error("the arguments are no JSON: {0}")]
    Json(String),
    /// The arguments are JSON, but no list.
    #[error(
        "the arguments are a JSON array, one element an argument: [100, {{\"u32\": 5}}, \"text\"]"
    )]
    NotAList,
    /// A value that is not of the type it names.
    #[error("{value} is no {kind}")]
    Mismatch {
        /// The value, as JSON.
        value: String,
        /// The type it should have.
        kind: String,
    },
    /// A type that has no encoding here.
    #[error(
        "`{0}` is no type that an argument can name: it is bool, char, u8 to u64, i8 to i64, f32, f64, str, some, list, fields or variant"
    )]
    UnknownType(String),
    /// Not two hexadecimal digits a byte.
    #[error("`{0}` is not hexadecimal: two digits a byte, blanks between bytes as you like")]
    Hex(String),
}

/// The bytes of arguments given as a JSON array.
///
/// # Errors
/// When the text is no such array, or a value in it has no encoding.
pub fn from_json(text: &str) -> Result<Vec<u8>, ArgumentsError> {
    let value: Value =
        serde_json::from_str(text).map_err(|error| ArgumentsError::Json(error.to_string()))?;
    let arguments = value.as_array().ok_or(ArgumentsError::NotAList)?;
    let mut bytes = Vec::new();
    for argument in arguments {
        encode(argument, &mut bytes)?;
    }
    Ok(bytes)
}

/// The bytes of arguments given in hexadecimal.
///
/// # Errors
/// When the text is not hexadecimal.
pub fn from_hex(text: &str) -> Result<Vec<u8>, ArgumentsError> {
    let refuse = || ArgumentsError::Hex(text.to_owned());
    let digits: Vec<u8> = text
        .chars()
        .filter(|digit| !digit.is_whitespace())
        .map(|digit| digit.to_digit(16).map(|digit| digit as u8))
        .collect::<Option<_>>()
        .ok_or_else(refuse)?;
    let (bytes, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(refuse());
    }
    Ok(bytes.iter().map(|[high, low]| high << 4 | low).collect())
}

fn encode(value: &Value, out: &mut Vec<u8>) -> Result<(), ArgumentsError> {
    match value {
        Value::Null => out.push(0),
        Value::Bool(flag) => out.push(u8::from(*flag)),
        Value::Number(number) if number.is_u64() => typed("u64", value, out)?,
        Value::Number(number) if number.is_i64() => typed("i64", value, out)?,
        Value::Number(_) => typed("f64", value, out)?,
        Value::String(_) => typed("str", value, out)?,
        Value::Array(_) => typed("list", value, out)?,
        Value::Object(object) => match object.iter().next() {
            Some((kind, value)) if object.len() == 1 => typed(kind, value, out)?,
            _ => {
                return Err(ArgumentsError::Mismatch {
                    value: value.to_string(),
                    kind: "object with one key, the name of a type".to_owned(),
                });
            }
        },
    }
    Ok(())
}

fn typed(kind: &str, value: &Value, out: &mut Vec<u8>) -> Result<(), ArgumentsError> {
    let mismatch = || ArgumentsError::Mismatch {
        value: value.to_string(),
        kind: kind.to_owned(),
    };
    macro_rules! integer {
        ($type:ty, $read:ident) => {{
            let number = value
                .$read()
                .and_then(|number| <$type>::try_from(number).ok());
            out.extend(number.ok_or_else(mismatch)?.to_le_bytes());
        }};
    }
    let text = || value.as_str().ok_or_else(mismatch);
    let elements = || value.as_array().ok_or_else(mismatch);
    match kind {
        "bool" => out.push(u8::from(value.as_bool().ok_or_else(mismatch)?)),
        "u8" => integer!(u8, as_u64),
        "u16" => integer!(u16, as_u64),
        "u32" => integer!(u32, as_u64),
        "u64" | "usize" => integer!(u64, as_u64),
        "i8" => integer!(i8, as_i64),
        "i16" => integer!(i16, as_i64),
        "i32" => integer!(i32, as_i64),
        "i64" | "isize" => integer!(i64, as_i64),
        "f32" => out.extend((value.as_f64().ok_or_else(mismatch)? as f32).to_le_bytes()),
        "f64" => out.extend(value.as_f64().ok_or_else(mismatch)?.to_le_bytes()),
        "char" => out.extend(text()?.as_bytes()),
        "str" => {
            out.extend((text()?.len() as u64).to_le_bytes());
            out.extend(text()?.as_bytes());
        }
        "some" => {
            out.push(1);
            encode(value, out)?;
        }
        "list" => {
            out.extend((elements()?.len() as u64).to_le_bytes());
            for element in elements()? {
                encode(element, out)?;
            }
        }
        // A struct or a tuple: its fields, one after another.
        "fields" => {
            for element in elements()? {
                encode(element, out)?;
            }
        }
        // An enum: the number of the variant, then its fields.
        "variant" => match elements()?.split_first() {
            Some((number, fields)) => {
                typed("u32", number, out)?;
                for field in fields {
                    encode(field, out)?;
                }
            }
            None => return Err(mismatch()),
        },
        _ => return Err(ArgumentsError::UnknownType(kind.to_owned())),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_protocol::wire;

    #[test]
    fn json_has_the_bytes_of_the_tuple_that_the_method_takes() {
        let said = from_json(
            r#"[100, {"u32": 5}, -3, 1.5, "text", true, null, {"some": {"u8": 9}}, [{"i16": -1}], {"fields": [7, "a"]}]"#,
        );
        let tuple = (
            (100_u64, 5_u32, -3_i64, 1.5_f64, "text", true),
            (None::<u8>, Some(9_u8), vec![-1_i16], (7_u64, "a")),
        );
        assert_eq!(said, Ok(wire::serialize(&tuple).unwrap()));
        assert_eq!(from_json("[]"), Ok(vec![]));
    }

    #[test]
    fn hex_is_taken_as_it_is() {
        assert_eq!(from_hex("00 ff 1A"), Ok(vec![0, 255, 26]));
        assert!(matches!(from_hex("0"), Err(ArgumentsError::Hex(_))));
        assert!(matches!(from_hex("zz"), Err(ArgumentsError::Hex(_))));
    }

    #[test]
    fn what_has_no_encoding_is_named() {
        assert_eq!(from_json("5"), Err(ArgumentsError::NotAList));
        assert!(matches!(from_json("[5"), Err(ArgumentsError::Json(_))));
        let text = |json| from_json(json).expect_err("it has none").to_string();
        assert_eq!(text(r#"[{"u8": 300}]"#), "300 is no u8");
        assert!(text(r#"[{"u7": 3}]"#).starts_with("`u7` is no type"));
        assert!(text(r#"[{"u8": 3, "u9": 4}]"#).contains("one key"));
    }
}
