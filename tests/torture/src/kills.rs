//! The program killed at a random moment while it writes: what was there before stays whole,
//! the same command works again, and then nothing else is left.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rand::RngExt;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::case::{Case, Verdict};
use crate::run::{Kill, Outcome};

/// A verb that writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Report,
    Export,
    Merge,
    Accept,
    History,
    Run,
    Resume,
    Measure,
    Guest,
}

const VERBS: &[Verb] = &[
    Verb::Report,
    Verb::Export,
    Verb::Merge,
    Verb::Accept,
    Verb::History,
    Verb::History,
    Verb::Run,
    Verb::Resume,
    Verb::Measure,
    Verb::Guest,
];

/// A verb, killed.
pub fn case(case: &mut Case<'_>) -> Verdict {
    let verb = *case.one(VERBS);
    inputs(case).map_err(|error| format!("torture: {error}"))?;
    let start = Instant::now();
    works(case, verb, 0)?;
    let time = start.elapsed();
    let before = written(case, verb);
    let listed = listing(&case.folder);
    // A little beyond its end as well.
    let after = time.mul_f64(case.rng.random_range(0.0..1.1));
    let signal = *case.one(&[Signal::KILL, Signal::TERM]);
    let kill = Kill { after, signal };
    let killed = case.kill(&mut case.program(arguments(case, verb, 1)), kill)?;
    let between = written(case, verb);
    let lost = |what: &str| Err(killed.lost(&format!("{what}, {signal:?} after {after:?}")));
    is_readable(case, verb).or_else(|why| lost(&why))?;
    let again = works(case, verb, 1)?;
    is_readable(case, verb)?;
    let end = written(case, verb);
    // Of what each start writes alike: the earlier one or the later one, nothing between.
    let exact = matches!(verb, Verb::Export | Verb::Merge | Verb::Accept);
    if exact && between != before && between != end {
        return lost("what it wrote is neither the earlier nor the later one");
    }
    let mut expected = listed;
    if verb == Verb::History {
        expected.extend(
            listing(&case.folder)
                .into_iter()
                .filter(|path| is_entry(path)),
        );
    }
    let found = listing(&case.folder);
    let left: Vec<_> = found.symmetric_difference(&expected).collect();
    if !left.is_empty() {
        return Err(again.lost(&format!(
            "{left:?} differ after {signal:?} at {after:?} and another start"
        )));
    }
    Ok(())
}

/// Starts the verb to its end.
fn works(case: &Case<'_>, verb: Verb, number: u32) -> Result<Outcome, String> {
    let outcome = case.decent(arguments(case, verb, number))?;
    // A comparison may fail on a machine that is too busy.
    let fine = outcome.code() == Some(0) || verb == Verb::Measure && outcome.code() == Some(1);
    match fine {
        true => Ok(outcome),
        false => Err(outcome.lost("failed where nothing was wrong")),
    }
}

/// Two records that differ, the shards of one, and what a verb needs beside.
fn inputs(case: &Case<'_>) -> Result<(), Box<dyn std::error::Error>> {
    let record: Value = serde_json::from_slice(&fs::read(&case.setup.record)?)?;
    for number in 0..2 {
        let mut one = record.clone();
        let environment = &mut one["environment"];
        environment["commit"] = json!(format!("{:040x}", number + 1));
        for name in ["committed", "started", "finished"] {
            environment[name] = json!(format!("2026-11-0{}T10:00:00Z", number + 1));
        }
        fs::write(case.path(&format!("{number}.json")), one.to_string())?;
        for shard in 0..2 {
            let mut part = one.clone();
            part["environment"]["shard"] = json!(format!("{}/2", shard + 1));
            if let Some(cases) = part["cases"].as_array_mut() {
                let mut at = 0;
                cases.retain(|_| {
                    at += 1;
                    at % 2 == shard
                });
            }
            fs::write(
                case.path(&format!("{number}-{shard}.json")),
                part.to_string(),
            )?;
        }
    }
    Ok(())
}

/// The words of a verb; `number` names its inputs.
fn arguments(case: &Case<'_>, verb: Verb, number: u32) -> Vec<String> {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let record = format!("{number}.json");
    let [first, second] = [0, 1].map(|shard| format!("{number}-{shard}.json"));
    let pair = text(&case.setup.pair);
    let filter = "^drain/u64/";
    let run = [
        "run",
        "--filter",
        filter,
        "--skip",
        "paired,criterion,counts",
        "--seed",
        "1",
        "--output",
        "run.json",
        "--pair",
        &pair,
    ];
    let measure = [
        "run",
        "--filter",
        "^drain/u64/(arena|alloc)$",
        "--skip",
        "criterion,counts",
        "--budget",
        "0.2",
        "--output",
        "run.json",
        "--pair",
        &pair,
    ];
    let words: Vec<&str> = match verb {
        Verb::Measure => measure.to_vec(),
        Verb::Report => vec!["report", &record, "--out", "page"],
        Verb::Export => vec!["export", &record, "--format", "csv", "-o", "out"],
        Verb::Merge => vec!["merge", &first, &second, "--force", "-o", "out"],
        Verb::Accept => vec!["gate", &record, "--baseline", "out", "--accept"],
        Verb::History => vec!["history", "add", &record, "--to", "h"],
        Verb::Run => run.to_vec(),
        Verb::Resume => [&run[..], &["--resume"]].concat(),
        Verb::Guest => {
            let guest = text(&case.setup.guest);
            let words = [
                "guest",
                &guest,
                "--pair",
                &pair,
                "--no-counts",
                "--items",
                "50",
            ];
            let more = ["--seconds", "0.02", "--save", "kept"];
            return words.iter().chain(&more).map(|&it| it.to_owned()).collect();
        }
    };
    words.into_iter().map(str::to_owned).collect()
}

/// The one file that a verb writes, as it is now.
fn written(case: &Case<'_>, verb: Verb) -> Option<Vec<u8>> {
    let name = match verb {
        Verb::Run | Verb::Resume | Verb::Measure => "run.json",
        _ => "out",
    };
    fs::read(case.path(name)).ok()
}

/// That what a verb has written, or left, is readable.
fn is_readable(case: &Case<'_>, verb: Verb) -> Verdict {
    let words = match verb {
        Verb::Merge | Verb::Accept => vec!["export", "out", "--format", "csv"],
        Verb::Run | Verb::Resume | Verb::Measure => {
            case.succeeds(["report", "run.json", "--out", "read"])?;
            let removed = fs::remove_dir_all(case.path("read"));
            return removed.map_err(|error| format!("torture: {error}"));
        }
        Verb::History => vec!["history", "list", "h", "--json"],
        // The pages and tables of one record have no reader of ours.
        Verb::Report | Verb::Export => return Ok(()),
        Verb::Guest => {
            let guest = case.setup.guest.to_string_lossy().into_owned();
            let pair = case.setup.pair.to_string_lossy().into_owned();
            let words = [
                "guest",
                &guest,
                "--pair",
                &pair,
                "--no-counts",
                "--items",
                "50",
            ];
            let more = ["--seconds", "0.02", "--against", "kept", "--delta", "90"];
            case.decent(words.iter().chain(&more))
                .and_then(|outcome| match outcome.code() {
                    Some(2) => Err(outcome.lost("the kept build cannot be read")),
                    _ => Ok(()),
                })?;
            return Ok(());
        }
    };
    case.succeeds(words).map(drop)
}

fn is_entry(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.starts_with("h") && !name.starts_with('.') && name.ends_with(".json")
}

/// Every file and folder below a folder.
fn listing(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(&at).into_iter().flatten().flatten() {
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                open.push(path.clone());
            }
            found.extend(path.strip_prefix(folder).map(Path::to_owned));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_has_hidden_files_and_folders() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join("a")).expect("made");
        fs::write(folder.path().join("a/.b"), "").expect("written");
        let found: Vec<_> = listing(folder.path()).into_iter().collect();
        assert_eq!(found, [PathBuf::from("a"), PathBuf::from("a/.b")]);
    }
}
