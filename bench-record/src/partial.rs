//! What an unfinished run leaves behind: the record so far, and what was asked for.
//!
//! A run that is resumed must have been asked for the same; else its record would
//! hold cases of two settings, and nobody could tell.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::format::to_json;
use crate::input::{self, FileError};
use crate::output;
use crate::store::{self, RecordError};
use crate::wire::Record;

const SCHEMA: &str = "arena-bench/partial/1";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Partial {
    schema: String,
    /// The settings that decide what a record holds, by option: `--delta` is `1`.
    pub asked: BTreeMap<String, String>,
    pub record: Record,
}

/// Why an unfinished run cannot be used or kept.
#[derive(Debug, thiserror::Error)]
pub enum PartialError {
    #[error(
        "{} was not made by this tool, and a run keeps what it has finished under that name: \
         move it away", .0.display()
    )]
    Foreign(PathBuf),
    #[error(
        "cannot resume {}: it was asked for something else: {}; ask for the same, or start anew \
         without --resume", path.display(), differences.join(", ")
    )]
    Asked {
        path: PathBuf,
        differences: Vec<String>,
    },
    #[error("cannot resume: {0}; start anew without --resume")]
    Record(#[from] RecordError),
    #[error(transparent)]
    File(#[from] FileError),
}

/// The file that an unfinished run of `output` leaves behind.
pub fn path_of(output: &Path) -> PathBuf {
    output::beside(output, "partial.json")
}

impl Partial {
    /// A run of which nothing is finished yet.
    pub fn new(asked: BTreeMap<String, String>, record: Record) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            asked,
            record,
        }
    }

    /// The unfinished run in a file; `None` where there is no file.
    pub fn load(path: &Path) -> Result<Option<Self>, PartialError> {
        let bytes = match input::read(path, input::RECORD) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(FileError::new(path, error).into()),
        };
        let foreign = || PartialError::Foreign(path.to_owned());
        let partial: Self = serde_json::from_slice(&bytes).map_err(|_| foreign())?;
        if partial.schema != SCHEMA {
            return Err(foreign());
        }
        store::check(path, &partial.record)?;
        Ok(Some(partial))
    }

    /// Refuses an unfinished run that was asked for something else.
    ///
    /// # Errors
    /// [`PartialError::Asked`], with every option that differs.
    pub fn refuse_other(
        &self,
        path: &Path,
        asked: &BTreeMap<String, String>,
    ) -> Result<(), PartialError> {
        let options: BTreeSet<&String> = self.asked.keys().chain(asked.keys()).collect();
        let said = |asked: &BTreeMap<String, String>, option: &String| {
            let value = asked.get(option).filter(|value| !value.is_empty());
            value.map_or_else(|| "not given".to_owned(), Clone::clone)
        };
        let differences: Vec<String> = options
            .into_iter()
            .map(|option| (option, said(&self.asked, option), said(asked, option)))
            .filter(|(_, then, now)| then != now)
            .map(|(option, then, now)| format!("{option} was {then} and is {now}"))
            .collect();
        if differences.is_empty() {
            return Ok(());
        }
        let path = path.to_owned();
        Err(PartialError::Asked { path, differences })
    }

    pub fn save(&self, path: &Path) -> io::Result<()> {
        output::replace(path, &to_json(self).map_err(io::Error::from)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    fn asked(delta: &str) -> BTreeMap<String, String> {
        [("--delta", delta), ("--seed", "1"), ("--filter", "")]
            .map(|(option, value)| (option.to_owned(), value.to_owned()))
            .into()
    }

    #[test]
    fn an_unfinished_run_comes_back_with_what_it_was_asked_for() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = path_of(&dir.path().join("run.json"));
        assert_eq!(Partial::load(&path).expect("no file is no error"), None);
        let partial = Partial::new(asked("1"), synthetic::record(1));
        partial.save(&path).expect("saved");
        let again = Partial::load(&path).expect("loaded").expect("there");
        assert_eq!(again.asked, asked("1"));
        again.refuse_other(&path, &asked("1")).expect("the same");
        let refused = again.refuse_other(&path, &asked("0.5"));
        let said = refused.expect_err("another delta").to_string();
        assert!(said.contains("--delta was 1 and is 0.5"), "{said}");
        assert!(!said.contains("--seed"), "{said}");
        let refused = again.refuse_other(&path, &BTreeMap::new());
        let said = refused.expect_err("fewer options").to_string();
        assert!(said.contains("--seed was 1 and is not given"), "{said}");
    }

    #[test]
    fn a_file_of_somebody_else_is_foreign_and_a_damaged_record_is_not_resumed() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("partial.json");
        let mut partial = Partial::new(asked("1"), synthetic::record(1));
        partial.record.comparisons[0].confidence = 7.0;
        partial.save(&path).expect("saved");
        let refused = Partial::load(&path).expect_err("damaged").to_string();
        assert!(refused.contains("confidence"), "{refused}");
        for text in ["", "{}", "theirs", r#"{"schema": "another/1"}"#] {
            std::fs::write(&path, text).expect("written");
            let refused = Partial::load(&path).expect_err("theirs");
            assert!(matches!(refused, PartialError::Foreign(_)), "{refused}");
        }
    }
}
