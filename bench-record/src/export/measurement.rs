//! What there is to export of a record, one number each.

use crate::wire::{Case, Comparison, PairedSample, Record};

/// What may be exported. Less is better for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Time of a case in its paired comparison, ns/item: depends on the machine and
    /// its hour.
    Wall,
    /// Instructions per item: exact for one binary, libc and tunables.
    Instructions,
    /// Time per item of the candidate over the baseline's in the same run.
    Ratio,
}

impl Metric {
    /// Every metric, in the order of export.
    pub const ALL: [Self; 3] = [Self::Wall, Self::Instructions, Self::Ratio];

    /// The unit, as dashboards show it.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Wall => "ns/item",
            Self::Instructions => "instructions/item",
            Self::Ratio => "ratio",
        }
    }

    /// The name on the command line and in exports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wall => "wall",
            Self::Instructions => "instructions",
            Self::Ratio => "ratio",
        }
    }
}

/// One number of a record, with what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement<'a> {
    pub metric: Metric,
    /// The case; the candidate of a ratio.
    pub case: &'a Case,
    /// The comparison that a ratio comes from.
    pub comparison: Option<&'a Comparison>,
    /// The estimate, in [`Metric::unit`].
    pub value: f64,
    /// The interval's ends and its confidence; none for an exact count and for a time.
    pub interval: Option<Interval>,
    /// Raw samples, in [`Metric::unit`]; empty where the record keeps none.
    pub samples: Vec<f64>,
}

/// Where the true value lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
    pub confidence: f64,
}

impl<'a> Measurement<'a> {
    /// A number alone.
    fn exact(metric: Metric, case: &'a Case, value: f64) -> Self {
        Self {
            metric,
            case,
            comparison: None,
            value,
            interval: None,
            samples: Vec::new(),
        }
    }

    /// What a dashboard calls it: the case's id, and for a ratio what it is
    /// measured against.
    pub fn name(&self) -> String {
        match self.comparison {
            Some(c) => format!("{} vs {}", c.candidate, c.baseline),
            None => self.case.id.clone(),
        }
    }
}

/// The numbers of `record` of the given metrics, by metric, then by case.
///
/// A comparison whose candidate is no case of the record has no parameters to
/// show and is left out.
pub fn measurements<'a>(record: &'a Record, metrics: &[Metric]) -> Vec<Measurement<'a>> {
    metrics
        .iter()
        .flat_map(|metric| match metric {
            Metric::Wall => {
                let times = record.cases.iter().filter_map(|case| time(record, case));
                times.collect::<Vec<_>>()
            }
            Metric::Instructions => record.cases.iter().filter_map(instructions).collect(),
            Metric::Ratio => record
                .comparisons
                .iter()
                .filter_map(|comparison| ratio(record.case(&comparison.candidate)?, comparison))
                .collect(),
        })
        .collect()
}

/// The time of a case: the median over the processes of the first comparison that it
/// is part of, as the candidate if it is one anywhere.
fn time<'a>(record: &'a Record, case: &'a Case) -> Option<Measurement<'a>> {
    let all = || record.comparisons.iter();
    let mut as_candidate = all().filter(|it| it.candidate == case.id);
    let mut as_baseline = all().filter(|it| it.baseline == case.id);
    let of = |it: &Comparison, value, side: fn(&PairedSample) -> f64| Measurement {
        samples: it.samples.iter().map(side).collect(),
        ..Measurement::exact(Metric::Wall, case, value)
    };
    as_candidate
        .find_map(|it| Some(of(it, it.candidate_ns?, |sample| sample.candidate_ns)))
        .or_else(|| {
            as_baseline.find_map(|it| Some(of(it, it.baseline_ns?, |sample| sample.baseline_ns)))
        })
}

fn instructions(case: &Case) -> Option<Measurement<'_>> {
    let value = case.counts.as_ref()?.instructions_per_item?;
    Some(Measurement::exact(Metric::Instructions, case, value))
}

fn ratio<'a>(case: &'a Case, comparison: &'a Comparison) -> Option<Measurement<'a>> {
    Some(Measurement {
        comparison: Some(comparison),
        interval: Some(Interval {
            low: comparison.low,
            high: comparison.high,
            confidence: comparison.confidence,
        }),
        samples: comparison
            .samples
            .iter()
            .map(|sample| sample.log_ratio.exp())
            .collect(),
        ..Measurement::exact(Metric::Ratio, case, comparison.ratio)
    })
}
