//! Question 6: what the run's own A/A says.

use super::command;
use crate::format;
use crate::model::index::Index;
use crate::model::types::{Answer, Figure};
use crate::tone::Tone;
use bench_record::wire::Comparison;

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
    let ends = format!(
        "{} to {}",
        format::signed_percent(check.low),
        format::signed_percent(check.high)
    );
    let (tone, verdict) = match check.trusted {
        true => (Tone::Same, "trusted"),
        false => (Tone::Against, "untrusted"),
    };
    let whole = Figure {
        label: "the pair against a copy of itself".to_owned(),
        value: ends.clone(),
        notes: vec!["all payloads together; 0% is the truth".to_owned()],
        tone,
        ..Figure::default()
    };
    let line = match check.trusted {
        true => format!("trusted: copies of one build differ by {ends}."),
        false => format!("NOT TRUSTED: {}.", check.why.trim_end_matches('.')),
    };
    Answer {
        number: 6,
        question,
        tone,
        line,
        verdict: verdict.to_owned(),
        finding,
        figures: [whole]
            .into_iter()
            .chain(each(&check.comparisons))
            .collect(),
        details: Vec::new(),
        command,
    }
}

/// The single A/A comparisons, in two numbers: the table has them all.
fn each(comparisons: &[Comparison]) -> Vec<Figure> {
    let excluding = comparisons.iter().filter(|c| c.low > 1.0 || c.high < 1.0);
    let (excluding, all) = (excluding.count(), comparisons.len());
    let width = |c: &&Comparison| c.high / c.low;
    let widest = comparisons
        .iter()
        .max_by(|a, b| width(a).total_cmp(&width(b)));
    let counted = (all > 0).then(|| Figure {
        label: "single A/A comparisons that show a difference".to_owned(),
        value: format!("{excluding} of {all}"),
        notes: vec!["none is expected but by chance".to_owned()],
        tone: match excluding {
            0 => Tone::Same,
            _ => Tone::Unclear,
        },
        ..Figure::default()
    });
    let widest = widest.map(|c| Figure {
        label: "where the run knows least".to_owned(),
        value: format::interval(c.low, c.high, format::signed_percent),
        notes: vec![c.candidate.clone()],
        case: c.candidate.clone(),
        ..Figure::default()
    });
    counted.into_iter().chain(widest).collect()
}
