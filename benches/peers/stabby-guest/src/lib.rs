//! The five payloads from a stabby library, with the generator of every other
//! guest. `bytes` and `blob` are one: nothing is encoded.

use bench_protocol::payload::{BytesPayload, F64s, RecordPayload, U64};
use bench_protocol::producer::lend_constant;
use stabby::boxed::Box;
use stabby::string::String;
use stabby::vec::Vec;
use stabby_interface::{BytesStream, F64sStream, Record, RecordStream, U64Stream};

/// An endless stream of numbers.
#[stabby::export]
pub extern "C" fn u64_stream(bytes: u32) -> U64Stream {
    Box::new(lend_constant::<U64>(bytes)).into()
}

/// An endless stream of records of so many content bytes.
#[stabby::export]
pub extern "C" fn record_stream(bytes: u32) -> RecordStream {
    let own = |view: bench_protocol::payload::RecordView| Record {
        id: view.id(),
        timestamp_us: view.timestamp_us(),
        message: String::from(view.message()),
        tags: view.tags().iter().map(|&tag| String::from(tag)).collect(),
    };
    Box::new(lend_constant::<RecordPayload>(bytes).map(own)).into()
}

/// An endless stream of so many bytes each.
#[stabby::export]
pub extern "C" fn bytes_stream(bytes: u32) -> BytesStream {
    Box::new(lend_constant::<BytesPayload>(bytes).map(Vec::<u8>::from)).into()
}

/// An endless stream of columns of so many bytes.
#[stabby::export]
pub extern "C" fn f64s_stream(bytes: u32) -> F64sStream {
    Box::new(lend_constant::<F64s>(bytes).map(Vec::<f64>::from)).into()
}
