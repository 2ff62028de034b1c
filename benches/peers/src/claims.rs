//! The streams that the claims of the protocol's documentation are checked with: their
//! calls and retries are counted.

use std::path::PathBuf;

use anyhow::Result;
use arena_bench::case::Case as Named;
use arena_bench::guest::OpenStream;
use arena_bench::verify::{self, Expected, Verification};
use bench_host::loader;
use bench_protocol::payload::{Blob, PayloadKind};
use bench_protocol::spec::{ENDLESS, Observe, Protocol};
use bench_protocol::wire;
use bench_record::wire::{Case, Counts};

use crate::fidius::Plugin;
use crate::fidius::pump::Pumped;
use crate::peer::{Arm, Peer};
use crate::pull::Of;

/// Size of the ramp's last items, content bytes.
const LARGEST: u32 = 2048;
/// Items of the ramp: some of the largest as well.
pub const ITEMS: u64 = 2500;
/// Id of the stream of items of one size, by our drain.
pub const STEADY: &str = "peers/blob-2KiB/fidius-raw";
/// Id of the ramp by our drain.
pub const RAMP: &str = "peers/blob-ramp/fidius-raw";
/// Id of the ramp by the framework's own pump.
pub const PUMPED_RAMP: &str = "peers/blob-ramp/fidius";
/// The plugin that lends its items.
const PLUGIN: &str = "PreparedItems";
/// The place of its method `ramp`, after those of the payloads.
const RAMP_METHOD: usize = PayloadKind::ALL.len();

/// Drains a ramp by our drain and by the pump: with a buffer that grows to
/// exactly what is asked for, nearly every item is retried once. And drains items
/// of one size, which are not. A case that does not hold what the generator says
/// is left without a digest.
///
/// # Errors
/// When the plugin cannot be loaded or driven.
pub fn cases([library, host]: &[PathBuf; 2]) -> Result<Vec<Case>> {
    let arm = Arm::new(Peer::FidiusRaw, PayloadKind::Blob, LARGEST);
    let steady = arm.case(Protocol::Arena);
    let ramp = Named {
        plan: fidius_interface::ramp(LARGEST),
        ..steady.clone()
    };
    let host = loader::host(host)?;
    let plugin = Plugin::load(library, PLUGIN, &[])?;
    let by_drain = |id: &str, named: &Named, index: usize| -> Result<_> {
        let mut config = named.session(ITEMS);
        config.observe = Observe::Verify;
        let arguments = wire::serialize(&(ITEMS, LARGEST))?;
        // SAFETY: the methods of our plugin take two numbers.
        let mut stream = unsafe { plugin.open(&host, &config, index, &arguments)? };
        stream.drain(ENDLESS)?;
        let host = stream.counts();
        let verification = Verification {
            expected: Expected::of(&host),
            host,
            end_calls: 1,
        };
        let counts = Some(verification.counts());
        Ok(case(id, named, &verification.expected, counts))
    };
    let mut pumped = Of::<Blob, _>::boxed(Pumped::open::<Blob>(
        library,
        PLUGIN,
        RAMP_METHOD,
        &(ITEMS, LARGEST),
    )?);
    Ok(vec![
        by_drain(STEADY, &steady, PayloadKind::Blob as usize)?,
        by_drain(RAMP, &ramp, RAMP_METHOD)?,
        case(PUMPED_RAMP, &ramp, &pumped.verify(ITEMS)?, None),
    ])
}

fn case(id: &str, named: &Named, found: &Expected, counts: Option<Counts>) -> Case {
    let mut params = named.params(ITEMS);
    params.protocol = id.rsplit('/').next().unwrap_or_default().to_owned();
    let right = *found == verify::expected(&named.session(ITEMS).stream);
    Case {
        id: id.to_owned(),
        params,
        verified: right.then(|| found.verified()),
        counts,
    }
}
