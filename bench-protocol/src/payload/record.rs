//! `record`: an item of the kind that plugins stream most.

use serde::{Deserialize, Serialize};
use wincode::{SchemaRead, SchemaWrite};

use super::contents::{SLACK, STRIDE, random_bytes, start};
use crate::random::mix;
use crate::same_bytes::{Text, items};
use crate::size_plan::SizeTable;

/// A record with all parts owned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, SchemaRead, SchemaWrite)]
pub struct Record {
    /// Number of the record.
    pub id: u64,
    /// Microseconds since the epoch.
    pub timestamp_us: i64,
    /// A sentence.
    #[wincode(with = "Text")]
    pub message: String,
    /// A short list of tags.
    #[wincode(with = "Vec<Text>")]
    pub tags: Vec<String>,
}

/// A record that borrows its text. Same bytes on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, SchemaRead)]
pub struct RecordRef<'a> {
    /// Number of the record.
    pub id: u64,
    /// Microseconds since the epoch.
    pub timestamp_us: i64,
    /// A sentence.
    #[serde(borrow)]
    pub message: &'a str,
    /// A short list of tags.
    #[serde(borrow)]
    pub tags: Vec<&'a str>,
}

/// A prepared record. Same bytes on the wire.
#[derive(Debug, Clone, Copy, Serialize, SchemaWrite)]
pub struct RecordView {
    id: u64,
    timestamp_us: i64,
    message: &'static str,
    tags: &'static [&'static str],
}

impl RecordView {
    /// The record with all parts owned.
    pub(super) fn to_record(self) -> Record {
        Record {
            id: self.id,
            timestamp_us: self.timestamp_us,
            message: self.message.to_owned(),
            tags: self.tags.iter().map(|&tag| tag.to_owned()).collect(),
        }
    }

    /// Number of the record.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub fn timestamp_us(&self) -> i64 {
        self.timestamp_us
    }

    /// A sentence.
    #[must_use]
    pub fn message(&self) -> &'static str {
        self.message
    }

    /// A short list of tags.
    #[must_use]
    pub fn tags(&self) -> &'static [&'static str] {
        self.tags
    }
}

/// Tags of equal length, so that a record's size depends on its message alone.
const TAGS: [&str; 8] = [
    "ingest", "sensor", "billed", "region", "urgent", "tenant", "shadow", "replay",
];
const TAGS_PER_RECORD: usize = 3;
/// Content bytes of a record with an empty message: two numbers, three tags.
const RECORD_FIXED_BYTES: u32 = 8 + 8 + 6 * TAGS_PER_RECORD as u32;

/// The records of a size table.
pub(super) fn prepare(seed: u64, table: &SizeTable) -> Vec<RecordView> {
    let text: String = random_bytes(seed, table)
        .iter()
        .map(|&byte| {
            if byte < 40 {
                ' '
            } else {
                char::from(b'a' + byte % 26)
            }
        })
        .collect();
    let text: &'static str = text.leak();
    let record = |(k, &bytes): (usize, &u32)| {
        let from = start(seed, k, SLACK / STRIDE) * STRIDE;
        let random = mix(seed.rotate_left(17), k as u64);
        let tag = (random % (TAGS.len() - TAGS_PER_RECORD + 1) as u64) as usize;
        RecordView {
            id: random,
            timestamp_us: 1_700_000_000_000_000 + k as i64 * 1000,
            message: &text[from..from + bytes.saturating_sub(RECORD_FIXED_BYTES) as usize],
            tags: &TAGS[tag..tag + TAGS_PER_RECORD],
        }
    };
    table.sizes().iter().enumerate().map(record).collect()
}

items!(RecordView, Record);
