//! What the programs of `fidius-claims` found, in a file next to the record.

use bench_record::wire::Failure;
use serde::{Deserialize, Serialize};

use crate::{beside, child};

/// What one of them found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// The name of the program.
    pub program: String,
    /// Whether it is as was suspected.
    pub holds: bool,
    /// What was seen.
    pub seen: String,
}

/// What they found when a record was made.
pub const FILE: beside::Kind = beside::Kind {
    extension: "claims.json",
    content: "what programs found",
};

/// Runs all of them, each in a process of its own.
pub fn all(failures: &mut Vec<Failure>) -> Vec<Tried> {
    let mut tried = Vec::new();
    for claim in fidius_claims::ALL {
        match child::try_claim(claim) {
            Ok((holds, seen)) => tried.push(Tried {
                program: claim.program.to_owned(),
                holds,
                seen,
            }),
            Err(error) => {
                failures.push(child::failure(&format!("claims/{}", claim.program), &error))
            }
        }
    }
    tried
}
