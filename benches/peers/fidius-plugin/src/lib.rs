//! A real Fidius plugin: the five payloads with the generator of every other
//! guest, through the framework's own macros and nothing else.

mod channels;

use bench_protocol::payload::{
    Blob, BytesPayload, F64s, Payload, Record, RecordPayload, RecordView, U64,
};
use bench_protocol::producer;
use bench_protocol::size_plan::SizePlan;
use bench_protocol::spec::SEED;
use fidius::{Stream, plugin_impl};
use fidius_interface::{
    __fidius_Owned, __fidius_Prepared, BlobOwned, BlobView, Owned, Prepared, ramp,
};

/// Lends `items` items of `bytes` content bytes.
fn lend<P: Payload>(items: u64, bytes: u32) -> impl Iterator<Item = P::View> + Send {
    let sizes = SizePlan::Constant { bytes }.table(SEED);
    producer::views::<P>(SEED, &sizes.expect("a plan of one size has a size"), items)
}

/// The same items, each allocated afresh.
fn own<P: Payload>(items: u64, bytes: u32) -> impl Iterator<Item = P::Owned> + Send {
    lend::<P>(items, bytes).map(P::to_owned)
}

/// Lends prepared items.
pub struct PreparedItems;

#[plugin_impl(Prepared)]
impl Prepared for PreparedItems {
    fn u64(&self, items: u64, bytes: u32) -> Stream<u64> {
        Stream::from_iter(lend::<U64>(items, bytes))
    }
    fn record(&self, items: u64, bytes: u32) -> Stream<RecordView> {
        Stream::from_iter(lend::<RecordPayload>(items, bytes))
    }
    fn bytes(&self, items: u64, bytes: u32) -> Stream<&'static [u8]> {
        Stream::from_iter(lend::<BytesPayload>(items, bytes))
    }
    fn blob(&self, items: u64, bytes: u32) -> Stream<BlobView> {
        Stream::from_iter(lend::<Blob>(items, bytes))
    }
    fn f64s(&self, items: u64, bytes: u32) -> Stream<&'static [f64]> {
        Stream::from_iter(lend::<F64s>(items, bytes))
    }
    fn ramp(&self, items: u64, bytes: u32) -> Stream<BlobView> {
        let sizes = ramp(bytes).table(SEED).expect("a ramp has sizes");
        Stream::from_iter(producer::views::<Blob>(SEED, &sizes, items))
    }
}

/// Allocates each item.
pub struct OwnedItems;

#[plugin_impl(Owned)]
impl Owned for OwnedItems {
    fn u64(&self, items: u64, bytes: u32) -> Stream<u64> {
        Stream::from_iter(own::<U64>(items, bytes))
    }
    fn record(&self, items: u64, bytes: u32) -> Stream<Record> {
        Stream::from_iter(own::<RecordPayload>(items, bytes))
    }
    fn bytes(&self, items: u64, bytes: u32) -> Stream<Vec<u8>> {
        Stream::from_iter(own::<BytesPayload>(items, bytes))
    }
    fn blob(&self, items: u64, bytes: u32) -> Stream<BlobOwned> {
        Stream::from_iter(own::<Blob>(items, bytes))
    }
    fn f64s(&self, items: u64, bytes: u32) -> Stream<Vec<f64>> {
        Stream::from_iter(own::<F64s>(items, bytes))
    }
}

fidius::fidius_plugin_registry!();
