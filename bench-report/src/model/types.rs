//! What a reader sees, as values: answers, charts, tables. No number is computed here.

use std::collections::BTreeMap;

use serde::Serialize;

use bench_record::ladder::Breakdown;
use bench_record::wire::{Environment, Record, Verdict};

use crate::format::Unit;
use crate::lab::Block;
use crate::tone::Tone;

/// A record and the name it goes by on the page.
#[derive(Debug, Clone)]
pub struct Source {
    /// Name for people: the file's stem.
    pub name: String,
    pub record: Record,
}

/// Everything the page shows of one record.
#[derive(Debug, Clone)]
pub struct View {
    /// Name for people: the file's stem.
    pub name: String,
    /// Where, when and from what the run was made.
    pub environment: Vec<(String, String)>,
    /// What must agree before exact counts of two records may be subtracted.
    pub fingerprint: Vec<(String, String)>,
    /// Whether the wall-clock verdicts may be believed; `None` without an A/A.
    pub trusted: Option<bool>,
    /// What was measured of packages, in place of everything that is said of a pair; nothing
    /// where the record is of a pair.
    pub packages: Option<Table>,
    /// What was found and what to do, in two sentences.
    pub lead: LeadSentences,
    /// The six questions, in order.
    pub answers: Vec<Answer>,
    /// Where the time goes, by payload.
    pub ladder: Vec<Breakdown>,
    /// What the machine does to copies, for the ladder's notes.
    pub machine: Environment,
    /// The charts, in reading order.
    pub panels: Vec<Panel>,
    /// The tables, in reading order; an empty one is left out.
    pub tables: Vec<Table>,
    /// Which protocol a framework should use, where the laboratory measured it.
    pub laboratory: Vec<Block>,
    /// What the page compares two records by.
    pub facts: Facts,
}

/// What was found, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadSentences {
    pub answer: String,
    /// What to do, in a sentence.
    pub advice: String,
}

/// One of the six questions with what the record says to it.
#[derive(Debug, Clone)]
pub struct Answer {
    pub number: u8,
    pub question: &'static str,
    /// Which way the finding goes.
    pub tone: Tone,
    /// The verdict in a few words.
    pub verdict: String,
    /// The answer in one line, for a terminal.
    pub line: String,
    /// The finding in a sentence or two.
    pub finding: String,
    /// Its numbers; those against the arena first.
    pub figures: Vec<Figure>,
    /// What else belongs to the answer, a sentence each.
    pub details: Vec<String>,
    pub command: String,
}

#[derive(Debug, Clone, Default)]
pub struct Figure {
    /// What was measured, in words.
    pub label: String,
    /// The number with its unit.
    pub value: String,
    /// Its interval, or why it needs none, and what else belongs to it.
    pub notes: Vec<String>,
    /// Which way it goes.
    pub tone: Tone,
    /// The id it was read from.
    pub case: String,
}

/// Which quantity a chart shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// Nanoseconds, or ratios of them.
    Wall,
    /// Instructions, or ratios of them.
    Instructions,
}

/// Which section of the page a chart or table belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Section {
    ItemSize,
    Ratio,
    Ladder,
    Growth,
    Allocation,
    Channels,
    SelfCheck,
    Cases,
}

#[derive(Debug, Clone, Serialize)]
pub struct Panel {
    /// Unique on the page; also the plot's file name.
    pub id: String,
    pub section: Section,
    /// What it shows, in words.
    pub title: String,
    pub measure: Measure,
    pub x: Axis,
    pub y: Axis,
    /// Band of differences that do not matter, and the line in its middle.
    pub band: Option<Band>,
    pub series: Vec<Series>,
    /// Values of x to mark with a line and a word.
    pub marks: Vec<Mark>,
}

/// An axis: what it counts and in which unit.
#[derive(Debug, Clone, Serialize)]
pub struct Axis {
    /// Name with unit.
    pub label: &'static str,
    /// How values are written.
    pub unit: Unit,
}

impl Axis {
    pub(crate) const fn new(label: &'static str, unit: Unit) -> Self {
        Self { label, unit }
    }
}

/// The band of differences that do not matter.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Band {
    pub low: f64,
    /// The value of no difference.
    pub middle: f64,
    pub high: f64,
}

/// One line or point cloud of a chart.
#[derive(Debug, Clone, Serialize)]
pub struct Series {
    pub name: String,
    /// Its payload, for the filter; empty for what is of none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub payload: String,
    /// Index of colour and shape; equal names have equal styles on the page.
    pub style: usize,
    /// Drawn dashed, as a second reading of the same protocol.
    pub dashed: bool,
    pub line: bool,
    /// By x ascending.
    pub points: Vec<Point>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Point {
    pub x: f64,
    pub y: f64,
    /// Lower end of its interval; equals `y` for an exact count.
    pub low: f64,
    pub high: f64,
    /// Whether `low` and `high` are quartiles of what was seen, and no interval of the estimate.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub quartiles: bool,
    /// The case it belongs to.
    pub id: String,
    /// The verdict, where the point is a comparison.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// What else to say of it, in words.
    pub note: String,
    /// Whether it is drawn hollow: most of its time is not the protocols'.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hollow: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct Mark {
    pub x: f64,
    pub label: String,
}

/// A table: the numbers behind a chart, or a list of its own.
#[derive(Debug, Clone)]
pub struct Table {
    /// Unique on the page.
    pub id: &'static str,
    pub section: Section,
    pub caption: &'static str,
    /// Column heads, units included.
    pub columns: Vec<&'static str>,
    pub rows: Vec<Row>,
}

#[derive(Debug, Clone)]
pub struct Row {
    pub id: String,
    /// Its payload, for the filter.
    pub payload: String,
    /// The verdict, where the row is a comparison.
    pub verdict: Option<Verdict>,
    pub cells: Vec<Cell>,
}

/// One cell: what is written, and the numbers behind it.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    pub text: String,
    /// The number, which it also sorts by; text where there is none.
    pub value: Option<f64>,
    /// The two ends around the number, where it has an interval.
    pub ends: Option<(f64, f64)>,
    /// What it sorts by in place of its number or text.
    pub rank: Option<u8>,
    /// What to draw beside the number.
    pub drawing: Option<Drawing>,
    /// Addresses of pages on it, with their names.
    pub links: Vec<(String, String)>,
    /// Lines that the text opens to.
    pub behind: Vec<String>,
}

/// A small drawing in a cell.
#[derive(Debug, Clone, Copy)]
pub enum Drawing {
    Forest(Forest),
    /// A verdict's sign and colour before the text.
    Verdict(Verdict),
}

/// A ratio with its interval, to be drawn on one line.
#[derive(Debug, Clone, Copy)]
pub struct Forest {
    pub ratio: f64,
    pub low: f64,
    pub high: f64,
    /// Half width of the band that does not matter.
    pub delta: f64,
    /// Whether it is drawn hollow: most of its time is not the protocols'.
    pub hollow: bool,
}

/// What two records are compared by: exact counts and paired ratios.
#[derive(Debug, Clone, Serialize)]
pub struct Facts {
    pub cases: Vec<CaseFacts>,
    pub ratios: Vec<RatioFacts>,
}

#[derive(Debug, Clone, Serialize)]
pub struct CaseFacts {
    pub id: String,
    pub payload: String,
    /// The counts that were taken, by their names in a record.
    pub counts: BTreeMap<&'static str, f64>,
}

#[derive(Debug, Clone, Serialize)]
pub struct RatioFacts {
    /// `candidate / baseline`, as case ids.
    pub id: String,
    pub payload: String,
    pub ratio: f64,
    pub low: f64,
    pub high: f64,
}
