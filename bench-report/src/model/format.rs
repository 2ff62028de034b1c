//! Numbers as people read them: three significant digits, units, true minus signs.

/// Bytes: `64 B`, `4 KiB`, `1.5 MiB`.
#[must_use]
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
#[must_use]
pub fn short_time(time: &str) -> String {
    let minute = time.get(..16).filter(|minute| minute.contains('T'));
    minute.map_or_else(|| time.to_owned(), |minute| minute.replacen('T', " ", 1))
}

/// Three significant digits without a trailing `.0`; whole from 100 up.
#[must_use]
pub fn significant(value: f64) -> String {
    let magnitude = value.abs();
    let digits = if magnitude >= 100.0 || magnitude == 0.0 {
        0
    } else if magnitude >= 10.0 {
        1
    } else if magnitude >= 1.0 {
        2
    } else {
        3
    };
    let mut text = format!("{value:.digits$}");
    if text.contains('.') {
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    }
    if text == "-0" {
        "0".to_owned()
    } else {
        text.replace('-', "−")
    }
}

/// A time from nanoseconds: `41.2 ns`, `8321 ns`, `12.6 µs`, `4890 µs`, `48.9 ms`.
pub fn ns(value: f64) -> String {
    let (unit, name) = match value.abs() {
        10_000_000.0.. => (1e6, "ms"),
        10_000.0.. => (1e3, "µs"),
        _ => (1.0, "ns"),
    };
    format!("{} {name}", significant(value / unit))
}

/// A signed difference in nanoseconds: `+3.1 ns`.
pub fn signed_ns(value: f64) -> String {
    format!("{}{}", if value > 0.0 { "+" } else { "" }, ns(value))
}

/// A ratio: `0.842`.
#[must_use]
pub fn ratio(value: f64) -> String {
    format!("{value:.3}")
}

/// What a ratio means: `15.8% less`, `4% more`.
pub fn change(ratio: f64) -> String {
    format!(
        "{} {}",
        percent(ratio),
        if ratio < 1.0 { "less" } else { "more" }
    )
}

/// What a ratio of counts means: `15.8% fewer`, `4% more`.
pub fn change_in_count(ratio: f64) -> String {
    format!(
        "{} {}",
        percent(ratio),
        if ratio < 1.0 { "fewer" } else { "more" }
    )
}

fn percent(ratio: f64) -> String {
    format!("{}%", significant((ratio - 1.0).abs() * 100.0))
}

/// An interval of two formatted ends.
pub fn interval(low: f64, high: f64, write: fn(f64) -> String) -> String {
    format!("{} to {}", write(low), write(high))
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
pub fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// `a`, `a and b`, `a, b and c`.
pub fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [firsts @ .., last] => format!("{} and {last}", firsts.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_with_three_significant_digits() {
        let written: Vec<_> = [0.0, 0.0123, 0.5, 1.0, 7.126, 41.23, 118.0, 65_536.4, -2.5]
            .map(significant)
            .into();
        assert_eq!(
            written,
            [
                "0", "0.012", "0.5", "1", "7.13", "41.2", "118", "65536", "−2.5"
            ]
        );
    }

    #[test]
    fn a_time_changes_its_unit_from_ten_thousand_on() {
        let written = [41.23, 8_321.4, 12_600.0, -4_890_000.0, 48_900_000.0].map(signed_ns);
        assert_eq!(
            written,
            ["+41.2 ns", "+8321 ns", "+12.6 µs", "−4890 µs", "+48.9 ms"]
        );
    }

    #[test]
    fn bytes_use_binary_units_where_they_are_reached() {
        assert_eq!(
            [bytes(64), bytes(4096), bytes(3 << 19)],
            ["64 B", "4 KiB", "1.5 MiB"]
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
    fn a_change_says_its_direction() {
        assert_eq!([change(0.842), change(1.04)], ["15.8% less", "4% more"]);
    }
}
