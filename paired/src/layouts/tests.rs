use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use std::fs;
use std::io;
use std::path::Path;

use super::files::place;
use super::*;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("it is in a folder")).expect("it can be made");
    fs::write(path, text).expect("it can be written");
}

fn build(folder: &Path) -> Build {
    let file = |name: &str| {
        let path = folder.join(name);
        write(&path, name);
        path
    };
    Build {
        plain: file("plain/liba.so"),
        layouts: vec![file("7.so"), file("9.so")],
        seeds: vec![7, 9],
        why_single: None,
        why_unpadded: None,
        compiled: Compiled::default(),
    }
}

#[test]
fn a_library_that_is_in_use_stays_as_it_was_when_another_takes_its_place() {
    let folder = folder();
    let (new, path) = (folder.path().join("new.so"), folder.path().join("a.so"));
    write(&path, "the old one");
    write(&new, "the new one");
    let mut in_use = fs::File::open(&path).expect("it is there");
    place(&new, &path).expect("both are readable");
    let mut seen = String::new();
    io::Read::read_to_string(&mut in_use, &mut seen).expect("it can be read");
    assert_eq!(seen, "the old one");
    assert_eq!(fs::read_to_string(&path).expect("read"), "the new one");
}

#[test]
fn seeds_are_of_the_run_and_the_first_do_not_depend_on_the_number() {
    assert_eq!(seeds(1, 4), seeds(1, 64)[..4]);
    let all: HashSet<u64> = (0..50).flat_map(|run| seeds(run, 50)).collect();
    assert_eq!(all.len(), 2500);
}

#[test]
fn the_oldest_layouts_go_first_and_those_in_use_stay() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    for (age, name) in ["k/new.so", "k/used.so", "old/2.so", "old/1.so"]
        .iter()
        .enumerate()
    {
        write(&path(name), "1234");
        let time = SystemTime::now() - Duration::from_secs(1000 * age as u64);
        let file = fs::File::options().append(true).open(path(name));
        let set = file.and_then(|file| file.set_modified(time));
        set.expect("its time can be set");
    }
    let used = HashSet::from([path("old/1.so")]);
    relink::evict(folder.path(), 12, &used).expect("all is readable");
    let there = ["k/new.so", "k/used.so", "old/2.so", "old/1.so"].map(|name| path(name).exists());
    assert_eq!(there, [true, true, false, true]);
    relink::evict(folder.path(), 4, &used).expect("all is readable");
    assert!(path("old/1.so").exists() && !path("k/new.so").exists());
}

#[test]
fn a_new_cache_begins_with_what_another_has_compiled_and_one_with_a_build_is_left_alone() {
    let folder = folder();
    let (like, cache) = (folder.path().join("like"), folder.path().join("cache"));
    let prints = ["serde-1f/lib", "mine-too-2e/lib", "named-3d/run"]
        .map(|name| format!("target/release/.fingerprint/{name}"));
    prints
        .iter()
        .for_each(|name| write(&like.join(name), "fresh"));
    for name in ["release/deps/liba.rlib", "release/incremental/a/query"] {
        write(&like.join("target").join(name), "compiled");
    }
    let local = r#"{"path+file:///w/mine-too#0.1.0": "", "path+file:///w/x#named@0.1.0": ""}"#;
    write(&like.join("sources.json"), local);
    // What an interrupted copy left.
    write(&cache.join("target.part/half"), "");
    let [made, copied] = [&like, &cache].map(|it| it.join("target/release/deps/liba.rlib"));
    let time = SystemTime::now() - Duration::from_secs(5000);
    let file = fs::File::options().append(true).open(&made);
    file.and_then(|file| file.set_modified(time)).expect("set");
    begin::begin(&cache, &like).expect("all is readable");
    let modified = |path: &Path| {
        fs::metadata(path)
            .and_then(|it| it.modified())
            .expect("it is there")
    };
    assert_eq!(modified(&copied), modified(&made), "cargo goes by it");
    let left = ["target.part", "target/release/incremental", "sources.json"];
    assert!(left.iter().all(|name| !cache.join(name).exists()));
    // Local packages are compiled in their own checkout.
    let there = prints.map(|name| cache.join(name).exists());
    assert_eq!(there, [true, false, false]);
    write(&made, "another");
    begin::begin(&cache, &like).expect("there is nothing to do");
    assert_eq!(fs::read_to_string(&copied).expect("read"), "compiled");
}

#[test]
fn a_kept_folder_gives_back_what_was_saved_and_can_be_replaced() {
    let folder = folder();
    let (made, kept) = (build(folder.path()), folder.path().join("kept"));
    save(&kept, "a commit", &[&made]).expect("the folder is writable");
    save(&kept, "another", &[&made]).expect("it is ours");
    let read = load(&kept).expect("it is whole").expect("it has a list");
    assert_eq!(read.about, "another");
    let library = read.library(&kept, "liba.so").expect("it is there");
    assert_eq!(library.seeds, [7, 9]);
    assert_eq!(library.layouts[1], kept.join("layouts/9/liba.so"));
    assert_eq!(
        fs::read_to_string(&library.layouts[1]).expect("read"),
        "9.so"
    );
    let left: Vec<_> = fs::read_dir(folder.path()).expect("read").collect();
    assert_eq!(left.len(), 4, "nothing is left aside: {left:?}");
}

#[test]
fn nothing_that_somebody_else_made_is_replaced() {
    let folder = folder();
    let made = build(folder.path());
    for name in ["layouts/mine.txt", "notes.txt", "liba.so", "layouts.json"] {
        let target = folder.path().join(format!("of {}", name.replace('/', " ")));
        write(&target.join(name), "mine");
        let refused = save(&target, "", &[&made]).expect_err("there is a foreign file");
        assert!(matches!(&refused, KeptError::Foreign { path } if path.ends_with(name)));
        let there = fs::read_to_string(target.join(name)).expect("it is still there");
        assert_eq!(there, "mine");
        // Nor beside files of ours.
        fs::remove_file(target.join(name)).expect("it is there");
        save(&target, "", &[&made]).expect("an empty folder can be taken");
        write(&target.join("more.txt"), "mine");
        save(&target, "", &[&made]).expect_err("there is a foreign file");
        assert!(target.join("more.txt").exists());
    }
}

#[test]
fn a_kept_folder_that_is_old_half_or_changed_is_refused_with_the_remedy() {
    let folder = folder();
    let made = build(folder.path());
    let spoil = |name: &str, how: fn(&Path)| {
        let kept = folder.path().join(name);
        save(&kept, "", &[&made]).expect("the folder is writable");
        how(&kept);
        let read = load(&kept).and_then(|read| match read {
            Some(read) => read.library(&kept, "liba.so").map(drop),
            None => Ok(()),
        });
        read.map_err(|error| error.to_string())
    };
    let old = spoil("old", |kept| {
        fs::remove_file(kept.join("layouts.json")).expect("it is there");
    });
    let half = spoil("half", |kept| {
        fs::remove_file(kept.join("layouts/9/liba.so")).expect("it is there");
    });
    let other = spoil("other", |kept| write(&kept.join("liba.so"), "another"));
    let format = spoil("format", |kept| {
        let list = fs::read_to_string(kept.join("layouts.json")).expect("it is there");
        write(
            &kept.join("layouts.json"),
            &list.replace("kept-layouts/1", "kept-layouts/9"),
        );
    });
    for (said, words) in [
        (old, "an older version made it"),
        (half, "this file is missing"),
        (other, "not the file that was kept"),
        (format, "kept-layouts/9"),
    ] {
        let said = said.expect_err(words);
        assert!(said.contains(words), "{said}");
        assert!(said.ends_with("build the folder again"), "{said}");
    }
}

#[test]
fn a_folder_that_cargo_built_into_has_no_layouts_and_is_no_error() {
    let folder = folder();
    write(&folder.path().join("liba.so"), "a");
    assert_eq!(load(folder.path()).expect("no layouts"), None);
}
