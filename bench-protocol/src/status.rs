//! The status codes of `next`.

/// One item is in `buf[..out_len]`; `out_len` may be 0 (a zero-byte item).
pub const OK: i32 = 0;
/// `out_len` is the capacity required. The guest keeps the item for the next call.
pub const BUFFER_TOO_SMALL: i32 = -1;
/// The item could not be encoded.
pub const SERIALIZATION_ERROR: i32 = -2;
/// `buf[..out_len]` is a bincode [`PluginError`](crate::error::PluginError).
pub const PLUGIN_ERROR: i32 = -3;
/// A panic was caught at the boundary.
pub const PANIC: i32 = -4;
/// The stream has ended cleanly. Every later call answers the same.
pub const STREAM_END: i32 = -5;

/// The name of a status code, for messages; `None` if the code has no meaning.
#[must_use]
pub fn name(status: i32) -> Option<&'static str> {
    Some(match status {
        OK => "OK",
        BUFFER_TOO_SMALL => "BUFFER_TOO_SMALL",
        SERIALIZATION_ERROR => "SERIALIZATION_ERROR",
        PLUGIN_ERROR => "PLUGIN_ERROR",
        PANIC => "PANIC",
        STREAM_END => "STREAM_END",
        _ => return None,
    })
}
