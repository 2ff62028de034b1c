//! Several packages of anybody, measured together.

use std::collections::BTreeMap;
use std::io;

use paired::layouts::Compiled;
use paired::runner::Arm;

use super::package::Package;
use super::{Counted, Subject, SubjectError};
use crate::counts::{CountsError, PerItem};
use crate::events::Events;
use crate::guest::measure::Verified;

/// Several packages, measured together.
#[derive(Debug, Clone)]
pub struct Packages(Vec<Package>);

impl Packages {
    /// These packages; their names differ.
    pub fn new(packages: Vec<Package>) -> Self {
        Self(packages)
    }

    /// What verification found of a stream.
    pub fn verified(&self, id: &str) -> Option<Verified> {
        self.0.iter().find_map(|package| package.verified(id))
    }

    /// The package of a case.
    fn of(&self, id: &str) -> &Package {
        let package = self.0.iter().find(|package| package.case(id).is_some());
        package.expect("one of its cases")
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = &Package> {
        self.0.iter()
    }
}

impl Subject for Packages {
    fn ids(&self) -> Vec<String> {
        self.0.iter().flat_map(Subject::ids).collect()
    }

    fn arm(&self, id: &str) -> Arm {
        self.of(id).arm(id)
    }

    fn seeds(&self) -> Vec<&[u64]> {
        self.0.iter().flat_map(Subject::seeds).collect()
    }

    fn why_single(&self) -> Option<&str> {
        self.0.iter().find_map(Subject::why_single)
    }

    fn compiled(&self) -> &Compiled {
        self.0[0].compiled()
    }

    fn verify(
        &self,
        ids: &[String],
        done: &mut dyn FnMut(),
    ) -> Result<BTreeMap<String, String>, SubjectError> {
        let mut failed = BTreeMap::new();
        for package in &self.0 {
            failed.extend(package.verify(ids, done)?);
        }
        Ok(failed)
    }

    fn functions(&self, id: &str) -> Result<PerItem, String> {
        self.of(id).functions(id)
    }

    fn events(&self, id: &str) -> Result<Events, String> {
        self.of(id).events(id)
    }

    fn code(&self, commit: &str) -> io::Result<String> {
        let codes = self.0.iter().map(|package| package.code(commit));
        Ok(codes.collect::<io::Result<Vec<_>>>()?.concat())
    }

    fn count(&self, ids: &[String], heard: &mut Counted<'_>) -> Result<(), CountsError> {
        self.0
            .iter()
            .try_for_each(|package| package.count(ids, heard))
    }
}
