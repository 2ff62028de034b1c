//! Question 6: what the run's own A/A says.

use super::{FIGURES_PER_SIDE, command};
use crate::format;
use crate::model::index::Index;
use crate::model::{Answer, Figure, Tone};

/// Question 6.
pub fn trust(index: &Index) -> Answer {
    let question = "How far can these numbers be trusted?";
    let alone = || "arena-bench compare --self".to_owned();
    let Some(check) = &index.record.self_check else {
        return Answer::missing(6, question, alone());
    };
    let command = command::whole_run(&index.record.environment).unwrap_or_else(alone);
    let failed = index.record.failures.len();
    let mut finding = format!("A/A of this very run: {}.", check.why.trim_end_matches('.'));
    if failed > 0 {
        finding.push_str(&format!(
            " {} could not be measured.",
            format::plural(failed, "case")
        ));
    }
    if let Some(caution) = index.record.environment.caution() {
        finding.push_str(&format!(" The A/A cannot show this: {caution}."));
    }
    let figure = |label: String, ratio: f64, low: f64, high: f64, case: &str, tone| Figure {
        label,
        value: format!("{:+.2}%", (ratio - 1.0) * 100.0).replace('-', "−"),
        interval: format!(
            "ratio {} [{}]",
            fine(ratio),
            format::interval(low, high, fine)
        ),
        tone,
        case: case.to_owned(),
    };
    let tone = if check.trusted {
        Tone::Same
    } else {
        Tone::Against
    };
    let whole = figure(
        "the pair against a copy of itself".to_owned(),
        check.ratio,
        check.low,
        check.high,
        "",
        tone,
    );
    // The widest are where the run knows least; the section on the A/A lists all.
    let mut widest: Vec<_> = check.comparisons.iter().collect();
    widest.sort_by(|a, b| (b.high - b.low).total_cmp(&(a.high - a.low)));
    widest.truncate(2 * FIGURES_PER_SIDE - 1);
    let each = widest.into_iter().map(|c| {
        figure(
            c.candidate.clone(),
            c.ratio,
            c.low,
            c.high,
            &c.candidate,
            c.verdict.into(),
        )
    });
    Answer {
        number: 6,
        question,
        tone,
        verdict: if check.trusted {
            "trusted"
        } else {
            "untrusted"
        }
        .to_owned(),
        finding,
        figures: [whole].into_iter().chain(each).collect(),
        details: Vec::new(),
        command,
    }
}

/// A/A ratios are near 1, so they are written to four digits.
fn fine(ratio: f64) -> String {
    format!("{ratio:.4}")
}
