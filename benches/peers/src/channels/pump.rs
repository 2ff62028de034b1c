//! The framework's pump, with a channel of another capacity: a thread that pulls, decodes and
//! makes a `Value`, line by line as `fidius_host::executor::cdylib` has it.

use std::path::Path;

use anyhow::Result;
use bench_protocol::handle::StreamHandle;
use bench_protocol::payload::Payload;
use fidius::{Value, status, to_value, wire};
use fidius_host::{CallError, ChunkStream};
use futures::stream;
use tokio::sync::mpsc::{Sender, channel};

use super::arm::Arm;
use crate::fidius::Plugin;
use crate::fidius::pump::Pumped;
use crate::pull::{Of, Stream};

/// Bytes of the pump's first buffer.
const FIRST: usize = 64;

/// Opens a stream of the plugin's through a pump.
///
/// # Errors
/// When the plugin cannot be loaded or refuses.
pub fn open<P: Payload>(arm: &Arm, library: &Path, items: u64) -> Result<Box<dyn Stream>> {
    let plugin = Plugin::load(library, arm.plugin(), &[])?;
    let arguments = wire::serialize(&(items, arm.bytes))?;
    // SAFETY: the methods of this plugin give out a stream and take none.
    let handle = Handle(unsafe { plugin.init(arm.payload as usize, &arguments)? });
    let (sender, receiver) = channel(arm.capacity as usize);
    std::thread::spawn(move || pump::<P>(handle, &sender));
    let values = stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|value| (value, receiver))
    });
    let source = Pumped::of(plugin, async |_| Ok(ChunkStream::new(values)))?;
    Ok(Of::<P, _>::boxed(source))
}

/// A stream's handle; dropping it ends the stream.
struct Handle(*mut StreamHandle);

// SAFETY: it is used by one thread at a time, and the framework asks `Send` of what is behind.
unsafe impl Send for Handle {}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle is valid and ours, and this runs once.
        unsafe { ((*self.0).drop_fn)(self.0) }
    }
}

impl Handle {
    fn next(&self, buffer: &mut [u8]) -> (i32, usize) {
        let mut len = 0;
        // SAFETY: the handle is valid, and the buffer has so many writable bytes.
        let code = unsafe {
            let (bytes, room) = (buffer.as_mut_ptr(), buffer.len() as u32);
            ((*self.0).next)(self.0, bytes, room, &mut len)
        };
        (code, len as usize)
    }
}

fn pump<P: Payload>(handle: Handle, values: &Sender<Result<Value, CallError>>) {
    let mut buffer = vec![0; FIRST];
    loop {
        let (mut code, mut len) = handle.next(&mut buffer);
        if code == status::STATUS_BUFFER_TOO_SMALL {
            buffer.resize(len, 0);
            (code, len) = handle.next(&mut buffer);
        }
        let value = match code {
            status::STATUS_OK => wire::deserialize::<P::Owned>(&buffer[..len])
                .map_err(|error| CallError::Deserialization(error.to_string()))
                .and_then(|item| {
                    to_value(&item).map_err(|error| CallError::Serialization(error.to_string()))
                }),
            status::STATUS_STREAM_END => return,
            code => Err(CallError::UnknownStatus { code }),
        };
        let is_last = value.is_err();
        if values.blocking_send(value).is_err() || is_last {
            return;
        }
    }
}
