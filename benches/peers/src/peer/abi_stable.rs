//! abi_stable: both sides share types, and a trait object of the guest's yields
//! owned values.

use std::path::Path;

use abi_stable::library::RootModule;
use abi_stable::std_types::ROption;
use abi_stable_interface::{ModuleRef, Record, Stream};
use anyhow::{Result, anyhow};
use bench_protocol::payload::{self, PayloadKind};

use super::converted::{Convert, Converted};
use crate::pull;

struct Source<T>(Stream<T>);

impl<T: 'static> Iterator for Source<T> {
    type Item = T;
    fn next(&mut self) -> Option<T> {
        match self.0.next() {
            ROption::RSome(item) => Some(item),
            ROption::RNone => None,
        }
    }
}

/// Opens a stream of a guest.
///
/// # Errors
/// When the library is no such guest.
pub fn open(library: &Path, kind: PayloadKind, bytes: u32) -> Result<Box<dyn pull::Stream>> {
    let module = ModuleRef::load_from_file(library).map_err(|error| anyhow!("{error}"))?;
    Ok(match kind {
        PayloadKind::Text => anyhow::bail!("no peer streams {}", kind.name()),
        PayloadKind::U64 => Converted::boxed(Source(module.u64()(bytes))),
        PayloadKind::Record => Converted::boxed(Source(module.record()(bytes))),
        PayloadKind::Bytes | PayloadKind::Blob => Converted::boxed(Source(module.bytes()(bytes))),
        PayloadKind::F64s => Converted::boxed(Source(module.f64s()(bytes))),
    })
}

impl Convert for Record {
    type Std = payload::Record;
    fn convert(self) -> payload::Record {
        payload::Record {
            id: self.id,
            timestamp_us: self.timestamp_us,
            message: self.message.into(),
            tags: self.tags.into_iter().map(Into::into).collect(),
        }
    }
}

impl<T: Clone + serde::Serialize> Convert for abi_stable::std_types::RVec<T> {
    type Std = Vec<T>;
    fn convert(self) -> Vec<T> {
        self.into()
    }
}
