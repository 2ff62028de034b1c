//! What a plugin author can do today, without the framework.

use bench_record::lab::{Arm, Lab};

use super::find::today;
use crate::format;

fn arena<'a>(lab: &'a Lab, set: &str) -> Option<(&'a Arm, f64)> {
    let arm = today(lab.set(set)?, "arena")?;
    Some((arm, arm.instructions()?))
}

/// Sentences, each from exact counts: those of different sets may be compared.
pub(super) fn sentences(lab: &Lab) -> Vec<String> {
    [bytes(lab), numbers(lab), chunks(lab), borrowed(lab)]
        .into_iter()
        .flatten()
        .collect()
}

/// `serde_bytes`.
fn bytes(lab: &Lab) -> Option<String> {
    let slow = arena(lab, "bytes-4KiB")?;
    let fast = arena(lab, "blob-4KiB")?;
    let small = arena(lab, "bytes-64B").zip(arena(lab, "blob-64B"));
    let small = small.map_or_else(String::new, |(slow, fast)| {
        format!(
            "; an item of 64 B takes {} and {}",
            format::significant(slow.1),
            format::significant(fast.1)
        )
    });
    Some(format!(
        "Put `#[serde(with = \"serde_bytes\")]` on every `Vec<u8>`. The bytes on the wire stay the \
         same. By today's arena, an item of 4 KiB takes {} instructions without it and {} with it, \
         {} times as many{small}.",
        format::significant(slow.1),
        format::significant(fast.1),
        format::significant(slow.1 / fast.1),
    ))
}

/// Many numbers in one item.
fn numbers(lab: &Lab) -> Option<String> {
    let one = arena(lab, "u64")?;
    let many = arena(lab, "f64s-1KiB")?;
    let each = many.1 / 128.0;
    Some(format!(
        "Put many small values into one item. By today's arena, a `u64` as an item of its own takes \
         {} instructions; a number of 8 bytes in an item of 128 of them takes {}.",
        format::significant(one.1),
        format::significant(each),
    ))
}

/// Chunks of large data.
fn chunks(lab: &Lab) -> Option<String> {
    let per_kib = |set: &str, kib: f64| Some(arena(lab, set)?.1 / kib);
    let (small, middle, large) = (
        per_kib("blob-64B", 1.0 / 16.0)?,
        per_kib("blob-4KiB", 4.0)?,
        per_kib("blob-64KiB", 64.0)?,
    );
    Some(format!(
        "Cut large data into chunks of 4 KiB or more, not less: a KiB takes {} instructions in \
         chunks of 64 B, {} in chunks of 4 KiB and {} in chunks of 64 KiB.",
        format::significant(small),
        format::significant(middle),
        format::significant(large),
    ))
}

/// What the host can do: borrow.
fn borrowed(lab: &Lab) -> Option<String> {
    let (owned, borrowed) = (
        arena(lab, "record-64B")?,
        arena(lab, "record-64B/borrowed")?,
    );
    Some(format!(
        "If you write the host as well, decode to values that borrow (`&str`, `&[u8]`): a record of \
         64 B takes {} instructions with owned and {} with borrowed values.",
        format::significant(owned.1),
        format::significant(borrowed.1),
    ))
}
