//! Why a Fidius plugin cannot be driven, and what to do about it.

use std::path::PathBuf;

use bench_host::error::StreamError;
use bench_protocol::status;
use fidius::descriptor::BufferStrategyKind;

/// Why a Fidius plugin cannot be driven.
#[derive(Debug, thiserror::Error)]
pub enum FidiusError {
    /// The framework's loader refuses the file.
    #[error("{}: not a Fidius {} plugin: {refusal}", path.display(), version())]
    Load {
        /// The file.
        path: PathBuf,
        /// What the loader says.
        refusal: fidius_host::LoadError,
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
    /// The method answers once.
    #[error("`{plugin}::{method}` does not return a stream")]
    NotAStream {
        /// The plugin.
        plugin: String,
        /// The method.
        method: String,
    },
    /// The plugin's methods take other arguments than a stream's opening does.
    #[error(
        "`{plugin}` writes its answers to buffers of the host's (strategy {strategy}); only an interface of strategy {} has streams",
        BufferStrategyKind::PluginAllocated
    )]
    Strategy {
        /// The plugin.
        plugin: String,
        /// How its interface hands answers over.
        strategy: BufferStrategyKind,
    },
    /// An optional method that the plugin leaves out.
    #[error("`{plugin}` does not implement its optional method `{method}`")]
    NotImplemented {
        /// The plugin.
        plugin: String,
        /// The method.
        method: String,
    },
    /// The plugin could not make an instance of itself.
    #[error("`{plugin}` makes no instance without a configuration, and none can be given here")]
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
        "`{plugin}::{method}` cannot decode its arguments ({bytes} bytes of bincode): are their number, order and types those of the method? (a JSON number is a u64 unless it says {{\"u32\": 5}})"
    )]
    Arguments {
        /// The plugin.
        plugin: String,
        /// The method.
        method: String,
        /// Length of the encoded arguments.
        bytes: usize,
    },
    /// The method failed before it gave out a stream.
    #[error("`{plugin}::{method}` did not open a stream: it answered {}", status::name(*status).map_or_else(|| status.to_string(), str::to_owned))]
    Init {
        /// The plugin.
        plugin: String,
        /// The method.
        method: String,
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

fn list(names: &[String]) -> String {
    if names.is_empty() {
        "is none".to_owned()
    } else {
        format!("is: {}", names.join(", "))
    }
}
