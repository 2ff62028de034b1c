//! The ladder: cases that differ by one step each, so that a comparison of
//! neighbours is the cost of that step.

use std::collections::{BTreeMap, HashMap};

use super::index::{Index, Versus, family, instructions, last_segment};
use bench_record::wire::Difference;

/// The step that is the floor: the same items through the same codec, in one
/// process, with no boundary between. Last part of its case id.
pub const FLOOR_STEP: &str = "codec";

/// One payload's steps, from the bare iterator upwards.
pub struct Ladder<'a> {
    /// The payload.
    pub payload: &'a str,
    /// Its steps; each stands after the one it builds on.
    pub steps: Vec<Step<'a>>,
}

/// One step.
pub struct Step<'a> {
    /// The comparison with the step below.
    pub versus: Versus<'a>,
    /// Its name, such as `catch-unwind`.
    pub name: &'a str,
    /// The step it builds on.
    pub after: &'a str,
    /// Whether it is a hop to another thread: another order of magnitude.
    pub hop: bool,
    /// What it adds, nanoseconds per item.
    pub ns: Option<&'a Difference>,
    /// What it adds, instructions per item.
    pub instructions: Option<f64>,
}

impl Ladder<'_> {
    /// Where each step begins and ends, as shares of the whole: each laid on the end of
    /// the one it builds on. Hops, beside which all else would vanish, end at the edge.
    pub fn waterfall(&self) -> Vec<(f64, f64)> {
        let mut ends: HashMap<&str, f64> = HashMap::new();
        let spans: Vec<_> = self
            .steps
            .iter()
            .map(|step| {
                let from = ends.get(step.after).copied().unwrap_or(0.0);
                let to = from + step.ns.map_or(0.0, |d| d.estimate);
                ends.insert(step.name, to);
                (from, to)
            })
            .collect();
        let values = || {
            let near = self.steps.iter().zip(&spans).filter(|(step, _)| !step.hop);
            near.flat_map(|(_, (from, to))| [*from, *to])
        };
        let low = values().fold(0.0, f64::min);
        let span = (values().fold(0.0, f64::max) - low).max(f64::MIN_POSITIVE);
        let share = |at: f64| ((at - low) / span).clamp(0.0, 1.0);
        spans
            .iter()
            .map(|(from, to)| (share(*from), share(*to)))
            .collect()
    }
}

/// All ladders of a record, by payload.
pub fn ladders<'a>(index: &Index<'a>) -> Vec<Ladder<'a>> {
    let mut by_payload: BTreeMap<&str, Vec<Versus>> = BTreeMap::new();
    for versus in index
        .comparisons("ladder")
        .filter(|v| family(&v.baseline.id) == "ladder")
    {
        by_payload
            .entry(&versus.candidate.params.payload)
            .or_default()
            .push(versus);
    }
    by_payload
        .into_iter()
        .map(|(payload, edges)| Ladder {
            payload,
            steps: steps(&edges),
        })
        .collect()
}

/// Comparisons of neighbours, lowest first. A candidate that is compared with
/// several steps below it builds on the highest of them; the others are
/// comparisons across several steps and no step of their own.
fn steps<'a>(edges: &[Versus<'a>]) -> Vec<Step<'a>> {
    let heights = heights(edges);
    let height = |id: &str| heights.get(id).copied().unwrap_or(0);
    let mut neighbours: Vec<_> = edges
        .iter()
        .filter(|edge| height(&edge.candidate.id) == height(&edge.baseline.id) + 1)
        .collect();
    neighbours.sort_by_key(|edge| (height(&edge.candidate.id), &edge.candidate.id));
    neighbours.dedup_by_key(|edge| &edge.candidate.id);
    neighbours
        .into_iter()
        .map(|edge| Step {
            versus: *edge,
            name: last_segment(&edge.candidate.id),
            after: last_segment(&edge.baseline.id),
            hop: is_hop(last_segment(&edge.candidate.id)),
            ns: edge.comparison.difference_ns.as_ref(),
            instructions: instructions(edge.candidate)
                .zip(instructions(edge.baseline))
                .map(|(above, below)| above - below),
        })
        .collect()
}

/// Whether a step's name is that of a hop to another thread, such as `hop-4-pinned`.
fn is_hop(name: &str) -> bool {
    name.starts_with("hop-")
}

/// Longest chain below each case. Bounded by the number of edges, so that
/// comparisons in a circle end too.
fn heights<'a>(edges: &[Versus<'a>]) -> HashMap<&'a str, usize> {
    let mut heights: HashMap<&str, usize> = HashMap::new();
    for _ in edges {
        for edge in edges {
            let below = heights.get(edge.baseline.id.as_str()).copied().unwrap_or(0);
            let above = heights.entry(&edge.candidate.id).or_default();
            *above = (*above).max(below + 1);
        }
    }
    heights
}

/// Comparisons of the arena, or a step that equals it, with the floor.
pub fn against_floor<'a>(index: &Index<'a>) -> Vec<Versus<'a>> {
    let is_floor = |id: &str| family(id) == "ladder" && last_segment(id) == FLOOR_STEP;
    index
        .record
        .comparisons
        .iter()
        .filter(|c| is_floor(&c.baseline))
        .filter_map(|comparison| {
            let candidate = index.case(&comparison.candidate)?;
            let baseline = index.case(&comparison.baseline)?;
            let versus = Versus {
                comparison,
                candidate,
                baseline,
            };
            (candidate.params.protocol == "arena").then_some(versus)
        })
        .collect()
}
