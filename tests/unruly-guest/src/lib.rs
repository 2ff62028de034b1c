//! A guest that misbehaves after ten items, as its seed says.

use std::time::Duration;

use bench_protocol::spec::StreamConfig;

fn items(asked: StreamConfig) -> impl Iterator<Item = u64> + Send + 'static {
    let seed = asked.seed;
    (0..).inspect(move |&k| match seed {
        1 if k == 10 => std::process::abort(),
        2 if k == 10 => std::thread::sleep(Duration::from_secs(3600)),
        3 => assert!(k < 10, "the tenth is too much"),
        _ => {}
    })
}

bench_protocol::export_guest!(items);
