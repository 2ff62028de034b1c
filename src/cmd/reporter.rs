//! What hears of a run: it keeps what is finished, and shows how far the run is.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::progress::Progress;
use crate::run::Listener;
use bench_record::partial::Partial;
use bench_record::wire::Record;

/// Keeps what is finished, and shows how far the run is.
pub(super) struct Reporter {
    partial: Option<PathBuf>,
    asked: BTreeMap<String, String>,
    progress: Option<Progress>,
    /// How many parts have begun, and how many there are.
    parts: (usize, usize),
    failed: bool,
}

impl Reporter {
    /// Of a run of so many parts; what is finished goes into the file `partial`, with
    /// what was `asked` for.
    pub(super) fn new(
        partial: Option<PathBuf>,
        asked: BTreeMap<String, String>,
        parts: usize,
    ) -> Self {
        Self {
            partial,
            asked,
            progress: None,
            parts: (0, parts),
            failed: false,
        }
    }
}

impl Listener for Reporter {
    fn begin(&mut self, part: &str, steps: usize) {
        self.progress = None;
        self.parts.0 += 1;
        let (number, all) = self.parts;
        let what = format!("{number} of {all}: {part}");
        self.progress = Some(Progress::new(&what, steps as u64));
    }

    fn step(&mut self, record: &Record) {
        if let Some(path) = self.partial.as_deref().filter(|_| !self.failed) {
            let partial = Partial::new(self.asked.clone(), record.clone());
            if let Err(error) = partial.save(path) {
                self.failed = true;
                let path = path.display();
                self.notice(&format!(
                    "{path}: {error}; the run goes on, and cannot be resumed if it is interrupted"
                ));
            }
        }
        if let Some(progress) = &self.progress {
            progress.tick();
        }
    }

    fn notice(&mut self, text: &str) {
        let say = || notice!("arena-bench: {text}");
        match &self.progress {
            Some(progress) => progress.aside(say),
            None => say(),
        }
    }
}
