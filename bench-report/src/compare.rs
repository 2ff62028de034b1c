//! A comparison of two builds: what it found of each case, and its tables for a terminal
//! and for Markdown. Whoever measures fills in the data; nothing is judged here.

use bench_record::wire::{Comparison, Counts, Failure, SelfCheck, Verdict as Word};
use serde::Serialize;

use crate::explain::{self, Explanation};
use crate::format::{self, optional, plural, signed_percent};
use crate::markdown;
use crate::terminal::{Column, Screen, Table};
use crate::tone::Tone;

/// What a comparison of two builds says, case by case.
#[derive(Debug, Clone, Serialize)]
pub struct Verdict {
    pub baseline: String,
    pub candidate: String,
    /// The cases, in the order of the catalog.
    pub rows: Vec<Row>,
    /// The A/A comparison of this very run.
    pub self_check: Option<SelfCheck>,
    /// Cases that could not be measured.
    pub failures: Vec<Failure>,
    /// Accepted regressions that are none any more, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stale: Vec<String>,
}

/// How many cases came to what.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    pub cases: usize,
    /// Cases of which a count or the time is worse than it may be.
    pub regressed: usize,
    /// Cases of which something is worse, and was accepted.
    pub accepted: usize,
    pub slower: usize,
    pub faster: usize,
    pub same: usize,
    /// Times of which neither was shown; they are no pass.
    pub inconclusive: usize,
    /// The largest slowdown that an inconclusive case could not exclude, percent.
    pub slower_not_excluded_percent: Option<f64>,
    /// Cases that could not be measured.
    pub failed: usize,
}

/// One case on both sides.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    pub id: String,
    /// Wall clock, candidate / baseline.
    pub wall: Option<Comparison>,
    pub baseline_counts: Option<Counts>,
    pub candidate_counts: Option<Counts>,
    /// What is worse than it may be, in words.
    pub regressions: Vec<String>,
    /// What is worse and was accepted, with the reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<String>,
    /// What else a reader should know, in words.
    pub notes: Vec<String>,
    /// What changed in a case that is worse, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
}

impl Row {
    /// Whether something is worse than it may be, accepted or not.
    pub fn is_worse(&self) -> bool {
        !self.regressions.is_empty() || !self.accepted.is_empty()
    }

    /// Its id, what changed in it, and the counts of both sides.
    fn explained(&self) -> Option<(&str, &Explanation, [Option<&Counts>; 2])> {
        let counts = [&self.baseline_counts, &self.candidate_counts].map(Option::as_ref);
        Some((&self.id, self.explanation.as_ref()?, counts))
    }
}

impl Verdict {
    /// Whether something is worse than it may be.
    pub fn regressed(&self) -> bool {
        self.rows.iter().any(|row| !row.regressions.is_empty())
    }

    /// How many cases came to what.
    pub fn summary(&self) -> Summary {
        let count = |word| self.of(word).count();
        let rows = |has: fn(&&Row) -> bool| self.rows.iter().filter(has).count();
        let open = self.of(Word::Inconclusive);
        let open = open.filter_map(Comparison::not_excluded);
        Summary {
            cases: self.rows.len(),
            regressed: rows(|row| !row.regressions.is_empty()),
            accepted: rows(|row| !row.accepted.is_empty()),
            slower: count(Word::Slower),
            faster: count(Word::Faster),
            same: count(Word::Same),
            inconclusive: count(Word::Inconclusive),
            slower_not_excluded_percent: open.map(|open| open.slower_percent).reduce(f64::max),
            failed: self.failures.len(),
        }
    }

    pub fn without_samples(mut self) -> Self {
        let walls = self.rows.iter_mut().filter_map(|row| row.wall.as_mut());
        let checks = self.self_check.iter_mut();
        walls
            .chain(checks.flat_map(|check| &mut check.comparisons))
            .for_each(|comparison| comparison.samples.clear());
        self
    }

    fn of(&self, word: Word) -> impl Iterator<Item = &Comparison> {
        let walls = self.rows.iter().filter_map(|row| row.wall.as_ref());
        walls.filter(move |wall| wall.verdict == word)
    }
}

/// One sentence over all.
pub fn headline(verdict: &Verdict) -> String {
    let found = verdict.summary();
    let accepted = match found.accepted {
        0 => String::new(),
        some => format!(" ({some} accepted)"),
    };
    let mut text = format!(
        "{} of {} regressed{accepted}; wall clock: {} slower, {} faster, {} same, {} inconclusive",
        found.regressed,
        plural(found.cases, "case"),
        found.slower,
        found.faster,
        found.same,
        found.inconclusive,
    );
    let most = verdict.of(Word::Inconclusive).map(|wall| wall.high);
    if let Some(most) = most.reduce(f64::max).filter(|most| *most > 1.0) {
        let most = signed_percent(most);
        text.push_str(&format!(" (regressions up to {most} not excluded)"));
    }
    text
}

/// What an inconclusive comparison could not exclude, in words; nothing for the others.
pub fn not_excluded(wall: &Comparison) -> Option<String> {
    let open = wall.verdict == Word::Inconclusive;
    let band = if wall.delta > 0.0 { wall.delta } else { 0.01 };
    let percent = |ratio: f64| format::significant((ratio - 1.0).abs() * 100.0);
    let slower = (wall.high > 1.0 + band).then(|| format!("up to {}% slower", percent(wall.high)));
    let faster = (wall.low < 1.0 - band).then(|| format!("up to {}% faster", percent(wall.low)));
    let both: Vec<_> = slower.into_iter().chain(faster).collect();
    (open && !both.is_empty()).then(|| format!("not excluded: {}", both.join(" or ")))
}

/// The table on a terminal, with what the comparison says of itself.
pub fn table(verdict: &Verdict, screen: Screen) -> String {
    let foot = foot(verdict);
    let foot = foot.iter().map(|line| screen.paragraph("", line, 0));
    let explained = verdict.rows.iter().filter_map(Row::explained);
    let explained =
        explained.map(|(id, found, counts)| explain::text(id, found, counts, screen) + "\n\n");
    format!(
        "{}\n\n{}\n\n{}{}",
        screen.paragraph("", &title(verdict), 0),
        table_of(&verdict.rows).show(screen),
        explained.collect::<String>(),
        foot.collect::<Vec<_>>().join("\n")
    )
}

fn table_of<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Table {
    let mut table = Table::new([
        Column::text("case").breaking(),
        Column::text("verdict"),
        Column::number("time"),
        Column::number("instructions").drops(1),
        Column::number("allocations").drops(2),
        Column::text("notes").breaking(),
    ]);
    for row in rows {
        let tone = match (&row.wall, row.regressions.is_empty()) {
            (_, false) => Tone::Against,
            (Some(wall), true) if row.accepted.is_empty() => wall.verdict.into(),
            (_, true) => Tone::Plain,
        };
        table.toned_row(cells(row), 1, tone);
    }
    table
}

/// The same for a pull request: what changed in sight, the rest folded.
pub fn markdown(verdict: &Verdict) -> String {
    let is_open = |row: &Row| {
        row.wall
            .as_ref()
            .is_some_and(|it| it.verdict == Word::Inconclusive)
    };
    let (quiet, loud): (Vec<&Row>, Vec<&Row>) = verdict.rows.iter().partition(|row| is_quiet(row));
    let (open, unchanged): (Vec<&Row>, Vec<&Row>) = quiet.into_iter().partition(|row| is_open(row));
    let rows = |rows: &[&Row]| table_of(rows.iter().copied()).markdown();
    let mut parts = vec![
        format!("### arena-bench: {}", markdown::escape(&headline(verdict))),
        markdown::escape(&title(verdict)),
    ];
    if !loud.is_empty() {
        parts.push(rows(&loud));
    }
    let explained = verdict.rows.iter().filter_map(Row::explained);
    parts.extend(explained.map(|(id, found, counts)| explain::markdown(id, found, counts)));
    if !open.is_empty() {
        let what = format!(
            "{} inconclusive: neither a change nor none was shown",
            plural(open.len(), "case")
        );
        parts.push(markdown::folded(&what, &rows(&open)));
    }
    if !unchanged.is_empty() {
        let what = format!("{} without a change", plural(unchanged.len(), "case"));
        parts.push(markdown::folded(&what, &rows(&unchanged)));
    }
    parts.extend(foot(verdict).iter().map(|line| markdown::escape(line)));
    parts.join("\n\n") + "\n"
}

fn title(verdict: &Verdict) -> String {
    format!("{} against {}", verdict.candidate, verdict.baseline)
}

/// What a comparison says of itself, a paragraph each.
fn foot(verdict: &Verdict) -> Vec<String> {
    let mut lines = vec![headline(verdict)];
    lines.extend(verdict.self_check.as_ref().map(self_check));
    let failed = |failure: &Failure| format!("failed: {}: {}", failure.id, failure.why);
    lines.extend(verdict.failures.iter().map(failed));
    lines.extend(verdict.stale.iter().cloned());
    lines.extend(unseen(verdict));
    lines
}

/// Says why no allocations are shown where instructions are: one of the builds has an
/// allocator that nobody counts.
fn unseen(verdict: &Verdict) -> Option<String> {
    let blind = |counts: &Option<Counts>| {
        counts.as_ref().is_some_and(|it| {
            it.instructions_per_item.is_some() && it.allocations_per_item.is_none()
        })
    };
    let rows = &verdict.rows;
    let any = rows
        .iter()
        .any(|row| blind(&row.baseline_counts) || blind(&row.candidate_counts));
    any.then(|| {
        "Allocations are not compared: DHAT sees those of the system's allocator alone.".to_owned()
    })
}

/// What a run's A/A comparison found, in a line.
pub fn self_check(check: &SelfCheck) -> String {
    let word = match check.trusted {
        true => "trusted",
        false => "NOT TRUSTED",
    };
    let (low, high) = (signed_percent(check.low), signed_percent(check.high));
    format!("wall clock {word}: A/A {low} to {high}: {}", check.why)
}

fn cells(row: &Row) -> [String; 6] {
    let pair = |pick: fn(&Counts) -> Option<f64>| {
        let side = |counts: &Option<Counts>| counts.as_ref().and_then(pick);
        side(&row.baseline_counts).zip(side(&row.candidate_counts))
    };
    let instructions = |(before, after): (f64, f64)| match before != 0.0 {
        true => format!(
            "{} ({})",
            format::moved((before, after)),
            signed_percent(after / before)
        ),
        false => format::moved((before, after)),
    };
    let wall = row.wall.as_ref();
    let open = wall.and_then(not_excluded);
    let notes: Vec<&str> = row
        .regressions
        .iter()
        .chain(&row.accepted)
        .chain(&row.notes)
        .chain(&open)
        .map(String::as_str)
        .collect();
    [
        row.id.clone(),
        optional(wall, |wall| wall.verdict.name().to_owned()),
        optional(wall, |wall| format::compared(wall, signed_percent)),
        optional(pair(|counts| counts.instructions_per_item), instructions),
        optional(pair(|counts| counts.allocations_per_item), format::moved),
        notes.join("; "),
    ]
}

/// Whether there is nothing to see: no regression, no note, no change.
fn is_quiet(row: &Row) -> bool {
    let still = |wall: &Comparison| matches!(wall.verdict, Word::Same | Word::Inconclusive);
    let silent = [&row.regressions, &row.accepted, &row.notes];
    silent.iter().all(|words| words.is_empty()) && row.wall.as_ref().is_none_or(still)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, verdict: Word, (low, ratio, high): (f64, f64, f64)) -> Row {
        let counts = |instructions| {
            Some(Counts {
                instructions_per_item: Some(instructions),
                allocations_per_item: Some(1.0),
                ..Counts::default()
            })
        };
        Row {
            id: id.to_owned(),
            wall: Some(Comparison {
                ratio,
                low,
                high,
                verdict,
                delta: 0.01,
                ..Comparison::default()
            }),
            baseline_counts: counts(3000.0),
            candidate_counts: counts(3072.0),
            regressions: match verdict {
                Word::Slower => vec![format!("time {}", signed_percent(ratio))],
                _ => Vec::new(),
            },
            accepted: Vec::new(),
            notes: Vec::new(),
            explanation: None,
        }
    }

    fn verdict() -> Verdict {
        Verdict {
            baseline: "main (0123456789ab)".to_owned(),
            candidate: "the sources here".to_owned(),
            rows: vec![
                row("drain/u64/arena", Word::Same, (0.998, 1.0, 1.002)),
                row(
                    "drain/bytes-4KiB/alloc/owned-producer",
                    Word::Inconclusive,
                    (0.985, 1.001, 1.021),
                ),
                row(
                    "drain/record-256B/arena/borrowed",
                    Word::Slower,
                    (1.068, 1.082, 1.095),
                ),
            ],
            self_check: Some(SelfCheck {
                ratio: 1.0,
                low: 0.998,
                high: 1.003,
                trusted: true,
                why: "3 A/A comparisons, none excludes zero".to_owned(),
                comparisons: Vec::new(),
            }),
            failures: Vec::new(),
            stale: Vec::new(),
        }
    }

    fn screen(width: usize) -> Screen {
        Screen {
            width: Some(width),
            colour: false,
        }
    }

    #[test]
    fn a_comparison_fits_eighty_columns() {
        insta::assert_snapshot!(table(&verdict(), screen(80)));
    }

    #[test]
    fn a_comparison_shows_counts_where_there_is_room() {
        insta::assert_snapshot!(table(&verdict(), screen(120)));
    }

    #[test]
    fn an_inconclusive_case_is_listed_apart_with_what_it_could_not_exclude() {
        let text = markdown(&verdict());
        let open = text.find("1 case inconclusive").expect("they have a list");
        let unchanged = text.find("1 case without a change").expect("so have these");
        let listed = &text[open..unchanged];
        let both = "not excluded: up to 2.1% slower or up to 1.5% faster";
        assert!(listed.contains(both), "{text}");
        assert!(headline(&verdict()).contains("regressions up to +2.10% not excluded"));
    }

    #[test]
    fn allocations_that_nobody_saw_are_said_to_be_unseen() {
        let mut verdict = verdict();
        let said = "Allocations are not compared";
        assert!(!markdown(&verdict).contains(said));
        let counts = verdict.rows[0].baseline_counts.as_mut();
        counts.expect("it was counted").allocations_per_item = None;
        assert!(markdown(&verdict).contains(said));
        assert!(table(&verdict, screen(80)).contains(said));
    }

    #[test]
    fn an_accepted_case_is_in_sight_with_its_reason_and_is_no_regression() {
        let mut verdict = verdict();
        let said = verdict.rows[2]
            .regressions
            .drain(..)
            .map(|it| it + ", accepted: checks");
        verdict.rows[2].accepted = said.collect();
        assert!(!verdict.regressed());
        let text = markdown(&verdict);
        let sight = &text[..text.find("<details>").expect("the rest is folded")];
        assert!(sight.contains("accepted: checks"), "{text}");
        assert!(headline(&verdict).starts_with("0 of 3 cases regressed (1 accepted)"));
        verdict
            .stale
            .push("time of drain/* is accepted and not worse".to_owned());
        assert!(markdown(&verdict).contains("is accepted and not worse"));
    }
}
