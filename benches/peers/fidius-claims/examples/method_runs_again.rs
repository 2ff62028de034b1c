//! A method of an Arena interface counts its calls and answers with more than 4 KiB: one call
//! of the host's runs it twice.

use std::sync::atomic::{AtomicU64, Ordering};

use fidius::{plugin_impl, plugin_interface};
use fidius_host::PluginHandle;

static RUNS: AtomicU64 = AtomicU64::new(0);

#[plugin_interface(version = 1, buffer = Arena)]
pub trait Charges: Send + Sync {
    fn charge(&self, bytes: u64) -> Vec<u8>;
}

pub struct Charger;

#[plugin_impl(Charges, buffer = Arena)]
impl Charges for Charger {
    fn charge(&self, bytes: u64) -> Vec<u8> {
        RUNS.fetch_add(1, Ordering::Relaxed);
        vec![0; bytes as usize]
    }
}

pub fn tried() -> (bool, String) {
    let plugin = PluginHandle::find_in_process_descriptor("Charger").expect("linked");
    let plugin = PluginHandle::from_descriptor(plugin).expect("of this version");
    let runs = |bytes: u64| {
        let before = RUNS.load(Ordering::Relaxed);
        let answer: Result<Vec<u8>, _> = plugin.call_method(0, &(bytes,));
        assert_eq!(answer.expect("it answers").len() as u64, bytes);
        RUNS.load(Ordering::Relaxed) - before
    };
    let [small, large, again] = [100, 5000, 5000].map(runs);
    let seen = format!(
        "one call that answers with 100 bytes runs the method {small} time(s), the first with \
         5,000 bytes {large}, the next {again}"
    );
    ((small, large, again) == (1, 2, 1), seen)
}

#[allow(dead_code)]
fn main() {
    let (holds, seen) = tried();
    println!(
        "{}: {seen}",
        if holds { "so it is" } else { "it is not so" }
    );
}
