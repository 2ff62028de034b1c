//! Link layouts of small packages, built by the real cargo and the real linker. This
//! target has its own `main`, since the running executable is the linker.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use object::{Object, ObjectSymbol};
use paired::layouts::{self, Build, LayoutError, Source};

fn main() -> ExitCode {
    if let Some(status) = layouts::serve() {
        return status;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        return ExitCode::SUCCESS;
    }
    let filter = arguments.iter().find(|argument| !argument.starts_with('-'));
    let chosen = |name: &str| filter.is_none_or(|filter| name.contains(filter.as_str()));
    let mut failed = false;
    for (name, test) in TESTS {
        if chosen(name) {
            let passed = std::panic::catch_unwind(test).is_ok();
            println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
            failed |= !passed;
        }
    }
    ExitCode::from(u8::from(failed))
}

macro_rules! tests {
    ($($name:ident),* $(,)?) => { &[$((stringify!($name), $name as fn())),*] };
}

const TESTS: &[(&str, fn())] = tests![
    the_same_objects_are_linked_once_for_each_seed_and_compiled_once,
    what_two_builds_share_comes_in_the_same_order_with_the_same_seed,
    sources_that_changed_without_a_later_time_are_compiled_again,
    what_was_deleted_from_a_cache_is_made_again,
    a_configured_linker_its_arguments_and_a_compiler_wrapper_are_kept,
    a_linker_that_cannot_shuffle_is_quoted_and_gives_one_layout,
    a_linker_that_cannot_pad_still_orders,
    a_full_disk_and_a_broken_link_are_not_a_linker_that_cannot,
    a_folder_of_somebody_else_is_not_taken_for_a_cache,
    a_package_that_does_not_build_is_named_with_the_compilers_words,
    a_configured_target_and_target_folder_do_not_mislead,
    cargo_features_are_those_that_were_asked_for,
];

/// A package of twenty functions in a folder of its own.
struct Package {
    folder: tempfile::TempDir,
}

impl Package {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let package = Self { folder };
        package.write(
            "Cargo.toml",
            "[package]\nname = \"some-plugin\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
             [lib]\ncrate-type = [\"cdylib\"]\n[profile.dev]\nincremental = false\n[workspace]\n",
        );
        package.functions(0..20);
        package
    }

    fn functions(&self, numbers: std::ops::Range<u32>) {
        let function = |n: u32| {
            format!(
                "#[unsafe(no_mangle)] pub extern \"C\" fn f{n:02}(x: u64) -> u64 {{ x * {n} }}\n"
            )
        };
        self.write("src/lib.rs", &numbers.map(function).collect::<String>());
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("it can be made");
        fs::write(path, text).expect("it can be written");
    }

    fn script(&self, name: &str, text: &str) -> PathBuf {
        self.write(name, text);
        let path = self.path(name);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
        path
    }

    fn source(&self) -> Source {
        let cache = self.path("cache");
        let mut source = Source::new(self.folder.path(), "some-plugin", &cache)
            .expect("the running executable is known");
        source.profile = "dev".to_owned();
        source
    }

    fn link(&self, seeds: &[u64]) -> Result<Build, LayoutError> {
        layouts::compile(&self.source())?.link(seeds, &mut |_, _| ())
    }
}

/// The exported functions in the order of their addresses.
fn order(library: &Path) -> Vec<String> {
    let bytes = fs::read(library).expect("the library is there");
    let file = object::File::parse(&*bytes).expect("the linker made it");
    let mut found: Vec<(u64, String)> = file
        .dynamic_symbols()
        .filter(|symbol| symbol.is_definition())
        .map(|symbol| (symbol.address(), symbol.name().expect("a name").to_owned()))
        .filter(|(_, name)| name.starts_with('f') && name.len() == 3)
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, name)| name).collect()
}

fn addresses(library: &Path) -> Vec<u64> {
    let bytes = fs::read(library).expect("the library is there");
    let file = object::File::parse(&*bytes).expect("the linker made it");
    file.dynamic_symbols()
        .map(|symbol| symbol.address())
        .collect()
}

fn cargo_features_are_those_that_were_asked_for() {
    let package = Package::new();
    package.write(
        "Cargo.toml",
        "[package]\nname = \"some-plugin\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
         [features]\nf90 = []\nf91 = []\n\
         [lib]\ncrate-type = [\"cdylib\"]\n[profile.dev]\nincremental = false\n[workspace]\n",
    );
    let function = |name: &str| {
        format!(
            "#[cfg(feature = \"{name}\")] #[unsafe(no_mangle)] pub extern \"C\" fn {name}() {{}}\n"
        )
    };
    package.write("src/lib.rs", &["f90", "f91"].map(function).concat());
    let mut source = package.source();
    source.features = vec!["f91".to_owned()];
    let objects = layouts::compile(&source).expect("it builds");
    assert_eq!(order(objects.plain()), ["f91"]);
}

fn modified(path: &Path) -> SystemTime {
    let found = fs::metadata(path).expect("it is there");
    found.modified().expect("the system keeps times")
}

fn the_same_objects_are_linked_once_for_each_seed_and_compiled_once() {
    let package = Package::new();
    let mut heard = Vec::new();
    let objects = layouts::compile(&package.source()).expect("it builds");
    let first = objects
        .link(&[1, 2, 3], &mut |done, all| heard.push((done, all)))
        .expect("it links");
    assert_eq!(first.why_single, None);
    assert_eq!(heard.last(), Some(&(3, 3)));
    assert_eq!((first.layouts.len(), &first.seeds[..]), (3, &[1, 2, 3][..]));
    assert_eq!(order(&first.layouts[0]).len(), 20);
    assert_ne!(order(&first.layouts[0]), order(&first.layouts[1]));
    assert_ne!(addresses(&first.layouts[1]), addresses(&first.layouts[2]));
    assert!(first.compiled.compiler.starts_with("rustc "), "{first:?}");
    let opt = "-Cdebuginfo=2".to_owned();
    assert!(first.compiled.flags.contains(&opt), "{first:?}");

    let compiled = modified(&package.path("cache/some-plugin/compiled.json"));
    let kept = fs::read(&first.layouts[0]).expect("it is there");
    let again = package.link(&[1, 4]).expect("it links");
    assert_eq!(again.layouts[0], first.layouts[0]);
    assert_eq!(fs::read(&again.layouts[0]).expect("it is there"), kept);
    let now = modified(&package.path("cache/some-plugin/compiled.json"));
    assert_eq!(now, compiled, "other seeds need no compilation");
}

fn what_two_builds_share_comes_in_the_same_order_with_the_same_seed() {
    let (one, other) = (Package::new(), Package::new());
    other.functions(5..30);
    let (one, other) = (one.link(&[1, 2]), other.link(&[1, 2]));
    let (one, other) = (one.expect("it links"), other.expect("it links"));
    for (one, other) in one.layouts.iter().zip(&other.layouts) {
        let (one, other) = (order(one), order(other));
        let shared: Vec<&String> = one.iter().filter(|name| other.contains(name)).collect();
        let same: Vec<&String> = other.iter().filter(|name| one.contains(name)).collect();
        assert_eq!(shared.len(), 15);
        assert_eq!(shared, same);
    }
}

fn sources_that_changed_without_a_later_time_are_compiled_again() {
    let package = Package::new();
    let source = package.path("src/lib.rs");
    package.link(&[1]).expect("it links");
    let time = modified(&source);
    package.functions(0..21);
    let file = fs::File::options().append(true).open(&source);
    let set = file.and_then(|file| file.set_modified(time));
    set.expect("its time can be set");
    let build = package.link(&[1]).expect("it links");
    assert_eq!(order(&build.layouts[0]).len(), 21);
    assert_eq!(order(&build.plain).len(), 21);
}

fn what_was_deleted_from_a_cache_is_made_again() {
    let package = Package::new();
    let first = package.link(&[1, 2]).expect("it links");
    let expected: Vec<Vec<u8>> = first
        .layouts
        .iter()
        .map(|it| fs::read(it).expect("the folder is writable"))
        .collect();
    let cache = |name: &str| package.path("cache/some-plugin").join(name);
    let spoilers: [&dyn Fn(); 5] = [
        &|| fs::remove_file(&first.layouts[1]).expect("the folder is writable"),
        &|| {
            fs::write(&first.layouts[0], &expected[0][..expected[0].len() / 2])
                .expect("the folder is writable")
        },
        &|| fs::remove_dir_all(cache("inputs")).expect("the folder is writable"),
        &|| fs::remove_file(cache("link")).expect("the folder is writable"),
        &|| fs::remove_dir_all(package.path("cache/target")).expect("the folder is writable"),
    ];
    for (number, spoil) in spoilers.iter().enumerate() {
        spoil();
        let again = package.link(&[1, 2]).expect("it links");
        assert_eq!(again.why_single, None);
        assert_eq!(again.layouts.len(), 2);
        for layout in &again.layouts {
            assert_eq!(order(layout).len(), 20, "spoiler {number}");
        }
    }
}

/// A linker that leaves its arguments in a file; `refuse` is a line of shell that may
/// end it.
fn linker(package: &Package, refuse: &str) {
    let log = package.path("linked");
    let script = package.script(
        "tools/my-linker",
        &format!(
            "#!/bin/sh\necho \"$@\" >>'{}'\n{refuse}\nexec cc \"$@\"\n",
            log.display()
        ),
    );
    let config = format!(
        "[build]\nrustflags = [\"-Clinker={}\", \"-Clink-arg=-Wl,-z,nodelete\"]\n",
        script.display()
    );
    package.write(".cargo/config.toml", &config);
}

fn a_configured_linker_its_arguments_and_a_compiler_wrapper_are_kept() {
    let package = Package::new();
    linker(&package, "");
    let log = package.path("compiled");
    let wrapper = package.script(
        "tools/wrapper",
        &format!("#!/bin/sh\necho x >>'{}'\nexec \"$@\"\n", log.display()),
    );
    let config = fs::read_to_string(package.path(".cargo/config.toml")).expect("just written");
    let config = format!("{config}rustc-wrapper = \"{}\"\n", wrapper.display());
    package.write(".cargo/config.toml", &config);
    let build = package.link(&[1, 2]).expect("it links");
    assert_eq!(build.why_single, None);
    let linked = fs::read_to_string(package.path("linked")).expect("the linker was called");
    assert_eq!(linked.lines().count(), 3, "{linked}");
    assert!(
        linked.lines().all(|line| line.contains("nodelete")),
        "{linked}"
    );
    assert!(package.path("compiled").exists(), "the wrapper was called");
    let flags = build.compiled.flags.join(" ");
    assert!(flags.contains("-Clink-arg=-Wl,-z,nodelete"), "{flags}");
}

fn a_linker_that_cannot_shuffle_is_quoted_and_gives_one_layout() {
    let package = Package::new();
    linker(
        &package,
        "case \"$*\" in *symbol-ordering*) echo 'no such option' >&2; exit 1;; esac",
    );
    let build = package.link(&[1, 2]).expect("the usual link works");
    let why = build.why_single.expect("one layout");
    assert!(why.contains("my-linker: no such option"), "{why}");
    assert_eq!((build.layouts, build.seeds), (vec![build.plain], vec![]));
}

fn a_linker_that_cannot_pad_still_orders() {
    let package = Package::new();
    linker(
        &package,
        "case \"$*\" in *padding*) echo 'unknown padding' >&2; exit 1;; esac",
    );
    for _ in 0..2 {
        let build = package.link(&[1, 2]).expect("it links");
        assert_eq!(build.why_single, None);
        let why = build.why_unpadded.expect("it cannot pad");
        assert!(why.contains("unknown padding"), "{why}");
        assert_ne!(order(&build.layouts[0]), order(&build.layouts[1]));
    }
}

fn a_full_disk_and_a_broken_link_are_not_a_linker_that_cannot() {
    let package = Package::new();
    let flag = package.path("full");
    let words = |words: &str| {
        let refuse = format!(
            "[ -e '{}' ] && echo '{words}' >&2 && exit 1",
            flag.display()
        );
        linker(&package, &refuse);
    };
    words("cannot write: No space left on device");
    package.link(&[1]).expect("it links");
    fs::write(&flag, "").expect("the folder is writable");
    let error = package.link(&[2]).expect_err("the disk is full");
    assert!(matches!(error, LayoutError::NoSpace { .. }), "{error}");
    assert!(error.to_string().contains("some-plugin/layouts"), "{error}");
    fs::remove_dir_all(package.path("cache/some-plugin/layouts")).expect("it is there");
    words("out of memory");
    let error = package.link(&[3]).expect_err("no link works");
    let said = error.to_string();
    assert!(matches!(error, LayoutError::Link { .. }), "{said}");
    assert!(said.contains("out of memory"), "{said}");
}

fn a_folder_of_somebody_else_is_not_taken_for_a_cache() {
    let package = Package::new();
    package.write("cache/notes.txt", "mine");
    let error = package.link(&[1]).expect_err("the folder is not ours");
    assert!(matches!(error, LayoutError::Foreign { .. }), "{error}");
    let there: Vec<_> = fs::read_dir(package.path("cache")).expect("read").collect();
    assert_eq!(there.len(), 1);
}

fn a_package_that_does_not_build_is_named_with_the_compilers_words() {
    let package = Package::new();
    package.write("src/lib.rs", "compile_error!(\"out of order\");\n");
    let error = package
        .link(&[1])
        .expect_err("it does not build")
        .to_string();
    let words = "some-plugin does not build in";
    assert!(
        error.starts_with(words) && error.contains("out of order"),
        "{error}"
    );
}

fn a_configured_target_and_target_folder_do_not_mislead() {
    let package = Package::new();
    let host = std::process::Command::new("rustc").arg("-vV").output();
    let host = String::from_utf8(host.expect("there is a rustc").stdout).expect("text");
    let host = host.lines().find_map(|line| line.strip_prefix("host: "));
    let config = format!(
        "[build]\ntarget = \"{}\"\ntarget-dir = \"elsewhere\"\n",
        host.expect("rustc names its host")
    );
    package.write(".cargo/config.toml", &config);
    package.link(&[1]).expect("it links");
    package.functions(0..3);
    let build = package.link(&[1]).expect("it links");
    assert_eq!(order(&build.layouts[0]).len(), 3);
    assert_eq!(order(&build.plain).len(), 3);
    assert!(!package.path("elsewhere").exists());
}
