//! The runner: arms take turns in many short processes, each a draw of everything,
//! until every ratio that was asked for is known well enough or the budget is spent.
//!
//! The parent's side: it alone knows which arm is the baseline. `calibration` finds the
//! number of items, `layouts` hands out link layouts, `bench` runs a process, and
//! `sequential` looks at what they measured; here they come together.

mod arm;
mod bench;
mod budget;
mod calibration;
mod error;
mod layouts;
mod sequential;
mod settings;

use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::SmallRng;

use self::bench::{Bench, Process, coarse_clock, median, samples};
use self::budget::{Budget, Spent};
use self::layouts::Layouts;
use self::sequential::{Look, Outcome, SequentialTest};
use crate::clock::{Clock, Monotonic};
use crate::draw::order;
use crate::process::Execute;
use crate::result::{Comparison, Method, PairedSample};
use crate::stats::summary::Summary;
use crate::stats::verdict::{Judgement, Suspicion, inconclusive};
use crate::stats::{Confidence, Delta};

pub use self::arm::Arm;
pub use self::bench::Shape;
pub use self::error::MeasureError;
pub use self::settings::Settings;

/// What makes comparisons: something that executes, a clock, and chance.
pub struct Runner<'a> {
    bench: Bench<'a>,
    /// Tells when the budget is spent; the machine's own where none is given.
    clock: Option<&'a dyn Clock>,
    own_clock: Monotonic,
    settings: Settings,
}

/// Assembles a [`Runner`].
pub struct Builder<'a> {
    execute: &'a mut dyn Execute,
    clock: Option<&'a dyn Clock>,
    seed: Option<u64>,
    settings: Settings,
}

impl<'a> Builder<'a> {
    /// The clock that tells when the budget is spent; by default the machine's.
    #[must_use]
    pub fn clock(mut self, clock: &'a dyn Clock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// The random seed; by default a fresh one.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// How comparisons are made; by default [`Settings::new`] for a change of 1% at 99%
    /// confidence in two seconds.
    #[must_use]
    pub fn settings(self, settings: Settings) -> Self {
        Self { settings, ..self }
    }

    /// The runner.
    #[must_use]
    pub fn build(self) -> Runner<'a> {
        let seed = self.seed.unwrap_or_else(rand::random);
        Runner {
            bench: Bench {
                execute: self.execute,
                rng: SmallRng::seed_from_u64(seed),
                single: None,
            },
            clock: self.clock,
            own_clock: Monotonic::default(),
            settings: self.settings,
        }
    }
}

impl<'a> Runner<'a> {
    /// A runner whose jobs `execute` does.
    #[must_use]
    pub fn builder(execute: &'a mut dyn Execute) -> Builder<'a> {
        let confidence = Confidence::from_error(0.01).expect("it is a share");
        Builder {
            execute,
            clock: None,
            seed: None,
            settings: Settings::new(Delta::DEFAULT, confidence, Duration::from_secs(2)),
        }
    }

    /// A random order of `0..n`.
    pub(crate) fn order(&mut self, n: usize) -> Vec<usize> {
        order(&mut self.bench.rng, n)
    }

    /// Measures `arms` against each other and judges each (baseline, candidate) of
    /// `pairs`, by places among the arms. What a first look suspects is confirmed by a
    /// second, in processes with layouts that the first did not use.
    ///
    /// # Errors
    /// When a process fails, layouts are too few or the samples have no statistic.
    ///
    /// # Panics
    /// If a pair names an arm that is not there, or a library has no layout.
    pub fn compare(
        &mut self,
        arms: &[Arm],
        pairs: &[(usize, usize)],
    ) -> Result<Vec<Comparison>, MeasureError> {
        self.measure(arms, pairs, Look::First)
    }

    /// Measures `arms` against each other once, for the sizes of the differences:
    /// no second look is made, so a suspicion stays one.
    ///
    /// # Errors
    /// As for [`Self::compare`].
    ///
    /// # Panics
    /// As for [`Self::compare`].
    pub fn survey(
        &mut self,
        arms: &[Arm],
        pairs: &[(usize, usize)],
    ) -> Result<Vec<Comparison>, MeasureError> {
        self.measure(arms, pairs, Look::Only)
    }

    /// The number of items and rounds that these arms would be measured with.
    ///
    /// # Errors
    /// When a process fails, or no number of items is large enough.
    pub fn calibrate(&mut self, arms: &[Arm]) -> Result<Shape, MeasureError> {
        calibration::calibrate(&mut self.bench, arms, &self.settings)
    }

    fn now(&self) -> Duration {
        self.clock.map_or_else(|| self.own_clock.now(), Clock::now)
    }

    fn measure(
        &mut self,
        arms: &[Arm],
        pairs: &[(usize, usize)],
        look: Look,
    ) -> Result<Vec<Comparison>, MeasureError> {
        let layouts = Layouts::new(arms);
        let budget = Budget::new(&self.settings, layouts.limit())?;
        self.bench.single = None;
        let shape = self.calibrate(arms)?;
        let mut stream = Stream {
            arms,
            layouts,
            shape,
            start: self.now(),
            processes: Vec::new(),
        };
        // The first processes tell how many the budget pays for.
        self.run_until(&mut stream, budget.first())?;
        let planned = budget.planned(stream.spent(self.now()));
        let test = || SequentialTest::new(look, planned, &self.settings);
        let mut tests: Vec<SequentialTest> = pairs.iter().map(|_| test()).collect();
        while let Some(due) = tests.iter().filter_map(SequentialTest::due).min() {
            self.run_until(&mut stream, due)?;
            for (test, &pair) in tests.iter_mut().zip(pairs) {
                if test.due() != Some(due) {
                    continue;
                }
                let samples = samples(&stream.processes[..due], pair, shape.items);
                let suspicion: Option<Suspicion> = test.see(&samples, &self.settings)?;
                let again = budget.second_look(due, stream.spent(self.now()));
                if let Some((suspicion, end)) = suspicion.zip(again) {
                    test.look_again(suspicion, due, end, &self.settings);
                }
            }
        }
        let outcome = |(test, &pair): (&SequentialTest, _)| {
            let samples = samples(&stream.processes, pair, shape.items);
            let outcome = test.outcome(&samples, &self.settings)?;
            Ok(self.comparison(&stream, pair, outcome))
        };
        tests.iter().zip(pairs).map(outcome).collect()
    }

    /// Runs processes until there are so many.
    fn run_until(&mut self, stream: &mut Stream<'_>, until: usize) -> Result<(), MeasureError> {
        while stream.processes.len() < until {
            let layouts = stream.layouts.next(&mut self.bench.rng);
            let process = self.bench.process(stream.arms, layouts, stream.shape)?;
            stream.processes.push(process);
        }
        Ok(())
    }

    fn comparison(
        &self,
        stream: &Stream<'_>,
        pair: (usize, usize),
        outcome: Outcome,
    ) -> Comparison {
        let Outcome {
            summary,
            judgement,
            samples,
        } = outcome;
        let judgement = coarse_clock(&stream.processes, pair).map_or(judgement, inconclusive);
        let ratio = summary.ratio();
        let median_of = |side: fn(&PairedSample) -> f64| {
            Some(median(&samples.iter().map(side).collect::<Vec<_>>()))
        };
        let places = [pair.0, pair.1];
        let layouts = stream.layouts.used(places, summary.processes);
        let needed = summary.processes_needed(self.settings.resolution.log());
        let [baseline, candidate] = places.map(|place| stream.arms[place].name.clone());
        Comparison {
            baseline,
            candidate,
            ratio: ratio.estimate,
            low: ratio.low,
            high: ratio.high,
            confidence: ratio.confidence.share(),
            verdict: judgement.verdict,
            why: self.why(&judgement, &summary),
            delta: self.settings.delta.share(),
            baseline_ns: median_of(|sample| sample.baseline_ns),
            candidate_ns: median_of(|sample| sample.candidate_ns),
            difference_ns: Some(summary.difference_ns.into()),
            method: Method::ProcessDraws,
            sign: Some(summary.sign.into()),
            copies: summary.copies.map(Into::into),
            mean_of_copies: summary.mean_of_copies.map(|mean| mean.estimate.ratio()),
            processes: summary.processes as u32,
            layouts: layouts as u32,
            draws: Some(stream.layouts.draws(pair.0, pair.1)),
            layouts_needed: needed.filter(|_| layouts > 1),
            rounds: stream.shape.rounds,
            items: stream.shape.items,
            samples,
        }
    }

    /// The reason of a verdict in words, and what a reader must know beside: that the mean
    /// of both copies disagrees, or that there was one copy.
    fn why(&self, judgement: &Judgement, summary: &Summary) -> String {
        let why = judgement.reason.to_string();
        if let Some(single) = &self.bench.single {
            return format!(
                "{why}; with one copy of each build and without an A/A, since two copies of \
                 each cannot be loaded together: {single}"
            );
        }
        let Some(mean) = summary.copies_disagree() else {
            return why;
        };
        let delta = self.settings.delta.log().0;
        let alike = mean.0 * summary.log_ratio.estimate.0 > 0.0 && mean.0.abs() > delta;
        let so = if alike {
            "its size depends on the placement in memory"
        } else {
            "it shows only in some placements in memory"
        };
        let percent = mean.percent();
        format!("{why}; by the mean of both copies it is {percent:+.2}%, so {so}")
    }
}

/// The processes of one set of arms, as they come.
struct Stream<'a> {
    arms: &'a [Arm],
    layouts: Layouts,
    shape: Shape,
    start: Duration,
    processes: Vec<Process>,
}

impl Stream<'_> {
    fn spent(&self, now: Duration) -> Spent {
        Spent {
            time: now.saturating_sub(self.start),
            processes: self.processes.len(),
        }
    }
}
