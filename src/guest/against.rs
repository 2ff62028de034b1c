//! In what a build of a guest is worse than the kept one, as far as that is exact:
//! what it streams, and what it takes to stream it. Times are judged elsewhere.

use super::measure::Verified;
use bench_record::limits::Limits;
use bench_record::wire::Counts;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Streams {
    Same,
    /// They have not; in what, in words.
    Differ(String),
    /// It cannot be told; why, in words.
    Unknown(String),
}

/// Whether two builds streamed the same items, as far as both went. One that was cut
/// short says nothing of what would have come; one that ended does.
pub fn streams(kept: &Verified, now: &Verified) -> Streams {
    let shorter = if kept.items < now.items { kept } else { now };
    if kept.items != now.items && !shorter.ended {
        return Streams::Unknown(format!(
            "{} items were kept and {} came now, and the shorter was cut: digests not compared",
            kept.items, now.items
        ));
    }
    if (kept.items, &kept.digest) == (now.items, &now.digest) {
        return Streams::Same;
    }
    Streams::Differ(format!(
        "the streams differ: {} items, digest {} were kept; now {} items, digest {}",
        kept.items, kept.digest, now.items, now.digest
    ))
}

/// What the new build takes more of than the gate allows by default, and a larger
/// buffer. `instructions` are per item, of the kept build and of the new one, both
/// counted with one host. Streams of other lengths have other retries.
pub fn counted_more(
    kept: &Verified,
    now: &Verified,
    instructions: Option<(f64, f64)>,
) -> Vec<String> {
    let same_length = kept.items == now.items;
    let counts = |verified: &Verified, instructions_per_item| Counts {
        instructions_per_item,
        retries: same_length.then_some(verified.retries),
        ..Counts::default()
    };
    let (before, after) = instructions.unzip();
    let (before, after) = (counts(kept, before), counts(now, after));
    let exceeded = Limits::default().exceeded("guest", &before, &after);
    let mut more: Vec<String> = exceeded.iter().map(ToString::to_string).collect();
    if same_length && now.peak_capacity > kept.peak_capacity {
        more.push(format!(
            "capacity of the host's buffer {} → {} bytes",
            kept.peak_capacity, now.peak_capacity
        ));
    }
    more
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verified(items: u64, digest: &str, ended: bool) -> Verified {
        Verified {
            items,
            bytes: 8 * items,
            digest: digest.to_owned(),
            ended,
            retries: 1,
            peak_capacity: 64,
        }
    }

    #[test]
    fn streams_are_compared_as_far_as_both_are_known() {
        let kept = verified(300, "aa", false);
        assert_eq!(streams(&kept, &kept), Streams::Same);
        let of = |now: &Verified| std::mem::discriminant(&streams(&kept, now));
        let unknown = std::mem::discriminant(&Streams::Unknown(String::new()));
        let differ = std::mem::discriminant(&Streams::Differ(String::new()));
        assert_eq!(of(&verified(300, "bb", false)), differ);
        assert_eq!(of(&verified(200, "cc", false)), unknown);
        assert_eq!(of(&verified(400, "cc", true)), unknown);
        // It ended where the kept one went on: with nothing at all, even.
        assert_eq!(of(&verified(200, "cc", true)), differ);
        assert_eq!(of(&verified(0, "dd", true)), differ);
    }

    #[test]
    fn a_rise_of_any_count_is_worse_and_a_fall_is_not() {
        let kept = verified(300, "aa", true);
        assert!(counted_more(&kept, &kept, Some((100.0, 100.4))).is_empty());
        let now = Verified {
            retries: 2,
            peak_capacity: 128,
            ..kept.clone()
        };
        let more = counted_more(&kept, &now, Some((100.0, 150.0)));
        let first = |text: &String| text.split(' ').next().unwrap_or_default().to_owned();
        let named: Vec<String> = more.iter().map(first).collect();
        assert_eq!(named, ["instructions", "retries", "capacity"]);
        assert!(counted_more(&now, &kept, Some((150.0, 100.0))).is_empty());
        assert!(counted_more(&kept, &now, None).len() == 2);
    }

    #[test]
    fn streams_of_other_lengths_are_held_by_what_an_item_takes_alone() {
        let (kept, now) = (verified(300, "aa", false), verified(400, "bb", false));
        let now = Verified {
            retries: 9,
            peak_capacity: 4096,
            ..now
        };
        assert!(counted_more(&kept, &now, None).is_empty());
        assert_eq!(counted_more(&kept, &now, Some((1.0, 2.0))).len(), 1);
    }
}
