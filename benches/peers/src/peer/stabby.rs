//! stabby: both sides share types, and stabby's own iterator yields owned
//! values.

use std::path::Path;

use anyhow::{Result, anyhow};
use bench_protocol::payload::{self, PayloadKind};
use stabby::libloading::StabbyLibrary;
use stabby_interface::{BytesStream, F64sStream, Record, RecordStream, U64Stream};

use super::converted::{Convert, Converted};
use crate::pull::Stream;

/// Opens a stream of a guest.
///
/// # Errors
/// When the library is no such guest, or its types are others.
pub fn open(library: &Path, kind: PayloadKind, bytes: u32) -> Result<Box<dyn Stream>> {
    // SAFETY: it runs the library's initialisers; it was built for this.
    let library = unsafe { libloading::Library::new(library)? };
    // Never unloaded: it holds its streams' code.
    let library: &'static libloading::Library = Box::leak(Box::new(library));
    macro_rules! stream {
        ($symbol:literal, $stream:ty) => {{
            // SAFETY: stabby compares both sides' types by their reports.
            let open = unsafe { library.get_stabbied::<extern "C" fn(u32) -> $stream>($symbol) };
            Converted::boxed(open.map_err(|error| anyhow!("{error}"))?(bytes))
        }};
    }
    Ok(match kind {
        PayloadKind::Text => anyhow::bail!("no peer streams {}", kind.name()),
        PayloadKind::U64 => stream!(b"u64_stream", U64Stream),
        PayloadKind::Record => stream!(b"record_stream", RecordStream),
        PayloadKind::Bytes | PayloadKind::Blob => stream!(b"bytes_stream", BytesStream),
        PayloadKind::F64s => stream!(b"f64s_stream", F64sStream),
    })
}

impl Convert for Record {
    type Std = payload::Record;
    fn convert(self) -> payload::Record {
        payload::Record {
            id: self.id,
            timestamp_us: self.timestamp_us,
            message: self.message.to_string(),
            tags: self.tags.iter().map(|tag| tag.to_string()).collect(),
        }
    }
}

impl<T: Copy + serde::Serialize> Convert for stabby::vec::Vec<T> {
    type Std = Vec<T>;
    fn convert(self) -> Vec<T> {
        self.to_vec()
    }
}
