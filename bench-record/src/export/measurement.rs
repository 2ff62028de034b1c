//! What there is to export of a record, one number each.

use std::io;

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

impl Measurement<'_> {
    /// What a dashboard calls it: the case's id, and for a ratio what it is
    /// measured against.
    pub fn name(&self) -> String {
        match self.comparison {
            Some(c) => format!("{} vs {}", c.candidate, c.baseline),
            None => self.case.id.clone(),
        }
    }
}

/// Writes measurements of a record in a format.
pub type Exporter = fn(&Record, &[Measurement<'_>], &mut dyn io::Write) -> io::Result<()>;

/// The numbers of `record` of the given metrics, by metric, then by case.
///
/// A comparison whose candidate is no case of the record has no parameters to
/// show and is left out.
pub fn measurements<'a>(record: &'a Record, metrics: &[Metric]) -> Vec<Measurement<'a>> {
    let (cases, comparisons) = (record.cases.iter(), record.comparisons.iter());
    let of = |metric: &Metric| -> Vec<_> {
        match metric {
            Metric::Wall => cases.clone().filter_map(|it| time(record, it)).collect(),
            Metric::Instructions => cases.clone().filter_map(instructions).collect(),
            Metric::Ratio => {
                let ratio = |it: &'a Comparison| ratio(record.case(&it.candidate)?, it);
                comparisons.clone().filter_map(ratio).collect()
            }
        }
    };
    metrics.iter().flat_map(of).collect()
}

/// The time of a case: the median over the processes of the first comparison that it
/// is part of, as the candidate if it is one anywhere.
fn time<'a>(record: &'a Record, case: &'a Case) -> Option<Measurement<'a>> {
    type Pick = fn(&PairedSample) -> f64;
    let mut all = record.comparisons.iter();
    let candidate = all.clone().find_map(|it| {
        let pick: Pick = |sample| sample.candidate_ns;
        (it.candidate == case.id).then_some((it, it.candidate_ns?, pick))
    });
    let baseline = || {
        all.find_map(|it| {
            let pick: Pick = |sample| sample.baseline_ns;
            (it.baseline == case.id).then_some((it, it.baseline_ns?, pick))
        })
    };
    let (comparison, value, pick) = candidate.or_else(baseline)?;
    Some(Measurement {
        metric: Metric::Wall,
        case,
        comparison: None,
        value,
        interval: None,
        samples: comparison.samples.iter().map(pick).collect(),
    })
}

fn instructions(case: &Case) -> Option<Measurement<'_>> {
    Some(Measurement {
        metric: Metric::Instructions,
        case,
        comparison: None,
        value: case.counts.as_ref()?.instructions_per_item?,
        interval: None,
        samples: Vec::new(),
    })
}

fn ratio<'a>(case: &'a Case, comparison: &'a Comparison) -> Option<Measurement<'a>> {
    Some(Measurement {
        metric: Metric::Ratio,
        case,
        comparison: Some(comparison),
        value: comparison.ratio,
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
    })
}
