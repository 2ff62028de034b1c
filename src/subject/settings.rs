//! `bench.toml`: what a repository measures. Options of a command come before it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use bench_record::input;
use serde::Deserialize;

/// The name of the file.
pub const FILE: &str = "bench.toml";
/// The name of the file of accepted regressions, in the same folder.
pub const ACCEPTED: &str = "bench-accepted.json";

/// What a repository measures, and what matters there.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The smallest change of time that matters, percent.
    pub delta: Option<f64>,
    /// Seconds for a comparison, its two looks together.
    pub budget: Option<f64>,
    /// A file of limits for counts, relative to the settings.
    pub limits: Option<PathBuf>,
    /// The packages.
    #[serde(default, rename = "subject")]
    pub subjects: Vec<Named>,
    /// The folder of the file.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// A package that is measured.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// Its name.
    pub package: String,
    /// The `Cargo.toml` of its workspace, relative to the settings; by default the one in
    /// their folder.
    pub manifest: Option<PathBuf>,
    /// Cargo profile; `release` by default.
    pub profile: Option<String>,
    /// Arguments of the streams of a framework whose streams take some, by name.
    #[serde(default)]
    pub args: BTreeMap<String, serde_json::Value>,
    /// The source that declares such streams, relative to the settings, where it is not found.
    pub interface: Option<PathBuf>,
}

impl Settings {
    /// Those of the current folder; see [`find`](Self::find).
    ///
    /// # Errors
    /// As for [`find`](Self::find).
    pub fn here() -> Result<Option<Self>> {
        // Without one there is no file in it either.
        Self::find(&std::env::current_dir().unwrap_or_default())
    }

    /// The settings of the first folder from `folder` upwards that has some.
    ///
    /// # Errors
    /// When the file cannot be read, or is not as it must be.
    pub fn find(folder: &Path) -> Result<Option<Self>> {
        let files = folder.ancestors().map(|folder| folder.join(FILE));
        match files.into_iter().find(|file| file.is_file()) {
            Some(file) => Self::read(&file).map(Some),
            None => Ok(None),
        }
    }

    /// Reads a file of settings.
    ///
    /// # Errors
    /// When it cannot be read, or is not as it must be.
    pub fn read(path: &Path) -> Result<Self> {
        let wrong = |why: String| anyhow!("{}: {why}", path.display());
        let bytes = input::read(path, input::SETTINGS).map_err(|error| wrong(error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|error| wrong(error.to_string()))?;
        let mut settings: Self = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        settings.folder = paired::paths::folder(path).to_owned();
        settings.check().map_err(wrong)?;
        Ok(settings)
    }

    /// The file of accepted regressions, whether it is there or not.
    pub fn accepted(&self) -> PathBuf {
        self.folder.join(ACCEPTED)
    }

    /// The file of limits, where the settings name one.
    pub fn limits(&self) -> Option<PathBuf> {
        Some(self.folder.join(self.limits.as_ref()?))
    }

    fn check(&self) -> Result<(), String> {
        if self.delta.is_some_and(|it| !(it > 0.0 && it < 100.0)) {
            return Err("delta is a percentage above 0 and below 100".to_owned());
        }
        if self.budget.is_some_and(|it| !(it > 0.0 && it <= 3600.0)) {
            return Err("budget is seconds above 0, up to 3600".to_owned());
        }
        if self.subjects.is_empty() {
            return Err("it names no subject: add [[subject]] with package = \"NAME\"".to_owned());
        }
        let mut names = BTreeSet::new();
        for subject in &self.subjects {
            if !names.insert(&subject.package) {
                let name = &subject.package;
                return Err(format!(
                    "two subjects are called {name}: their cases would be one"
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Settings, String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join(FILE), text).expect("written");
        let below = folder.path().join("a/b");
        std::fs::create_dir_all(&below).expect("made");
        let found = Settings::find(&below).map_err(|error| error.to_string());
        found.map(|found| found.expect("a folder above has some"))
    }

    #[test]
    fn settings_are_those_of_the_nearest_folder_above() {
        let text = "delta = 2\n[[subject]]\npackage = \"a\"\nargs.tick = [5, \"x\"]\n";
        let found = read(text).expect("they are right");
        assert_eq!(found.delta, Some(2.0));
        assert_eq!(found.subjects[0].package, "a");
        let args = serde_json::json!([5, "x"]);
        assert_eq!(found.subjects[0].args["tick"], args);
        assert!(found.folder.is_absolute());
        let none = tempfile::tempdir().expect("a temporary folder");
        assert_eq!(Settings::find(none.path()).expect("none"), None);
    }

    #[test]
    fn what_is_wrong_with_settings_is_named() {
        let subject = "[[subject]]\npackage = \"a\"\n";
        for (text, part) in [
            (String::new(), "names no subject"),
            (format!("{subject}{subject}"), "two subjects are called a"),
            (format!("delta = -1\n{subject}"), "delta"),
            (format!("budget = 0\n{subject}"), "budget"),
            (format!("detla = 1\n{subject}"), "detla"),
            ("[[subject]]\n".to_owned(), "package"),
            ("[[subject".to_owned(), "expected"),
        ] {
            let refused = read(&text).expect_err(&text);
            assert!(
                refused.contains(part) && refused.contains(FILE),
                "{refused}"
            );
        }
    }
}
