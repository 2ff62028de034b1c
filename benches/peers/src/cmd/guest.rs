//! `guest`: verifies and measures streams of Fidius plugins that this workbench
//! did not make.

use std::path::PathBuf;

use anyhow::Result;
use arena_bench::cmd::Outcome;
use arena_bench::cmd::guest::{Common, measure};

use crate::fidius::arguments;
use crate::fidius::guest::Request;

/// Which plugin, which stream.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  peers guest libticker.so --plugin TickerImpl --method tick --args '[{\"u32\": 100000}]'\n  \
    peers guest libticker.so --method 0 --args-hex a0860100 --save kept\n  \
    peers guest libticker.so --method 0 --args-hex a0860100 --against kept\n\n\
    An argument is a JSON value: a number is a u64, an i64 where negative, an f64 with a point;\n\
    another type is named by an object with one key: {\"u32\": 5}, {\"some\": \"x\"}, {\"fields\": [1, \"a\"]},\n\
    {\"variant\": [0]}; null is None, an array a Vec.\n\n\
    A guest that exports this workbench's own table, and no Fidius plugin: `arena-bench guest`."
)]
pub struct Config {
    /// Libraries to measure, one after another.
    #[arg(required = true, value_name = "CDYLIB")]
    guests: Vec<PathBuf>,
    /// Plugin to measure; the only one where the library has one.
    #[arg(long)]
    plugin: Option<String>,
    /// Its method, by name or by number: one that returns a stream and takes none.
    #[arg(long)]
    method: String,
    /// The method's arguments, a JSON array.
    #[arg(long, default_value = "[]", value_name = "JSON")]
    args: String,
    /// The same as bincode in hexadecimal.
    #[arg(long, value_name = "HEX", conflicts_with = "args")]
    args_hex: Option<String>,
    #[command(flatten)]
    common: Common,
}

/// Measures the stream.
///
/// # Errors
/// When a library is no plugin of this version, has no such plugin or method,
/// or cannot decode the arguments.
pub fn run(config: &Config) -> Result<Outcome> {
    let encoded = match &config.args_hex {
        Some(hex) => arguments::from_hex(hex)?,
        None => arguments::from_json(&config.args)?,
    };
    let request = serde_json::to_value(Request {
        plugin: config.plugin.clone(),
        method: config.method.clone(),
        arguments: encoded.iter().map(|byte| format!("{byte:02x}")).collect(),
    })?;
    let targets = config
        .guests
        .iter()
        .map(|guest| config.common.target(guest, request.clone()))
        .collect::<Result<Vec<_>>>()?;
    measure(&config.common, &targets)
}
