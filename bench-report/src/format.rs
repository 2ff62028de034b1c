//! Numbers, times, sizes and names as people read them. Every number of a page, a plot, a
//! terminal or a comment is written here: at most three digits that matter, thousands
//! grouped, one unit a number, a true minus sign.
//!
//! `assets/core.js` has the same rules for the page's charts; `tests/page/numbers.json` lists
//! examples that both are tested against.

use bench_record::wire::Comparison;
use serde::Serialize;

/// Bytes: `64 B`, `4 KiB`, `1.5 MiB`.
pub fn bytes(count: u64) -> String {
    let units = [(1_u64 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    for (size, unit) in units {
        if count >= size {
            return format!("{} {unit}", significant(count as f64 / size as f64));
        }
    }
    format!("{count} B")
}

/// A time to the minute: `2026-01-02 03:09`. What is no RFC 3339 time stays as it is.
pub fn short_time(time: &str) -> String {
    let minute = time.get(..16).filter(|minute| minute.contains('T'));
    minute.map_or_else(|| time.to_owned(), |minute| minute.replacen('T', " ", 1))
}

/// Three significant digits without a trailing `.0`; whole and grouped from 1,000 up.
pub fn significant(value: f64) -> String {
    let magnitude = value.abs();
    let digits = if magnitude >= 99.95 || magnitude == 0.0 {
        0
    } else if magnitude >= 9.995 {
        1
    } else if magnitude >= 0.9995 {
        2
    } else {
        3
    };
    let mut text = format!("{value:.digits$}");
    if text.contains('.') {
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    }
    if text == "-0" {
        return "0".to_owned();
    }
    grouped(&text).replace('-', "−")
}

/// A whole count: `134,217,885`.
pub fn count(value: u64) -> String {
    grouped(&value.to_string())
}

/// Commas between groups of three digits before the point.
fn grouped(number: &str) -> String {
    let (whole, rest) = number.split_once('.').unwrap_or((number, ""));
    let digits = whole.trim_start_matches('-');
    let mut out = String::from(if whole.starts_with('-') { "-" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 && digits.bytes().all(|b| b.is_ascii_digit()) {
            out.push(',');
        }
        out.push(digit);
    }
    if !rest.is_empty() {
        out.push('.');
        out.push_str(rest);
    }
    out
}

/// A time from nanoseconds, in the unit that needs fewest digits: `41.2 ns`, `8.32 µs`,
/// `5.15 ms`.
pub fn ns(value: f64) -> String {
    // From where three digits would round up to a thousand of a unit, the next one is used.
    let (unit, name) = match value.abs() {
        999_500_000.0.. => (1e9, "s"),
        999_500.0.. => (1e6, "ms"),
        999.5.. => (1e3, "µs"),
        _ => (1.0, "ns"),
    };
    format!("{} {name}", significant(value / unit))
}

/// A signed difference of times: `+3.1 ns`.
pub fn signed_ns(value: f64) -> String {
    format!("{}{}", if value > 0.0 { "+" } else { "" }, ns(value))
}

pub fn ratio(value: f64) -> String {
    format!("{value:.3}")
}

/// A ratio in a sentence: two digits behind the point, as nobody reads three there.
pub fn short_ratio(value: f64) -> String {
    format!("{value:.2}")
}

/// A ratio as a change: `+1.50%`.
pub fn signed_percent(ratio: f64) -> String {
    let text = format!("{:+.2}%", 100.0 * (ratio - 1.0));
    match text.as_str() {
        "-0.00%" => "+0.00%".to_owned(),
        _ => text.replace('-', "−"),
    }
}

/// A share of a whole: `78%`.
pub fn share(share: f64) -> String {
    let text = format!("{:.0}%", 100.0 * share);
    match text.as_str() {
        "-0%" => "0%".to_owned(),
        _ => text.replace('-', "−"),
    }
}

/// What a ratio means: `15.8% less`, `4% more`, `2.33 times` from twice on.
pub fn change(ratio: f64) -> String {
    changed(ratio, "less")
}

fn changed(ratio: f64, less: &str) -> String {
    if ratio >= 2.0 {
        return format!("{} times", significant(ratio));
    }
    let percent = significant((ratio - 1.0).abs() * 100.0);
    format!("{percent}% {}", if ratio < 1.0 { less } else { "more" })
}

/// An interval of two formatted ends: `0.990 to 1.010`.
pub fn interval(low: f64, high: f64, write: fn(f64) -> String) -> String {
    format!("{} to {}", write(low), write(high))
}

/// An estimate with its interval: `1.000 [0.990 to 1.010]`.
pub fn estimate(value: f64, low: f64, high: f64, write: fn(f64) -> String) -> String {
    format!("{} [{}]", write(value), interval(low, high, write))
}

/// The ratio of a comparison with its interval.
pub fn compared(found: &Comparison, write: fn(f64) -> String) -> String {
    estimate(found.ratio, found.low, found.high, write)
}

/// A count before and after: `12 → 14`.
pub fn moved((before, after): (f64, f64)) -> String {
    format!("{} → {}", significant(before), significant(after))
}

/// A confidence as a percentage: `99%`. Rounded down: nothing measured is sure.
pub fn confidence(share: f64) -> String {
    // The sum keeps 0.9999, which no binary fraction is, from falling to 99.98.
    let text = format!("{:.2}", (share * 1e4 + 1e-6).floor() / 100.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

/// Lower-case letters, digits and single hyphens: safe as a file name and as an HTML id.
pub fn slug(text: &str) -> String {
    let words = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}

/// `1 case`, `2 cases`.
pub fn plural(number: usize, noun: &str) -> String {
    let end = if number == 1 { "" } else { "s" };
    format!("{} {noun}{end}", count(number as u64))
}

/// `a`, `a and b`, `a, b and c`.
pub fn listed(items: &[impl AsRef<str>]) -> String {
    joined(items, "and")
}

/// `a`, `a or b`, `a, b or c`.
pub fn either(items: &[impl AsRef<str>]) -> String {
    joined(items, "or")
}

fn joined(items: &[impl AsRef<str>], word: &str) -> String {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    match items.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [firsts @ .., last] => format!("{} {word} {last}", firsts.join(", ")),
    }
}

/// A value, or a dash where it was not measured.
pub fn optional<T>(value: Option<T>, write: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| "–".to_owned(), write)
}

/// A value on an axis: short, with its unit.
pub fn tick(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Bytes => bytes(value.round() as u64),
        Unit::Ns => ns(value),
        Unit::Ratio => match FRACTIONS.iter().find(|(known, _)| *known == value) {
            Some((_, fraction)) => (*fraction).to_owned(),
            None => significant(value),
        },
        Unit::Count if value >= 999_500.0 => format!("{}M", significant(value / 1e6)),
        Unit::Count if value >= 999.5 => format!("{}k", significant(value / 1e3)),
        Unit::Count => significant(value),
    }
}

/// Ratios that a reader knows by their own sign.
const FRACTIONS: [(f64, &str); 5] = [
    (0.5, "½"),
    (0.25, "¼"),
    (0.125, "⅛"),
    (0.0625, "1/16"),
    (0.03125, "1/32"),
];

/// How a number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Bytes, as KiB and MiB where round.
    Bytes,
    Ns,
    Count,
    /// A ratio around 1.
    Ratio,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Examples that the page's scripts are held to as well.
    #[test]
    fn a_list_reads_like_a_sentence() {
        assert_eq!(listed(&[""; 0]), "");
        assert_eq!(listed(&["a"]), "a");
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
        assert_eq!(either(&["a", "b", "c"]), "a, b or c");
    }

    #[test]
    fn numbers_are_written_as_the_page_writes_them() {
        let text = include_str!("../../tests/page/numbers.json");
        let examples: serde_json::Value = serde_json::from_str(text).expect("it is JSON");
        type Write = fn(f64) -> String;
        let write: [(&str, Write); 8] = [
            ("significant", significant),
            ("ns", ns),
            ("bytes", |value| bytes(value as u64)),
            ("ratio", ratio),
            ("tick ns", |value| tick(Unit::Ns, value)),
            ("tick ratio", |value| tick(Unit::Ratio, value)),
            ("tick bytes", |value| tick(Unit::Bytes, value)),
            ("tick count", |value| tick(Unit::Count, value)),
        ];
        assert_eq!(
            examples.as_object().map(serde_json::Map::len),
            Some(write.len())
        );
        for (name, write) in write {
            for example in examples[name].as_array().expect("every kind has examples") {
                let value = example[0].as_f64().expect("a number first");
                assert_eq!(example[1], write(value), "{name} of {value}");
            }
        }
    }

    #[test]
    fn a_difference_has_a_sign() {
        let written = [41.23, 8_321.4, -4_890_000.0, 0.0].map(signed_ns);
        assert_eq!(written, ["+41.2 ns", "+8.32 µs", "−4.89 ms", "0 ns"]);
    }

    #[test]
    fn a_count_is_grouped_and_a_noun_follows_its_number() {
        assert_eq!(count(134_217_885), "134,217,885");
        assert_eq!([count(7), count(999), count(1000)], ["7", "999", "1,000"]);
        assert_eq!(
            [plural(1, "case"), plural(1200, "case")],
            ["1 case", "1,200 cases"]
        );
    }

    #[test]
    fn no_confidence_is_rounded_up_to_certainty() {
        let written = [0.99, 0.9999, 0.99999].map(confidence);
        assert_eq!(written, ["99%", "99.99%", "99.99%"]);
    }

    #[test]
    fn a_slug_cannot_leave_its_folder() {
        assert_eq!(slug("growth-../../x <b> (u64)-wall"), "growth-x-b-u64-wall");
    }

    #[test]
    fn a_change_says_its_direction_and_becomes_a_multiple_from_twice_on() {
        let written = [0.842, 1.04, 2.328].map(change);
        assert_eq!(written, ["15.8% less", "4% more", "2.33 times"]);
        assert_eq!(
            [1.015, 0.985, 0.99999].map(signed_percent),
            ["+1.50%", "−1.50%", "+0.00%"]
        );
    }

    #[test]
    fn what_is_infinite_or_no_number_is_written_as_it_is() {
        assert_eq!([f64::INFINITY, f64::NAN].map(significant), ["inf", "NaN"]);
    }
}
