//! A method of the plugin calls the host, whose function calls the method again. A thousand
//! times it works; without an end, the stack runs out and the process is aborted. This program
//! returns only where that is cured.

use std::sync::{Arc, OnceLock};

use fidius::{host_interface, plugin_impl, plugin_interface};
use fidius_host::PluginHandle;

#[host_interface(version = 1)]
pub trait Deeper: Send + Sync {
    fn deeper(&self, left: u64) -> u64;
}

#[plugin_interface(version = 1, buffer = PluginAllocated)]
pub trait Dives: Send + Sync {
    fn dive(&self, left: u64) -> u64;
}

pub struct Diver;

#[plugin_impl(Dives)]
impl Dives for Diver {
    fn dive(&self, left: u64) -> u64 {
        match left {
            0 => fidius::host_ffi::host_callback_depth() as u64,
            left => {
                let host = DeeperClient::bound().expect("the host has bound it");
                host.deeper(&(left - 1)).expect("the host answers")
            }
        }
    }
}

static PLUGIN: OnceLock<PluginHandle> = OnceLock::new();

struct Host;

impl Deeper for Host {
    fn deeper(&self, left: u64) -> u64 {
        let plugin = PLUGIN.get().expect("it is there before it is called");
        plugin.call_method(0, &(left,)).expect("the plugin answers")
    }
}

pub fn tried() -> (bool, String) {
    let plugin = PluginHandle::find_in_process_descriptor("Diver").expect("linked");
    let plugin = PluginHandle::from_descriptor(plugin).expect("of this version");
    let plugin = PLUGIN.get_or_init(|| plugin);
    DeeperBinding::bind_in_process(Arc::new(Host)).expect("nobody else has bound it");
    let reached: Result<u64, _> = plugin.call_method(0, &(1000_u64,));
    eprintln!("a thousand calls of each other: {reached:?}");
    let endless: Result<u64, _> = plugin.call_method(0, &(u64::MAX,));
    (false, format!("a call without end comes back: {endless:?}"))
}

#[allow(dead_code)]
fn main() {
    let (holds, seen) = tried();
    println!(
        "{}: {seen}",
        if holds { "so it is" } else { "it is not so" }
    );
}
