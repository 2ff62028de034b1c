//! What the newest run says, in a sentence, and which cases came, went or were renamed.

use std::collections::BTreeMap;

use super::overview::Dashboard;
use crate::format::{plural, signed_percent};
use crate::tone::Tone;
use bench_record::CaseId;
use bench_record::history::{Change, Evidence};

/// A case that is not in every run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coming {
    pub case: String,
    /// What an item of it is.
    pub payload: String,
    /// The first run that has it, or the first that lacks it.
    pub entry: u32,
    /// Whether it is gone; else it is new.
    pub gone: bool,
    /// A case that came with the run in which this one went.
    pub renamed: Option<String>,
}

impl Coming {
    /// `gone since 84eb29b, renamed to drain/f64s-2KiB/arena?`.
    pub fn sentence(&self, dashboard: &Dashboard) -> String {
        let name = &dashboard.names[self.entry as usize];
        let renamed = self.renamed.as_ref();
        let renamed = renamed.map_or(String::new(), |other| format!(", renamed to {other}?"));
        let word = if self.gone { "gone" } else { "new" };
        format!("{word} since {name}{renamed}")
    }
}

/// Cases that came after the first run or are not in the newest one, the newest first.
pub fn comings(dashboard: &Dashboard) -> Vec<Coming> {
    let mut seen: BTreeMap<&str, (&str, u32, u32)> = BTreeMap::new();
    for series in &dashboard.history.series {
        let (Some(first), Some(last)) = (series.points.first(), series.points.last()) else {
            continue;
        };
        let known = seen
            .entry(&series.case)
            .or_insert((&series.payload, first.entry, last.entry));
        known.1 = known.1.min(first.entry);
        known.2 = known.2.max(last.entry);
    }
    let newest = (dashboard.history.entries.len() as u32).saturating_sub(1);
    let coming = |(case, (payload, first, last)): (&&str, &(&str, u32, u32))| {
        let gone = *last < newest;
        (gone || *first > 0).then(|| Coming {
            case: (*case).to_owned(),
            payload: (*payload).to_owned(),
            entry: if gone { last + 1 } else { *first },
            gone,
            renamed: None,
        })
    };
    let mut all: Vec<Coming> = seen.iter().filter_map(coming).collect();
    let came: Vec<Coming> = all.iter().filter(|coming| !coming.gone).cloned().collect();
    for one in all.iter_mut().filter(|coming| coming.gone) {
        let own = CaseId::of(&one.case);
        let like = came.iter().find(|other| {
            let id = CaseId::of(&other.case);
            other.entry == one.entry
                && other.payload == one.payload
                && (id.family, id.arm, id.rest) == (own.family, own.arm, own.rest)
        });
        one.renamed = like.map(|other| other.case.clone());
    }
    all.sort_by_key(|coming| (u32::MAX - coming.entry, !coming.gone));
    all
}

/// What the newest run says, and which way that goes.
pub fn newest(dashboard: &Dashboard) -> (Tone, String) {
    let Some(entry) = dashboard.history.entries.last() else {
        return (Tone::Missing, "This history has no run yet.".to_owned());
    };
    let newest = dashboard.history.entries.len() as u32 - 1;
    let name = &dashboard.names[newest as usize];
    let changes = |is: fn(&Change) -> bool| -> Vec<&Change> {
        let of_it = |c: &&Change| c.entry == newest && is(c);
        dashboard.findings.changes.iter().filter(of_it).collect()
    };
    let regressions = changes(Change::is_regression);
    let suspects = changes(|c| c.evidence == Evidence::Unconfirmed && c.after > c.before);
    let better = changes(|c| c.after < c.before).len();
    let gone = comings(dashboard);
    let gone = gone.iter().filter(|c| c.gone && c.entry == newest).count();
    let mut parts = Vec::new();
    if !regressions.is_empty() {
        parts.push(told(&regressions, "regression", ""));
    }
    if !suspects.is_empty() {
        parts.push(told(&suspects, "suspect", ", needs another run"));
    }
    if better > 0 {
        parts.push(plural(better, "improvement"));
    }
    if gone > 0 {
        parts.push(format!("{} gone", plural(gone, "case")));
    }
    if parts.is_empty() {
        parts.push("no change found".to_owned());
    }
    parts.push(match entry.trusted {
        true => "A/A passed".to_owned(),
        false => "A/A failed or absent: its times are left out".to_owned(),
    });
    let tone = match (regressions.is_empty(), suspects.is_empty() && gone == 0) {
        (false, _) => Tone::Against,
        (true, false) => Tone::Unclear,
        (true, true) if !entry.trusted => Tone::Unclear,
        (true, true) => Tone::Same,
    };
    (tone, format!("{name}: {}.", parts.join("; ")))
}

/// `1 suspect (+8.2%, drain/u64/arena, needs another run)`.
fn told(changes: &[&Change], noun: &str, more: &str) -> String {
    let size = |change: &Change| change.relative().unwrap_or(f64::INFINITY);
    let worst = changes.iter().max_by(|a, b| size(a).total_cmp(&size(b)));
    let worst = worst.map_or(String::new(), |change| {
        let most = match change.relative() {
            Some(share) => signed_percent(1.0 + share),
            None => "from none".to_owned(),
        };
        let word = if changes.len() > 1 { "at most " } else { "" };
        format!(" ({word}{most}, {}{more})", change.case)
    });
    format!("{}{worst}", plural(changes.len(), noun))
}
