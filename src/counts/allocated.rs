//! What was allocated, as DHAT's files tell.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Heap blocks, and their bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Allocated {
    pub blocks: u64,
    pub bytes: u64,
}

impl Allocated {
    /// Nothing where one of the two numbers would be negative.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        Some(Self {
            blocks: self.blocks.checked_sub(other.blocks)?,
            bytes: self.bytes.checked_sub(other.bytes)?,
        })
    }

    fn add(&mut self, point: &Point) {
        self.blocks += point.blocks;
        self.bytes += point.bytes;
    }
}

/// A file of DHAT's.
#[derive(Debug, Clone, Deserialize)]
pub struct Allocations {
    #[serde(rename = "pps")]
    points: Vec<Point>,
    #[serde(rename = "ftbl")]
    frames: Vec<String>,
}

/// A point of allocation.
#[derive(Debug, Clone, Deserialize)]
struct Point {
    #[serde(rename = "tbk")]
    blocks: u64,
    #[serde(rename = "tb")]
    bytes: u64,
    /// Its callers, by their places among the frames.
    #[serde(rename = "fs")]
    callers: Vec<usize>,
}

impl Allocations {
    /// Reads a file's text.
    ///
    /// # Errors
    /// In words, when it is not DHAT's.
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| format!("DHAT's file cannot be read: {error}"))
    }

    /// Of the whole process. A reallocation counts as an allocation of the new size, where the
    /// block was allocated at first.
    pub fn all(&self) -> Allocated {
        self.sum(|_| true)
    }

    /// Of what a function called, by a part of its symbol's name; its frames must be known.
    pub fn below(&self, function: &str) -> Allocated {
        self.sum(|point| self.frames_of(point, function) > 0)
    }

    /// The same, by how many frames of `other` are on the stack as well.
    pub fn below_each(&self, function: &str, other: &str) -> BTreeMap<usize, Allocated> {
        let mut found = BTreeMap::<usize, Allocated>::new();
        let points = self.points.iter();
        for point in points.filter(|point| self.frames_of(point, function) > 0) {
            let sum = found.entry(self.frames_of(point, other)).or_default();
            sum.add(point);
        }
        found
    }

    fn frames_of(&self, point: &Point, function: &str) -> usize {
        let frames = point.callers.iter();
        let frames = frames.filter_map(|&caller| self.frames.get(caller));
        frames.filter(|frame| frame.contains(function)).count()
    }

    fn sum(&self, counts: impl Fn(&Point) -> bool) -> Allocated {
        let mut sum = Allocated::default();
        for point in self.points.iter().filter(|point| counts(point)) {
            sum.add(point);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{"te": 9, "pps": [{"tb": 64, "tbk": 2, "fs": [1, 2]},
        {"tb": 8, "tbk": 1, "fs": [1, 3]}], "ftbl": ["[root]", "malloc", "a::drain", "b"]}"#;

    #[test]
    fn points_are_added_up_all_or_those_below_a_function() {
        let file = Allocations::parse(FILE).expect("a file");
        let [blocks, bytes] = [3, 72];
        assert_eq!(file.all(), Allocated { blocks, bytes });
        let [blocks, bytes] = [2, 64];
        assert_eq!(file.below("drain"), Allocated { blocks, bytes });
        assert_eq!(file.below("nobody"), Allocated::default());
    }

    #[test]
    fn points_below_a_function_are_told_apart_by_how_often_another_is_on_their_stack() {
        let file = r#"{"pps": [{"tb": 8, "tbk": 1, "fs": [0, 1, 2]},
            {"tb": 16, "tbk": 1, "fs": [0, 1, 2, 2]}, {"tb": 4, "tbk": 2, "fs": [0, 1, 2, 2]},
            {"tb": 99, "tbk": 9, "fs": [0, 2]}], "ftbl": ["malloc", "a::drain", "b::deeper"]}"#;
        let file = Allocations::parse(file).expect("a file");
        let all = |blocks, bytes| Allocated { blocks, bytes };
        let expected = [(1, all(1, 8)), (2, all(3, 20))];
        assert_eq!(file.below_each("drain", "deeper"), expected.into());
    }

    #[test]
    fn what_is_no_file_of_dhats_is_said() {
        let why = Allocations::parse("{}").expect_err("it has no points");
        assert!(why.contains("DHAT"), "{why}");
    }
}
