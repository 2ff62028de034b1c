//! The result for people, as Markdown: first whether all of it held, then the lines.

use std::fmt::Write;

use bench_record::short_commit;

use super::{Method, Report, Row};

pub fn markdown(report: &Report) -> String {
    let required: Vec<&Row> = report
        .rows
        .iter()
        .filter(|row| !row.required.is_empty())
        .collect();
    let missed = required.iter().filter(|row| !row.reached).count();
    let mut text = String::from("# The method against known truths\n\n");
    let _ = match missed {
        0 => writeln!(text, "All {} requirements held.\n", required.len()),
        _ => writeln!(
            text,
            "**{missed} of {} requirements did not hold**, see below.\n",
            required.len()
        ),
    };
    text.push_str(&about(report));
    text.push_str(&trials(report));
    text.push_str(&alternatives(&report.rows));
    text
}

fn about(report: &Report) -> String {
    let environment = &report.environment;
    let average = environment.observed.get("load_average");
    let average = average.map_or(String::new(), |average| {
        format!(" (load average {average})")
    });
    format!(
        "Made by `{}` (random seed {}) at {} on {} ({} cores, kernel {}), {}, {}; beside it ran {}{average}. \
         Each comparison drew up to {} of {} link layouts of each side.\n\n",
        environment.command,
        report.seed,
        short_commit(&environment.commit),
        environment.cpu,
        environment.cores,
        environment.kernel,
        environment.rustc,
        environment.started.get(..10).unwrap_or_default(),
        report.load,
        super::pools::drawn_of(report.layouts),
        report.layouts,
    )
}

/// By this method.
fn trials(report: &Report) -> String {
    let mut text = String::from(
        "## By this method\n\n\
         Every comparison is one of two builds: the sources as they are, and the same with a \
         function that nobody calls. *More work* drains that much more items on the second. δ is \
         1%, the intervals are at 99%. *Spread* is the robust standard deviation of single \
         processes. *Sign* is the interval of the sign test on the same samples, which no verdict \
         uses.\n\n\
         | experiment | case | truth | n | slower | faster | same | inconclusive | exclude 0 | estimates: lowest, median, highest | ± | spread | sign: exclude 0, ± | processes | s each | required |\n\
         |---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|\n",
    );
    for row in report
        .rows
        .iter()
        .filter(|row| row.spread_percent.is_some())
    {
        text.push_str(&line(row));
    }
    text.push('\n');
    text
}

fn line(row: &Row) -> String {
    let percent =
        |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.2}%"));
    let required = match (row.required.is_empty(), row.reached) {
        (true, _) => "–".to_owned(),
        (false, true) => format!("{}: reached", row.required),
        (false, false) => format!("**{}: NOT reached**", row.required),
    };
    format!(
        "| {} | `{}` | {:+.0}% | {} | {} | {} | {} | {} | {} | {:+.2}%, {:+.2}%, {:+.2}% | {} | {} | {}, {} | {:.0} | {:.2} | {required} |\n",
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
        percent(row.half_width_percent),
        percent(row.spread_percent),
        row.sign_excludes_zero.unwrap_or_default(),
        percent(row.sign_half_width_percent),
        row.processes.unwrap_or_default(),
        row.seconds,
    )
}

/// What every method makes of the same truths: a line a truth, a column a method; empty
/// where no other method was tried.
fn alternatives(rows: &[Row]) -> String {
    let tried: Vec<&Row> = rows
        .iter()
        .filter(|row| row.method != Method::ProcessDraws)
        .collect();
    let mut truths: Vec<(&str, &str, f64)> = Vec::new();
    for row in &tried {
        let truth = (
            row.experiment.as_str(),
            row.case.as_str(),
            row.truth_percent,
        );
        if !truths.contains(&truth) {
            truths.push(truth);
        }
    }
    if truths.is_empty() {
        return String::new();
    }
    let mut text = String::from(
        "## By other methods\n\n\
         Estimates from the lowest to the highest, and how many intervals exclude zero, which for an \
         unrelated function none should.\n\n| truth | case |",
    );
    for method in Method::ALL {
        let _ = write!(text, " {} |", method.name());
    }
    text.push_str("\n|---|---|--:|--:|--:|--:|\n");
    for (experiment, case, percent) in truths {
        let _ = write!(text, "| {experiment} {percent:+.0}% | `{case}` |");
        for method in Method::ALL {
            // The last one: by this method there are two, of which the second was made here.
            let found = rows.iter().rfind(|row| {
                row.method == method
                    && row.experiment == experiment
                    && row.case == case
                    && row.truth_percent == percent
            });
            let _ = write!(text, " {} |", found.map_or("–".to_owned(), cell));
        }
        text.push('\n');
    }
    text
}

fn cell(row: &Row) -> String {
    let estimates = format!(
        "{:+.2}% to {:+.2}%",
        row.lowest_percent, row.highest_percent
    );
    match row.method {
        // It has no interval, but criterion's has verdicts.
        Method::Sequential if row.slower + row.faster == 0 => estimates,
        Method::Sequential => format!(
            "{estimates}; {} of {} called changed",
            row.slower + row.faster,
            row.comparisons
        ),
        _ => format!("{estimates}; {} of {}", row.exclude_zero, row.comparisons),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_record::wire::Environment;

    fn row(method: Method, truth_percent: f64) -> Row {
        Row {
            experiment: "more work".to_owned(),
            method,
            case: "drain/u64/arena".to_owned(),
            truth_percent,
            delta_percent: Some(1.0),
            comparisons: 20,
            slower: 0,
            faster: 0,
            same: 0,
            inconclusive: 20,
            exclude_zero: 3,
            sign_excludes_zero: Some(2),
            half_width_percent: Some(0.5),
            sign_half_width_percent: Some(0.6),
            spread_percent: (method == Method::ProcessDraws).then_some(1.25),
            processes: Some(90.0),
            lowest_percent: -1.5,
            median_percent: 0.0,
            highest_percent: 2.25,
            seconds: 1.0,
            required: String::new(),
            reached: true,
        }
    }

    fn report(rows: Vec<Row>) -> Report {
        Report {
            load: "nothing".to_owned(),
            share: 1.0,
            layouts: 512,
            seed: 7,
            environment: Environment::default(),
            rows,
        }
    }

    #[test]
    fn a_truth_is_a_line_and_a_method_a_column() {
        let text = markdown(&report(vec![
            row(Method::FirstVersion, 1.0),
            row(Method::ProcessDraws, 1.0),
        ]));
        let wanted = "| more work +1% | `drain/u64/arena` | – | – | -1.50% to +2.25%; 3 of 20 | -1.50% to +2.25%; 3 of 20 |";
        assert!(text.contains(wanted), "{text}");
    }

    #[test]
    fn what_did_not_hold_stands_first_and_in_its_line() {
        let missed = Row {
            required: "95% exclude zero".to_owned(),
            reached: false,
            ..row(Method::ProcessDraws, 2.0)
        };
        let text = markdown(&report(vec![missed]));
        assert!(
            text.contains("**1 of 1 requirements did not hold**"),
            "{text}"
        );
        assert!(text.contains("**95% exclude zero: NOT reached**"), "{text}");
        assert!(!text.contains("By other methods"));
    }
}
