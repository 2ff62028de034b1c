//! Finds the source of a plugin's interface among the sources of its package.

use std::fs;
use std::path::{Path, PathBuf};

use super::interface::{Identity, Interface};

/// The end of the names of sources.
const SOURCE: &str = "rs";
/// What the source of every interface has in it.
const ATTRIBUTE: &str = "plugin_interface";
/// Files that are looked at, at most.
const FILES: usize = 2000;

/// The interface that a plugin was built for, where a file in or below one of the folders
/// declares it.
pub fn search(folders: &[PathBuf], plugin: &Identity) -> Option<Interface> {
    let mut files = Vec::new();
    folders
        .iter()
        .for_each(|folder| collect(folder, &mut files));
    files.iter().find_map(|file| {
        let text = fs::read_to_string(file).ok()?;
        if !(text.contains(ATTRIBUTE) && text.contains(&plugin.name)) {
            return None;
        }
        Interface::read(file, plugin).ok()
    })
}

/// The sources in and below a folder, in the order of their names. Links are not followed.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut entries: Vec<_> = entries.collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        let path = entry.path();
        if kind.is_dir() {
            collect(&path, files);
        } else if kind.is_file()
            && path.extension().is_some_and(|it| it == SOURCE)
            && files.len() < FILES
        {
            files.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_with_the_plugins_hash_is_found_below_a_folder_and_no_other() {
        let sources = [concat!(env!("CARGO_MANIFEST_DIR"), "/fidius-interface/src").into()];
        let hash = fidius_interface::__fidius_Owned::Owned_INTERFACE_HASH;
        let plugin = |name: &str, hash: u64| Identity {
            name: name.to_owned(),
            hash,
            version: 1,
        };
        let found = search(&sources, &plugin("Owned", hash)).expect("it is there");
        assert!(found.of(Some("blob")).is_some());
        assert!(search(&sources, &plugin("Owned", hash + 1)).is_none());
        assert!(search(&sources, &plugin("Nothing", hash)).is_none());
        assert!(search(&["/no/such/folder".into()], &plugin("Owned", hash)).is_none());
    }
}
