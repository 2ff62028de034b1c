//! The host's iterator panics at its third item, inside the plugin's call. No panic may leave a
//! function of the C ABI: the process is aborted. This program returns only where that is cured.

use fidius::{Stream, plugin_impl, plugin_interface};
use fidius_host::PluginHandle;

#[plugin_interface(version = 1, buffer = PluginAllocated)]
pub trait Sums: Send + Sync {
    fn sum(&self, items: Stream<u64>) -> u64;
}

pub struct Summer;

#[plugin_impl(Sums)]
impl Sums for Summer {
    fn sum(&self, mut items: Stream<u64>) -> u64 {
        std::iter::from_fn(|| items.next_item()).sum()
    }
}

pub fn tried() -> (bool, String) {
    let plugin = PluginHandle::find_in_process_descriptor("Summer").expect("linked");
    let plugin = PluginHandle::from_descriptor(plugin).expect("of this version");
    let items = (1..=5_u64).inspect(|&number| assert!(number != 3, "the third is too much"));
    let answer = plugin.call_client_streaming::<_, _, u64>(0, items, &());
    (false, format!("the process goes on: {answer:?}"))
}

#[allow(dead_code)]
fn main() {
    let (holds, seen) = tried();
    println!(
        "{}: {seen}",
        if holds { "so it is" } else { "it is not so" }
    );
}
