//! Host and plugin have an interface with the same two methods, in another order. Their hashes
//! are equal, so the plugin is loaded; the host's call of `add` reaches `remove`.

use fidius::{plugin_impl, plugin_interface};
use fidius_host::PluginHandle;

/// What the plugin was built with.
pub mod plugins {
    use super::*;

    #[plugin_interface(version = 1, buffer = PluginAllocated)]
    pub trait Stock: Send + Sync {
        fn add(&self, pieces: u64) -> String;
        fn remove(&self, pieces: u64) -> String;
    }
}

/// What the host was built with.
#[allow(dead_code)] // It calls by number.
pub mod hosts {
    use super::*;

    #[plugin_interface(version = 1, buffer = PluginAllocated)]
    pub trait Stock: Send + Sync {
        fn remove(&self, pieces: u64) -> String;
        fn add(&self, pieces: u64) -> String;
    }
}

use plugins::{__fidius_Stock, Stock};

pub struct Warehouse;

#[plugin_impl(Stock)]
impl Stock for Warehouse {
    fn add(&self, pieces: u64) -> String {
        format!("added {pieces}")
    }
    fn remove(&self, pieces: u64) -> String {
        format!("removed {pieces}")
    }
}

pub fn tried() -> (bool, String) {
    let plugin = PluginHandle::find_in_process_descriptor("Warehouse").expect("linked");
    let plugin = PluginHandle::from_descriptor(plugin).expect("of this version");
    let same = plugin.info().interface_hash == hosts::__fidius_Stock::Stock_INTERFACE_HASH;
    let answer: Result<String, _> =
        plugin.call_method(hosts::__fidius_Stock::METHOD_ADD, &(5_u64,));
    let seen = format!("equal hashes: {same}; the host calls `add(5)`: {answer:?}");
    (
        same && answer.is_ok_and(|answer| answer == "removed 5"),
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
