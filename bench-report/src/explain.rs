//! What changed between two builds of a case, beyond its time: instructions by function,
//! allocations, page faults, the processor's counters. Whoever measures fills in the data.

use std::collections::BTreeMap;

use bench_record::wire::Counts;
use serde::Serialize;

use crate::format::{moved, signed_percent, significant};
use crate::markdown;
use crate::terminal::{Column, Screen, Table};
use crate::tone::Tone;

/// Functions that are shown; the rest is told in a sum.
const MOST_FUNCTIONS: usize = 12;
/// Instructions per item below which a function has not changed.
const NOTHING: f64 = 0.005;
/// Share of a counter of the processor by which two runs of the same code differ.
const NO_EVENTS: f64 = 0.02;
/// Page faults per 1,000 items below which they have not changed.
const NO_FAULTS: f64 = 1.0;

/// What a case does on both sides.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Explanation {
    /// Functions that run more or fewer instructions, those that differ most first.
    pub functions: Vec<Function>,
    /// Page faults per 1,000 items, before and after; `null` where the system does not tell.
    pub page_faults: Option<[f64; 2]>,
    /// What the processor counted per item, before and after, by name: what both sides have.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub counters: BTreeMap<String, [f64; 2]>,
    /// What could not be found out, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// Instructions of a function per item, without those of the functions that it calls.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Function {
    pub name: String,
    pub before: f64,
    pub after: f64,
}

impl Function {
    fn difference(&self) -> f64 {
        self.after - self.before
    }
}

impl Explanation {
    /// Takes functions in; those that did not change are left out.
    pub fn with_functions(mut self, functions: impl IntoIterator<Item = Function>) -> Self {
        let changed = |function: &Function| function.difference().abs() >= NOTHING;
        self.functions = functions.into_iter().filter(changed).collect();
        self.functions.sort_by(|a, b| {
            let by_size = b.difference().abs().total_cmp(&a.difference().abs());
            by_size.then_with(|| a.name.cmp(&b.name))
        });
        self
    }

    /// What else changed, a sentence each; of the functions, if none did.
    fn sentences(&self, counts: [Option<&Counts>; 2]) -> Vec<String> {
        let mut said = Vec::new();
        if self.functions.is_empty() && self.missing.is_empty() {
            said.push(
                "No function runs more or fewer instructions: what differs is where code and \
                 data are placed, or what the processor makes of it."
                    .to_owned(),
            );
        }
        let moved = |what: &str, values: [f64; 2]| format!("{what}: {}.", moved(values.into()));
        let picked = |pick: fn(&Counts) -> Option<f64>| {
            let [before, after] = counts;
            Some([pick(before?)?, pick(after?)?])
        };
        let allocations = picked(|counts| counts.allocations_per_item);
        let bytes = picked(|counts| counts.allocated_bytes_per_item);
        for (what, values) in [
            ("Allocations per item", allocations),
            ("Allocated bytes per item", bytes),
        ] {
            let changed = values.filter(|[before, after]| (before - after).abs() >= NOTHING);
            said.extend(changed.map(|values| moved(what, values)));
        }
        let faults = self.page_faults;
        let faults = faults.filter(|[before, after]| (before - after).abs() >= NO_FAULTS);
        said.extend(faults.map(|values| moved("Page faults per 1,000 items", values)));
        let differs = |[before, after]: &[f64; 2]| (after - before).abs() > NO_EVENTS * before;
        let counters = self.counters.iter().filter(|(_, values)| differs(values));
        said.extend(counters.map(|(name, values)| moved(&format!("{name} per item"), *values)));
        said.extend(self.missing.iter().cloned());
        said
    }

    /// What the functions that are not shown come to.
    fn rest(&self) -> Option<String> {
        let rest = self.functions.get(MOST_FUNCTIONS..)?;
        let sum: f64 = rest.iter().map(Function::difference).sum();
        (!rest.is_empty()).then(|| format!("{} more functions: {}.", rest.len(), signed(sum)))
    }

    fn table(&self) -> Table {
        let mut table = Table::new([
            Column::text("function").breaking(),
            Column::number("baseline").drops(1),
            Column::number("candidate").drops(1),
            Column::number("change"),
            Column::number("percent"),
        ]);
        for function in self.functions.iter().take(MOST_FUNCTIONS) {
            let (before, after) = (function.before, function.after);
            let percent = match (before >= NOTHING, after < NOTHING) {
                (_, true) => "gone".to_owned(),
                (true, false) => signed_percent(after / before),
                (false, false) => "new".to_owned(),
            };
            let [before, after] = [before, after].map(significant);
            let change = signed(function.difference());
            let tone = match function.difference() > 0.0 {
                true => Tone::Against,
                false => Tone::Plain,
            };
            table.toned_row(
                [function.name.clone(), before, after, change, percent],
                3,
                tone,
            );
        }
        table
    }
}

fn signed(instructions: f64) -> String {
    let sign = if instructions < 0.0 { '−' } else { '+' };
    format!("{sign}{}", significant(instructions.abs()))
}

/// For a terminal.
pub fn text(id: &str, found: &Explanation, counts: [Option<&Counts>; 2], screen: Screen) -> String {
    let table = found.table();
    let mut parts = vec![format!("{id}, instructions per item by function:")];
    if !table.is_empty() {
        parts.push(table.show(screen));
    }
    parts.extend(found.rest());
    let sentences = found.sentences(counts);
    parts.extend(sentences.iter().map(|said| screen.paragraph("", said, 0)));
    parts.join("\n")
}

/// For a pull request, folded.
pub fn markdown(id: &str, found: &Explanation, counts: [Option<&Counts>; 2]) -> String {
    let table = found.table();
    let mut parts = Vec::new();
    if !table.is_empty() {
        parts.push(table.markdown());
    }
    let sentences = found.rest().into_iter().chain(found.sentences(counts));
    parts.extend(sentences.map(|said| markdown::escape(&said)));
    markdown::folded(
        &format!("{id}: instructions per item by function"),
        &parts.join("\n\n"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(name: &str, before: f64, after: f64) -> Function {
        Function {
            name: name.to_owned(),
            before,
            after,
        }
    }

    fn found() -> Explanation {
        Explanation {
            page_faults: Some([0.0, 250.0]),
            ..Explanation::default()
        }
        .with_functions([
            function("bench_guest::alloc::next<u64>", 51.0, 171.0),
            function("unchanged", 20.0, 20.001),
            function("malloc", 38.0, 76.0),
            function("inlined_now", 9.0, 0.0),
            function("core::hint::black_box", 0.0, 40.0),
        ])
    }

    fn counts(allocations: f64) -> Counts {
        Counts {
            allocations_per_item: Some(allocations),
            allocated_bytes_per_item: Some(8.0),
            ..Counts::default()
        }
    }

    fn screen() -> Screen {
        Screen {
            width: Some(80),
            colour: false,
        }
    }

    #[test]
    fn functions_stand_by_what_they_differ_and_the_unchanged_are_left_out() {
        let (one, two) = (counts(1.0), counts(2.0));
        let shown = text(
            "drain/u64/alloc",
            &found(),
            [Some(&one), Some(&two)],
            screen(),
        );
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn a_comment_folds_it() {
        let (one, two) = (counts(1.0), counts(2.0));
        let text = markdown("drain/u64/alloc", &found(), [Some(&one), Some(&two)]);
        assert!(
            text.starts_with("<details><summary>drain/u64/alloc"),
            "{text}"
        );
        assert!(
            text.contains("bench\\_guest::alloc::next&lt;u64&gt; | 51"),
            "{text}"
        );
        assert!(text.contains("Allocations per item: 1"), "{text}");
        assert!(
            !text.contains("Allocated bytes"),
            "they are the same: {text}"
        );
    }

    #[test]
    fn a_counter_of_the_processor_is_told_where_it_differs() {
        let counters = [
            ("Cycles", [100.0, 160.0]),
            ("Mispredicted branches", [0.0, 1.5]),
            ("Misses of the last cache", [3.0, 3.03]),
        ];
        let found = Explanation {
            counters: counters
                .map(|(name, values)| (name.to_owned(), values))
                .into(),
            ..Explanation::default()
        };
        let shown = text("drain/u64/alloc", &found, [None, None], screen());
        assert!(shown.contains("Cycles per item: 100 → 160."), "{shown}");
        assert!(
            shown.contains("Mispredicted branches per item: 0 → 1.5"),
            "{shown}"
        );
        assert!(!shown.contains("last cache"), "they are the same: {shown}");
    }

    #[test]
    fn where_no_instruction_differs_that_is_said() {
        let same = Explanation::default().with_functions([function("a", 1.0, 1.0)]);
        let shown = text("drain/u64/alloc", &same, [None, None], screen());
        assert!(shown.contains("No function runs more"), "{shown}");
        let unknown = Explanation {
            missing: vec!["valgrind is not installed".to_owned()],
            ..Explanation::default()
        };
        let shown = text("drain/u64/alloc", &unknown, [None, None], screen());
        assert!(!shown.contains("No function runs more"), "{shown}");
    }

    #[test]
    fn of_many_functions_the_largest_are_shown_and_the_rest_in_a_sum() {
        let many = (0..20).map(|at| function(&format!("f{at}"), 0.0, f64::from(at + 1)));
        let found = Explanation::default().with_functions(many);
        let lines = found.table().markdown().lines().count();
        assert_eq!(lines, 2 + MOST_FUNCTIONS, "head, rule, rows");
        // 1 to 8.
        assert_eq!(found.rest().as_deref(), Some("8 more functions: +36."));
    }
}
