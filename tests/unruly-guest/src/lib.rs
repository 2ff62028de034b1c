//! A guest that misbehaves, mostly after ten items, as its seed says.

use std::time::Duration;

use bench_protocol::spec::StreamConfig;

fn items(asked: StreamConfig) -> impl Iterator<Item = u64> + Send + 'static {
    let seed = asked.seed;
    // Only a measuring process of the paired runner has this.
    let paired = std::env::var_os("ARENA_BENCH_PADDING").is_some();
    let count = if seed == 4 { 0 } else { u64::MAX };
    (0..count).inspect(move |&k| match seed {
        1 if k == 10 => std::process::abort(),
        2 if k == 10 => std::thread::sleep(Duration::from_secs(3600)),
        3 => assert!(k < 10, "the tenth is too much"),
        5 if paired && k == 10 => std::process::abort(),
        _ => {}
    })
}

bench_protocol::export_guest!(items);
