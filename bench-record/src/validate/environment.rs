//! What an environment must hold.

use super::check::{Fault, fault, name};
use crate::environment::Environment;

/// Most shards that a run may be split into.
pub const MAX_SHARDS: u32 = 1000;

/// `K/N` of a shard, with 1 ≤ K ≤ N ≤ [`MAX_SHARDS`].
pub fn parse_shard(text: &str) -> Option<(u32, u32)> {
    let (k, n) = text.split_once('/')?;
    let (k, n) = (k.parse().ok()?, n.parse().ok()?);
    (n <= MAX_SHARDS && (1..=n).contains(&k)).then_some((k, n))
}

/// # Errors
/// The first [`Fault`].
pub(super) fn environment(env: &Environment) -> Result<(), Fault> {
    name("environment.branch", &env.branch)?;
    let commit = &env.commit;
    let is_hash = (4..=64).contains(&commit.len()) && commit.bytes().all(|b| b.is_ascii_hexdigit());
    if !commit.is_empty() && !is_hash {
        return fault(
            "environment.commit",
            format!("{commit:?} is no commit hash; expected 4 to 64 hexadecimal digits or nothing"),
        );
    }
    for (field, time) in [
        ("environment.started", &env.started),
        ("environment.finished", &env.finished),
        ("environment.committed", &env.committed),
    ] {
        let is_time = |text: &str| {
            let time = text.parse::<jiff::Timestamp>();
            time.is_ok_and(|time| time >= jiff::Timestamp::UNIX_EPOCH)
        };
        if !time.is_empty() && !is_time(time) {
            return fault(
                field,
                format!("{time:?} is no time; expected RFC 3339, such as 2024-05-01T12:00:00Z"),
            );
        }
    }
    match &env.shard {
        Some(shard) if parse_shard(shard).is_none() => fault(
            "environment.shard",
            format!("{shard:?} is not a shard; expected K/N with 1 ≤ K ≤ N ≤ {MAX_SHARDS}"),
        ),
        _ => Ok(()),
    }
}
