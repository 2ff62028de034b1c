//! The kinds of methods that an interface can have.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Which way values go when a method is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Arguments in, one answer out.
    Unary,
    /// Arguments in, a stream out.
    ServerStream,
    /// A stream of the host's in, one answer out.
    ClientStream,
    /// A stream of the host's in, a stream out.
    Bidirectional,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unary => "unary",
            Self::ServerStream => "server stream",
            Self::ClientStream => "client stream",
            Self::Bidirectional => "bidirectional",
        })
    }
}

impl Kind {
    /// Why a method of this kind is not driven; `None` for the kind that is.
    pub fn why_not_driven(self) -> Option<&'static str> {
        match self {
            Self::ServerStream => None,
            Self::Unary => {
                Some("it answers once, and only streams that a plugin gives out are measured")
            }
            Self::ClientStream => Some(
                "it takes a stream of the host's, and which items that should have is not known here",
            ),
            Self::Bidirectional => Some(
                "it takes a stream of the host's as well, and which items that should have is not known here",
            ),
        }
    }
}
