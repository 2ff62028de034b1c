//! The channels beside the server stream: each as the framework's macros make it, and most
//! as they make it on top of the changes in [`fidius_interface::patched`].

use std::hint::black_box;
use std::sync::OnceLock;

use bench_protocol::digest::StreamDigest;
use bench_protocol::payload::{Blob, Payload, Record, RecordPayload, RecordView, U64};
use bench_protocol::producer::lend_constant;
use bench_protocol::wire;
use fidius::{HostCallError, Stream, plugin_impl};
use fidius_interface::channels::{
    __fidius_Bidi, __fidius_Callback, __fidius_Client, __fidius_Unary, __fidius_UnaryArena, Bidi,
    Callback, Client, HostItemsByTableClient, HostItemsClient, PatchedHostItemsClient, Seen, Unary,
    UnaryArena,
};
use fidius_interface::{BlobOwned, BlobView};
use serde::Serialize;
use serde_bytes::ByteBuf;

/// Items after which their contents repeat.
const REPEAT: usize = 256;

/// Takes items, and looks at their encodings where it is told to.
struct Look {
    seen: Seen,
    digest: Option<StreamDigest>,
}

impl Look {
    fn new(look: bool) -> Self {
        Self {
            seen: (0, 0, 0),
            digest: look.then(StreamDigest::new),
        }
    }

    #[inline]
    fn item<T: Serialize>(&mut self, item: &T) {
        self.seen.0 += 1;
        match &mut self.digest {
            None => {
                black_box(item);
            }
            Some(digest) => {
                let bytes = wire::serialize(item).expect("what was decoded can be encoded");
                self.seen.1 += bytes.len() as u64;
                digest.item(&bytes);
            }
        }
    }

    fn seen(self) -> Seen {
        let digest = self.digest.map_or(0, |digest| digest.finish());
        (self.seen.0, self.seen.1, digest)
    }
}

fn consume<T: Serialize>(look: bool, mut items: Stream<T>) -> Seen {
    let mut taken = Look::new(look);
    while let Some(item) = items.next_item() {
        taken.item(&item);
    }
    taken.seen()
}

fn echo<T: Send + 'static>(mut items: Stream<T>) -> Stream<T> {
    Stream::from_iter(std::iter::from_fn(move || items.next_item()))
}

macro_rules! streams {
    ($client:ident $bidi:ident $krate:tt) => {
        /// Consumes the host's streams.
        pub struct $client;

        #[plugin_impl(Client, crate = $krate)]
        impl Client for $client {
            fn u64(&self, look: bool, items: Stream<u64>) -> Seen {
                consume(look, items)
            }
            fn record(&self, look: bool, items: Stream<Record>) -> Seen {
                consume(look, items)
            }
            fn blob(&self, look: bool, items: Stream<BlobOwned>) -> Seen {
                consume(look, items)
            }
        }

        /// Gives the host's items back.
        pub struct $bidi;

        #[plugin_impl(Bidi, crate = $krate)]
        impl Bidi for $bidi {
            fn u64(&self, items: Stream<u64>) -> Stream<u64> {
                echo(items)
            }
            fn record(&self, items: Stream<Record>) -> Stream<Record> {
                echo(items)
            }
            fn blob(&self, items: Stream<BlobOwned>) -> Stream<BlobOwned> {
                echo(items)
            }
        }
    };
}

streams!(Consumes Echoes "fidius");
streams!(PatchedConsumes PatchedEchoes "fidius_interface::patched");

/// Prepared items of a payload, made when one is asked for.
struct Kept<P: Payload> {
    bytes: u32,
    items: OnceLock<Vec<P::View>>,
}

impl<P: Payload> Kept<P> {
    fn new(bytes: u32) -> Self {
        let items = OnceLock::new();
        Self { bytes, items }
    }

    fn item(&self, k: u64) -> P::View {
        let items = || lend_constant::<P>(self.bytes).take(REPEAT).collect();
        self.items.get_or_init(items)[k as usize % REPEAT]
    }
}

macro_rules! answers {
    ($name:ident $interface:ident $krate:tt $buffer:ident) => {
        /// Answers each call with an item of so many bytes.
        pub struct $name {
            u64: Kept<U64>,
            record: Kept<RecordPayload>,
            blob: Kept<Blob>,
        }

        impl $name {
            fn configure(bytes: u32) -> Self {
                Self {
                    u64: Kept::new(bytes),
                    record: Kept::new(bytes),
                    blob: Kept::new(bytes),
                }
            }
        }

        #[plugin_impl($interface, crate = $krate, buffer = $buffer, config = u32)]
        impl $interface for $name {
            fn u64(&self, k: u64) -> u64 {
                self.u64.item(k)
            }
            fn record(&self, k: u64) -> RecordView {
                self.record.item(k)
            }
            fn blob(&self, k: u64) -> BlobView {
                self.blob.item(k)
            }
            fn large(&self, bytes: u32) -> BlobOwned {
                ByteBuf::from(vec![1; bytes as usize])
            }
        }
    };
}

answers!(Answers Unary "fidius" PluginAllocated);
answers!(AnswersInArena UnaryArena "fidius" Arena);
answers!(PatchedAnswersInArena UnaryArena "fidius_interface::patched" Arena);

/// Calls the host for each item.
fn call<T: Serialize>(
    items: u64,
    look: bool,
    ask: impl Fn(u64) -> Result<T, HostCallError>,
) -> Seen {
    let mut taken = Look::new(look);
    for k in 0..items {
        taken.item(&ask(k).expect("the host answers"));
    }
    taken.seen()
}

macro_rules! callbacks {
    ($($name:ident $client:ident)*) => {$(
        /// Calls back.
        pub struct $name;

        #[plugin_impl(Callback)]
        impl Callback for $name {
            fn u64(&self, items: u64, look: bool) -> Seen {
                let host = $client::bound().expect("the host has bound its functions");
                call(items, look, |k| host.u64(&k))
            }
            fn record(&self, items: u64, look: bool) -> Seen {
                let host = $client::bound().expect("the host has bound its functions");
                call(items, look, |k| host.record(&k))
            }
            fn blob(&self, items: u64, look: bool) -> Seen {
                let host = $client::bound().expect("the host has bound its functions");
                call(items, look, |k| host.blob(&k))
            }
        }
    )*};
}

callbacks! {
    CallsBack HostItemsClient
    CallsBackByTable HostItemsByTableClient
    PatchedCallsBack PatchedHostItemsClient
}
