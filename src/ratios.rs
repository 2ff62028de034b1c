//! The ratios of a run: many comparisons, each with the A/A comparison that says
//! whether it may be believed.
//!
//! Each comparison is one contest of baseline and candidate, each in two copies of its
//! files. The A/A comparison is that of the candidate's two, so it is made in the very
//! rounds that it vouches for.

use rand::Rng;

use crate::entrants::copy_of;
use crate::paired::contest::{Contestant, Runner};
use crate::paired::draw::order;
use crate::record::wire::{Comparison, Failure, SelfCheck};
use crate::stats::summary::Summary;
use crate::stats::verdict::self_check;
use crate::stats::{Confidence, Delta, LogRatio, StatsError};

/// Two arms to compare.
#[derive(Debug, Clone)]
pub struct Match {
    /// What is compared with.
    pub baseline: Contestant,
    /// What is judged.
    pub candidate: Contestant,
}

/// What a run's comparisons came to.
#[derive(Debug, Clone, Default)]
pub struct Ratios {
    /// Baseline against candidate, in the order of the matches.
    pub comparisons: Vec<Comparison>,
    /// The candidate against a copy of itself, one for each of them.
    pub copies: Vec<Comparison>,
    /// Comparisons that could not be made.
    pub failures: Vec<Failure>,
}

/// Makes every comparison, in random order; a failed one does not stop the rest.
/// `done` hears of each one that is over.
pub fn measure<R: Rng>(
    runner: &mut Runner<'_, R>,
    matches: &[Match],
    done: &mut dyn FnMut(&Match, &Ratios),
) -> Ratios {
    let mut found: Vec<Option<(Comparison, Comparison)>> = vec![None; matches.len()];
    let mut ratios = Ratios::default();
    for index in order(&mut runner.rng, matches.len()) {
        let Match {
            baseline,
            candidate,
        } = &matches[index];
        // Each arm has files of its own: one that shared them with another would
        // find its code a little warmer than the copy of itself does.
        let arms = [baseline.clone(), copy_of(candidate)];
        match runner.contest(&arms, &[(0, 1), (1, 1)]) {
            Ok(comparisons) => {
                let [comparison, copies] =
                    <[Comparison; 2]>::try_from(comparisons).expect("two pairs were asked for");
                ratios.comparisons.push(comparison.clone());
                ratios.copies.push(copies.clone());
                found[index] = Some((comparison, copies));
            }
            Err(error) => {
                let id = format!("{} / {}", candidate.name, baseline.name);
                ratios.failures.push(Failure {
                    id,
                    why: error.to_string(),
                });
            }
        }
        done(&matches[index], &ratios);
    }
    (ratios.comparisons, ratios.copies) = found.into_iter().flatten().unzip();
    ratios
}

/// Judges a run by all its A/A comparisons together; `None` when it has none.
///
/// # Errors
/// When the samples have no statistic.
pub fn judge(
    copies: &[Comparison],
    delta: Delta,
    confidence: Confidence,
) -> Result<Option<SelfCheck>, StatsError> {
    if copies.is_empty() {
        return Ok(None);
    }
    let samples: Vec<_> = copies
        .iter()
        .flat_map(|copies| copies.samples.clone())
        .collect();
    let summary = Summary::new(&samples, confidence)?;
    let ratio = summary.ratio();
    let judged = self_check(&summary.log_ratio, delta);
    let apart = copies
        .iter()
        .filter(|copies| copies.low > 1.0 || copies.high < 1.0)
        .count();
    let widest = copies.iter().map(half_width).fold(0.0, f64::max);
    let mut why = match judged {
        Ok(()) => format!(
            "{} A/A comparisons, {} processes: together they lie inside ±{}%",
            copies.len(),
            summary.processes,
            100.0 * delta.share()
        ),
        Err(untrusted) => untrusted.to_string(),
    };
    why.push_str(&format!(
        "; of the single ones {apart} exclude zero, the widest reaches ±{:.2}%",
        100.0 * widest
    ));
    Ok(Some(SelfCheck {
        ratio: ratio.estimate,
        low: ratio.low,
        high: ratio.high,
        trusted: judged.is_ok(),
        why,
        comparisons: copies.to_vec(),
    }))
}

/// How far the interval of a comparison reaches from no change, as a share.
fn half_width(comparison: &Comparison) -> f64 {
    let reach = comparison.high.ln().abs().max(comparison.low.ln().abs());
    LogRatio(reach).ratio() - 1.0
}
