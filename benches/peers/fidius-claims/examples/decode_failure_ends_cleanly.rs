//! The third item that the host sends is three bytes, no `u64`. The plugin, which counts items,
//! cannot tell that from the end of the stream, and neither can the host: the call succeeds.

use fidius::{Stream, plugin_impl, plugin_interface};
use fidius_host::PluginHandle;
use fidius_host::client_stream::host_producer_handle;

#[plugin_interface(version = 1, buffer = PluginAllocated)]
pub trait CountsDecoded: Send + Sync {
    fn count(&self, items: Stream<u64>) -> u64;
}

pub struct CounterOfDecoded;

#[plugin_impl(CountsDecoded)]
impl CountsDecoded for CounterOfDecoded {
    fn count(&self, mut items: Stream<u64>) -> u64 {
        let mut taken = 0;
        while items.next_item().is_some() {
            taken += 1;
        }
        taken
    }
}

pub fn tried() -> (bool, String) {
    let plugin = PluginHandle::find_in_process_descriptor("CounterOfDecoded").expect("linked");
    let plugin = PluginHandle::from_descriptor(plugin).expect("of this version");
    let items = vec![vec![1; 8], vec![2; 8], vec![3; 3], vec![4; 8], vec![5; 8]];
    let handle = host_producer_handle(items.into_iter());
    // SAFETY: the handle is fresh, and the method takes a stream and nothing else.
    let answer = unsafe { plugin.call_client_streaming_raw(0, handle, &[]) };
    let counted = answer.map(|bytes| fidius::wire::deserialize::<u64>(&bytes));
    let seen = format!("of five items, the third of which is three bytes: {counted:?}");
    (matches!(counted, Ok(Ok(2))), seen)
}

#[allow(dead_code)]
fn main() {
    let (holds, seen) = tried();
    println!(
        "{}: {seen}",
        if holds { "so it is" } else { "it is not so" }
    );
}
