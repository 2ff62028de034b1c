//! A Fidius plugin whose streams misbehave, each in the way that its name says.

use fidius::{Stream, plugin_impl, plugin_interface};

/// Streams that a host should survive.
#[plugin_interface(version = 1, buffer = PluginAllocated)]
pub trait Unruly: Send + Sync {
    /// Numbers from `first` on, for ever.
    fn endless(&self, first: u64) -> Stream<u64>;
    /// Ten numbers, then the process is gone.
    fn aborts(&self) -> Stream<u64>;
    /// Ten numbers, then a panic.
    fn panics(&self) -> Stream<u64>;
    /// No stream at all.
    fn answer(&self) -> u64;
    /// Takes a stream and answers once.
    fn sums(&self, numbers: Stream<u64>) -> u64;
    /// Takes a stream and gives one out.
    fn doubles(&self, numbers: Stream<u64>) -> Stream<u64>;
}

/// Ten numbers and then `end`.
fn ten(end: fn()) -> Stream<u64> {
    Stream::from_iter((0..).inspect(move |&k| {
        if k == 10 {
            end();
        }
    }))
}

/// The only plugin of this library.
pub struct UnrulyStreams;

#[plugin_impl(Unruly)]
impl Unruly for UnrulyStreams {
    fn endless(&self, first: u64) -> Stream<u64> {
        Stream::from_iter(first..)
    }
    fn aborts(&self) -> Stream<u64> {
        ten(|| std::process::abort())
    }
    fn panics(&self) -> Stream<u64> {
        ten(|| panic!("the tenth is too much"))
    }
    fn answer(&self) -> u64 {
        42
    }
    fn sums(&self, mut numbers: Stream<u64>) -> u64 {
        std::iter::from_fn(|| numbers.next_item()).sum()
    }
    fn doubles(&self, mut numbers: Stream<u64>) -> Stream<u64> {
        Stream::from_iter(std::iter::from_fn(move || {
            numbers.next_item().map(|number| 2 * number)
        }))
    }
}

fidius::fidius_plugin_registry!();
