//! The id of a case, taken apart and put together in this one place.
//!
//! `drain/bytes-4KiB/arena/borrowed`: what is measured, the item, the arm, and
//! what else differs from the usual. Programs outside may use ids of their own;
//! every text is an id with at least a family.

use std::fmt;

/// Families of the channels beside the server stream. The arm of such a case is how its items
/// cross.
pub const CHANNELS: [&str; 4] = ["client", "bidi", "unary", "callback"];

/// The parts of a case's id. [`fmt::Display`] gives back the text they came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CaseId<'a> {
    /// What is measured: `drain`, `lifecycle`, `growth`, `ladder`, ...
    pub family: &'a str,
    /// Payload and size (`bytes-4KiB`), or the size plan of a growth case.
    pub item: Option<&'a str>,
    /// The protocol, the step of a ladder, or how a channel's items cross.
    pub arm: Option<&'a str>,
    /// What else differs from the usual, parts separated by `/`.
    pub rest: Option<&'a str>,
}

impl<'a> CaseId<'a> {
    /// The parts of `id`.
    pub fn of(id: &'a str) -> Self {
        let mut parts = id.splitn(4, '/');
        Self {
            family: parts.next().unwrap_or_default(),
            item: parts.next(),
            arm: parts.next(),
            rest: parts.next(),
        }
    }

    /// All parts, from the family on.
    pub fn parts(self) -> impl Iterator<Item = &'a str> {
        let rest = self.rest.into_iter().flat_map(|rest| rest.split('/'));
        let named = [self.item, self.arm].into_iter().flatten();
        std::iter::once(self.family).chain(named).chain(rest)
    }
}

impl fmt::Display for CaseId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.family)?;
        for part in [self.item, self.arm, self.rest].into_iter().flatten() {
            write!(f, "/{part}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_has_a_family_an_item_an_arm_and_a_rest() {
        let id = CaseId::of("growth/ramp/arena/doubling/from-4KiB");
        assert_eq!(id.family, "growth");
        assert_eq!(id.item, Some("ramp"));
        assert_eq!(id.arm, Some("arena"));
        assert_eq!(id.rest, Some("doubling/from-4KiB"));
    }

    proptest! {
        #[test]
        fn every_text_comes_back_as_it_was(text in "[a-z/0-9 -]{0,40}") {
            let id = CaseId::of(&text);
            prop_assert_eq!(id.to_string(), &*text);
            prop_assert_eq!(id.parts().collect::<Vec<_>>().join("/"), text);
        }
    }
}
