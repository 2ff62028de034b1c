//! Why a Fidius plugin cannot be driven, and what to do about it.

use std::path::PathBuf;

use bench_host::error::StreamError;
use bench_protocol::status;

use super::interface::list;
use super::kind::Kind;

/// Why a Fidius plugin cannot be driven.
#[derive(Debug, thiserror::Error)]
pub enum FidiusError {
    /// The framework's loader refuses the file.
    #[error("{}: not a Fidius {} plugin: {refusal}", path.display(), version())]
    Load {
        /// The file.
        path: PathBuf,
        /// What the loader says.
        refusal: String,
    },
    /// The library has no plugin of that name.
    #[error("{}: no plugin `{wanted}` in it; there {}", path.display(), list(available))]
    NoPlugin {
        /// The file.
        path: PathBuf,
        /// The name asked for.
        wanted: String,
        /// The names there are.
        available: Vec<String>,
    },
    /// The library has not one plugin, and none was named.
    #[error("{}: which of its plugins? name one with --plugin; there {}", path.display(), list(available))]
    Unnamed {
        /// The file.
        path: PathBuf,
        /// The names there are.
        available: Vec<String>,
    },
    /// The plugin has no method of that name or number.
    #[error(
        "plugin `{plugin}` has no method `{wanted}`; there {}",
        list(available)
    )]
    NoMethod {
        /// The plugin.
        plugin: String,
        /// The name or number asked for.
        wanted: String,
        /// The methods there are.
        available: Vec<String>,
    },
    /// The method is of a kind that is not driven.
    #[error("`{plugin}::{method}` is {kind}: {why}")]
    Kind {
        /// The plugin.
        plugin: String,
        /// The method.
        method: String,
        /// Its kind.
        kind: Kind,
        /// Why that kind is not driven.
        why: &'static str,
    },
    /// Nothing tells of which kind the method is.
    #[error(
        "`{plugin}::{method}`: its kind is unknown ({why}), and a method that takes a stream crashes when it is called as another; give the source of the plugin's interface with --interface"
    )]
    UnknownKind {
        /// The plugin.
        plugin: String,
        /// The method.
        method: String,
        /// Why it is unknown.
        why: String,
    },
    /// An optional method that the plugin leaves out.
    #[error("`{plugin}` does not implement its optional method {method}")]
    NotImplemented {
        /// The plugin.
        plugin: String,
        /// The number of the method.
        method: usize,
    },
    /// The plugin could not make an instance of itself.
    #[error("`{plugin}` makes no instance of this configuration")]
    NoInstance {
        /// The plugin.
        plugin: String,
    },
    /// The arguments are longer than a call can say.
    #[error("{bytes} bytes of arguments: a call takes less than 4 GiB")]
    TooLong {
        /// Length of the encoded arguments.
        bytes: usize,
    },
    /// The plugin could not decode the arguments.
    #[error(
        "method {method} of `{plugin}` cannot decode its arguments ({bytes} bytes of bincode): are their number, order and types those of the method? (--interface has them checked)"
    )]
    Arguments {
        /// The plugin.
        plugin: String,
        /// The number of the method.
        method: usize,
        /// Length of the encoded arguments.
        bytes: usize,
    },
    /// The method failed.
    #[error("method {method} of `{plugin}` failed: it answered {}", status::name(*status).map_or_else(|| status.to_string(), str::to_owned))]
    Init {
        /// The plugin.
        plugin: String,
        /// The number of the method.
        method: usize,
        /// Its answer.
        status: i32,
    },
    /// The handle cannot be driven.
    #[error(transparent)]
    Stream(#[from] StreamError),
}

/// The release of Fidius that this is built with, as it tells the ABI by.
fn version() -> String {
    let abi = fidius::descriptor::ABI_VERSION;
    format!("{}.{}", abi / 10_000, abi % 10_000 / 100)
}
