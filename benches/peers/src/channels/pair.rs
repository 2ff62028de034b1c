//! The channels of the pair of this workbench, by its model of the release: what real plugins are
//! compared with to see whether it is one.

use std::path::Path;

use anyhow::{Context, Result};
use arena_bench::case::Case;
use bench_host::pair::Pair;
use bench_protocol::size_plan::SizePlan;

use super::arm::Arm;
use crate::peer::sessions::Sessions;
use crate::pull::Stream;

/// Opens a channel of a pair.
///
/// # Errors
/// When the pair cannot be loaded, or models no such channel.
pub fn open(arm: &Arm, guest: &Path, host: &Path) -> Result<Box<dyn Stream>> {
    let modelled = arm.channel.modelled();
    let (channel, way) = modelled.context("the pair has no such channel")?;
    let pair = Pair::load(guest, host)?;
    let plan = SizePlan::Constant { bytes: arm.bytes };
    let case = Case::channel(channel, way, arm.payload, plan);
    Sessions::boxed(case.clone(), move |config| Ok(case.open(&pair, config)?))
}
