//! The five payloads from an abi_stable root module, with the generator of every
//! other guest. `bytes` and `blob` are one: nothing is encoded.

use abi_stable::export_root_module;
use abi_stable::prefix_type::PrefixTypeTrait;
use abi_stable::sabi_trait::prelude::TD_Opaque;
use abi_stable::std_types::{ROption, RString, RVec};
use abi_stable_interface::{Items, Items_TO, Module, ModuleRef, Record, Stream};
use bench_protocol::payload::{BytesPayload, F64s, Payload, RecordPayload, U64};
use bench_protocol::producer::lend_constant;

struct Source<I>(I);

impl<I: Iterator> Items<I::Item> for Source<I> {
    fn next(&mut self) -> ROption<I::Item> {
        self.0.next().into()
    }
}

fn stream<P: Payload, T: 'static>(bytes: u32, own: fn(P::View) -> T) -> Stream<T> {
    let items = lend_constant::<P>(bytes).map(own);
    Items_TO::from_value(Source(items), TD_Opaque)
}

extern "C" fn u64(bytes: u32) -> Stream<u64> {
    stream::<U64, _>(bytes, |view| view)
}

extern "C" fn record(bytes: u32) -> Stream<Record> {
    stream::<RecordPayload, _>(bytes, |view| Record {
        id: view.id(),
        timestamp_us: view.timestamp_us(),
        message: RString::from(view.message()),
        tags: view.tags().iter().map(|&tag| RString::from(tag)).collect(),
    })
}

extern "C" fn bytes(bytes: u32) -> Stream<RVec<u8>> {
    stream::<BytesPayload, _>(bytes, RVec::from_slice)
}

extern "C" fn f64s(bytes: u32) -> Stream<RVec<f64>> {
    stream::<F64s, _>(bytes, RVec::from_slice)
}

/// The root module: abi_stable's loader looks for it.
#[export_root_module]
fn module() -> ModuleRef {
    Module {
        u64,
        record,
        bytes,
        f64s,
    }
    .leak_into_prefix()
}
