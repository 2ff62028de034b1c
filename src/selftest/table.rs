//! The result for people: two Markdown tables, of trials and of methods.

use std::fmt::Write;

use super::{Method, Report, Row};
use bench_record::short_commit;

/// The report as Markdown.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let mut text = String::new();
    for sitting in [report].into_iter().chain(&report.added) {
        let environment = &sitting.environment;
        let _ = write!(
            text,
            "Made by `{}` at {} on {} ({} cores, kernel {}), {}, {}; beside it: {}.\n\n",
            environment.command,
            short_commit(&environment.commit),
            environment.cpu,
            environment.cores,
            environment.kernel,
            environment.rustc,
            environment.started.get(..10).unwrap_or_default(),
            sitting.load,
        );
        text.push_str(
            "| experiment | case | truth | δ | n | slower | faster | same | inconclusive | excl. 0 | estimates: lowest, median, highest | s each | required |\n\
             |---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
        );
        for row in &sitting.rows {
            text.push_str(&line(row));
        }
        text.push('\n');
    }
    let rows: Vec<&Row> = report.all_rows().collect();
    text.push_str(&methods(&rows).unwrap_or_default());
    text
}

fn line(row: &Row) -> String {
    let delta = row
        .delta_percent
        .map_or_else(|| "–".to_owned(), |delta| format!("{delta}%"));
    let required = match (row.required.is_empty(), row.reached) {
        (true, _) => "–".to_owned(),
        (false, true) => format!("{}: reached", row.required),
        (false, false) => format!("**{}: NOT reached**", row.required),
    };
    let how = row.method.map_or("", Method::words);
    let comma = if how.is_empty() { "" } else { ", " };
    format!(
        "| {}{comma}{how} | `{}` | {:+.2}% | {delta} | {} | {} | {} | {} | {} | {} | {:+.2}%, {:+.3}%, {:+.2}% | {:.2} | {required} |\n",
        row.experiment,
        row.case,
        row.truth_percent,
        row.comparisons,
        row.slower,
        row.faster,
        row.same,
        row.inconclusive,
        row.exclude_zero,
        row.lowest_percent,
        row.median_percent,
        row.highest_percent,
        row.seconds,
    )
}

/// What each method makes of the same truths: a line a truth, a column a method.
/// `None` where no line says by which method it came about.
fn methods(rows: &[&Row]) -> Option<String> {
    let mut truths: Vec<(&str, f64)> = Vec::new();
    for row in rows.iter().filter(|row| row.method.is_some()) {
        let truth = (row.experiment.as_str(), row.truth_percent);
        if !truths.contains(&truth) {
            truths.push(truth);
        }
    }
    let case = &rows.iter().find(|row| row.method.is_some())?.case;
    let mut text = format!(
        "What each method makes of `{case}`: its estimates from the lowest to the highest, and how \
         many of its intervals exclude zero.\n\n| truth |"
    );
    for method in Method::ALL {
        let _ = write!(text, " {} |", method.words());
    }
    text.push_str("\n|---|---|---|---|---|\n");
    for (experiment, percent) in truths {
        let _ = write!(text, "| {experiment}, {percent:+.2}% |");
        for method in Method::ALL {
            let found = rows.iter().find(|row| {
                row.method == Some(method)
                    && row.experiment == experiment
                    && row.truth_percent == percent
            });
            let _ = write!(text, " {} |", found.map_or("–".to_owned(), |row| cell(row)));
        }
        text.push('\n');
    }
    Some(text)
}

fn cell(row: &Row) -> String {
    let estimates = format!(
        "{:+.2}% to {:+.2}%",
        row.lowest_percent, row.highest_percent
    );
    match row.method {
        // It has no interval.
        Some(Method::Sequential) => estimates,
        _ => format!("{estimates}; {} of {}", row.exclude_zero, row.comparisons),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_record::wire::Environment;

    fn row(method: Method, experiment: &str, truth: f64) -> Row {
        Row {
            experiment: experiment.to_owned(),
            method: Some(method),
            case: "drain/u64/arena".to_owned(),
            truth_percent: truth,
            delta_percent: None,
            comparisons: 20,
            slower: 0,
            faster: 0,
            same: 0,
            inconclusive: 0,
            exclude_zero: 3,
            lowest_percent: -1.5,
            median_percent: 0.0,
            highest_percent: 2.25,
            seconds: 1.0,
            required: String::new(),
            reached: true,
        }
    }

    #[test]
    fn a_truth_is_a_line_and_a_method_a_column() {
        let rows = [
            row(Method::Layouts, "A/A", 0.0),
            row(Method::Sequential, "A/A", 0.0),
            row(Method::Processes, "more work", 1.0),
        ];
        let text = methods(&rows.iter().collect::<Vec<_>>()).expect("there are methods");
        let lines: Vec<&str> = text.lines().skip(4).collect();
        assert_eq!(
            lines,
            [
                "| A/A, +0.00% | -1.50% to +2.25% | – | – | -1.50% to +2.25%; 3 of 20 |",
                "| more work, +1.00% | – | – | -1.50% to +2.25%; 3 of 20 | – |",
            ]
        );
        let plain = Row {
            method: None,
            ..row(Method::Layouts, "A/A", 0.0)
        };
        assert_eq!(methods(&[&plain]), None);
    }

    #[test]
    fn a_sitting_is_added_with_its_own_origin_but_not_one_of_another_machine() {
        let sitting = |commit: &str, cpu: &str| Report {
            load: "nothing".to_owned(),
            environment: Environment {
                commit: commit.to_owned(),
                cpu: cpu.to_owned(),
                ..Environment::default()
            },
            rows: vec![row(Method::Layouts, "A/A", 0.0)],
            added: Vec::new(),
        };
        let both = sitting("aaaa", "one").with(sitting("bbbb", "one")).unwrap();
        let text = markdown(&both);
        assert!(
            text.contains("at aaaa on one") && text.contains("at bbbb on one"),
            "{text}"
        );
        assert_eq!(both.all_rows().count(), 2);
        let refused = sitting("aaaa", "one").with(sitting("aaaa", "another"));
        assert!(refused.unwrap_err().to_string().contains("cpu"));
    }
}
