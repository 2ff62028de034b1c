//! Shards into one record: nothing twice, nothing missing, one environment.
//!
//! A run of many cases may be split over jobs. What they bring back is one run
//! only if it was one machine, one toolchain and one pair; else their numbers
//! do not belong beside each other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::growth::Growth;
use super::query::Difference;
use super::validate::parse_shard;
use super::wire::{Environment, Record, SelfCheck};

/// Why shards are not one run.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    #[error("no shard given; expected the records of all shards of one run")]
    Nothing,
    #[error(
        "{} is no shard: environment.shard is empty; expected a record of `arena-bench run --shard K/N`",
        path.display()
    )]
    NoShard { path: PathBuf },
    #[error("{} is shard {left} and {} is shard {right}: not of one split; give shards of one run", left_path.display(), right_path.display())]
    OtherSplit {
        left_path: PathBuf,
        left: String,
        right_path: PathBuf,
        right: String,
    },
    #[error("{} and {} overlap: both hold {what}; give each shard once", left.display(), right.display())]
    Overlap {
        left: PathBuf,
        right: PathBuf,
        what: String,
    },
    #[error("missing shard {}: expected all {of} of them; run what is missing", missing.join(", "))]
    Missing { missing: Vec<String>, of: u32 },
    #[error(
        "{} and {} are of differing environments and cannot be one record: {}; \
         run all shards on one kind of machine from one build",
        left.display(), right.display(), list(differences)
    )]
    Environment {
        left: PathBuf,
        right: PathBuf,
        differences: Vec<Difference>,
    },
    #[error("{0}; merge with the version that made the shards")]
    Growth(String),
}

/// Joins the growth sections of all shards, given the record with all their cases:
/// what costs what is judged anew, which is not this crate's matter.
pub type JoinGrowth<'a> = &'a dyn Fn(&[&Growth], &Record) -> Result<Growth, String>;

fn list(differences: &[Difference]) -> String {
    let all: Vec<_> = differences.iter().map(ToString::to_string).collect();
    all.join("; ")
}

/// Joins all shards of one run; the paths are for the errors alone.
///
/// The merged record spans from the earliest start to the latest finish. Its
/// self-check is the least favourable one of the shards, and is trusted only
/// where all of them are.
pub fn merge(
    shards: Vec<(PathBuf, Record)>,
    join_growth: JoinGrowth<'_>,
) -> Result<Record, MergeError> {
    let shards = in_order(shards)?;
    let (first_path, first) = shards.first().ok_or(MergeError::Nothing)?;
    for (path, record) in &shards[1..] {
        let differences = first.environment.differences(&record.environment);
        if !differences.is_empty() {
            return Err(MergeError::Environment {
                left: first_path.clone(),
                right: path.clone(),
                differences,
            });
        }
    }
    refuse_overlap(&shards)?;
    let mut merged = Record {
        schema: first.schema.clone(),
        self_check: self_check(&shards),
        ..Record::new(environment(&shards))
    };
    let mut growth: Vec<Growth> = Vec::new();
    let mut ladders = Vec::new();
    for (_, record) in shards {
        merged.cases.extend(record.cases);
        merged.comparisons.extend(record.comparisons);
        merged.failures.extend(record.failures);
        growth.extend(record.growth);
        ladders.extend(record.ladder);
        merged.lab = record.lab.or(merged.lab);
    }
    for ladder in ladders {
        merged.ladder.get_or_insert_default().update(ladder);
    }
    if !growth.is_empty() {
        let growth: Vec<&Growth> = growth.iter().collect();
        merged.growth = Some(join_growth(&growth, &merged).map_err(MergeError::Growth)?);
    }
    Ok(merged)
}

/// The shards from 1 to N, each once.
fn in_order(shards: Vec<(PathBuf, Record)>) -> Result<Vec<(PathBuf, Record)>, MergeError> {
    let mut split: Option<(PathBuf, String, u32)> = None;
    let mut by_number: BTreeMap<u32, (PathBuf, Record)> = BTreeMap::new();
    for (path, record) in shards {
        let shard = record.environment.shard.clone().unwrap_or_default();
        let Some((number, of)) = parse_shard(&shard) else {
            return Err(MergeError::NoShard { path });
        };
        let (left_path, left, n) = split.get_or_insert_with(|| (path.clone(), shard.clone(), of));
        if *n != of {
            return Err(MergeError::OtherSplit {
                left_path: left_path.clone(),
                left: left.clone(),
                right_path: path,
                right: shard,
            });
        }
        if let Some((left, _)) = by_number.get(&number) {
            return Err(MergeError::Overlap {
                left: left.clone(),
                right: path,
                what: format!("shard {shard}"),
            });
        }
        by_number.insert(number, (path, record));
    }
    let of = split.map_or(0, |(_, _, of)| of);
    let missing: Vec<_> = (1..=of)
        .filter(|number| !by_number.contains_key(number))
        .map(|number| format!("{number}/{of}"))
        .collect();
    if !missing.is_empty() {
        return Err(MergeError::Missing { missing, of });
    }
    Ok(by_number.into_values().collect())
}

fn refuse_overlap(shards: &[(PathBuf, Record)]) -> Result<(), MergeError> {
    let mut holders: BTreeMap<String, &Path> = BTreeMap::new();
    for (path, record) in shards {
        let failed = record.failures.iter().map(|failure| &failure.id);
        let cases = record.cases.iter().map(|case| &case.id);
        // A case may fail in one count and still be there, in one shard.
        let mut cases: Vec<_> = cases.chain(failed).map(|id| format!("case {id}")).collect();
        cases.sort();
        cases.dedup();
        let comparisons = record
            .comparisons
            .iter()
            .map(|c| format!("the comparison of {} against {}", c.candidate, c.baseline));
        for what in cases.into_iter().chain(comparisons) {
            if let Some(left) = holders.insert(what.clone(), path) {
                return Err(MergeError::Overlap {
                    left: left.to_owned(),
                    right: path.clone(),
                    what,
                });
            }
        }
    }
    Ok(())
}

fn environment(shards: &[(PathBuf, Record)]) -> Environment {
    let environments = || shards.iter().map(|(_, record)| &record.environment);
    let mut merged = environments().next().cloned().unwrap_or_default();
    merged.shard = None;
    let instant = |time: &String| time.parse::<jiff::Timestamp>().ok();
    let times = |of: fn(&Environment) -> &String| {
        environments().map(of).filter(move |t| instant(t).is_some())
    };
    if let Some(started) = times(|env| &env.started).min_by_key(|time| instant(time)) {
        merged.started.clone_from(started);
    }
    if let Some(finished) = times(|env| &env.finished).max_by_key(|time| instant(time)) {
        merged.finished.clone_from(finished);
    }
    let commands: Vec<_> = environments().map(|env| env.command.as_str()).collect();
    merged.command = commands.join(" && ");
    // What each shard observed of its own hour stays apart.
    merged.observed = environments()
        .flat_map(|env| {
            let shard = env.shard.as_deref().unwrap_or_default();
            env.observed
                .iter()
                .map(move |(name, value)| (format!("shard {shard}: {name}"), value.clone()))
        })
        .collect();
    merged
}

fn self_check(shards: &[(PathBuf, Record)]) -> Option<SelfCheck> {
    let checks = || {
        shards.iter().filter_map(|(_, record)| {
            let shard = record.environment.shard.as_deref().unwrap_or_default();
            record.self_check.as_ref().map(|check| (shard, check))
        })
    };
    let reach = |check: &SelfCheck| check.low.ln().abs().max(check.high.ln().abs());
    let (shard, worst) = checks().max_by(|(_, a), (_, b)| {
        let trust = a.trusted.cmp(&b.trusted).reverse();
        trust.then(reach(a).total_cmp(&reach(b)))
    })?;
    let mut merged = worst.clone();
    merged.why = format!("shard {shard}: {}", worst.why);
    merged.comparisons = checks().flat_map(|(_, c)| c.comparisons.clone()).collect();
    if let Some((_, record)) = shards.iter().find(|(_, r)| r.self_check.is_none()) {
        let shard = record.environment.shard.as_deref().unwrap_or_default();
        merged.trusted = false;
        merged.why = format!("shard {shard} carries no A/A comparison");
    }
    Some(merged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    /// A record split into `of` shards, and the record.
    fn split(of: u32) -> (Vec<(PathBuf, Record)>, Record) {
        let whole = synthetic::record(5);
        let shard = |number: u32| {
            let mut part = whole.clone();
            part.environment.shard = Some(format!("{number}/{of}"));
            let mine = |id: &str| {
                let digits = id.chars().filter_map(|c| c.to_digit(10));
                digits.sum::<u32>() % of == number - 1
            };
            part.cases.retain(|case| mine(&case.id));
            part.comparisons.retain(|c| mine(&c.candidate));
            (PathBuf::from(format!("{number}.json")), part)
        };
        ((1..=of).map(shard).collect(), whole)
    }

    fn joined(shards: Vec<(PathBuf, Record)>) -> Result<Record, MergeError> {
        merge(shards, &|_, _| unreachable!("no shard has growth"))
    }

    fn refused(shards: Vec<(PathBuf, Record)>) -> String {
        joined(shards).expect_err("refused").to_string()
    }

    #[test]
    fn shards_in_any_order_give_back_the_whole_run() {
        let (mut shards, mut whole) = split(3);
        shards.rotate_left(1);
        let mut merged = joined(shards).expect("merged");
        for record in [&mut merged, &mut whole] {
            record.cases.sort_by(|a, b| a.id.cmp(&b.id));
            record
                .comparisons
                .sort_by(|a, b| a.candidate.cmp(&b.candidate));
        }
        assert_eq!(merged.cases, whole.cases);
        assert_eq!(merged.comparisons, whole.comparisons);
        assert_eq!(merged.environment.shard, None);
    }

    #[test]
    fn missing_shards_are_named() {
        let (mut shards, _) = split(4);
        shards.remove(3);
        shards.remove(1);
        assert!(refused(shards).contains("missing shard 2/4, 4/4"));
        assert!(matches!(joined(Vec::new()), Err(MergeError::Nothing)));
    }

    #[test]
    fn a_shard_or_a_case_that_comes_twice_is_named() {
        let (mut shards, whole) = split(2);
        let mut again = shards.clone();
        again[1] = (PathBuf::from("copy.json"), shards[0].1.clone());
        let message = refused(again);
        assert!(
            message.contains("1.json and copy.json overlap: both hold shard 1/2"),
            "{message}"
        );
        shards[0].1.cases = whole.cases;
        let message = refused(shards);
        assert!(
            message.contains("1.json and 2.json overlap: both hold case drain/case-001/al"),
            "{message}"
        );
    }

    #[test]
    fn differing_environments_say_in_what() {
        let (mut shards, _) = split(2);
        shards[1].1.environment.cpu = "Other".to_owned();
        shards[1].1.environment.guest_sha256 = "ff".to_owned();
        let message = refused(shards);
        assert!(
            message.contains(r#"cpu: "Synthetic 1" and "Other""#),
            "{message}"
        );
        assert!(message.contains("guest_sha256"), "{message}");
    }

    #[test]
    fn whole_records_and_shards_of_another_split_are_refused() {
        let (mut shards, whole) = split(2);
        shards[1].1.environment.shard = Some("2/3".to_owned());
        assert!(refused(shards).contains("not of one split"));
        assert!(refused(vec![(PathBuf::from("w.json"), whole)]).contains("w.json is no shard"));
    }

    #[test]
    fn one_untrusted_shard_makes_the_whole_untrusted() {
        let (mut shards, _) = split(3);
        let check = shards[1].1.self_check.as_mut().expect("has a check");
        check.trusted = false;
        check.why = "steal time".to_owned();
        let merged = joined(shards.clone()).expect("merged");
        let check = merged.self_check.expect("has a check");
        assert!(!check.trusted);
        assert_eq!(check.why, "shard 2/3: steal time");
        shards[1].1.self_check = None;
        let merged = joined(shards).expect("merged");
        let check = merged.self_check.expect("has a check");
        assert!(!check.trusted);
        assert_eq!(check.why, "shard 2/3 carries no A/A comparison");
    }

    #[test]
    fn the_merged_run_spans_all_shards() {
        let (mut shards, _) = split(2);
        shards[1].1.environment.started = "2023-01-01T00:00:00+02:00".to_owned();
        shards[1].1.environment.finished = "2025-01-01T00:00:00Z".to_owned();
        let environment = joined(shards).expect("merged").environment;
        assert_eq!(environment.started, "2023-01-01T00:00:00+02:00");
        assert_eq!(environment.finished, "2025-01-01T00:00:00Z");
    }
}
