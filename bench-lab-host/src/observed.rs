//! A session on a source of any variant.

use bench_host::drain::{self, Drain};
use bench_host::source::Source;
use bench_protocol::lab::spec::{Codec, LabConfig};

/// A session on a source, decoding as the configuration says.
pub(crate) fn observed<S: Source + 'static>(source: S, config: &LabConfig) -> Box<dyn Drain> {
    match config.codec {
        Codec::Bincode => drain::observed(source, &config.session),
        Codec::Wincode => drain::observed_by_wincode(source, &config.session),
    }
}
