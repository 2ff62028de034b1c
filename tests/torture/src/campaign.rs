//! The campaign: cases of each part in turn, on every core, until the time is over; and
//! what became of them.

use std::fmt::Write;
use std::fs::OpenOptions;
use std::io;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::case::{Case, Verdict};
use crate::setup::Setup;
use crate::{environments, guests, kills, records};

/// A part of the campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Guests that misbehave.
    Guests,
    /// Records that are damaged.
    Records,
    /// The program killed while it writes.
    Kills,
    /// Environments that nobody expects.
    Environments,
}

impl Part {
    /// All of them, in their order.
    pub const ALL: [Self; 4] = [Self::Guests, Self::Records, Self::Kills, Self::Environments];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Guests => "guests",
            Self::Records => "records",
            Self::Kills => "kills",
            Self::Environments => "environments",
        }
    }

    /// The part of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == name)
    }

    /// Its share of the time, percent.
    fn share(self) -> u32 {
        match self {
            Self::Guests => 35,
            Self::Records => 30,
            Self::Kills => 20,
            Self::Environments => 15,
        }
    }

    fn case(self, case: &mut Case<'_>) -> Verdict {
        match self {
            Self::Guests => guests::case(case),
            Self::Records => records::case(case),
            Self::Kills => kills::case(case),
            Self::Environments => environments::case(case),
        }
    }
}

/// What is attacked, and the seed of all draws.
#[derive(Debug)]
pub struct Campaign {
    /// What all cases share.
    pub setup: Setup,
    /// The seed.
    pub seed: u64,
    /// The file that every loss is added to as it comes.
    pub losses: PathBuf,
}

/// What became of a campaign.
#[derive(Debug)]
pub struct Found {
    seed: u64,
    seconds: u64,
    parts: Vec<(Part, u64, Vec<String>)>,
}

impl Campaign {
    /// Makes the campaign.
    pub fn run(&self, time: Duration) -> Found {
        let part = |part: Part| {
            let end = Instant::now() + time * part.share() / 100;
            let (next, losses) = (AtomicU64::new(0), Mutex::new(Vec::new()));
            let workers = thread::available_parallelism()
                .map_or(1, usize::from)
                .min(4);
            thread::scope(|scope| {
                for _ in 0..workers {
                    scope.spawn(|| {
                        while Instant::now() < end {
                            let number = next.fetch_add(1, Ordering::Relaxed);
                            if let Err(lost) = self.case(part, number, false) {
                                let lost = self.loss(part, number, &lost);
                                eprintln!("{lost}");
                                self.keep(&lost);
                                losses.lock().expect("no thread panics").push(lost);
                            }
                        }
                    });
                }
            });
            let tried = next.into_inner();
            let lost = losses.into_inner().expect("no thread panics");
            eprintln!(
                "torture: {}: {tried} cases, {} lost",
                part.name(),
                lost.len()
            );
            (part, tried, lost)
        };
        eprintln!("torture: seed {}, {} s", self.seed, time.as_secs());
        Found {
            seed: self.seed,
            seconds: time.as_secs(),
            parts: Part::ALL.map(part).into(),
        }
    }

    /// Repeats one case; whether nothing was lost.
    pub fn repeat(&self, part: Part, number: u64) -> bool {
        let verdict = self.case(part, number, true);
        match &verdict {
            Ok(()) => println!("{}:{number}: nothing was lost", part.name()),
            Err(lost) => {
                let lost = self.loss(part, number, lost);
                println!("{lost}");
                self.keep(&lost);
            }
        }
        verdict.is_ok()
    }

    /// Adds a loss to the file for them: what a machine does once may never come again.
    fn keep(&self, lost: &str) {
        let path = &self.losses;
        let opened = OpenOptions::new().create(true).append(true).open(path);
        let added = opened
            .and_then(|mut file| io::Write::write_all(&mut file, format!("{lost}\n\n").as_bytes()));
        match added {
            Ok(()) => eprintln!("torture: the message is kept in {}", path.display()),
            Err(error) => eprintln!("torture: {}: {error}", path.display()),
        }
    }

    fn loss(&self, part: Part, number: u64, what: &str) -> String {
        let (seed, part) = (self.seed, part.name());
        format!(
            "lost: {part}:{number}: {what}\n    again: scripts/torture --seed {seed} --case {part}:{number}"
        )
    }

    fn case(&self, part: Part, number: u64, keep: bool) -> Verdict {
        let mut folder = tempfile::Builder::new()
            .prefix("torture-case-")
            .tempdir()
            .map_err(|error| format!("torture has no folder: {error}"))?;
        folder.disable_cleanup(keep);
        if keep {
            println!("in {}", folder.path().display());
        }
        let marker = format!("{}-{}-{number}", std::process::id(), part.name());
        let seed = mixed(self.seed, part as u64, number);
        part.case(&mut Case::new(&self.setup, seed, marker, folder.path()))
    }
}

/// The seed of one case (SplitMix64's finaliser over the three).
fn mixed(seed: u64, part: u64, number: u64) -> u64 {
    let mut mixed = seed ^ (part + 1) << 56;
    mixed = mixed.wrapping_add((number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

impl Found {
    /// How many cases lost something.
    pub fn lost(&self) -> usize {
        self.parts.iter().map(|(_, _, lost)| lost.len()).sum()
    }

    fn rows(&self) -> Vec<[String; 3]> {
        let row = |name: &str, tried: u64, lost: usize| {
            [name.to_owned(), tried.to_string(), lost.to_string()]
        };
        let parts = self.parts.iter();
        let mut rows: Vec<_> = parts
            .map(|(part, tried, lost)| row(part.name(), *tried, lost.len()))
            .collect();
        let tried = self.parts.iter().map(|(_, tried, _)| tried).sum();
        rows.push(row("all", tried, self.lost()));
        rows
    }

    /// The counts, for a terminal.
    pub fn table(&self) -> String {
        let mut table = format!("{:<14}{:>8}{:>8}", "part", "cases", "lost");
        for [part, tried, lost] in self.rows() {
            let _ = write!(table, "\n{part:<14}{tried:>8}{lost:>8}");
        }
        table
    }

    /// The counts as a page.
    pub fn markdown(&self) -> String {
        let mut text = format!(
            "# Torture\n\n{} cases, {} lost. Written by `scripts/torture --seconds {} --seed {} \
             --output results/torture.md`.\n\n| part | cases | lost |\n|---|---:|---:|\n",
            self.parts.iter().map(|(_, tried, _)| tried).sum::<u64>(),
            self.lost(),
            self.seconds,
            self.seed
        );
        for [part, tried, lost] in self.rows() {
            let _ = writeln!(text, "| {part} | {tried} | {lost} |");
        }
        text += "\n- *guests*: a C guest with one or two behaviours of `tests/workbench/hostile/guest.c`, from a \
                 random item on, under every verb that runs guest code.\n\
                 - *records*: the records of this folder with up to three changes of bytes or of \
                 structure, given to `report`, `export`, `merge`, `history` and `gate`.\n\
                 - *kills*: SIGKILL or SIGTERM at a random moment of a verb that writes, then the \
                 same verb once more.\n\
                 - *environments*: closed outputs, full and read-only disks, limits, odd paths, \
                 locales and git variables.\n\nA case is lost when the program crashes, hangs, takes \
                 more than 2 GiB, fails without a word, accepts what is wrong, damages or leaves a \
                 file, or leaves a process.\n";
        for lost in self.parts.iter().flat_map(|(_, _, lost)| lost) {
            let _ = write!(text, "\n```\n{lost}\n```\n");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_of_other_seeds_parts_and_numbers_are_others() {
        let mut seen: Vec<u64> = (0..10)
            .flat_map(|at| [mixed(at, 0, 0), mixed(100, at, 0), mixed(100, 0, at + 1)])
            .collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 30);
    }

    #[test]
    fn a_loss_is_counted_and_names_how_to_repeat_it() {
        let found = Found {
            seed: 7,
            seconds: 60,
            parts: vec![
                (Part::Guests, 12, vec![]),
                (Part::Records, 30, vec!["lost: records:3: hung".to_owned()]),
            ],
        };
        assert_eq!(found.lost(), 1);
        let table = found.table();
        assert!(table.ends_with("all                 42       1"), "{table}");
        let page = found.markdown();
        assert!(
            page.contains("| records | 30 | 1 |") && page.contains("--seed 7"),
            "{page}"
        );
        assert!(page.contains("records:3"), "{page}");
    }
}
