//! A pair whose code runs in a child process: it is verified and described there, and
//! whatever it does, this process goes on. A case that crashes, hangs or leaves costs that
//! case; the next one gets a new child.
//!
//! Nothing is timed here; that is the paired runner's.

mod child;
pub mod error;
mod observe;

use std::time::Duration;

use bench_protocol::build_info::BuildInfo;
use bench_protocol::spec::{BufferConfig, DEFAULT_MEMORY_LIMIT};
use bench_record::wire::Verified;
use paired::visible::visible;
use paired::worker::{Launch, Worker};

pub use self::child::serve;
use self::child::{ARGUMENT, Answer, Job, Task};
use self::error::PairError;
use crate::case::Case;
use crate::counts::valgrind;
use crate::events::Events;
use crate::growth::matrix::{Cell, GrowthError, Stream};
use crate::ladder::LadderArm;
use crate::pair::PairFiles;
use crate::verify::Verification;

/// Time for one case, at most: the slowest takes a second in a debug build.
const LIMIT: Duration = Duration::from_secs(60);
/// How much slower valgrind may be.
const UNDER_VALGRIND: u32 = 60;
/// Time for one item of a way to grow, at most.
const ITEM_LIMIT: Duration = Duration::from_micros(20);
/// Ways to grow that are drained in one task.
const BATCH: usize = 64;
/// Address space that a guest may use beside the host's buffers, bytes.
const OWN_MEMORY: u64 = 4 << 30;

/// How guest and host were built, as they say themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Builds {
    /// The plugin side.
    pub guest: BuildInfo,
    /// The driving side.
    pub host: BuildInfo,
}

/// What a library says of itself is foreign text.
fn shown(build: BuildInfo) -> BuildInfo {
    BuildInfo {
        commit: visible(&build.commit),
        rustc: visible(&build.rustc),
        profile: visible(&build.profile),
        flags: visible(&build.flags),
        allocator: visible(&build.allocator),
    }
}

/// A pair in a child.
#[derive(Debug)]
pub struct PairProcess {
    files: PairFiles,
    builds: Builds,
    launch: Launch,
    limit: Duration,
    /// None after a case that ended it.
    worker: Option<Worker>,
}

impl PairProcess {
    /// Loads a pair in a child of the running executable.
    pub fn load(files: &PairFiles) -> Result<Self, PairError> {
        let what = || "loading the pair".to_owned();
        let failed = |source| PairError::Process {
            what: what(),
            source,
        };
        let launch = Launch::new(ARGUMENT).map_err(failed)?;
        Self::load_in(launch, files, DEFAULT_MEMORY_LIMIT)
    }

    fn load_in(mut launch: Launch, files: &PairFiles, buffers: u64) -> Result<Self, PairError> {
        let mut limit = LIMIT;
        if valgrind::is_around() {
            // Its own memory is several times the pair's.
            limit *= UNDER_VALGRIND;
        } else {
            launch.memory = Some(OWN_MEMORY.saturating_add(buffers.saturating_mul(2)));
        }
        let mut pair = Self {
            files: files.clone(),
            builds: Builds::default(),
            launch,
            limit,
            worker: None,
        };
        match pair.ask(&|| "loading the pair".to_owned(), Task::Describe)? {
            Answer::Described(builds) => {
                let [guest, host] = builds.map(shown);
                pair.builds = Builds { guest, host };
                Ok(pair)
            }
            answer => Err(unexpected(&answer)),
        }
    }

    /// The same pair where hosts hold buffers of up to so many bytes.
    pub fn with_buffers(mut self, bytes: u64) -> Self {
        if let Some(memory) = &mut self.launch.memory {
            *memory = OWN_MEMORY.saturating_add(bytes.saturating_mul(2));
            self.worker = None;
        }
        self
    }

    /// How it was built.
    pub fn builds(&self) -> &Builds {
        &self.builds
    }

    /// Verifies a case on so many items, or on its usual number.
    pub fn verify(&mut self, case: &Case, items: Option<u64>) -> Result<Verification, PairError> {
        let task = Task::Verify {
            case: case.clone(),
            items,
        };
        match self.ask(&|| case.id(), task)? {
            Answer::Verified(verification) => Ok(verification),
            answer => Err(unexpected(&answer)),
        }
    }

    pub fn verify_step(&mut self, arm: &LadderArm) -> Result<Verified, PairError> {
        match self.ask(&|| arm.id(), Task::Step(*arm))? {
            Answer::Step(verified) => Ok(verified),
            answer => Err(unexpected(&answer)),
        }
    }

    /// Page faults and the processor's counters of a warm stream, per item.
    pub fn events(&mut self, case: &Case) -> Result<Events, PairError> {
        match self.ask(&|| case.id(), Task::Observe(case.clone()))? {
            Answer::Observed(events) => Ok(events),
            answer => Err(unexpected(&answer)),
        }
    }

    /// Drains each of `buffers` on a stream; see [`Stream::drain`].
    pub fn grow(
        &mut self,
        stream: &Stream,
        buffers: &[BufferConfig],
    ) -> Result<Vec<Cell>, GrowthError> {
        let mut cells = Vec::with_capacity(buffers.len());
        for batch in buffers.chunks(BATCH) {
            match self.grow_batch(stream, batch) {
                // One of them ended the child: which one shows when each has its own.
                Err(PairError::Process { source, .. }) if batch.len() > 1 => {
                    for one in batch.chunks(1) {
                        self.worker = None;
                        self.grow_batch(stream, one)?;
                    }
                    return Err(PairError::Process {
                        what: format!("ways to grow on {}", stream.plan().name()),
                        source,
                    }
                    .into());
                }
                grown => cells.extend(grown?),
            }
        }
        Ok(cells)
    }

    fn grow_batch(
        &mut self,
        stream: &Stream,
        buffers: &[BufferConfig],
    ) -> Result<Vec<Cell>, PairError> {
        let task = Task::Grow {
            stream: stream.clone(),
            buffers: buffers.to_vec(),
        };
        let items = stream.items().saturating_mul(buffers.len() as u64);
        let more = ITEM_LIMIT.saturating_mul(u32::try_from(items).unwrap_or(u32::MAX));
        match self.ask_within(self.limit + more, &|| stream.id(&buffers[0]), task)? {
            Answer::Grown(counts) if counts.len() == buffers.len() => {
                let cells = buffers.iter().zip(counts);
                Ok(cells
                    .map(|(buffer, counts)| stream.cell(*buffer, counts))
                    .collect())
            }
            answer => Err(unexpected(&answer)),
        }
    }

    /// Lets the child end by itself.
    pub fn finish(mut self) -> Result<(), PairError> {
        let ended = self.worker.take().map(|worker| worker.finish(self.limit));
        let failed = |source| PairError::Process {
            what: "after the last case".to_owned(),
            source,
        };
        ended.transpose().map(drop).map_err(failed)
    }

    fn ask(&mut self, what: &dyn Fn() -> String, task: Task) -> Result<Answer, PairError> {
        self.ask_within(self.limit, what, task)
    }

    fn ask_within(
        &mut self,
        limit: Duration,
        what: &dyn Fn() -> String,
        task: Task,
    ) -> Result<Answer, PairError> {
        let process = |source| PairError::Process {
            what: what(),
            source,
        };
        let mut worker = match self.worker.take() {
            Some(worker) => worker,
            None => Worker::start(&self.launch).map_err(process)?,
        };
        let PairFiles { guest, host } = self.files.clone();
        let job = Job { guest, host, task };
        let answer = worker.ask(&job, limit).map_err(process)?;
        self.worker = Some(worker);
        match answer {
            Answer::Unusable(why) => Err(PairError::Unusable(visible(&why))),
            Answer::Wrong(why) => Err(PairError::Wrong(visible(&why))),
            answer => Ok(answer),
        }
    }
}

fn unexpected(answer: &Answer) -> PairError {
    PairError::Wrong(format!("it answered {answer:?}, which was not asked"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_library_says_of_itself_cannot_steer_a_terminal() {
        let text = || "\u{1b}[2J1.95".to_owned();
        let build = shown(BuildInfo {
            commit: text(),
            rustc: text(),
            profile: text(),
            flags: text(),
            allocator: text(),
        });
        let BuildInfo {
            commit,
            rustc,
            profile,
            flags,
            allocator,
        } = build;
        for said in [commit, rustc, profile, flags, allocator] {
            assert_eq!(said, r"\u{1b}[2J1.95");
        }
    }
}
