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
    /// Compiler flags in addition to the profile's, the feature that chooses the allocator
    /// among them.
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildInfo {
    /// Full commit hash; empty if unknown.
    pub commit: String,
    /// `rustc --version`.
    pub rustc: String,
    /// Cargo profile.
    pub profile: String,
    /// Compiler flags in addition to the profile's.
    pub flags: String,
    /// The library's allocator; empty where it is the system's.
    pub allocator: String,
}

/// What a flag that chooses an allocator begins and ends with.
const FEATURE: (&str, &str) = ("--cfg=feature=\"", "\"");

/// The flags without the one that chooses the allocator, and the allocator's name.
fn without_allocator(flags: &str) -> (String, String) {
    let named = |flag: &str| {
        let name = flag.strip_prefix(FEATURE.0)?.strip_suffix(FEATURE.1)?;
        Some(name.to_owned())
    };
    match flags.rsplit_once(' ').map_or(("", flags), |it| it) {
        (others, last) if named(last).is_some() => {
            (others.to_owned(), named(last).unwrap_or_default())
        }
        _ => (flags.to_owned(), String::new()),
    }
}

impl RawBuildInfo {
    /// A copy of the texts.
    ///
    /// # Safety
    /// As for [`StaticStr::read`].
    #[must_use]
    pub unsafe fn read(&self) -> BuildInfo {
        // SAFETY: by contract, each text was made by `StaticStr::new`.
        let read = |text: StaticStr| unsafe { text.read() };
        let [commit, rustc, profile, flags] =
            [self.commit, self.rustc, self.profile, self.flags].map(read);
        let (flags, allocator) = without_allocator(&flags);
        BuildInfo {
            commit,
            rustc,
            profile,
            flags,
            allocator,
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
        if !self.allocator.is_empty() {
            write!(f, ", allocator {}", self.allocator)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_that_chooses_the_allocator_is_told_apart_from_the_others() {
        let told = |flags: &str| {
            let flags = StaticStr::new(flags.to_owned().leak());
            let none = StaticStr::new("");
            let raw = RawBuildInfo {
                commit: none,
                rustc: none,
                profile: none,
                flags,
            };
            // SAFETY: the texts live as long as the program.
            let info = unsafe { raw.read() };
            (info.flags, info.allocator)
        };
        let owned = |flags: &str, allocator: &str| (flags.to_owned(), allocator.to_owned());
        assert_eq!(told(""), owned("", ""));
        assert_eq!(
            told("-C target-cpu=native"),
            owned("-C target-cpu=native", "")
        );
        assert_eq!(told("--cfg=feature=\"mimalloc\""), owned("", "mimalloc"));
        assert_eq!(
            told("-C opt-level=1 --cfg=feature=\"jemalloc\""),
            owned("-C opt-level=1", "jemalloc")
        );
    }
}
