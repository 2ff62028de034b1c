//! The five payloads as an Arrow C stream, with the generator of every other
//! guest. `bytes` and `blob` are one: a binary column.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryBuilder, Float64Builder, Int64Builder, ListBuilder, RecordBatch,
    RecordBatchIterator, StringBuilder, UInt64Builder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ffi_stream::FFI_ArrowArrayStream;
use bench_protocol::payload::{BytesPayload, F64s, PayloadKind, RecordPayload, U64};
use bench_protocol::producer::lend_constant;

fn list(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(item, true)))
}

fn schema(kind: PayloadKind) -> SchemaRef {
    let field = |name: &str, kind| Field::new(name, kind, false);
    Arc::new(Schema::new(match kind {
        PayloadKind::U64 => vec![field("value", DataType::UInt64)],
        PayloadKind::Record => vec![
            field("id", DataType::UInt64),
            field("timestamp_us", DataType::Int64),
            field("message", DataType::Utf8),
            field("tags", list(DataType::Utf8)),
        ],
        PayloadKind::Bytes | PayloadKind::Blob => vec![field("value", DataType::Binary)],
        PayloadKind::F64s => vec![field("value", list(DataType::Float64))],
        PayloadKind::Text => unreachable!("refused when a stream is opened"),
    }))
}

/// Batches of `rows` items for ever.
type Columns = Box<dyn FnMut(usize) -> Vec<ArrayRef> + Send>;

fn columns(kind: PayloadKind, bytes: u32) -> Columns {
    match kind {
        PayloadKind::Text => unreachable!("refused when a stream is opened"),
        PayloadKind::U64 => {
            let mut items = lend_constant::<U64>(bytes);
            Box::new(move |rows| {
                let mut values = UInt64Builder::with_capacity(rows);
                items
                    .by_ref()
                    .take(rows)
                    .for_each(|item| values.append_value(item));
                vec![Arc::new(values.finish())]
            })
        }
        PayloadKind::Record => {
            let mut items = lend_constant::<RecordPayload>(bytes);
            Box::new(move |rows| {
                let mut ids = UInt64Builder::with_capacity(rows);
                let mut times = Int64Builder::with_capacity(rows);
                let mut messages = StringBuilder::with_capacity(rows, rows * bytes as usize);
                let mut tags = ListBuilder::with_capacity(StringBuilder::new(), rows);
                for item in items.by_ref().take(rows) {
                    ids.append_value(item.id());
                    times.append_value(item.timestamp_us());
                    messages.append_value(item.message());
                    item.tags()
                        .iter()
                        .for_each(|tag| tags.values().append_value(tag));
                    tags.append(true);
                }
                vec![
                    Arc::new(ids.finish()),
                    Arc::new(times.finish()),
                    Arc::new(messages.finish()),
                    Arc::new(tags.finish()),
                ]
            })
        }
        PayloadKind::Bytes | PayloadKind::Blob => {
            let mut items = lend_constant::<BytesPayload>(bytes);
            Box::new(move |rows| {
                let mut values = BinaryBuilder::with_capacity(rows, rows * bytes as usize);
                items
                    .by_ref()
                    .take(rows)
                    .for_each(|item| values.append_value(item));
                vec![Arc::new(values.finish())]
            })
        }
        PayloadKind::F64s => {
            let mut items = lend_constant::<F64s>(bytes);
            Box::new(move |rows| {
                let values = Float64Builder::with_capacity(rows * bytes as usize / 8);
                let mut columns = ListBuilder::with_capacity(values, rows);
                for item in items.by_ref().take(rows) {
                    columns.values().append_slice(item);
                    columns.append(true);
                }
                vec![Arc::new(columns.finish())]
            })
        }
    }
}

/// Opens an endless stream of payload number `kind`, `rows` items a batch;
/// answers 0, or 1 when there is no such payload.
///
/// # Safety
/// `out` must be a place for a stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrow_guest_stream(
    kind: u32,
    bytes: u32,
    rows: u32,
    out: *mut FFI_ArrowArrayStream,
) -> i32 {
    let known = |kind: &PayloadKind| PayloadKind::ALL.contains(kind);
    let Some(kind) = PayloadKind::from_number(kind).filter(known) else {
        return 1;
    };
    let schema = schema(kind);
    let (of_batch, mut columns) = (Arc::clone(&schema), columns(kind, bytes));
    let batches = std::iter::repeat_with(move || -> Result<RecordBatch, ArrowError> {
        RecordBatch::try_new(Arc::clone(&of_batch), columns(rows as usize))
    });
    let stream = FFI_ArrowArrayStream::new(Box::new(RecordBatchIterator::new(batches, schema)));
    // SAFETY: the caller lends a place, whose old contents are nobody's.
    unsafe { out.write(stream) };
    0
}
