//! Fidius plugins in a package of the user's: which of their streams are cases of it, and what
//! is not driven and why.
//!
//! A library holds no signatures. The source of a plugin's interface tells them; where none is
//! found, a method that gives out a stream is called without arguments once, which it refuses
//! where it takes some.

use std::path::Path;

use anyhow::Result;
use arena_bench::guest::{Guest, Target};
use arena_bench::subject::framework::{Calling, Case, Framework, Listed, Own, Undriven};
use bench_host::loader;
use bench_protocol::spec::{DEFAULT_MEMORY_LIMIT, Observe};
use serde_json::Value;

use super::describe::{self, Described};
use super::error::FidiusError;
use super::guest::{self, Request};
use super::interface::{Interface, NoTrait};
use super::names::{ANCHOR, Method};
use super::types::{ArgumentType, signature};
use super::{arguments, sources};

/// What the workbench itself knows, and the plugins of Fidius.
#[derive(Debug, Clone, Copy)]
pub struct Fidius;

impl Framework for Fidius {
    fn list(&self, library: &Path, calling: &Calling) -> Result<Listed> {
        let mut found = Own.list(library, calling)?;
        let (_, exported) = loader::exports(library)?;
        if exported.iter().any(|name| name == ANCHOR) {
            list(library, calling, &mut found)?;
        }
        Ok(found)
    }

    fn load(&self, target: &Target) -> Result<Box<dyn Guest>> {
        match target.request.get("plugin") {
            Some(_) => guest::load(target),
            None => Own.load(target),
        }
    }
}

/// Lists the methods of a library's plugins. A method goes by its name; by that of its plugin
/// as well where there are several.
fn list(library: &Path, calling: &Calling, found: &mut Listed) -> Result<()> {
    let mut plugins = describe::library(library)?;
    let several = plugins.len() > 1;
    for plugin in &mut plugins {
        let interface = interface(calling, plugin, several)?;
        for method in &plugin.methods {
            let name = method.name.clone();
            let name = name.unwrap_or_else(|| method.index.to_string());
            let name = match several {
                true => format!("{}/{name}", plugin.plugin),
                false => name,
            };
            let declared = interface
                .as_ref()
                .and_then(|it| it.of(method.name.as_deref()));
            let types = declared.map(|it| it.arguments.as_slice());
            match request(library, plugin, method, calling.args.get(&name), types) {
                Ok(request) => found.cases.push(Case::stream(&name, request)),
                Err(why) => found.undriven.push(Undriven { name, why }),
            }
        }
    }
    Ok(())
}

/// Reads a plugin's interface from the source that was named, or from the one that is found.
fn interface(
    calling: &Calling,
    plugin: &mut Described,
    several: bool,
) -> Result<Option<Interface>> {
    match plugin.read(calling.interface.as_ref()) {
        Ok(None) => {}
        // It may be that of another plugin.
        Err(error) if several && error.is::<NoTrait>() => {}
        named => return named,
    }
    let found = sources::search(&calling.sources, &plugin.interface);
    Ok(found.inspect(|interface| plugin.learn(interface)))
}

/// What is asked of a method; or its kind, and why it is not driven.
fn request(
    library: &Path,
    plugin: &Described,
    method: &Method,
    args: Option<&Value>,
    types: Option<&[ArgumentType]>,
) -> Result<Request, String> {
    let Some(kind) = method.kind else {
        return Err(format!(
            "its kind is unknown ({}); name the source of its interface with --interface",
            method.why
        ));
    };
    if let Some(why) = kind.why_not_driven() {
        return Err(format!("{kind}: {why}"));
    }
    let encoded = match (args, types) {
        (Some(args), types) => {
            arguments::from_value(args, types).map_err(|error| format!("{kind}: {error}"))?
        }
        (None, None | Some([])) => Vec::new(),
        (None, Some(types)) => {
            return Err(format!("{kind}: it takes {}; {GIVE}", signature(types)));
        }
    };
    let request = Request {
        plugin: plugin.plugin.clone(),
        method: method.index,
        arguments: arguments::to_hex(&encoded),
        refused: None,
    };
    if args.is_none() && types.is_none() && takes_some(library, &request) {
        return Err(format!("{kind}: it takes arguments; {GIVE}"));
    }
    Ok(request)
}

/// How arguments are given.
const GIVE: &str = "give arguments with --args METHOD=JSON, or args of the subject in bench.toml";

/// Whether a method refuses to be called without arguments. Whatever else it does is told by
/// its verification.
fn takes_some(library: &Path, request: &Request) -> bool {
    let request = serde_json::to_value(request).expect("a request is plain data");
    let target = Target {
        library: library.to_owned(),
        host: None,
        memory_limit: DEFAULT_MEMORY_LIMIT,
        request,
    };
    let opened = guest::load(&target).and_then(|guest| guest.open(Observe::Time));
    let refused = opened.err();
    let refused = refused.as_ref().and_then(|it| it.downcast_ref());
    matches!(refused, Some(FidiusError::Arguments { .. }))
}
