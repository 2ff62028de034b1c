//! Records as files: read with suspicion, written whole or not at all.

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::format::to_json;
use super::validate::validate;
use super::wire::{Record, SCHEMA};
use crate::clean::clean;
use crate::output::Misplaced;
use crate::{input, output};

/// Why a record could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    #[error("cannot read {}: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} is empty; expected a record: make it again with `arena-bench run`", path.display())]
    Empty { path: PathBuf },
    #[error(
        "{} is truncated: it ends at line {line}, column {column}, in the middle of a value; \
         copy it again, or resume the run that wrote it", path.display()
    )]
    Truncated {
        path: PathBuf,
        line: usize,
        column: usize,
    },
    #[error("{} is not JSON: {source}; expected a record as `arena-bench run` writes it", path.display())]
    Syntax {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error(
        "{}: schema is {found}, expected {SCHEMA:?}; make the record again with this version, \
         or read it with the version that wrote it", path.display()
    )]
    Schema { path: PathBuf, found: String },
    #[error(
        "{} holds what `arena-bench guest` found of a library, which is no record: make one with \
         `arena-bench run --library FILE`", path.display()
    )]
    Guest { path: PathBuf },
    #[error("{}: field {field}: {source}", path.display())]
    Field {
        path: PathBuf,
        field: String,
        source: serde_json::Error,
    },
    #[error("{}: field {field}: {problem}; correct it or make the record again", path.display())]
    Invalid {
        path: PathBuf,
        field: String,
        problem: String,
    },
    #[error(
        "cannot write {}: {source}; nothing was changed, give a folder that exists and may be written to",
        path.display()
    )]
    Write { path: PathBuf, source: io::Error },
}

/// Reads a record, with its lists sorted.
///
/// What comes back holds: the schema is [`SCHEMA`]; ids occur once; every number
/// is finite and believable; `low` ≤ estimate ≤ `high`; confidences and shares
/// lie in 0 to 1; times are RFC 3339 or empty; a commit is hexadecimal or empty.
///
/// # Errors
/// [`RecordError`], which names the file, the field and what to do.
pub fn load(path: &Path) -> Result<Record, RecordError> {
    let read_error = |source| RecordError::Read {
        path: path.to_owned(),
        source,
    };
    let bytes = input::read(path, input::RECORD).map_err(read_error)?;
    parse(path, &bytes)
}

/// Reads a record from `bytes`; `path` is for the errors alone.
pub fn parse(path: &Path, bytes: &[u8]) -> Result<Record, RecordError> {
    // The quick way first; the reason is looked for only when there is one.
    let mut record = match serde_json::from_slice::<Record>(bytes) {
        Ok(record) if record.schema == SCHEMA => record,
        _ => return Err(diagnose(path, bytes)),
    };
    check(path, &record)?;
    sort(&mut record);
    clean(&mut record);
    Ok(record)
}

/// Writes a record: sorted, numbers rounded to ten digits, so that the same
/// record gives the same bytes. Atomic; an existing file is replaced.
///
/// # Errors
/// [`RecordError::Invalid`] for a record that [`load`] would refuse, and
/// [`RecordError::Write`]; the file is then as it was before.
pub fn save(path: &Path, record: &Record) -> Result<(), RecordError> {
    let bytes = to_bytes(path, record)?;
    output::replace(path, &bytes).map_err(|source| RecordError::Write {
        path: path.to_owned(),
        source,
    })
}

/// [`save`], for a record that took minutes to measure: what cannot be written where
/// it was wanted, or is not valid, is kept beside it.
///
/// # Errors
/// [`Misplaced`], which says where the record is.
pub fn keep(path: &Path, record: &Record) -> Result<(), Misplaced> {
    match to_bytes(path, record) {
        Ok(bytes) => output::keep(path, &bytes),
        Err(invalid) => {
            let bytes = unchecked(record);
            Err(output::keep_elsewhere(path, &bytes, invalid.to_string()))
        }
    }
}

/// The bytes that [`save`] writes; `path` is for the errors alone.
pub fn to_bytes(path: &Path, record: &Record) -> Result<Vec<u8>, RecordError> {
    check(path, record)?;
    let bytes = unchecked(record);
    parse(path, &bytes)?;
    Ok(bytes)
}

fn unchecked(record: &Record) -> Vec<u8> {
    let mut sorted = record.clone();
    sort(&mut sorted);
    clean(&mut sorted);
    to_json(&sorted).expect("a record's keys are strings and it is written to memory")
}

pub(crate) fn check(path: &Path, record: &Record) -> Result<(), RecordError> {
    validate(record).map_err(|fault| RecordError::Invalid {
        path: path.to_owned(),
        field: fault.field,
        problem: fault.problem,
    })
}

fn sort(record: &mut Record) {
    record.cases.sort_by(|a, b| a.id.cmp(&b.id));
    record
        .comparisons
        .sort_by(|a, b| (&a.candidate, &a.baseline).cmp(&(&b.candidate, &b.baseline)));
    record.failures.sort_by(|a, b| a.id.cmp(&b.id));
}

/// Why `bytes` are no record of this version.
fn diagnose(path: &Path, bytes: &[u8]) -> RecordError {
    /// All that is needed to tell a record from other JSON.
    #[derive(Deserialize)]
    struct Head {
        #[serde(default)]
        schema: serde_json::Value,
    }

    let path = path.to_owned();
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return RecordError::Empty { path };
    }
    match serde_json::from_slice::<Head>(bytes) {
        Err(source) if source.is_eof() => {
            return RecordError::Truncated {
                path,
                line: source.line(),
                column: source.column(),
            };
        }
        Err(source) if source.is_data() => {
            let found = format!("missing ({source})");
            return RecordError::Schema { path, found };
        }
        Err(source) => return RecordError::Syntax { path, source },
        Ok(head) if head.schema.is_null() => {
            let found = "missing".to_owned();
            return RecordError::Schema { path, found };
        }
        Ok(head) if is_of_a_guest(&head.schema) => return RecordError::Guest { path },
        Ok(head) if head.schema != SCHEMA => {
            let found = head.schema.to_string().chars().take(SHOWN).collect();
            return RecordError::Schema { path, found };
        }
        Ok(_) => {}
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let error = serde_path_to_error::deserialize::<_, Record>(&mut json)
        .expect_err("the same bytes were just refused as a record");
    RecordError::Field {
        path,
        field: error.path().to_string(),
        source: error.into_inner(),
    }
}

/// Characters of a foreign schema that an error shows.
const SHOWN: usize = 80;

/// Whether it is the schema of findings that `guest --save` keeps.
fn is_of_a_guest(schema: &serde_json::Value) -> bool {
    schema
        .as_str()
        .is_some_and(|schema| schema.starts_with("arena-bench/guest/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    fn refused(bytes: &[u8]) -> String {
        parse(Path::new("r.json"), bytes)
            .expect_err("the record must be refused")
            .to_string()
    }

    /// A valid record's text with one passage replaced.
    fn edited(from: &str, to: &str) -> String {
        let record = synthetic::record(1);
        let bytes = to_bytes(Path::new("r.json"), &record).expect("the synthetic record is valid");
        let text = String::from_utf8(bytes).expect("JSON is UTF-8");
        assert!(text.contains(from), "{from:?} occurs in the record");
        refused(text.replacen(from, to, 1).as_bytes())
    }

    #[test]
    fn what_was_saved_is_loaded_and_the_bytes_do_not_depend_on_the_order() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (a, b) = (dir.path().join("a.json"), dir.path().join("b.json"));
        let mut record = synthetic::record(3);
        save(&a, &record).expect("saved");
        let loaded = load(&a).expect("loaded");
        record.cases.reverse();
        record.comparisons.reverse();
        save(&b, &record).expect("saved");
        assert_eq!(
            std::fs::read(&a).expect("read"),
            std::fs::read(&b).expect("read")
        );
        assert_eq!(load(&b).expect("loaded"), loaded);
        assert_eq!(loaded.cases.len(), 6);
        assert!(loaded.case("drain/case-000/arena").is_some());
    }

    #[test]
    fn an_empty_file_is_refused() {
        assert!(refused(b" \n").contains("r.json is empty"));
    }

    #[test]
    fn a_truncated_record_is_refused_with_its_last_place() {
        let message = refused(b"{\n  \"schema\": \"arena-bench/rec");
        assert!(message.contains("truncated"), "{message}");
        assert!(message.contains("line 2, column 28"), "{message}");
    }

    #[test]
    fn another_schema_is_refused_before_its_fields_are_looked_at() {
        let message = refused(br#"{"schema": "arena-bench/record/9", "cases": 5}"#);
        assert!(message.contains(r#""arena-bench/record/9""#), "{message}");
        assert!(message.contains(r#""arena-bench/record/1""#), "{message}");
        assert!(refused(b"{}").contains("schema is missing"));
        let guest = refused(br#"{"schema": "arena-bench/guest/2", "verified": {}}"#);
        assert!(guest.contains("run --library"), "{guest}");
        let long = format!(r#"{{"schema": {:?}}}"#, "x".repeat(20_000));
        assert!(refused(long.as_bytes()).len() < 500);
        assert!(refused(b"7").contains("schema is missing"));
        assert!(refused(b"hello").contains("not JSON"));
    }

    #[test]
    fn a_field_of_the_wrong_type_is_named() {
        let message = edited("\"items\":10000", "\"items\":-1");
        assert!(message.contains("field cases[0].params.items"), "{message}");
        let message = edited("\"confidence\": ", "\"confidence\": null, \"x\": ");
        assert!(
            message.contains("field comparisons[0].confidence"),
            "{message}"
        );
    }

    #[test]
    fn criterion_s_figures_of_an_older_record_are_passed_over() {
        let record = synthetic::record(1);
        let bytes = to_bytes(Path::new("r.json"), &record).expect("valid");
        let text = String::from_utf8(bytes).expect("JSON is UTF-8");
        let wall = r#""wall": {"ns_per_item": 7, "low": 9, "samples": "x"}, "counts": "#;
        let older = text.replacen("\"counts\": ", wall, 1);
        assert_ne!(older, text);
        let read = parse(Path::new("r.json"), older.as_bytes()).expect("readable");
        assert_eq!(
            read,
            parse(Path::new("r.json"), text.as_bytes()).expect("valid")
        );
    }

    #[test]
    fn nonsense_is_refused_with_field_and_reason() {
        for (from, to, field) in [
            (
                "\"confidence\": 0.99",
                "\"confidence\": 1.5",
                "comparisons[0].confidence",
            ),
            ("\"low\": ", "\"low\": 1e5, \"x\": ", "comparisons[0]"),
            (
                "\"baseline_ns\": ",
                "\"baseline_ns\": -3, \"x\": ",
                "comparisons[0].baseline_ns",
            ),
            (
                "\"retries\":0",
                "\"retries\":9000000000000000000",
                "counts.retries",
            ),
            (
                "\"ratio\": ",
                "\"ratio\": 0.0, \"x\": ",
                "comparisons[0].ratio",
            ),
            (
                "\"candidate\": \"",
                "\"candidate\": \"\\u001b[2J",
                "comparisons[0].candidate",
            ),
            (
                "\"commit\": \"",
                "\"commit\": \"../../",
                "environment.commit",
            ),
            (
                "\"started\": \"",
                "\"started\": \"at ",
                "environment.started",
            ),
        ] {
            let message = edited(from, to);
            assert!(message.contains(field), "{message}");
            assert!(message.contains("expected"), "{message}");
        }
    }

    #[test]
    fn an_id_that_occurs_twice_is_refused() {
        let message = edited("drain/case-000/arena", "drain/case-000/alloc");
        assert!(message.contains("occurs twice"), "{message}");
    }

    #[test]
    fn nan_is_neither_read_nor_written() {
        assert!(edited("\"confidence\": 0.99", "\"confidence\": NaN").contains("not JSON"));
        let mut record = synthetic::record(1);
        record.comparisons[0].ratio = f64::NAN;
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("r.json");
        let error = save(&path, &record).expect_err("refused").to_string();
        assert!(error.contains("comparisons[0].ratio: NaN"), "{error}");
        assert!(!path.exists());
    }

    #[test]
    fn what_only_rounding_makes_invalid_is_refused_before_it_is_written() {
        let mut record = synthetic::record(1);
        // The largest that is taken has more digits than are written, and they
        // round up.
        record.comparisons[0].samples[0].log_ratio = 1e6_f64.ln();
        assert_eq!(validate(&record), Ok(()));
        let refused = to_bytes(Path::new("r.json"), &record).expect_err("refused");
        assert!(refused.to_string().contains("log_ratio"), "{refused}");
    }

    #[test]
    fn a_record_that_is_not_valid_is_kept_beside_and_named() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("r.json");
        let mut record = synthetic::record(1);
        record.comparisons[0].ratio = -1.0;
        let Err(Misplaced::Kept { kept, why, .. }) = keep(&path, &record) else {
            panic!("it is not valid, and there is room");
        };
        assert!(why.contains("ratio"), "{why}");
        let text = std::fs::read_to_string(kept).expect("kept");
        assert!(text.contains("drain/case-000/arena") && !path.exists());
        record.comparisons[0].ratio = 0.8;
        keep(&path, &synthetic::record(1)).expect("valid");
        assert!(load(&path).is_ok());
    }

    #[test]
    fn text_that_steers_a_terminal_is_made_visible_on_the_way_in_and_out() {
        let mut record = synthetic::record(1);
        record.environment.subject = "\u{1b}[2Jsubject".to_owned();
        let bytes = to_bytes(Path::new("r.json"), &record).expect("text may hold anything");
        let read = parse(Path::new("r.json"), &bytes).expect("readable");
        assert_eq!(read.environment.subject, "\\u{1b}[2Jsubject");
        let raw = String::from_utf8(bytes).expect("UTF-8");
        let raw = raw.replace("Jsubject", "J\\u0007subject");
        let read = parse(Path::new("r.json"), raw.as_bytes()).expect("readable");
        assert_eq!(read.environment.subject, "\\u{1b}[2J\\u{7}subject");
    }

    #[test]
    fn a_folder_that_does_not_exist_is_a_clear_error() {
        let path = Path::new("no/such/folder/r.json");
        let error = save(path, &synthetic::record(1)).expect_err("refused");
        assert!(
            error
                .to_string()
                .contains("cannot write no/such/folder/r.json")
        );
    }
}
