//! Copies of libraries: the dynamic loader knows a library by its inode, so another copy
//! is another library, in other pages.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{StatVfsMountFlags, statvfs};

use crate::temporary::Temporary;

/// A file system in memory, where there is one.
pub(crate) const IN_MEMORY: &str = "/dev/shm";
/// Bytes that must be free there: several times what a job's copies take.
const ROOM: u64 = 64 << 20;

/// Copies in a temporary folder.
#[derive(Debug)]
pub(crate) struct Copies {
    folder: Temporary,
    made: HashMap<(PathBuf, u32), PathBuf>,
}

impl Copies {
    /// Copies that stay as long as this does.
    pub(crate) fn lasting(product: &str) -> io::Result<Self> {
        Self::within(product, &std::env::temp_dir())
    }

    /// Copies for one process: in memory where there is a place for that. Of two fresh
    /// copies in a disk's page cache, the one that is loaded second is slower in many
    /// processes; that falls on each arm as often, but widens the interval.
    pub(crate) fn short_lived(product: &str) -> io::Result<Self> {
        let memory = Path::new(IN_MEMORY);
        if takes_copies(memory)
            && let Ok(copies) = Self::within(product, memory)
        {
            return Ok(copies);
        }
        Self::lasting(product)
    }

    fn within(product: &str, parent: &Path) -> io::Result<Self> {
        Ok(Self {
            folder: Temporary::new(product, parent)?,
            made: HashMap::new(),
        })
    }

    /// Copy number `copy` of `library`, made when it is first asked for, with what it loads
    /// from its own folder (see [`beside`](crate::dependencies::beside)).
    pub(crate) fn of(
        &mut self,
        library: &Path,
        copy: u32,
        beside: &[(PathBuf, PathBuf)],
    ) -> io::Result<PathBuf> {
        let key = (library.to_owned(), copy);
        if let Some(made) = self.made.get(&key) {
            return Ok(made.clone());
        }
        let mut folder = self.folder.path().to_owned();
        if !beside.is_empty() {
            // Of its own: copies of two libraries may load two of one name.
            folder.push(self.made.len().to_string());
        }
        for (from, place) in beside {
            let place = folder.join(place);
            if let Some(parent) = place.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::copy(from, place)?;
        }
        let path = folder.join(format!("{}.so", self.made.len()));
        fs::copy(library, &path)?;
        self.made.insert(key, path.clone());
        Ok(path)
    }
}

/// Whether a folder has room for copies and lets libraries be loaded: containers often
/// forbid it there.
fn takes_copies(folder: &Path) -> bool {
    statvfs(folder).is_ok_and(|system| {
        let free = system.f_bavail.saturating_mul(system.f_frsize);
        free >= ROOM && !system.f_flag.contains(StatVfsMountFlags::NOEXEC)
    })
}
