//! At which level the variance lives, and the interval taken there. Knows
//! samples grouped by layout; not what a layout is, nor what a verdict is.
//!
//! Processes that share a layout share whatever that layout does to the ratio.
//! Where layouts differ, four hundred processes over eight layouts are eight
//! independent observations, not four hundred, and an interval over processes
//! would be far too narrow. So the interval is taken at the highest level that
//! contributes variance (Kalibera & Jones, *Rigorous benchmarking in reasonable
//! time*, ISMM 2013), and whether layouts contribute is tested.

use std::collections::BTreeMap;

use statrs::distribution::{ChiSquared, ContinuousCDF, StudentsT};

use super::order::Sorted;
use super::{Confidence, Interval, StatsError, sign};

/// How often layouts that do not differ are taken for layouts that do. A miss
/// the other way leaves the interval too narrow, but only differences that are
/// small beside the processes' noise are missed: at worst, 95% of intervals
/// made for 99% hold (by simulation, see `simulation.rs`).
const HETEROGENEITY_ERROR: f64 = 0.01;

/// With fewer processes in a layout the χ² approximation of the test has no
/// power worth the name, and layouts are presumed to differ.
const FEWEST_PER_LAYOUT: usize = 5;

/// The level whose medians the interval is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Over all processes: layouts do not differ, or there is but one.
    Processes,
    /// Over the medians of the layouts.
    Layouts,
}

/// The samples of a comparison, one value a process, grouped by layout.
#[derive(Debug, Clone)]
pub struct Samples {
    all: Sorted,
    layouts: Vec<Sorted>,
}

impl Samples {
    /// Groups (layout, value) pairs.
    ///
    /// # Errors
    /// [`StatsError::Empty`] or [`StatsError::NotFinite`].
    pub fn new(samples: &[(u32, f64)]) -> Result<Self, StatsError> {
        let all = Sorted::new(samples.iter().map(|&(_, value)| value))?;
        let mut layouts = BTreeMap::<u32, Vec<f64>>::new();
        for &(layout, value) in samples {
            layouts.entry(layout).or_default().push(value);
        }
        let layouts = layouts
            .into_values()
            .map(Sorted::new)
            .collect::<Result<_, _>>()?;
        Ok(Self { all, layouts })
    }

    /// Number of processes.
    pub fn processes(&self) -> usize {
        self.all.values().len()
    }

    /// Number of layouts.
    pub fn layouts(&self) -> usize {
        self.layouts.len()
    }

    /// Where the interval must be taken: over layouts when the test of Kruskal
    /// & Wallis finds that they differ (error 1%) or when some layout has too
    /// few processes to tell, over processes otherwise.
    ///
    /// The test uses ranks, so a heavy tail does not hide a difference, and it
    /// sees differences well below the layouts' own intervals, where a
    /// comparison of those intervals in pairs is blind.
    pub fn level(&self) -> Level {
        let few = |layout: &Sorted| layout.values().len() < FEWEST_PER_LAYOUT;
        if self.layouts.len() < 2 {
            Level::Processes
        } else if self.layouts.iter().any(few)
            || kruskal_wallis(&self.layouts) < HETEROGENEITY_ERROR
        {
            Level::Layouts
        } else {
            Level::Processes
        }
    }

    /// The interval of the median at a level, by default that of [`Self::level`].
    ///
    /// Over processes it is the exact sign-test interval of all values. Over
    /// layouts it is the same of the layouts' medians; where there are too few
    /// layouts for the confidence, it is the whole range of their medians,
    /// widened to Student's t interval of their mean (the interval of Kalibera
    /// & Jones) wherever that reaches further. So with eight layouts
    /// an interval at 99.95% rests on the normal distribution for its last
    /// digits, but on nothing for its first 99.2%.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] when no interval of this confidence exists: too
    /// few processes, or at the level of layouts fewer than two layouts.
    pub fn interval(
        &self,
        level: Level,
        confidence: Confidence,
    ) -> Result<Interval<f64>, StatsError> {
        let too_few = |what, have, need| StatsError::TooFew {
            what,
            have,
            need,
            confidence,
        };
        match level {
            Level::Processes => sign::interval(&self.all, confidence)
                .ok_or_else(|| too_few("processes", self.processes(), sign::fewest(confidence))),
            Level::Layouts if self.layouts.len() < 2 => {
                Err(too_few("layouts", self.layouts.len(), 2))
            }
            Level::Layouts => {
                let medians = Sorted::new(self.layouts.iter().map(Sorted::median))?;
                Ok(sign::interval(&medians, confidence)
                    .unwrap_or_else(|| widened_range(&medians, confidence)))
            }
        }
    }
}

/// The range of the values, widened to Student's t interval of their mean.
fn widened_range(sample: &Sorted, confidence: Confidence) -> Interval<f64> {
    let values = sample.values();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>()
        / (n - 1.0);
    let student = StudentsT::new(0.0, 1.0, n - 1.0).expect("two layouts leave a degree of freedom");
    let reach = -student.inverse_cdf(confidence.error() / 2.0) * (variance / n).sqrt();
    Interval {
        low: values[0].min(mean - reach),
        estimate: sample.median(),
        high: values[values.len() - 1].max(mean + reach),
        confidence,
    }
}

/// The p-value of Kruskal & Wallis' H, corrected for ties, by its χ²
/// approximation (*Use of ranks in one-criterion variance analysis*, JASA 47,
/// 1952, equations 1.1 and 1.3). Needs two groups; 1 when all values are equal.
fn kruskal_wallis(groups: &[Sorted]) -> f64 {
    let mut ranked: Vec<(f64, usize)> = groups
        .iter()
        .enumerate()
        .flat_map(|(group, sample)| sample.values().iter().map(move |&value| (value, group)))
        .collect();
    ranked.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));

    let n = ranked.len() as f64;
    let mut rank_sums = vec![0.0; groups.len()];
    let (mut before, mut tied) = (0.0, 0.0);
    for equal in ranked.chunk_by(|a, b| a.0 == b.0) {
        let count = equal.len() as f64;
        for &(_, group) in equal {
            rank_sums[group] += before + (count + 1.0) / 2.0;
        }
        before += count;
        tied += count.powi(3) - count;
    }
    let untied = 1.0 - tied / (n.powi(3) - n);
    if untied <= 0.0 {
        return 1.0;
    }
    let spread: f64 = rank_sums
        .iter()
        .zip(groups)
        .map(|(sum, group)| sum * sum / group.values().len() as f64)
        .sum();
    let h = (12.0 / (n * (n + 1.0)) * spread - 3.0 * (n + 1.0)) / untied;
    let degrees = groups.len() as f64 - 1.0;
    let null = ChiSquared::new(degrees).expect("two groups leave a degree of freedom");
    null.sf(h.max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confidence(share: f64) -> Confidence {
        Confidence::new(share).expect("a valid share")
    }

    /// `processes` values around each centre, evenly spread over ±`spread`.
    fn around(centres: &[f64], processes: u32, spread: f64) -> Samples {
        let mut samples = Vec::new();
        for (layout, centre) in centres.iter().enumerate() {
            for process in 0..processes {
                let offset = 2.0 * f64::from(process) / f64::from(processes - 1) - 1.0;
                samples.push((layout as u32, centre + spread * offset));
            }
        }
        Samples::new(&samples).expect("finite values")
    }

    #[test]
    fn kruskal_wallis_agrees_with_worked_values() {
        let groups = |groups: &[&[f64]]| -> Vec<Sorted> {
            groups
                .iter()
                .map(|g| Sorted::new(g.iter().copied()).expect("finite"))
                .collect()
        };
        // By hand: rank sums 6, 15, 24 of nine values give H = 7.2; p = exp(−3.6).
        let p = kruskal_wallis(&groups(&[
            &[1.0, 2.0, 3.0],
            &[4.0, 5.0, 6.0],
            &[7.0, 8.0, 9.0],
        ]));
        assert!((p - (-3.6f64).exp()).abs() < 1e-9, "{p}");
        // With ties, by hand: ranks 1.5 1.5 3 and 4.5 4.5 6 give H = 27/7, and
        // 45/11 after the correction 1 − 12/210; p = erfc(√(H/2)).
        let p = kruskal_wallis(&groups(&[&[1.0, 1.0, 2.0], &[3.0, 3.0, 4.0]]));
        assert!((p - 0.043_114_447).abs() < 1e-8, "{p}");
        assert_eq!(kruskal_wallis(&groups(&[&[1.0, 1.0], &[1.0, 1.0]])), 1.0);
    }

    #[test]
    fn students_quantiles_agree_with_the_tables() {
        // t tables: two-sided 95%, 99.5% at 7 degrees of freedom; 95% at 1.
        for (degrees, share, t) in [
            (7.0, 0.95, 2.364_624),
            (7.0, 0.995, 4.029_337),
            (1.0, 0.95, 12.706_205),
        ] {
            let n = degrees + 1.0;
            let student = StudentsT::new(0.0, 1.0, n - 1.0).expect("positive");
            let found = -student.inverse_cdf((1.0 - share) / 2.0);
            assert!((found - t).abs() < 1e-5, "{found} for {t}");
        }
    }

    #[test]
    fn layouts_that_agree_leave_the_level_at_processes() {
        let samples = around(&[0.0; 8], 25, 0.01);
        assert_eq!(samples.level(), Level::Processes);
        assert_eq!((samples.processes(), samples.layouts()), (200, 8));
    }

    #[test]
    fn layouts_that_differ_move_the_level_to_layouts() {
        let samples = around(&[0.0, 0.0, 0.01, 0.0, 0.02, 0.0, 0.0, -0.01], 25, 0.01);
        assert_eq!(samples.level(), Level::Layouts);
    }

    #[test]
    fn one_layout_has_processes_only() {
        let samples = around(&[0.05], 25, 0.01);
        assert_eq!(samples.level(), Level::Processes);
        let refused = samples.interval(Level::Layouts, confidence(0.99));
        assert!(matches!(
            refused,
            Err(StatsError::TooFew {
                what: "layouts",
                have: 1,
                need: 2,
                ..
            })
        ));
    }

    #[test]
    fn too_few_processes_a_layout_are_presumed_to_differ() {
        assert_eq!(around(&[0.0; 8], 4, 0.01).level(), Level::Layouts);
    }

    #[test]
    fn one_layout_of_eight_far_off_moves_the_interval_but_not_the_estimate() {
        let samples = around(&[0.0, 0.0, 0.0, 0.057, 0.0, 0.0, 0.0, 0.0], 25, 0.005);
        assert_eq!(samples.level(), Level::Layouts);
        let found = samples
            .interval(Level::Layouts, confidence(0.99))
            .expect("eight layouts");
        assert!(found.low <= 1e-12 && found.high >= 0.0569, "{found:?}");
        assert!(found.estimate.abs() < 1e-12, "{found:?}");
        assert!(
            (found.confidence.error() - 2.0f64.powi(-7)).abs() < 1e-12,
            "{found:?}"
        );
    }

    #[test]
    fn twelve_layouts_bear_one_that_is_far_off() {
        let mut centres = [0.0; 12];
        centres[7] = 0.057;
        let samples = around(&centres, 25, 0.001);
        let found = samples
            .interval(Level::Layouts, confidence(0.99))
            .expect("twelve layouts");
        assert!(
            found.low.abs() < 1e-12 && found.high.abs() < 1e-12,
            "{found:?}"
        );
    }

    #[test]
    fn a_confidence_beyond_the_layouts_widens_their_range_and_says_so() {
        let centres = [0.00, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07];
        let samples = around(&centres, 25, 0.001);
        let range = samples
            .interval(Level::Layouts, confidence(0.99))
            .expect("eight layouts");
        assert!((range.low - 0.0).abs() < 1e-12 && (range.high - 0.07).abs() < 1e-12);
        // s = 0.024495, t(7, 99.95% two-sided) = 6.0818.
        let wide = samples
            .interval(Level::Layouts, confidence(0.9995))
            .expect("eight layouts");
        assert!((wide.low - (0.035 - 0.052_67)).abs() < 1e-5, "{wide:?}");
        assert!((wide.high - (0.035 + 0.052_67)).abs() < 1e-5, "{wide:?}");
        assert_eq!(wide.confidence, confidence(0.9995));
    }

    #[test]
    fn too_few_processes_say_how_many_are_needed() {
        let refused = around(&[0.0], 5, 0.01).interval(Level::Processes, confidence(0.99));
        let text = refused.expect_err("five are too few").to_string();
        assert_eq!(
            text,
            "5 processes cannot give an interval at 99.000% confidence: at least 8 are needed"
        );
    }
}
