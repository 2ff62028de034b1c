//! Rebuilt guests: the same sources with one more function, which nobody calls.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::layouts::{self, Layouts};

/// What a copy of the sources needs: enough for cargo to build the pair.
const COPIED: [&str; 9] = [
    "Cargo.toml",
    "Cargo.lock",
    "src",
    "benches",
    "examples",
    "bench-protocol",
    "bench-guest",
    "bench-host",
    // A guest that the tests use is a member of the workspace.
    "tests",
];

/// A copy of the sources, whose guest is rebuilt with another function each time.
#[derive(Debug)]
pub struct Variants {
    sources: PathBuf,
    target: PathBuf,
    guest: String,
}

impl Variants {
    /// Copies the sources of `root` below `folder`.
    ///
    /// # Errors
    /// When they cannot be copied.
    pub fn new(root: &Path, folder: &Path) -> Result<Self> {
        let sources = folder.join("sources");
        if sources.exists() {
            fs::remove_dir_all(&sources).with_context(|| sources.display().to_string())?;
        }
        fs::create_dir_all(&sources).with_context(|| sources.display().to_string())?;
        for name in COPIED {
            let from = root.join(name);
            if from.exists() {
                copy(&from, &sources.join(name)).with_context(|| from.display().to_string())?;
            }
        }
        let guest = sources.join("bench-guest/src/lib.rs");
        let guest = fs::read_to_string(&guest).with_context(|| guest.display().to_string())?;
        Ok(Self {
            sources,
            target: folder.join("target"),
            guest,
        })
    }

    /// The pair with unrelated function number `n` in the guest, in all layouts.
    /// The last one is gone then: all variants are built in one place.
    ///
    /// # Errors
    /// When it does not build.
    pub fn build(&self, n: u32) -> Result<Layouts> {
        let path = self.sources.join("bench-guest/src/lib.rs");
        let source = format!("{}\n{}", self.guest, unrelated(n));
        fs::write(&path, source).with_context(|| path.display().to_string())?;
        Ok(layouts::build(&self.sources, &self.target)?)
    }
}

/// A function of its own size for each `n`, exported so that it stays.
fn unrelated(n: u32) -> String {
    let steps: String = (0..=n % 7 * 5 + n)
        .map(|step| {
            format!(
                "    x = x.rotate_left({}) ^ {};\n",
                step % 63 + 1,
                u64::from(step) * 7919
            )
        })
        .collect();
    format!(
        "/// Does nothing that anyone needs.\n#[unsafe(no_mangle)]\n\
         pub extern \"C\" fn unrelated_{n}(mut x: u64) -> u64 {{\n{steps}    x\n}}\n"
    )
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        return fs::copy(from, to).map(drop);
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        // Workspaces of their own bring their own target folders.
        if entry.file_name() != "target" && entry.file_name() != "node_modules" {
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
    }
    Ok(())
}
