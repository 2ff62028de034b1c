//! The names by which criterion knows a case.

use std::fmt;

use bench_protocol::payload::PayloadKind;
use bench_protocol::spec::{ProducerKind, Protocol};

use crate::case::{ByteSize, Case, Group};

/// A case in criterion's reports: one group has one chart, in which each series
/// is a line and the value is the place on the x axis.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Label {
    /// `drain/bytes`, `drain/bytes/borrowed`, `lifecycle/open-drop`.
    pub group: String,
    /// The protocol; of growth, the way to grow.
    pub series: String,
    /// The item size, `4KiB`; of a lifecycle, the payload.
    pub value: String,
}

impl Label {
    /// The label of a case. No two cases of `cargo bench` share one.
    pub fn of(case: &Case) -> Self {
        let payload = case.payload.name();
        let size = ByteSize(u64::from(case.item_bytes()));
        let (mut group, value) = match case.group {
            Group::Drain => (format!("drain/{payload}"), size.to_string()),
            Group::Growth => (format!("growth/{}", case.plan.name()), payload.to_owned()),
            Group::Channel(channel, _) => {
                (format!("{}/{payload}", channel.name()), size.to_string())
            }
            Group::Lifecycle(stage) => {
                let value = match case.payload {
                    PayloadKind::U64 => payload.to_owned(),
                    _ => format!("{payload}-{size}"),
                };
                (format!("lifecycle/{}", stage.name()), value)
            }
        };
        if case.decode != case.group.usual_decode() {
            group = format!("{group}/{}", case.decode.name());
        }
        if case.producer != ProducerKind::Prepared {
            group = format!("{group}/{}-producer", case.producer.name());
        }
        let series = match (case.group, case.protocol) {
            // Slashes would be folders of criterion's.
            (Group::Growth, Protocol::Arena) => case.buffer_name().replace('/', "-"),
            _ => case.arm().to_owned(),
        };
        Self {
            group,
            series,
            value,
        }
    }
}

impl fmt::Display for Label {
    /// As criterion prints it and as its filter matches it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.group, self.series, self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::catalog;
    use std::collections::HashSet;

    #[test]
    fn a_label_names_one_case_of_cargo_bench() {
        let mut cases = catalog::drains();
        cases.extend(catalog::lifecycles());
        cases.extend(catalog::growths());
        let labels: HashSet<Label> = cases.iter().map(Label::of).collect();
        assert_eq!(labels.len(), cases.len());
    }

    #[test]
    fn labels_read_as_criterion_prints_them() {
        let said = |id: &str| {
            let cases = catalog::all();
            let case = cases.iter().find(|case| case.id() == id);
            Label::of(case.expect("the case exists")).to_string()
        };
        assert_eq!(said("drain/u64/alloc"), "drain/u64/alloc/8B");
        assert_eq!(
            said("drain/bytes-4KiB/arena/owned-producer"),
            "drain/bytes/owned-producer/arena/4KiB"
        );
        assert_eq!(
            said("lifecycle/blob-64KiB/arena/cancel"),
            "lifecycle/cancel/arena/blob-64KiB"
        );
    }
}
