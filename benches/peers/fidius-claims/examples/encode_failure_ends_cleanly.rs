//! The host's third item cannot be encoded. The plugin, which counts items, cannot tell that
//! from the end of the stream, and neither can the host: the call succeeds.

use fidius::{Stream, plugin_impl, plugin_interface};
use fidius_host::PluginHandle;
use serde::ser::{Error, Serialize, Serializer};

#[plugin_interface(version = 1, buffer = PluginAllocated)]
pub trait CountsEncoded: Send + Sync {
    fn count(&self, items: Stream<u64>) -> u64;
}

pub struct CounterOfEncoded;

#[plugin_impl(CountsEncoded)]
impl CountsEncoded for CounterOfEncoded {
    fn count(&self, mut items: Stream<u64>) -> u64 {
        let mut taken = 0;
        while items.next_item().is_some() {
            taken += 1;
        }
        taken
    }
}

struct Item(u64);

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            3 => Err(Error::custom("this item cannot be encoded")),
            number => serializer.serialize_u64(number),
        }
    }
}

pub fn tried() -> (bool, String) {
    let plugin = PluginHandle::find_in_process_descriptor("CounterOfEncoded").expect("linked");
    let plugin = PluginHandle::from_descriptor(plugin).expect("of this version");
    let counted = plugin.call_client_streaming::<_, _, u64>(0, (1..=5).map(Item), &());
    let seen = format!("of five items, the third of which cannot be encoded: {counted:?}");
    (matches!(counted, Ok(2)), seen)
}

#[allow(dead_code)]
fn main() {
    let (holds, seen) = tried();
    println!(
        "{}: {seen}",
        if holds { "so it is" } else { "it is not so" }
    );
}
