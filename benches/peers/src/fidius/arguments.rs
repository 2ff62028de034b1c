//! A method's arguments, from what a person types to the bytes that the plugin
//! decodes.
//!
//! The wire does not describe itself: a number that the plugin reads as another type is
//! another number, and no error. So its type comes from the interface's source, where that
//! was given, and is named in the text otherwise: `{"u32": 5}`.

use std::fmt::Display;

use serde_json::Value;

use super::types::{ArgumentType, signature};

/// Why arguments cannot be encoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ArgumentsError(String);

/// The bytes of arguments given as a JSON array; `types` are those that the method takes,
/// where they are known.
///
/// # Errors
/// When the text is no such array, or a value in it has no encoding or another type.
pub fn from_json(text: &str, types: Option<&[ArgumentType]>) -> Result<Vec<u8>, ArgumentsError> {
    let value: Value = serde_json::from_str(text)
        .map_err(|error| ArgumentsError(format!("the arguments are no JSON: {error}")))?;
    from_value(&value, types)
}

/// The bytes of arguments given as a value, a list; as [`from_json`].
///
/// # Errors
/// As for [`from_json`].
pub fn from_value(
    value: &Value,
    types: Option<&[ArgumentType]>,
) -> Result<Vec<u8>, ArgumentsError> {
    let no_list = "the arguments are a JSON array, one element an argument: [100, {\"u32\": 5}, \
                   \"text\"]";
    let arguments = value.as_array();
    let arguments = arguments.ok_or_else(|| ArgumentsError(no_list.to_owned()))?;
    let mut bytes = Vec::new();
    match types {
        Some(types) if types.len() != arguments.len() => {
            return Err(ArgumentsError(format!(
                "{} arguments, and the method takes {}: {}",
                arguments.len(),
                types.len(),
                signature(types)
            )));
        }
        Some(types) => encode_each(types, arguments, &mut bytes)?,
        None => encode_all(arguments, &mut bytes)?,
    }
    Ok(bytes)
}

/// The bytes of arguments given in hexadecimal.
///
/// # Errors
/// When the text is not hexadecimal.
pub fn from_hex(text: &str) -> Result<Vec<u8>, ArgumentsError> {
    let refuse = || {
        ArgumentsError(format!(
            "`{text}` is not hexadecimal: two digits a byte, blanks between bytes as you like"
        ))
    };
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

/// Bytes in hexadecimal, as [`from_hex`] reads them.
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A value that names its type: an object with one key.
fn named(value: &Value) -> Option<(&str, &Value)> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    object
        .iter()
        .next()
        .map(|(kind, value)| (kind.as_str(), value))
}

/// A value that is not what it should be.
fn mismatch(value: &Value, kind: impl Display) -> ArgumentsError {
    ArgumentsError(format!("{value} is no {kind}"))
}

/// Encodes values of known types, as many as there are types.
fn encode_each(
    types: &[ArgumentType],
    values: &[Value],
    out: &mut Vec<u8>,
) -> Result<(), ArgumentsError> {
    let mut pairs = types.iter().zip(values);
    pairs.try_for_each(|(of, value)| encode_as(of, value, out))
}

/// Encodes a value of a known type.
fn encode_as(of: &ArgumentType, value: &Value, out: &mut Vec<u8>) -> Result<(), ArgumentsError> {
    let mismatch = || mismatch(value, of);
    let value = match named(value) {
        Some((kind, _)) if !of.is_named(kind) => return Err(mismatch()),
        Some((_, inner)) if !matches!(of, ArgumentType::Unknown(_) | ArgumentType::Option(_)) => {
            inner
        }
        _ => value,
    };
    let elements = || value.as_array().ok_or_else(mismatch);
    match of {
        ArgumentType::Scalar(name) => typed(name, value, out),
        ArgumentType::Text => typed("str", value, out),
        ArgumentType::Option(inner) => {
            let some = named(value).map(|(_, inner)| inner);
            match (value, some) {
                (Value::Null, _) => out.push(0),
                (_, Some(value)) | (value, None) => {
                    out.push(1);
                    encode_as(inner, value, out)?;
                }
            }
            Ok(())
        }
        ArgumentType::List(inner) => {
            out.extend((elements()?.len() as u64).to_le_bytes());
            elements()?
                .iter()
                .try_for_each(|element| encode_as(inner, element, out))
        }
        ArgumentType::Fields(fields) => {
            let values = elements()?;
            if values.len() != fields.len() {
                return Err(mismatch());
            }
            encode_each(fields, values, out)
        }
        // Its declaration is not here: encoded as the text says.
        ArgumentType::Unknown(_) => encode(value, out),
    }
}

/// Encodes values that say what they are, one after another.
fn encode_all(values: &[Value], out: &mut Vec<u8>) -> Result<(), ArgumentsError> {
    values.iter().try_for_each(|value| encode(value, out))
}

fn encode(value: &Value, out: &mut Vec<u8>) -> Result<(), ArgumentsError> {
    match value {
        Value::Null => out.push(0),
        Value::Bool(_) => typed("bool", value, out)?,
        Value::Number(_) => {
            return Err(ArgumentsError(format!(
                "{value} does not say its type, and a plugin's library does not tell what its \
                 methods take: name it, {{\"u64\": {value}}}, or give the interface's source \
                 with --interface"
            )));
        }
        Value::String(_) => typed("str", value, out)?,
        Value::Array(_) => typed("list", value, out)?,
        Value::Object(_) => {
            let what = "object with one key, the name of a type";
            let (kind, value) = named(value).ok_or_else(|| mismatch(value, what))?;
            typed(kind, value, out)?;
        }
    }
    Ok(())
}

fn typed(kind: &str, value: &Value, out: &mut Vec<u8>) -> Result<(), ArgumentsError> {
    let mismatch = || mismatch(value, kind);
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
        "char" => {
            let mut chars = text()?.chars();
            let only = chars.next().filter(|_| chars.next().is_none());
            out.extend(only.ok_or_else(mismatch)?.to_string().as_bytes());
        }
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
            encode_all(elements()?, out)?;
        }
        // A struct or a tuple: its fields, one after another.
        "fields" => encode_all(elements()?, out)?,
        // An enum: the number of the variant, then its fields.
        "variant" => {
            let (number, fields) = elements()?.split_first().ok_or_else(mismatch)?;
            typed("u32", number, out)?;
            encode_all(fields, out)?;
        }
        _ => {
            return Err(ArgumentsError(format!(
                "`{kind}` is no type that an argument can name: it is bool, char, u8 to u64, i8 to \
                 i64, f32, f64, str, some, list, fields or variant"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_protocol::wire;

    fn types(declared: &[&str]) -> Vec<ArgumentType> {
        let of = |text: &&str| ArgumentType::of(&syn::parse_str(text).unwrap());
        declared.iter().map(of).collect()
    }

    #[test]
    fn json_has_the_bytes_of_the_tuple_that_the_method_takes() {
        let tuple = (
            (100_u64, 5_u32, -3_i64, 1.5_f64, "text", true),
            (None::<u8>, Some(9_u8), vec![-1_i16], (7_u64, "a")),
        );
        let bytes = wire::serialize(&tuple).unwrap();
        let named = r#"[{"u64": 100}, {"u32": 5}, {"i64": -3}, {"f64": 1.5}, "text", true,
            null, {"some": {"u8": 9}}, [{"i16": -1}], {"fields": [{"u64": 7}, "a"]}]"#;
        assert_eq!(from_json(named, None), Ok(bytes.clone()));
        let declared = types(&[
            "u64",
            "u32",
            "i64",
            "f64",
            "String",
            "bool",
            "Option<u8>",
            "Option<u8>",
            "Vec<i16>",
            "(u64, String)",
        ]);
        let plain = r#"[100, 5, -3, 1.5, "text", true, null, 9, [-1], [7, "a"]]"#;
        for text in [plain, named] {
            assert_eq!(from_json(text, Some(&declared)), Ok(bytes.clone()));
        }
        assert_eq!(from_json("[]", None), Ok(vec![]));
    }

    #[test]
    fn a_number_without_a_type_is_refused_where_nothing_says_it() {
        let text = from_json("[5.0]", None).unwrap_err().to_string();
        assert!(text.contains("--interface"), "{text}");
        let text = from_json("[[1]]", None).unwrap_err().to_string();
        assert!(text.starts_with("1 does not say its type"), "{text}");
    }

    #[test]
    fn what_does_not_fit_the_arguments_type_is_refused() {
        for (declared, text, reason) in [
            ("u64", "[5.0]", "5.0 is no u64"),
            ("u64", r#"[{"f64": 5.0}]"#, r#"{"f64":5.0} is no u64"#),
            ("u8", "[300]", "300 is no u8"),
            ("Vec<u8>", "[[1, -1]]", "-1 is no u8"),
            ("String", "[7]", "7 is no str"),
            ("char", r#"["ab"]"#, r#""ab" is no char"#),
            ("(u8, u8)", "[[1]]", "[1] is no (u8, u8)"),
            ("u64", "[]", "0 arguments, and the method takes 1: (u64)"),
        ] {
            let refused = from_json(text, Some(&types(&[declared]))).unwrap_err();
            assert_eq!(refused.to_string(), reason);
        }
        // A float may be written without a point; a type that is not here, by its parts.
        assert_eq!(
            from_json("[5]", Some(&types(&["f64"]))),
            Ok(5_f64.to_le_bytes().to_vec())
        );
        let parts = r#"[{"fields": [{"u8": 1}]}]"#;
        assert_eq!(from_json(parts, Some(&types(&["Config"]))), Ok(vec![1]));
    }

    #[test]
    fn hex_is_taken_as_it_is() {
        assert_eq!(from_hex("00 ff 1A"), Ok(vec![0, 255, 26]));
        assert_eq!(to_hex(&[0, 255, 26]), "00ff1a");
        for wrong in ["0", "zz"] {
            let text = from_hex(wrong).unwrap_err().to_string();
            assert!(text.contains("is not hexadecimal"), "{text}");
        }
    }

    #[test]
    fn what_has_no_encoding_is_named() {
        let text = |json| from_json(json, None).expect_err("it has none").to_string();
        assert!(text("5").starts_with("the arguments are a JSON array"));
        assert!(text("[5").starts_with("the arguments are no JSON: "));
        assert_eq!(text(r#"[{"u8": 300}]"#), "300 is no u8");
        assert!(text(r#"[{"u7": 3}]"#).starts_with("`u7` is no type"));
        assert!(text(r#"[{"u8": 3, "u9": 4}]"#).contains("one key"));
    }
}
