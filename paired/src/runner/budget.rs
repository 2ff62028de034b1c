//! How many processes time and layouts allow. Knows no ratio, so that none can move it.

use std::time::Duration;

use super::error::MeasureError;
use super::settings::Settings;
use crate::stats::sign;
use crate::stats::stopping::at_the_last_look;

/// Processes of one comparison, at least, where there are layouts enough.
const FEWEST_PROCESSES: usize = 36;

/// What the processes of a comparison may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    time: Duration,
    most: usize,
    /// Processes below which there is no interval.
    need: usize,
    /// Processes that get layouts which none had before.
    limit: Option<usize>,
}

/// What they have taken so far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spent {
    pub(super) time: Duration,
    /// Processes, at least one.
    pub(super) processes: usize,
}

impl Budget {
    /// The budget of a comparison whose layouts suffice for `limit` processes.
    pub(super) fn new(settings: &Settings, limit: Option<usize>) -> Result<Self, MeasureError> {
        let confidence = settings.confidence;
        let need = sign::fewest(at_the_last_look(confidence));
        if let Some(have) = limit.filter(|&have| have < need) {
            return Err(MeasureError::TooFewLayouts {
                have,
                need,
                confidence,
            });
        }
        Ok(Self {
            time: settings.budget,
            most: settings.most_processes,
            need,
            limit,
        })
    }

    /// Processes that tell what one takes; none looks at them sooner.
    pub(super) fn first(&self) -> usize {
        let fewest = self.limit.unwrap_or(usize::MAX).min(FEWEST_PROCESSES);
        (fewest / 4).max(1)
    }

    /// Processes of a first look that takes all the time.
    pub(super) fn planned(&self, spent: Spent) -> usize {
        self.paid(self.time, FEWEST_PROCESSES, self.limit, spent)
    }

    /// The number of processes at which a second look ends that begins after `from`;
    /// `None` where too few have fresh layouts. A suspicion that came late is not looked
    /// at in a hurry.
    pub(super) fn second_look(&self, from: usize, spent: Spent) -> Option<usize> {
        let fresh = self.limit.map(|limit| limit.saturating_sub(from));
        if fresh.is_some_and(|fresh| fresh < self.need) {
            return None;
        }
        let left = self.time.saturating_sub(spent.time).max(self.time / 2);
        Some(from + self.paid(left, FEWEST_PROCESSES / 2, fresh, spent))
    }

    /// Processes that `time` pays for, within what is useful and what there are layouts
    /// for.
    fn paid(&self, time: Duration, fewest: usize, fresh: Option<usize>, spent: Spent) -> usize {
        let each = spent.time.div_f64(spent.processes as f64);
        let paid = (time.as_secs_f64() / each.as_secs_f64().max(1e-9)) as usize;
        let fewest = fewest.max(self.need);
        let most = fresh.map_or(self.most, |_| usize::MAX);
        paid.clamp(fewest, most.max(fewest))
            .min(fresh.unwrap_or(usize::MAX))
    }
}
