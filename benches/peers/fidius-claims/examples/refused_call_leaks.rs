//! A method takes a number and a stream. The host gives it a number that is too short: the call
//! fails, and the host's iterator is never dropped.

use std::sync::atomic::{AtomicBool, Ordering};

use fidius::{Stream, plugin_impl, plugin_interface};
use fidius_host::PluginHandle;

static DROPPED: AtomicBool = AtomicBool::new(false);

#[plugin_interface(version = 1, buffer = PluginAllocated)]
pub trait Skips: Send + Sync {
    fn skip(&self, first: u64, items: Stream<u64>) -> u64;
}

pub struct Skipper;

#[plugin_impl(Skips)]
impl Skips for Skipper {
    fn skip(&self, first: u64, mut items: Stream<u64>) -> u64 {
        std::iter::from_fn(|| items.next_item())
            .filter(|item| *item >= first)
            .count() as u64
    }
}

struct Noticed(std::ops::Range<u64>);

impl Iterator for Noticed {
    type Item = u64;
    fn next(&mut self) -> Option<u64> {
        self.0.next()
    }
}

impl Drop for Noticed {
    fn drop(&mut self) {
        DROPPED.store(true, Ordering::Relaxed);
    }
}

pub fn tried() -> (bool, String) {
    let plugin = PluginHandle::find_in_process_descriptor("Skipper").expect("linked");
    let plugin = PluginHandle::from_descriptor(plugin).expect("of this version");
    let call = |argument: &dyn Fn() -> Result<u64, fidius_host::CallError>| {
        DROPPED.store(false, Ordering::Relaxed);
        (argument(), DROPPED.load(Ordering::Relaxed))
    };
    let right = call(&|| plugin.call_client_streaming(0, Noticed(0..5), &(3_u64,)));
    let short = call(&|| plugin.call_client_streaming(0, Noticed(0..5), &(3_u8,)));
    let seen = format!(
        "a call with the right argument: {:?}, iterator dropped: {}; with one of a byte: {:?}, \
         iterator dropped: {}",
        right.0, right.1, short.0, short.1
    );
    (
        right.0.is_ok() && right.1 && short.0.is_err() && !short.1,
        seen,
    )
}

#[allow(dead_code)]
fn main() {
    let (holds, seen) = tried();
    println!(
        "{}: {seen}",
        if holds { "so it is" } else { "it is not so" }
    );
}
