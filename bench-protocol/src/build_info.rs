//! How a cdylib was built: commit, compiler, profile, flags.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Bytes of a text that are read: a library that states a wrong length costs no memory.
const LONGEST: usize = 4096;

/// A `&'static str` as it crosses the boundary.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct StaticStr {
    ptr: *const u8,
    len: usize,
}

// SAFETY: it is a `&'static str` in another form, which may be shared and sent.
unsafe impl Sync for StaticStr {}
// SAFETY: as above.
unsafe impl Send for StaticStr {}

impl StaticStr {
    /// The form of `text` that crosses the boundary.
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        Self {
            ptr: text.as_ptr(),
            len: text.len(),
        }
    }

    /// A copy of the text. Invalid UTF-8 is replaced.
    ///
    /// # Safety
    /// It must have been made by [`StaticStr::new`] in a library that is still
    /// loaded.
    #[must_use]
    pub unsafe fn read(self) -> String {
        if self.ptr.is_null() {
            return String::new();
        }
        // SAFETY: by contract, pointer and length are those of a `&'static str`.
        let bytes = unsafe { std::slice::from_raw_parts(self.ptr, self.len.min(LONGEST)) };
        String::from_utf8_lossy(bytes).into_owned()
    }
}

/// [`BuildInfo`] as it stands in a cdylib's table.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct RawBuildInfo {
    /// Full commit hash; empty if unknown.
    pub commit: StaticStr,
    /// `rustc --version`.
    pub rustc: StaticStr,
    /// Cargo profile.
    pub profile: StaticStr,
    /// Compiler flags in addition to the profile's.
    pub flags: StaticStr,
}

/// The build information of the crate that uses this macro. Its build script must include
/// `bench-protocol/build_support.rs`.
#[macro_export]
macro_rules! build_info {
    () => {
        $crate::build_info::RawBuildInfo {
            commit: $crate::build_info::StaticStr::new(env!("BENCH_COMMIT")),
            rustc: $crate::build_info::StaticStr::new(env!("BENCH_RUSTC")),
            profile: $crate::build_info::StaticStr::new(env!("BENCH_PROFILE")),
            flags: $crate::build_info::StaticStr::new(env!("BENCH_FLAGS")),
        }
    };
}

/// How a cdylib was built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildInfo {
    /// Full commit hash; empty if unknown.
    pub commit: String,
    /// `rustc --version`.
    pub rustc: String,
    /// Cargo profile.
    pub profile: String,
    /// Compiler flags in addition to the profile's.
    pub flags: String,
}

impl RawBuildInfo {
    /// A copy of the texts.
    ///
    /// # Safety
    /// As for [`StaticStr::read`].
    #[must_use]
    pub unsafe fn read(&self) -> BuildInfo {
        // SAFETY: by contract, each text was made by `StaticStr::new`.
        unsafe {
            BuildInfo {
                commit: self.commit.read(),
                rustc: self.rustc.read(),
                profile: self.profile.read(),
                flags: self.flags.read(),
            }
        }
    }
}

impl fmt::Display for BuildInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let commit = self.commit.get(..12).unwrap_or("no commit");
        write!(f, "{commit}, {}, profile {}", self.rustc, self.profile)?;
        if !self.flags.is_empty() {
            write!(f, ", flags {}", self.flags)?;
        }
        Ok(())
    }
}
