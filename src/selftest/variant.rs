//! Rebuilt guests: the same sources with one more function, which nobody calls.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::allocator::Allocators;
use crate::caches::Cache;
use crate::pair::Layouts;
use crate::workspace;

/// What a copy of the sources does without: results, and what git and other tools keep.
/// Cargo's configuration is copied, since it is part of how the pair is built.
fn is_left_out(name: &OsStr) -> bool {
    let hidden = name.as_encoded_bytes().starts_with(b".");
    (hidden && name != ".cargo") || name == "results" || name == "report"
}

/// A copy of the sources, whose guest is rebuilt with another function each time.
#[derive(Debug)]
pub struct Variants {
    sources: PathBuf,
    cache: Cache,
    guest: String,
}

impl Variants {
    /// Copies the sources of `root` below `folder`.
    pub fn new(root: &Path, folder: &Path) -> Result<Self> {
        let sources = folder.join("sources");
        if sources.exists() {
            fs::remove_dir_all(&sources).with_context(|| sources.display().to_string())?;
        }
        fs::create_dir_all(&sources).with_context(|| sources.display().to_string())?;
        for entry in fs::read_dir(root).with_context(|| root.display().to_string())? {
            let name = entry?.file_name();
            let from = root.join(&name);
            if !is_left_out(&name) {
                copy(&from, &sources.join(&name)).with_context(|| from.display().to_string())?;
            }
        }
        let guest = sources.join("bench-guest/src/lib.rs");
        let guest = fs::read_to_string(&guest).with_context(|| guest.display().to_string())?;
        Ok(Self {
            sources,
            cache: folder.join("build").into(),
            guest,
        })
    }

    /// The pair with unrelated function number `n` in the guest, linked once for each
    /// seed. All variants are built in one place, by turns; only the plain files of the
    /// last one are still there.
    pub fn build(&self, n: u32, seeds: &[u64]) -> Result<Layouts> {
        let path = self.sources.join("bench-guest/src/lib.rs");
        let source = format!("{}\n{}", self.guest, unrelated(n));
        fs::write(&path, source).with_context(|| path.display().to_string())?;
        let usual = Allocators::default();
        let built = workspace::build(&self.sources, &self.cache, usual, seeds, &mut |_, _| ());
        Ok(built?)
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
    let built = |name: &OsStr| name == "target" || name == "node_modules";
    if from.file_name().is_some_and(built) {
        return Ok(());
    }
    if !from.is_dir() {
        return fs::copy(from, to).map(drop);
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_copy_of_the_sources_is_a_workspace_with_the_configuration_of_the_original() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = tempfile::tempdir().expect("a temporary folder");
        let variants = Variants::new(root, folder.path()).expect("the sources can be copied");
        let config = ".cargo/config.toml";
        assert_eq!(
            variants.sources.join(config).exists(),
            root.join(config).exists()
        );
        assert!(!variants.sources.join("target").exists());
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo.args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--offline",
        ]);
        let output = cargo
            .current_dir(&variants.sources)
            .output()
            .expect("there is a cargo");
        assert!(output.status.success(), "{output:?}");
    }
}
