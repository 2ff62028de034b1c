//! Items that the host makes, as an iterator of decoded values.

use std::marker::PhantomData;

use bench_protocol::channel::wire;
use bench_protocol::counts::HostCounts;
use bench_protocol::digest::StreamDigest;
use bench_protocol::error::PluginError;
use bench_protocol::status;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How the bytes of the host's items arrive.
pub(super) trait Bytes: Send {
    /// Lets `read` see the next item's bytes and the number of bytes that hold them; `None` at the
    /// end.
    ///
    /// # Errors
    /// Why there is no item, in words.
    fn pull<R>(&mut self, read: impl FnOnce(&[u8], u64) -> R) -> Result<Option<R>, String>;

    /// Writes what it has counted, after so many items.
    fn count(&self, items: u64, counts: &mut HostCounts);
}

/// Items that may end with an error.
pub(super) trait Input: Iterator + Send {
    /// Why they ended, in words; `None` after a clean end.
    fn fault(&mut self) -> Option<String>;
    /// Writes what was counted, after so many items.
    fn tally(&self, items: u64, counts: &mut HostCounts);
}

/// Fidius boxes what a method takes its items from, too.
pub(super) type BoxedInput<T> = Box<dyn Input<Item = T>>;

impl<T> Input for BoxedInput<T> {
    fn fault(&mut self) -> Option<String> {
        (**self).fault()
    }
    fn tally(&self, items: u64, counts: &mut HostCounts) {
        (**self).tally(items, counts);
    }
}

/// What is done with each item that arrives.
pub(super) trait Look: Default + Send + 'static {
    fn item<T: Serialize>(&mut self, bytes: &[u8], held: u64, value: &T) -> Result<(), String>;
    fn count(&self, _counts: &mut HostCounts) {}
}

/// Nothing.
#[derive(Default)]
pub(super) struct Time;

impl Look for Time {
    #[inline(always)]
    fn item<T: Serialize>(&mut self, _: &[u8], _: u64, _: &T) -> Result<(), String> {
        Ok(())
    }
}

/// Counts and digests the bytes, and checks that each value encodes to them.
#[derive(Default)]
pub(super) struct Verify {
    bytes: u64,
    digest: StreamDigest,
    held_sum: u64,
    share_sum: f64,
}

impl Look for Verify {
    fn item<T: Serialize>(&mut self, bytes: &[u8], held: u64, value: &T) -> Result<(), String> {
        if wire::serialize(value).ok().as_deref() != Some(bytes) {
            return Err("an item changes when it is decoded and encoded again".to_owned());
        }
        self.bytes += bytes.len() as u64;
        self.digest.item(bytes);
        self.held_sum += held;
        if held > 0 {
            self.share_sum += bytes.len() as f64 / held as f64;
        }
        Ok(())
    }

    fn count(&self, counts: &mut HostCounts) {
        counts.bytes = self.bytes;
        counts.digest = self.digest.finish();
        counts.held_sum = self.held_sum;
        counts.share_sum = self.share_sum;
    }
}

/// Decoded items.
pub(super) struct Decoded<B, T, L> {
    bytes: B,
    look: L,
    fault: Option<String>,
    item: PhantomData<fn() -> T>,
}

impl<B, T, L: Look> Decoded<B, T, L> {
    pub(super) fn new(bytes: B) -> Self {
        Self {
            bytes,
            look: L::default(),
            fault: None,
            item: PhantomData,
        }
    }

    #[cold]
    fn failed(&mut self, why: String) -> Option<T> {
        self.fault = Some(why);
        None
    }
}

impl<B: Bytes, T: DeserializeOwned + Serialize, L: Look> Iterator for Decoded<B, T, L> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        let look = &mut self.look;
        let pulled = self.bytes.pull(|bytes, held| {
            let value: T = match wire::deserialize(bytes) {
                Ok(value) => value,
                Err(error) => return Err(format!("an item does not decode: {error}")),
            };
            look.item(bytes, held, &value)?;
            Ok(value)
        });
        match pulled {
            Ok(Some(Ok(value))) => Some(value),
            Ok(None) => None,
            Ok(Some(Err(why))) | Err(why) => self.failed(why),
        }
    }
}

impl<B: Bytes, T: DeserializeOwned + Serialize, L: Look> Input for Decoded<B, T, L> {
    fn fault(&mut self) -> Option<String> {
        self.fault.take()
    }

    fn tally(&self, items: u64, counts: &mut HostCounts) {
        self.bytes.count(items, counts);
        self.look.count(counts);
    }
}

/// Why the host's answer is no item: `bytes` came with it.
#[cold]
pub(super) fn refused(status: i32, bytes: &[u8]) -> String {
    match status {
        status::PLUGIN_ERROR => match wire::deserialize::<PluginError>(bytes) {
            Ok(error) => format!("the host's items ended with an error: {error}"),
            Err(_) => "the host's items ended with an error that does not decode".to_owned(),
        },
        status::BUFFER_TOO_SMALL => {
            "the host was lent as much as it demanded, and called it too small again".to_owned()
        }
        status => match status::name(status) {
            Some(name) => format!("the host answered {name}"),
            None => format!("the host answered status {status}"),
        },
    }
}
