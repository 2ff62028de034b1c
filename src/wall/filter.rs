//! Which cases a filter of `cargo bench` means: criterion matches its own names, and a person
//! may know a case by its id.

use regex::Regex;

use super::label::Label;
use crate::case::Case;

/// Criterion's options that take a value; the filter is the first word that is neither an
/// option nor the value of one.
const VALUED: [&str; 20] = [
    "--baseline",
    "--baseline-lenient",
    "--color",
    "--colour",
    "--confidence-level",
    "--format",
    "--load-baseline",
    "--logfile",
    "--measurement-time",
    "--noise-threshold",
    "--nresamples",
    "--output-format",
    "--plotting-backend",
    "--profile-time",
    "--sample-size",
    "--save-baseline",
    "--significance-level",
    "--warm-up-time",
    "-b",
    "-c",
];

/// What a target times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selected {
    /// What criterion makes of its arguments.
    AsCriterion,
    /// The labels that match this regular expression: the filter was of case ids.
    Labels(String),
    /// Nothing has such a name: the filter.
    Nothing(String),
}

impl Selected {
    /// What the arguments of a target with these cases mean.
    pub fn of(arguments: &[String], cases: &[Case]) -> Self {
        let mut words = arguments.iter();
        let mut filter = None;
        while let Some(word) = words.next() {
            if VALUED.contains(&word.as_str()) {
                words.next();
            } else if !word.starts_with('-') {
                filter = Some(word);
                break;
            }
        }
        let Some(filter) = filter else {
            return Self::AsCriterion;
        };
        let exact = arguments.iter().any(|word| word == "--exact");
        // What is no expression is criterion's to refuse.
        let Ok(regex) = Regex::new(filter) else {
            return Self::AsCriterion;
        };
        let meant = |name: &str| match exact {
            true => name == filter,
            false => regex.is_match(name),
        };
        let label = |case: &Case| Label::of(case).to_string();
        if cases.iter().any(|case| meant(&label(case))) {
            return Self::AsCriterion;
        }
        let of_ids = cases.iter().filter(|case| meant(&case.id()));
        let of_ids: Vec<String> = of_ids.map(|case| regex::escape(&label(case))).collect();
        match of_ids.is_empty() {
            true => Self::Nothing(filter.clone()),
            false => Self::Labels(format!("^({})$", of_ids.join("|"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::catalog;

    fn selected(arguments: &[&str]) -> Selected {
        let arguments: Vec<String> = arguments.iter().map(|&word| word.to_owned()).collect();
        Selected::of(&arguments, &catalog::drains())
    }

    fn timed(selected: &Selected) -> Vec<String> {
        let Selected::Labels(pattern) = selected else {
            panic!("{selected:?}")
        };
        let regex = Regex::new(pattern).expect("made of escaped names");
        let drains = catalog::drains();
        let drains = drains.iter();
        drains
            .filter(|case| regex.is_match(&Label::of(case).to_string()))
            .map(Case::id)
            .collect()
    }

    #[test]
    fn a_case_is_found_by_its_id_where_criterion_calls_it_something_else() {
        let found = selected(&["--bench", "--save-baseline", "x", "blob-4KiB/arena$"]);
        assert_eq!(timed(&found), ["drain/blob-4KiB/arena"]);
        let found = selected(&["drain/u64/arena", "--exact"]);
        assert_eq!(timed(&found), ["drain/u64/arena"]);
    }

    #[test]
    fn criterion_s_own_names_and_arguments_without_a_filter_are_left_to_it() {
        for arguments in [
            &["--bench"][..],
            &["--save-baseline", "blob-4KiB"],
            &["drain/blob/arena/4KiB"],
            &["("],
        ] {
            assert_eq!(selected(arguments), Selected::AsCriterion, "{arguments:?}");
        }
    }

    #[test]
    fn a_name_that_is_nobody_s_is_said() {
        let nothing = Selected::Nothing("blub".to_owned());
        assert_eq!(selected(&["--bench", "blub"]), nothing);
    }
}
