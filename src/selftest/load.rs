//! A compiler that runs beside the measurement, over and over.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};

/// How often the compiler is looked after.
const POLL: Duration = Duration::from_millis(20);
/// Generic functions of the source that it compiles: about a second of work.
const FUNCTIONS: usize = 60;

/// Compiles until dropped.
#[derive(Debug)]
pub struct Compiler {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// Holds the source and goes with the compiler.
    _folder: tempfile::TempDir,
}

impl Compiler {
    /// Starts compiling.
    pub fn start() -> Result<Self> {
        let folder = tempfile::tempdir().context("a folder for the compiler that runs beside")?;
        let source = folder.path().join("load.rs");
        fs::write(&source, program()).context("the source for the compiler that runs beside")?;
        let stop = Arc::new(AtomicBool::new(false));
        let first = compile(&source).context("starting rustc to run beside")?;
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || run(first, &source, &stopped));
        Ok(Self {
            stop,
            thread: Some(thread),
            _folder: folder,
        })
    }
}

impl Drop for Compiler {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(mut child: Child, source: &Path, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        match child.try_wait() {
            Ok(None) => thread::sleep(POLL),
            _ => match compile(source) {
                Ok(next) => child = next,
                Err(_) => return,
            },
        }
    }
    let _ = child.kill();
    let _ = child.wait();
}

fn compile(source: &Path) -> std::io::Result<Child> {
    Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--edition", "2024", "--crate-type", "lib"])
        .args(["-O", "--emit", "obj", "-o"])
        .arg(source.with_extension("o"))
        .arg(source)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

/// A source with enough to optimise.
fn program() -> String {
    let function = |n: usize| {
        format!(
            "pub fn f{n}(x: &mut Vec<Vec<u64>>) -> String {{ \
             x.sort(); x.iter_mut().for_each(|v| {{ v.sort_by_key(|k| k ^ {n}); v.dedup(); }}); \
             let m: std::collections::BTreeMap<u64, Vec<u64>> = \
             x.iter().map(|v| (v.iter().sum::<u64>() + {n}, v.clone())).collect(); \
             format!(\"{{m:?}}\") }}\n"
        )
    };
    (0..FUNCTIONS).map(function).collect()
}
