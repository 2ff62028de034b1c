//! What can go wrong with a stream, as its host sees it.

use bench_protocol::error::PluginError;
use bench_protocol::status;

/// Why a stream could not be opened or delivered no item.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// `next` answered a status that the protocol does not have.
    #[error("the guest answered status {status}, which the protocol does not have")]
    UnknownStatus {
        /// The status.
        status: i32,
    },
    /// `next` claims to have written more than the buffer holds.
    #[error(
        "the guest claims to have written {len} bytes into a buffer of {capacity}: memory may be damaged"
    )]
    LengthAboveCapacity {
        /// The length that it claims, bytes.
        len: u64,
        /// The buffer's capacity, bytes.
        capacity: u64,
    },
    /// `BUFFER_TOO_SMALL` again, although the buffer grew as demanded.
    #[error(
        "the guest was given a larger buffer of {capacity} bytes and called it too small again: now it demands {demanded}"
    )]
    TooSmallTwice {
        /// The second demand, bytes.
        demanded: u64,
        /// The capacity after the first demand, bytes.
        capacity: u64,
    },
    /// `BUFFER_TOO_SMALL`, although the buffer has the capacity demanded.
    #[error("the guest called a buffer of {capacity} bytes too small for an item of {demanded}")]
    DemandWithinCapacity {
        /// The demand, bytes.
        demanded: u64,
        /// The buffer's capacity, bytes.
        capacity: u64,
    },
    /// An item above the memory limit.
    #[error(
        "the guest demands {demanded} bytes for an item; the limit is {limit} (--memory-limit raises it)"
    )]
    AboveLimit {
        /// The demand, bytes.
        demanded: u64,
        /// The limit of the session or of its growth strategy, bytes.
        limit: u64,
    },
    /// More items than the stream was opened for.
    #[error("the guest does not end the stream after the {allowed} items that it was asked for")]
    TooManyItems {
        /// Number of items asked for.
        allowed: u64,
    },
    /// Bytes behind the buffer that was lent have changed.
    #[error(
        "the guest wrote {bytes} bytes beyond the end of the buffer of {capacity} that it was lent"
    )]
    WroteBeyond {
        /// Bytes up to the last that changed.
        bytes: u64,
        /// Bytes that were lent.
        capacity: u64,
    },
    /// Bytes before the buffer that was lent have changed.
    #[error(
        "the guest wrote {bytes} bytes before the start of the buffer of {capacity} that it was lent"
    )]
    WroteBefore {
        /// Bytes from the first that changed.
        bytes: u64,
        /// Bytes that were lent.
        capacity: u64,
    },
    /// An item was announced, and then there was none.
    #[error(
        "the guest demanded {demanded} bytes for an item, got them, and then ended the stream without it"
    )]
    EndAfterTooSmall {
        /// The demand.
        demanded: u64,
    },
    /// An item came after the stream's end.
    #[error("the guest ended the stream, and gave out an item when it was asked again")]
    ItemAfterEnd,
    /// A growth strategy chose less than the demand: a bug in the strategy.
    #[error("the growth strategy chose {chosen} bytes, but the guest demands {demanded}")]
    GrowthBelowDemand {
        /// The capacity chosen, bytes.
        chosen: u64,
        /// The demand, bytes.
        demanded: u64,
    },
    /// The guest opened a stream, but its handle cannot be read.
    #[error("the guest returned a null or misaligned handle")]
    NullHandle,
    /// A handle with a null function.
    #[error("the guest returned a handle whose `{function}` is null")]
    NullFunction {
        /// `next` or `drop_fn`.
        function: &'static str,
    },
    /// `OK` with a null buffer.
    #[error("the guest returned a null buffer for an item of {len} bytes")]
    NullItem {
        /// The length that it claims, bytes.
        len: u64,
    },
    /// Bytes that do not decode.
    #[error("item {item} does not decode: {message}")]
    Decode {
        /// Position in the stream, counted from 0.
        item: u64,
        /// The decoder's error.
        message: String,
    },
    /// A decoded item that encodes to other bytes.
    #[error("item {item} changes when it is decoded and encoded again: its bytes differ")]
    DecodeDiffers {
        /// Position in the stream, counted from 0.
        item: u64,
    },
    /// The producer ended the stream with an error, or a consumer in the plugin got no item.
    #[error("the plugin failed: {0}")]
    Plugin(PluginError),
    /// `PLUGIN_ERROR` with bytes that do not decode.
    #[error("the plugin failed, and its error does not decode")]
    MalformedPluginError,
    /// A panic was caught in the guest.
    #[error("the guest panicked")]
    GuestPanic,
    /// A batch with no items, or more than were asked for.
    #[error("the guest answered a batch of {count} items; 1 to {asked} were asked for")]
    BatchCount {
        /// Items that it claims.
        count: u64,
        /// Largest number that was asked for.
        asked: u64,
    },
    /// A batch whose items do not take the bytes that the guest says.
    #[error("the guest says that a batch takes {bytes} bytes, but its items take {taken}")]
    BatchBytes {
        /// Bytes that it claims.
        bytes: u64,
        /// Bytes of the items, as far as they were read.
        taken: u64,
    },
    /// Batches of no items.
    #[error("a batch must have at least one item; ask for 1 or more")]
    ZeroBatch,
    /// `BUFFER_TOO_SMALL` from a guest that could have enlarged the buffer.
    #[error(
        "the guest called a buffer of {capacity} bytes too small for {demanded} without enlarging it"
    )]
    DidNotGrow {
        /// The demand, bytes.
        demanded: u64,
        /// The buffer's capacity, bytes.
        capacity: u64,
    },
    /// The guest could not encode an item.
    #[error("the guest could not encode an item")]
    Serialization,
    /// A panic was caught in the host.
    #[error("the host panicked while it drained the stream")]
    HostPanic,
    /// The guest refused to open the stream.
    #[error("the guest did not open the stream: {}", describe(*status))]
    OpenFailed {
        /// The guest's answer.
        status: i32,
    },
    /// A call from inside of a call of the same stream.
    #[error("a stream or function was called from inside of its own call; no channel may recurse")]
    Reentered,
    /// The host could not encode an item of its own.
    #[error("the host could not encode an item")]
    HostSerialization,
    /// A spec with an unknown number.
    #[error(
        "the host does not know a number in the session's spec: build host and caller from the same sources"
    )]
    InvalidSpec,
    /// Raw values between libraries built by different compilers.
    #[error(
        "guest and host were built by different compilers, so they cannot exchange raw values; build both with the same compiler"
    )]
    OtherCompiler,
    /// The first buffer is above the memory limit.
    #[error(
        "the first buffer has {capacity} bytes, above the limit of {limit}; choose a smaller one or raise the limit"
    )]
    InitialAboveLimit {
        /// Capacity of the first buffer, bytes.
        capacity: u64,
        /// The session's limit, bytes.
        limit: u64,
    },
}

/// A status as messages name it.
fn describe(status: i32) -> String {
    status::name(status).map_or_else(|| format!("status {status}"), str::to_owned)
}

/// The error for a status that says neither item, nor demand, nor end.
#[must_use]
pub fn of_status(status: i32) -> StreamError {
    match status {
        status::PANIC => StreamError::GuestPanic,
        status::SERIALIZATION_ERROR => StreamError::Serialization,
        status => StreamError::UnknownStatus { status },
    }
}
