//! A Fidius plugin as a foreign guest of the workbench's `guest` verb.

use anyhow::{Context, Result};
use arena_bench::guest::{Guest, OpenStream, Target};
use bench_host::loader::{self, Host};
use bench_protocol::spec::Observe;
use serde::{Deserialize, Serialize};

use super::{Plugin, arguments};

/// Which stream of a library.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The plugin; the only one where there is no name.
    pub plugin: Option<String>,
    /// The method, by name or by number.
    pub method: String,
    /// Its arguments: bincode of their tuple, hexadecimal.
    pub arguments: String,
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
/// When the library is no plugin, or has no such plugin or method.
pub fn load(target: &Target) -> Result<Box<dyn Guest>> {
    let request: Request =
        serde_json::from_value(target.request.clone()).context("reading the request")?;
    let plugin = Plugin::load(&target.library, request.plugin.as_deref())?;
    Ok(Box::new(Method {
        index: plugin.method(&request.method)?,
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
        // SAFETY: that the method takes no stream is the word of whoever named it. One
        // that does would be called with an argument too few, in this process alone,
        // which is a child that may crash.
        let stream = unsafe { self.plugin.open(host, &config, index, &self.arguments)? };
        Ok(Box::new(stream))
    }
}
