//! A Fidius plugin as a foreign guest of the workbench's `guest` verb.

use anyhow::{Context, Result, bail};
use arena_bench::guest::{Guest, OpenStream, Target};
use bench_host::loader::{self, Host};
use bench_protocol::spec::Observe;
use serde::{Deserialize, Serialize};

use super::{Plugin, arguments};

/// Which stream of a library.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The plugin.
    pub plugin: String,
    /// The number of a method that gives out a stream and takes none.
    pub method: usize,
    /// Its arguments: bincode of their tuple, hexadecimal.
    pub arguments: String,
    /// Why nothing is to be called after all: what was asked for is not there, or of a kind
    /// that is not driven.
    pub refused: Option<String>,
}

struct Method {
    plugin: Plugin,
    host: Host,
    target: Target,
    index: usize,
    arguments: Vec<u8>,
}

/// Loads the plugin that a target asks for.
///
/// # Errors
/// When the request was refused, or the library is no plugin or has no such plugin.
pub fn load(target: &Target) -> Result<Box<dyn Guest>> {
    let request: Request =
        serde_json::from_value(target.request.clone()).context("reading the request")?;
    if let Some(why) = request.refused {
        bail!(why);
    }
    let plugin = Plugin::load(&target.library, &request.plugin, &[])?;
    Ok(Box::new(Method {
        index: request.method,
        host: match &target.host {
            Some(host) => loader::host(host)?,
            None => loader::own_host(),
        },
        target: target.clone(),
        arguments: arguments::from_hex(&request.arguments)?,
        plugin,
    }))
}

impl Guest for Method {
    fn open(&self, observe: Observe) -> Result<Box<dyn OpenStream>> {
        let config = self.target.session(observe);
        let (host, index) = (&self.host, self.index);
        // SAFETY: the verb looked the method up in the library's description, which says
        // that it gives out a stream and takes none.
        let stream = unsafe { self.plugin.open(host, &config, index, &self.arguments)? };
        Ok(Box::new(stream))
    }
}
