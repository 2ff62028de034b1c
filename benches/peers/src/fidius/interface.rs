//! A plugin's interface as its source declares it: the kind of each method and the types of
//! its arguments.
//!
//! A plugin's descriptor holds no signature, only a hash over those of its required methods,
//! sorted. So a source with the plugin's hash is believed about these methods, but not about
//! optional ones, and not about the order of the vtable: a method is found by its name. The
//! hash is made of the text of each type as the macro's compiler prints it. This module knows
//! the two spellings in use.

use std::path::Path;

use anyhow::{Context, Error, Result, anyhow, bail, ensure};
use fidius::hash::{interface_hash, signature_string};
use fidius_host::PluginInfo;
use quote::ToTokens;
use serde::{Deserialize, Serialize};
use syn::{Attribute, FnArg, GenericArgument, Item, ItemTrait, PathArguments, ReturnType};
use syn::{TraitItem, TraitItemFn, Type};

use super::kind::Kind;
use super::types::ArgumentType;

/// A source that has no such trait.
#[derive(Debug, thiserror::Error)]
#[error(
    "declares no `#[plugin_interface]` trait `{wanted}`; there {}",
    list(available)
)]
pub struct NoTrait {
    wanted: String,
    available: Vec<String>,
}

/// Which interface a plugin was built for, as its descriptor tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The trait.
    pub name: String,
    /// The hash over the signatures of its required methods.
    pub hash: u64,
    /// The version that its source declares.
    pub version: u32,
}

impl Identity {
    pub(super) fn of(plugin: &PluginInfo) -> Self {
        Self {
            name: plugin.interface_name.clone(),
            hash: plugin.interface_hash,
            version: plugin.interface_version,
        }
    }
}

/// A declared method that the hash covers.
#[derive(Debug, Clone, PartialEq)]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// The types of its arguments, without the stream that it may take.
    pub arguments: Vec<ArgumentType>,
}

/// What to do about a source of another release.
const OWN: &str = "give the source of the plugin's own release";

/// A trait that has the plugin's hash.
#[derive(Debug, Clone, PartialEq)]
pub struct Interface {
    methods: Vec<Declared>,
    /// Whether the trait has no optional method beside these.
    all_required: bool,
}

impl Interface {
    /// Reads the trait of a plugin from a file.
    ///
    /// # Errors
    /// When the file cannot be read, has no such trait, or has another than the plugin
    /// was built from.
    pub fn read(path: &Path, plugin: &Identity) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            let how = "--interface names the Rust file that declares the plugin's trait";
            let said = format!("{error}; {how}");
            Error::new(error).context(said)
        });
        text.and_then(|text| Self::parse(&text, plugin))
            .with_context(|| path.display().to_string())
    }

    fn parse(text: &str, plugin: &Identity) -> Result<Self> {
        let file = syn::parse_file(text).map_err(|error| anyhow!("not Rust source: {error}"))?;
        let mut traits = Vec::new();
        find(&file.items, &mut traits);
        let name = &plugin.name;
        let Some((declared, version)) = traits.iter().find(|(it, _)| it.ident == name) else {
            bail!(NoTrait {
                wanted: name.clone(),
                available: traits.iter().map(|(it, _)| it.ident.to_string()).collect(),
            });
        };
        let methods = declared.items.iter().filter_map(|item| match item {
            TraitItem::Fn(method) => Some(method),
            _ => None,
        });
        let (optional, required): (Vec<_>, Vec<_>) = methods.partition(|it| is_optional(it));
        let hashes = SPELLINGS.map(|spelling| hash(&required, spelling));
        ensure!(
            hashes.contains(&plugin.hash),
            "its trait `{name}` is not what the plugin was built from: interface hash {:#018x}, \
             the plugin's {:#018x}; {OWN}",
            hashes[0],
            plugin.hash
        );
        ensure!(
            *version == plugin.version,
            "its trait `{name}` is version {version}, the plugin's is version {}; {OWN}",
            plugin.version
        );
        Ok(Self {
            all_required: optional.is_empty(),
            methods: required.into_iter().map(declared_method).collect(),
        })
    }

    /// What the source says of a method, by its name. Where that is stripped: what it says
    /// of each method alike.
    pub fn of(&self, name: Option<&str>) -> Option<&Declared> {
        match name {
            Some(name) => self.methods.iter().find(|method| method.name == name),
            None => {
                let first = self.methods.first()?;
                let is_like =
                    |it: &Declared| (it.kind, &it.arguments) == (first.kind, &first.arguments);
                (self.all_required && self.methods.iter().all(is_like)).then_some(first)
            }
        }
    }
}

fn is_optional(method: &TraitItemFn) -> bool {
    let mut attributes = method.attrs.iter();
    attributes.any(|attribute| attribute.path().is_ident("optional"))
}

/// What there is, as the end of a sentence.
pub(super) fn list(names: &[String]) -> String {
    if names.is_empty() {
        "is none".to_owned()
    } else {
        format!("is: {}", names.join(", "))
    }
}

/// The `#[plugin_interface]` traits of a file and its inline modules, with their versions.
fn find<'a>(items: &'a [Item], found: &mut Vec<(&'a ItemTrait, u32)>) {
    for item in items {
        match item {
            Item::Trait(item) => found.extend(version(&item.attrs).map(|version| (item, version))),
            Item::Mod(module) => {
                if let Some((_, items)) = &module.content {
                    find(items, found);
                }
            }
            _ => {}
        }
    }
}

/// The version of an interface; `None` for a trait that is none.
fn version(attributes: &[Attribute]) -> Option<u32> {
    let is_ours = |it: &&Attribute| {
        let last = it.path().segments.last();
        last.is_some_and(|segment| segment.ident == "plugin_interface")
    };
    let arguments = attributes.iter().find(is_ours)?.meta.require_list().ok()?;
    let text = arguments.tokens.to_string();
    let (_, after) = text.split_once("version =")?;
    after.split(',').next()?.trim().parse().ok()
}

/// How the compilers of macros print types: as this one does, and without a blank before a
/// comma.
const SPELLINGS: [fn(String) -> String; 2] = [|text| text, |text| text.replace(" ,", ",")];

/// The hash of the methods that every plugin of an interface has.
fn hash(methods: &[&TraitItemFn], spelling: fn(String) -> String) -> u64 {
    let methods = methods.iter();
    let signatures: Vec<String> = methods.map(|method| signature(method, spelling)).collect();
    let signatures: Vec<&str> = signatures.iter().map(String::as_str).collect();
    interface_hash(&signatures)
}

/// What the macro hashes of a method.
fn signature(method: &TraitItemFn, spelling: fn(String) -> String) -> String {
    let text = |of: &Type| spelling(of.to_token_stream().to_string());
    let item = |of: &Type| text(item_of(of).unwrap_or(of));
    let arguments: Vec<String> = arguments(method).map(item).collect();
    let output = output(method);
    signature_string(
        &method.sig.ident.to_string(),
        &arguments,
        &output.map(item).unwrap_or_default(),
        method.attrs.iter().any(|it| it.path().is_ident("wire")),
        output.and_then(item_of).is_some(),
        arguments_stream(method),
    )
}

fn declared_method(method: &TraitItemFn) -> Declared {
    let takes = arguments_stream(method);
    let gives = output(method).and_then(item_of).is_some();
    Declared {
        name: method.sig.ident.to_string(),
        kind: match (takes, gives) {
            (false, false) => Kind::Unary,
            (false, true) => Kind::ServerStream,
            (true, false) => Kind::ClientStream,
            (true, true) => Kind::Bidirectional,
        },
        arguments: arguments(method)
            .filter(|it| item_of(it).is_none())
            .map(ArgumentType::of)
            .collect(),
    }
}

fn arguments(method: &TraitItemFn) -> impl Iterator<Item = &Type> {
    method.sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed.ty.as_ref()),
        FnArg::Receiver(_) => None,
    })
}

fn arguments_stream(method: &TraitItemFn) -> bool {
    arguments(method).any(|argument| item_of(argument).is_some())
}

fn output(method: &TraitItemFn) -> Option<&Type> {
    match &method.sig.output {
        ReturnType::Type(_, output) => Some(output),
        ReturnType::Default => None,
    }
}

/// The type of a stream's items; `None` for what is no stream.
fn item_of(of: &Type) -> Option<&Type> {
    let Type::Path(path) = of else { return None };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    let mut arguments = arguments.args.iter();
    match (arguments.next()?, arguments.next()) {
        (GenericArgument::Type(item), None) if last.ident == "Stream" => Some(item),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = include_str!("../../fidius-interface/src/lib.rs");

    fn plugin(name: &str, hash: u64, version: u32) -> Identity {
        let name = name.to_owned();
        Identity {
            name,
            hash,
            version,
        }
    }

    fn parse(text: &str, plugin: &Identity) -> Result<Interface> {
        Interface::parse(text, plugin)
    }

    #[test]
    fn the_source_of_our_interfaces_has_the_hashes_that_the_macro_made() {
        for (name, hash) in [
            (
                "Prepared",
                fidius_interface::__fidius_Prepared::Prepared_INTERFACE_HASH,
            ),
            (
                "Owned",
                fidius_interface::__fidius_Owned::Owned_INTERFACE_HASH,
            ),
        ] {
            let read = parse(SOURCE, &plugin(name, hash, 1)).unwrap();
            let first = read.of(Some("u64")).unwrap();
            assert_eq!(first.kind, Kind::ServerStream);
            let types: Vec<String> = first.arguments.iter().map(ToString::to_string).collect();
            assert_eq!(types, ["u64", "u32"]);
        }
    }

    #[test]
    fn every_kind_is_told_by_where_the_streams_are() {
        let text = "#[fidius::plugin_interface(version = 3, buffer = PluginAllocated)]
            pub trait All: Send + Sync {
                fn one(&self, a: u32) -> Vec<u8>;
                fn out(&self) -> fidius::Stream<u64>;
                fn into(&self, a: bool, items: Stream<u64>) -> u64;
                #[optional(since = 2)]
                fn both(&self, items: Stream<String>) -> Stream<u64>;
            }";
        let hash = interface_hash(&[
            "one:u32->Vec < u8 >",
            "out:->u64!stream",
            "into:bool,u64->u64<stream",
        ]);
        let read = parse(text, &plugin("All", hash, 3)).unwrap();
        let kind = |name| read.of(Some(name)).map(|method| method.kind);
        assert_eq!(kind("one"), Some(Kind::Unary));
        assert_eq!(kind("out"), Some(Kind::ServerStream));
        assert_eq!(kind("into"), Some(Kind::ClientStream));
        assert_eq!(read.of(Some("into")).map(|it| it.arguments.len()), Some(1));
        // The hash covers neither optional methods nor the order.
        assert_eq!(kind("both"), None);
        assert_eq!(read.of(None), None);
    }

    #[test]
    fn of_a_stripped_library_only_what_all_methods_have_in_common_is_known() {
        let text = "#[fidius::plugin_interface(version = 1, buffer = PluginAllocated)]
            pub trait Two: Send + Sync {
                fn a(&self, n: u64) -> Stream<u64>;
                fn b(&self, n: u64) -> Stream<Stream<u64>, u8>;
            }";
        let hash = |b: &str| interface_hash(&["a:u64->u64!stream", b]);
        let other = parse(
            text,
            &plugin("Two", hash("b:u64->Stream < Stream < u64 > , u8 >"), 1),
        );
        assert_eq!(other.unwrap().of(None), None);
        let text = text.replace("Stream<Stream<u64>, u8>", "Stream<bool>");
        let alike = parse(&text, &plugin("Two", hash("b:u64->bool!stream"), 1)).unwrap();
        assert_eq!(
            alike.of(None).map(|method| method.kind),
            Some(Kind::ServerStream)
        );
    }

    #[test]
    fn another_trait_hash_or_version_is_refused_with_both() {
        let hash = fidius_interface::__fidius_Owned::Owned_INTERFACE_HASH;
        let refused = |plugin| parse(SOURCE, &plugin).unwrap_err().to_string();
        assert!(refused(plugin("Other", hash, 1)).contains("there is: Prepared, Owned"));
        let text = refused(plugin("Owned", hash + 1, 1));
        assert!(text.contains(&format!("{hash:#018x}")), "{text}");
        assert!(refused(plugin("Owned", hash, 2)).contains("version 1, the plugin's is version 2"));
        let not_rust = parse("trait {", &plugin("Owned", hash, 1)).unwrap_err();
        assert!(not_rust.to_string().starts_with("not Rust source: "));
    }
}
