//! Changes of a file that a disk, a merge or an enemy could make.

use rand::RngExt;
use rand::rngs::SmallRng;
use serde_json::{Map, Value, json};

/// Values that stand where others are expected; numbers such as `1e309` cannot be written by
/// serde_json and come in by [`text`].
fn odd(rng: &mut SmallRng) -> Value {
    let values = [
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(-0.0),
        json!(0.5),
        json!(1),
        json!(1e-320),
        json!(1e308),
        json!(f64::MAX),
        json!(-f64::MAX),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(""),
        json!("x".repeat(70_000)),
        json!("\u{1b}[2J\u{7}\r\n\u{0}"),
        json!("../../../../etc/passwd"),
        json!("<script>alert(1)</script>"),
        json!("\u{202e}txt\u{feff}"),
        json!("|a|b|\n|---|"),
        json!([]),
        json!({}),
        json!([[[[[[]]]]]]),
    ];
    values[rng.random_range(0..values.len())].clone()
}

/// Text that a number may be replaced by: no JSON number that a double holds, or none.
const NUMBERS: &[&str] = &[
    "1e309",
    "-1e309",
    "NaN",
    "Infinity",
    "00",
    "1e",
    "0x10",
    "18446744073709551616",
    "99999999999999999999999999999999999999999999999999",
    "1.7976931348623157e308",
    "5e-324",
];

/// Bytes changed in one to three ways.
pub fn mutated(bytes: &[u8], rng: &mut SmallRng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..rng.random_range(1..=3) {
        bytes = match rng.random_range(0..3) {
            0 => raw(bytes, rng),
            1 => text(bytes, rng),
            _ => structure(bytes, rng),
        };
    }
    bytes
}

/// A place and a later one, not far behind it.
fn range(length: usize, rng: &mut SmallRng) -> (usize, usize) {
    let start = rng.random_range(0..=length);
    let far = match rng.random_range(0..4) {
        0 => length,
        1 => 1,
        _ => 200,
    };
    (start, (start + rng.random_range(0..=far)).min(length))
}

/// A change that knows bytes only.
fn raw(mut bytes: Vec<u8>, rng: &mut SmallRng) -> Vec<u8> {
    let (start, end) = range(bytes.len(), rng);
    match rng.random_range(0..6) {
        0 => bytes.truncate(start),
        1 => drop(bytes.drain(start..end)),
        2 => {
            let piece = bytes[start..end].to_vec();
            bytes.splice(start..start, piece);
        }
        3 => {
            let noise: Vec<u8> = (0..rng.random_range(1..40)).map(|_| rng.random()).collect();
            bytes.splice(start..start, noise);
        }
        4 if start < bytes.len() => bytes[start] ^= 1 << rng.random_range(0..8),
        _ => {
            let deep = rng.random_range(1..100_000);
            bytes.splice(start..start, vec![b'['; deep]);
        }
    }
    bytes
}

/// A change of one number as it is written.
fn text(bytes: Vec<u8>, rng: &mut SmallRng) -> Vec<u8> {
    let is_number = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'e');
    let Some(from) = bytes
        .len()
        .checked_sub(1)
        .map(|last| rng.random_range(0..=last))
    else {
        return bytes;
    };
    let Some(start) = bytes[from..].iter().position(u8::is_ascii_digit) else {
        return bytes;
    };
    let start = from + start;
    let end = bytes[start..].iter().position(|byte| !is_number(byte));
    let end = end.map_or(bytes.len(), |length| start + length);
    let number = NUMBERS[rng.random_range(0..NUMBERS.len())];
    [&bytes[..start], number.as_bytes(), &bytes[end..]].concat()
}

/// A change of the JSON tree, where it is one.
fn structure(bytes: Vec<u8>, rng: &mut SmallRng) -> Vec<u8> {
    let Ok(mut tree) = serde_json::from_slice::<Value>(&bytes) else {
        return raw(bytes, rng);
    };
    let place = place(&tree, rng);
    let Some(value) = tree.pointer_mut(&place) else {
        return bytes;
    };
    match (rng.random_range(0..4), value) {
        (0, Value::Array(list)) if !list.is_empty() => {
            let one = list[rng.random_range(0..list.len())].clone();
            let times = [1, 2, 300][rng.random_range(0..3)];
            list.extend(vec![one; times]);
        }
        (1, Value::Array(list)) if !list.is_empty() => {
            list.remove(rng.random_range(0..list.len()));
        }
        (0, Value::Object(map)) if !map.is_empty() => rename(map, rng),
        (1, Value::Object(map)) if !map.is_empty() => {
            let name = name(map, rng);
            map.remove(&name);
        }
        (2, Value::Array(list)) if list.len() > 1 => {
            let (a, b) = (
                rng.random_range(0..list.len()),
                rng.random_range(0..list.len()),
            );
            list.swap(a, b);
        }
        (_, value) => *value = odd(rng),
    }
    serde_json::to_vec_pretty(&tree).unwrap_or(bytes)
}

fn name(map: &Map<String, Value>, rng: &mut SmallRng) -> String {
    let at = rng.random_range(0..map.len());
    map.keys().nth(at).cloned().unwrap_or_default()
}

fn rename(map: &mut Map<String, Value>, rng: &mut SmallRng) {
    let old = name(map, rng);
    if let Some(value) = map.remove(&old) {
        let new = match rng.random_range(0..3) {
            0 => "\u{1b}[31m".to_owned(),
            1 => old + "_",
            _ => String::new(),
        };
        map.insert(new, value);
    }
}

/// A random place in a tree, as a pointer.
fn place(tree: &Value, rng: &mut SmallRng) -> String {
    let (mut at, mut place) = (tree, String::new());
    loop {
        let next = match at {
            Value::Array(list) if !list.is_empty() => {
                let index = rng.random_range(0..list.len());
                Some((index.to_string(), &list[index]))
            }
            Value::Object(map) if !map.is_empty() => {
                let name = name(map, rng);
                let value = &map[&name];
                Some((name.replace('~', "~0").replace('/', "~1"), value))
            }
            _ => None,
        };
        // Deep places more often: most of a record is deep.
        match next.filter(|_| rng.random_bool(0.85)) {
            Some((step, value)) => {
                place = place + "/" + &step;
                at = value;
            }
            None => return place,
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn a_seed_gives_one_change_and_most_changes_change_something() {
        let file = br#"{"a": [1, 2.5, {"b/c": "text"}], "d": null}"#;
        let mut changed = 0;
        for seed in 0..200 {
            let change = || mutated(file, &mut SmallRng::seed_from_u64(seed));
            let first = change();
            assert_eq!(first, change(), "{seed}");
            changed += u32::from(first != file);
        }
        assert!(changed > 170, "{changed}");
    }
}
