//! Compares two shared libraries so that the verdict holds on a noisy machine.
//!
//! Two builds, two workloads or two plugins take turns in many short processes, and the
//! result is a ratio of their times per item, its interval, and one of four verdicts:
//! *same*, *slower*, *faster* or *inconclusive*. The crate knows nothing of what the
//! libraries do: a [`child::Drive`] loads them and drains items, and everything else is
//! here. Start with [`runner::Runner`]; `examples/two_libraries.rs` is a complete program.
//!
//! # What is measured
//!
//! Within a process every arm drains the same number of items once a round, in random
//! order, for about nine rounds of 50 µs, after a warm-up. So what disturbs one arm for
//! longer than a round disturbs the other as well (Bulej et al., *Duet benchmarking*,
//! ICPE 2020). The child that measures is blind: it learns files and workloads, but
//! neither names nor which arm is the baseline. Every arm runs in two copies, from files
//! in pages of their own; the ratio is made of the better copy of each, since a bad place
//! in memory is bad luck that more processes do not average out (Chen & Revels, *Robust
//! benchmarking in noisy environments*, 2016). Where the mean of both copies says
//! something else, the reason of the verdict says so.
//!
//! # One process is one draw of everything
//!
//! What stays fixed while a process lives decides more than the noise within it: where
//! the linker put functions (Curtsinger & Berger, *Stabilizer*, ASPLOS 2013), the size of
//! the environment and the stack (Mytkowicz et al., *Producing wrong data without doing
//! anything obviously wrong!*, ASPLOS 2009), the pages that libraries and heap got
//! (Kalibera & Jones, *Rigorous benchmarking in reasonable time*, ISMM 2013). So a process
//! draws all of it anew, the link layout of each library included, and each layout is
//! used once ([`layouts`] makes them). Then processes are independent and identically
//! distributed, one process gives one log-ratio, and there is one level to take an
//! interval at: no test decides which, and no layout is counted twice.
//!
//! Arms of one [draw group](runner::Arm::draw_group) use layouts of the same number in a
//! process. Two builds whose layouts were made with the same seeds keep in common what did
//! not change between them, so that much of the layouts' effect cancels.
//!
//! **No alignment flags.** To align every function looks like a cure: intervals shrink
//! fivefold. But then each loop has one fixed place for ever, and code that is put before
//! it moves it: a change of 1.5% was measured as 5 to 7%. That is the verdict of one
//! placement, which is what many layouts are there to average out.
//!
//! # The estimate
//!
//! The Hodges-Lehmann pseudo-median of the processes' log-ratios, with the interval of
//! Wilcoxon's exact signed-rank test ([`stats::signed_rank`], where its width and coverage
//! are held against the sign test's). Where nothing differs the arms can be exchanged,
//! and the test is exact whatever the noise looks like.
//!
//! # The sequential test
//!
//! A comparison looks at its processes after a quarter, a half and all of what time and
//! layouts allow, and stops when its question is answered. The error allowed is spent
//! over the looks ([`stats::stopping`]); for many comparisons it is divided by their
//! number ([`stats::correction`]).
//!
//! # The verdict
//!
//! With δ the smallest change that matters:
//!
//! - **same**: the interval lies inside (−δ, +δ). Equivalence is shown, not assumed.
//! - **slower**, **faster**: the interval excludes zero and the estimate is beyond δ, in a
//!   second look whose processes use layouts that the first did not. The first look ends
//!   as soon as its estimate is beyond δ, so that most of the time goes to the second,
//!   which decides alone. The change must also be beyond what the A/A of the same
//!   processes shows: the A/A reaches no further than the estimate, and where it excludes
//!   zero itself, no further than the near end of the interval.
//! - **inconclusive**: neither, with the reason and with what could not be excluded
//!   ([`result::Comparison::not_excluded`]). It is no pass.
//!
//! # The A/A
//!
//! Every comparison carries one: the second copies of its arms against their first, one
//! number a process. Two copies of one file are treated alike by design, so it shows noise
//! but no bias. Bias is what a comparison of two builds of the same sources can show
//! ([`ratios::build_check`]); a run makes some of those as well, and
//! [`ratios::judge`] says whether its wall clock may be believed.
//!
//! # The clock
//!
//! A child reports the smallest step that its clock takes. A round lasts 100 steps at
//! least; where none can be made that long, the comparison is inconclusive and says so.
#![forbid(unsafe_code)]

pub mod child;
pub mod clock;
mod copies;
pub mod dependencies;
pub mod digest;
pub mod draw;
pub mod job;
pub mod layouts;
#[cfg(any(test, feature = "mock"))]
pub mod mock;
pub mod paths;
pub mod process;
pub mod ratios;
pub mod result;
pub mod runner;
pub mod stats;
pub mod temporary;
pub mod visible;
pub mod worker;
