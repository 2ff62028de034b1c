//! The allocators of guest and host: each library has its own.
//!
//! snmalloc is not among them: it builds, but does not start in a child whose address space is
//! limited, as that of every child with a guest's code is ("Failed to initialise snmalloc" at 6 GiB).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::pair_process::Builds;

/// What a library allocates by.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Allocator {
    /// The C library's.
    #[default]
    System,
    /// Microsoft's mimalloc.
    Mimalloc,
    /// jemalloc, as TiKV maintains it.
    Jemalloc,
}

impl Allocator {
    /// All of them, the system's first.
    pub const ALL: [Self; 3] = [Self::System, Self::Mimalloc, Self::Jemalloc];

    /// The name in options, ids and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Mimalloc => "mimalloc",
            Self::Jemalloc => "jemalloc",
        }
    }

    /// The cargo feature that chooses it.
    #[must_use]
    pub fn feature(self) -> Option<&'static str> {
        (self != Self::System).then(|| self.name())
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

impl FromStr for Allocator {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::named(name).ok_or_else(|| {
            let known = Self::ALL.map(Self::name).join(", ");
            format!("{name:?} is no allocator; there are {known}")
        })
    }
}

/// The allocators of a pair.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct Allocators {
    /// The guest's.
    pub guest: Allocator,
    /// The host's.
    pub host: Allocator,
}

impl Allocators {
    /// The same on both sides.
    #[must_use]
    pub const fn both(allocator: Allocator) -> Self {
        Self {
            guest: allocator,
            host: allocator,
        }
    }

    /// Another one than the system's in the guest alone.
    #[must_use]
    pub const fn guest(allocator: Allocator) -> Self {
        Self {
            guest: allocator,
            host: Allocator::System,
        }
    }

    /// Whether both are the system's.
    #[must_use]
    pub fn are_usual(self) -> bool {
        self == Self::default()
    }

    /// The part of an id that names them: `guest-mimalloc`, or `mimalloc` for both sides; none
    /// where both are the system's.
    #[must_use]
    pub fn id(self) -> Option<String> {
        let Self { guest, host } = self;
        let side = |side: &str, it: Allocator| it.feature().map(|name| format!("{side}-{name}"));
        match guest == host {
            true => guest.feature().map(str::to_owned),
            false => {
                let sides = [side("guest", guest), side("host", host)];
                Some(sides.into_iter().flatten().collect::<Vec<_>>().join("-"))
            }
        }
    }

    /// What the libraries of a pair say of themselves. A library that names another allocator
    /// than those of this workbench is taken to have the system's.
    #[must_use]
    pub fn of(builds: &Builds) -> Self {
        let of = |name: &str| Allocator::named(name).unwrap_or_default();
        Self {
            guest: of(&builds.guest.allocator),
            host: of(&builds.host.allocator),
        }
    }
}

impl fmt::Display for Allocators {
    /// Empty where both are the system's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { guest, host } = self;
        match (guest == host, self.are_usual()) {
            (_, true) => Ok(()),
            (true, _) => f.write_str(guest.name()),
            (false, _) => write!(f, "guest {}, host {}", guest.name(), host.name()),
        }
    }
}

impl FromStr for Allocators {
    type Err = String;

    /// `mimalloc`, or `guest=mimalloc`, or `guest=mimalloc,host=jemalloc`.
    fn from_str(text: &str) -> Result<Self, String> {
        if !text.contains('=') {
            return text.parse().map(Self::both);
        }
        let mut found = Self::default();
        for part in text.split(',') {
            match part.split_once('=') {
                Some(("guest", name)) => found.guest = name.parse()?,
                Some(("host", name)) => found.host = name.parse()?,
                _ => {
                    let names = Allocator::ALL.map(Allocator::name).join(", ");
                    return Err(format!(
                        "{part:?} is not guest=NAME or host=NAME; names are {names}"
                    ));
                }
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allocators_are_named_for_both_sides_or_for_each() {
        let read = |text: &str| text.parse::<Allocators>();
        assert_eq!(read("mimalloc"), Ok(Allocators::both(Allocator::Mimalloc)));
        assert_eq!(
            read("guest=jemalloc"),
            Ok(Allocators::guest(Allocator::Jemalloc))
        );
        let mixed = read("host=jemalloc,guest=mimalloc").expect("both are named");
        assert_eq!(mixed.to_string(), "guest mimalloc, host jemalloc");
        assert_eq!(read("system").expect("it is named").to_string(), "");
        let ids = ["system", "jemalloc", "guest=jemalloc", "host=mimalloc"]
            .map(|text| read(text).expect("it is named").id());
        let id = |text: &str| Some(text.to_owned());
        assert_eq!(
            ids,
            [
                None,
                id("jemalloc"),
                id("guest-jemalloc"),
                id("host-mimalloc")
            ]
        );
        for wrong in [
            "",
            "malloc",
            "guest=",
            "mimalloc,jemalloc",
            "both=mimalloc",
            "guest",
        ] {
            let error = read(wrong).expect_err("nothing is meant by it");
            assert!(error.contains("jemalloc"), "{wrong:?}: {error}");
        }
    }

    #[test]
    fn a_record_names_the_allocators_that_the_libraries_say_they_have() {
        let mut builds = Builds {
            guest: Default::default(),
            host: Default::default(),
        };
        assert!(Allocators::of(&builds).are_usual());
        builds.guest.allocator = "jemalloc".to_owned();
        assert_eq!(
            Allocators::of(&builds).to_string(),
            "guest jemalloc, host system"
        );
    }
}
