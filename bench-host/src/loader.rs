//! Loads cdylibs: inspects the file before loading it, checks the table before calling it, and
//! never unloads it.

use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use bench_protocol::api::{
    ABI_VERSION, GUEST_MAGIC, GUEST_SYMBOL, GuestApi, HOST_MAGIC, HOST_SYMBOL, Header, HostApi,
    LAYOUT,
};
use bench_protocol::build_info::{BuildInfo, RawBuildInfo};
use bench_protocol::lab::api::{
    LAB_ABI_VERSION, LAB_GUEST_MAGIC, LAB_GUEST_SYMBOL, LAB_HOST_MAGIC, LAB_HOST_SYMBOL,
    LAB_LAYOUT, LabGuestApi, LabHostApi,
};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use object::{Object, ObjectSegment, ReadCache};

/// Streams or functions of a library at most: what states more is damaged.
pub(crate) const MOST: usize = 4096;

/// Why a cdylib could not be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// It is not a file, and reading it might never end.
    #[error("{}: {kind}, not a file; name a shared library", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// The file is not a whole shared library.
    #[error("{}: not a shared library, or a truncated one ({why})", path.display())]
    NotALibrary {
        /// The file.
        path: PathBuf,
        /// What is wrong with the file.
        why: String,
    },
    /// The file does not export the symbol that returns the table.
    #[error("{}: exports no `{symbol}`: not a {} of this workbench", path.display(), symbol.split('_').nth(1).unwrap_or("library"))]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The missing symbol.
        symbol: &'static str,
    },
    /// Nothing of this name is in the library.
    #[error("{}: {why}", path.display())]
    Unnamed {
        /// The file.
        path: PathBuf,
        /// What is missing or wrong, and what there is.
        why: String,
    },
    /// The dynamic loader refuses the file.
    #[error("{}: the dynamic loader refuses it: {why}{}", path.display(), remedy(why))]
    Refused {
        /// The file.
        path: PathBuf,
        /// The loader's error.
        why: String,
    },
    /// The table belongs to something else.
    #[error("{}: its table begins with {found:#018x}, but tables of this workbench begin with {expected:#018x}", path.display())]
    Magic {
        /// The file.
        path: PathBuf,
        /// The first eight bytes of the table.
        found: u64,
        /// The expected ones.
        expected: u64,
    },
    /// The table has another version of the contract.
    #[error("{}: speaks ABI version {found}, this workbench speaks {expected}; build both from commits with one ABI version", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The table's version.
        found: u32,
        /// The version of this workbench.
        expected: u32,
    },
    /// The table or its structs have another size or layout.
    #[error("{}: its {what} is {found:#x}, expected {expected:#x}: built by another compiler or from other sources; rebuild it", path.display())]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// `table size` or `layout fingerprint`.
        what: &'static str,
        /// The table's value.
        found: u64,
        /// The expected value.
        expected: u64,
    },
    /// The table or one of its functions is null.
    #[error("{}: the table or one of its functions is null", path.display())]
    NullTable {
        /// The file.
        path: PathBuf,
    },
}

/// A loaded cdylib. It is never unloaded, so that its table is valid until the process ends.
#[derive(Debug, Clone)]
pub struct Loaded<T: 'static> {
    /// The file it was loaded from.
    pub path: PathBuf,
    /// How it was built.
    pub build: BuildInfo,
    /// Its functions.
    pub api: &'static T,
}

/// A loaded guest.
pub type Guest = Loaded<GuestApi>;
/// A loaded host.
pub type Host = Loaded<HostApi>;

/// A table that a cdylib exports.
pub(crate) trait Table: Sized + 'static {
    /// Symbol of the function that returns it.
    const SYMBOL: &'static str;
    /// Its header.
    const HEADER: Header;
    fn build(&self) -> &RawBuildInfo;
}

macro_rules! table {
    ($api:ty, $symbol:expr, $magic:expr, $version:expr, $layout:expr) => {
        impl Table for $api {
            const SYMBOL: &'static str = $symbol;
            const HEADER: Header = Header {
                magic: $magic,
                abi_version: $version,
                table_size: size_of::<Self>() as u32,
                layout: $layout,
            };
            fn build(&self) -> &RawBuildInfo {
                &self.build
            }
        }
    };
}
pub(crate) use table;
table!(GuestApi, GUEST_SYMBOL, GUEST_MAGIC, ABI_VERSION, LAYOUT);
table!(HostApi, HOST_SYMBOL, HOST_MAGIC, ABI_VERSION, LAYOUT);
table!(
    LabGuestApi,
    LAB_GUEST_SYMBOL,
    LAB_GUEST_MAGIC,
    LAB_ABI_VERSION,
    LAB_LAYOUT
);
table!(
    LabHostApi,
    LAB_HOST_SYMBOL,
    LAB_HOST_MAGIC,
    LAB_ABI_VERSION,
    LAB_LAYOUT
);

/// Loads a guest. This runs the library's initialisers: load only libraries that you trust.
///
/// # Errors
/// If the file is not a whole library, or not a guest with this contract.
pub fn guest(path: &Path) -> Result<Guest, LoadError> {
    load(path)
}

/// Loads a host. This runs the library's initialisers: load only libraries that you trust.
///
/// # Errors
/// If the file is not a whole library, or not a host with this contract.
pub fn host(path: &Path) -> Result<Host, LoadError> {
    load(path)
}

/// The host that is part of this program: for guests from elsewhere, where no host library is
/// at hand.
#[must_use]
pub fn own_host() -> Host {
    Loaded {
        path: std::env::current_exe().unwrap_or_default(),
        // SAFETY: its texts are statics of this program.
        build: unsafe { crate::API.build.read() },
        api: &crate::API,
    }
}

/// Loads a cdylib that exports the table `T`. This runs the library's initialisers.
///
/// # Errors
/// If the file is not a whole library, or its table is not a `T` of this contract.
pub(crate) fn load<T: Table>(path: &Path) -> Result<Loaded<T>, LoadError> {
    let (path, table) = table_of::<T>(path, T::SYMBOL)?;
    // SAFETY: the table function of the loaded library returned the pointer.
    let api = unsafe { check(&path, table)? };
    // SAFETY: the table passed its check, so its texts are the library's own, and the library
    // stays loaded.
    let build = unsafe { api.build().read() };
    Ok(Loaded { path, build, api })
}

/// Loads a cdylib and calls the function of this name, which returns a pointer to its table.
pub(crate) fn table_of<T>(
    path: &Path,
    symbol: &'static str,
) -> Result<(PathBuf, *const T), LoadError> {
    let path = inspect(path, symbol)?;
    let refused = |error: libloading::Error| LoadError::Refused {
        path: path.clone(),
        why: reason(&error, &path),
    };
    // RTLD_NOW: otherwise, the first call of a measurement would bind the symbols. RTLD_LOCAL:
    // the symbols of two pairs in one process must not mix.
    // SAFETY: this runs the library's initialisers, as documented.
    let library = unsafe { Library::open(Some(&path), RTLD_NOW | RTLD_LOCAL) }.map_err(refused)?;
    // Never unloaded: its threads and thread-local destructors may outlive any owner.
    let library: &'static Library = Box::leak(Box::new(library));
    // SAFETY: by contract, the symbol of this name is a function of this type.
    let table = unsafe {
        let table = library
            .get::<unsafe extern "C" fn() -> *const T>(symbol)
            .map_err(refused)?;
        table()
    };
    Ok((path, table))
}

/// Inspects the file before any code of it runs: a truncated file would make the dynamic loader
/// kill the process, and a foreign file has initialisers. It reads the file's tables only,
/// because every measuring process loads several files.
fn inspect(path: &Path, symbol: &'static str) -> Result<PathBuf, LoadError> {
    let (path, names) = exports(path)?;
    if names.iter().any(|name| name == symbol) {
        Ok(path)
    } else {
        Err(LoadError::Foreign { path, symbol })
    }
}

/// The names that a library exports, in its own order, and its full path. No code of it runs.
///
/// # Errors
/// If the file is not a whole library.
pub fn exports(path: &Path) -> Result<(PathBuf, Vec<String>), LoadError> {
    let unreadable = |source| LoadError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let not_a_library = |why: String| LoadError::NotALibrary {
        path: path.to_owned(),
        why,
    };
    let path = fs::canonicalize(path).map_err(unreadable)?;
    if let Some(kind) = not_a_file(&fs::metadata(&path).map_err(unreadable)?) {
        return Err(LoadError::NotAFile { path, kind });
    }
    let file = fs::File::open(&path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    let cache = ReadCache::new(file);
    let object = object::File::parse(&cache).map_err(|error| not_a_library(error.to_string()))?;
    for segment in object.segments() {
        let (start, size) = segment.file_range();
        if start.checked_add(size).is_none_or(|end| end > length) {
            return Err(not_a_library(format!(
                "a segment should be at bytes {start} to {}, but the file has {length} bytes",
                start.saturating_add(size)
            )));
        }
    }
    let exports = object
        .exports()
        .map_err(|error| not_a_library(error.to_string()))?;
    let name = |export: object::Export<'_>| match export.name() {
        object::NameOrOrdinal::Name(name) => Some(String::from_utf8_lossy(name).into_owned()),
        object::NameOrOrdinal::Ordinal(_) => None,
    };
    let names = exports.filter_map(Result::ok).filter_map(name).collect();
    Ok((path, names))
}

/// What the dynamic loader says, without the path that every error here begins with.
fn reason(error: &libloading::Error, path: &Path) -> String {
    let source = std::error::Error::source(error);
    let why = source.map_or_else(|| error.to_string(), ToString::to_string);
    let path = format!("{}: ", path.display());
    why.strip_prefix(&path).map_or(why.clone(), str::to_owned)
}

/// What helps, where that is known; with what joins it to the reason.
fn remedy(why: &str) -> &'static str {
    let known = [
        (
            "failed to map segment",
            "; is its folder mounted noexec? copy it to one that is not",
        ),
        (
            "static TLS",
            "; it needs thread-local memory that the loader has no more of: build it with \
             -ftls-model=global-dynamic, or load fewer copies",
        ),
    ];
    known
        .iter()
        .find(|(part, _)| why.contains(part))
        .map_or("", |(_, remedy)| remedy)
}

/// What there is instead of a file.
fn not_a_file(found: &fs::Metadata) -> Option<&'static str> {
    let kind = found.file_type();
    if kind.is_file() {
        None
    } else if kind.is_dir() {
        Some("a folder")
    } else if kind.is_fifo() {
        Some("a pipe")
    } else if kind.is_char_device() || kind.is_block_device() {
        Some("a device")
    } else {
        Some("a socket")
    }
}

/// Checks a table: first its header, then that no function is null.
///
/// # Safety
/// `table` must be null, or point to a header and a table of the size that the header states.
/// It must stay valid.
pub(crate) unsafe fn check<T: Table>(
    path: &Path,
    table: *const T,
) -> Result<&'static T, LoadError> {
    let expected = T::HEADER;
    let path = path.to_owned();
    if table.is_null() {
        return Err(LoadError::NullTable { path });
    }
    // SAFETY: the table begins with a header.
    let header = unsafe { table.cast::<Header>().read() };
    if header.magic != expected.magic {
        return Err(LoadError::Magic {
            path,
            found: header.magic,
            expected: expected.magic,
        });
    }
    if header.abi_version != expected.abi_version {
        return Err(LoadError::Version {
            path,
            found: header.abi_version,
            expected: expected.abi_version,
        });
    }
    let mismatch = |what, found, expected| {
        Err(LoadError::Mismatch {
            path: path.clone(),
            what,
            found,
            expected,
        })
    };
    if header.table_size != expected.table_size {
        let (found, expected) = (header.table_size, expected.table_size);
        return mismatch("table size", u64::from(found), u64::from(expected));
    }
    if header.layout != expected.layout {
        return mismatch("layout fingerprint", header.layout, expected.layout);
    }
    // After the header and the build information, there are only functions.
    let first = size_of::<Header>() + size_of::<RawBuildInfo>();
    for offset in (first..size_of::<T>()).step_by(size_of::<usize>()) {
        // SAFETY: within the table, whose size was checked. Functions are read as numbers,
        // because a value of a function type must not be null.
        if unsafe { table.byte_add(offset).cast::<usize>().read() } == 0 {
            return Err(LoadError::NullTable { path });
        }
    }
    // SAFETY: size, layout and functions were checked; the library stays loaded.
    Ok(unsafe { &*table })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        GuestApi::HEADER
    }

    /// Checks a table with a header and zeros.
    fn check_header(header: Header) -> LoadError {
        let mut words = vec![0_u64; size_of::<GuestApi>() / 8];
        let table: *mut GuestApi = words.as_mut_ptr().cast();
        // SAFETY: the words are aligned for a header and as many as the table has. Every table
        // here is refused, so that no reference outlives them.
        unsafe {
            table.cast::<Header>().write(header);
            check(Path::new("guest.so"), table).expect_err("its functions are null")
        }
    }

    #[test]
    fn each_difference_of_the_header_is_named() {
        let refused = check_header(Header {
            magic: 1,
            ..header()
        });
        assert!(
            matches!(refused, LoadError::Magic { found: 1, .. }),
            "{refused}"
        );
        let refused = check_header(Header {
            abi_version: 99,
            ..header()
        });
        assert!(
            matches!(refused, LoadError::Version { found: 99, .. }),
            "{refused}"
        );
        let refused = check_header(Header {
            table_size: 8,
            ..header()
        });
        assert!(
            matches!(refused, LoadError::Mismatch { found: 8, .. }),
            "{refused}"
        );
        let refused = check_header(Header {
            layout: 3,
            ..header()
        });
        assert!(
            matches!(refused, LoadError::Mismatch { found: 3, .. }),
            "{refused}"
        );
        let refused = check_header(header());
        assert!(matches!(refused, LoadError::NullTable { .. }), "{refused}");
    }

    #[test]
    fn a_missing_file_and_a_text_are_refused() {
        let missing = guest(Path::new("no/such/guest.so")).expect_err("there is none");
        assert!(matches!(missing, LoadError::Unreadable { .. }), "{missing}");
        let text = guest(Path::new(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/Cargo.toml"
        )));
        let text = text.expect_err("a manifest is no library");
        assert!(matches!(text, LoadError::NotALibrary { .. }), "{text}");
    }
}
