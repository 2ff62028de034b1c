//! The gate's words and tables, for a terminal and for Markdown.

use comfy_table::{Table, presets};

use super::{Change, Verdict};
use crate::compare::escape;
use crate::record::wire::Environment;

/// Digits of a commit for people.
const SHORT_COMMIT: usize = 12;

impl Verdict {
    /// One sentence over all.
    #[must_use]
    pub fn headline(&self) -> String {
        let (regressions, others): (Vec<_>, Vec<_>) =
            self.changes.iter().partition(|change| change.regression);
        format!(
            "{} regressions and {} other changes in {} cases and {} ratios: {} against {}",
            regressions.len(),
            others.len(),
            self.cases,
            self.ratios,
            self.candidate,
            self.baseline
        )
    }

    /// What changed, a line each; nothing when nothing did.
    #[must_use]
    pub fn table(&self) -> String {
        if self.changes.is_empty() {
            return String::new();
        }
        let mut table = Table::new();
        table
            .load_style(presets::ASCII_MARKDOWN)
            .set_header(["case", "what", "baseline", "record", "change", "verdict"]);
        for change in &self.changes {
            table.add_row(change.cells().map(|cell| escape(&cell)));
        }
        table.to_string()
    }

    /// All of it for a pull request.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut parts = vec![format!(
            "### arena-bench gate: {}",
            escape(&self.headline())
        )];
        if !self.changes.is_empty() {
            parts.push(self.table());
        }
        parts.extend(self.notices.iter().map(|notice| escape(notice)));
        parts.join("\n\n") + "\n"
    }
}

impl Change {
    fn cells(&self) -> [String; 6] {
        let value = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), number);
        let change = match (self.before, self.after) {
            (Some(before), Some(after)) if before != 0.0 => {
                format!("{:+.2}%", 100.0 * (after / before - 1.0))
            }
            _ => String::new(),
        };
        let case = match &self.baseline_case {
            Some(baseline) => format!("{} / {baseline}", self.case),
            None => self.case.clone(),
        };
        let verdict = match (self.regression, self.why.is_empty()) {
            (true, _) => format!("regression: {}", self.why),
            (false, true) => "changed".to_owned(),
            (false, false) => format!("changed: {}", self.why),
        };
        [
            case,
            self.what.replace('_', " "),
            value(self.before),
            value(self.after),
            change,
            verdict,
        ]
    }
}

/// A number with the digits that tell it from its neighbours, and no more.
pub(super) fn number(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A record by its commit.
pub(super) fn commit(environment: &Environment) -> String {
    let commit = environment
        .commit
        .get(..SHORT_COMMIT.min(environment.commit.len()));
    match commit {
        Some(commit) if !commit.is_empty() => {
            format!(
                "{commit}{}",
                if environment.dirty {
                    " with changes"
                } else {
                    ""
                }
            )
        }
        _ => "no commit".to_owned(),
    }
}
