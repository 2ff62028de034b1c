//! Opens arms on loaded libraries. Runs in children only.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use bench_host::error::StreamError;
use bench_host::lab::LabPair;
use bench_host::pair::{Pair, Session};
use bench_protocol::spec::{ENDLESS, Observe};
use paired::child::Drive;

use super::arm::{LabArm, Way};

/// Loads each pair of libraries once, and opens arms on it.
#[derive(Debug, Default)]
pub struct Libraries {
    today: HashMap<Vec<PathBuf>, Pair>,
    lab: HashMap<Vec<PathBuf>, LabPair>,
}

/// An arm's libraries, loaded.
pub(crate) enum Loaded {
    Today(Pair),
    Lab(LabPair),
}

impl Libraries {
    /// The pair of an arm.
    ///
    /// # Errors
    /// When the libraries are not two, or cannot be used.
    pub(crate) fn load(&mut self, arm: &LabArm, libraries: &[PathBuf]) -> Result<Loaded> {
        Ok(match arm.way {
            Way::Today(_) => Loaded::Today(self.pair(libraries)?),
            _ => Loaded::Lab(once(&mut self.lab, libraries, |guest, host| {
                Ok(LabPair::load(guest, host)?)
            })?),
        })
    }

    /// The ordinary pair of two libraries.
    ///
    /// # Errors
    /// As for an arm.
    pub(crate) fn pair(&mut self, libraries: &[PathBuf]) -> Result<Pair> {
        once(&mut self.today, libraries, |guest, host| {
            Ok(Pair::load(guest, host)?)
        })
    }

    /// Opens an arm to be timed.
    ///
    /// # Errors
    /// When its libraries cannot be used, or its stream cannot be opened.
    pub fn drive(&mut self, arm: LabArm, libraries: &[PathBuf]) -> Result<Box<dyn Drive>> {
        let loaded = self.load(&arm, libraries)?;
        if arm.first {
            let (waiting, wanted) = (Vec::new(), 0);
            return Ok(Box::new(Firsts {
                loaded,
                arm,
                waiting,
                wanted,
            }));
        }
        let session = loaded.open(&arm, ENDLESS, Observe::Time)?;
        Ok(Box::new(Running {
            session,
            unit: u64::from(arm.unit()),
            last: 0,
        }))
    }
}

/// What was loaded of two libraries, which happens once.
fn once<P: Clone>(
    loaded: &mut HashMap<Vec<PathBuf>, P>,
    libraries: &[PathBuf],
    load: impl FnOnce(&Path, &Path) -> Result<P>,
) -> Result<P> {
    let [guest, host] = libraries else {
        bail!("a pair is two libraries, not {}", libraries.len());
    };
    if let Some(known) = loaded.get(libraries) {
        return Ok(known.clone());
    }
    let pair = load(guest, host)?;
    loaded.insert(libraries.to_vec(), pair.clone());
    Ok(pair)
}

impl Loaded {
    /// Opens a stream of so many items.
    pub(crate) fn open(
        &self,
        arm: &LabArm,
        items: u64,
        observe: Observe,
    ) -> Result<Session, StreamError> {
        match self {
            Self::Today(pair) => {
                let mut session = arm.session(items);
                session.observe = observe;
                session.stream.counted = observe == Observe::Verify;
                pair.open(&session)
            }
            Self::Lab(pair) => {
                let mut config = arm.config(items);
                config.session.observe = observe;
                config.session.stream.counted = observe == Observe::Verify;
                match arm.way {
                    Way::Floor(floor) => pair.open_floor(floor, &config),
                    _ => pair.open(&config),
                }
            }
        }
    }
}

/// Items of a guest: a stream begins again with the first one after so many.
const LOOP: u64 = 256;

/// An endless stream that goes on from drain to drain.
///
/// Arms take turns, and one guest serves many of them: its items would be in the fast caches
/// for an arm that follows another one of the same guest, and not for the only arm of a guest.
/// Items that were drained a moment ago are there for every arm.
struct Running {
    session: Session,
    /// Items after which calls and sizes repeat.
    unit: u64,
    /// Items of the last drain.
    last: u64,
}

impl Drive for Running {
    fn prepare(&mut self) -> Result<()> {
        let items = self.last.min(LOOP).next_multiple_of(self.unit);
        Ok(self.session.drain(items)?)
    }

    fn drain(&mut self, items: u64) -> Result<()> {
        self.last = items;
        Ok(self.session.drain(items)?)
    }
}

/// The first item of as many streams, opened outside the timed span.
///
/// One more stream is taken from just before, so that the code is in the fast caches for the only
/// arm of a guest as well.
struct Firsts {
    loaded: Loaded,
    arm: LabArm,
    waiting: Vec<Session>,
    /// Streams of the last drain.
    wanted: usize,
}

impl Firsts {
    fn open_to(&mut self, streams: usize) -> Result<()> {
        while self.waiting.len() < streams {
            let opened = self.loaded.open(&self.arm, ENDLESS, Observe::Time);
            self.waiting.push(opened?);
        }
        Ok(())
    }
}

impl Drive for Firsts {
    fn prepare(&mut self) -> Result<()> {
        self.waiting.clear();
        self.open_to(self.wanted)?;
        let mut before = self.loaded.open(&self.arm, ENDLESS, Observe::Time)?;
        Ok(before.drain(1)?)
    }

    fn drain(&mut self, items: u64) -> Result<()> {
        let streams = usize::try_from(items).context("more streams than memory")?;
        self.wanted = streams;
        // Only the first drain of a process finds too few; it warms up.
        self.open_to(streams)?;
        for session in &mut self.waiting[..streams] {
            session.drain(1)?;
        }
        Ok(())
    }
}
