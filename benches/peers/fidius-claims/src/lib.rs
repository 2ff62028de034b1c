//! Claims and suspicions about Fidius. Each is a program of its own in `examples`, with its
//! interface, its plugin and its host in one file, to be run by
//! `cargo run -p fidius-claims --example NAME`. This library has the same files as modules, so
//! that `peers run` can try them and write down what they find.

/// A suspicion.
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    /// The name of its program.
    pub program: &'static str,
    /// What is suspected.
    pub says: &'static str,
    /// Under which condition it holds; empty where it always does.
    pub condition: &'static str,
    /// What would cure it.
    pub remedy: &'static str,
    /// The signal that ends the process of the program, where it holds.
    pub dies_by: Option<&'static str>,
    /// The program: whether it is as was suspected, and what was seen.
    pub run: fn() -> (bool, String),
}

#[path = "../examples/decode_failure_ends_cleanly.rs"]
mod decode_failure_ends_cleanly;
#[path = "../examples/encode_failure_ends_cleanly.rs"]
mod encode_failure_ends_cleanly;
#[path = "../examples/host_iterator_panics.rs"]
mod host_iterator_panics;
#[path = "../examples/method_runs_again.rs"]
mod method_runs_again;
#[path = "../examples/order_is_not_hashed.rs"]
mod order_is_not_hashed;
#[path = "../examples/pump_says_unknown_status.rs"]
mod pump_says_unknown_status;
#[path = "../examples/recursion_is_unbounded.rs"]
mod recursion_is_unbounded;
#[path = "../examples/refused_call_leaks.rs"]
mod refused_call_leaks;

/// All of them.
pub const ALL: &[Claim] = &[
    Claim {
        program: "encode_failure_ends_cleanly",
        says: "a client stream whose item cannot be encoded looks like a clean end to the plugin",
        condition: "",
        remedy: "let `HostStream` yield `Result<T, StreamError>`, or end the call with the status",
        dies_by: None,
        run: encode_failure_ends_cleanly::tried,
    },
    Claim {
        program: "decode_failure_ends_cleanly",
        says: "a client stream whose item cannot be decoded looks like a clean end to the plugin",
        condition: "",
        remedy: "the same: `deserialize(..).ok()` in `HostStream::pull` drops the error",
        dies_by: None,
        run: decode_failure_ends_cleanly::tried,
    },
    Claim {
        program: "pump_says_unknown_status",
        says: "a serialization error in a server stream is reported as an unknown status",
        condition: "",
        remedy: "an arm for `STATUS_SERIALIZATION_ERROR` in `pump_stream_handle`",
        dies_by: None,
        run: pump_says_unknown_status::tried,
    },
    Claim {
        program: "host_iterator_panics",
        says: "a panic of the host's iterator in a client stream ends the process",
        condition: "",
        remedy: "`catch_unwind` in `producer_next`, as in every shim of the plugin's side",
        dies_by: Some("SIGABRT"),
        run: host_iterator_panics::tried,
    },
    Claim {
        program: "method_runs_again",
        says: "a unary method with the arena runs again when its answer does not fit",
        condition: "the answer is larger than what the thread's pool holds, 4 KiB at first",
        remedy: "keep the encoded answer for the second call, or say in the documentation that methods must be idempotent",
        dies_by: None,
        run: method_runs_again::tried,
    },
    Claim {
        program: "order_is_not_hashed",
        says: "two interfaces whose methods are in another order have the same hash, so that a call reaches the wrong method",
        condition: "",
        remedy: "do not sort the signatures that are hashed: the vtable is in the order of declaration",
        dies_by: None,
        run: order_is_not_hashed::tried,
    },
    Claim {
        program: "refused_call_leaks",
        says: "a client stream whose other arguments the plugin cannot decode leaks the host's iterator",
        condition: "",
        remedy: "take the handle over before the arguments are decoded",
        dies_by: None,
        run: refused_call_leaks::tried,
    },
    Claim {
        program: "recursion_is_unbounded",
        says: "plugin and host that call each other without end are stopped by the stack alone",
        condition: "",
        remedy: "a limit in the dispatch shim, which counts the depth already (`host_callback_depth`)",
        dies_by: Some("SIGABRT"),
        run: recursion_is_unbounded::tried,
    },
];
