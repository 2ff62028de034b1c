//! An example of benchmark functions of your own: two ways to read a table of numbers. Nothing
//! here has to do with plugins.
//!
//! ```text
//! cargo run --release -- run --package my-benches --output run.json
//! cargo run --release -- compare --package my-benches --against HEAD~1
//! ```

use std::hint::black_box;

/// Numbers of a line, separated by commas; what is no number counts as 0.
fn numbers(line: &str) -> Vec<i64> {
    line.split(',')
        .map(|field| field.trim().parse().unwrap_or(0))
        .collect()
}

/// The same without a list: their sum alone.
fn sum(line: &str) -> i64 {
    line.split(',')
        .filter_map(|field| field.trim().parse::<i64>().ok())
        .sum()
}

/// A line of 64 numbers.
fn line() -> String {
    let fields: Vec<String> = (0..64_i64)
        .map(|k| (k * k * 37 - 999).to_string())
        .collect();
    fields.join(", ")
}

paired_bench::bench! {
    numbers => {
        // Set up once; only the closure is timed.
        let line = line();
        move |n| {
            for _ in 0..n {
                black_box(numbers(black_box(&line)));
            }
        }
    },
    sum => {
        let line = line();
        move |n| (0..n).map(|_| sum(black_box(&line))).fold(0, i64::wrapping_add)
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_read_the_same_numbers() {
        assert_eq!(numbers(&line()).iter().sum::<i64>(), sum(&line()));
        assert_eq!(numbers("1, x, -3"), [1, 0, -3]);
    }
}
