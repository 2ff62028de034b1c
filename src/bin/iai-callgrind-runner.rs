//! The runner that iai-callgrind's benchmarks call, built from its published
//! library so that the lock file pins both halves to one version.

fn main() {
    if let Err(error) = iai_callgrind_runner::runner::run() {
        eprintln!("iai-callgrind-runner: {error:#}");
        std::process::exit(1);
    }
}
