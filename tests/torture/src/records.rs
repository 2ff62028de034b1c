//! Records, histories, limits and kept guests that are damaged: each is read as what it is
//! or refused with a sentence, and nothing else is lost with it.

use std::fs;
use std::path::Path;

use rand::RngExt;
use serde_json::{Value, json};

use crate::case::{Case, Verdict};
use crate::mutate::mutated;

const FORMATS: &[&str] = &["github-action-benchmark", "bmf", "benchfmt", "csv"];

/// A damaged file, given to a verb.
pub fn case(case: &mut Case<'_>) -> Verdict {
    match case.rng.random_range(0..12) {
        0..2 => report(case),
        2..4 => export(case),
        4..6 => add(case),
        6 => merge(case),
        7..9 => gate(case),
        9 => accept(case),
        10 => limits(case),
        _ => history(case),
    }
}

fn io(what: std::io::Error) -> String {
    format!("torture: {what}")
}

/// A record as it is kept: mostly a small one.
fn whole(case: &mut Case<'_>) -> Result<Vec<u8>, String> {
    let all = &case.setup.records;
    let path = match case.rng.random_range(0..20_usize) {
        0..8 => &case.setup.record,
        at @ 8..11 => &all[(at - 8).min(all.len() - 1)],
        _ => &all[0],
    };
    fs::read(path).map_err(io)
}

/// A damaged record in a file.
fn damaged(case: &mut Case<'_>, name: &str) -> Result<Vec<u8>, String> {
    let bytes = whole(case)?;
    let bytes = mutated(&bytes, &mut case.rng);
    fs::write(case.path(name), &bytes).map_err(io)?;
    Ok(bytes)
}

/// That a file is as it was.
fn kept(case: &Case<'_>, name: &str, bytes: &[u8]) -> Verdict {
    match fs::read(case.path(name)) {
        Ok(found) if found == bytes => Ok(()),
        _ => Err(format!("{name} was changed")),
    }
}

fn report(case: &mut Case<'_>) -> Verdict {
    let bytes = damaged(case, "damaged.json")?;
    let outcome = case.decent(["report", "damaged.json", "--out", "page"])?;
    let page = case.path("page/index.html");
    match outcome.code() {
        Some(0) if !page.exists() => return Err(outcome.lost("no page, and status 0")),
        Some(0) => {}
        _ if page.exists() => return Err(outcome.lost("a page of what was refused")),
        _ => {}
    }
    kept(case, "damaged.json", &bytes)
}

fn export(case: &mut Case<'_>) -> Verdict {
    let bytes = damaged(case, "damaged.json")?;
    let format = *case.one(FORMATS);
    let arguments = ["export", "damaged.json", "--format", format, "-o", "out"];
    let outcome = case.decent(arguments)?;
    let out = fs::read_to_string(case.path("out"));
    match (outcome.code(), out) {
        (Some(0), Ok(text)) => {
            let is_json = matches!(format, "bmf" | "github-action-benchmark");
            if is_json && serde_json::from_str::<Value>(&text).is_err() {
                return Err(outcome.lost("what it exported is no JSON"));
            }
            // A number, and no part of a name: damage may make `uNaN` of `u64`.
            let mut words = text.split([',', ' ', '\n', '\t']);
            if words.any(|word| word == "NaN") || text.contains('\x1b') {
                return Err(outcome.lost("what it exported is damaged"));
            }
        }
        (Some(0), Err(error)) => return Err(outcome.lost(&format!("status 0, and {error}"))),
        (_, Ok(_)) => return Err(outcome.lost("wrote something of what it refused")),
        _ => {}
    }
    kept(case, "damaged.json", &bytes)
}

/// What is accepted into a history is readable ever after.
fn add(case: &mut Case<'_>) -> Verdict {
    let bytes = damaged(case, "damaged.json")?;
    let record = case.setup.record.clone();
    let good = record.as_os_str();
    case.succeeds([
        "history".as_ref(),
        "add".as_ref(),
        good,
        "--to".as_ref(),
        "h".as_ref(),
    ])?;
    let outcome = case.decent(["history", "add", "damaged.json", "--to", "h"])?;
    let listed = case.succeeds(["history", "list", "h", "--json"])?;
    let entries = entries(&listed.stdout);
    // The same record once more is no failure, and no entry.
    let expected: &[usize] = if outcome.code() == Some(0) {
        &[1, 2]
    } else {
        &[1]
    };
    if !expected.contains(&entries) {
        return Err(outcome.lost(&format!("{entries} entries afterwards")));
    }
    let changes = case.decent(["history", "changes", "h"])?;
    if changes.code() == Some(2) {
        return Err(changes.lost("what was accepted cannot be read"));
    }
    case.succeeds(["report", "--history", "h", "--out", "page"])?;
    kept(case, "damaged.json", &bytes)
}

fn entries(list: &str) -> usize {
    let list: Option<Vec<Value>> = serde_json::from_str(list).ok();
    list.map_or(usize::MAX, |list| list.len())
}

/// A damaged entry costs that entry.
fn history(case: &mut Case<'_>) -> Verdict {
    let text = fs::read(&case.setup.record).map_err(io)?;
    for number in 1..4 {
        let mut record: Value = serde_json::from_slice(&text).map_err(|it| it.to_string())?;
        let environment = &mut record["environment"];
        environment["commit"] = json!(format!("{number:040x}"));
        for name in ["committed", "started", "finished"] {
            environment[name] = json!(format!("2026-11-0{number}T10:00:00Z"));
        }
        fs::write(case.path("one.json"), record.to_string()).map_err(io)?;
        case.succeeds(["history", "add", "one.json", "--to", "h"])?;
    }
    let mut files: Vec<_> = fs::read_dir(case.path("h"))
        .map_err(io)?
        .flatten()
        .collect();
    files.sort_by_key(std::fs::DirEntry::file_name);
    let victim = case.one(&files).path();
    let bytes = mutated(&fs::read(&victim).map_err(io)?, &mut case.rng);
    fs::write(&victim, &bytes).map_err(io)?;
    let listed = case.decent(["history", "list", "h", "--json"])?;
    if !(2..=3).contains(&entries(&listed.stdout)) {
        return Err(listed.lost("a damaged entry took others with it"));
    }
    case.decent(["history", "changes", "h"])?;
    case.decent(["report", "--history", "h", "--out", "page"])?;
    match fs::read(&victim) {
        Ok(found) if found == bytes => Ok(()),
        _ => Err("the damaged entry was changed".to_owned()),
    }
}

/// The shards of the record: every second case each.
fn merge(case: &mut Case<'_>) -> Verdict {
    let text = fs::read(&case.setup.record).map_err(io)?;
    let record: Value = serde_json::from_slice(&text).map_err(|it| it.to_string())?;
    for number in 0..2 {
        let mut shard = record.clone();
        shard["environment"]["shard"] = json!(format!("{}/2", number + 1));
        if let Some(cases) = shard["cases"].as_array_mut() {
            let mut at = 0;
            cases.retain(|_| {
                at += 1;
                at % 2 == number
            });
        }
        let name = format!("{number}.json");
        fs::write(case.path(&name), shard.to_string()).map_err(io)?;
    }
    let victim = *case.one(&["0.json", "1.json"]);
    let bytes = fs::read(case.path(victim)).map_err(io)?;
    let bytes = mutated(&bytes, &mut case.rng);
    fs::write(case.path(victim), &bytes).map_err(io)?;
    let outcome = case.decent(["merge", "0.json", "1.json", "-o", "merged.json"])?;
    let merged = case.path("merged.json").exists();
    if merged != (outcome.code() == Some(0)) {
        return Err(outcome.lost("its status does not fit what it wrote"));
    }
    if merged {
        case.succeeds(["export", "merged.json", "--format", "csv"])?;
    }
    kept(case, victim, &bytes)
}

fn copy(from: &Path, to: &Path) -> Verdict {
    fs::copy(from, to).map(drop).map_err(io)
}

fn gate(case: &mut Case<'_>) -> Verdict {
    let bytes = damaged(case, "damaged.json")?;
    copy(&case.setup.records[0], &case.path("whole.json"))?;
    let (record, baseline) = match case.rng.random_bool(0.5) {
        true => ("damaged.json", "whole.json"),
        false => ("whole.json", "damaged.json"),
    };
    let arguments = [
        "gate",
        record,
        "--baseline",
        baseline,
        "--markdown",
        "gate.md",
    ];
    let outcome = case.decent(arguments)?;
    let written = case.path("gate.md").exists();
    if written != (outcome.code() != Some(2)) {
        return Err(outcome.lost("its status does not fit what it wrote"));
    }
    kept(case, "damaged.json", &bytes)
}

/// A baseline is replaced by a readable one or stays.
fn accept(case: &mut Case<'_>) -> Verdict {
    let bytes = damaged(case, "damaged.json")?;
    copy(&case.setup.records[0], &case.path("baseline.json"))?;
    let before = fs::read(case.path("baseline.json")).map_err(io)?;
    let arguments = [
        "gate",
        "damaged.json",
        "--baseline",
        "baseline.json",
        "--accept",
    ];
    let outcome = case.decent(arguments)?;
    if outcome.code() == Some(2) {
        kept(case, "baseline.json", &before)?;
    }
    let same = ["gate", "baseline.json", "--baseline", "baseline.json"];
    let again = case.decent(same)?;
    if again.code() == Some(1) {
        return Err(again.lost("what was accepted is a regression of itself"));
    }
    case.succeeds(["export", "baseline.json", "--format", "csv"])?;
    kept(case, "damaged.json", &bytes)
}

fn limits(case: &mut Case<'_>) -> Verdict {
    let limits = br#"{"default": {"instructions_percent": 0.5, "allocations": 0, "boundary_calls": 0, "retries": 0},
        "exceptions": [{"cases": "^drain/u64/", "why": "of a test", "limit": {"instructions_percent": 2}}]}"#;
    let bytes = mutated(limits, &mut case.rng);
    fs::write(case.path("limits.json"), &bytes).map_err(io)?;
    copy(&case.setup.records[0], &case.path("whole.json"))?;
    let arguments = [
        "gate",
        "whole.json",
        "--baseline",
        "whole.json",
        "--limits",
        "limits.json",
    ];
    let outcome = case.decent(arguments)?;
    if outcome.code() == Some(1) {
        return Err(outcome.lost("a record is a regression of itself"));
    }
    kept(case, "limits.json", &bytes)
}
