//! What an abi_stable guest and its host share: the items' types, a trait object
//! that yields them, and the module of functions that make one.

use abi_stable::library::RootModule;
use abi_stable::sabi_types::VersionStrings;
use abi_stable::std_types::{RBox, ROption, RString, RVec};
use abi_stable::{StableAbi, package_version_strings, sabi_trait};

/// A record that owns its parts.
#[repr(C)]
#[derive(StableAbi)]
pub struct Record {
    /// Identity.
    pub id: u64,
    /// Microseconds since the epoch.
    pub timestamp_us: i64,
    /// A sentence.
    pub message: RString,
    /// A short list of tags.
    pub tags: RVec<RString>,
}

pub use trait_object::{Items, Items_TO};

mod trait_object {
    #![expect(non_local_definitions, reason = "the macro's own")]
    use super::*;

    /// Yields items, one a call.
    #[sabi_trait]
    pub trait Items<T> {
        /// The next item.
        fn next(&mut self) -> ROption<T>;
    }
}

/// A stream of `T`.
pub type Stream<T> = Items_TO<'static, RBox<()>, T>;

/// The functions of a guest: an endless stream of items of so many content
/// bytes, for each payload.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = ModuleRef)))]
#[sabi(missing_field(panic))]
pub struct Module {
    /// Numbers.
    pub u64: extern "C" fn(u32) -> Stream<u64>,
    /// Records.
    pub record: extern "C" fn(u32) -> Stream<Record>,
    /// Bytes.
    pub bytes: extern "C" fn(u32) -> Stream<RVec<u8>>,
    /// Columns.
    #[sabi(last_prefix_field)]
    pub f64s: extern "C" fn(u32) -> Stream<RVec<f64>>,
}

impl RootModule for ModuleRef {
    abi_stable::declare_root_module_statics! {ModuleRef}
    const BASE_NAME: &'static str = "abi_stable_guest";
    const NAME: &'static str = "abi_stable_guest";
    const VERSION_STRINGS: VersionStrings = package_version_strings!();
}
