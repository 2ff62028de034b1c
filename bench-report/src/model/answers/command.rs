//! The commands that reproduce the answers of a record.
//!
//! A run is repeated as it was made: with the options that its numbers depend on, and
//! under the tunables of its wall clock. What a record calls its command is only text,
//! which a reader may paste into a shell: nothing but the options of a run of this tool
//! comes back, and every word of it quoted.

use bench_record::wire::Environment;

/// Where a run puts its record unless told otherwise.
const USUAL_RECORD: &str = "results/latest.json";
/// What any run of this tool begins with.
const RUN: [&str; 2] = ["arena-bench", "run"];

/// The run that made the record; where it had no filter of its own, of the cases of an
/// answer alone. What was made by something else is told as a run of those cases.
pub fn run(environment: &Environment, filter: &str) -> String {
    let mut words = without(&recorded(environment), "--output");
    if !words.iter().any(|word| is_option(word, "--filter")) {
        words.extend(["--filter", filter]);
    }
    line(environment.clock_tunables(), &RUN, &words)
}

/// A run of the cases of an answer that the record lacks: neither its filter nor what it
/// skipped, for these may be the reason.
pub fn run_of_missing(environment: &Environment, filter: &str) -> String {
    let mut words = recorded(environment);
    for option in ["--output", "--filter", "--skip"] {
        words = without(&words, option);
    }
    words.extend(["--filter", filter]);
    line(environment.clock_tunables(), &RUN, &words)
}

/// The run that made the record, whole; nothing where something else made it.
pub fn whole_run(environment: &Environment) -> Option<String> {
    let words = without(&recorded(environment), "--output");
    is_run(&environment.command).then(|| line(environment.clock_tunables(), &RUN, &words))
}

/// Glibc's copies by registers, and a heap that gives nothing back to the system.
const HEAP_KEPT: &str = "glibc.cpu.x86_rep_movsb_threshold=0x7fffffff:\
    glibc.malloc.mmap_threshold=0x40000000:glibc.malloc.trim_threshold=0x40000000:\
    glibc.malloc.top_pad=0x4000000";

/// Ratios of some cases where malloc's large blocks come from the heap, which stays.
pub fn run_with_heap_kept(filter: &str) -> String {
    let options = ["--filter", filter, "--skip", "criterion,counts"];
    line(Some(HEAP_KEPT), &RUN, &options)
}

/// A verb with its options that adds to the record of a run, under the tunables of
/// `under`: of what it added, where that was made under others than the run.
pub fn into_record(environment: &Environment, under: &Environment, verb: &[&str]) -> String {
    let words = recorded(environment);
    let output = words.iter().enumerate().find_map(|(at, word)| match *word {
        "--output" => words.get(at + 1).copied(),
        word => word.strip_prefix("--output="),
    });
    let record = output.unwrap_or(USUAL_RECORD);
    let tool = [&RUN[..1], verb].concat();
    line(under.clock_tunables(), &tool, &["--into", record])
}

/// The options of the run that made the record, but for those that say how far it had
/// come; none where something else made it.
fn recorded(environment: &Environment) -> Vec<&str> {
    if !is_run(&environment.command) {
        return Vec::new();
    }
    let words: Vec<&str> = environment.command.split(' ').skip(RUN.len()).collect();
    let words = without(&words, "--shard");
    let passing = ["", "--resume", "--json"];
    words
        .into_iter()
        .filter(|word| !passing.contains(word))
        .collect()
}

/// Whether a command is a run of this tool, in characters that no quote of a shell or of
/// Markdown ends at.
fn is_run(command: &str) -> bool {
    let plain = |c: char| matches!(c, ' '..='~') && !matches!(c, '\'' | '`' | '<' | '>');
    command.chars().all(plain) && command.split(' ').take(RUN.len()).eq(RUN)
}

fn is_option(word: &str, option: &str) -> bool {
    let rest = word.strip_prefix(option);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
}

/// The words without an option and its value, which may be a word of its own.
fn without<'w>(words: &[&'w str], option: &str) -> Vec<&'w str> {
    let mut left = Vec::new();
    let mut rest = words.iter();
    while let Some(&word) = rest.next() {
        if word == option {
            rest.next();
        } else if !is_option(word, option) {
            left.push(word);
        }
    }
    left
}

/// A command line for a shell, under these tunables where they are nothing but tunables.
fn line(tunables: Option<&str>, tool: &[&str], options: &[&str]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._=:,-".contains(c);
    let tunables = tunables
        .filter(|tunables| tunables.chars().all(plain))
        .map(|tunables| format!("GLIBC_TUNABLES={tunables}"));
    let words = tool.iter().chain(options).map(|word| quoted(word));
    tunables
        .into_iter()
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ")
}

/// A word as a shell takes it for itself.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./,:+%".contains(c);
    if word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{word}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made_by(command: &str) -> Environment {
        Environment {
            command: command.to_owned(),
            ..Environment::default()
        }
    }

    #[test]
    fn a_full_run_is_narrowed_to_the_cases_of_the_answer() {
        let full = made_by("arena-bench run --resume --output results/x.json");
        assert_eq!(run(&full, "^drain/"), "arena-bench run --filter '^drain/'");
    }

    #[test]
    fn a_run_of_some_cases_is_repeated_with_its_own_options() {
        let quick = made_by("arena-bench run --quick --filter ^drain/(u64|blob) --skip counts");
        let expected = "arena-bench run --quick --filter '^drain/(u64|blob)' --skip counts";
        assert_eq!(run(&quick, "^drain/"), expected);
        assert_eq!(whole_run(&quick).as_deref(), Some(expected));
        let equals = made_by("arena-bench run --filter=u64");
        assert_eq!(run(&equals, "^drain/"), "arena-bench run --filter=u64");
    }

    #[test]
    fn merged_shards_are_repeated_as_one_run() {
        let shard = made_by("arena-bench run --shard 1/4 --output=shard-1.json --budget 2");
        let whole = whole_run(&shard);
        assert_eq!(whole.as_deref(), Some("arena-bench run --budget 2"));
    }

    #[test]
    fn what_a_record_lacks_is_measured_without_its_own_filter_and_gaps() {
        let other = made_by("arena-bench run --filter ^client/ --skip=counts --seed 4");
        let told = run_of_missing(&other, "^drain/");
        assert_eq!(told, "arena-bench run --seed 4 --filter '^drain/'");
    }

    #[test]
    fn pinned_tunables_of_the_wall_clock_stand_before_the_command() {
        let mut pinned = made_by("arena-bench run --quick");
        let tunables = "glibc.cpu.x86_rep_movsb_threshold=0x7fffffff";
        let key = "tunables_of_wall_clock".to_owned();
        pinned.observed.insert(key.clone(), tunables.to_owned());
        let told = run(&pinned, "^drain/");
        let expected =
            format!("GLIBC_TUNABLES={tunables} arena-bench run --quick --filter '^drain/'");
        assert_eq!(told, expected);
        pinned.observed.insert(key, "x; rm -rf ~".to_owned());
        assert!(!run(&pinned, "^drain/").contains("rm"));
    }

    #[test]
    fn a_verb_adds_to_the_record_that_the_run_wrote() {
        let verb = ["growth", "--time"];
        for (command, record) in [
            (
                "arena-bench run --output results/full.json",
                "results/full.json",
            ),
            ("arena-bench run --output=full.json", "full.json"),
            ("arena-bench run", USUAL_RECORD),
            ("", USUAL_RECORD),
        ] {
            let run = made_by(command);
            let told = into_record(&run, &run, &verb);
            assert_eq!(told, format!("arena-bench growth --time --into {record}"));
        }
    }

    #[test]
    fn a_command_that_is_no_run_of_this_tool_is_not_repeated() {
        for command in [
            "",
            "rm -rf ~",
            "peers run --output x.json",
            "arena-bench run `id`",
            "arena-bench run '; id; '",
            "arena-bench run\nid",
        ] {
            let told = run(&made_by(command), "^drain/");
            assert_eq!(told, "arena-bench run --filter '^drain/'", "{command:?}");
            assert_eq!(whole_run(&made_by(command)), None);
        }
        let told = run(&made_by("arena-bench run ; id $(id)"), "^drain/");
        let quoted = "arena-bench run ';' id '$(id)' --filter '^drain/'";
        assert_eq!(told, quoted, "what is left is words for the tool");
    }
}
