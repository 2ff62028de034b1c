//! Guests that misbehave, in one way or two at once, from a random item on, under every
//! verb that runs their code.

use std::process::Command;

use rand::RngExt;
use serde_json::Value;

use crate::case::{Case, Verdict};
use crate::run::Outcome;

/// Behaviours that break no promise: a guest may pass with them.
const HARMLESS: &[&str] = &[
    "15-us",
    "avx-512",
    "change-folder",
    "clear-environment",
    "eight-GiB",
    "empty",
    "helper",
    "load-prints",
    "mask",
    "no-files",
    "print",
    "short",
    "slow-item",
    "table-text-long",
    "table-text-null",
];
/// Behaviours that take the whole time limit, which is a minute for some verbs.
const SLOW: &[&str] = &[
    "deaf",
    "drop-hangs",
    "eight-GiB",
    "flood-for-ever",
    "helper-and-sleep",
    "load-sleeps",
    "loop",
    "open-sleeps",
    "sleep",
    "slow-item",
    "stop",
    "stop-parent",
    "table-sleeps",
    "unload-sleeps",
];
/// Items that a guest is asked for, and the last one from which on it may misbehave.
const ITEMS: u64 = 200;
const LAST_START: u64 = 150;

/// What a guest is given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Guest,
    Against,
    Verify,
    Run,
    Growth,
    Compare,
    Ladder,
}

/// Verbs as often as they are drawn: those that are quick more often.
const VERBS: &[Verb] = &[
    Verb::Guest,
    Verb::Guest,
    Verb::Guest,
    Verb::Guest,
    Verb::Against,
    Verb::Verify,
    Verb::Verify,
    Verb::Run,
    Verb::Growth,
    Verb::Compare,
    Verb::Ladder,
];

/// A guest under a verb.
pub fn case(case: &mut Case<'_>) -> Verdict {
    let verb = *case.one(VERBS);
    let (modes, at) = behaviour(case, verb);
    let guest = case.setup.guest.clone();
    let arguments =
        |words: &[&str]| -> Vec<std::ffi::OsString> { words.iter().map(Into::into).collect() };
    let of_guest = [
        "--no-counts",
        "--json",
        "--items",
        "200",
        "--seconds",
        "0.05",
    ];
    let mut command = match verb {
        Verb::Guest | Verb::Against => {
            let mut words = arguments(&["guest"]);
            words.push(guest.clone().into());
            words.extend(arguments(&of_guest));
            words.extend(["--pair".into(), case.setup.pair.clone().into()]);
            if verb == Verb::Against {
                let save = [&words[..], &arguments(&["--save", "kept"])].concat();
                case.succeeds(save)?;
                words.extend(arguments(&["--against", "kept", "--delta", "50"]));
            }
            case.program(words)
        }
        _ => {
            let words = match verb {
                Verb::Verify => vec!["verify", "--json", "--filter", "^drain/u64/arena$"],
                Verb::Run => vec![
                    "run",
                    "--filter",
                    "^drain/u64/(arena|alloc)$",
                    "--skip",
                    "criterion,counts",
                    "--budget",
                    "0.1",
                    "--output",
                    "run.json",
                ],
                Verb::Growth => vec!["growth", "--json", "--plan", "ramp"],
                Verb::Compare => vec![
                    "compare",
                    "--json",
                    "--filter",
                    "^drain/u64/(arena|alloc)$",
                    "--no-counts",
                    "--budget",
                    "0.1",
                    "--self",
                ],
                _ => vec!["ladder", "--verify-only", "--filter", "^u64$"],
            };
            let mut words = arguments(&words);
            words.extend(["--pair".into(), case.setup.hostile_pair.clone().into()]);
            case.program(words)
        }
    };
    let outcome = hostile(case, &mut command, &modes, at)?;
    is_right(verb, &modes, &outcome)
}

/// One behaviour or two, and the item from which on.
fn behaviour(case: &mut Case<'_>, verb: Verb) -> (Vec<String>, u64) {
    let allowed = |mode: &&String| {
        matches!(verb, Verb::Guest | Verb::Against) || !SLOW.contains(&mode.as_str())
    };
    let all: Vec<String> = case.setup.modes.iter().filter(allowed).cloned().collect();
    let count = if case.rng.random_bool(0.75) { 1 } else { 2 };
    let modes = (0..count).map(|_| case.one(&all).clone()).collect();
    let at = case.rng.random_range(0..=LAST_START);
    (modes, at)
}

fn hostile(
    case: &Case<'_>,
    command: &mut Command,
    modes: &[String],
    at: u64,
) -> Result<Outcome, String> {
    debug_assert!(at < ITEMS);
    command
        .env("HOSTILE", modes.join(","))
        .env("HOSTILE_AT", at.to_string())
        .env("HOSTILE_PID", case.path("helper-pid"));
    let outcome = case.run(command)?;
    outcome.decent()?;
    Ok(outcome)
}

fn is_right(verb: Verb, modes: &[String], outcome: &Outcome) -> Verdict {
    let is_json = serde_json::from_str::<Value>(&outcome.stdout).is_ok();
    let speaks_json = match verb {
        Verb::Guest | Verb::Against => outcome.code() != Some(2),
        // Of a pair that cannot be loaded it says so, and has no rows.
        Verb::Verify => !outcome.stdout.is_empty(),
        _ => false,
    };
    if speaks_json && !is_json {
        return Err(outcome.lost("its JSON is none"));
    }
    // The items of this guest are not those of the generator: no pair verb may pass it.
    let harmless = |mode: &String| HARMLESS.contains(&mode.as_str());
    let is_fault = match verb {
        Verb::Guest | Verb::Against => modes.len() == 1 && !modes.iter().all(harmless),
        _ => true,
    };
    if is_fault && outcome.code() == Some(0) {
        return Err(outcome.lost("passed"));
    }
    Ok(())
}
