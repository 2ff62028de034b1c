//! One side of a comparison, as the parent knows it.

use std::path::PathBuf;

use serde_json::Value;

/// One arm: what runs, and the name it has here.
#[derive(Debug, Clone)]
pub struct Arm {
    /// Its name in results and errors; a child never learns it.
    pub name: String,
    /// What the arm does; only the child's opener understands it.
    pub workload: Value,
    /// The libraries that it loads, in the order that the opener expects, each in its
    /// link layouts: at least one. The place in the inner list is the layout's number.
    pub libraries: Vec<Vec<PathBuf>>,
    /// Arms of one group use layouts of the same numbers in a process: two workloads on
    /// one build, or two builds whose layouts were made with the same seeds. Arms of
    /// different groups draw their layouts independently, and so do arms of one group
    /// whose libraries have different numbers of layouts. Different libraries of one
    /// arm always draw independently of each other.
    pub draw_group: u32,
    /// Arms with the same libraries and another copy load the files apart from each
    /// other.
    pub copy: u32,
    /// Work per item, 1 for what the workload says: 1.005 drains half a percent more
    /// items than it is taken to, as a known slowdown.
    pub work: f64,
    /// Items that the workload takes together, such as a batch, at least 1: a drain takes
    /// whole ones, and its time is scaled to the items that it should have taken.
    pub unit: u64,
    /// Items of a drain, where the workload is a whole stream and no time decides;
    /// the same for all arms that are measured together.
    pub items: Option<u64>,
}

impl Arm {
    /// An arm of draw group 0, with its usual work.
    #[must_use]
    pub fn new(name: impl Into<String>, workload: Value, libraries: Vec<Vec<PathBuf>>) -> Self {
        Self {
            name: name.into(),
            workload,
            libraries,
            draw_group: 0,
            copy: 0,
            work: 1.0,
            unit: 1,
            items: None,
        }
    }

    /// The same arm from another copy of its files.
    #[must_use]
    pub fn copied(&self) -> Self {
        Self {
            copy: self.copy + 1,
            ..self.clone()
        }
    }

    /// Items of its drain where `items` are asked for.
    pub(super) fn drained(&self, items: u64) -> u64 {
        let items = (items as f64 * self.work).round() as u64;
        items.max(1).next_multiple_of(self.unit.max(1))
    }

    /// The time of so many items, as a multiple of the time of its drain.
    pub(super) fn scale(&self, items: u64) -> f64 {
        match self.unit {
            0 | 1 => 1.0,
            _ => items as f64 * self.work / self.drained(items) as f64,
        }
    }

    /// The same arm, drawing its layouts in another group.
    #[must_use]
    pub fn drawn_in(self, draw_group: u32) -> Self {
        Self { draw_group, ..self }
    }

    /// The arm twice, each with one half of the layouts of its libraries: two builds of
    /// the same sources that have no layout in common. A library with one layout is
    /// the same in both.
    #[must_use]
    pub fn halved(&self) -> [Self; 2] {
        [0, 1].map(|half| {
            let part = |library: &Vec<PathBuf>| match library.len() {
                0 | 1 => library.clone(),
                _ => library.iter().skip(half).step_by(2).cloned().collect(),
            };
            Self {
                libraries: self.libraries.iter().map(part).collect(),
                ..self.clone()
            }
        })
    }

    /// The first layout of each library.
    #[must_use]
    pub fn first_layout(&self) -> Vec<PathBuf> {
        self.files(&vec![0; self.libraries.len()])
    }

    /// The files of these layouts, one number a library.
    pub(super) fn files(&self, layouts: &[usize]) -> Vec<PathBuf> {
        let file = |(library, &layout): (&Vec<PathBuf>, &usize)| library[layout].clone();
        self.libraries.iter().zip(layouts).map(file).collect()
    }

    /// How many layouts each library has.
    pub(super) fn shape(&self) -> Vec<usize> {
        self.libraries.iter().map(Vec::len).collect()
    }
}
