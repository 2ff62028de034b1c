//! The sequential test of one comparison: when it looks at its samples, and what it
//! makes of them. A first look that suspects a change is followed by a second, which
//! decides alone. Knows samples, one a process; not where they come from.

use crate::result::PairedSample;
use crate::stats::order::Sorted;
use crate::stats::stopping::{LOOKS, Spending, is_answered};
use crate::stats::summary::Summary;
use crate::stats::verdict::{
    Finding, Judgement, Reason, Suspicion, confirm, find, inconclusive, screen,
};
use crate::stats::{LogRatio, StatsError, signed_rank};

use super::settings::Settings;

/// Which look at a comparison it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// One that no other follows.
    Only,
    /// One that ends early where it suspects a change.
    First,
    /// The one that decides on a suspicion.
    Second(Suspicion),
}

/// The state of one comparison.
#[derive(Debug)]
pub(super) struct SequentialTest {
    look: Look,
    /// Processes before this look.
    from: usize,
    /// Processes at its end, those before it included.
    end: usize,
    /// How many of [`LOOKS`] were made.
    looked: usize,
    spending: Spending,
    /// The last summary of this look and the number of processes at its time.
    seen: Option<(Summary, usize)>,
    over: bool,
}

/// A comparison's end: what its deciding look says.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) summary: Summary,
    pub(super) judgement: Judgement,
    /// The samples that both rest on.
    pub(super) samples: Vec<PairedSample>,
}

impl SequentialTest {
    /// A test whose first look takes `end` processes at most.
    pub(super) fn new(look: Look, end: usize, settings: &Settings) -> Self {
        Self {
            look,
            from: 0,
            end,
            looked: 0,
            spending: Spending::new(settings.confidence),
            seen: None,
            over: false,
        }
    }

    /// The number of processes at which it wants to look next; `None` when it is over.
    pub(super) fn due(&self) -> Option<usize> {
        let share = LOOKS.get(self.looked).filter(|_| !self.over)?;
        let planned = (self.end - self.from) as f64;
        Some(self.from + (planned * share).ceil() as usize)
    }

    /// Looks at the samples of all processes so far. Of a first look, says when it
    /// suspects a change.
    pub(super) fn see(
        &mut self,
        samples: &[PairedSample],
        settings: &Settings,
    ) -> Result<Option<Suspicion>, StatsError> {
        let share = LOOKS[self.looked];
        self.looked += 1;
        let own = &samples[self.from..];
        let confidence = self
            .spending
            .look(share)
            .expect("looks come one after another");
        let summary = match Summary::new(own, confidence) {
            Ok(summary) => Some(summary),
            // An early look must be very sure: there will be more.
            Err(StatsError::TooFew { .. }) if share < 1.0 => None,
            Err(error) => return Err(error),
        };
        if let Some(summary) = summary {
            let finding = find(&summary.log_ratio, settings.delta);
            // More processes narrow the A/A as well, where that is what is missing.
            let judged = self.judge(&summary, settings).reason;
            self.over = is_answered(&summary, finding, settings.resolution)
                && !matches!(judged, Reason::CopiesDiffer { .. });
            self.seen = Some((summary, samples.len()));
        }
        self.over |= self.looked == LOOKS.len();
        if self.look != Look::First {
            return Ok(None);
        }
        let interval = summary.map(|summary| summary.log_ratio);
        let estimate = match interval {
            Some(interval) => interval.estimate,
            None => LogRatio(signed_rank::pseudo_median(&Sorted::new(
                own.iter().map(|sample| sample.log_ratio),
            )?)),
        };
        Ok(screen(estimate, interval.as_ref(), settings.delta))
    }

    /// Begins the second look, after `from` processes and until `end`.
    pub(super) fn look_again(
        &mut self,
        suspicion: Suspicion,
        from: usize,
        end: usize,
        settings: &Settings,
    ) {
        *self = Self {
            from,
            ..Self::new(Look::Second(suspicion), end, settings)
        };
    }

    /// What it came to, of the samples of all processes.
    pub(super) fn outcome(
        &self,
        samples: &[PairedSample],
        settings: &Settings,
    ) -> Result<Outcome, StatsError> {
        let own = &samples[self.from..];
        let (summary, until) = match self.seen {
            Some(seen) => seen,
            None => (Summary::new(own, settings.confidence)?, samples.len()),
        };
        let judgement = self.judge(&summary, settings);
        Ok(Outcome {
            summary,
            judgement,
            samples: samples[self.from..until].to_vec(),
        })
    }

    /// What a summary says if this look ends with it.
    fn judge(&self, summary: &Summary, settings: &Settings) -> Judgement {
        let delta = settings.delta;
        let found = find(&summary.log_ratio, delta);
        match (self.look, found) {
            (Look::Second(suspicion), _) => confirm(
                suspicion,
                &summary.log_ratio,
                summary.copies.as_ref(),
                delta,
            ),
            (Look::First, Finding::Suspect(direction)) => {
                inconclusive(Reason::NoFreshLayouts(direction))
            }
            (Look::First | Look::Only, _) => found.unconfirmed(delta),
        }
    }
}
