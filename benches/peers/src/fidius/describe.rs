//! What is in a library: its plugins, and the methods of each with their kinds. Nothing of
//! a plugin is called for it.

use std::path::{Path, PathBuf};

use anyhow::Result;

use serde::{Deserialize, Serialize};

use super::error::FidiusError;
use super::interface::{Identity, Interface};
use super::kind::Kind;
use super::names::{self, Method};

/// A plugin of a library.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Described {
    /// Its name.
    pub plugin: String,
    /// Its interface.
    pub interface: Identity,
    /// How its interface hands answers over.
    pub strategy: String,
    /// Its methods, in the order of the vtable.
    pub methods: Vec<Method>,
}

/// Describes the plugins of a library, by name.
///
/// # Errors
/// When the file is no plugin of this version.
pub fn library(path: &Path) -> Result<Vec<Described>, FidiusError> {
    let library = super::library(path)?;
    let mut plugins: Vec<Described> = library
        .plugins
        .iter()
        .map(|plugin| Described {
            plugin: plugin.info.name.clone(),
            interface: Identity::of(&plugin.info),
            strategy: plugin.info.buffer_strategy.to_string(),
            methods: names::methods(path, plugin),
        })
        .collect();
    // The linker decides in which order they are registered.
    plugins.sort_by(|a, b| a.plugin.cmp(&b.plugin));
    Ok(plugins)
}

/// The plugin of that name; without one, the only plugin that there is.
///
/// # Errors
/// When there is none of that name, or not one only.
pub fn pick(
    mut plugins: Vec<Described>,
    path: &Path,
    name: Option<&str>,
) -> Result<Described, FidiusError> {
    let only = plugins.len() == 1;
    let place = plugins
        .iter()
        .position(|it| name.map_or(only, |name| name == it.plugin));
    let Some(place) = place else {
        let available = plugins.into_iter().map(|it| it.plugin).collect();
        let path = path.to_owned();
        return Err(match name.map(str::to_owned) {
            Some(wanted) => FidiusError::NoPlugin {
                path,
                wanted,
                available,
            },
            None => FidiusError::Unnamed { path, available },
        });
    };
    Ok(plugins.swap_remove(place))
}

impl Described {
    /// Reads the interface from its source, where that is known, and takes kinds from it.
    ///
    /// # Errors
    /// As for [`Interface::read`].
    pub fn read(&mut self, source: Option<&PathBuf>) -> Result<Option<Interface>> {
        let interface = source.map(|path| Interface::read(path, &self.interface));
        let interface = interface.transpose()?;
        if let Some(interface) = &interface {
            self.learn(interface);
        }
        Ok(interface)
    }

    /// Takes kinds from the source of the interface, which has the plugin's hash.
    pub fn learn(&mut self, interface: &Interface) {
        for method in &mut self.methods {
            if let Some(declared) = interface.of(method.name.as_deref()) {
                method.kind = Some(declared.kind);
                "its source says so, which has the plugin's interface hash"
                    .clone_into(&mut method.why);
            }
        }
    }

    /// The place of a method that gives out a stream and takes none, by name or by number.
    ///
    /// # Errors
    /// When there is no such method, or it is of another or an unknown kind.
    pub fn stream(&self, wanted: &str) -> Result<usize, FidiusError> {
        let number = wanted.parse().ok();
        let by_number = || self.methods.iter().find(|it| Some(it.index) == number);
        let by_name = || {
            let mut methods = self.methods.iter();
            methods.find(|it| it.name.as_deref() == Some(wanted))
        };
        let Some(method) = by_number().or_else(by_name) else {
            return Err(FidiusError::NoMethod {
                plugin: self.plugin.clone(),
                wanted: wanted.to_owned(),
                available: self.methods.iter().map(described).collect(),
            });
        };
        let (plugin, name) = (self.plugin.clone(), method.label());
        let Some(kind) = method.kind else {
            return Err(FidiusError::UnknownKind {
                plugin,
                method: name,
                why: method.why.clone(),
            });
        };
        match kind.why_not_driven() {
            None => Ok(method.index),
            Some(why) => Err(FidiusError::Kind {
                plugin,
                method: name,
                kind,
                why,
            }),
        }
    }
}

/// A method and its kind.
fn described(method: &Method) -> String {
    let kind = method.kind.map(|kind| kind.to_string());
    format!(
        "{} ({})",
        method.label(),
        kind.as_deref().unwrap_or("kind unknown")
    )
}

/// The plugins as a text for people; `arguments` of a method are those of its source.
pub fn text(
    plugins: &[Described],
    arguments: impl Fn(&Described, usize) -> Option<String>,
) -> String {
    let lines = plugins.iter().flat_map(|plugin| {
        let Identity {
            name,
            hash,
            version,
        } = &plugin.interface;
        let head = format!(
            "{}: interface {name}, version {version}, hash {hash:#018x}, strategy {}\n",
            plugin.plugin, plugin.strategy
        );
        let methods = plugin.methods.iter();
        let methods = methods.map(|it| line(it, arguments(plugin, it.index).unwrap_or_default()));
        std::iter::once(head).chain(methods.collect::<Vec<_>>())
    });
    lines.collect()
}

/// What there is to say of a method.
fn line(method: &Method, arguments: String) -> String {
    let kind = method.kind.map(|kind| kind.to_string());
    let driven = match method.kind.map(Kind::why_not_driven) {
        Some(None) => "driven by `peers guest`".to_owned(),
        Some(Some(why)) => format!("not driven: {why}"),
        None => "not driven: give the interface's source with --interface".to_owned(),
    };
    format!(
        "  {} {}{arguments}: {} ({}); {driven}\n",
        method.index,
        method.name.as_deref().unwrap_or("(name stripped)"),
        kind.as_deref().unwrap_or("unknown"),
        method.why
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plugin(kinds: &[Option<Kind>]) -> Described {
        let method = |(index, kind): (usize, &Option<Kind>)| Method {
            index,
            name: Some(format!("m{index}")),
            kind: *kind,
            why: "because".to_owned(),
        };
        Described {
            plugin: "P".to_owned(),
            interface: Identity {
                name: "I".to_owned(),
                hash: 7,
                version: 1,
            },
            strategy: "PluginAllocated".to_owned(),
            methods: kinds.iter().enumerate().map(method).collect(),
        }
    }

    #[test]
    fn only_a_server_stream_is_driven_and_others_are_refused_by_name_kind_and_reason() {
        let plugin = plugin(&[
            Some(Kind::ServerStream),
            Some(Kind::Unary),
            Some(Kind::ClientStream),
            Some(Kind::Bidirectional),
            None,
        ]);
        assert_eq!(plugin.stream("m0").unwrap(), 0);
        assert_eq!(plugin.stream("0").unwrap(), 0);
        for (method, says) in [
            ("m1", "`P::m1` is unary: it answers once"),
            ("2", "`P::m2` is client stream: it takes a stream"),
            ("m3", "`P::m3` is bidirectional: it takes a stream"),
            ("m4", "its kind is unknown (because)"),
            (
                "m5",
                "there is: m0 (server stream), m1 (unary), m2 (client stream)",
            ),
        ] {
            let refused = plugin.stream(method).unwrap_err().to_string();
            assert!(refused.contains(says), "{refused}");
        }
    }

    #[test]
    fn the_text_lists_each_method_with_kind_and_reason() {
        let plugin = plugin(&[Some(Kind::ServerStream), Some(Kind::Unary)]);
        let text = text(&[plugin], |_, index| {
            (index == 0).then(|| "(u64)".to_owned())
        });
        assert!(text.contains("0 m0(u64): server stream (because); driven by `peers guest`"));
        assert!(
            text.contains("1 m1: unary (because); not driven: it answers once"),
            "{text}"
        );
    }
}
