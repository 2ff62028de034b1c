//! The ladder as it stands in a record: what each step of an item's way costs,
//! and whether the steps add up to what was measured directly.
//!
//! `arena-bench ladder --into` writes it. An older record has none.

use serde::{Deserialize, Serialize};

use paired::result::{Difference, SelfCheck};

/// Where the time of an item goes, for every payload that was measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ladder {
    /// One for each payload, in the order in which they were measured.
    pub payloads: Vec<Breakdown>,
}

/// Where the time of one payload goes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Breakdown {
    /// Payload and size, such as `record-256B`.
    pub item: String,
    /// Content bytes of an item.
    pub bytes: u32,
    /// The steps, lowest first; then those of the set bound to one core.
    pub steps: Vec<StepCost>,
    /// Sums of steps against wholes that were compared directly.
    pub checks: Vec<SumCheck>,
    /// The A/A comparison of each set of arms.
    pub self_checks: Vec<SetCheck>,
    /// The command line that measured this payload.
    pub command: String,
    /// When it was measured, RFC 3339.
    pub finished: String,
}

/// What a step's cost is spent on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Having an item at all: the producer and the loop around it.
    #[default]
    Item,
    Boundary,
    /// Turning the item into bytes and back.
    Codec,
    /// What the alloc protocol does more.
    Alloc,
    /// Handing the item to another thread.
    Hop,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StepCost {
    pub id: String,
    pub step: String,
    /// Name of the step below; none for the lowest.
    pub on: Option<String>,
    /// The one thing that it adds, for tables.
    pub adds: String,
    /// What that is spent on.
    pub part: Part,
    /// Whether the process was bound to one core.
    pub pinned: bool,
    /// Time of the whole arm, nanoseconds per item.
    pub ns_per_item: Option<f64>,
    /// Cost of the step, nanoseconds per item.
    pub step_ns: Option<Difference>,
    /// Instructions of the whole arm, per item.
    pub instructions_per_item: Option<f64>,
    /// Cost of the step, instructions per item.
    pub step_instructions: Option<f64>,
    /// Why the times are not to be believed: what the A/A of the arm's set found.
    /// Empty where that A/A passed.
    pub unstable: String,
}

/// A whole, measured directly, and the sum of its steps.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SumCheck {
    /// Name of the lower step.
    pub from: String,
    /// Name of the upper step.
    pub to: String,
    /// Sum of the steps between them, nanoseconds per item.
    pub sum_ns: f64,
    /// The two compared directly, nanoseconds per item.
    pub whole_ns: Difference,
    /// What the sum leaves unexplained: whole − sum, nanoseconds per item.
    pub gap_ns: f64,
    /// Sum of the steps, instructions per item.
    pub sum_instructions: Option<f64>,
    /// The two arms' difference, instructions per item.
    pub whole_instructions: Option<f64>,
}

/// The A/A comparison of a set of arms that took turns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SetCheck {
    /// Id of the arm that was compared with its own copy.
    pub arm: String,
    pub check: SelfCheck,
}

impl StepCost {
    /// Whether the interval of the step's cost excludes zero.
    pub fn told_apart(&self) -> bool {
        let apart = |ns: &Difference| ns.low > 0.0 || ns.high < 0.0;
        self.step_ns.as_ref().is_some_and(apart)
    }
}

impl SumCheck {
    /// Whether the sum lies within the whole's interval.
    pub fn holds(&self) -> bool {
        (self.whole_ns.low..=self.whole_ns.high).contains(&self.sum_ns)
    }
}

impl Ladder {
    /// Replaces the payloads that `newer` measured and keeps the others.
    pub fn update(&mut self, newer: Self) {
        for payload in newer.payloads {
            match self.payloads.iter_mut().find(|p| p.item == payload.item) {
                Some(known) => *known = payload,
                None => self.payloads.push(payload),
            }
        }
    }
}

impl Breakdown {
    /// What a step costs, from the set whose process is not bound to a core.
    pub fn step(&self, name: &str) -> Option<&StepCost> {
        self.steps.iter().find(|s| s.step == name && !s.pinned)
    }

    /// The steps from one to another, the lower left out, lowest first; nothing
    /// when the one does not stand on the other.
    pub fn way(&self, from: &str, to: &str) -> Vec<&StepCost> {
        let below = |step: &&StepCost| self.step(step.on.as_deref()?);
        // Bounded by the number of steps: a file may hold a circle.
        let mut way: Vec<&StepCost> = std::iter::successors(self.step(to), below)
            .take(self.steps.len())
            .take_while(|step| step.step != from)
            .collect();
        if way.last().and_then(|step| step.on.as_deref()) != Some(from) {
            way.clear();
        }
        way.reverse();
        way
    }

    /// The hops to another thread, free and bound to one core.
    pub fn hops(&self) -> impl Iterator<Item = &StepCost> {
        self.steps.iter().filter(|step| step.part == Part::Hop)
    }

    /// Why the times of all steps but the hops are not to be believed, where that
    /// is so: they were measured in one set.
    pub fn unstable(&self) -> Option<&str> {
        let step = self.steps.iter().find(|step| step.part != Part::Hop);
        let why = step?.unstable.as_str();
        (!why.is_empty()).then_some(why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(name: &str, on: Option<&str>) -> StepCost {
        StepCost {
            step: name.to_owned(),
            on: on.map(str::to_owned),
            ..StepCost::default()
        }
    }

    fn breakdown(steps: &[(&str, Option<&str>)]) -> Breakdown {
        Breakdown {
            steps: steps.iter().map(|(name, on)| step(name, *on)).collect(),
            ..Breakdown::default()
        }
    }

    fn names<'a>(way: &[&'a StepCost]) -> Vec<&'a str> {
        way.iter().map(|step| step.step.as_str()).collect()
    }

    #[test]
    fn the_way_between_two_steps_leaves_out_what_is_beside_it() {
        let ladder = breakdown(&[
            ("iterator", None),
            ("codec", Some("iterator")),
            ("call", Some("iterator")),
            ("arena", Some("call")),
        ]);
        assert_eq!(names(&ladder.way("iterator", "arena")), ["call", "arena"]);
        assert!(ladder.way("codec", "arena").is_empty());
        assert!(ladder.way("arena", "arena").is_empty());
        assert!(ladder.way("arena", "unknown").is_empty());
    }

    #[test]
    fn steps_in_a_circle_end_too() {
        let ladder = breakdown(&[("a", Some("b")), ("b", Some("a"))]);
        assert!(ladder.way("iterator", "a").is_empty());
    }

    #[test]
    fn an_update_replaces_the_same_payload_and_keeps_the_others() {
        let payload = |item: &str, bytes| Breakdown {
            item: item.to_owned(),
            bytes,
            ..Breakdown::default()
        };
        let mut ladder = Ladder {
            payloads: vec![payload("u64", 8), payload("blob-4KiB", 1)],
        };
        ladder.update(Ladder {
            payloads: vec![payload("blob-4KiB", 4096), payload("f64s-1KiB", 1024)],
        });
        let found: Vec<_> = ladder.payloads.iter().map(|p| p.bytes).collect();
        assert_eq!(found, [8, 4096, 1024]);
    }
}
