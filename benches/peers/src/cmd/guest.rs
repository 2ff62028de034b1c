//! `guest`: verifies and measures streams of Fidius plugins that this workbench
//! did not make.

use std::path::{Path, PathBuf};

use anyhow::Result;
use arena_bench::cmd::Outcome;
use arena_bench::cmd::guest::{Common, measure};

use crate::child;
use crate::fidius::guest::Request;
use crate::fidius::{arguments, describe};

/// Which plugin, which stream.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  peers guest libticker.so --plugin TickerImpl --method tick --args '[{\"u32\": 100000}]'\n  \
    peers guest libticker.so --method tick --args '[100000]' --interface ticker-interface/src/lib.rs\n  \
    peers guest libticker.so --method 0 --args-hex a0860100 --save kept\n  \
    peers guest libticker.so --method 0 --args-hex a0860100 --against kept\n\n\
    Only a method that gives out a stream and takes none is driven; `peers methods` lists the\n\
    methods with their kinds.\n\n\
    An argument is a JSON value. With --interface it is checked against the type that the method\n\
    takes. Without it, a number names its type, in an object with one key: {\"u32\": 5},\n\
    {\"some\": \"x\"}, {\"fields\": [{\"u64\": 1}, \"a\"]}, {\"variant\": [0]}; null is None, an array a Vec.\n\n\
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
    /// Rust file that declares the plugin's `#[plugin_interface]` trait; it must have the
    /// plugin's interface hash and version. Tells the kinds of methods and the types of
    /// arguments.
    #[arg(long, value_name = "FILE")]
    interface: Option<PathBuf>,
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
/// When a library is no plugin of this version, has no such plugin or method, the method is of
/// another kind, or the arguments do not fit it.
pub fn run(config: &Config) -> Result<Outcome> {
    let mut targets = Vec::new();
    for guest in &config.guests {
        // One that cannot be used does not keep the others from being measured.
        let request = request(config, guest).unwrap_or_else(|error| Request {
            refused: Some(format!("{error:#}")),
            ..Request::default()
        });
        targets.push(
            config
                .common
                .target(guest, serde_json::to_value(request)?)?,
        );
    }
    measure(&config.common, &targets)
}

/// What is asked of a library, after a look at what it has: nothing of it is called yet.
fn request(config: &Config, guest: &Path) -> Result<Request> {
    let plugins = child::describe(guest.to_owned())?;
    let mut plugin = describe::pick(plugins, guest, config.plugin.as_deref())?;
    let interface = plugin.read(config.interface.as_ref())?;
    let method = plugin.stream(&config.method)?;
    let name = plugin.methods[method].name.as_deref();
    let declared = interface.as_ref().and_then(|interface| interface.of(name));
    let encoded = match &config.args_hex {
        Some(hex) => arguments::from_hex(hex)?,
        None => arguments::from_json(&config.args, declared.map(|it| it.arguments.as_slice()))?,
    };
    Ok(Request {
        plugin: plugin.plugin,
        method,
        arguments: arguments::to_hex(&encoded),
        refused: None,
    })
}
