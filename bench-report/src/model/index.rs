//! A record with its cases by id, and the questions every part of the model asks of it.

use std::collections::{BTreeMap, HashMap};

use super::types::{Measure, Point};
use crate::format;
use bench_record::CaseId;
use bench_record::ladder::Breakdown;
use bench_record::wire::{Case, Comparison, Counts, PairedSample, Record};
use paired::stats::order::Sorted;
use paired::stats::{Confidence, sign};

/// Confidence of the interval of a time, as criterion's.
const CONFIDENCE: f64 = 0.95;
/// The factor by which time and instructions may part.
pub const UNEXPLAINED: f64 = 2.0;

pub struct Index<'a> {
    pub record: &'a Record,
    by_id: HashMap<&'a str, &'a Case>,
    /// Paired nanoseconds per item by case id, where a comparison kept its samples.
    paired: HashMap<&'a str, Estimate>,
}

#[derive(Debug, Clone, Copy)]
pub struct Estimate {
    pub value: f64,
    /// Lower end; equals `value` for an exact count.
    pub low: f64,
    pub high: f64,
    /// Whether the ends are quartiles of what was seen, and no interval of the estimate.
    pub quartiles: bool,
}

/// A comparison with both of its cases.
#[derive(Clone, Copy)]
pub struct Versus<'a> {
    pub comparison: &'a Comparison,
    pub candidate: &'a Case,
    pub baseline: &'a Case,
}

impl<'a> Index<'a> {
    pub fn new(record: &'a Record) -> Self {
        let by_id = record
            .cases
            .iter()
            .map(|case| (case.id.as_str(), case))
            .collect();
        let mut paired = HashMap::new();
        for c in &record.comparisons {
            type Pick = fn(&PairedSample) -> f64;
            // Two commits of one case bear one id; the newer, the candidate, is shown.
            let candidate = (&c.candidate, c.candidate_ns, (|s| s.candidate_ns) as Pick);
            let baseline = (&c.baseline, c.baseline_ns, (|s| s.baseline_ns) as Pick);
            for (id, median, pick) in [candidate, baseline] {
                let estimate = estimate(&c.samples, pick);
                if let Some(estimate) = estimate.or(median.map(Estimate::exact)) {
                    paired.entry(id.as_str()).or_insert(estimate);
                }
            }
        }
        Self {
            record,
            by_id,
            paired,
        }
    }

    pub fn case(&self, id: &str) -> Option<&'a Case> {
        self.by_id.get(id).copied()
    }

    /// The payload of that id, or nothing.
    pub fn payload(&self, id: &str) -> &'a str {
        self.case(id)
            .map_or("", |case| case.params.payload.as_str())
    }

    /// Cases of a family (`drain`, `growth`, `ladder`, ...).
    pub fn family(&self, name: &str) -> impl Iterator<Item = &'a Case> {
        self.record
            .cases
            .iter()
            .filter(move |case| family(&case.id) == name)
    }

    /// Comparisons with both cases known whose candidate is of a family.
    pub fn comparisons(&self, name: &str) -> impl Iterator<Item = Versus<'a>> {
        self.record
            .comparisons
            .iter()
            .filter_map(move |comparison| {
                let versus = Versus {
                    comparison,
                    candidate: self.case(&comparison.candidate)?,
                    baseline: self.case(&comparison.baseline)?,
                };
                (family(&versus.candidate.id) == name).then_some(versus)
            })
    }

    /// Drains of the arena against alloc: what question 1 is about.
    pub fn arena_against_alloc(&self) -> Vec<Versus<'a>> {
        self.comparisons("drain")
            .filter(|v| v.is_arena_against_alloc())
            .collect()
    }

    /// Where the time goes, by payload; nothing where it was not measured.
    pub fn ladder(&self) -> &'a [Breakdown] {
        self.record
            .ladder
            .as_ref()
            .map_or(&[], |ladder| &ladder.payloads)
    }

    /// Nanoseconds per item: the median of the case's paired comparison, with its
    /// interval where the record keeps the samples.
    pub fn ns(&self, case: &Case) -> Option<Estimate> {
        self.paired.get(case.id.as_str()).copied()
    }

    pub fn cost(&self, case: &Case, measure: Measure) -> Option<Estimate> {
        match measure {
            Measure::Wall => self.ns(case),
            Measure::Instructions => instructions(case).map(Estimate::exact),
        }
    }
}

impl Estimate {
    /// A count needs no interval.
    pub fn exact(value: f64) -> Self {
        Self::within(value, value, value)
    }

    pub fn within(value: f64, low: f64, high: f64) -> Self {
        Self {
            value,
            low,
            high,
            quartiles: false,
        }
    }

    /// As a point of a chart.
    pub fn at(self, x: f64, id: &str, note: String) -> Point {
        Point {
            x,
            y: self.value,
            low: self.low,
            high: self.high,
            quartiles: self.quartiles,
            id: id.to_owned(),
            verdict: None,
            note,
            hollow: false,
        }
    }
}

impl Versus<'_> {
    /// Whether the candidate is the arena and the baseline alloc.
    pub fn is_arena_against_alloc(&self) -> bool {
        self.candidate.params.protocol == "arena" && self.baseline.params.protocol == "alloc"
    }

    /// Whether time and instructions part so far that they tell of different things: it is
    /// not the instructions of a protocol that took the time.
    pub fn is_unexplained(&self) -> bool {
        let both = instructions(self.candidate).zip(instructions(self.baseline));
        both.filter(|(arena, alloc)| *arena > 0.0 && *alloc > 0.0)
            .is_some_and(|(arena, alloc)| {
                let apart = self.comparison.ratio / (arena / alloc);
                apart.ln().abs() > UNEXPLAINED.ln()
            })
    }
}

/// The first part of an id: which experiment the case belongs to.
pub fn family(id: &str) -> &str {
    CaseId::of(id).family
}

/// Counts of a case, or none.
pub fn counts(case: &Case) -> Option<&Counts> {
    case.counts.as_ref()
}

/// Instructions per item.
pub fn instructions(case: &Case) -> Option<f64> {
    counts(case)?.instructions_per_item
}

/// What tells cases of one chart line apart: all but size and protocol.
pub fn variant(case: &Case) -> String {
    let p = &case.params;
    let mut words = vec![p.payload.clone()];
    if p.decode == "borrowed" || p.decode == "none" {
        words.push(p.decode.clone());
    }
    if p.producer == "owned" {
        words.push("allocating producer".to_owned());
    }
    words.join(", ")
}

/// A case in words: `bytes, 4 KiB`.
pub fn words(case: &Case) -> String {
    format!(
        "{}, {}",
        variant(case),
        format::bytes(case.params.item_bytes)
    )
}

/// The median over the link layouts, or over the processes where there is one layout, with
/// its sign-test interval; with quartiles where they are too few for one, and nothing of
/// nothing. Times of one arm are not symmetric, as their ratios are, so no pseudo-median.
fn estimate(samples: &[PairedSample], pick: fn(&PairedSample) -> f64) -> Option<Estimate> {
    let mut layouts: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for sample in samples {
        layouts.entry(sample.layout).or_default().push(pick(sample));
    }
    let all = Sorted::new(samples.iter().map(pick)).ok()?;
    let sorted = match layouts.len() {
        1 => all.clone(),
        _ => {
            let medians = layouts.into_values().map(Sorted::new);
            let medians: Vec<f64> = medians
                .map(|layout| Some(layout.ok()?.median()))
                .collect::<Option<_>>()?;
            Sorted::new(medians).ok()?
        }
    };
    let confidence = Confidence::new(CONFIDENCE).ok()?;
    Some(match sign::interval(&sorted, confidence) {
        Some(found) => Estimate::within(found.estimate, found.low, found.high),
        None => Estimate {
            value: all.median(),
            low: all.quantile(0.25),
            high: all.quantile(0.75),
            quartiles: true,
        },
    })
}
