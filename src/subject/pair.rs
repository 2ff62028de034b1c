//! The pair of this repository, as something that is compared.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use paired::layouts::Compiled;
use paired::runner::Arm;

use super::{Counted, Subject, SubjectError};
use crate::allocator::Allocators;
use crate::arms::of_case;
use crate::case::Case;
use crate::counts::{self, CountsError, PerItem};
use crate::events::Events;
use crate::harness::Profile;
use crate::pair::Layouts;
use crate::pair_process::PairProcess;

/// A pair and the cases that are wanted of it.
#[derive(Debug, Clone)]
pub struct PairSubject {
    layouts: Layouts,
    cases: Vec<Case>,
    /// How its plain pair is counted, once that was asked for.
    counting: OnceCell<counts::Options>,
}

impl PairSubject {
    /// These cases of a pair.
    pub fn new(layouts: Layouts, cases: Vec<Case>) -> Self {
        Self {
            layouts,
            cases,
            counting: OnceCell::new(),
        }
    }

    fn chosen(&self, ids: &[String]) -> Vec<Case> {
        let wanted = |case: &&Case| ids.contains(&case.id());
        self.cases.iter().filter(wanted).cloned().collect()
    }

    fn case(&self, id: &str) -> &Case {
        let case = self.cases.iter().find(|case| case.id() == id);
        case.expect("one of its cases")
    }

    /// How its plain pair is counted: the same for every case.
    fn counting(&self) -> Result<&counts::Options, CountsError> {
        if let Some(known) = self.counting.get() {
            return Ok(known);
        }
        let guest = &self.layouts.plain.guest;
        let options = counts::Options {
            executable: counts::build(Profile::Release)?,
            pair: Some(guest.parent().map(PathBuf::from).unwrap_or_default()),
            // A pair that does not load has failed its verification already.
            allocators: PairProcess::load(&self.layouts.plain)
                .map(|pair| Allocators::of(pair.builds()))
                .unwrap_or_default(),
        };
        Ok(self.counting.get_or_init(|| options))
    }
}

impl Subject for PairSubject {
    fn ids(&self) -> Vec<String> {
        self.cases.iter().map(Case::id).collect()
    }

    fn arm(&self, id: &str) -> Arm {
        of_case(self.case(id), &self.layouts)
    }

    fn seeds(&self) -> Vec<&[u64]> {
        vec![&self.layouts.guest.seeds, &self.layouts.host.seeds]
    }

    fn why_single(&self) -> Option<&str> {
        self.layouts.why_single()
    }

    fn compiled(&self) -> &Compiled {
        &self.layouts.guest.compiled
    }

    fn verify(
        &self,
        ids: &[String],
        done: &mut dyn FnMut(),
    ) -> Result<BTreeMap<String, String>, SubjectError> {
        let mut pair = PairProcess::load(&self.layouts.plain)?;
        let mut failed = BTreeMap::new();
        for case in self.chosen(ids) {
            match pair.verify(&case, None) {
                Ok(_) => {}
                Err(error) if error.is_a_finding() => {
                    failed.insert(case.id(), error.to_string());
                }
                Err(error) => return Err(error.into()),
            }
            done();
        }
        Ok(failed)
    }

    fn functions(&self, id: &str) -> Result<PerItem, String> {
        let options = self.counting().map_err(|error| error.to_string())?;
        let found = counts::by_function(self.case(id), options);
        found.map_err(|error| error.to_string())
    }

    fn events(&self, id: &str) -> Result<Events, String> {
        let load = || PairProcess::load(&self.layouts.plain)?.events(self.case(id));
        load().map_err(|error| error.to_string())
    }

    fn code(&self, commit: &str) -> io::Result<String> {
        self.layouts.code(commit)
    }

    fn count(&self, ids: &[String], heard: &mut Counted<'_>) -> Result<(), CountsError> {
        let options = self.counting()?;
        counts::measure(&self.chosen(ids), options, &mut |case, result| {
            heard(&case.id(), result.map_err(|error| error.to_string()));
        })
    }
}
