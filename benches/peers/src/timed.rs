//! The comparisons: each arm against the arena, in the same processes, in turns.

use std::time::Duration;

use anyhow::Result;
use bench_record::wire::{Comparison, Failure, SelfCheck};
use paired::process::Processes;
use paired::ratios::{self, Match, Ratios};
use paired::runner::{self, Runner, Settings};
use paired::stats::{Confidence, Delta, correction};

use crate::channels::{self, CAPACITY, Channel, Way};
use crate::drive::Workload;
use crate::files::Files;
use crate::peer::{Arm, Peer};
use crate::row::ONE_LAYOUT;
use crate::work::Work;

/// A measuring process that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// How narrow an interval must be before a comparison may stop early: ways that differ by a
/// multiple need not be known to a percent.
fn resolution() -> Delta {
    Delta::new(0.03).expect("a share below one")
}

/// How the comparisons are made.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The smallest change that matters.
    pub delta: Delta,
    /// Confidence of all intervals together.
    pub family: Confidence,
    /// Time for a comparison, both looks together; twice that where threads hop.
    pub budget: Duration,
    /// Random seed.
    pub seed: u64,
}

/// What they came to.
#[derive(Debug, Clone, Default)]
pub struct Timed {
    /// The comparisons.
    pub comparisons: Vec<Comparison>,
    /// Whether the times may be believed, of arms whose threads do not hop: each of the
    /// others has an A/A of its own, and no say in this.
    pub self_check: Option<SelfCheck>,
    /// Comparisons that could not be made.
    pub failures: Vec<Failure>,
}

/// Compares peers with the arena, and each way of a channel with the release. `left` hears of
/// each comparison that is over, and how many are left.
///
/// # Errors
/// When measuring processes cannot be started, or the samples have no statistic.
pub fn measure(
    all: &[Work],
    files: &Files,
    options: &Options,
    left: &mut dyn FnMut(&str, usize),
) -> Result<Timed> {
    let [steady, hopping] = matches(all, files);
    let comparisons = steady.len() + hopping.len();
    let confidence = correction::per_comparison(options.family, comparisons + ratios::BUILD_CHECKS);
    let usual = Settings {
        resolution: resolution(),
        ..Settings::new(options.delta, confidence, options.budget)
    };
    // Where the system puts threads matters more than a handful of rounds: more processes
    // tell more.
    let aside = Settings {
        budget: 2 * options.budget,
        warmup: 1,
        rounds: 5,
        ..usual.clone()
    };
    let mut processes = Processes::new(arena_bench::PRODUCT, LIMIT)?;
    let mut open = comparisons;
    let mut run = |settings: Settings, matches: &[Match], check: &[Match]| -> Ratios {
        let builder = Runner::builder(&mut processes).seed(options.seed);
        let mut runner = builder.settings(settings).build();
        let mut found = ratios::measure(&mut runner, matches, &mut |done, _| {
            open -= 1;
            left(&done.candidate.name, open);
        });
        if !check.is_empty() {
            ratios::check_builds(&mut runner, check, &mut found);
        }
        found
    };
    // Of a build with one layout, there is no second to compare it with.
    let linked: Vec<Match> = steady
        .iter()
        .filter(|planned| is_linked_often(&planned.candidate))
        .cloned()
        .collect();
    let steady = run(usual, &steady, &linked);
    let hopping = run(aside, &hopping, &[]);
    let self_check = ratios::judge(&steady.comparisons, &steady.build_checks, options.family)?;
    let mut timed = Timed {
        comparisons: [steady.comparisons, hopping.comparisons].concat(),
        self_check,
        failures: [steady.failures, hopping.failures].concat(),
    };
    say_why_one_layout(&mut timed.comparisons, all, files);
    Ok(timed)
}

fn is_linked_often(arm: &runner::Arm) -> bool {
    !arm.libraries.is_empty() && arm.libraries.iter().all(|layouts| layouts.len() > 1)
}

/// Which arms are compared: those on one thread, and those with producers that run aside.
fn matches(all: &[Work], files: &Files) -> [Vec<Match>; 2] {
    let (mut steady, mut hopping) = (Vec::new(), Vec::new());
    for work in all {
        let baselines = match work {
            Work::Peer(arm) => of_peer(arm),
            Work::Channel(arm) => of_channel(arm),
        };
        for baseline in baselines {
            // Who of both runs aside decides how they are timed.
            let judged = match baseline.runs_aside() {
                true => baseline,
                false => *work,
            };
            let pair = |pinned| Match {
                baseline: side(&baseline, files, pinned, &judged),
                candidate: side(work, files, pinned, &judged),
            };
            if judged.runs_aside() {
                hopping.extend([true, false].map(pair));
            } else {
                steady.push(pair(false));
            }
        }
    }
    [steady, hopping]
}

/// What a channel is compared with: the release.
fn of_channel(arm: &channels::Arm) -> Vec<Work> {
    let baseline = match (arm.channel, arm.way) {
        (Channel::Pump, _) => (arm.capacity != CAPACITY).then(|| arm.with(CAPACITY)),
        // Which of its strategies should a unary interface have?
        (Channel::UnaryArena, Way::Released) => {
            (arm.after == 0).then(|| arm.through(Channel::Unary))
        }
        (_, Way::Released) => None,
        // Whose counterpart is not the release, but the same without its pump.
        (Channel::Bidi, Way::Pair) => Some(arm.by(Way::Pull)),
        _ => Some(arm.by(Way::Released)),
    };
    baseline.map(Work::from).into_iter().collect()
}

/// What a peer is compared with: the arena, with a producer like its own.
fn of_peer(arm: &Arm) -> Vec<Work> {
    // What the pump adds is known from items that are lent.
    let known = arm.owned && arm.peer.runs_aside();
    if known || arm.raw || arm.peer == Peer::Arena {
        return Vec::new();
    }
    let mut baselines = vec![arm.by(Peer::Arena).into()];
    // The other half of the answer: would the arena win then?
    if arm.peer == Peer::OwnWriter {
        baselines.push(arm.by(Peer::Alloc).into());
    }
    // Is the cdylib backend at least as fast, with items that the plugin allocates as well?
    if arm.peer == Peer::FidiusWasm {
        baselines.push(arm.by(Peer::Fidius).owned().into());
    }
    // What would it save to pull, without the pump?
    if arm.peer == Peer::FidiusRaw && !arm.owned {
        baselines.push(arm.by(Peer::Fidius).into());
    }
    baselines
}

/// An arm of a comparison that judges `judged`, under its id and how it is pinned.
fn side(work: &Work, files: &Files, pinned: bool, judged: &Work) -> runner::Arm {
    let unpinned = if judged.runs_aside() && !pinned {
        "/unpinned"
    } else {
        ""
    };
    let workload = Workload::Peer {
        arm: *work,
        pinned,
        beside: judged.runs_aside(),
    };
    let workload = serde_json::to_value(workload).expect("a workload is plain data");
    let name = format!("{}{unpinned}", work.id());
    runner::Arm {
        items: judged.items_of_a_drain(),
        ..runner::Arm::new(name, workload, files.layouts(*work))
    }
}

/// Writes into a comparison why one of its arms has one link layout, where that is so.
fn say_why_one_layout(comparisons: &mut [Comparison], all: &[Work], files: &Files) {
    for found in comparisons {
        let sides = [&found.baseline, &found.candidate];
        let sides = sides.map(|side| side.trim_end_matches("/unpinned"));
        let mut whys = all
            .iter()
            .filter(|work| sides.contains(&work.id().as_str()));
        let Some(why) = whys.find_map(|work| files.why_one_layout(*work)) else {
            continue;
        };
        // An arm of several libraries may have several layouts of the other one.
        found.layouts = 1;
        let separator = if found.why.is_empty() { "" } else { "; " };
        found.why += &format!("{separator}{ONE_LAYOUT}{why}");
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use bench_protocol::payload::PayloadKind;

    fn files() -> Files {
        Files::in_folder(PathBuf::from("libraries"))
    }

    fn work(arms: &[Arm]) -> Vec<Work> {
        arms.iter().copied().map(Work::from).collect()
    }

    fn arm(peer: Peer) -> Arm {
        Arm::new(peer, PayloadKind::U64, 8)
    }

    #[test]
    fn every_arm_is_compared_with_the_arena_and_the_own_writer_with_alloc_as_well() {
        let arms = Peer::ALL.map(arm);
        let all = [
            &arms[..],
            &[arm(Peer::FidiusRaw).owned(), arm(Peer::Fidius).owned()],
            &[arm(Peer::FidiusRaw).raw()],
        ]
        .concat();
        let [steady, hopping] = matches(&work(&all), &files());
        let names = |matches: &[Match]| -> Vec<String> {
            let name = |found: &Match| {
                let short = |name: &str| name.replacen("peers/u64/", "", 1);
                format!(
                    "{} {}",
                    short(&found.candidate.name),
                    short(&found.baseline.name)
                )
            };
            matches.iter().map(name).collect()
        };
        assert_eq!(steady.len(), 10, "{:?}", names(&steady));
        assert!(names(&steady).contains(&"arena-own-writer alloc".to_owned()));
        let owned = names(&steady)
            .into_iter()
            .find(|name| name.contains("owned"));
        assert!(owned.is_some_and(|name| name.matches("owned").count() == 2));
        // On one core and on two.
        assert_eq!(hopping.len(), 12, "{:?}", names(&hopping));
        let unpinned = "fidius/unpinned arena/unpinned".to_owned();
        assert!(names(&hopping).contains(&unpinned));
        // Both of Fidius' backends, with a producer that allocates each item.
        let backends = "fidius-wasm fidius/owned-producer".to_owned();
        assert!(names(&hopping).contains(&backends), "{:?}", names(&hopping));
    }

    #[test]
    fn both_sides_of_a_whole_stream_drain_as_many_items() {
        let [steady, hopping] =
            matches(&work(&[arm(Peer::Arrow1024), arm(Peer::Socket)]), &files());
        for found in steady.iter().chain(&hopping) {
            assert!(found.candidate.items.is_some());
            assert_eq!(found.baseline.items, found.candidate.items);
        }
    }

    #[test]
    fn each_way_of_a_channel_is_compared_with_the_release_and_threads_are_pinned_and_not() {
        let all: Vec<Work> = channels::arms().map(Work::from).collect();
        let [steady, hopping] = matches(&all, &files());
        let names = |all: &[Match]| -> Vec<[String; 2]> {
            let names = |it: &Match| [&it.baseline, &it.candidate].map(|arm| arm.name.clone());
            all.iter().map(names).collect()
        };
        let pair =
            |item: &str, way: &str| ["released", way].map(|way| format!("channels/{item}-{way}"));
        assert!(names(&steady).contains(&pair("u64/client", "both")));
        assert!(names(&hopping).contains(&pair("u64/bidi", "host")));
        let strategies = ["unary", "unary-arena"].map(|it| format!("channels/u64/{it}-released"));
        assert!(names(&steady).contains(&strategies));
        assert!(names(&hopping).contains(&pair("u64/bidi", "host").map(|it| it + "/unpinned")));
        for [baseline, candidate] in names(&steady).iter().chain(&names(&hopping)) {
            let end = |name: &str| name.rsplit_once("/after-").map(|(_, end)| end.to_owned());
            assert_eq!(end(baseline), end(candidate));
            let is_model = candidate.ends_with("/bidi-pair") && baseline.ends_with("/bidi-pull");
            assert!(baseline.contains("-released") || is_model, "{baseline}");
        }
    }

    #[test]
    fn a_comparison_says_why_an_arm_has_one_layout() {
        let mut comparisons = vec![Comparison {
            baseline: format!("{}/unpinned", arm(Peer::Arena).id()),
            candidate: format!("{}/unpinned", arm(Peer::Socket).id()),
            layouts: 5,
            why: "too wide".to_owned(),
            ..Comparison::default()
        }];
        say_why_one_layout(&mut comparisons, &work(&[arm(Peer::Socket)]), &files());
        let [found] = comparisons.as_slice() else {
            panic!("there is one")
        };
        let why = "too wide; one link layout: producer and consumer are in the executable";
        assert_eq!((found.layouts, found.why.as_str()), (1, why));
    }
}
