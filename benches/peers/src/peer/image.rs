//! The items of the guests that were written by hand: a table of 256 entries, and what they
//! point to, as both find it at the beginning of their memory.

use anyhow::{Result, bail};
use bench_protocol::payload::{BytesPayload, F64s, Payload, PayloadKind, RecordPayload, U64};
use bench_protocol::producer::lend_constant;

/// Entries that a guest walks through: those after which the items repeat.
const ENTRIES: usize = 256;
/// Bytes of an entry.
const ENTRY: usize = 48;
/// Bytes of a page of a guest's memory.
const PAGE: usize = 64 << 10;

/// Entries, and what they point to.
pub struct Image(Vec<u8>);

struct Entry<'a>(&'a mut [u8]);

impl Entry<'_> {
    fn number(&mut self, at: usize, number: u64) {
        self.0[at..at + 8].copy_from_slice(&number.to_le_bytes());
    }

    fn slice(&mut self, at: usize, heap: &mut Vec<u8>, bytes: &[u8]) {
        let address = (ENTRIES * ENTRY + heap.len()) as u32;
        heap.extend(bytes);
        // As everywhere: no item is better aligned than another.
        heap.resize(heap.len().next_multiple_of(8), 0);
        self.0[at..at + 4].copy_from_slice(&address.to_le_bytes());
        self.0[at + 4..at + 8].copy_from_slice(&(bytes.len() as u32).to_le_bytes());
    }
}

impl Image {
    /// The items of a payload, of so many content bytes.
    ///
    /// # Errors
    /// When no guest has them.
    pub fn of(kind: PayloadKind, bytes: u32) -> Result<Self> {
        Ok(match kind {
            PayloadKind::Text => bail!("no peer streams {}", kind.name()),
            PayloadKind::U64 => Self::items::<U64>(bytes, |entry, _, item| entry.number(0, item)),
            PayloadKind::Record => Self::items::<RecordPayload>(bytes, |entry, heap, item| {
                entry.number(0, item.id());
                entry.number(8, item.timestamp_us().cast_unsigned());
                entry.slice(16, heap, item.message().as_bytes());
                for (tag, text) in item.tags().iter().enumerate() {
                    entry.slice(24 + 8 * tag, heap, text.as_bytes());
                }
            }),
            PayloadKind::Bytes | PayloadKind::Blob => {
                Self::items::<BytesPayload>(bytes, |entry, heap, item| entry.slice(16, heap, item))
            }
            PayloadKind::F64s => Self::items::<F64s>(bytes, |entry, heap, item| {
                let bytes: Vec<u8> = item.iter().flat_map(|value| value.to_le_bytes()).collect();
                entry.slice(16, heap, &bytes);
            }),
        })
    }

    fn items<P: Payload>(
        bytes: u32,
        write: impl Fn(&mut Entry<'_>, &mut Vec<u8>, P::View),
    ) -> Self {
        let (mut image, mut heap) = (vec![0; ENTRIES * ENTRY], Vec::new());
        for (entry, item) in image.chunks_mut(ENTRY).zip(lend_constant::<P>(bytes)) {
            write(&mut Entry(entry), &mut heap, item);
        }
        image.append(&mut heap);
        Self(image)
    }

    /// Its bytes; the guest's own begin behind them.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Pages that hold it and the largest item as well.
    pub fn pages(&self) -> usize {
        // That is smaller than all items together, and some lengths.
        (2 * self.0.len() + ENTRIES * ENTRY).div_ceil(PAGE)
    }
}
