//! The plugin's second item cannot be encoded. The host is told of an unknown status, though
//! the status is one of the framework's own.

use fidius::{Stream, plugin_impl, plugin_interface};
use fidius_host::{CallError, PluginHandle};
use futures::StreamExt;
use serde::ser::{Error, Serialize, Serializer};

pub struct Item(u64);

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            2 => Err(Error::custom("this item cannot be encoded")),
            number => serializer.serialize_u64(number),
        }
    }
}

// The typed client, which the macro makes for hosts, asks for items that can be decoded.
impl<'de> serde::Deserialize<'de> for Item {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u64::deserialize(deserializer).map(Self)
    }
}

#[plugin_interface(version = 1, buffer = PluginAllocated)]
pub trait Ticks: Send + Sync {
    fn tick(&self) -> Stream<Item>;
}

pub struct Ticker;

#[plugin_impl(Ticks)]
impl Ticks for Ticker {
    fn tick(&self) -> Stream<Item> {
        Stream::from_iter((1..=3).map(Item))
    }
}

pub fn tried() -> (bool, String) {
    let plugin = PluginHandle::find_in_process_descriptor("Ticker").expect("linked");
    let plugin = PluginHandle::from_descriptor(plugin).expect("of this version");
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let last = runtime.expect("a runtime").block_on(async {
        let mut stream = plugin
            .call_streaming::<_, u64>(0, &())
            .await
            .expect("it opens");
        let mut last = None;
        while let Some(item) = stream.next().await {
            last = Some(item);
        }
        last
    });
    let seen =
        format!("of three items, the second of which cannot be encoded, the last is {last:?}");
    let code = fidius::status::STATUS_SERIALIZATION_ERROR;
    let holds = matches!(last, Some(Err(CallError::UnknownStatus { code: it })) if it == code);
    (holds, seen)
}

#[allow(dead_code)]
fn main() {
    let (holds, seen) = tried();
    println!(
        "{}: {seen}",
        if holds { "so it is" } else { "it is not so" }
    );
}
