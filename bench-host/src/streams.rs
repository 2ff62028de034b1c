//! Loads a guest that exports several streams by name.

use std::fs;
use std::path::Path;

use bench_protocol::guest::streams::{STREAMS_MAGIC, STREAMS_SYMBOL, Stream, Streams};

use crate::loader::{Guest, LoadError, Loaded, MOST, Table, check, exports, table_of};

/// Names of the streams that a guest exports one by one; empty where it has a table alone.
///
/// # Errors
/// If the file is not a guest with this contract.
pub fn streams(path: &Path) -> Result<Vec<String>, LoadError> {
    let (path, names) = exports(path)?;
    if !names.iter().any(|name| name == STREAMS_SYMBOL) {
        return Ok(Vec::new());
    }
    let listed = listed(&path)?;
    let mut names: Vec<String> = Vec::new();
    for stream in listed {
        // SAFETY: `Stream::new` took it from a static text of the loaded library.
        let name = unsafe { stream.name.read() };
        if names.contains(&name) {
            let why = format!("it exports two streams that are called {name}");
            return Err(LoadError::Unnamed { path, why });
        }
        names.push(name);
    }
    Ok(names)
}

/// The table of one named stream of a guest.
///
/// # Errors
/// If the file is not a guest with this contract, or has no such stream.
pub fn stream(path: &Path, name: &str) -> Result<Guest, LoadError> {
    let known = streams(path)?;
    let Some(index) = known.iter().position(|known| known == name) else {
        let why = match known.as_slice() {
            [] => format!("no stream is called {name}: it names none"),
            known => format!("no stream is called {name}; there is {}", known.join(", ")),
        };
        let path = path.to_owned();
        return Err(LoadError::Unnamed { path, why });
    };
    let path = fs::canonicalize(path).map_err(|source| LoadError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    // SAFETY: the library's own list has the pointer to a static table.
    let api = unsafe { check(&path, listed(&path)?[index].api)? };
    // SAFETY: the table passed its check, so its texts are the library's own, and the library
    // stays loaded.
    let build = unsafe { api.build().read() };
    Ok(Loaded { path, build, api })
}

/// The list of a guest's streams.
fn listed(path: &Path) -> Result<&'static [Stream], LoadError> {
    let (path, table) = table_of::<Streams>(path, STREAMS_SYMBOL)?;
    if table.is_null() {
        return Err(LoadError::NullTable { path });
    }
    // SAFETY: the library returned it as its list, and stays loaded.
    let table = unsafe { &*table };
    if table.magic != STREAMS_MAGIC {
        return Err(LoadError::Magic {
            path,
            found: table.magic,
            expected: STREAMS_MAGIC,
        });
    }
    if table.streams.is_null() || table.count > MOST {
        return Err(LoadError::NullTable { path });
    }
    // SAFETY: `Streams::new` took both from a static slice of the loaded library.
    Ok(unsafe { std::slice::from_raw_parts(table.streams, table.count) })
}
