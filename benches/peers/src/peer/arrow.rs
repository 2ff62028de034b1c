//! The Arrow C stream: columns cross by pointer, batch by batch; the consumer
//! makes an owned value of each row.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use arrow::array::{
    Array, AsArray, BinaryArray, Int64Array, ListArray, PrimitiveArray, RecordBatch, StringArray,
};
use arrow::datatypes::{Float64Type, Int64Type, UInt64Type};
use arrow::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use bench_protocol::payload::{
    Blob, BytesPayload, F64s, Payload, PayloadKind, Record, RecordPayload, U64,
};
use serde_bytes::ByteBuf;

use crate::pull::{Of, Pull, Stream};

/// Opens a stream of batches of `rows` rows.
///
/// # Errors
/// When the library is no such guest.
pub fn open(library: &Path, kind: PayloadKind, bytes: u32, rows: u32) -> Result<Box<dyn Stream>> {
    type Open = unsafe extern "C" fn(u32, u32, u32, *mut FFI_ArrowArrayStream) -> i32;
    // SAFETY: it runs the library's initialisers; it was built for this.
    let library = unsafe { libloading::Library::new(library)? };
    // Never unloaded: it holds its streams' code.
    let library: &'static libloading::Library = Box::leak(Box::new(library));
    let mut stream = FFI_ArrowArrayStream::empty();
    // SAFETY: the guest's symbol of this name is such a function, and the place
    // for the stream is ours.
    let status = unsafe {
        let open = library.get::<Open>(b"arrow_guest_stream")?;
        open(kind as u32, bytes, rows, &mut stream)
    };
    ensure!(
        status == 0,
        "the Arrow guest refuses payload {}",
        kind.name()
    );
    let reader = RecordBatchStreamReader::try_new(stream)?;
    Ok(match kind {
        PayloadKind::Text => anyhow::bail!("no peer streams {}", kind.name()),
        PayloadKind::U64 => Of::<U64, _>::boxed(Rows::<Numbers>::new(reader)),
        PayloadKind::Record => Of::<RecordPayload, _>::boxed(Rows::<Records>::new(reader)),
        PayloadKind::Bytes => Of::<BytesPayload, _>::boxed(Rows::<Binary>::new(reader)),
        PayloadKind::Blob => Of::<Blob, _>::boxed(Rows::<Binary>::new(reader)),
        PayloadKind::F64s => Of::<F64s, _>::boxed(Rows::<Columns>::new(reader)),
    })
}

/// The columns of a batch, by their types.
trait Batch: Sized {
    fn of(batch: &RecordBatch) -> Self;
}

/// An owned value of a row.
trait Row<P: Payload>: Batch {
    fn row(&self, row: usize) -> P::Owned;
}

struct Numbers(PrimitiveArray<UInt64Type>);
struct Records {
    ids: PrimitiveArray<UInt64Type>,
    times: Int64Array,
    messages: StringArray,
    tags: ListArray,
}
struct Binary(BinaryArray);
struct Columns(ListArray);

impl Batch for Numbers {
    fn of(batch: &RecordBatch) -> Self {
        Self(batch.column(0).as_primitive().clone())
    }
}
impl Batch for Records {
    fn of(batch: &RecordBatch) -> Self {
        Self {
            ids: batch.column(0).as_primitive().clone(),
            times: batch.column(1).as_primitive::<Int64Type>().clone(),
            messages: batch.column(2).as_string().clone(),
            tags: batch.column(3).as_list().clone(),
        }
    }
}
impl Batch for Binary {
    fn of(batch: &RecordBatch) -> Self {
        Self(batch.column(0).as_binary().clone())
    }
}
impl Batch for Columns {
    fn of(batch: &RecordBatch) -> Self {
        Self(batch.column(0).as_list().clone())
    }
}

impl Row<U64> for Numbers {
    fn row(&self, row: usize) -> u64 {
        self.0.value(row)
    }
}
impl Row<RecordPayload> for Records {
    fn row(&self, row: usize) -> Record {
        let tags = self.tags.value(row);
        let tags = tags.as_string::<i32>();
        Record {
            id: self.ids.value(row),
            timestamp_us: self.times.value(row),
            message: self.messages.value(row).to_owned(),
            tags: (0..tags.len())
                .map(|tag| tags.value(tag).to_owned())
                .collect(),
        }
    }
}
impl Row<BytesPayload> for Binary {
    fn row(&self, row: usize) -> Vec<u8> {
        self.0.value(row).to_vec()
    }
}
impl Row<Blob> for Binary {
    fn row(&self, row: usize) -> ByteBuf {
        ByteBuf::from(self.0.value(row).to_vec())
    }
}
impl Row<F64s> for Columns {
    fn row(&self, row: usize) -> Vec<f64> {
        self.0
            .value(row)
            .as_primitive::<Float64Type>()
            .values()
            .to_vec()
    }
}

/// The rows of the batches, one after another.
struct Rows<B> {
    reader: RecordBatchStreamReader,
    batch: Option<B>,
    next: usize,
    rows: usize,
}

impl<B: Batch> Rows<B> {
    fn new(reader: RecordBatchStreamReader) -> Self {
        Self {
            reader,
            batch: None,
            next: 0,
            rows: 0,
        }
    }

    /// Makes the next batch the current one.
    fn advance(&mut self) -> Result<()> {
        let batch = self.reader.next().context("the stream ended too soon")??;
        (self.next, self.rows) = (0, batch.num_rows());
        self.batch = Some(B::of(&batch));
        Ok(())
    }
}

impl<P: Payload, B: Row<P>> Pull<P> for Rows<B> {
    fn drain(&mut self, items: u64, mut consume: impl FnMut(P::Owned)) -> Result<()> {
        for _ in 0..items {
            while self.next == self.rows {
                self.advance()?;
            }
            let batch = self.batch.as_ref().context("a batch with rows")?;
            consume(batch.row(self.next));
            self.next += 1;
        }
        Ok(())
    }
}
