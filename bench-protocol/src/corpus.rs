//! The contents of items: prepared before a stream opens, identical for a seed on every
//! machine, and lent to streams without a copy.

use std::any::Any;
use std::collections::HashMap;
use std::sync::Mutex;

use crate::payload::Payload;
use crate::size_plan::SizeTable;

/// The prepared items of a size table: item `k` of a stream is
/// `items[table.entry(k)]`.
#[derive(Debug)]
pub(crate) struct Corpus<P: Payload> {
    /// One view for each entry of the size table.
    pub(crate) items: Vec<P::View>,
    /// Where the loop of the size table starts.
    pub(crate) loop_from: usize,
}

type Key = (u32, u64, SizeTable);
type Shared = &'static (dyn Any + Send + Sync);

/// The corpora that this process has prepared.
///
/// They live as long as the process, so that a stream can lend its items as `'static` and
/// opening it again prepares nothing. Memory grows with the number of different (payload,
/// seed, table) triples, not with the number or length of streams.
static PREPARED: Mutex<Option<HashMap<Key, Shared>>> = Mutex::new(None);

/// The corpus of payload `P` for a seed and a size table; the first call prepares it.
///
/// # Panics
/// If another thread panicked while it prepared a corpus.
pub(crate) fn prepared<P: Payload>(seed: u64, table: &SizeTable) -> &'static Corpus<P> {
    let mut cache = PREPARED.lock().expect("no preparation panics");
    let cache = cache.get_or_insert_default();
    let key = (P::KIND as u32, seed, table.clone());
    let shared = cache.entry(key).or_insert_with(|| {
        Box::leak(Box::new(Corpus::<P> {
            items: P::prepare(seed, table),
            loop_from: table.loop_from() as usize,
        }))
    });
    shared
        .downcast_ref()
        .expect("the key holds the payload's kind")
}
